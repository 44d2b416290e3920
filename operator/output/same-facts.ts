import { controlById } from '../catalogue/controls/catalogue.ts';
import { ALSO, type LocatedResult, type ScanResult } from './scan-result.ts';

const pathsOf = ({ path, paths }: LocatedResult): readonly string[] => paths ?? (path === undefined ? [''] : [path]);

/** Whether a path is the other one, or leads to it or from it: `spec.volumes[0]` and `spec.volumes[0].hostPath.path`. */
function isSamePlace(path: string, other: string): boolean {
  const [short, long] = path.length < other.length ? [path, other] : [other, path];
  return long === short || (long.startsWith(short) && /^[.[]/.test(long.slice(short.length)) && short !== '');
}

/** Returns the first of the failures that together report the same fact as a failure, at all of its places. */
function sameFact(result: LocatedResult, others: readonly LocatedResult[]): LocatedResult | undefined {
  const ids = controlById(result.check)?.sameFactAs ?? [];
  const same = ids.flatMap((id) => others.filter(({ check }) => check === id));
  const places = same.flatMap(pathsOf);
  return pathsOf(result).every((path) => places.some((place) => isSamePlace(path, place))) ? same[0] : undefined;
}

function withOthers(result: LocatedResult, others: readonly LocatedResult[]): LocatedResult {
  if (others.length === 0) return result;
  const frameworks = [...new Set([result, ...others].flatMap((each) => each.frameworks))];
  return { ...result, frameworks, properties: { ...result.properties, [ALSO]: others.map(({ check }) => check).join(', ') } };
}

/** Returns the failures of one object that remain, each with the ids of those that report the same fact. */
function folded(failures: readonly LocatedResult[]): ReadonlyMap<LocatedResult, LocatedResult | undefined> {
  const into = new Map(failures.map((result) => [result, sameFact(result, failures)]));
  const target = (result: LocatedResult): LocatedResult => {
    const next = into.get(result);
    return next === undefined ? result : target(next);
  };
  const kept = new Map<LocatedResult, LocatedResult | undefined>();
  for (const result of failures) {
    const others = failures.filter((other) => other !== result && target(other) === result);
    kept.set(result, target(result) === result ? withOthers(result, others) : undefined);
  }
  return kept;
}

const objectOf = ({ resource: { apiVersion, kind, namespace = '', name }, source }: LocatedResult): string =>
  [apiVersion, kind, namespace, name, source?.file, source?.document].join('\0');

/**
 * Returns a scan in which each fact is one finding: if controls read the same field of an object, the failure of the first of them remains and
 * names the others. Used if the user chose neither controls nor frameworks.
 */
export function onePerFact(scan: ScanResult): ScanResult {
  const groups = Map.groupBy(
    scan.results.filter(({ verdict }) => verdict === 'fail'),
    objectOf,
  );
  const replaced = new Map([...groups.values()].flatMap((failures) => [...folded(failures)]));
  const results = scan.results.flatMap((result) => (replaced.has(result) ? (replaced.get(result) ?? []) : result));
  return { ...scan, results, summary: { ...scan.summary, fail: scan.summary.fail - (scan.results.length - results.length) } };
}
