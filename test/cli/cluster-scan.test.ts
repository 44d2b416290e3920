import { expect } from 'chai';
import type { KubeObject, ObjectMeta } from '../../operator/api/metadata.ts';
import { scanCluster } from '../../operator/cli/cluster-scan.ts';
import { RuleCounts, ruleWarnings } from '../../operator/cli/input/rule-counts.ts';
import type { SecurityPolicySpec } from '../../operator/api/kinds/security-policy.ts';
import { builtinResources } from '../../operator/engine/objects/builtin-resources.ts';
import { compilePolicies } from '../../operator/engine/policy-set.ts';
import { compileWaiver, type ExceptionObject } from '../../operator/findings/waivers/waiver.ts';
import { exception, now } from '../findings/waivers/samples.ts';
import { KINDS, RescanBench } from '../scans/rescan/rescan-bench.ts';

const options = { kubernetesVersion: '1.36', resources: builtinResources, systemNamespaces: [], converts: true as const };

/** Scans namespace blue. Returns the verdicts, the warnings, and the paths of the lists that were read. */
async function scanned({ objects }: RescanBench, spec: SecurityPolicySpec): Promise<Record<'verdicts' | 'warnings' | 'lists', string[]>> {
  const policies = [{ name: 'p', spec }];
  const counts = new RuleCounts();
  objects.lists.length = 0;
  const { results, errors } = await scanCluster({ client: objects.client, name: 'c', ...options }, compilePolicies(policies, options), {
    namespace: 'blue',
    counts,
  });
  expect(errors).to.deep.equal([]);
  return {
    verdicts: results.map(({ check, verdict, resource }) => `${check} ${verdict} ${resource.kind} ${resource.name}`),
    warnings: [...ruleWarnings(policies, options, counts)],
    lists: [...objects.lists],
  };
}

describe('scanCluster with a namespace', () => {
  const bound = (): RescanBench => {
    const bench = new RescanBench();
    bench.objects.put(KINDS.roleBindings, {
      metadata: { name: 'readers', namespace: 'blue' },
      roleRef: { kind: 'ClusterRole', name: 'view', apiGroup: 'rbac.authorization.k8s.io' },
      subjects: [{ kind: 'ServiceAccount', name: 'web', namespace: 'green' }],
    } as KubeObject);
    const clusterRoles = builtinResources.find(({ resource }) => resource === 'clusterroles')!;
    bench.objects.put(clusterRoles, { metadata: { name: 'view' }, rules: [] } as KubeObject);
    return bench;
  };

  it('finds the ServiceAccount that a binding names in another namespace', async () => {
    expect((await scanned(bound(), { controls: [{ name: 'rbac-dangling-binding' }] })).verdicts).to.deep.equal([]);
  });

  it('reports a binding that names a ServiceAccount which does not exist', async () => {
    const bench = bound();
    bench.objects.remove(KINDS.accounts, { name: 'web', namespace: 'green' });
    expect((await scanned(bench, { controls: [{ name: 'rbac-dangling-binding' }] })).verdicts).to.deep.equal([
      'rbac-dangling-binding fail RoleBinding readers',
    ]);
  });

  it('reads only the namespace when its objects are enough', async () => {
    const { lists } = await scanned(bound(), { controls: [{ name: 'namespace-resource-quota' }, { name: 'service-dangling-selector' }] });
    expect(lists.filter((path) => path.endsWith('/resourcequotas') || path.endsWith('/deployments'))).to.deep.equal([
      '/api/v1/namespaces/blue/resourcequotas',
      '/apis/apps/v1/namespaces/blue/deployments',
    ]);
  });

  it('warns about a rule that matches none of the objects of its kinds', async () => {
    const { warnings } = await scanned(bound(), {
      controls: [{ name: 'host-network' }],
      rules: [
        {
          name: 'r',
          matchConstraints: {
            resourceRules: [{ apiGroups: ['apps', 'appz'], apiVersions: ['v1'], operations: ['*'], resources: ['deployments'] }],
            objectSelector: { matchLabels: { app: 'shpo' } },
          },
          validations: [{ expression: 'true' }],
        },
      ],
    });
    expect(warnings).to.deep.equal([
      "SecurityPolicy/p: spec.rules[0].matchConstraints.resourceRules[0].apiGroups[1]: this cluster serves no resources in API group appz (did you mean 'apps'?)",
      'SecurityPolicy/p: rule r matches none of the objects of its kinds (see its objectSelector)',
    ]);
  });
});

describe('scanCluster with exceptions', () => {
  const findings = async (exceptions: readonly ExceptionObject[], change: Partial<ObjectMeta> = {}): Promise<string[]> => {
    const bench = new RescanBench();
    const pod = { spec: { hostNetwork: true, containers: [{ name: 'app', image: 'app:1' }] } };
    const metadata = { name: 'web', namespace: 'blue', labels: { app: 'old' }, ...change };
    bench.objects.put(KINDS.deployments, { metadata, spec: { template: pod } } as KubeObject);
    const bounds = new Map([['p', { inline: 'Allow' as const }]]);
    const set = compilePolicies([{ name: 'p', spec: { controls: [{ name: 'host-network' }] } }], options);
    const { results, summary } = await scanCluster({ client: bench.objects.client, name: 'c', ...options }, set, {
      namespace: 'blue',
      exceptions: { waivers: exceptions.map(compileWaiver), bounds },
      now,
    });
    const own = results.filter(({ resource }) => resource.name === 'web');
    expect(summary.fail).to.equal(results.filter(({ verdict }) => verdict === 'fail').length);
    return own.map(({ verdict, properties }) => `${verdict} ${properties?.['exception'] ?? ''}`);
  };
  const accepted = (spec: Parameters<typeof exception>[0] = {}): ExceptionObject =>
    exception({ checks: [{ name: 'host-network' }], ...spec }, { namespace: 'blue' });

  it('skips a failure that an exception covers', async () => {
    expect(await findings([])).to.deep.equal(['fail ']);
    expect(await findings([accepted()])).to.deep.equal(['skip blue/legacy']);
  });

  it('selects objects by labels, and applies the annotation of an object', async () => {
    expect(await findings([accepted({ targets: [{ selector: { matchLabels: { app: 'old' } } }] })])).to.deep.equal(['skip blue/legacy']);
    expect(await findings([accepted({ targets: [{ selector: { matchLabels: { app: 'new' } } }] })])).to.deep.equal(['fail ']);
    const inline = JSON.stringify([{ check: 'host-network', reason: 'a router needs it', until: '2026-07-01' }]);
    expect(await findings([], { annotations: { 'vigil.dev/except': inline } })).to.deep.equal(['skip inline']);
  });

  it('counts the duration of an annotation from the creation of the object', async () => {
    const inline = JSON.stringify([{ check: 'host-network', reason: 'a router needs it', until: '2026-07-01' }]);
    const annotations = { 'vigil.dev/except': inline };
    expect(await findings([], { annotations, creationTimestamp: '2026-01-01T00:00:00Z' })).to.deep.equal(['skip inline']);
    expect(await findings([], { annotations, creationTimestamp: '2025-01-01T00:00:00Z' })).to.deep.equal(['fail ']);
  });
});
