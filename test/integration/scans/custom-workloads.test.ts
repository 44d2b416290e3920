import { KubeConfig } from '@kubernetes/client-node';
import { expect } from 'chai';
import { stringify } from 'yaml';
import { RESOURCES } from '../../../operator/api/api-resource.ts';
import { connectCluster, scanCluster } from '../../../operator/cli/cluster-scan.ts';
import { compilePolicies } from '../../../operator/engine/policy-set.ts';
import { Credentials } from '../../../operator/kube/client/credentials.ts';
import { discoverResources } from '../../../operator/kube/discovery.ts';
import { KubeClient } from '../../../operator/kube/client/kube-client.ts';
import { planScan } from '../../../operator/scans/plan/planner.ts';
import { kubectl, testClient, uniqueName } from '../cluster-access.ts';

const group = 'argoproj.io';
const definition = (kind: string, plural: string, inGroup: string): object => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${plural}.${inGroup}` },
  spec: {
    group: inGroup,
    names: { kind, plural, singular: kind.toLowerCase() },
    scope: 'Namespaced',
    versions: [
      {
        name: 'v1alpha1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
});

describe('custom kinds with pods on a real API server', function () {
  this.timeout(120_000);
  const client = testClient();
  const namespace = uniqueName('custom');
  const ownGroup = `${namespace}.example.org`;
  const template = { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'a', image: 'a:1' }] } };
  const privileged = '{"containers": [{"name": "main", "securityContext": {"privileged": true}}]}';
  let unable: KubeClient;

  const apply = (...objects: readonly object[]): string =>
    kubectl(['apply', '-f', '-'], objects.map((object) => stringify(object)).join('---\n'));

  before(async () => {
    apply(
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
      definition('Rollout', 'rollouts', group),
      definition('Workflow', 'workflows', group),
      definition('Robot', 'robots', ownGroup),
    );
    kubectl(['wait', '--for=condition=Established', 'crd', `rollouts.${group}`, `workflows.${group}`, `robots.${ownGroup}`]);
    apply(
      { apiVersion: `${group}/v1alpha1`, kind: 'Rollout', metadata: { name: 'a', namespace }, spec: { template } },
      {
        apiVersion: `${group}/v1alpha1`,
        kind: 'Workflow',
        metadata: { name: 'a', namespace },
        spec: { podSpecPatch: privileged, templates: [{ name: 'a', container: { image: 'a:1' } }] },
      },
      { apiVersion: `${ownGroup}/v1alpha1`, kind: 'Robot', metadata: { name: 'a', namespace }, spec: { template } },
    );
    const { uid } = (
      await client.get(
        { group: ownGroup, version: 'v1alpha1', resource: 'robots', kind: 'Robot', namespaced: true },
        { namespace, name: 'a' },
      )
    ).metadata;
    const owner = { apiVersion: `${ownGroup}/v1alpha1`, kind: 'Robot', name: 'a', uid, controller: true };
    apply({
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'robot-a', namespace, ownerReferences: [owner] },
      spec: { serviceName: 'a', replicas: 0, selector: { matchLabels: { app: 'a' } }, template },
    });
    kubectl(['-n', namespace, 'create', 'serviceaccount', 'reader']);
    kubectl(['create', 'clusterrole', namespace, '--verb=list', '--resource=namespaces,pods,statefulsets.apps,deployments.apps']);
    kubectl(['create', 'clusterrolebinding', namespace, `--clusterrole=${namespace}`, `--serviceaccount=${namespace}:reader`]);
    const kubeConfig = new KubeConfig();
    kubeConfig.loadFromDefault();
    const server = kubeConfig.getCurrentCluster();
    if (!server) throw new Error('the kubeconfig names no cluster');
    const token = kubectl(['-n', namespace, 'create', 'token', 'reader']).trim();
    const asReader = new KubeConfig();
    asReader.loadFromClusterAndUser(server, { name: 'reader', token });
    unable = new KubeClient(new Credentials({ kubeConfig: asReader }));
  });

  after(async () => {
    kubectl(['delete', 'clusterrolebinding,clusterrole', namespace]);
    kubectl(['delete', 'crd', `rollouts.${group}`, `workflows.${group}`, `robots.${ownGroup}`]);
    await unable.credentials.close();
    await client.delete(RESOURCES.namespaces, { name: namespace });
  });

  const spec = { controls: [{ name: 'privileged-container' }] };
  const notKnown = 'Vigil does not know how its objects describe pods: what they control is evaluated by itself';
  const forbidden = (resource: string): string =>
    `cannot list ${resource} in API group ${group}: grant it by a ClusterRole labelled vigil.dev/aggregate-to-scan: "true"`;

  async function planned(as: KubeClient): Promise<readonly unknown[]> {
    const { customWorkloads } = await planScan(as, {
      scan: { name: 'test', uid: 'u' },
      spec: { namespaces: { include: [namespace] } },
      policies: [{ name: 'p', uid: 'p', generation: 1, revision: '1-a', spec }] as never,
      kubernetesVersion: '1.36',
      resources: await discoverResources(client),
      systemNamespaces: [],
      shardTargets: 100,
      signal: AbortSignal.timeout(60_000),
    });
    return customWorkloads.filter(({ kind }) => kind.endsWith(group) || kind.endsWith(ownGroup));
  }

  it('are named in the coverage of a Scan, with what may be read', async () => {
    const robot = { kind: `Robot.${ownGroup}`, objects: 1, evaluated: false, reason: notKnown };
    expect(await planned(client)).to.deep.equal([
      robot,
      { kind: `Rollout.${group}`, objects: 1, evaluated: true },
      { kind: `Workflow.${group}`, objects: 1, evaluated: true },
    ]);
    expect(await planned(unable)).to.deep.equal([
      robot,
      { kind: `Rollout.${group}`, objects: 0, evaluated: false, reason: forbidden('rollouts') },
      { kind: `Workflow.${group}`, objects: 0, evaluated: false, reason: forbidden('workflows') },
    ]);
  });

  it('are named by vigil scan --cluster, and their patches are evaluated', async () => {
    const scanned = async (as: KubeClient) => {
      const cluster = await connectCluster(undefined, as);
      const set = compilePolicies([{ name: 'p', spec }], { ...cluster, systemNamespaces: [], passing: 'List' });
      return scanCluster(cluster, set, { namespace });
    };
    const { results, customWorkloads = [] } = await scanned(client);
    expect(customWorkloads.map(({ kind, objects, evaluated }) => [kind, objects, evaluated])).to.deep.equal([
      [`Robot.${ownGroup}`, 1, false],
      [`Rollout.${group}`, 1, true],
      [`Workflow.${group}`, 1, true],
    ]);
    expect(results.map(({ resource: { kind }, verdict, path }) => [kind, verdict, path])).to.deep.equal([
      ['Rollout', 'pass', undefined],
      ['StatefulSet', 'pass', undefined],
      ['Workflow', 'fail', 'spec.podSpecPatch'],
    ]);
    const less = await scanned(unable);
    expect(less.customWorkloads?.map(({ kind, evaluated }) => [kind, evaluated])).to.deep.equal([
      [`Robot.${ownGroup}`, false],
      [`Rollout.${group}`, false],
      [`Workflow.${group}`, false],
    ]);
    expect(less.errors.map(({ message }) => message).join()).to.match(/cannot list rollouts of argoproj\.io/);
  });
});
