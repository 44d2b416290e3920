import { RESOURCES } from '../../operator/api/api-resource.ts';
import type { KubeObject } from '../../operator/api/metadata.ts';
import type { SecurityPolicy } from '../../operator/api/kinds/security-policy.ts';
import { listAll } from '../../operator/kube/list.ts';
import { kubectl } from '../../test/integration/cluster-access.ts';
import { type EnforcementBench, eventually } from '../../test/integration/admission/enforcement-bench.ts';
import { bareDeployment, deployments } from './admission-objects.ts';

const count = 50;
/** The most admission policies of 50 policies, and the most seconds until all of them are in force. */
const allowed = { policies: 300, seconds: 10 };

const nameOf = (at: number): string => `bench-${String(at).padStart(2, '0')}`;
const namespaceOf = (at: number): string => `bench-team-${at}`;

/** A policy that denies what is most severe in the namespace of its team, and warns about the rest. */
const policyOf = (at: number): object => ({
  apiVersion: 'vigil.dev/v1alpha1',
  kind: 'SecurityPolicy',
  metadata: { name: nameOf(at) },
  spec: {
    frameworks: [{ name: at % 2 === 0 ? 'pss-restricted' : 'nsa' }],
    enforcement: [
      { actions: ['Deny'], minSeverity: 'high', namespaces: { include: [namespaceOf(at)] } },
      { actions: ['Warn', 'Audit'], namespaces: { include: [namespaceOf(at)] } },
    ],
  },
});

const all = <T>(make: (at: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at));
const seconds = (since: number): number => (performance.now() - since) / 1000;

/** Creates 50 policies with two entries, and measures until the API server enforces all of them. Returns what is not as allowed. */
export async function manyPolicies(bench: EnforcementBench): Promise<readonly string[]> {
  const { client } = bench;
  const list = (items: readonly object[]): string => JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  kubectl(['apply', '-f', '-'], list(all((at) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespaceOf(at) } }))));
  const started = performance.now();
  kubectl(['apply', '--server-side', '-f', '-'], list(all(policyOf)));
  const created = seconds(started);
  const denies = async (at: number): Promise<boolean> =>
    (await bench.send('POST', deployments, bareDeployment(namespaceOf(at), { hostPID: true }))).status === 403;
  const waiting = new Set(all((at) => at));
  await eventually(
    'every policy denies',
    async () => {
      for (const at of waiting) {
        if (!(await denies(at))) return undefined;
        waiting.delete(at);
      }
      return true;
    },
    300_000,
  );
  const inForce = seconds(started);
  await eventually(
    'every status says so',
    async () => {
      const policies = await listAll<SecurityPolicy>(client, RESOURCES.policies);
      const ours = policies.filter(({ metadata }) => metadata.name.startsWith('bench-'));
      const isEnforced = ({ status }: SecurityPolicy): boolean =>
        status?.enforcement !== undefined && status.enforcement.policies > 0 && status.enforcement.inForce === status.enforcement.policies;
      return ours.length === count && ours.every(isEnforced) ? true : undefined;
    },
    300_000,
  );
  const made = await listAll<KubeObject>(client, RESOURCES.admissionPolicies, { labelSelector: 'vigil.dev/enforces' });
  console.log(
    `${count} policies with two entries: ${made.length} admission policies (allowed: ${allowed.policies}); created in ${created.toFixed(1)} s, every policy denies ${inForce.toFixed(1)} s after the start (allowed: ${allowed.seconds} s), every status says so after ${seconds(started).toFixed(1)} s`,
  );
  const deleted = performance.now();
  kubectl(['delete', 'securitypolicy', ...all(nameOf)]);
  await eventually(
    'nothing is left',
    async () =>
      (await listAll<KubeObject>(client, RESOURCES.admissionPolicies, { labelSelector: 'vigil.dev/enforces' })).length === 0
        ? true
        : undefined,
    300_000,
  );
  console.log(`deleted: nothing is left ${seconds(deleted).toFixed(1)} s later (allowed: 60 s)`);
  kubectl(['delete', 'namespace', ...all(namespaceOf), '--wait=false']);
  return [
    ...(made.length > allowed.policies ? [`${made.length} admission policies`] : []),
    ...(inForce > allowed.seconds ? [`in force after ${inForce.toFixed(1)} s`] : []),
    ...(seconds(deleted) > 60 ? ['deleted after a minute'] : []),
  ];
}
