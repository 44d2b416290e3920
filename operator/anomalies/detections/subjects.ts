import { definedEntries } from '../../api/defined-entries.ts';
import type { ChangeActivity, RequestActivity } from '../activity/activity.ts';
import { isPerson, type Actor } from '../activity/actor.ts';
import type { FindingSubject } from '../activity/subject.ts';

const rbac = 'rbac.authorization.k8s.io/v1';

/** The subject of a finding about an actor: a service account, or a user as RBAC names it. */
export function actorSubject({ account, name }: Actor): FindingSubject {
  if (account) return { apiVersion: 'v1', kind: 'ServiceAccount', namespace: account.namespace, name: account.name };
  return { apiVersion: rbac, kind: 'User', name };
}

/** The subject of a finding about the object of a change. */
export const objectSubject = ({ object }: ChangeActivity): FindingSubject => object;

/** The subject of a finding about the pod of a request. The pod may be gone, so it has no UID. */
export const podSubject = ({ namespace, name = '' }: RequestActivity): FindingSubject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  name,
  ...definedEntries({ namespace }),
});

/** A subject as text: `Deployment shop/web`. */
export const subjectText = ({ kind, namespace, name }: FindingSubject): string =>
  `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;

/** How many times the floor may be new in 30 days. A program does what it did before; people look at new things every week. */
export const patience = (actor: Actor): number => (isPerson(actor) ? 3 : 1);
