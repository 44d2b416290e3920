import type { JsonElement } from './json-elements.ts';
import type { InventoryPackage, InventoryRecord } from './inventory.ts';
import { trivyReport } from './trivy-report.ts';

const paths = ['Metadata.OS', 'Results.*.Target', 'Results.*.Class', 'Results.*.Type', 'Results.*.Packages.*', 'Results.*.Secrets.*'];

interface TrivyPackage {
  readonly Name?: string;
  readonly Version?: string;
  readonly Identifier?: { readonly PURL?: string };
  readonly SrcName?: string;
  readonly SrcVersion?: string;
  readonly SrcRelease?: string;
  readonly SrcEpoch?: number;
  readonly Modularitylabel?: string;
  readonly FilePath?: string;
}

interface TrivySecret {
  readonly RuleID?: string;
  readonly Title?: string;
  readonly Severity?: string;
  readonly StartLine?: number;
}

interface ResultHead {
  target: string;
  class: string;
  type: string;
  /** Whether the record of the application was yielded. */
  emitted: boolean;
}

/**
 * Reads a Trivy report and yields the records of an inventory, in bounded memory. Does not copy the text of a secret.
 * Throws a `JsonElementsError` if the report is incomplete or not a report.
 */
export async function* trivyInventory(source: AsyncIterable<Buffer>): AsyncGenerator<InventoryRecord> {
  const head: ResultHead = { target: '', class: '', type: '', emitted: false };
  for await (const element of trivyReport(source, paths)) yield* recordsOf(element, head);
}

function* recordsOf({ path, value }: JsonElement, head: ResultHead): Generator<InventoryRecord> {
  if (path === 'Results.*.Target') Object.assign(head, { target: String(value), class: '', type: '', emitted: false });
  else if (path === 'Results.*.Class') head.class = String(value);
  else if (path === 'Results.*.Type') head.type = String(value);
  else if (path === 'Results.*.Secrets.*') yield secretOf(value as TrivySecret, head.target);
  else if (path === 'Results.*.Packages.*') yield* packageOf(value as TrivyPackage, head);
  else yield systemOf(value as { Family?: string; Name?: string });
}

const systemOf = ({ Family = '', Name = '' }: { readonly Family?: string; readonly Name?: string }): InventoryRecord => ({
  type: 'system',
  family: Family,
  name: Name,
});

function secretOf({ RuleID = '', Title = '', Severity = '', StartLine = 0 }: TrivySecret, path: string): InventoryRecord {
  // The paths of a pulled image begin with a slash. Those of a mounted image do not.
  return { type: 'secret', secret: { rule: RuleID, title: Title, severity: Severity, path: path.replace(/^\//, ''), line: StartLine } };
}

/** Skips a package without a package URL, which cannot be matched. */
function* packageOf(item: TrivyPackage, head: ResultHead): Generator<InventoryRecord> {
  const purl = item.Identifier?.PURL;
  if (purl === undefined) return;
  if (!head.emitted) yield { type: 'application', name: head.target, class: head.class, kind: head.type };
  head.emitted = true;
  yield { type: 'package', package: inventoryPackage(item, purl) };
}

function inventoryPackage(item: TrivyPackage, purl: string): InventoryPackage {
  const source = given({
    name: item.SrcName,
    version: item.SrcVersion,
    release: item.SrcRelease,
    epoch: item.SrcEpoch === undefined ? undefined : String(item.SrcEpoch),
  });
  return {
    name: item.Name ?? '',
    version: item.Version ?? '',
    purl,
    ...(Object.keys(source).length > 0 ? { source } : {}),
    ...given({ modularity: item.Modularitylabel, path: item.FilePath }),
  };
}

function given(entries: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(entries).flatMap(([key, value]) => (value ? [[key, value] as const] : [])));
}
