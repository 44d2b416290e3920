import type { ResourceRule } from '../../api/kinds/security-policy.ts';
import type { ApiResource } from '../../api/api-resource.ts';
import type { ControlCheck } from '../../engine/controls/control-check.ts';
import { isLeftOut, kindsInclude, nameOfKind } from '../../engine/controls/control-kinds.ts';
import { isBuiltinWorkloadKind } from '../../engine/objects/workload-kind.ts';
import { jsonLiteral } from '../translator/cel-literal.ts';
import { controlExpression, usesParameters } from '../translator/control-expression.ts';
import { podOf, withPodLists } from '../translator/pod-expression.ts';
import type { NamedExpression } from './admission-policy.ts';

/** What the controls of an admission policy read: `pods`, the Pod of every kind with a pod template, or `objects`, any object as it is. */
export type Shape = 'pods' | 'objects';

/** The most controls in one variable. A variable may cost as much as an expression at most. */
const chunkSize = 15;

const isAboutPods = ({ control: { kinds } }: ControlCheck): boolean =>
  kinds === 'workloads' ||
  kinds === 'longRunning' ||
  (typeof kinds !== 'string' && kinds.every((kind) => kind === 'workloads' || isBuiltinWorkloadKind(kind)));

/** Whether a control reads nothing but the namespace of objects, which the Pod of a workload has as well. */
const isAboutNamespace = ({ control: { kinds, checks = [] } }: ControlCheck): boolean =>
  kinds === 'namespaced' && checks.length > 0 && checks.every(({ at }) => at === 'metadata.namespace');

/**
 * Returns the controls of each shape. A control about the namespace of all objects is evaluated on pods beside the others: a request about a
 * workload is then evaluated once, and has one message.
 */
export function controlsByShape(controls: readonly ControlCheck[]): Readonly<Record<Shape, readonly ControlCheck[]>> {
  const pods = controls.filter(isAboutPods);
  return {
    pods: pods.length === 0 ? [] : controls.filter((check) => isAboutPods(check) || isAboutNamespace(check)),
    objects: controls.filter((check) => !isAboutPods(check)),
  };
}

const chunks = <T>(items: readonly T[]): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(items.length / chunkSize) }, (_, index) => items.slice(index * chunkSize, (index + 1) * chunkSize));

const parametersName = (id: string): string => `parameters_${id.replaceAll('-', '_')}`;

/**
 * Returns the variables `failing` and `failedBefore`: the violations of the object of the request, and on an update those of the old object.
 * Each is a list of checks, a check is a list of violations, and a violation is a pair of the check and the container or volume.
 */
export function controlVariables(controls: readonly ControlCheck[], shape: Shape): readonly NamedExpression[] {
  const parameters = controls
    .filter(({ control }) => usesParameters(control))
    .map((check) => ({ name: parametersName(check.control.id), expression: jsonLiteral(check.parameters) }));
  const subject = (object: string): string => (shape === 'pods' ? podOf(object) : `dyn(${object})`);
  const groups = chunks(controls).map((group, index) => {
    const expressions = group.map(({ control, minors }) =>
      controlExpression({ control, minors, params: `variables.${parametersName(control.id)}` }),
    );
    const list = `[${expressions.join(', ')}]`;
    return { name: `checks${index + 1}`, expression: `variables.subjects.map(object, ${shape === 'pods' ? withPodLists(list) : list})` };
  });
  const found = (position: number): string =>
    `(${groups.map(({ name }) => `variables.${name}[${position}]`).join(' + ')}).filter(check, check.size() > 0)`;
  return [
    ...parameters,
    { name: 'subject', expression: subject('object') },
    {
      name: 'subjects',
      expression: `request.operation == 'UPDATE' ? [variables.subject, ${subject('oldObject')}] : [variables.subject]`,
    },
    ...groups,
    { name: 'failing', expression: found(0) },
    { name: 'failedBefore', expression: `variables.subjects.size() == 1 ? [] : ${found(1)}` },
  ];
}

/** Whether users write objects of a kind. Vigil does not read Secrets, but the API server does. */
const isWritten = (kind: string): boolean => kind === 'Secret' || !isLeftOut(kind);

/** Returns the resources that the controls of a shape are about, among those that the API server serves. */
export function controlResources(
  controls: Partial<ReturnType<typeof controlsByShape>>,
  shape: Shape,
  served: readonly ApiResource[],
): readonly ResourceRule[] {
  const { pods = [], [shape]: own = [] } = controls;
  const isAbout = (check: ControlCheck, resource: ApiResource): boolean => {
    const { kinds } = check.control;
    const name = nameOfKind(resource);
    const isWorkload = isBuiltinWorkloadKind(name);
    if (shape === 'pods' && !isWorkload) return false;
    // The pods have it.
    if (shape === 'objects' && isWorkload && pods.includes(check)) return false;
    return kinds === 'namespaced' ? resource.namespaced && isWritten(name) : kindsInclude(kinds, name, resource.namespaced);
  };
  const wanted = served.filter((resource) => own.some((check) => isAbout(check, resource)));
  return resourceRules(wanted, ['CREATE', 'UPDATE']);
}

/**
 * Returns resource rules for resources, one for each group. Pods include their ephemeral containers. The rules name no version: Kubernetes would
 * check the types of all expressions for each kind, which takes seconds, and the expressions are correct for every kind.
 */
export function resourceRules(resources: readonly ApiResource[], operations: ResourceRule['operations']): readonly ResourceRule[] {
  const preferred = new Map<string, ApiResource>();
  for (const resource of resources) if (!preferred.has(nameOfKind(resource))) preferred.set(nameOfKind(resource), resource);
  const groups = Map.groupBy(preferred.values(), ({ group }) => group);
  return [...groups.values()].map((group) => ({
    apiGroups: [group[0]?.group ?? ''],
    apiVersions: ['*'],
    operations,
    resources: group
      .flatMap(({ kind, resource }) => (kind === 'Pod' ? [resource, `${resource}/ephemeralcontainers`] : [resource]))
      .toSorted(),
    scope: '*' as const,
  }));
}
