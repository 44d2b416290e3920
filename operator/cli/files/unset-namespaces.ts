import type { ObjectFinding } from '../../findings/finding.ts';
import type { Manifest } from '../../manifests/manifest.ts';

/** What is known about the namespace of an object that names none. */
export type UnsetNamespace = 'chosen-later' | 'unknown-kind';

/** The control about the namespace default. */
const control = 'default-namespace';

const isAbout = ({ check, verdict }: ObjectFinding): boolean => check === control && verdict === 'fail';
/** Returns results without the findings that {@link joinUnsetNamespaces} removes from an object. */
export const withoutUnknown = (results: readonly ObjectFinding[], state: UnsetNamespace | undefined): readonly ObjectFinding[] =>
  state === 'unknown-kind' ? results.filter((result) => !isAbout(result)) : results;

const keyOf = ({ resource: { apiVersion, kind, name } }: ObjectFinding, { file, document }: Manifest): string =>
  [kind, name, apiVersion, file, String(document).padStart(9, '0')].join('\n');

function oneFinding(result: ObjectFinding, objects: number): ObjectFinding {
  const which = objects === 1 ? '' : ` in ${objects} objects`;
  return { ...result, message: `metadata.namespace is not set${which}: unless one is given when they are applied, it is default` };
}

interface Candidate {
  readonly key: string;
  readonly result: ObjectFinding;
  readonly manifest: Manifest;
}

/**
 * Turns the findings about the namespace default of all objects that name no namespace into one finding for each policy: it is one fact, and
 * whoever applies the files may choose a namespace. It is reported at the first object by kind and name, whatever the order of files. A
 * custom kind without a CustomResourceDefinition among the files may have no namespace at all: there is no finding about it. Changes `found`.
 */
export function joinUnsetNamespaces(found: Map<Manifest | undefined, ObjectFinding[]>, unset: ReadonlyMap<Manifest, UnsetNamespace>): void {
  const failing: Candidate[] = [];
  for (const [manifest, state] of unset) {
    const results = found.get(manifest) ?? [];
    const about = results.filter(isAbout);
    if (about.length === 0) continue;
    found.set(
      manifest,
      results.filter((result) => !isAbout(result)),
    );
    if (state === 'chosen-later') failing.push(...about.map((result) => ({ key: keyOf(result, manifest), result, manifest })));
  }
  for (const candidates of Map.groupBy(failing, ({ result }) => result.policy).values()) {
    const first = candidates.reduce((least, candidate) => (candidate.key < least.key ? candidate : least));
    found.get(first.manifest)?.push(oneFinding(first.result, candidates.length));
  }
}
