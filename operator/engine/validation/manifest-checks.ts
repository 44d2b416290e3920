import { type KubernetesObject, textOf } from '../objects/kubernetes-object.ts';
import { clean, type Outcome } from '../outcomes/outcome.ts';
import { deprecationOf } from '../schema/kind-problem.ts';
import { contentProblems } from './content/content-problems.ts';
import type { SchemaProblem, SchemaProblemType } from './schema-problem.ts';
import { schemaProblems } from './schema-problems.ts';

/** The problems of an object, for the controls that report a part of them. */
const known = new WeakMap<KubernetesObject, readonly SchemaProblem[]>();

function problemsOf(object: KubernetesObject): readonly SchemaProblem[] {
  const found = known.get(object) ?? allProblems(object);
  known.set(object, found);
  return found;
}

/** A path has one problem: the first one, which is that of the schema. */
function allProblems(object: KubernetesObject): readonly SchemaProblem[] {
  const ofSchema = schemaProblems(object);
  if (ofSchema === undefined) return [];
  const paths = new Set(ofSchema.map(({ path }) => path));
  return [...ofSchema, ...contentProblems(object).filter(({ path }) => !paths.has(path))];
}

const check =
  (type: SchemaProblemType) =>
  ({ object }: { readonly object: KubernetesObject }): Outcome => {
    const found = problemsOf(object).filter((problem) => problem.type === type);
    return found.length === 0 ? clean : { violations: found.map(({ path, message }) => ({ path, label: message })), faults: [] };
  };

/** Reports a version that Kubernetes warns of or does not have. `minor`: that of Kubernetes 1. */
function deprecatedVersion({ object }: { readonly object: KubernetesObject }, _: unknown, minor: number): Outcome {
  const message = deprecationOf(textOf(object.apiVersion) ?? '', textOf(object.kind) ?? '', minor);
  return message === undefined ? clean : { violations: [{ path: 'apiVersion' }], faults: [], message };
}

/** The checks of the fields of manifests, by the names that controls use. */
export const manifestChecks = {
  unknownField: check('unknown'),
  repeatedItem: check('repeated'),
  refusedField: check('refused'),
  deprecatedVersion,
};
