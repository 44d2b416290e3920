import { nameTemplate } from '../facts/template-names.ts';
import type { RequestActivity } from '../activity/activity.ts';
import { nothing, type RequestJudge } from './judge.ts';
import { actorSubject } from './subjects.ts';

const reads: ReadonlySet<string> = new Set(['get', 'list', 'watch']);

/** Whether a request read Secrets. Kubelets read those of their pods, and the API server holds them to that. */
const isRead = ({ resource, group, subresource, verb, succeeded, actor }: RequestActivity): boolean =>
  resource === 'secrets' && group === '' && subresource === undefined && reads.has(verb) && succeeded && actor.kind !== 'node';

/** All Secrets of the cluster at once. */
export const clusterWideSecretList: RequestJudge = (request) => {
  const { actor, verb, namespace, name } = request;
  if (!isRead(request) || verb === 'get' || namespace !== undefined || name !== undefined) return nothing;
  return [
    {
      detection: 'cluster-wide-secret-list',
      about: actorSubject(actor),
      seen: `${actor.name} used ${verb} on the Secrets of all namespaces`,
      normal: `${actor.name} has not listed the Secrets of all namespaces`,
      // A controller lists and then watches: both are one behaviour.
      compared: { kind: 'first-seen', owner: actor.key, key: 'all' },
    },
  ];
};

/** Many different Secrets in a short time, or over a day. */
export const secretSpread: RequestJudge = (request) => {
  const { actor, namespace, name } = request;
  if (!isRead(request) || namespace === undefined) return nothing;
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
        daily: true,
      },
    },
  ];
};

/** A Secret in a namespace where the user has read none. */
export const secretRead: RequestJudge = (request) => {
  const { actor, namespace, name, verb } = request;
  if (!isRead(request) || namespace === undefined || actor.account?.namespace === namespace) return nothing;
  const what = name === undefined ? `used ${verb} on the Secrets of namespace ${namespace}` : `read Secret ${namespace}/${name}`;
  return [
    {
      detection: 'secret-read',
      about: actorSubject(actor),
      workload: `ns:${nameTemplate(namespace)}`,
      seen: `${actor.name} ${what}`,
      compared: { kind: 'first-seen', owner: actor.key, key: nameTemplate(namespace), habit: `${actor.name} has read Secrets in` },
    },
  ];
};
