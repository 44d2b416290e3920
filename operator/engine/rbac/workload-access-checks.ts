import { lowered } from '../../catalogue/controls/severity.ts';
import { clean, type Outcome } from '../outcomes/outcome.ts';
import type { CrossObjectCheck } from '../snapshot/cross-object-check.ts';
import { type Projection, type Snapshot, workloadOf } from '../snapshot/snapshot.ts';
import { accessOf, bits, isClusterWide } from './access.ts';
import { takeoversOf } from './takeover.ts';

/** Whether the token of the service account is mounted by default: the field of the pod, else that of the account, else true. */
function automounts(workload: Projection, snapshot: Snapshot): boolean {
  const { automount, serviceAccount } = workloadOf(workload);
  if (automount !== undefined) return automount;
  return accessOf(snapshot).automounts(workload.reference.namespace ?? '', serviceAccount);
}

/** Whether the pods have a token of their service account. Without one they cannot use its rights. */
const hasToken = (workload: Projection, snapshot: Snapshot): boolean => workloadOf(workload).tokenVolume || automounts(workload, snapshot);

/** The bindings whose rights the pods of a workload can use. */
function bindingsOf(workload: Projection, snapshot: Snapshot): readonly Projection[] {
  if (!hasToken(workload, snapshot)) return [];
  return accessOf(snapshot).bindingsOfAccount(workload.reference.namespace ?? '', workloadOf(workload).serviceAccount);
}

function accountViolations(workload: Projection, labels: readonly string[]): Outcome {
  if (labels.length === 0) return clean;
  const path = `${workloadOf(workload).prefix}spec.serviceAccountName`;
  return { violations: [...new Set(labels)].sort().map((label) => ({ path, label })), faults: [] };
}

/** Fails a workload whose service account has all rights. The severity is lower if it has them in some namespaces only. */
export const adminServiceAccount: CrossObjectCheck = (workload, { snapshot }) => {
  const access = accessOf(snapshot);
  const admin = bindingsOf(workload, snapshot).filter(
    (binding) => (access.bitsOfBinding(binding, 'rbac-wildcard-all') & bits.inNamespaces) !== 0,
  );
  const outcome = accountViolations(
    workload,
    admin.map(({ reference: { kind, name } }) => `${kind} ${name}`),
  );
  const reachesAll = admin.some((binding) => isClusterWide(binding) || binding.reference.namespace === 'kube-system');
  return outcome === clean || reachesAll ? outcome : { ...outcome, severity: lowered('critical') };
};

/** Fails a workload whose service account has rights that lead to a takeover of the cluster. */
export const takeoverPermissions: CrossObjectCheck = (workload, { snapshot }) => {
  const takeovers = takeoversOf(snapshot);
  return accountViolations(
    workload,
    bindingsOf(workload, snapshot).flatMap((binding) => takeovers.of(binding)),
  );
};

/** Fails a workload, or a service account, whose token is mounted by default. */
export const tokenAutomount: CrossObjectCheck = (subject, { snapshot }) => {
  if (subject.groupKind === 'ServiceAccount') {
    return subject.body['automountServiceAccountToken'] === false
      ? clean
      : { violations: [{ path: 'automountServiceAccountToken' }], faults: [] };
  }
  if (!automounts(subject, snapshot)) return clean;
  return { violations: [{ path: `${workloadOf(subject).prefix}spec.automountServiceAccountToken` }], faults: [] };
};

/** Fails a workload that mounts the token of the default service account. */
export const defaultServiceAccount: CrossObjectCheck = (workload, { snapshot }) => {
  const { serviceAccount, prefix } = workloadOf(workload);
  if (serviceAccount !== 'default' || !automounts(workload, snapshot)) return clean;
  return { violations: [{ path: `${prefix}spec.serviceAccountName` }], faults: [] };
};

/** Fails a workload whose service account does not exist. */
export const missingServiceAccount: CrossObjectCheck = (workload, { snapshot }) => {
  const { serviceAccount, prefix } = workloadOf(workload);
  const exists =
    serviceAccount === 'default' || snapshot.find('ServiceAccount', workload.reference.namespace ?? '', serviceAccount) !== undefined;
  return exists ? clean : { violations: [{ path: `${prefix}spec.serviceAccountName`, label: serviceAccount }], faults: [] };
};
