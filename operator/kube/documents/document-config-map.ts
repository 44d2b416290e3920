import { LABELS, MANAGED_BY } from '../../api/group.ts';
import type { KubeObject, ObjectMeta, OwnerReference } from '../../api/metadata.ts';

/** A ConfigMap with a document, or with one piece of a document. */
export interface DocumentConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
  readonly binaryData?: Readonly<Record<string, string>>;
  readonly immutable?: boolean;
}

/** The metadata of the ConfigMaps of a document. */
export interface DocumentMetadata {
  /** The name of the head, at most 63 characters. The names of pieces begin with it. */
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Kubernetes deletes the document after its owner. */
  readonly ownerReferences?: readonly OwnerReference[];
}

/** The key in the head of a document that fits into it. */
const wholeKey = 'document';
/** The key in the head of a document in pieces: the names of the pieces. */
const piecesKey = 'pieces';

/** The key of a piece, and its file name in a volume. Keys sort in order up to a million pieces. */
export const pieceKey = (file: string, index: number): string => `${file}-${String(index).padStart(6, '0')}`;

/** Returns an immutable ConfigMap with one piece. The kubelet does not watch immutable ConfigMaps. */
export function pieceConfigMap(
  { name, piece, key }: { readonly name: string; readonly piece: Buffer; readonly key: string },
  namespace: string,
  { kind, head, place }: { readonly kind: string; readonly head?: string; readonly place: DocumentMetadata },
): DocumentConfigMap {
  const { labels, ...metadata } = metadataOf(place, { name, namespace, kind });
  const own = { [LABELS.documentPiece]: 'true', ...(head === undefined ? {} : { [LABELS.documentHead]: head }) };
  return { metadata: { ...metadata, labels: { ...labels, ...own } }, immutable: true, binaryData: { [key]: piece.toString('base64') } };
}

/** The content of a head: the document itself, or the names of its pieces. */
export type HeadContent = { readonly whole: Buffer } | { readonly pieces: readonly string[] };

/** Returns the head of a document. */
export function headConfigMap(
  place: DocumentMetadata,
  content: HeadContent,
  at: { readonly namespace: string; readonly kind: string; readonly resourceVersion?: string | undefined },
): DocumentConfigMap {
  const { namespace, kind, resourceVersion } = at;
  const metadata = {
    ...metadataOf(place, { name: place.name, namespace, kind }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
  return 'whole' in content
    ? { metadata, binaryData: { [wholeKey]: content.whole.toString('base64') } }
    : { metadata, data: { [piecesKey]: JSON.stringify(content.pieces) } };
}

/** Reads a head. In ConfigMaps of versions without heads, the document is the only value. Undefined: neither a document nor pieces. */
export function headContentOf({ data, binaryData }: DocumentConfigMap): HeadContent | undefined {
  const pieces = namesIn(data?.[piecesKey]);
  if (pieces) return { pieces };
  const [only] = Object.values(binaryData ?? {});
  return only === undefined ? undefined : { whole: Buffer.from(only, 'base64') };
}

function namesIn(text: string | undefined): readonly string[] | undefined {
  try {
    const names = JSON.parse(text ?? 'null') as unknown;
    return Array.isArray(names) && names.every((name) => typeof name === 'string') ? names : undefined;
  } catch {
    return undefined;
  }
}

/** The bytes of the pieces, in the order of their keys. */
export function piecesIn(configMaps: readonly DocumentConfigMap[]): Buffer[] {
  const entries = configMaps.flatMap(({ binaryData }) => Object.entries(binaryData ?? {}));
  return entries.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, text]) => Buffer.from(text, 'base64'));
}

function metadataOf(
  { labels, annotations, ownerReferences }: DocumentMetadata,
  { name, namespace, kind }: { readonly name: string; readonly namespace: string; readonly kind: string },
): ObjectMeta {
  return {
    name,
    namespace,
    labels: { ...labels, [LABELS.managedBy]: MANAGED_BY, [LABELS.document]: kind },
    ...(annotations ? { annotations } : {}),
    ...(ownerReferences ? { ownerReferences } : {}),
  };
}
