import { expect } from 'chai';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run as runScan } from '../../operator/cli/scan.ts';
import { run as runTest } from '../../operator/cli/test.ts';
import type { ScanResult } from '../../operator/output/scan-result.ts';
import { Folder, runCommand } from './command-fixture.ts';

const pod =
  '{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: shop}, spec: {hostIPC: true, containers: [{name: a, image: "a:1"}]}}';

interface Scanned {
  readonly code: number;
  readonly error: string;
  readonly results: readonly string[];
  readonly errors: readonly string[];
}

describe('files of vigil scan', () => {
  const folder = new Folder();
  let count = 0;
  after(() => {
    folder.remove();
  });

  /** Writes files to a new folder. Returns its path. */
  function files(texts: Readonly<Record<string, string>>): string {
    const home = `case-${(count += 1)}`;
    for (const [name, text] of Object.entries(texts)) {
      mkdirSync(dirname(join(folder.path, home, name)), { recursive: true });
      folder.file(`${home}/${name}`, text);
    }
    return join(folder.path, home);
  }

  async function scan(paths: readonly string[], ...flags: readonly string[]): Promise<Scanned> {
    const { code, out, error } = await runCommand(runScan, [...paths, '-o', 'json', ...flags]);
    const { results, errors } = JSON.parse(out) as ScanResult;
    const names = results.map(
      ({ verdict, check, resource: { kind, namespace, name } }) => `${verdict} ${check} ${kind} ${namespace ?? ''}/${name}`,
    );
    return { code, error, results: names, errors: errors.map(({ source, message }) => `${source.line ?? 0}: ${message}`) };
  }

  const failure = 'fail host-ipc Pod shop/a';

  describe('YAML in a folder that is no manifest', () => {
    const rows: readonly [title: string, text: string][] = [
      ['the values of a chart', 'image: {tag: "4"}\nreplicas: 2\n'],
      ['values with a kind', 'kind: DaemonSet\nreplicas: 2\n'],
      ['the description of a chart', 'apiVersion: v2\nname: till\nversion: 1.0.0\n'],
      ['the description of an old chart', 'apiVersion: v1\nname: till\nversion: 1.0.0\n'],
      ['a JSON patch', '- {op: add, path: /spec/hostIPC, value: true}\n'],
      ['text', 'just words\n'],
      ['comments', '# nothing\n---\n# to see\n'],
      ['a kustomization', 'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [pod.yaml]\n'],
      ['a configuration of the scheduler', 'apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n'],
      [
        'a configuration of the kubelet that the checks are not about',
        'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n',
      ],
      ['a kubeconfig', 'apiVersion: v1\nkind: Config\nclusters: []\n'],
    ];
    for (const [title, text] of rows)
      it(`passes over ${title}`, async () => {
        const { code, results, errors } = await scan([files({ 'pod.yaml': pod, 'other.yaml': text })], '--control', 'host-ipc');
        expect({ code, results, errors }).to.deep.equal({ code: 1, results: [failure], errors: [] });
      });

    it('evaluates configurations of the kubelet under the names of their files', async () => {
      const kubelet = 'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nreadOnlyPort: 1\n';
      const home = files({ 'a.yaml': kubelet, 'sub/a.yaml': kubelet, 'b.yml': kubelet.replace('Port: 1', 'Port: 0') });
      const { results, errors, error } = await scan([home], '--control', 'kubelet-read-only-port');
      const failed = 'fail kubelet-read-only-port KubeletConfiguration /a';
      expect({ results, errors, error }).to.deep.equal({ results: [failed, failed], errors: [], error: '' });
    });

    it('evaluates a configuration of the kubelet on standard input as stdin', async () => {
      const text = 'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nreadOnlyPort: 1\n';
      const { out } = await runCommand(runScan, ['-', '--control', 'kubelet-read-only-port', '-o', 'json'], text);
      expect((JSON.parse(out) as { results: { resource: { name: string } }[] }).results[0]?.resource.name).to.equal('stdin');
    });

    for (const format of ['table', 'json', 'sarif', 'junit'])
      it(`prints no keys of an EncryptionConfiguration as ${format}`, async () => {
        const keys = 'aescbc: {keys: [{name: key1, secret: S0VZTUFURVJJQUw=}]}';
        const encryption = (providers: string, resources = '[secrets]'): string =>
          `apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources: [{resources: ${resources}, providers: ${providers}}]\n`;
        const home = files({
          'failed.yaml': encryption(`[{identity: {}}, {${keys}}]`),
          'error.yaml': encryption(`[{${keys}, identity: {}}]`),
          'broken.yaml': encryption(`[{${keys}`),
        });
        const { out, error } = await runCommand(runScan, ['--control', 'encryption-of-secrets', '-o', format, home]);
        expect(out).to.include('encryption-of-secrets');
        expect(out + error).not.to.include('S0VZTUFURVJJQUw');
      });

    it('names it in a warning', async () => {
      const home = files({ 'pod.yaml': pod, 'values.yaml': 'a: 1\n', 'z.yaml': 'b: 1\n' });
      expect((await scan([home], '--control', 'host-ipc')).error).to.match(
        /passed over, because they hold no Kubernetes object: .*values\.yaml and 1 more/,
      );
    });

    it('names configurations that no control is about', async () => {
      const text =
        'apiVersion: kubeadm.k8s.io/v1beta4\nkind: ResetConfiguration\n---\napiVersion: apiserver.config.k8s.io/v1\nkind: AuthorizationConfiguration\n';
      const { code, error } = await scan([files({ 'pod.yaml': pod, 'kubeadm.yaml': text })], '--control', 'host-ipc');
      expect(code).to.equal(1);
      expect(error).to.match(/passed over, because no control is about its kind: ResetConfiguration \(.*kubeadm\.yaml:1\) and 1 more/);
    });

    it('says nothing of a kustomization with a version', async () => {
      const text = 'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n';
      expect((await scan([files({ 'pod.yaml': pod, 'kustomization.yaml': text })], '--control', 'host-ipc')).error).to.equal('');
    });

    const broken: readonly [title: string, text: string, message: RegExp][] = [
      ['an object without a kind', 'apiVersion: v1\nmetadata: {name: a}\n', /no kind/],
      ['an object without a version', 'kind: Pod\nmetadata: {name: a}\n', /no apiVersion/],
      ['an object without both', 'metadata: {name: a}\nspec: {}\n', /no apiVersion/],
      ['a list of objects', '- {apiVersion: v1, kind: Pod, metadata: {name: a}}\n', /expected an object, found a list/],
      ['a template of a chart', 'apiVersion: v1\nkind: Pod\nmetadata: {{ include "x" . }}\n', /./],
    ];
    for (const [title, text, message] of broken)
      it(`reports ${title}`, async () => {
        const { code, errors } = await scan([files({ 'pod.yaml': pod, 'other.yaml': text })], '--control', 'host-ipc');
        expect(code).to.equal(2);
        expect(errors).to.have.length(1);
        expect(errors[0]).to.match(message);
      });
  });

  it('reports YAML that is no manifest if the file is named', async () => {
    const home = files({ 'pod.yaml': pod, 'values.yaml': 'a: 1\n' });
    const { code, errors } = await scan([join(home, 'pod.yaml'), join(home, 'values.yaml')], '--control', 'host-ipc');
    expect({ code, errors }).to.deep.equal({ code: 2, errors: ['1: the object has no apiVersion'] });
  });

  it('reports files of comments only if there is nothing else', async () => {
    const home = files({ 'pod.yaml': pod, 'empty.yaml': '# nothing\n' });
    expect((await scan([join(home, 'empty.yaml'), join(home, 'pod.yaml')], '--control', 'host-ipc')).errors).to.deep.equal([]);
    const alone = await scan([join(home, 'empty.yaml')], '--control', 'host-ipc');
    expect({ code: alone.code, errors: alone.errors }).to.deep.equal({ code: 2, errors: ['0: no manifest found'] });
  });

  it('reads a named custom resource with items as an object, and lists as lists', async () => {
    const text = [
      '{apiVersion: media.example.org/v1, kind: WatchList, metadata: {name: films, namespace: shop}, items: [alien]}',
      `{apiVersion: v1, kind: List, metadata: {name: all}, items: [${pod}]}`,
      `{apiVersion: v1, kind: PodList, metadata: {resourceVersion: ""}, items: [{metadata: {name: b, namespace: shop}, spec: {hostIPC: true}}]}`,
    ].join('\n---\n');
    const { results, errors } = await scan([files({ 'all.yaml': text })], '--control', 'host-ipc,default-namespace', '--passing');
    expect(errors).to.deep.equal([]);
    expect(results).to.include.members(['pass default-namespace WatchList shop/films', failure, 'fail host-ipc Pod shop/b']);
  });

  describe('kinds that Kubernetes does not have', () => {
    const workload = (apiVersion: string, kind: string): string =>
      `metadata: {name: a, namespace: shop}\napiVersion: ${apiVersion}\nkind: ${kind}\nspec: {template: {spec: {hostIPC: true, containers: [{name: a}]}}}\n`;
    const rows: readonly [apiVersion: string, kind: string, judged: boolean, message: RegExp][] = [
      ['v1', 'Deployment', false, /^2: Kubernetes has no kind Deployment in the core API \(v1\): Deployment is in apps\/v1$/],
      ['apps/v1', 'Statefulset', false, /StatefulSet is in apps\/v1/],
      ['Apps/v1', 'Deployment', false, /Deployment is in apps\/v1/],
      ['extensions/v1beta1', 'Deployment', true, /Kubernetes 1\.16 removed Deployment from extensions\/v1beta1: use apps\/v1/],
    ];
    for (const [apiVersion, kind, judged, message] of rows)
      it(`${kind} in ${apiVersion}`, async () => {
        const { code, results, errors } = await scan([files({ 'a.yaml': workload(apiVersion, kind) })], '--control', 'host-ipc');
        expect(code).to.equal(2);
        expect(errors).to.have.length(1);
        expect(errors[0]).to.match(message);
        expect(results).to.deep.equal(judged ? [`fail host-ipc ${kind} shop/a`] : []);
      });

    it('depends on the version of Kubernetes', async () => {
      const home = files({ 'a.yaml': '{apiVersion: batch/v1beta1, kind: CronJob, metadata: {name: a, namespace: shop}, spec: {}}' });
      expect((await scan([home], '--control', 'default-namespace', '--kubernetes-version', '1.24')).errors).to.deep.equal([]);
      expect((await scan([home], '--control', 'default-namespace', '--kubernetes-version', '1.25')).errors).to.have.length(1);
    });

    it('accepts a kind that a CustomResourceDefinition among the files defines', async () => {
      const definition =
        '{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: jobs.app}, spec: {group: app, names: {kind: Job, plural: jobs}, scope: Namespaced, versions: [{name: v1}]}}';
      const home = files({ 'a.yaml': `${definition}\n---\n{apiVersion: app/v1, kind: Job, metadata: {name: a, namespace: shop}}` });
      expect((await scan([home], '--control', 'default-namespace')).errors).to.deep.equal([]);
    });
  });

  describe('objects that name no namespace', () => {
    const service = (name: string, more = ''): string => `{apiVersion: v1, kind: Service, metadata: {name: ${name}${more}}}`;
    const custom = (kind: string, more = ''): string => `{apiVersion: example.org/v1, kind: ${kind}, metadata: {name: a${more}}}`;
    const rows: readonly [title: string, objects: readonly string[], results: readonly string[]][] = [
      ['one', [service('a')], ['fail default-namespace Service default/a']],
      ['several have one finding', [service('c'), service('b'), service('d')], ['fail default-namespace Service default/b']],
      [
        'those that write it have one each',
        [service('c', ', namespace: default'), service('b', ', namespace: default')],
        ['fail default-namespace Service default/c', 'fail default-namespace Service default/b'],
      ],
      ['a custom kind', [custom('NodePool')], []],
      ['a custom kind that writes it', [custom('Certificate', ', namespace: default')], ['fail default-namespace Certificate default/a']],
      ['a configuration of a program', ['{apiVersion: audit.k8s.io/v1, kind: Policy, metadata: {name: a}}'], []],
      ['a kind without namespaces', ['{apiVersion: v1, kind: Node, metadata: {name: a}}'], []],
    ];
    for (const [title, objects, expected] of rows)
      it(title, async () => {
        const { results } = await scan([files({ 'a.yaml': objects.join('\n---\n') })], '--control', 'default-namespace');
        expect(results).to.deep.equal(expected);
      });
  });

  describe('custom kinds with pods', () => {
    const privileged = '{spec: {containers: [{name: a, image: "a:1", securityContext: {privileged: true}}]}}';
    const plain = '{metadata: {labels: {app: a}}, spec: {containers: [{name: a, image: "a:1"}]}}';
    const custom = (apiVersion: string, kind: string, spec: string): string =>
      `{apiVersion: ${apiVersion}, kind: ${kind}, metadata: {name: a, namespace: shop}, spec: ${spec}}`;

    async function findings(
      text: string,
      control: string,
    ): Promise<{ readonly found: readonly unknown[]; readonly customWorkloads: unknown }> {
      const { out } = await runCommand(runScan, [files({ 'a.yaml': text }), '--control', control, '--passing', '-o', 'json']);
      const { results, customWorkloads } = JSON.parse(out) as ScanResult;
      return {
        found: results.map(({ verdict, path, paths }) => [verdict, ...(paths ?? (path === undefined ? [] : [path]))]),
        customWorkloads,
      };
    }

    const at = (template: string): string => `${template}.spec.containers[0].securityContext.privileged`;
    const rows: readonly [title: string, text: string, found: readonly unknown[]][] = [
      ['a Rollout', custom('argoproj.io/v1alpha1', 'Rollout', `{template: ${privileged}}`), [['fail', at('spec.template')]]],
      ['a Rollout that is well', custom('argoproj.io/v1alpha1', 'Rollout', `{template: ${plain}}`), [['pass']]],
      [
        'a Rollout of another workload',
        custom('argoproj.io/v1alpha1', 'Rollout', '{workloadRef: {kind: Deployment, name: b}}'),
        [['skip']],
      ],
      [
        'a broken Rollout',
        custom('argoproj.io/v1alpha1', 'Rollout', '{template: {spec: {containers: 6}}}'),
        [['error', 'spec.template.spec.containers']],
      ],
      [
        'two templates',
        custom(
          'ray.io/v1',
          'RayCluster',
          `{headGroupSpec: {template: ${privileged}}, workerGroupSpecs: [{template: ${plain}}, {template: ${privileged}}]}`,
        ),
        [['fail', at('spec.headGroupSpec.template'), at('spec.workerGroupSpecs[1].template')]],
      ],
      [
        'two templates that are well',
        custom('ray.io/v1', 'RayCluster', `{headGroupSpec: {template: ${plain}}, workerGroupSpecs: [{template: ${plain}}]}`),
        [['pass']],
      ],
      [
        'any kind',
        custom('robots.example.org/v1', 'Robot', `{arms: [{template: ${privileged}}]}`),
        [['fail', at('spec.arms[0].template')]],
      ],
      ['a template of something else', custom('robots.example.org/v1', 'Box', '{template: {spec: {containers: 6}}}'), []],
    ];
    for (const [title, text, found] of rows)
      it(title, async () => {
        expect((await findings(text, 'privileged-container')).found).to.deep.equal(found);
      });

    it('have probes only if they run on', async () => {
      const job = custom('jobset.x-k8s.io/v1alpha2', 'JobSet', `{replicatedJobs: [{template: {spec: {template: ${plain}}}}]}`);
      const own = custom(
        'robots.example.org/v1',
        'Errand',
        '{template: {spec: {restartPolicy: Never, containers: [{name: a, image: b}]}}}',
      );
      const rollout = custom('argoproj.io/v1alpha1', 'Rollout', `{template: ${plain}}`);
      expect((await findings([job, own, rollout].join('\n---\n'), 'liveness-probe')).found).to.deep.equal([
        ['fail', 'spec.template.spec.containers[0].livenessProbe'],
      ]);
    });

    it('are selected by Services', async () => {
      const service = '{apiVersion: v1, kind: Service, metadata: {name: a, namespace: shop}, spec: {selector: {app: a}}}';
      for (const kind of [
        custom('argoproj.io/v1alpha1', 'Rollout', `{template: ${plain}}`),
        custom('robots.example.org/v1', 'Robot', `{template: ${plain}}`),
      ])
        expect((await findings(`${service}\n---\n${kind}`, 'service-dangling-selector')).found).to.deep.equal([['pass']]);
    });

    it('are subjects of rules about pod templates, and no more', async () => {
      const rule = (podTemplates: boolean): string =>
        `{apiVersion: vigil.dev/v1alpha1, kind: SecurityPolicy, metadata: {name: own}, spec: {rules: [{name: own, podTemplates: ${podTemplates}, matchConstraints: {resourceRules: [{apiGroups: ["*"], apiVersions: ["*"], operations: [CREATE], resources: ["*"]}]}, validations: [{expression: "object.kind == 'Pod'"}]}]}}`;
      const verdictsOf = async (podTemplates: boolean): Promise<readonly string[]> => {
        const home = files({
          'a.yaml': custom('robots.example.org/v1', 'Robot', `{template: ${plain}}`),
          'policy/own.yaml': rule(podTemplates),
        });
        return (await scan([join(home, 'a.yaml')], '--policy', join(home, 'policy/own.yaml'), '--passing')).results;
      };
      expect(await verdictsOf(true)).to.deep.equal(['pass own Robot shop/a']);
      expect(await verdictsOf(false)).to.deep.equal(['fail own Robot shop/a']);
    });

    it('are listed with whether they were evaluated', async () => {
      const kinds = [
        custom('kafka.strimzi.io/v1', 'Kafka', '{}'),
        custom('argoproj.io/v1alpha1', 'Rollout', `{template: ${plain}}`),
        custom('cert-manager.io/v1', 'Certificate', '{}'),
      ];
      expect((await findings(kinds.join('\n---\n'), 'host-ipc')).customWorkloads).to.deep.equal([
        { kind: 'Kafka.kafka.strimzi.io', objects: 1, evaluated: false, reason: 'Strimzi makes pods of which the object has only a part' },
        { kind: 'Rollout.argoproj.io', objects: 1, evaluated: true },
      ]);
      const { out } = await runCommand(runScan, [files({ 'a.yaml': kinds.join('\n---\n') }), '--control', 'host-ipc']);
      expect(out).to.match(
        /custom kinds with pods: Kafka\.kafka\.strimzi\.io \(1 not evaluated: .*\), Rollout\.argoproj\.io \(1 evaluated\)/,
      );
    });

    it('are listed if their containers are in no template', async () => {
      const containers = '[{name: a, image: "a:1"}]';
      const loose = { kind: 'Robot.example.org', objects: 1, evaluated: false, reason: 'its containers are not in a pod template' };
      const specs: readonly (readonly [spec: string, listed: unknown])[] = [
        [`{containers: ${containers}}`, [loose]],
        [`{pod: {containers: ${containers}}}`, [loose]],
        ['{policy: {containers: [{name: a}]}}', undefined],
        [`{match: {containers: ${containers}}}`, undefined],
      ];
      for (const [spec, listed] of specs)
        expect((await findings(custom('example.org/v1', 'Robot', spec), 'host-ipc')).customWorkloads, spec).to.deep.equal(listed);
      const policy = custom('kyverno.io/v1', 'Policy', `{rule: {containers: ${containers}}}`);
      expect((await findings(policy, 'host-ipc')).customWorkloads).to.equal(undefined);
    });
  });

  describe('labels that controllers add', () => {
    const set =
      '{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db, namespace: shop}, spec: {replicas: 2, template: {metadata: {labels: {app: db}}, spec: {containers: [{name: a}]}}}}';
    const late = set.replace('replicas: 2', 'replicas: 2, ordinals: {start: 5}');
    const job =
      '{apiVersion: batch/v1, kind: Job, metadata: {name: load, namespace: shop}, spec: {template: {metadata: {labels: {app: load}}, spec: {restartPolicy: Never, containers: [{name: a}]}}}}';
    const rows: readonly [workload: string, selector: string, verdict: 'pass' | 'fail'][] = [
      [set, 'app: db, statefulset.kubernetes.io/pod-name: db-0', 'pass'],
      [set, 'statefulset.kubernetes.io/pod-name: db-1', 'pass'],
      [set, 'statefulset.kubernetes.io/pod-name: db-2', 'fail'],
      [set, 'statefulset.kubernetes.io/pod-name: web-0', 'fail'],
      [set, 'statefulset.kubernetes.io/pod-name: db-00', 'fail'],
      [set, 'app: db, apps.kubernetes.io/pod-index: "1"', 'pass'],
      [set, 'app: gone, apps.kubernetes.io/pod-index: "1"', 'fail'],
      [set, 'app: db, apps.kubernetes.io/pod-index: "2"', 'fail'],
      [late, 'apps.kubernetes.io/pod-index: "6"', 'pass'],
      [late, 'apps.kubernetes.io/pod-index: "1"', 'fail'],
      [job, 'batch.kubernetes.io/job-name: load', 'pass'],
      [job, 'job-name: load', 'pass'],
      [job, 'batch.kubernetes.io/job-name: other', 'fail'],
      [job, 'statefulset.kubernetes.io/pod-name: load-0', 'fail'],
    ];
    for (const [workload, selector, verdict] of rows)
      it(`${verdict}: ${selector}`, async () => {
        const service = `{apiVersion: v1, kind: Service, metadata: {name: a, namespace: shop}, spec: {selector: {${selector}}}}`;
        const { results } = await scan(
          [files({ 'a.yaml': `${workload}\n---\n${service}` })],
          '--control',
          'service-dangling-selector',
          '--passing',
        );
        expect(results).to.deep.equal([`${verdict} service-dangling-selector Service shop/a`]);
      });
  });

  describe('what was not evaluated', () => {
    const policy = (spec: string): string => `{apiVersion: vigil.dev/v1alpha1, kind: SecurityPolicy, metadata: {name: own}, spec: ${spec}}`;
    const rows: readonly [title: string, spec: string, message: RegExp | undefined][] = [
      [
        'a scope that leaves all out',
        '{scope: {namespaces: {exclude: [shop]}}, controls: [{name: host-ipc}]}',
        /SecurityPolicy\/own: nothing was evaluated: its scope leaves out the only object that its checks are about: Pod \(.*pod\.yaml:1\)/,
      ],
      [
        'checks of other kinds',
        '{controls: [{name: service-dangling-selector}]}',
        /SecurityPolicy\/own: nothing was evaluated: none of its checks applies to Pod \(.*pod\.yaml:1\)/,
      ],
      ['a scope that takes some', '{controls: [{name: host-ipc}]}', undefined],
    ];
    for (const [title, spec, message] of rows)
      it(title, async () => {
        const home = files({ 'pod.yaml': pod, 'policy/own.yaml': policy(spec) });
        const { error } = await scan([join(home, 'pod.yaml')], '--policy', join(home, 'policy/own.yaml'));
        if (message === undefined) expect(error).to.equal('');
        else expect(error).to.match(message);
      });

    it('names objects that are there twice', async () => {
      const { error, results } = await scan([files({ 'a.yaml': pod, 'b.yaml': `# again\n${pod}` })], '--control', 'host-ipc');
      expect(error).to.match(/Pod shop\/a is 2 times in the files \(.*a\.yaml:1, .*b\.yaml:2\)/);
      expect(results).to.deep.equal([failure, failure]);
    });

    it('counts objects that are there twice, after the first five', async () => {
      const many = (count: number): string =>
        Array.from({ length: count }, (_, index) => pod.replace('name: a', `name: p${index}`)).join('\n---\n');
      for (const [count, more] of [
        [5, undefined],
        [6, '1 more object is several times'],
        [8, '3 more objects are several times'],
      ] as const) {
        const { error } = await scan([files({ 'a.yaml': many(count), 'b.yaml': many(count) })], '--control', 'host-ipc');
        expect(error.match(/is 2 times in the files/g)).to.have.length(5);
        if (more === undefined) expect(error).not.to.include('several times');
        else expect(error).to.include(more);
      }
    });

    it('ends a test run of no case with 2', async () => {
      const home = files({
        'a.yaml': `{apiVersion: vigil.dev/v1alpha1, kind: PolicyTest, metadata: {name: a}, cases: [{name: it fails, policy: {controls: [{name: host-ipc}]}, objects: [${pod}], expect: fail}]}`,
      });
      const codes = await Promise.all(['other', 'fails'].map((pattern) => runCommand(runTest, [join(home, 'a.yaml'), '--run', pattern])));
      expect(codes.map(({ code, error }) => `${code} ${error}`)).to.deep.equal([
        "2 vigil test: --run: no test case has a name that matches 'other'\n",
        '0 ',
      ]);
    });
  });
});
