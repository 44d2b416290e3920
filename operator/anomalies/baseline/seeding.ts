import type { ChangeActivity } from '../activity/activity.ts';
import { accountKey, managerActor } from '../activity/actor.ts';
import { userTemplate } from '../facts/template-names.ts';
import type { KnownKeys } from './known-keys.ts';

/** A principal that existed before Vigil is known from long before: it is no newcomer. */
const longBefore = 30 * 86_400_000;

/**
 * Learns which principals an object that existed before Vigil shows: service accounts, the subjects of bindings, and the managers of its
 * fields.
 */
export function seedPrincipals({ object, after, at }: ChangeActivity, known: KnownKeys): void {
  if (after === undefined) return;
  const learn = (principal: string): void => known.learn(principal, 'new-principal exists', at - longBefore);
  if (object.kind === 'ServiceAccount') learn(accountKey(object.namespace ?? '', object.name));
  for (const subject of after.binding?.subjects ?? []) for (const principal of principalsOf(subject)) learn(principal);
  for (const manager of after.managers) learn(managerActor(manager).key);
}

/** The principal of a subject of a binding. A group is none. */
function principalsOf(subject: string): readonly string[] {
  const [, user] = /^User\/(.+)$/.exec(subject) ?? [];
  if (user !== undefined) return [`user:${userTemplate(user)}`];
  const [, namespace, account] = /^ServiceAccount\/([^/]*)\/(.+)$/.exec(subject) ?? [];
  return namespace === undefined || account === undefined ? [] : [accountKey(namespace, account)];
}
