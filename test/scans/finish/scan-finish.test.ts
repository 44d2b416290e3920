import { expect } from 'chai';
import type { ConfigurationStatus } from '../../../operator/api/kinds/policy-status.ts';
import { replacesEvidence, talliesOf, withKeptFailures } from '../../../operator/scans/finish/scan-finish.ts';
import type { KubeClient } from '../../../operator/kube/client/kube-client.ts';
import type { ScanInput } from '../../../operator/worker/scan-input.ts';
import type { Ledger, LedgerPolicy } from '../../../operator/scans/ledger/ledger.ts';
import { ledgerOf } from '../scan-bench.ts';

const policy: LedgerPolicy = {
  name: 'p',
  uid: 'u',
  generation: 2,
  revision: '2-a',
  listPasses: false,
  ownerLabels: [],
  excludedNamespaces: 0,
};

describe('the evidence of a policy after a scan', () => {
  const known = { configuration: { evaluatedGeneration: 1 } as ConfigurationStatus };
  const failed: Ledger = { ...ledgerOf(), failedByPolicy: { p: 5 } };

  it('is kept if the scan evaluated no target and the policy was evaluated before', () => {
    expect(replacesEvidence(failed, policy, known)).to.equal(false);
  });

  it('is written if there is no older evidence, or if the scan evaluated a target or had none', () => {
    expect(replacesEvidence(failed, policy, undefined)).to.equal(true);
    const targets = {
      p: {
        summary: { pass: 1, fail: 0, warn: 0, error: 0, skip: 0 },
        failing: { critical: 0, high: 0, medium: 0, low: 0 },
        targets: 1,
        checks: {},
      },
    };
    expect(replacesEvidence({ ...failed, totals: targets }, policy, known)).to.equal(true);
    expect(replacesEvidence(ledgerOf(), policy, known)).to.equal(true);
  });

  it('is kept after a scan of some namespaces', () => {
    expect(replacesEvidence({ ...ledgerOf(), partial: true }, policy, undefined)).to.equal(false);
  });

  it('counts failures of earlier scans in reports of targets that could not be scanned', () => {
    const tallies = new Map([
      ['host-pid', { pass: 3, fail: 1, error: 0, skip: 0 }],
      ['host-ipc', { pass: 4, fail: 2, error: 0, skip: 0 }],
    ]);
    const failures = new Map([
      ['host-pid', 2],
      ['host-ipc', 1],
      ['host-network', 5],
    ]);
    expect(Object.fromEntries(withKeptFailures(tallies, failures))).to.deep.equal({
      'host-pid': { pass: 3, fail: 2, error: 0, skip: 0 },
      'host-ipc': { pass: 4, fail: 2, error: 0, skip: 0 },
      'host-network': { pass: 0, fail: 5, error: 0, skip: 0 },
    });
  });
});

describe('the rules that evaluated nothing in a scan', () => {
  const none = { pass: 0, fail: 0, warn: 0, error: 0, skip: 0 };
  const resourceRules = [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['CREATE'], resources: ['pods'] }];
  const rules = ['silent', 'passing', 'no-object'].map((name) => ({ name, matchConstraints: { resourceRules }, validations: [] }));
  const input = { policies: [{ name: 'p', spec: { rules } }] } as unknown as ScanInput;
  const checks = { silent: none, passing: { ...none, pass: 1 } };
  const failing = { critical: 0, high: 0, medium: 0, low: 0 };
  const ledger: Ledger = { ...ledgerOf(), totals: { p: { summary: none, failing, targets: 2, checks } } };
  const unevaluated = async (change: Partial<Ledger>): Promise<readonly string[]> => {
    const { signal } = new AbortController();
    return (await talliesOf(undefined as unknown as KubeClient, { ...ledger, ...change }, { policy, input, signal })).unevaluated;
  };

  it('are named after a complete scan', async () =>
    expect(await unevaluated({})).to.deep.equal(['rule silent matches none of the objects of its kinds']));

  it('are unknown if an object could not be read or a kind was not covered', async () => {
    expect(await unevaluated({ failedByPolicy: { p: 1 }, partial: true })).to.deep.equal([]);
    expect(await unevaluated({ uncovered: [{ message: 'cannot list pods', policies: ['p'] }] })).to.deep.equal([]);
  });
});
