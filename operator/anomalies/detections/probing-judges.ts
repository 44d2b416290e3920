import { nameTemplate, networkOf } from '../facts/template-names.ts';
import { isPerson } from '../activity/actor.ts';
import type { RequestActivity } from '../activity/activity.ts';
import { nothing, type RequestJudge, type Observation } from './judge.ts';
import { actorSubject } from './subjects.ts';

/** Many different requests that are denied. */
export const deniedRequests: RequestJudge = (request) => {
  const { actor, decision, address = '' } = request;
  if (decision === 'allow') return nothing;
  const isNobody = actor.kind === 'anonymous';
  return [
    {
      detection: 'denied-requests',
      about: actorSubject(actor),
      ...(isNobody ? { workload: networkOf(address) } : {}),
      seen: `${isNobody ? `somebody without accepted credentials at ${address}` : actor.name} was denied {count} different requests`,
      compared: {
        kind: 'rate',
        owner: isNobody ? `anonymous ${networkOf(address)}` : actor.key,
        item: deniedPath(request),
        window: 300_000,
        daily: 5,
      },
    },
  ];
};

/** A path without the parts that come and go. */
function deniedPath({ verb, group, resource, subresource = '', namespace = '', name = '', path }: RequestActivity): string {
  if (resource === '') return `${verb} ${path.slice(0, 200)}`;
  return [verb, group, resource, subresource, nameTemplate(namespace), nameTemplate(name)].join(' ');
}

/** Somebody who asks what a credential may do. */
export const permissionProbing: RequestJudge = (request) => {
  const { actor, resource, verb, succeeded, id, at } = request;
  if (verb !== 'create' || !succeeded || actor.kind === 'anonymous' || actor.kind === 'component') return nothing;
  // Neither programs nor kubelets ask; people do.
  const severity = isPerson(actor) ? ('low' as const) : ('medium' as const);
  const base = { detection: 'permission-probing', about: actorSubject(actor), severity } satisfies Partial<Observation>;
  if (resource === 'selfsubjectrulesreviews')
    return [
      {
        ...base,
        seen: `${actor.name} listed its own rights`,
        normal: `${actor.name} has not listed its rights before`,
        compared: { kind: 'first-seen', owner: actor.key, key: 'rules' },
      },
    ];
  if (resource === 'selfsubjectreviews')
    return [
      {
        ...base,
        seen: `${actor.name} asked who it is`,
        normal: `${actor.name} has not asked for its own name before`,
        compared: { kind: 'first-seen', owner: actor.key, key: 'own name' },
      },
    ];
  if (resource !== 'selfsubjectaccessreviews') return nothing;
  return [
    {
      ...base,
      seen: `${actor.name} asked {count} times whether it may do something`,
      compared: { kind: 'rate', owner: actor.key, item: `${id} ${at}`, window: 600_000, daily: 5 },
    },
  ];
};
