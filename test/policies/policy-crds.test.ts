import { expect } from 'chai';
import type { SecurityPolicy } from '../../operator/api/kinds/security-policy.ts';
import type { SecurityPolicyStatus } from '../../operator/api/kinds/policy-status.ts';
import { updateTotals, type PolicyStatusDependencies } from '../../operator/policies/policy-parts.ts';

describe('the status of a SecurityPolicy while a CRD is missing or outdated', () => {
  const policy: SecurityPolicy = { metadata: { name: 'p', uid: 'u', generation: 1 }, spec: { controls: [{ name: 'host-network' }] } };

  /** Returns the conditions by type, such as `False CRDMissing: …`. */
  async function conditionsWith(crd: string): Promise<Readonly<Record<string, string>>> {
    const deps = {
      client: {
        apply: (_resource: unknown, object: { readonly status: SecurityPolicyStatus }) => Promise.resolve({ ...policy, ...object }),
      },
      events: { record: () => undefined },
      clock: () => Date.parse('2026-01-01T00:00:00Z'),
      clusterInfo: () => Promise.resolve({ kubernetesVersion: '1.36', resources: [] }),
      crdProblems: () => [{ crd, reason: 'CRDMissing', message: `the CRD ${crd} is missing` }],
      systemNamespaces: [],
      revisionOf: () => '1-a',
      schedules: { list: () => [] },
      scans: { list: () => [] },
    } as unknown as PolicyStatusDependencies;
    const written = await updateTotals(deps, policy);
    const conditions = written?.status?.conditions ?? [];
    return Object.fromEntries(conditions.map(({ type, status, reason, message }) => [type, `${status} ${reason}: ${message}`]));
  }

  it('is not ready and names the CRD', async () => {
    const crd = 'policyreports.wgpolicyk8s.io';
    const { Ready, Stalled } = await conditionsWith(crd);
    expect([Ready, Stalled]).to.deep.equal(['False', 'True'].map((status) => `${status} CRDMissing: ${crd}: the CRD ${crd} is missing`));
  });

  it('does not depend on the CRD of ScanSchedules', async () => {
    expect((await conditionsWith('scanschedules.vigil.dev'))['Stalled']).to.match(/^False /);
  });
});
