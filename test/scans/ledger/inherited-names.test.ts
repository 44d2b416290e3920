import { expect } from 'chai';
import type { SecurityPolicySpec } from '../../../operator/api/kinds/security-policy.ts';
import { ScanCluster } from '../scan-cluster.ts';

/** What every JavaScript object inherits must not count as an entry of this name. */
describe('a policy and a rule with the name of an inherited property', () => {
  const spec = (rule: string): SecurityPolicySpec => ({
    controls: [{ name: 'host-network' }],
    rules: [
      {
        name: rule,
        matchConstraints: {
          resourceRules: [{ apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['deployments'] }],
        },
        validations: [{ expression: 'object.metadata.name != "web"' }],
      },
    ],
  });
  let cluster: ScanCluster;
  afterEach(() => cluster.restart());

  /** The statuses of the policy, and of a policy beside it, after two scans with a change between them. */
  async function statuses(policy: string, rule: string): Promise<unknown> {
    cluster = new ScanCluster();
    await cluster.namespace('blue', 'web', 'data');
    await cluster.namespace('green', 'web');
    await cluster.policy(policy, spec(rule));
    await cluster.policy('beside', { scope: { namespaces: { include: ['green'] } }, controls: [{ name: 'host-network' }] });
    const found: unknown[] = [];
    for (const name of ['first', 'second']) {
      await cluster.scan(name);
      const { status } = await cluster.finish(name);
      const { summary, failing, coverage, phase } = status ?? {};
      found.push({ phase, summary, failing, coverage, new: status?.new, fixed: status?.fixed });
      for (const each of [policy, 'beside']) {
        const { conditions, evaluatedRevision, configuration, ...rest } = cluster.policyOf(each).status ?? {};
        found.push([rest, conditions?.map(({ type, status: holds, reason }) => `${type} ${holds} ${reason}`)]);
      }
      cluster.now += 60_000;
      await cluster.deployment('green', `more-${name}`);
    }
    return found;
  }

  it('count like any other', async () => {
    const usual = await statuses('policy', 'rule');
    await cluster.restart();
    expect(await statuses('constructor', 'constructor')).to.deep.equal(usual);
  });
});
