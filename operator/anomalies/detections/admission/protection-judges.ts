import { ownEntry } from '../../../api/own-entry.ts';
import { loosened, type Guardrail } from '../../facts/guardrail.ts';
import type { RequestActivity } from '../../activity/activity.ts';
import { nothing, type ChangeJudge, type JudgedChange, type Observation, type RequestJudge, type JudgeContext } from '../judge.ts';
import { actorSubject, objectSubject, subjectText } from '../subjects.ts';

const detection = 'guardrail-loosened';

/** A protection that is loosened. What goes with its namespace is not, but for what protects other namespaces. */
export const guardrailLoosened: ChangeJudge = (change, context) => {
  const { after, before, object } = change;
  const opened = openedNetwork(change, context);
  if (opened.length > 0 || before?.guardrail === undefined || endsWithNamespace(change, before.guardrail, context)) return opened;
  const parts = loosened(before.guardrail, after?.guardrail);
  if (parts.length === 0) return nothing;
  return [
    {
      detection,
      about: objectSubject(change),
      seen: `the ${before.guardrail.what} of ${subjectText(object)} ${after === undefined ? 'was deleted' : `protects less: ${parts.join(', ')}`}`,
      normal: 'it protected more until then',
      compared: { kind: 'invariant' },
    },
  ];
};

/** Whether an object was deleted because its namespace was, and protected only what is in it. */
function endsWithNamespace({ after, object, actor, at }: JudgedChange, guardrail: Guardrail, { inventory }: JudgeContext): boolean {
  if (after !== undefined || guardrail.wide === true) return false;
  if (object.kind === 'Namespace' || actor.name === 'system:serviceaccount:kube-system:namespace-controller') return true;
  return object.namespace !== undefined && inventory.namespaceEnds(object.namespace, at);
}

/** A NetworkPolicy that lets everything through beside one that denies it: policies add up. */
function openedNetwork(change: JudgedChange, { inventory }: JudgeContext): readonly Observation[] {
  const { after, before, object, operation } = change;
  if (after?.guardrail?.opens === undefined || operation === 'found') return nothing;
  const denied = inventory.deniedDirections(object.namespace ?? '', object.name);
  const opens = after.guardrail.opens.filter(
    (direction) => denied.has(direction) && before?.guardrail?.opens?.includes(direction) !== true,
  );
  if (opens.length === 0) return nothing;
  return [
    {
      detection,
      about: objectSubject(change),
      seen: `${subjectText(object)} allows all ${opens.join(' and ')} traffic of all pods`,
      normal: `namespace ${object.namespace ?? ''} denies what no policy allows`,
      compared: { kind: 'invariant' },
    },
  ];
}

/** Resources of other admission controllers and network plugins, by group. Whoever changes or deletes one may loosen it. */
const policies: Readonly<Record<string, RegExp>> = {
  'kyverno.io': /^(?:cluster)?policies$/,
  'policies.kyverno.io': /policies$/,
  'templates.gatekeeper.sh': /^constrainttemplates$/,
  'constraints.gatekeeper.sh': /./,
  'policies.kubewarden.io': /polic(?:ies|ygroups)$|^policyservers$/,
  'cilium.io': /networkpolicies$|^tracingpolicies/,
  'crd.projectcalico.org': /networkpolicies$/,
  'projectcalico.org': /networkpolicies$/,
  'policy.networking.k8s.io': /networkpolicies$/,
  'security.istio.io': /^(?:authorizationpolicies|peerauthentications)$/,
  'vigil.dev': /^securitypolicies$/,
};
/** What takes objects out of policies: making one loosens as well. */
const exemptions: Readonly<Record<string, RegExp>> = {
  'kyverno.io': /^policyexceptions$/,
  'policies.kyverno.io': /^policyexceptions$/,
  'config.gatekeeper.sh': /^configs$/,
  'vigil.dev': /^(?:cluster)?securityexceptions$/,
};
const changes: ReadonlySet<string> = new Set(['create', 'update', 'patch']);

/** How a request may loosen a protection, with the severity of it. Undefined: it does not. */
function loosening({
  verb,
  group,
  resource,
}: RequestActivity): { readonly what: string; readonly severity: Observation['severity'] } | undefined {
  // Whoever makes an API chooses the name of its group.
  if (ownEntry(exemptions, group)?.test(resource) === true && changes.has(verb))
    return { what: 'exempted objects from policies', severity: group === 'vigil.dev' ? 'low' : 'high' };
  if (ownEntry(policies, group)?.test(resource) !== true || verb === 'create') return undefined;
  if (verb.startsWith('delete')) return { what: 'deleted a policy', severity: 'high' };
  return changes.has(verb) ? { what: 'changed a policy', severity: 'medium' } : undefined;
}

/** A policy of another admission controller or of a network plugin that somebody changes who has not changed one. */
export const foreignGuardrail: RequestJudge = (request) => {
  const { actor, verb, group, resource, subresource, namespace, name = '(all)', succeeded, dryRun } = request;
  if (!succeeded || (dryRun === true && verb !== 'deletecollection') || subresource !== undefined) return nothing;
  const found = loosening(request);
  if (found === undefined) return nothing;
  return [
    {
      detection,
      about: actorSubject(actor),
      workload: `${found.what} ${group}`,
      seen: `${actor.name} ${found.what}: ${resource}.${group} ${namespace === undefined ? '' : `${namespace}/`}${name}`,
      normal: `${actor.name} has not done so in the group ${group}`,
      ...(found.severity === undefined ? {} : { severity: found.severity }),
      compared: { kind: 'first-seen', owner: actor.key, key: `${found.what} ${group}` },
    },
  ];
};
