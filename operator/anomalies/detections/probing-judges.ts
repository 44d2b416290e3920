import { nameTemplate, networkOf } from '../facts/template-names.ts';
import { isPerson } from '../activity/actor.ts';
import type { RequestActivity } from '../activity/activity.ts';
import { nothing, type JudgeContext, type RequestJudge, type Observation } from './judge.ts';
import { actorSubject, patience } from './subjects.ts';

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
        // Without credentials nobody is known: every network would begin anew.
        slow: isNobody ? 0 : patience(actor),
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
export const permissionProbing: RequestJudge = (request, context) => {
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
    // Many controllers ask once or twice when they start. Only together with others does it say something.
    ...(actor.kind === 'account' ? [firstQuestion(request, context)] : []),
    {
      ...base,
      seen: `${actor.name} asked {count} times whether it may do something`,
      compared: { kind: 'rate', owner: actor.key, item: `${id} ${at}`, window: 600_000, daily: 5 },
    },
  ];
};

/** The first question of a service account about its rights. A new account asks whatever its program asks. */
function firstQuestion({ actor, at }: RequestActivity, { known }: JudgeContext): Observation {
  const since = known.since(actor.key);
  return {
    detection: 'permission-probing',
    about: actorSubject(actor),
    workload: 'question',
    severity: 'low',
    seen: `${actor.name} asked whether it may do something`,
    normal: `${actor.name} has not asked before`,
    learnOnly: since === undefined || at - since < 86_400_000,
    compared: { kind: 'first-seen', owner: actor.key, key: 'question' },
  };
}
