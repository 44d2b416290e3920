import { KubeConfig } from '@kubernetes/client-node';
import { expect } from 'chai';
import { stringify } from 'yaml';
import type { ApiResource } from '../../operator/api/api-resource.ts';
import type { KubeObject } from '../../operator/api/metadata.ts';
import { connectCluster, scanCluster } from '../../operator/cli/cluster-scan.ts';
import { run as scan } from '../../operator/cli/scan.ts';
import { systemNamespaces } from '../../operator/cli/input/system-namespaces.ts';
import { compilePolicies } from '../../operator/engine/policy-set.ts';
import { Credentials } from '../../operator/kube/client/credentials.ts';
import { KubeClient } from '../../operator/kube/client/kube-client.ts';
import type { LocatedResult } from '../../operator/output/scan-result.ts';
import { runCommand } from '../cli/command-fixture.ts';
import { kubectl, serverMinor, testClient, uniqueName } from './cluster-access.ts';

const rbac = (resource: string, kind: string): ApiResource => ({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  resource,
  kind,
  namespaced: false,
});

/** Typical objects of a team: an insecure workload, its service account, a Service, a policy, a role that reads Secrets, a ConfigMap and a Secret. */
function manifests(namespace: string, role: string): readonly object[] {
  const metadata = (name: string): object => ({ name, namespace });
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels: { 'pod-security.kubernetes.io/warn': 'restricted' } } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: metadata('app') },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: metadata('web'),
      spec: {
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: {
            serviceAccountName: 'app',
            hostNetwork: true,
            containers: [
              {
                name: 'a',
                image: 'nginx',
                ports: [{ containerPort: 80 }],
                resources: { limits: { cpu: '1' } },
                env: [{ name: 'PASSWORD', value: 'x' }],
              },
            ],
          },
        },
      },
    },
    {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: metadata('tidy'),
      spec: {
        schedule: '0 0 1 1 *',
        jobTemplate: { spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'busybox:1' }] } } } },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: metadata('web'),
      spec: { type: 'NodePort', selector: { app: 'web' }, ports: [{ port: 80 }] },
    },
    { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: metadata('deny'), spec: { podSelector: {} } },
    { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: metadata('web'), spec: { rules: [{ host: '*.example.com' }] } },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: metadata('settings'), data: { 'db-password': 'x' } },
    { apiVersion: 'v1', kind: 'Secret', metadata: metadata('secret'), stringData: { password: 'x' } },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: role },
      rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: metadata('reader'),
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
      subjects: [{ kind: 'ServiceAccount', name: 'app', namespace }],
    },
  ];
}

/** The identity of a verdict, which is the same for a file and for a live object. */
const verdictOf = ({ check, verdict, severity, path, paths, resource: { kind, namespace, name } }: LocatedResult): string =>
  JSON.stringify([kind, namespace ?? '', name, check, verdict, severity, path ?? '', paths ?? []]);

describe('vigil scan --cluster', function () {
  this.timeout(120_000);
  const client = testClient();
  const namespace = uniqueName('live');
  const role = uniqueName('reader');
  const yaml = manifests(namespace, role)
    .map((object) => stringify(object))
    .join('---\n');

  before(() => {
    kubectl(['apply', '-f', '-'], yaml);
  });
  after(async () => {
    kubectl(['delete', 'namespace', namespace, '--wait=false']);
    await client.delete(rbac('clusterroles', 'ClusterRole'), { name: role });
  });

  const scanned = async (
    args: readonly string[],
    input = '',
  ): Promise<{ code: number; results: LocatedResult[]; errors: { message: string }[] }> => {
    const { code, out, error } = await runCommand(scan, [...args, '-o', 'json'], input);
    if (out === '') throw new Error(error);
    return { code, ...(JSON.parse(out) as { results: LocatedResult[]; errors: { message: string }[] }) };
  };

  it('returns the same verdicts as a scan of the files', async () => {
    const ofFiles = await scanned(['-', '--kubernetes-version', serverMinor()], yaml);
    const ofCluster = await scanned(['--cluster', '--namespace', namespace]);
    expect(ofCluster.errors).to.deep.equal([]);
    expect(ofCluster.code).to.equal(1);
    // The server creates these two objects. The Secret is never read. Cluster-scoped objects are not in the namespace.
    const made = ({ resource: { kind, name } }: LocatedResult): boolean =>
      name === 'kube-root-ca.crt' || (kind === 'ServiceAccount' && name === 'default');
    const elsewhere = ({ resource: { kind } }: LocatedResult): boolean => ['Secret', 'ClusterRole', 'Cluster'].includes(kind);
    const live = ofCluster.results.filter((result) => !made(result)).map(verdictOf);
    const written = ofFiles.results.filter((result) => !elsewhere(result)).map(verdictOf);
    expect(live.toSorted()).to.deep.equal(written.toSorted());
    expect(live.length).to.be.greaterThan(40);
  });

  it('scans the whole cluster without system namespaces if no namespace is given', async () => {
    const { results, errors } = await scanned([
      '--cluster',
      '--control',
      'rbac-read-secrets,host-network,admission-policy-present',
      '--passing',
    ]);
    expect(errors).to.deep.equal([]);
    const names = results.map(({ check, verdict, resource: { kind, name } }) => `${check} ${verdict} ${kind}/${name}`);
    expect(names).to.include(`rbac-read-secrets fail ClusterRole/${role}`);
    expect(names).to.include('host-network fail Deployment/web');
    expect(names.some((name) => name.startsWith('admission-policy-present'))).to.equal(true);
    expect(results.filter(({ resource }) => systemNamespaces.includes(resource.namespace ?? ''))).to.deep.equal([]);
  });

  it('evaluates a policy file, and names it', async () => {
    const { results } = await scanned(['--cluster', '--namespace', namespace, '--policy', 'samples/policy.yaml']);
    expect(results.length).to.be.greaterThan(0);
    expect(results.every(({ policy }) => typeof policy === 'string')).to.equal(true);
  });

  it('needs no permission to read Secrets, reports resources that it cannot list, and evaluates the rest', async () => {
    const cluster = await connectCluster(undefined, client);
    const reader = uniqueName('no-secrets');
    const readable = cluster.resources.filter(({ resource }) => resource !== 'secrets' && resource !== 'configmaps');
    const rules = readable.map(({ group, resource }) => ({ apiGroups: [group], resources: [resource], verbs: ['list'] }));
    await client.create(rbac('clusterroles', 'ClusterRole'), { metadata: { name: reader }, rules } as KubeObject);
    const subjects = [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: reader }];
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: reader };
    await client.create(rbac('clusterrolebindings', 'ClusterRoleBinding'), { metadata: { name: reader }, roleRef, subjects } as KubeObject);
    const config = new KubeConfig();
    config.loadFromDefault();
    const user = config.getCurrentUser();
    config.users = [{ ...user, name: user?.name ?? '', impersonateUser: reader }];
    const limited = { ...cluster, client: new KubeClient(new Credentials({ kubeConfig: config })) };
    const set = compilePolicies(
      [{ name: 'all', spec: { scope: { namespaces: { include: [namespace] } }, frameworks: [{ name: 'vigil' }] } }],
      {
        kubernetesVersion: cluster.kubernetesVersion,
        resources: cluster.resources,
        systemNamespaces,
      },
    );
    const { results, errors } = await scanCluster(limited, set, { namespace });
    expect(errors.map(({ message }) => message.slice(0, 23))).to.deep.equal(['cannot list configmaps:']);
    expect(results.some(({ check, verdict }) => check === 'host-network' && verdict === 'fail')).to.equal(true);
  });

  it('reports an unknown context, an unknown namespace and an unreachable cluster', async () => {
    expect((await runCommand(scan, ['--cluster', '--context', 'nowhere'])).error).to.include('no context nowhere; it has:');
    expect((await scanned(['--cluster', '--namespace', 'nowhere', '--control', 'host-pid'])).errors[0]?.message).to.equal(
      'namespace nowhere not found',
    );
    const config = new KubeConfig();
    config.loadFromClusterAndUser({ name: 'c', server: 'https://127.0.0.1:1', skipTLSVerify: true }, { name: 'u' });
    let message = '';
    await connectCluster(undefined, new KubeClient(new Credentials({ kubeConfig: config }))).catch((failure: unknown) => {
      message = String(failure);
    });
    expect(message).to.match(/UnreachableCluster: .*no response from https:\/\/127\.0\.0\.1:1/);
  });
});
