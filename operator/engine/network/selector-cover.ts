import { meets } from '../../api/label-match.ts';
import type { LabelRequirement } from './label-requirement.ts';

/** The label that the API server sets on every Namespace. */
export const namespaceNameLabel = 'kubernetes.io/metadata.name';

/** Selects the pods with some labels in the namespaces with some labels. */
export interface PodSelection {
  readonly namespace: readonly LabelRequirement[];
  readonly pod: readonly LabelRequirement[];
}

interface Condition {
  readonly variable: string;
  readonly requirement: LabelRequirement;
}
type Conjunction = readonly Condition[];

/** A value that no requirement names. */
const otherValue = '\u0000';
/** The number of cases after which a question counts as answered with no. No selector that a person wrote comes near. */
const maximumCases = 20_000;

const conjunctionOf = ({ namespace, pod }: PodSelection): Conjunction => [
  ...namespace.map((requirement) => ({ variable: `namespace ${requirement.key}`, requirement })),
  ...pod.map((requirement) => ({ variable: `pod ${requirement.key}`, requirement })),
];

/** The values of a label that requirements can tell apart. Undefined: the label is absent. */
function valuesOf(variable: string, conjunctions: readonly Conjunction[]): readonly (string | undefined)[] {
  const named = conjunctions.flatMap((conjunction) =>
    conjunction.filter((condition) => condition.variable === variable).flatMap(({ requirement }) => requirement.values),
  );
  return [...new Set(named), otherValue, ...(variable === `namespace ${namespaceNameLabel}` ? [] : [undefined])];
}

/** Whether every pod of every namespace, whatever its labels are, is selected by at least one of the selections. */
export function selectsEveryPod(selections: readonly PodSelection[]): boolean {
  let cases = 0;
  const covers = (conjunctions: readonly Conjunction[]): boolean => {
    if (conjunctions.some((conjunction) => conjunction.length === 0)) return true;
    const [shortest] = conjunctions.toSorted((a, b) => a.length - b.length);
    const variable = shortest?.[0]?.variable;
    if (variable === undefined) return false;
    return valuesOf(variable, conjunctions).every((value) => {
      cases += 1;
      if (cases > maximumCases) return false;
      const left = conjunctions
        .filter((conjunction) => conjunction.every((condition) => condition.variable !== variable || meets(condition.requirement, value)))
        .map((conjunction) => conjunction.filter((condition) => condition.variable !== variable));
      return covers(left);
    });
  };
  return covers(selections.map(conjunctionOf));
}

/** Whether a selection can select a pod: no two of its requirements exclude each other. */
export function selectsSomePod(selection: PodSelection): boolean {
  const conjunction = conjunctionOf(selection);
  return conjunction.every(({ variable }) =>
    valuesOf(variable, [conjunction]).some((value) =>
      conjunction.every((condition) => condition.variable !== variable || meets(condition.requirement, value)),
    ),
  );
}
