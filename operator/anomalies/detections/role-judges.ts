import { definedEntries } from '../../api/defined-entries.ts';
import type { Severity } from '../../catalogue/controls/severity.ts';
import { nameTemplate } from '../facts/template-names.ts';
import { reportedPowers, type Power } from '../facts/rbac-facts.ts';
import { nothing, type ChangeJudge, type JudgeContext, type JudgedChange, type Observation } from './judge.ts';
import { objectSubject, subjectText } from './subjects.ts';

const everybody: ReadonlySet<string> = new Set([
  'Group/system:authenticated',
  'Group/system:unauthenticated',
  'User/system:anonymous',
  'Group/system:serviceaccounts',
]);
/** What Kubernetes and kubeadm bind to everybody, each with its role. */
const usual: ReadonlySet<string> = new Set([
  'system:basic-user ClusterRole/system:basic-user',
  'system:discovery ClusterRole/system:discovery',
  'system:public-info-viewer ClusterRole/system:public-info-viewer',
  'system:service-account-issuer-discovery ClusterRole/system:service-account-issuer-discovery',
  'kubeadm:bootstrap-signer-clusterinfo Role/kubeadm:bootstrap-signer-clusterinfo',
]);

/** A binding of everybody. */
export const bindingToEverybody: ChangeJudge = (change) => {
  const { after, object } = change;
  if (after?.binding === undefined || usual.has(`${object.name} ${after.binding.role}`)) return nothing;
  const named = after.binding.subjects.filter((subject) => everybody.has(subject));
  if (named.length === 0) return nothing;
  return [
    {
      detection: 'binding-to-everybody',
      about: objectSubject(change),
      seen: `${subjectText(object)} gives ${after.binding.role} to ${named.join(', ')}`,
      normal: 'Kubernetes binds everybody to discovery only',
      compared: {
        kind: 'invariant',
        state: `${object.kind}/${object.namespace ?? ''}/${object.name} ${after.binding.role} ${named.join()}`,
      },
    },
  ];
};

/** A subject without what its names come and go by. */
const subjectTemplate = (subject: string): string => subject.split('/').map(nameTemplate).join('/');

/** Powers over the whole cluster that are as good as all rights: each of them leads to all others. */
const leading: ReadonlySet<Power> = new Set<Power>(['write everything', 'escalate', 'bind', 'impersonate', 'create tokens']);

/** A subject that becomes an administrator, by all rights or by rights that lead to them. */
export const newAdminBinding: ChangeJudge = (change, context) => {
  const { after, before, object, actor } = change;
  // The API server itself binds its default roles when it starts.
  if (after?.binding === undefined || actor.name === 'system:apiserver') return nothing;
  const { role, subjects } = after.binding;
  const powers = context.inventory.rolePowers(role, object.namespace ?? '');
  const isAll = powers.includes('everything');
  // Rights over kube-system lead to those of the controllers of the control plane.
  const isWide = object.kind === 'ClusterRoleBinding' || object.namespace === 'kube-system';
  const leads = isWide ? powers.filter((power) => leading.has(power)) : [];
  if (!isAll && leads.length === 0) return nothing;
  const key = `${object.kind}/${object.namespace ?? ''}/${object.name}`;
  const earlier = before?.binding?.role === role ? before.binding.subjects : [];
  const rights = isAll ? 'all rights' : `rights that lead to all others (${leads.join(', ')})`;
  return subjects
    .filter((subject) => !earlier.includes(subject) && !context.inventory.isAdmin(subject, key))
    .map((subject): Observation => ({
      detection: 'new-admin-binding',
      about: objectSubject(change),
      seen: `${subject} got ${rights}${object.namespace === undefined ? '' : ` in namespace ${object.namespace}`} by ${subjectText(object)} (${role})`,
      normal: `${subject} was no administrator`,
      severity: severityOfBinding(change, subject, { isAll, isInstalled: isInstalled(change, context) }),
      compared: {
        kind: 'first-seen',
        owner: 'administrators',
        key: `${subjectTemplate(subject)} ${role}${object.namespace === undefined ? '' : ' in a namespace'}`,
      },
    }));
};

/** Every pod that names no account runs as the default one. */
const isDefaultAccount = (subject: string): boolean => /^ServiceAccount\/[^/]*\/default$/.test(subject);

function severityOfBinding(
  { object }: JudgedChange,
  subject: string,
  { isAll, isInstalled: installed }: { readonly isAll: boolean; readonly isInstalled: boolean },
): Severity {
  if (isDefaultAccount(subject)) return 'high';
  const isMild = isOfNamespace(object) || (installed && subject.startsWith('ServiceAccount/'));
  if (isAll) return isMild ? 'medium' : 'high';
  return isMild ? 'low' : 'medium';
}

/** Whether a binding gives rights in one namespace that lead no further. */
const isOfNamespace = ({ kind, namespace }: JudgedChange['object']): boolean => kind === 'RoleBinding' && namespace !== 'kube-system';

/** Whether a change is a part of a release, made by somebody who has been at work for a day. */
const isInstalled = (change: JudgedChange, context: JudgeContext): boolean =>
  change.after?.release !== undefined && isEstablished(change.actor.key, change, context);

/** Whether the actor has been at work for a day. */
function isEstablished(actor: string, { at }: JudgedChange, { known }: JudgeContext): boolean {
  const since = known.since(actor);
  return since !== undefined && at - since >= 86_400_000;
}

const aggregation = 'system:serviceaccount:kube-system:clusterrole-aggregation-controller';
/** Powers of which it is reported only that a role that is in use gains them. New software has them too often. */
const leadingToData: ReadonlySet<Power> = new Set<Power>(['read secrets', 'write roles', 'write webhooks']);

/** Whether a change only says what is reported elsewhere, or is what Kubernetes does. */
function isOfKubernetes({ after, before, actor }: JudgedChange): boolean {
  if (after?.role === undefined) return true;
  // The rules of an aggregated role follow the roles that are added to it, which are judged themselves.
  if (after.role.aggregated && actor.name === aggregation) return true;
  return before === undefined && after.role.builtIn && (after.role.isDefault || actor.name === 'system:apiserver');
}

/** The powers that a role gained and that are reported. */
function gainedBy({ after, before }: JudgedChange): readonly Power[] {
  const had: ReadonlySet<Power> = new Set(before?.role?.powers);
  const isUsed = before !== undefined || (after?.role?.addedTo.length ?? 0) > 0;
  const counts = (power: Power): boolean => reportedPowers.has(power) || (isUsed && leadingToData.has(power));
  return (after?.role?.powers ?? []).filter((power) => !had.has(power) && counts(power));
}

/** The severity of what a role gained. Undefined: that of the detection. */
function severityOfGain(change: JudgedChange, gained: readonly Power[], context: JudgeContext): Severity | undefined {
  if (gained.every((power) => leadingToData.has(power))) return isInstalled(change, context) ? 'low' : 'medium';
  return change.operation === 'create' && change.after?.role?.addedTo.length === 0 ? 'medium' : undefined;
}

/** A role that gains a power, or a new role that has one. */
export const roleGainsPower: ChangeJudge = (change, context) => {
  const { after, object, actor, operation } = change;
  if (after?.role === undefined || isOfKubernetes(change)) return nothing;
  const gained = gainedBy(change);
  if (gained.length === 0) return nothing;
  const { addedTo } = after.role;
  const role = `${object.kind}/${nameTemplate(object.namespace ?? '')}/${nameTemplate(object.name)}`;
  const isNew = operation === 'create';
  const added = addedTo.length === 0 ? '' : `, which it adds to the roles ${addedTo.join(', ')}`;
  return [
    {
      detection: 'role-gains-power',
      about: objectSubject(change),
      seen: `${subjectText(object)} ${isNew ? 'is new and has' : 'gained'} the rights: ${gained.join(', ')}${added}`,
      ...definedEntries({ severity: severityOfGain(change, gained, context) }),
      compared: isNew
        ? // Who installs software makes such roles; others do not.
          { kind: 'first-seen', owner: actor.key, key: habitOf(gained, addedTo), habit: `${actor.name} has` }
        : { kind: 'first-seen', owner: `role:${role}`, key: gained.join(', '), habit: 'the role has gained' },
    },
    // A new role has its powers from the start: a later loss and gain of the same is no news.
    ...(isNew ? [{ ...rightsOf(change, role, gained), learnOnly: true }] : []),
  ];
};

/** Who makes roles with some powers has not yet made roles with all rights, or added rights to a role of others. */
function habitOf(gained: readonly Power[], addedTo: readonly string[]): string {
  const makes = gained.includes('everything') ? 'makes roles with all rights' : 'makes powerful roles';
  return addedTo.length === 0 ? makes : `${makes} for ${addedTo.join(', ')}`;
}

function rightsOf(change: JudgedChange, role: string, gained: readonly Power[]): Observation {
  return {
    detection: 'role-gains-power',
    about: objectSubject(change),
    seen: '',
    compared: { kind: 'first-seen', owner: `role:${role}`, key: gained.join(', ') },
  };
}

/** A role that Kubernetes made and that somebody changes. The API server itself adds what is missing when it starts. */
export const systemRoleChanged: ChangeJudge = (change) => {
  const { after, before, object, actor } = change;
  if (!object.name.startsWith('system:') || before?.role === undefined || !before.role.builtIn) return nothing;
  if (before.role.rules === after?.role?.rules || actor.name === 'system:apiserver') return nothing;
  // The rules of an aggregated role follow the roles that are added to it.
  if (before.role.aggregated && actor.name === aggregation) return nothing;
  const what = after === undefined ? 'was deleted' : 'has other rules';
  return [
    {
      detection: 'system-role-changed',
      about: objectSubject(change),
      seen: `${subjectText(object)}, which Kubernetes made, ${what}`,
      normal: 'only an upgrade of the API server changes it',
      compared: { kind: 'invariant' },
    },
  ];
};
