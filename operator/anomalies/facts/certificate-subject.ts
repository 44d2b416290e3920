/** The parts of a certificate's subject that Kubernetes reads: the common name is the user, organizations are groups. */
export interface CertificateSubject {
  readonly commonName: string;
  readonly organizations: readonly string[];
}

const none: CertificateSubject = { commonName: '', organizations: [] };

interface Element {
  readonly tag: number;
  readonly start: number;
  readonly end: number;
}

/** Reads one DER element. Undefined if it does not fit into the bytes. */
function elementAt(bytes: Buffer, at: number, limit: number): Element | undefined {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined) return undefined;
  const size = first & 0x7f;
  const long = first >= 0x80;
  if (long && (size === 0 || size > 4 || at + 2 + size > limit)) return undefined;
  const length = long ? bytes.readUIntBE(at + 2, size) : first;
  const start = at + 2 + (long ? size : 0);
  return start + length <= limit ? { tag, start, end: start + length } : undefined;
}

function childrenOf(bytes: Buffer, { start, end }: Element): readonly Element[] {
  const children: Element[] = [];
  for (let at = start; at < end && children.length < 64;) {
    const child = elementAt(bytes, at, end);
    if (!child) break;
    children.push(child);
    at = child.end;
  }
  return children;
}

/** The object identifiers 2.5.4.3 (common name) and 2.5.4.10 (organization). */
const commonNameId = '550403';
const organizationId = '55040a';

/**
 * Reads the subject of a PKCS #10 request, as `spec.request` of a CertificateSigningRequest has it: base64 of PEM. Returns empty fields for
 * anything else.
 */
export function certificateSubject(request: string): CertificateSubject {
  const bytes = requestBytes(request);
  const outer = bytes && elementAt(bytes, 0, bytes.length);
  const info = outer && childrenOf(bytes, outer)[0];
  const subject = info && childrenOf(bytes, info)[1];
  if (!subject) return none;
  const pairs = childrenOf(bytes, subject).flatMap((set) => childrenOf(bytes, set));
  const attributes = pairs.flatMap((pair) => attributeOf(bytes, pair));
  const valuesOf = (wanted: string): readonly string[] => attributes.filter(([id]) => id === wanted).map(([, value]) => value);
  return { commonName: valuesOf(commonNameId).at(-1) ?? '', organizations: valuesOf(organizationId).slice(0, 16) };
}

function requestBytes(request: string): Buffer | undefined {
  const pem = Buffer.from(request.slice(0, 65_536), 'base64').toString('latin1');
  const [, body] = /-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----([^-]+)-----END/.exec(pem) ?? [];
  return body === undefined ? undefined : Buffer.from(body.replaceAll(/\s/g, ''), 'base64');
}

function attributeOf(bytes: Buffer, pair: Element): readonly (readonly [id: string, value: string])[] {
  const [id, value] = childrenOf(bytes, pair);
  if (!id || !value) return [];
  return [[bytes.toString('hex', id.start, id.end), bytes.toString('utf8', value.start, Math.min(value.end, value.start + 256))]];
}
