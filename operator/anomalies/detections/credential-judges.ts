import type { RequestActivity } from '../activity/activity.ts';
import { accountKey, isControlPlane, isPerson, isSystem, type Actor } from '../activity/actor.ts';
import { defaultBindings, defaultObject } from '../../engine/rbac/default-objects.ts';
import { boundedName } from '../facts/bounded-name.ts';
import { nameTemplate, networkOf } from '../facts/template-names.ts';
import { nothing, type JudgeContext, type Observation, type RequestJudge } from './judge.ts';
import { actorSubject } from './subjects.ts';

const day = 86_400_000;

/** Groups that every user of a kind is in. */
const usualGroups = /^system:(?:authenticated|unauthenticated|serviceaccounts|serviceaccounts:.*)$/;

/** A user who acts as another one. */
export const impersonation: RequestJudge = ({ actor, impersonated }) => {
  if (impersonated === undefined) return nothing;
  const isMaster = impersonated.groups.includes('system:masters');
  const isGrave = isMaster || isSystem(impersonated);
  const groups = impersonated.groups.filter((group) => !usualGroups.test(group));
  return [
    {
      detection: 'impersonation',
      about: actorSubject(actor),
      workload: impersonated.key,
      seen: `${actor.name} acted as ${impersonated.name}${isMaster ? ' in the group system:masters' : groups.length > 0 ? ` in ${groups.join(', ')}` : ''}`,
      ...(isGrave ? { severity: 'critical' as const } : {}),
      compared: {
        kind: 'first-seen',
        owner: actor.key,
        key: boundedName([impersonated.key, ...groups.toSorted()].join(' '), 1000),
        habit: `${actor.name} has acted as`,
      },
    },
  ];
};

/** A bootstrap token is a Secret of kube-system: whoever has it can make a node join. */
function bootstrapToken({
  actor,
  verb,
  resource,
  subresource,
  namespace,
  name = '',
  succeeded,
  dryRun,
}: RequestActivity): readonly Observation[] {
  const isWrite = (verb === 'create' || verb === 'update' || verb === 'patch') && succeeded && dryRun !== true;
  if (!isWrite || resource !== 'secrets' || subresource !== undefined || namespace !== 'kube-system') return nothing;
  if (!name.startsWith('bootstrap-token-') || isControlPlane(actor)) return nothing;
  return [
    {
      detection: 'token-request',
      about: actorSubject(actor),
      workload: 'bootstrap token',
      seen: `${actor.name} made a bootstrap token, with which machines join as nodes`,
      compared: { kind: 'first-seen', owner: actor.key, key: 'bootstrap token', habit: `${actor.name} has requested tokens of` },
    },
  ];
}

/** A token of a service account that neither a kubelet nor the control plane asks for, or a bootstrap token. */
export const tokenRequest: RequestJudge = (request) => {
  const { actor, resource, subresource, verb, namespace = '', name = '', succeeded } = request;
  if (resource === 'secrets') return bootstrapToken(request);
  if (resource !== 'serviceaccounts' || subresource !== 'token' || verb !== 'create' || !succeeded) return nothing;
  if (isControlPlane(actor)) return nothing;
  const seconds = request.tokenRequest?.expirationSeconds ?? 0;
  const isLong = seconds > 86_400;
  return [
    {
      detection: 'token-request',
      about: { apiVersion: 'v1', kind: 'ServiceAccount', namespace, name },
      workload: accountKey(namespace, name),
      seen: `${actor.name} requested a token of ServiceAccount ${namespace}/${name}${isLong ? `, valid for ${Math.round(seconds / 3600)} hours` : ''}`,
      ...(namespace === 'kube-system' || isLong ? { severity: 'high' as const } : {}),
      compared: {
        kind: 'first-seen',
        owner: actor.key,
        key: `${nameTemplate(namespace)}/${nameTemplate(name)}${isLong ? ' long' : ''}`,
        habit: `${actor.name} has requested tokens of`,
      },
    },
  ];
};

/** A token that never expires. */
export const legacyTokenUsed: RequestJudge = (request, { known, parameter }) => {
  const { actor, legacyToken, at } = request;
  if (legacyToken === undefined) return nothing;
  const owner = actor.key;
  const key = 'token from a Secret';
  const last = known.get(owner, `legacy-token-used ${key}`)?.last;
  const unused = last === undefined ? 0 : Math.floor((at / 60_000 - last) / 1440);
  const isBack = unused >= parameter('legacy-token-used', 'unusedDays');
  return [
    {
      detection: 'legacy-token-used',
      about: actorSubject(actor),
      seen: `a token of ${actor.name} from a Secret was used${request.address === undefined ? '' : ` from ${request.address}`}`,
      normal: isBack ? `the token was not used for ${unused} days` : `no token of ${actor.name} from a Secret was in use`,
      compared: isBack ? { kind: 'invariant' } : { kind: 'first-seen', owner, key },
    },
  ];
};

/** Whether somebody is an administrator, by the groups or the bindings of the user. */
function isAdministrator({ groups, name }: Actor, { inventory }: JudgeContext): boolean {
  if (groups.includes('system:masters')) return true;
  return [`User/${name}`, ...groups.map((group) => `Group/${group}`)].some((subject) => inventory.isAdmin(subject, ''));
}

/** A new user, or an administrator from a new network or with a new program. */
export const newPrincipal: RequestJudge = (request, context) => {
  const { actor, decision, address, agent } = request;
  if (decision !== 'allow' || actor.kind === 'anonymous' || actor.kind === 'node') return nothing;
  const about = actorSubject(actor);
  const first = {
    detection: 'new-principal',
    about,
    workload: 'first',
    seen: `${actor.name} was seen for the first time`,
    normal: 'the user was not seen before',
    learnOnly: !isPerson(actor),
    compared: { kind: 'first-seen' as const, owner: actor.key, key: 'exists', common: true as const },
  };
  if (!isPerson(actor) || address === undefined || !isAdministrator(actor, context)) return [first];
  const place = `${networkOf(address)} with ${agent}`;
  return [
    first,
    {
      detection: 'new-principal',
      about,
      workload: 'place',
      seen: `the administrator ${actor.name} came from ${address} with the program ${agent}`,
      compared: { kind: 'first-seen', owner: actor.key, key: place, habit: `${actor.name} has come from` },
      // The first place of a user is part of the finding about the user.
      learnOnly: !context.known.hasOwner(actor.key),
    },
  ];
};

const everybody: ReadonlySet<string> = new Set(['system:authenticated', 'system:unauthenticated', 'system:serviceaccounts']);
/**
 * The bindings by which Kubernetes gives rights to everybody, such as those to discover the API. Who has such a right by another binding too is
 * allowed by either of them: the API server asks them in no order.
 */
const rightsOfEverybody: ReadonlySet<string> = new Set(
  defaultBindings
    .filter(({ kind, subjects = [] }) => kind === 'ClusterRoleBinding' && subjects.some(({ name }) => everybody.has(name)))
    .map(({ name }) => `ClusterRoleBinding "${name}"`),
);

/** A right that was not needed before. A new user needs everything for the first time. */
export const unusedBindingUsed: RequestJudge = (request, { known }) => {
  const { actor, binding, succeeded, at } = request;
  if (binding === undefined || !succeeded || (actor.kind !== 'user' && actor.kind !== 'account')) return nothing;
  if (isRightOfController(request) || rightsOfEverybody.has(binding)) return nothing;
  const since = known.since(actor.key);
  return [
    {
      detection: 'unused-binding-used',
      about: actorSubject(actor),
      workload: binding,
      seen: `${actor.name} used the rights of ${binding}`,
      learnOnly: since === undefined || at - since < day,
      compared: { kind: 'first-seen', owner: actor.key, key: binding, habit: `${actor.name} has used` },
    },
  ];
};

/** Resources and subresources that lead to other rights. */
const sensitiveUse: ReadonlySet<string> = new Set(
  (
    'secrets roles clusterroles rolebindings clusterrolebindings pods/exec pods/attach pods/ephemeralcontainers serviceaccounts/token nodes/proxy ' +
    'certificatesigningrequests certificatesigningrequests/approval mutatingwebhookconfigurations validatingwebhookconfigurations users groups'
  ).split(' '),
);
const writes: ReadonlySet<string> = new Set(['create', 'update', 'patch', 'delete', 'deletecollection', 'impersonate', 'approve']);
const writeSensitive: ReadonlySet<string> = new Set(
  'pods deployments daemonsets statefulsets cronjobs jobs serviceaccounts nodes namespaces'.split(' '),
);

/** What a request did, if it may lead to other rights. Other uses would only fill the baseline. */
function delicateUse({ verb, resource, subresource, namespace, name, succeeded, dryRun, decision }: RequestActivity): string | undefined {
  const what = subresource === undefined ? resource : `${resource}/${subresource}`;
  // A dry run of a pod asks what admission lets through, whatever its answer. Those who compare states do not try pods.
  if (dryRun === true) return what === 'pods' && verb === 'create' && decision === 'allow' ? 'create pods by a dry run' : undefined;
  if (!succeeded) return undefined;
  if (sensitiveUse.has(what) || (writes.has(verb) && writeSensitive.has(what))) return `${verb} ${what}`;
  return what === 'configmaps' && verb === 'list' && namespace === undefined && name === undefined ? 'list configmaps' : undefined;
}

/** A service account that uses the API in a way it has not used it before. */
export const newApiUse: RequestJudge = (request, context) => {
  const { known } = context;
  const { actor, at } = request;
  if (actor.kind !== 'account') return nothing;
  const use = delicateUse(request);
  if (use === undefined) return nothing;
  if (isRightOfController(request)) return controllerFromElsewhere(request, context);
  const [verb = '', ...what] = use.split(' ');
  const since = known.since(actor.key);
  const isNew = since === undefined || at - since < day;
  return [
    {
      detection: 'new-api-use',
      about: actorSubject(actor),
      workload: what.join(' '),
      seen: `${actor.name} used ${verb} on ${what.join(' ')}${placeOf(request)}`,
      // ConfigMaps are read more often for good reasons.
      ...(use === 'list configmaps' ? { severity: 'low' as const } : {}),
      learnOnly: isNew,
      compared: { kind: 'first-seen', owner: actor.key, key: use, habit: `${actor.name} has used` },
    },
  ];
};

const placeOf = ({ namespace }: RequestActivity): string => (namespace === undefined ? ' in all namespaces' : ` in ${namespace}`);

/**
 * Whether a controller of Kubernetes used the rights that Kubernetes gives it by its own binding. It uses each of them some day for the first
 * time: with the first Job, or the first node that joins.
 */
export function isRightOfController({ actor: { account }, binding }: RequestActivity): boolean {
  if (account?.namespace !== 'kube-system') return false;
  const own = `system:controller:${account.name}`;
  // Anybody who may bind roles can choose such a name for an account of theirs.
  return (
    (binding === `ClusterRoleBinding "${own}"` && defaultObject('ClusterRoleBinding', undefined, own) !== undefined) ||
    (binding === `RoleBinding "${own}/kube-system"` && defaultObject('RoleBinding', 'kube-system', own) !== undefined)
  );
}

/** A controller of Kubernetes that sends requests from an address from which none has: all of them are one process. */
function controllerFromElsewhere(request: RequestActivity, { inventory }: JudgeContext): readonly Observation[] {
  const { actor, address } = request;
  if (address === undefined) return nothing;
  const isUsual = address.startsWith('127.') || address === '::1' || inventory.nodes.isControlPlane(address);
  return [
    {
      detection: 'new-api-use',
      about: actorSubject(actor),
      workload: `controllers from ${address}`,
      seen: `${actor.name} sent a request from ${address}`,
      severity: 'high',
      learnOnly: isUsual,
      compared: {
        kind: 'first-seen',
        owner: 'controllers of the control plane',
        key: `from ${address}`,
        habit: 'the controllers of Kubernetes have sent requests',
      },
    },
  ];
}
