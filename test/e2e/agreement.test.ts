import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RESOURCES } from '../../operator/api/api-resource.ts';
import type { KubeObject } from '../../operator/api/metadata.ts';
import type { PolicyReport } from '../../operator/api/kinds/policy-report.ts';
import type { SecurityPolicy } from '../../operator/api/kinds/security-policy.ts';
import { listAll } from '../../operator/kube/list.ts';
import { kubectl, testClient } from '../integration/cluster-access.ts';
import { eventually, install } from './installation.ts';

interface CommandLineResult {
  readonly verdict: string;
  readonly check: string;
  readonly path?: string;
  readonly message: string;
  readonly resource: { readonly kind: string; readonly namespace?: string; readonly name: string };
}

const name = 'agreement';
/** Controls of each kind: for one object, for several objects, for the whole cluster; and a rule. */
const spec = {
  scope: { systemNamespaces: 'Include' },
  frameworks: [{ name: 'cis' }, { name: 'nsa' }, { name: 'pss-restricted' }],
  rules: [
    {
      name: 'named-ports',
      matchConstraints: { resourceRules: [{ apiGroups: [''], apiVersions: ['*'], operations: ['CREATE'], resources: ['services'] }] },
      validations: [{ expression: 'object.spec.ports.all(port, has(port.name))' }],
    },
  ],
};

describe('kubectl get policyreports and vigil scan --cluster', function () {
  this.timeout(180_000);
  const client = testClient();

  before(async () => {
    await install();
    const samples = readFileSync('samples/workloads.yaml', 'utf8').replaceAll('registry.k8s.io/pause:3.10', '127.0.0.1:5000/pause:1');
    kubectl(['apply', '-f', '-'], samples);
    kubectl(['-n', 'shop', 'rollout', 'status', 'deployment/web', '--timeout=60s']);
    await debugContainer();
    await client.create(RESOURCES.policies, { metadata: { name }, spec } as unknown as KubeObject);
    await eventually(
      'the policy is evaluated',
      async () => ((await client.get<SecurityPolicy>(RESOURCES.policies, { name })).status?.evaluatedGeneration === 1 ? true : undefined),
      120,
    );
  });

  /** Adds a field to a pod of the compliant Deployment that its template does not have. */
  async function debugContainer(): Promise<void> {
    const [pod] = await listAll<KubeObject>(client, RESOURCES.pods, { namespace: 'shop', labelSelector: 'app=web' });
    const ephemeralContainers = [{ name: 'debug', image: '127.0.0.1:5000/pause:1', securityContext: { privileged: true } }];
    await client.call({
      method: 'PATCH',
      path: `/api/v1/namespaces/shop/pods/${pod?.metadata.name ?? ''}/ephemeralcontainers`,
      contentType: 'application/strategic-merge-patch+json',
      body: { spec: { ephemeralContainers } },
    });
  }

  after(() => {
    kubectl(['delete', '--ignore-not-found', '--wait=false', `securitypolicy/${name}`]);
    // The next suite creates the same namespaces.
    kubectl(['delete', '--ignore-not-found', '--timeout=120s', '-f', 'samples/workloads.yaml']);
  });

  it('report the same results', async () => {
    const file = join(tmpdir(), `vigil-agreement-${process.pid}.json`);
    writeFileSync(file, JSON.stringify({ apiVersion: 'vigil.dev/v1alpha1', kind: 'SecurityPolicy', metadata: { name }, spec }));
    let output: string;
    try {
      output = execFileSync(process.execPath, ['operator/main.ts', 'scan', '--cluster', '--policy', file, '-o', 'json'], {
        encoding: 'utf8',
        maxBuffer: 256 * 1024 * 1024,
      });
    } catch (error) {
      output = String((error as { stdout?: string }).stdout);
    }
    const { results } = JSON.parse(output) as { results: readonly CommandLineResult[] };
    const line = (kind: string, namespace: string | undefined, object: string, rest: readonly unknown[]): string =>
      [`${kind}/${namespace ?? ''}/${object}`, ...rest].join(' | ');
    // Ignores objects that the operator creates during the test: its Jobs and pods may be in one list only.
    const isOurs = (text: string): boolean => /vigil-(system|[0-9a-f]{10})/.test(text);
    const said = results
      .filter(({ verdict }) => verdict !== 'pass')
      .map(({ resource, check, verdict, path, message }) =>
        line(resource.kind, resource.namespace, resource.name, [check, verdict, path, message]),
      );
    const reports = await Promise.all(
      [RESOURCES.reports, RESOURCES.clusterReports].map((resource) =>
        listAll<PolicyReport>(client, resource, { labelSelector: 'vigil.dev/source=vigil' }),
      ),
    );
    const reported = reports
      .flat()
      .flatMap(({ scope, results: found = [] }) =>
        found.map(({ rule, result, message, properties }) =>
          line(scope?.kind ?? '', scope?.kind === 'Namespace' ? undefined : scope?.namespace, scope?.name ?? '', [
            rule,
            result,
            properties?.['path'],
            message,
          ]),
        ),
      );
    const [mine, theirs] = [reported, said].map((lines) => lines.filter((text) => !isOurs(text)).toSorted());
    expect(mine).to.deep.equal(theirs);
    expect(mine?.length).to.be.greaterThan(60);
    const checks = new Set(mine?.map((text) => text.split(' | ')[1]));
    expect(checks.size).to.be.greaterThan(15);
  });

  it('report a violation of a live pod at its owner, with the name of the pod', async () => {
    const report = await client.get<PolicyReport>(RESOURCES.reports, { namespace: 'shop', name: 'vigil-deployment-web' });
    const found = report.results?.find(({ rule }) => rule === 'privileged-container');
    expect([found?.result, found?.properties?.['path']]).to.deep.equal(['fail', 'spec.ephemeralContainers[0].securityContext.privileged']);
    expect(found?.properties?.['pod']).to.match(/^web-/);
  });

  it('write evidence for each framework, with a result for every requirement, and remove it with the policy', async () => {
    const evidence = async (): Promise<PolicyReport[]> =>
      listAll<PolicyReport>(client, RESOURCES.clusterReports, { labelSelector: 'vigil.dev/source=vigil-frameworks' });
    const found = await evidence();
    expect(found.map(({ metadata }) => metadata.name.replace(/-[0-9.]+$/, '')).toSorted()).to.deep.equal([
      'vigil-frameworks-agreement-cis',
      'vigil-frameworks-agreement-nsa',
      'vigil-frameworks-agreement-pss-restricted',
    ]);
    const { status } = await client.get<SecurityPolicy>(RESOURCES.policies, { name });
    for (const { metadata, summary, results = [] } of found) {
      const row = status?.frameworks?.find((framework) => metadata.name.includes(`-${framework.name}-`));
      expect([metadata.name, summary?.pass, summary?.fail]).to.deep.equal([metadata.name, row?.passed, row?.failed]);
      expect(results.length).to.equal((summary?.pass ?? 0) + (summary?.fail ?? 0) + (summary?.skip ?? 0));
    }
    await client.delete(RESOURCES.policies, { name });
    await eventually('the evidence is deleted', async () => ((await evidence()).length === 0 ? true : undefined));
  });
});
