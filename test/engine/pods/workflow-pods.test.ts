import { expect } from 'chai';
import { parse } from 'yaml';
import { subjectsOf } from '../../../operator/engine/controls/subject.ts';
import { workloadRoleOf } from '../../../operator/engine/objects/workload-kind.ts';
import { syntheticPods } from '../../../operator/engine/pods/synthetic-pod.ts';

const workflow = (spec: string, kind = 'Workflow'): Record<string, unknown> =>
  parse(`{apiVersion: argoproj.io/v1alpha1, kind: ${kind}, metadata: {name: a, namespace: shop}, spec: ${spec}}`) as Record<
    string,
    unknown
  >;

const build = `
serviceAccountName: builder
securityContext: {runAsNonRoot: true}
hostNetwork: true
volumes: [{name: shared, hostPath: {path: /}}]
podMetadata: {labels: {team: ci}}
templates:
- name: all
  dag: {tasks: [{name: one, template: build}]}
- name: build
  metadata: {labels: {app: build}}
  securityContext: {runAsUser: 0}
  volumes: [{name: own, emptyDir: {}}]
  initContainers: [{name: fetch, image: "git:1"}]
  container: {image: "make:1"}
  sidecars: [{name: side, image: "side:1"}]
- name: say
  serviceAccountName: speaker
  script: {image: "python:3", source: print(1)}
- name: set
  containerSet: {containers: [{name: a, image: "a:1"}, {name: main, image: "b:1"}]}
`.replace(/\n(?=.)/g, '\n  ');

describe('the pods of a workflow', () => {
  const object = parse(`apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: a, namespace: shop}\nspec:${build}`) as Record<
    string,
    unknown
  >;
  const specs = syntheticPods(object).map(({ pod }) => pod?.spec ?? {});
  const names = (list: unknown): unknown[] => ((list as { name: string }[] | undefined) ?? []).map(({ name }) => name);

  it('are those of its templates with containers', () => {
    expect(specs.map(({ containers }) => names(containers))).to.deep.equal([['main', 'side'], ['main'], ['a', 'main']]);
    expect(specs.map(({ volumes }) => names(volumes))).to.deep.equal([['shared', 'own'], ['shared'], ['shared']]);
    expect(workloadRoleOf(object)).to.equal('finite');
  });

  it('have what the workflow sets, unless the template sets it', () => {
    expect(specs.map(({ serviceAccountName }) => serviceAccountName)).to.deep.equal(['builder', 'speaker', 'builder']);
    expect(specs.map(({ securityContext }) => securityContext)).to.deep.equal([
      { runAsUser: 0 },
      { runAsNonRoot: true },
      { runAsNonRoot: true },
    ]);
    expect(syntheticPods(object)[0]?.pod?.metadata).to.deep.equal({ labels: { team: 'ci', app: 'build' }, name: 'a', namespace: 'shop' });
  });

  it('have the paths of the object', () => {
    const [first, second, third] = subjectsOf(object);
    const rows: readonly [path: string, expected: string][] = [
      ['spec.containers[0].image', 'spec.templates[1].container.image'],
      ['spec.containers[1].image', 'spec.templates[1].sidecars[0].image'],
      ['spec.initContainers[0].image', 'spec.templates[1].initContainers[0].image'],
      ['spec.volumes[0].hostPath', 'spec.volumes[0].hostPath'],
      ['spec.volumes[1].emptyDir', 'spec.templates[1].volumes[0].emptyDir'],
      ['spec.securityContext.runAsUser', 'spec.templates[1].securityContext.runAsUser'],
      ['spec.hostNetwork', 'spec.hostNetwork'],
      ['spec.hostPID', 'spec.templates[1].hostPID'],
      ["metadata.labels['app']", "spec.templates[1].metadata.labels['app']"],
      ['metadata.namespace', 'metadata.namespace'],
    ];
    expect(rows.map(([path]) => first?.path(path))).to.deep.equal(rows.map(([, expected]) => expected));
    expect(second?.path('spec.containers[0].image')).to.equal('spec.templates[2].script.image');
    expect(third?.path('spec.containers[1].image')).to.equal('spec.templates[3].containerSet.containers[1].image');
  });

  it('are below spec.workflowSpec in a CronWorkflow', () => {
    const cron = workflow('{workflowSpec: {serviceAccountName: b, templates: [{name: a, container: {image: "a:1"}}]}}', 'CronWorkflow');
    const [subject] = subjectsOf(cron);
    expect(subject?.path('spec.containers[0].image')).to.equal('spec.workflowSpec.templates[0].container.image');
    expect(subject?.path('spec.serviceAccountName')).to.equal('spec.workflowSpec.serviceAccountName');
  });

  it('are also those of templates inside of steps and tasks', () => {
    const inline = 'inline: {container: {image: "a:1"}}';
    const steps = `{templates: [{name: a, steps: [[{name: b, template: c}, {name: d, ${inline}}]]}]}`;
    const tasks = `{templates: [{name: a, dag: {tasks: [{name: b, ${inline}}]}}]}`;
    const images = (spec: string): (string | undefined)[] =>
      subjectsOf(workflow(spec)).map((subject) => subject.skip ?? subject.path('spec.containers[0].image'));
    expect(images(steps)).to.deep.equal(['spec.templates[0].steps[0][1].inline.container.image']);
    expect(images(tasks)).to.deep.equal(['spec.templates[0].dag.tasks[0].inline.container.image']);
  });

  it('are those of another template if it refers to one', () => {
    const skips = (spec: string): (string | undefined)[] => subjectsOf(workflow(spec)).map(({ skip }) => skip);
    expect(skips('{workflowTemplateRef: {name: x}}')).to.deep.equal([
      'its pods are those of WorkflowTemplate x, which are evaluated with that',
    ]);
    expect(skips('{templates: [{name: a, steps: []}]}')).to.deep.equal([
      'its pods are those of other templates, which are evaluated with that',
    ]);
  });

  it('are an error with the path if a template is broken', () => {
    const faults = (spec: string): (string | undefined)[] => subjectsOf(workflow(spec)).map(({ fault }) => fault?.path);
    expect(faults('{templates: {a: b}}')).to.deep.equal(['spec.templates']);
    expect(faults('{templates: [{name: a, container: "make:1"}]}')).to.deep.equal(['spec.templates[0].container']);
    expect(faults('{templates: [a]}')).to.deep.equal(['spec.templates[0]']);
    expect(faults('{templates: [{name: a, dag: {tasks: [{inline: b}]}}]}')).to.deep.equal(['spec.templates[0].dag.tasks[0].inline']);
  });

  const patched = (patch: string): unknown =>
    syntheticPods(workflow(`{podSpecPatch: ${JSON.stringify(patch)}, templates: [{name: a, container: {image: "a:1"}}]}`))[0];
  const texts: readonly (readonly [title: string, patch: string])[] = [
    ['braces that are never closed', '{'.repeat(200_000)],
    ['spaces that no line ends', `{${' '.repeat(200_000)}a`],
  ]; // prettier-ignore
  for (const [title, patch] of texts)
    it(`is not known in full with a patch of ${title}`, () => {
      expect(patched(patch)).to.have.nested.property('incomplete.reason').that.includes('spec.podSpecPatch cannot be read');
    }).timeout(10_000);

  for (const [open, close] of [
    ['{"a":', '}'],
    ['[', ']'],
  ] as const)
    it(`is an error with a patch of ${open} nested deeper than a pod`, () => {
      const deep = `{"a": ${open.repeat(20_000)}1${close.repeat(20_000)}}`;
      expect(patched(deep)).to.deep.include({ path: 'spec.podSpecPatch', problem: 'expected a map of at most 64 levels' });
    });

  it('has the patch in flow style on several lines', () => {
    expect(patched('{\n  hostPID: true,\n\n  hostIPC: true\n}')).to.deep.nested.include({ 'pod.spec.hostPID': true, 'pod.spec.hostIPC': true });
  }); // prettier-ignore
});
