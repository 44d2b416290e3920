import { type Fields, fieldsOf, groupKindOf, type KubernetesObject, listOf, textMapOf, textOf } from '../../objects/kubernetes-object.ts';
import { selectorMatch } from '../../objects/label-selector.ts';
import { templatePathOf } from '../../objects/workload-kind.ts';
import { type AddProblem, checkNotNegative, isSet } from './content-problem.ts';
import { labelProblems } from './metadata-content.ts';
import { podProblems } from './pod-content.ts';

/** The kinds whose selector must select the pods of their template. */
const selecting: ReadonlySet<string> = new Set(['Deployment.apps', 'ReplicaSet.apps', 'DaemonSet.apps', 'StatefulSet.apps']);

function selectorProblem(spec: Fields, labels: Readonly<Record<string, string>>, add: AddProblem): void {
  const { selector } = spec;
  if (!isSet(selector)) add('spec.selector', 'selector is required');
  else if (!selectorMatch(selector)(labels)) add('spec.selector', 'selector must select the labels of the pod template');
}

/** The highest and lowest number of each field of a schedule: minute, hour, day of the month, month, day of the week. */
const ranges = [[0, 59], [0, 23], [1, 31], [1, 12], [0, 6]] as const; // prettier-ignore

const isInRange = (field: string, [first, last]: readonly [number, number]): boolean =>
  /^[0-9A-Za-z*?,/-]+$/.test(field) &&
  field
    .split(',')
    .every((item) =>
      (item.split('/')[0] ?? '').split('-').every((bound) => !/^\d+$/.test(bound) || (Number(bound) >= first && Number(bound) <= last)),
    );

function isSchedule(text: string): boolean {
  if (/^@(yearly|annually|monthly|weekly|daily|midnight|hourly|every \S+)$/.test(text)) return true;
  const fields = text.trim().split(/\s+/);
  return fields.length === ranges.length && ranges.every((range, index) => isInRange(fields[index] ?? '', range));
}

function scheduleProblem({ schedule }: Fields, add: AddProblem): void {
  const text = textOf(schedule) ?? '';
  if (text === '') return;
  if (text.includes('TZ')) add('spec.schedule', 'schedule must not have a time zone: set spec.timeZone');
  else if (!isSchedule(text))
    add('spec.schedule', 'schedule must have five fields: minute, hour, day of the month, month, day of the week (0-6)');
}

/** Adds what the API server refuses in a pod or a workload. Nothing for other kinds. */
export function workloadProblems(object: KubernetesObject, add: AddProblem): void {
  const steps = templatePathOf(object);
  if (steps === undefined) return;
  const kind = groupKindOf(object);
  const template = steps.reduce<Fields>((fields, step) => fieldsOf(fields[step]), object);
  const path = steps.map((step) => `${step}.`).join('');
  const spec = fieldsOf(object['spec']);
  const claims = listOf(spec['volumeClaimTemplates']).map((claim) => fieldsOf(fieldsOf(claim)['metadata'])['name']);
  podProblems(fieldsOf(template['spec']), `${path}spec`, { add, claims });
  if (steps.length === 0) return;
  const metadata = fieldsOf(template['metadata']);
  labelProblems(metadata, `${path}metadata`, add);
  if (selecting.has(kind)) selectorProblem(spec, textMapOf(metadata['labels']), add);
  if (kind === 'CronJob.batch') scheduleProblem(spec, add);
  checkNotNegative(spec, ['replicas', 'minReadySeconds', 'parallelism', 'completions', 'backoffLimit'], { path: 'spec', add });
  if (typeof spec['replicas'] === 'number' && spec['replicas'] > 2147483647) add('spec.replicas', 'replicas must be at most 2147483647');
}
