import { nameTemplate } from '../facts/template-names.ts';
import type { RequestActivity } from '../activity/activity.ts';
import { isRightOfController } from './credential-judges.ts';
import { nothing, type RequestJudge } from './judge.ts';
import { actorSubject, patience } from './subjects.ts';

const reads: ReadonlySet<string> = new Set(['get', 'list', 'watch']);

/** The answer of a dry run has the whole object, and that of a deletion of many has all of them. */
const readsByDryRun: ReadonlySet<string> = new Set(['update', 'patch', 'deletecollection']);

/** Whether a request read Secrets. Kubelets read those of their pods, and the API server holds them to that. */
const isRead = ({ resource, group, subresource, verb, succeeded, dryRun, actor }: RequestActivity): boolean =>
  resource === 'secrets' &&
  group === '' &&
  subresource === undefined &&
  (reads.has(verb) || (dryRun === true && readsByDryRun.has(verb))) &&
  succeeded &&
  actor.kind !== 'node';

/** All Secrets of the cluster at once, or all with one name, which a field selector gives. */
export const clusterWideSecretList: RequestJudge = (request) => {
  const { actor, verb, namespace, name } = request;
  if (!isRead(request) || verb === 'get' || namespace !== undefined) return nothing;
  const named = name === undefined ? '' : ` with the name ${name}`;
  return [
    {
      detection: 'cluster-wide-secret-list',
      about: actorSubject(actor),
      seen: `${actor.name} used ${verb} on the Secrets of all namespaces${named}`,
      normal: `${actor.name} has not listed the Secrets of all namespaces`,
      // A controller lists and then watches: both are one behaviour.
      compared: { kind: 'first-seen', owner: actor.key, key: name === undefined ? 'all' : `named ${nameTemplate(name)}` },
    },
  ];
};

/** Many different Secrets in a short time, or over a day. */
export const secretSpread: RequestJudge = (request) => {
  const { actor, namespace = '', name } = request;
  if (!isRead(request) || (namespace === '' && name === undefined)) return nothing;
  return [
    {
      detection: 'secret-spread',
      about: actorSubject(actor),
      seen: `${actor.name} read {count} different Secrets`,
      compared: {
        kind: 'rate',
        owner: actor.key,
        item: `${nameTemplate(namespace)}/${name === undefined ? '' : nameTemplate(name)}`,
        window: 600_000,
        daily: 2,
        slow: patience(actor),
      },
    },
  ];
};

/** A Secret in a namespace where the user has read none. */
export const secretRead: RequestJudge = (request) => {
  const { actor, namespace, name, verb, helmReleases } = request;
  if (!isRead(request) || namespace === undefined || actor.account?.namespace === namespace) return nothing;
  // The namespace controller lists what is left in a namespace that is deleted.
  if (isRightOfController(request)) return nothing;
  const by = reads.has(verb) ? '' : ` by a dry run of ${verb}`;
  const what = name === undefined ? `used ${verb} on the Secrets of namespace ${namespace}${by}` : `read Secret ${namespace}/${name}${by}`;
  return [
    {
      detection: 'secret-read',
      about: actorSubject(actor),
      workload: `ns:${nameTemplate(namespace)}`,
      seen: `${actor.name} ${what}`,
      // Who installs by Helm reads its releases in each namespace to which something is installed.
      compared: {
        kind: 'first-seen',
        owner: actor.key,
        key: helmReleases === true ? 'releases of Helm' : nameTemplate(namespace),
        habit: `${actor.name} has read Secrets in`,
      },
    },
  ];
};
