import { expect } from 'chai';
import { RESOURCES } from '../../../operator/api/api-resource.ts';
import type { KubeObject } from '../../../operator/api/metadata.ts';
import { builtinResources } from '../../../operator/engine/objects/builtin-resources.ts';
import { applyManifestDefaults } from '../../../operator/engine/pods/manifest-defaults.ts';
import { compilePolicies, type PolicySet } from '../../../operator/engine/policy-set.ts';
import { serverVersion } from '../../../operator/kube/discovery.ts';
import { KubeApiError } from '../../../operator/kube/client/kube-api-error.ts';
import { kubectl, testClient, uniqueName } from '../cluster-access.ts';
import { SeededRandom, mutatedPod } from './pod-mutations.ts';

interface Standard {
  readonly level: 'baseline' | 'restricted';
  readonly version: string;
  readonly namespace: string;
  readonly set: PolicySet;
}

const versions = [0, 7, 8, 18, 19, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36].map((minor) => `1.${minor}`);
const wanted = process.env['VIGIL_TEST_ALL'] === '1' ? 20_000 : 2_500;
const parallel = 16;

describe('the Pod Security Standards, compared with the API server', function () {
  this.timeout(300_000);
  const client = testClient();
  const prefix = uniqueName('psa');
  let standards: readonly Standard[] = [];

  function standard(level: Standard['level'], version: string, kubernetesVersion: string): Standard {
    const namespace = `${prefix}-${level}-${version.replace('.', '-')}`;
    const spec = { frameworks: [{ name: `pss-${level}`, version }] };
    return {
      level,
      version,
      namespace,
      set: compilePolicies([{ name: 'p', spec }], { kubernetesVersion, resources: builtinResources, systemNamespaces: [] }),
    };
  }

  before(async () => {
    const server = await serverVersion(client);
    const served = versions.filter((version) => Number(version.slice(2)) <= Number(server.slice(2)));
    standards = (['baseline', 'restricted'] as const).flatMap((level) =>
      [...served, 'latest'].map((version) => standard(level, version, server)),
    );
    const objects = standards.flatMap(({ level, version, namespace }) => [
      {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: {
          name: namespace,
          labels: {
            'pod-security.kubernetes.io/enforce': level,
            'pod-security.kubernetes.io/enforce-version': version === 'latest' ? version : `v${version}`,
          },
        },
      },
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace } },
    ]);
    kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
  });

  after(() => {
    kubectl(['delete', 'namespace', '--wait=false', ...standards.map(({ namespace }) => namespace)]);
  });

  /** The verdict of the API server on a pod; undefined if it refuses the pod for another reason than Pod Security. */
  async function serverVerdict(pod: KubeObject): Promise<{ verdict: 'pass' | 'fail'; message: string } | undefined> {
    try {
      await client.create(RESOURCES.pods, pod, { dryRun: 'All' });
      return { verdict: 'pass', message: 'created' };
    } catch (error) {
      if (!(error instanceof KubeApiError)) throw error;
      if (error.status === 403 && error.message.includes('violates PodSecurity')) return { verdict: 'fail', message: error.message };
      if (error.status === 422) return undefined;
      throw error;
    }
  }

  it(`agrees on ${wanted} generated pods at ${2 * (versions.length + 1)} levels and versions`, async () => {
    const random = new SeededRandom(20_261_123);
    const differences: string[] = [];
    const judged = { pass: 0, fail: 0, invalid: 0 };
    const one = async (number: number): Promise<void> => {
      const { level, version, namespace, set } = random.pick(standards);
      const { metadata, spec } = mutatedPod(random);
      const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: `p${number}`, namespace, ...metadata }, spec } as KubeObject;
      const server = await serverVerdict(pod);
      if (server === undefined) {
        judged.invalid += 1;
        return;
      }
      judged[server.verdict] += 1;
      const manifest = structuredClone(pod) as unknown as Record<string, unknown>;
      applyManifestDefaults(manifest, { namespaced: true });
      const { results } = set.evaluate(manifest);
      const own = results.some(({ verdict }) => verdict === 'fail') ? 'fail' : 'pass';
      const errors = results.filter(({ verdict }) => verdict === 'error');
      if (own === server.verdict && errors.length === 0) return;
      const found = results.map(({ check, verdict, path }) => `${check} ${verdict} at ${path ?? ''}`).join('; ');
      differences.push(`${level} ${version}: server ${server.verdict}, Vigil ${own} (${found}): ${server.message}: ${JSON.stringify(pod)}`);
    };
    let number = 0;
    while (judged.pass + judged.fail < wanted && number < wanted * 4) {
      await Promise.all(Array.from({ length: parallel }, () => one((number += 1))));
    }
    expect(differences, differences.slice(0, 5).join('\n')).to.deep.equal([]);
    expect(judged.pass + judged.fail).to.be.at.least(wanted);
    expect(judged.pass, 'pods that are admitted').to.be.greaterThan(wanted / 5);
    expect(judged.fail, 'pods that are refused').to.be.greaterThan(wanted / 5);
  });
});
