import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import { RESOURCES } from '../../operator/api/api-resource.ts';
import type { KubeObject } from '../../operator/api/metadata.ts';
import type { PolicyReport } from '../../operator/api/kinds/policy-report.ts';
import type { ScanSchedule } from '../../operator/api/kinds/scan-schedule.ts';
import type { Scan } from '../../operator/api/kinds/scan.ts';
import type { SecurityPolicy } from '../../operator/api/kinds/security-policy.ts';
import { listAll } from '../../operator/kube/list.ts';
import { restartPart } from '../faults/cluster-part.ts';
import { kubectl, testClient, uniqueName } from '../integration/cluster-access.ts';
import { eventually, install, reportsIn, reportWrites } from './installation.ts';

describe('on-change scans', function () {
  this.timeout(180_000);
  const client = testClient();
  const name = uniqueName('change');
  const namespace = uniqueName('team');
  const takeover = 'workload-takeover-permissions';

  const apply = (...objects: readonly object[]): string =>
    kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], objects.map((object) => JSON.stringify(object)).join('\n---\n'));
  const deployment = (app: string, pod: object, replicas = 1): object => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: app, namespace },
    spec: {
      replicas,
      // Pods that never start block a rolling update, so that the old pods are not deleted.
      strategy: { type: 'Recreate' },
      selector: { matchLabels: { app } },
      template: {
        metadata: { labels: { app } },
        // No node has this label: the pods are created and stay pending.
        spec: { nodeSelector: { 'example.com/none': 'here' }, containers: [{ name: 'a', image: 'example.com/a:1' }], ...pod },
      },
    },
  });
  const reportOf = async (report: string): Promise<PolicyReport | undefined> =>
    (await reportsIn(namespace)).find(({ metadata }) => metadata.name === report);
  const failing = async (report: string, rule: string): Promise<boolean | undefined> => {
    const found = await reportOf(report);
    return found?.results?.some((result) => result.rule === rule && result.result === 'fail' && result.policy === name);
  };
  const becomes = (report: string, rule: string, wanted: boolean): Promise<boolean> =>
    eventually(`${report}: ${rule} fails: ${String(wanted)}`, async () => ((await failing(report, rule)) === wanted ? true : undefined));
  const quiet = async (): Promise<void> => {
    let before = -1;
    await eventually('no report is written any more', async () => {
      const now = reportWrites();
      await new Promise((resolve) => setTimeout(resolve, 4000));
      if (now === before) return true;
      before = now;
      return undefined;
    });
  };

  const follows = async (): Promise<true | undefined> => {
    const { status } = await client.get<ScanSchedule>(RESOURCES.schedules, { name });
    return status?.conditions?.some(({ type, status: holds }) => type === 'Watching' && holds === 'True') ? true : undefined;
  };

  before(async () => {
    await install();
    apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    await client.create<SecurityPolicy>(RESOURCES.policies, {
      metadata: { name },
      spec: {
        scope: { namespaces: { include: [namespace] } },
        controls: ['host-pid', 'host-network', 'netpol-coverage', 'run-as-non-root', 'credential-in-configmap', takeover].map((id) => ({
          name: id,
        })),
      },
    } as SecurityPolicy);
    await client.create<ScanSchedule>(RESOURCES.schedules, { metadata: { name }, spec: { onChange: { debounce: '1s' } } } as ScanSchedule);
    const evaluated = async (): Promise<true | undefined> => {
      const { metadata, status } = await client.get<SecurityPolicy>(RESOURCES.policies, { name });
      return status?.evaluatedGeneration === metadata.generation ? true : undefined;
    };
    await eventually('the policy is scanned once', evaluated, 90);
    await eventually('change watch started', follows);
  });

  after(async () => {
    await client.delete(RESOURCES.schedules, { name });
    await client.delete(RESOURCES.policies, { name });
    kubectl(['delete', 'namespace', namespace, '--wait=false']);
  });

  it('reports new and fixed violations, and updates the totals of the policy', async () => {
    apply(deployment('web', { hostPID: true }));
    await becomes('vigil-deployment-web', 'host-pid', true);
    apply(deployment('web', { hostPID: true, hostNetwork: true }));
    await becomes('vigil-deployment-web', 'host-network', true);
    await eventually('an Event about the object reports it', () => {
      const events = kubectl([
        '-n',
        namespace,
        'get',
        'events',
        '--field-selector',
        'involvedObject.name=web,reason=NewFindings',
        '-o',
        'jsonpath={.items[*].message}',
      ]);
      return events.includes('host-network (') && events.includes(`by SecurityPolicy ${name}`) ? true : undefined;
    });
    await eventually('the policy counts the failure', async () => {
      const { status } = await client.get<SecurityPolicy>(RESOURCES.policies, { name });
      return (status?.failing?.high ?? 0) > 0 && status?.conditions?.some((c) => c.type === 'Compliant' && c.status === 'False')
        ? true
        : undefined;
    });
    apply(deployment('web', {}));
    await becomes('vigil-deployment-web', 'host-pid', false);
  });

  it('evaluates the selected workloads when a NetworkPolicy is created and deleted', async () => {
    await becomes('vigil-deployment-web', 'netpol-coverage', true);
    const all = { podSelector: {}, policyTypes: ['Ingress', 'Egress'] };
    apply({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'all', namespace }, spec: all });
    await becomes('vigil-deployment-web', 'netpol-coverage', false);
    kubectl(['-n', namespace, 'delete', 'networkpolicy', 'all']);
    await becomes('vigil-deployment-web', 'netpol-coverage', true);
  });

  it('evaluates the workloads of another namespace to which a RoleBinding grants permissions', async () => {
    const binding = { name, namespace: 'kube-system' };
    apply({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: binding,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'ServiceAccount', name: 'default', namespace }],
    });
    await becomes('vigil-deployment-web', takeover, true);
    kubectl(['-n', binding.namespace, 'delete', 'rolebinding', name]);
    await becomes('vigil-deployment-web', takeover, false);
  });

  it('writes one report for a rollout, for any number of pods', async () => {
    await quiet();
    const before = reportWrites();
    apply(deployment('many', { hostNetwork: true }, 60));
    await becomes('vigil-deployment-many', 'host-network', true);
    await quiet();
    expect(reportWrites() - before).to.be.within(1, 2);
    expect((await reportsIn(namespace)).filter(({ scope }) => scope?.kind === 'Pod')).to.deep.equal([]);
  });

  it('restores a report that was edited or deleted', async () => {
    await quiet();
    const before = await reportOf('vigil-deployment-many');
    kubectl([
      '-n',
      namespace,
      'patch',
      'policyreport',
      'vigil-deployment-many',
      '--type=merge',
      '-p',
      '{"results":[],"summary":{"fail":0}}',
    ]);
    const restored = await eventually('the report is restored', async () => {
      const now = await reportOf('vigil-deployment-many');
      return (now?.results?.length ?? 0) > 0 ? now : undefined;
    });
    const verdicts = (report: PolicyReport | undefined): unknown => report?.results?.map(({ rule, result }) => [rule, result]);
    expect([restored.summary, verdicts(restored)]).to.deep.equal([before?.summary, verdicts(before)]);
    kubectl(['-n', namespace, 'delete', 'policyreport', 'vigil-deployment-many']);
    await becomes('vigil-deployment-many', 'host-network', true);
  });

  it('removes the results of an object that leaves the scope, and restores them when it comes back', async () => {
    const scoped = (label: string): object => ({
      ...deployment('web', { hostPID: true }),
      metadata: { name: 'web', namespace, labels: { team: label } },
    });
    const policy = await client.get<SecurityPolicy>(RESOURCES.policies, { name });
    const before = await eventually('the report exists', () => reportOf('vigil-deployment-many'));
    kubectl(['patch', 'secpol', name, '--type=merge', '-p', '{"spec":{"scope":{"objectSelector":{"matchLabels":{"team":"a"}}}}}']);
    await eventually('the new generation is scanned', async () => {
      const { metadata, status } = await client.get<SecurityPolicy>(RESOURCES.policies, { name });
      return metadata.generation !== policy.metadata.generation && status?.evaluatedGeneration === metadata.generation ? true : undefined;
    });
    await eventually('nothing is in scope', async () => ((await reportsIn(namespace)).length === 0 ? true : undefined));
    // A copy of everything that Vigil wrote, about an object that no policy evaluates.
    const { uid: _uid, resourceVersion: _version, creationTimestamp: _created, managedFields: _fields, ...metadata } = before.metadata;
    kubectl(['create', '-f', '-'], JSON.stringify({ apiVersion: 'wgpolicyk8s.io/v1alpha2', kind: 'PolicyReport', ...before, metadata }));
    await eventually('the forged report is deleted', async () => ((await reportsIn(namespace)).length === 0 ? true : undefined));
    apply(scoped('a'));
    await becomes('vigil-deployment-web', 'host-pid', true);
    apply(scoped('b'));
    await eventually('the report is deleted', async () => ((await reportOf('vigil-deployment-web')) === undefined ? true : undefined));
    kubectl(['patch', 'secpol', name, '--type=json', '-p', '[{"op":"remove","path":"/spec/scope/objectSelector"}]']);
    await becomes('vigil-deployment-web', 'host-pid', true);
  });

  it('creates one Scan for a large burst of changes', async () => {
    const policy = await client.get<SecurityPolicy>(RESOURCES.policies, { name });
    await eventually('the status of the policy stays the same', async () => {
      const { metadata, status } = await client.get<SecurityPolicy>(RESOURCES.policies, { name });
      return status?.evaluatedGeneration === metadata.generation && metadata.generation === policy.metadata.generation ? true : undefined;
    });
    const maps = Array.from({ length: 60 }, (_, at) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: `m-${at}`, namespace },
      data: { password: 'hunter2hunter2' },
    }));
    await Promise.all(maps.map((map) => client.create(RESOURCES.configMaps, map)));
    const byChange = await eventually('a Scan is created', async () => {
      const all = await listAll<Scan>(client, RESOURCES.scans, { labelSelector: 'vigil.dev/trigger=change' });
      const scans = all.filter(({ spec }) => spec.policies?.includes(name));
      return scans.length > 0 ? scans : undefined;
    });
    expect(byChange.map(({ spec }) => spec.namespaces?.include)).to.deep.equal([[namespace]]);
    await eventually(
      'every ConfigMap has its report',
      async () => {
        const reports = (await reportsIn(namespace)).filter(({ scope }) => scope?.kind === 'ConfigMap');
        return reports.length >= 60 ? true : undefined;
      },
      90,
    );
  });

  it('evaluates changes during the scan of a policy or of its new generation', async () => {
    const late = uniqueName('late');
    const scope = { namespaces: { include: [late] } };
    apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: late } });
    const evaluated = async (): Promise<boolean> => {
      const { metadata, status } = await client.get<SecurityPolicy>(RESOURCES.policies, { name: late });
      return status?.evaluatedGeneration === metadata.generation;
    };
    const made: string[] = [];
    const make = async (): Promise<void> => {
      const data = { password: 'a-literal-of-tests' };
      await client.create(RESOURCES.configMaps, { metadata: { name: `settings-${made.length}`, namespace: late }, data } as KubeObject);
      made.push(`vigil-configmap-settings-${made.length}`);
    };
    let left: readonly string[] = made;
    const allReported = async (): Promise<true | undefined> => {
      const there = (await reportsIn(late)).filter(({ summary }) => (summary?.fail ?? 0) > 0).map(({ metadata }) => metadata.name);
      left = made.filter((report) => !there.includes(report));
      return left.length === 0 ? true : undefined;
    };
    for (const controls of [['credential-in-configmap'], ['credential-in-configmap', 'host-pid']]) {
      const spec = { scope, controls: controls.map((control) => ({ name: control })) };
      apply({ apiVersion: 'vigil.dev/v1alpha1', kind: 'SecurityPolicy', metadata: { name: late }, spec });
      const before = made.length;
      for (const end = Date.now() + 60_000; Date.now() < end && !(await evaluated());) {
        await make();
        await sleep(250);
      }
      expect(made.length - before).to.be.within(3, 35);
      await eventually('', allReported, 20).catch(() => undefined);
      expect(left, `without a report, of ${made.length}`).to.deep.equal([]);
    }
    await client.delete(RESOURCES.policies, { name: late });
    kubectl(['delete', 'namespace', late, '--wait=false']);
  });

  it('resumes its watches after an API server restart, and reports the outage', async () => {
    await restartPart('kube-apiserver');
    // The watches end at different times, and each of them reports it.
    await sleep(10_000);
    await eventually('all kinds are watched', follows);
    apply(deployment('after', { hostPID: true }, 0));
    await becomes('vigil-deployment-after', 'host-pid', true);
    expect(await follows()).to.equal(true);
  });

  it('reports a missing watch permission, with the verb and the resource', async () => {
    const group = `${uniqueName('g')}.example.com`;
    const names = { kind: 'Widget', listKind: 'WidgetList', plural: 'widgets', singular: 'widget' };
    const version = {
      name: 'v1',
      served: true,
      storage: true,
      schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
    };
    const definition = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: `widgets.${group}` } };
    apply({ ...definition, spec: { group, scope: 'Namespaced', names, versions: [version] } });
    kubectl(['wait', '--for=condition=Established', '--timeout=30s', `crd/widgets.${group}`]);
    const matchConstraints = {
      resourceRules: [{ apiGroups: [group], apiVersions: ['*'], operations: ['CREATE'], resources: ['widgets'] }],
    };
    const rules = [{ name: 'named', matchConstraints, validations: [{ expression: 'has(object.metadata.name)' }] }];
    kubectl(['patch', 'secpol', name, '--type=merge', '-p', JSON.stringify({ spec: { rules } })]);
    const condition = await eventually('the ScanSchedule reports it', async () => {
      const { status } = await client.get<ScanSchedule>(RESOURCES.schedules, { name });
      return status?.conditions?.find(({ type, status: holds }) => type === 'Watching' && holds === 'False');
    });
    expect(condition.message).to.include(`cannot list and watch widgets in API group ${group}`).and.to.include('vigil.dev/aggregate-to');
    const verbs = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole' };
    const labels = { 'vigil.dev/aggregate-to-scan': 'true', 'vigil.dev/aggregate-to-watch': 'true' };
    apply({
      ...verbs,
      metadata: { name: group, labels },
      rules: [{ apiGroups: [group], resources: ['widgets'], verbs: ['list', 'watch'] }],
    });
    await eventually('the operator watches them', follows);
    kubectl(['delete', 'clusterrole', group]);
    kubectl(['delete', 'crd', `widgets.${group}`, '--wait=false']);
  });
});
