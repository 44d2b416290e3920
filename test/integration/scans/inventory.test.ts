import { expect } from 'chai';
import { KubeConfig } from '@kubernetes/client-node';
import { RESOURCES, type ApiResource } from '../../../operator/api/api-resource.ts';
import type { KubeObject } from '../../../operator/api/metadata.ts';
import { Credentials } from '../../../operator/kube/client/credentials.ts';
import { discoverResources, serverVersion } from '../../../operator/kube/discovery.ts';
import { KubeClient } from '../../../operator/kube/client/kube-client.ts';
import { listPages } from '../../../operator/kube/list.ts';
import { countTargets } from '../../../operator/scans/plan/inventory.ts';
import { packShards } from '../../../operator/scans/plan/plan.ts';
import { scanJob } from '../../../operator/scans/attempts/scan-job.ts';
import { serverMinor, testClient, uniqueName } from '../cluster-access.ts';

describe('planning a scan over a real API server', function () {
  this.timeout(120_000);
  const client = testClient();
  const prefix = uniqueName('plan');
  const namespaces = Array.from({ length: 12 }, (_, index) => `${prefix}-${String(index).padStart(2, '0')}`);
  const ours = (_resource: ApiResource, { metadata }: KubeObject): readonly string[] =>
    (metadata.namespace ?? '').startsWith(prefix) && metadata.name !== 'kube-root-ca.crt' ? ['ours'] : [];
  const resources = new Map<number, ApiResource>([RESOURCES.configMaps, RESOURCES.jobs].entries());

  before(async () => {
    for (const name of namespaces)
      await client.create(RESOURCES.namespaces, { metadata: { name, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } } });
    const sizes = namespaces.map((namespace, index) => ({ namespace, size: index === 0 ? 130 : 5 }));
    for (const { namespace, size } of sizes) {
      await Promise.all(
        Array.from({ length: size }, (_, index) =>
          client.create(RESOURCES.configMaps, { metadata: { namespace, name: `object-${String(index).padStart(3, '0')}` } }),
        ),
      );
    }
  });

  after(async () => {
    for (const name of namespaces) await client.delete(RESOURCES.namespaces, { name });
  });

  /** The names in a range, read as by a worker: from its token to its last name. */
  async function namesOf(namespace: string, from: string | undefined, to: string | undefined): Promise<string[]> {
    const names: string[] = [];
    for await (const { items } of listPages(client, RESOURCES.configMaps, { namespace, from, limit: 20 })) {
      names.push(...items.filter((object) => ours(RESOURCES.configMaps, object).length > 0).map(({ metadata }) => metadata.name));
    }
    return names.filter((name) => to === undefined || name <= to);
  }

  it('counts by namespace, and divides a long list so that every object is in exactly one range', async () => {
    const { counts, unlisted } = await countTargets(client, { resources, policiesOf: ours, sliceTargets: 50 });
    expect(unlisted).to.deep.equal([]);
    expect(counts.map(({ namespace, targets }) => [namespace, targets])).to.have.deep.members(
      namespaces.map((name, index) => [name, index === 0 ? 130 : 5]),
    );
    const ranges = counts.find(({ namespace }) => namespace === namespaces[0])?.ranges ?? [];
    expect(ranges.reduce((sum, { targets }) => sum + targets, 0)).to.equal(130);
    expect(ranges.length).to.be.at.least(2);
    const seen: string[] = [];
    for (const { from, to } of ranges) seen.push(...(await namesOf(namespaces[0] ?? '', from, to)));
    expect(seen).to.deep.equal(Array.from({ length: 130 }, (_, index) => `object-${String(index).padStart(3, '0')}`));
  });

  it('packs twelve namespaces into at least three shards', async () => {
    const { counts } = await countTargets(client, { resources, policiesOf: ours, sliceTargets: 50 });
    const shards = packShards(counts, { shardTargets: 50, parallelism: 4 });
    expect(shards.length).to.be.at.least(3);
    expect(shards.flatMap(({ slices }) => slices).reduce((sum, { targets }) => sum + targets, 0)).to.equal(185);
  });

  it('reports what it cannot list, with verb, resource and fix, and counts the rest', async () => {
    const config = new KubeConfig();
    config.loadFromDefault();
    const user = config.getCurrentUser();
    config.users = [{ ...user, name: user?.name ?? '', impersonateUser: 'nobody' }];
    const allowed = uniqueName('lister');
    await client.create(
      { group: 'rbac.authorization.k8s.io', version: 'v1', resource: 'clusterroles', kind: 'ClusterRole', namespaced: false },
      { metadata: { name: allowed }, rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['list'] }] } as KubeObject,
    );
    await client.create(
      { group: 'rbac.authorization.k8s.io', version: 'v1', resource: 'clusterrolebindings', kind: 'ClusterRoleBinding', namespaced: false },
      {
        metadata: { name: allowed },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: allowed },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'nobody' }],
      } as KubeObject,
    );
    const nobody = new KubeClient(new Credentials({ kubeConfig: config }));
    const gone: ApiResource = { group: 'example.com', version: 'v1', resource: 'widgets', kind: 'Widget', namespaced: true };
    const { counts, unlisted } = await countTargets(nobody, {
      resources: new Map([...resources, [9, gone]]),
      policiesOf: ours,
      sliceTargets: 500,
    });
    expect(counts.reduce((sum, { targets }) => sum + targets, 0)).to.equal(185);
    expect(unlisted[0]?.message).to.match(
      /cannot list jobs in API group batch: grant it by a ClusterRole labelled vigil\.dev\/aggregate-to-scan/,
    );
  });

  it('creates Jobs and ConfigMaps that the server accepts, with pods that the restricted standard accepts', async () => {
    const namespace = namespaces[1] ?? '';
    const scan = { name: 'now', uid: '0b0c0d0e-0000-4000-8000-000000000000' };
    const job = scanJob({
      scan,
      namespace,
      attempt: 1,
      shards: 7,
      image: 'vigil.dev/vigil:dev',
      imagePullPolicy: 'IfNotPresent',
      imagePullSecrets: [{ name: 'registry' }],
      serviceAccount: 'vigil-scanner',
      placement: {},
      configMaps: ['input-0'],
      template: { parallelism: 3, job: { labels: { team: 'a' }, tolerations: [{ operator: 'Exists' }] } },
      memoryFactor: 2,
      deadlineFactor: 1,
    });
    const made = await client.create<
      KubeObject & { spec: { completions: number; parallelism: number; template: { metadata: object; spec: object } } }
    >(RESOURCES.jobs, job, { dryRun: 'All' });
    expect([made.spec.completions, made.spec.parallelism]).to.deep.equal([7, 3]);
    const pod = {
      metadata: { ...made.spec.template.metadata, namespace, name: 'worker' },
      spec: { ...made.spec.template.spec, serviceAccountName: 'default' },
    };
    await client.create(RESOURCES.pods, pod, { dryRun: 'All' });
  });

  it('discovers what the server serves, in preferred versions', async () => {
    const found = await discoverResources(client);
    expect(found.find(({ resource, group }) => resource === 'deployments' && group === 'apps')).to.deep.equal({
      group: 'apps',
      version: 'v1',
      resource: 'deployments',
      kind: 'Deployment',
      namespaced: true,
    });
    expect(found.find(({ resource }) => resource === 'namespaces')?.namespaced).to.equal(false);
    expect(found.some(({ resource }) => resource.includes('/'))).to.equal(false);
    expect(await serverVersion(client)).to.equal(serverMinor());
  });
});
