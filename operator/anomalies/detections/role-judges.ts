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

/** A subject that becomes an administrator. */
export const newAdminBinding: ChangeJudge = (change, context) => {
  const { after, before, object, actor } = change;
  if (after?.binding === undefined) return nothing;
  const { role, subjects } = after.binding;
  if (!context.inventory.rolePowers(role, object.namespace ?? '').includes('everything')) return nothing;
  const key = `${object.kind}/${object.namespace ?? ''}/${object.name}`;
  const earlier = before?.binding?.role === role ? before.binding.subjects : [];
  return subjects
    .filter((subject) => !earlier.includes(subject) && !context.inventory.isAdmin(subject, key))
    .map((subject): Observation => {
      const isInstalled = after.release !== undefined && subject.startsWith('ServiceAccount/') && isEstablished(actor.key, change, context);
      const isMild = object.kind === 'RoleBinding' || isInstalled;
      return {
        detection: 'new-admin-binding',
        about: objectSubject(change),
        seen: `${subject} got all rights${object.namespace === undefined ? '' : ` in namespace ${object.namespace}`} by ${subjectText(object)} (${role})`,
        normal: `${subject} was no administrator`,
        ...(isMild ? { severity: 'medium' as const } : {}),
        compared: {
          kind: 'first-seen',
          owner: 'administrators',
          key: `${subjectTemplate(subject)} ${role}${object.namespace === undefined ? '' : ' in a namespace'}`,
        },
      };
    });
};

/** Whether the actor has been at work for a day. */
function isEstablished(actor: string, { at }: JudgedChange, { known }: JudgeContext): boolean {
  const since = known.since(actor);
  return since !== undefined && at - since >= 86_400_000;
}

/** A role that gains a power, or a new role that has one. */
export const roleGainsPower: ChangeJudge = (change) => {
  const { after, before, object, actor, operation } = change;
  if (after?.role === undefined || (after.role.builtIn && before === undefined)) return nothing;
  const had: ReadonlySet<Power> = new Set(before?.role?.powers);
  const gained = after.role.powers.filter((power) => reportedPowers.has(power) && !had.has(power));
  if (gained.length === 0) return nothing;
  const role = `${object.kind}/${nameTemplate(object.namespace ?? '')}/${nameTemplate(object.name)}`;
  const isNew = operation === 'create';
  return [
    {
      detection: 'role-gains-power',
      about: objectSubject(change),
      seen: isNew
        ? `${subjectText(object)} is new and has the rights: ${gained.join(', ')}`
        : `${subjectText(object)} gained the rights: ${gained.join(', ')}`,
      ...(isNew ? { severity: 'medium' as const } : {}),
      compared: isNew
        ? // Who installs software makes such roles; others do not.
          { kind: 'first-seen', owner: actor.key, key: 'makes powerful roles', habit: `${actor.name} has` }
        : { kind: 'first-seen', owner: `role:${role}`, key: gained.join(', '), habit: 'the role has gained' },
    },
    // A new role has its powers from the start: a later loss and gain of the same is no news.
    ...(isNew ? [{ ...rightsOf(change, role, gained), learnOnly: true }] : []),
  ];
};

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
  if (before.role.aggregated && actor.name === 'system:serviceaccount:kube-system:clusterrole-aggregation-controller') return nothing;
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
