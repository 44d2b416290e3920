import { loosened } from '../facts/guardrail.ts';
import { nameTemplate } from '../facts/template-names.ts';
import { isControlPlane } from '../activity/actor.ts';
import { nothing, type ChangeJudge, type JudgeContext, type JudgedChange, type Observation, type RequestJudge } from './judge.ts';
import { namespaceOwner } from './pod-judges.ts';
import { actorSubject, objectSubject, subjectText } from './subjects.ts';

const day = 86_400_000;

/** An admission webhook that is added, has another target or other rules, or is gone. */
export const webhookConfiguration: ChangeJudge = (change, context) => {
  const { after, before, object, actor } = change;
  const webhook = after?.webhook ?? before?.webhook;
  if (webhook === undefined) return nothing;
  const owner = `webhook:${object.kind}/${nameTemplate(object.name)}`;
  const base = { detection: 'webhook-configuration', about: objectSubject(change) } as const;
  const what = subjectText(object);
  if (after === undefined) {
    const compared = { kind: 'first-seen', owner, key: `deleted by ${actor.key}` } as const;
    return [{ ...base, seen: `${what} was deleted`, normal: 'it was there', compared }];
  }
  const targets = webhook.targets.join(', ');
  const isWorse = webhook.external || (webhook.broad && !isEstablished(change, context));
  const found: Observation[] = [
    {
      ...base,
      seen: `${what} sends objects to ${targets}${webhook.broad ? ' and sees Secrets or all resources' : ''}`,
      ...(isWorse ? { severity: 'critical' as const } : {}),
      normal: before === undefined ? 'there was no such webhook' : 'it had another target',
      compared: { kind: 'first-seen', owner, key: `to ${targets}` },
    },
  ];
  const isRuled = before?.webhook !== undefined && before.webhook.rules !== webhook.rules;
  const isMade = before === undefined;
  if (isRuled || isMade)
    found.push({
      ...base,
      seen: `${actor.name} changed which objects ${what} sees`,
      learnOnly: isMade,
      compared: { kind: 'first-seen', owner, key: `by ${actor.key}`, habit: `${what} has been changed` },
    });
  return found;
};

/** Whether the actor has been at work for a day, with a habit of several things. */
function isEstablished({ actor, at }: JudgedChange, { known }: JudgeContext): boolean {
  const since = known.since(actor.key);
  return since !== undefined && at - since >= day && known.count(actor.key) >= 5;
}

/** A protection that is loosened. What goes with its namespace is not. */
export const guardrailLoosened: ChangeJudge = (change, { inventory }) => {
  const { after, before, object, at, actor } = change;
  if (before?.guardrail === undefined) return nothing;
  if (after === undefined && object.kind === 'Namespace') return nothing;
  if (after === undefined && object.namespace !== undefined && inventory.namespaceEnds(object.namespace, at)) return nothing;
  if (after === undefined && actor.name === 'system:serviceaccount:kube-system:namespace-controller') return nothing;
  const parts = loosened(before.guardrail, after?.guardrail);
  if (parts.length === 0) return nothing;
  return [
    {
      detection: 'guardrail-loosened',
      about: objectSubject(change),
      seen: `the ${before.guardrail.what} of ${subjectText(object)} ${after === undefined ? 'was deleted' : `protects less: ${parts.join(', ')}`}`,
      normal: 'it protected more until then',
      compared: { kind: 'invariant' },
    },
  ];
};

/** The configuration of DNS, or of the identities of the cloud. */
export const clusterDnsOrAuthChanged: ChangeJudge = (change) => {
  const { after, before, object, actor, operation } = change;
  if (object.kind !== 'ConfigMap' || object.namespace !== 'kube-system') return nothing;
  const isChange = operation === 'delete' || operation === 'create' || (before !== undefined && before.content !== after?.content);
  const owner = `configmap:${object.name}`;
  const about = objectSubject(change);
  const habit = `${subjectText(object)} has been changed by`;
  if (operation === 'found')
    return (after?.managers ?? []).map((manager) => ({
      detection: 'cluster-dns-or-auth-changed',
      about,
      seen: `${subjectText(object)} was written by ${manager}`,
      compared: { kind: 'first-seen', owner, key: `manager:${nameTemplate(manager)}`, habit },
    }));
  if (!isChange) return nothing;
  return [
    {
      detection: 'cluster-dns-or-auth-changed',
      about,
      seen: `${actor.name} ${operation === 'update' ? 'changed' : `${operation}d`} ${subjectText(object)}`,
      compared: { kind: 'first-seen', owner, key: actor.key, habit },
    },
  ];
};

/** A namespace that becomes reachable from outside. */
export const newExposure: ChangeJudge = (change, { known }) => {
  const { after, before, object, at } = change;
  if (after?.service === undefined) return nothing;
  const { exposure, externalIPs, delicate } = after.service;
  const earlier = before?.service?.exposure ?? [];
  const owner = namespaceOwner(change);
  const since = known.since(owner);
  const isYoung = since === undefined || at - since < day;
  return exposure
    .filter((type) => !earlier.includes(type))
    .map((type) => {
      const severity = type === 'externalIPs' || delicate ? ('high' as const) : isYoung ? ('low' as const) : undefined;
      return {
        detection: 'new-exposure',
        about: objectSubject(change),
        workload: `${owner} ${type}`,
        seen: `${subjectText(object)} is reachable from outside by ${type}${type === 'externalIPs' ? ` ${externalIPs.join(', ')}` : ''}`,
        normal: `no Service in namespace ${object.namespace ?? ''} has had ${type}`,
        ...(severity === undefined ? {} : { severity }),
        compared: { kind: 'first-seen', owner, key: type },
      };
    });
};

const deletable: ReadonlySet<string> = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'CronJob', 'PersistentVolumeClaim', 'Namespace']);
/** Controllers that delete what belongs to something that was deleted. */
const cleaners: ReadonlySet<string> = new Set(
  (
    'namespace-controller generic-garbage-collector ttl-after-finished-controller pvc-protection-controller pv-protection-controller ' +
    'persistent-volume-binder token-cleaner legacy-service-account-token-cleaner'
  )
    .split(' ')
    .map((name) => `system:serviceaccount:kube-system:${name}`),
);

/** Many deletions. What goes with its namespace or its owner does not count. */
export const massDeletion: ChangeJudge = (change, { inventory }) => {
  const { operation, object, actor, before, at } = change;
  if (operation !== 'delete' || !deletable.has(object.kind) || before?.owner !== undefined || cleaners.has(actor.name)) return nothing;
  if (object.namespace !== undefined && inventory.namespaceEnds(object.namespace, at)) return nothing;
  return [
    {
      detection: 'mass-deletion',
      about: objectSubject(change),
      workload: 'deletions',
      seen: `${actor.name === 'unknown' ? 'somebody' : actor.name} deleted {count} workloads, volume claims or namespaces, the last is ${subjectText(object)}`,
      compared: {
        kind: 'rate',
        owner: actor.key,
        item: `${object.kind}/${object.namespace ?? ''}/${object.name}`,
        window: 600_000,
        daily: 5,
      },
    },
  ];
};

/** What is not watched, but is lost or lost for good when it is deleted. With a CustomResourceDefinition all of its objects go. */
const unwatched: ReadonlySet<string> = new Set(
  'secrets persistentvolumes customresourcedefinitions volumesnapshots volumesnapshotcontents backups'.split(' '),
);

/** Many deletions of what is not watched. A deletion of a whole collection is many. */
export const massDeletionByRequests: RequestJudge = (request, { inventory, parameter }) => {
  const { actor, verb, resource, subresource, namespace, name, succeeded, dryRun, at } = request;
  if (!unwatched.has(resource) || subresource !== undefined || !verb.startsWith('delete') || !succeeded || dryRun === true) return nothing;
  if (isControlPlane(actor) || cleaners.has(actor.name)) return nothing;
  if (namespace !== undefined && inventory.namespaceEnds(namespace, at)) return nothing;
  const place = namespace === undefined ? '' : `${namespace}/`;
  return [
    {
      detection: 'mass-deletion',
      about: actorSubject(actor),
      workload: 'deletions',
      seen: `${actor.name} deleted {count} Secrets, volumes, snapshots, backups or CustomResourceDefinitions, the last is ${resource} ${place}${name ?? '(all)'}`,
      compared: {
        kind: 'rate',
        owner: actor.key,
        item: `${resource}/${place}${name ?? ''}`,
        window: 600_000,
        daily: 5,
        ...(name === undefined ? { weight: parameter('mass-deletion', 'floor') + 1 } : {}),
      },
    },
  ];
};

/** A node of a pool that is not known. */
export const unknownNode: ChangeJudge = (change) => {
  const { after, object, operation } = change;
  if (after?.node === undefined || operation === 'delete') return nothing;
  const { pool } = after.node;
  return [
    {
      detection: 'unknown-node',
      about: objectSubject(change),
      workload: `pool ${pool}`,
      seen: `node ${object.name} joined with the labels: ${pool}`,
      // Labels of a cloud come after the node has registered.
      learnOnly: operation === 'update' && change.before?.node?.pool === pool,
      compared: { kind: 'first-seen', owner: 'nodes of the cluster', key: pool, habit: 'the cluster has the pools' },
    },
  ];
};
