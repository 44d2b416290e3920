import { suggestion } from '../../catalogue/suggestion.ts';
import { nameTemplate, podTemplate, registryOf } from '../facts/template-names.ts';
import { nothing, type ChangeJudge, type JudgedChange, type Observation } from './judge.ts';
import { isJudged, namespaceOwner, workloadOf } from './pod-judges.ts';
import { objectSubject, subjectText } from './subjects.ts';

const day = 86_400_000;
const workloadKinds: ReadonlySet<string> = new Set([
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'CronJob',
  'Job',
  'Pod',
  'ReplicaSet',
  'ReplicationController',
]);

/** Whether a change is about a workload that nothing watched owns, or about a pod that a person made. */
const isWorkload = (change: JudgedChange): boolean =>
  workloadKinds.has(change.object.kind) && change.after !== undefined && isJudged(change) && change.after.mirror !== true;

/** Names of components, which a newcomer in kube-system may imitate. */
const components =
  'kube-proxy kube-apiserver kube-scheduler kube-controller-manager kube-dns coredns etcd metrics-server aws-node calico-node cilium kube-flannel konnectivity-agent'.split(
    ' ',
  );

/** Whether a name is almost that of a component, or that of one that never is a workload of this kind. */
function imitates(name: string, kind: string): string | undefined {
  if (kind === 'ServiceAccount') return undefined;
  const exact = components.find((component) => name === component || name.startsWith(`${component}-`));
  if (exact !== undefined)
    return kind === 'Pod' || /^kube-(?:apiserver|scheduler|controller-manager)$|^etcd$/.test(exact) ? exact : undefined;
  return name.length < 5
    ? undefined
    : suggestion(
        name,
        components.filter((component) => Math.abs(component.length - name.length) <= 2 && component.length > 5),
      );
}

/** Namespaces of the system, in two of which nothing runs. */
const systemNamespaces: ReadonlySet<string> = new Set(['kube-system', 'kube-public', 'kube-node-lease']);

/** A workload or an account that is new in a namespace of the system. */
export const systemNamespaceNewcomer: ChangeJudge = (change) => {
  const { object, operation, after } = change;
  const { namespace = '' } = object;
  if (!systemNamespaces.has(namespace) || operation === 'update' || operation === 'delete' || after === undefined) return nothing;
  if (!isWorkload(change) && object.kind !== 'ServiceAccount') return nothing;
  const name = object.kind === 'Pod' ? podTemplate(object.name) : nameTemplate(object.name);
  const model = imitates(object.name, object.kind);
  return [
    {
      detection: 'system-namespace-newcomer',
      about: objectSubject(change),
      workload: `${namespace}/${name}`,
      seen: `${subjectText(object)} is new in ${namespace}${model === undefined ? '' : ` and has a name like ${model}`}`,
      normal: 'it was not there before',
      ...(model === undefined ? {} : { severity: 'high' as const }),
      compared: { kind: 'first-seen', owner: `ns:${namespace}`, key: `${object.kind} ${name}` },
    },
  ];
};

/** An image that a namespace has not run. In a new namespace every image is new. */
export const newImageSource: ChangeJudge = (change, context) => {
  const { after, object, at } = change;
  if (!isWorkload(change) || after?.pod === undefined) return nothing;
  const owner = namespaceOwner(change);
  const since = context.known.since(owner, 'new-image-source ');
  const isYoung = since === undefined || at - since < day;
  const about = objectSubject(change);
  const registries = [...new Set(after.pod.repositories.map(registryOf))];
  return [
    ...after.pod.repositories.map((repository): Observation => {
      const isNewRegistry = !context.known.isNormal('images of the cluster', `new-image-source ${registryOf(repository)}`);
      return {
        detection: 'new-image-source',
        about,
        workload: workloadOf(change, context),
        seen: `${subjectText(object)} runs the image ${repository}${isNewRegistry ? ', from a registry that no namespace uses' : ''}`,
        learnOnly: isYoung,
        compared: { kind: 'first-seen', owner, key: repository, habit: `namespace ${object.namespace ?? ''} runs` },
      };
    }),
    ...registries.map((registry): Observation => ({
      detection: 'new-image-source',
      about,
      seen: '',
      learnOnly: true,
      compared: { kind: 'first-seen', owner: 'images of the cluster', key: registry },
    })),
  ];
};

/** A template that somebody changes who has not changed it before. */
export const changedByNewActor: ChangeJudge = (change, context) => {
  const { after, before, object, actor, operation } = change;
  if (!isWorkload(change) || after?.pod === undefined) return nothing;
  const isChange = operation === 'update' && before?.pod !== undefined && before.pod.digest !== after.pod.digest;
  if (!isChange && operation === 'update') return nothing;
  const workload = workloadOf(change, context);
  const base = { detection: 'changed-by-new-actor', about: objectSubject(change), workload } as const;
  const habit = { kind: 'first-seen', owner: `workload:${workload}`, habit: `${subjectText(object)} has been changed by` } as const;
  if (isChange)
    return [
      {
        ...base,
        seen: `${actor.name} changed the ${changedParts(before.pod, after.pod)} of ${subjectText(object)}`,
        compared: { ...habit, key: actor.key },
      },
    ];
  // Who made the workload, and who has written it so far, may change it.
  const makers = [actor.key, ...(operation === 'found' ? after.managers.map((manager) => `manager:${nameTemplate(manager)}`) : [])];
  return [...new Set(makers)].map((key) => ({ ...base, seen: '', learnOnly: true, compared: { ...habit, key } }));
};

interface Template {
  readonly repositories: readonly string[];
  readonly containers: readonly string[];
  readonly account: string;
}

/** What differs between two templates, in words. */
function changedParts(before: Template, after: Template): string {
  const parts: string[] = [];
  if (before.repositories.join() !== after.repositories.join()) parts.push(`image repositories (${after.repositories.join(', ')})`);
  if (before.containers.join() !== after.containers.join()) parts.push(`containers (${after.containers.join(', ')})`);
  if (before.account !== after.account) parts.push(`service account (${after.account})`);
  return parts.length === 0 ? 'image tag, command, hooks, probes, environment or volumes' : parts.join(', ');
}

/** A DaemonSet of somebody who has made none. */
export const daemonSetByNewActor: ChangeJudge = (change) => {
  const { object, operation, actor } = change;
  if (object.kind !== 'DaemonSet' || operation !== 'create') return nothing;
  return [
    {
      detection: 'daemonset-by-new-actor',
      about: objectSubject(change),
      seen: `${actor.name} made ${subjectText(object)}, which runs on every node`,
      normal: `${actor.name} has made no DaemonSet`,
      compared: { kind: 'first-seen', owner: actor.key, key: 'makes' },
    },
  ];
};

/** A Job or CronJob of somebody who has made none in the namespace. */
export const jobByNewActor: ChangeJudge = (change, context) => {
  const { object, operation, actor } = change;
  if ((object.kind !== 'Job' && object.kind !== 'CronJob') || operation !== 'create' || !isWorkload(change)) return nothing;
  return [
    {
      detection: 'job-by-new-actor',
      about: objectSubject(change),
      workload: workloadOf(change, context),
      seen: `${actor.name} made ${subjectText(object)}`,
      compared: {
        kind: 'first-seen',
        owner: actor.key,
        key: nameTemplate(object.namespace ?? ''),
        habit: `${actor.name} has made Jobs in`,
      },
    },
  ];
};

/** CPU that a namespace asks for. */
export const resourceJump: ChangeJudge = (change, context) => {
  const { after, before, object, at } = change;
  if (after?.refusedByQuota === true && before !== undefined && before.refusedByQuota !== true)
    return [
      {
        detection: 'resource-jump',
        about: objectSubject(change),
        workload: namespaceOwner(change),
        seen: `the quota of namespace ${object.namespace ?? ''} refused pods of ${subjectText(object)}`,
        normal: 'the quota of the namespace was enough',
        compared: { kind: 'first-seen', owner: namespaceOwner(change), key: 'refused by quota' },
      },
    ];
  if (!isWorkload(change) || object.kind === 'Pod' || object.kind === 'DaemonSet' || change.operation === 'found') return nothing;
  const grown = requested(after) - requested(before);
  if (grown <= 0) return nothing;
  return [
    {
      detection: 'resource-jump',
      about: objectSubject(change),
      workload: namespaceOwner(change),
      seen: `the workloads of namespace ${object.namespace ?? ''} request {count} more CPU cores within ten minutes, the last is ${subjectText(object)}`,
      compared: {
        kind: 'rate',
        owner: namespaceOwner(change),
        item: `${workloadOf(change, context)} ${at}`,
        window: 600_000,
        weight: Math.round(grown * 10) / 10,
      },
    },
  ];
};

const requested = (facts: JudgedChange['after']): number => (facts?.pod === undefined ? 0 : facts.pod.cores * (facts.replicas ?? 1));
