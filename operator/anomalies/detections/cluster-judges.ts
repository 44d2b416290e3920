import { nameTemplate } from '../facts/template-names.ts';
import { isControlPlane } from '../activity/actor.ts';
import { nothing, type ChangeJudge, type RequestJudge } from './judge.ts';
import { namespaceOwner } from './pod-judges.ts';
import { actorSubject, objectSubject, subjectText } from './subjects.ts';

const day = 86_400_000;

/** The configuration of DNS, or of the identities of the cloud. */
export const clusterDnsOrAuthChanged: ChangeJudge = (change) => {
  const { after, before, object, actor, operation } = change;
  // The API server writes what it trusts to a ConfigMap itself. Nobody else can be this user.
  if (object.kind !== 'ConfigMap' || object.namespace !== 'kube-system' || actor.name === 'system:apiserver') return nothing;
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

/** Controllers that give Services their addresses, besides those that are learned. */
const addressing: ReadonlySet<string> = new Set(['service-controller', 'cloud-provider']);

/** An address that somebody writes into the status of a Service: nodes send its traffic there (CVE-2020-8554). */
export const serviceAddress: RequestJudge = (request) => {
  const { actor, verb, resource, subresource, namespace = '', name = '', succeeded, dryRun } = request;
  if (resource !== 'services' || subresource !== 'status' || !succeeded || dryRun === true) return nothing;
  if (!['update', 'patch'].includes(verb) || isControlPlane(actor)) return nothing;
  if (actor.account?.namespace === 'kube-system' && addressing.has(actor.account.name)) return nothing;
  return [
    {
      detection: 'new-exposure',
      about: { apiVersion: 'v1', kind: 'Service', namespace, name },
      workload: 'address',
      seen: `${actor.name} wrote the address of the load balancer of Service ${namespace}/${name}`,
      normal: `${actor.name} has not given addresses to Services`,
      compared: { kind: 'first-seen', owner: actor.key, key: 'gives addresses' },
    },
  ];
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
  const { actor, verb, resource, subresource, namespace, name, succeeded, helmReleases, at } = request;
  // Helm deletes old revisions of a release with each new one, by their names.
  if (helmReleases === true && verb === 'delete') return nothing;
  if (!unwatched.has(resource) || subresource !== undefined || !verb.startsWith('delete') || !succeeded) return nothing;
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
