import { expect } from 'chai';
import type { Scan } from '../../operator/api/kinds/scan.ts';
import type { SecurityPolicy } from '../../operator/api/kinds/security-policy.ts';
import { beginScan, type BeginResult, type PlanDependencies } from '../../operator/scans/scan-plan.ts';
import type { Ledger } from '../../operator/scans/ledger/ledger.ts';
import { scanOf } from './scan-bench.ts';

const policyOf = (name: string, spec: object = { controls: [{ name: 'host-network' }] }, generation = 1): SecurityPolicy => ({
  metadata: { name, uid: `u-${name}`, generation },
  spec,
});
const broken = policyOf('broken', { controls: [{ name: 'there-is-none' }] });

/** Plans a scan of these policies, given those of the API server and those of the cache. */
async function plan(
  scan: Scan,
  live: readonly SecurityPolicy[],
  cached = live,
  crds: readonly { readonly reason: string; readonly message: string }[] = [],
  namespaces: readonly string[] = [],
  unavailable: readonly string[] = [],
): Promise<BeginResult & { readonly ledger?: Ledger }> {
  const deps = {
    client: {
      call: ({ path }: { path: string }) => {
        const items = path.endsWith('/securitypolicies') ? live : namespaces.map((name) => ({ metadata: { name } }));
        return Promise.resolve({ metadata: {}, items: path.endsWith('/securitypolicies') || path.endsWith('/namespaces') ? items : [] });
      },
    },
    log: { info: () => undefined },
    checkCrds: () => Promise.resolve(crds),
    clusterInfo: () => Promise.resolve({ kubernetesVersion: '1.36', resources: [], unavailable }),
    systemNamespaces: [],
    shardTargets: 10,
    policies: { get: (name: string) => cached.find(({ metadata }) => metadata.name === name) },
  } as unknown as PlanDependencies;
  const store = {
    keep: () => Promise.resolve([]),
    keepPlan: () => Promise.resolve({ input: [], configMaps: [] }),
    begin: (_scan: unknown, _draft: unknown, ledgerOf: (kept: unknown) => Ledger) =>
      Promise.resolve({ ledger: ledgerOf({ input: [], configMaps: [] }), resourceVersion: '1' }),
    create: (_scan: unknown, ledger: Ledger) => Promise.resolve({ ledger, resourceVersion: '1' }),
  } as unknown as Parameters<typeof beginScan>[1];
  return beginScan(deps, store, scan, { startTime: '2026-01-01T00:00:00Z', signal: new AbortController().signal });
}
const naming = (...policies: readonly string[]): Scan => scanOf('s', undefined, { spec: { policies: [...policies] } });

describe('the policies of a scan', () => {
  it('are read from the API server: the scan waits for one that is not in the cache', async () => {
    for (const scan of [naming('late'), scanOf()]) {
      const begun = await plan(scan, [policyOf('known'), policyOf('late')], [policyOf('known')]);
      expect(begun).to.deep.equal({
        hold: { reason: 'WatchBehind', message: 'the cache does not contain SecurityPolicy late yet' },
      });
    }
  });

  it('are waited for until the cache has the generation of the API server', async () => {
    expect(await plan(scanOf(), [policyOf('p', undefined, 2)], [policyOf('p')])).to.have.property('hold');
  });

  it('must exist on the API server', async () => {
    expect(await plan(naming('p', 'gone'), [policyOf('p')], [policyOf('p'), policyOf('gone')])).to.deep.equal({
      refused: { reason: 'PolicyNotFound', message: 'spec.policies: no SecurityPolicy gone' },
    });
  });

  it('are reported as not covered when one of them is invalid', async () => {
    const { ledger } = await plan(naming('good', 'broken'), [policyOf('good'), broken]);
    expect(ledger?.policies.map(({ name }) => name)).to.deep.equal(['good']);
    expect(ledger?.uncovered.map(({ message }) => message).join()).to.match(
      /^not evaluated: SecurityPolicy broken: spec\.controls.*there-is-none/,
    );
  });

  it('refuse the scan when none is valid, with the error', async () => {
    const begun = await plan(naming('broken'), [broken]);
    expect('refused' in begun ? `${begun.refused.reason} ${begun.refused.message}` : '').to.match(
      /^PolicyStalled no policy of this scan can be evaluated: SecurityPolicy broken: spec\.controls.*there-is-none/,
    );
  });

  it('keep the entries of their scopes that match no namespace; a Scan reports its own entries', async () => {
    const include = ['shop', 'shpo', 'team-*', '*-prod', 'sh*'];
    const policies = [policyOf('p', { controls: [], scope: { namespaces: { include } } }), policyOf('q')];
    const scan = scanOf('s', undefined, { spec: { namespaces: { include: ['web', 'wbe'] } } });
    const { ledger } = await plan(scan, policies, policies, [], ['shop', 'web', 'web-prod']);
    expect(ledger?.policies.map(({ unmatchedNamespaces }) => unmatchedNamespaces)).to.deep.equal([['shpo', 'team-*'], undefined]);
    expect(ledger?.uncovered).to.deep.equal([{ message: 'no namespace matches wbe (spec.namespaces.include)', policies: [] }]);
  });

  it('are not covered if a rule is about an API group whose server does not respond', async () => {
    const ruleFor = (apiGroups: readonly string[], resources: readonly string[]): object => ({
      rules: [
        {
          name: 'r',
          matchConstraints: { resourceRules: [{ apiGroups, apiVersions: ['*'], operations: ['CREATE'], resources }] },
          validations: [{ expression: 'true' }],
        },
      ],
    });
    const policies = [
      policyOf('named', ruleFor(['metrics.k8s.io'], ['pods'])),
      policyOf('all', ruleFor(['*'], ['*'])),
      policyOf('other', ruleFor(['apps'], ['deployments'])),
    ];
    const { ledger } = await plan(scanOf(), policies, policies, [], [], ['metrics.k8s.io/v1beta1']);
    expect(ledger?.uncovered.map(({ policies: of }) => of)).to.deep.equal([['all', 'named']]);
    expect(ledger?.uncovered[0]?.message).to.match(/^API metrics\.k8s\.io\/v1beta1 /);
  });

  it('wait while a CRD is missing or outdated, and name it', async () => {
    const crd = { reason: 'CRDOutdated', message: 'scans.vigil.dev has no field spec.full' };
    const policies = [policyOf('known')];
    expect(await plan(scanOf(), policies, policies, [crd])).to.deep.equal({ hold: crd });
  });
});
