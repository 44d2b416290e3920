import { stringLiteral } from '../translator/cel-literal.ts';
import type { NamedExpression } from './admission-policy.ts';

const workloadOwners = "['ReplicaSet', 'ReplicationController', 'StatefulSet', 'DaemonSet', 'Deployment', 'Job', 'CronJob']";
const byController =
  "(request.userInfo.username.startsWith('system:serviceaccount:kube-system:') || request.userInfo.username == 'system:kube-controller-manager')";

/**
 * The requests that no admission policy of Vigil evaluates: changes of objects that are being deleted, objects that a controller of
 * Kubernetes creates from a template that was evaluated already, requests of Vigil itself, and Vigil's own kinds. `operator` is the user name
 * of the operator.
 */
export function matchConditions(operator: string): readonly NamedExpression[] {
  return [
    { name: 'not-being-deleted', expression: 'object == null || !has(object.metadata.deletionTimestamp)' },
    {
      name: 'not-from-template',
      expression: `!${byController} || object == null || !has(object.metadata.ownerReferences) || !object.metadata.ownerReferences.exists(owner, has(owner.controller) && owner.controller && owner.kind in ${workloadOwners})`,
    },
    {
      name: 'not-vigil',
      // The API server itself creates its default objects at its start, which must not fail.
      expression: `!(request.userInfo.username in [${stringLiteral(operator)}, 'system:apiserver']) && request.resource.group != 'vigil.dev'`,
    },
  ];
}
