import type { ObjectFacts } from '../facts/object-facts.ts';
import type { HostFeature, PodFacts } from '../facts/pod-facts.ts';
import type { Power } from '../facts/rbac-facts.ts';
import { nameTemplate } from '../facts/template-names.ts';
import { isControlPlane } from '../activity/actor.ts';
import { nothing, type ChangeJudge, type JudgeContext, type JudgedChange } from './judge.ts';
import { objectSubject, subjectText } from './subjects.ts';

const watchedOwners: ReadonlySet<string> = new Set([
  'ReplicaSet',
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'Job',
  'CronJob',
  'ReplicationController',
  'Node',
]);

/** Whether an object is judged itself: no watched workload owns it, whose template is judged. */
export const isTop = ({ owner }: Pick<ObjectFacts, 'owner'>): boolean => owner === undefined || !watchedOwners.has(owner.kind);

/** The accounts of the controllers that make pods, ReplicaSets and Jobs for their owners. */
const makers: ReadonlySet<string> = new Set(
  ['replicaset', 'replication', 'deployment', 'statefulset', 'daemon-set', 'job', 'cronjob'].map(
    (name) => `system:serviceaccount:kube-system:${name}-controller`,
  ),
);

/**
 * Whether somebody other than a controller made an object and named an owner for it, whose template says nothing about the object then. The user
 * of the request counts, also when the change is learned for its field manager.
 */
function hasForgedOwner({ operation, request, after }: JudgedChange): boolean {
  if (operation !== 'create' || request === undefined || after?.owner === undefined) return false;
  return watchedOwners.has(after.owner.kind) && !isControlPlane(request.actor) && !makers.has(request.actor.name);
}

/** Whether the object of a change is judged itself: it has no owner whose template is judged, or only claims to have one. */
export const isJudged = (change: JudgedChange): boolean => isTop(change.after ?? {}) || hasForgedOwner(change);

/** The stable key of the workload of a change. */
export const workloadOf = ({ object, after, before }: JudgedChange, { inventory }: JudgeContext): string =>
  inventory.workload(object.kind, object.namespace ?? '', object.name, after ?? before);

/** The owner of what is normal in a namespace. */
export const namespaceOwner = ({ object }: JudgedChange): string => `ns:${nameTemplate(object.namespace ?? '')}`;

/** A container that is added to a running pod. */
export const ephemeralContainerAdded: ChangeJudge = (change, context) => {
  const { after, before, object, actor } = change;
  if (object.kind !== 'Pod' || after?.pod === undefined || before?.pod === undefined) return nothing;
  const earlier = before.pod.ephemeral;
  const added = after.pod.ephemeral.filter((container) => !earlier.includes(container));
  if (added.length === 0) return nothing;
  const [image = ''] = added.map((container) => container.split(' ')[1] ?? '');
  return [
    {
      detection: 'ephemeral-container-added',
      about: objectSubject(change),
      workload: workloadOf(change, context),
      seen: `${actor.name} added a container with the image ${image} to the running ${subjectText(object)}`,
      compared: {
        kind: 'first-seen',
        owner: actor.key,
        key: nameTemplate(object.namespace ?? ''),
        habit: `${actor.name} has debugged pods in`,
      },
    },
  ];
};

/** Host access that monitoring and network plugins often have, and that alone does not lead to the node. */
const mild = /^(?:hostNetwork|capability (?:NET_ADMIN|SYSLOG)|path (?:\/proc|\/sys|\/var\/log(?:\/.*)?|\/var\/lib\/docker\/containers))$/;

/** The host access that an object gained. A running pod can only gain it by an ephemeral container. */
function gainedHost(change: JudgedChange): readonly HostFeature[] {
  const { after, before, object } = change;
  const pod = after?.pod;
  if (pod === undefined || after?.mirror === true) return [];
  const earlier = before?.pod?.host ?? [];
  return isJudged(change) || (object.kind === 'Pod' && before !== undefined)
    ? pod.host.filter((feature) => !earlier.includes(feature))
    : [];
}

/** An image that gets access to its node. */
export const newHostAccess: ChangeJudge = (change, context) => {
  const gained = gainedHost(change);
  const pod = change.after?.pod;
  if (gained.length === 0 || pod === undefined) return nothing;
  const owner = namespaceOwner(change);
  const repositories = [...new Set([...pod.repositories, ...pod.ephemeral.map((each) => each.split(' ')[1] ?? '')])].join('+');
  return gained.map((feature) => ({
    detection: 'new-host-access',
    about: objectSubject(change),
    workload: workloadOf(change, context),
    seen: `${subjectText(change.object)} has host access: ${gained.join(', ')} (image ${repositories})`,
    normal: `this image had no such access in namespace ${change.object.namespace ?? ''}`,
    ...(gained.every((each) => mild.test(each)) ? { severity: 'medium' as const } : {}),
    compared: { kind: 'first-seen', owner, key: `${repositories} ${feature}` },
  }));
};

/** Kinds that own no pods: a pod that names one as its controller is made by hand. */
const neverOwners: ReadonlySet<string> = new Set(
  'ConfigMap Secret Service ServiceAccount Namespace PersistentVolumeClaim Endpoints'.split(' '),
);

/** Whether nothing but a person or a program made a pod, whatever it says of its owner. */
const isByHand = (change: JudgedChange): boolean => {
  const owner = change.after?.owner;
  return owner === undefined || neverOwners.has(owner.kind) || hasForgedOwner(change);
};

/** A pod that is made by hand to become root on its node. */
export const hostTakeoverPod: ChangeJudge = (change) => {
  const { after, object } = change;
  if (object.kind !== 'Pod' || after?.pod === undefined || after.mirror === true || !isByHand(change)) return nothing;
  const { host, repositories } = after.pod;
  const takesOver = host.includes('path /') || (host.includes('hostPID') && host.includes('privileged'));
  if (!takesOver) return nothing;
  return [
    {
      detection: 'host-takeover-pod',
      about: objectSubject(change),
      seen: `${subjectText(object)} was made by hand and has host access: ${host.join(', ')} (image ${repositories.join(', ')})`,
      normal: 'such access belongs to DaemonSets of the platform',
      compared: { kind: 'invariant', state: `${object.namespace ?? ''}/${object.name} ${object.uid ?? ''}` },
    },
  ];
};

/** A static pod that other nodes of the pool do not have. */
export const staticPod: ChangeJudge = (change, { inventory }) => {
  const { after, object, operation } = change;
  if (object.kind !== 'Pod' || after?.mirror !== true || after.pod === undefined || operation === 'update') return nothing;
  const { node = '', repositories } = after.pod;
  const name = object.name.endsWith(`-${node}`) ? object.name.slice(0, -node.length - 1) : object.name;
  const pool = inventory.nodes.pool(node) ?? 'any';
  return [
    {
      detection: 'static-pod',
      about: objectSubject(change),
      workload: `static ${name}`,
      seen: `node ${node} runs the static pod ${name} (image ${repositories.join(', ')})`,
      compared: { kind: 'first-seen', owner: `pool:${pool}`, key: name, habit: `nodes of the pool ${pool} run the static pods` },
    },
  ];
};

const powerful: ReadonlySet<Power> = new Set<Power>([
  'everything',
  'all resources',
  'read secrets',
  'write roles',
  'escalate',
  'bind',
  'impersonate',
  'create tokens',
  'write webhooks',
]);

/** A workload that runs as an account which can read Secrets or write roles. A new account comes with its workloads. */
export const accountSwitched: ChangeJudge = (change, context) => {
  const { after, before, object } = change;
  const pod: PodFacts | undefined = after?.pod;
  if (pod === undefined || !isJudged(change) || after?.mirror === true) return nothing;
  const namespace = object.namespace ?? '';
  const powers = [...context.inventory.accountPowers(namespace, pod.account)].filter((power) => powerful.has(power));
  const workload = workloadOf(change, context);
  const isSame = before?.pod?.account === pod.account;
  return [
    {
      detection: 'account-switched',
      about: objectSubject(change),
      workload,
      seen: `${subjectText(object)} runs as ServiceAccount ${namespace}/${pod.account}, which can: ${powers.join(', ')}`,
      learnOnly: powers.length === 0 || isSame || context.inventory.isYoungAccount(namespace, pod.account, change.at),
      compared: {
        kind: 'first-seen',
        owner: `account-of:${nameTemplate(namespace)}/${nameTemplate(pod.account)}`,
        key: workload,
        habit: 'the account runs',
      },
    },
  ];
};

/** A pod without an owner, where all pods have one. */
export const unownedPod: ChangeJudge = (change, { known }) => {
  const { after, object, operation } = change;
  if (object.kind !== 'Pod' || after === undefined || after.mirror === true || operation === 'update') return nothing;
  const owner = namespaceOwner(change);
  const isBare = isByHand(change);
  return [
    {
      detection: 'unowned-pod',
      about: objectSubject(change),
      workload: owner,
      seen: `${subjectText(object)} has no owner`,
      normal: `all pods in namespace ${object.namespace ?? ''} have an owner`,
      // In a namespace in which nothing has run yet, nothing is normal.
      learnOnly: !isBare || !known.isNormal(owner, 'unowned-pod owned'),
      compared: { kind: 'first-seen', owner, key: isBare ? 'bare' : 'owned' },
    },
  ];
};

/** A miner or a tool, by its image or its command. */
export const minerOrTool: ChangeJudge = (change, context) => {
  const { after, object } = change;
  const suspicious = after?.pod?.suspicious;
  if (suspicious === undefined || after === undefined) return nothing;
  // The pods of a workload repeat what its template says.
  if (!isJudged(change) && after.pod?.ephemeral.length === 0) return nothing;
  const workload = workloadOf(change, context);
  return [
    {
      detection: 'miner-or-tool',
      about: objectSubject(change),
      workload,
      seen: `${subjectText(object)} runs ${suspicious} (image ${after.pod?.repositories.join(', ') ?? ''})`,
      normal: 'no workload runs miners or attack tools',
      compared: { kind: 'invariant', state: `${workload} ${suspicious}` },
    },
  ];
};
