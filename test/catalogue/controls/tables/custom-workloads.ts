import { errs, fails, passes, pods, skips, type Tables } from '../control-table.ts';

const workflow = (spec: string, kind = 'Workflow'): string =>
  `{apiVersion: argoproj.io/v1alpha1, kind: ${kind}, metadata: {name: it, namespace: shop}, spec: ${spec}}`;
const template = (fields: string): string => `{name: build, container: {image: "make:1"}${fields === '' ? '' : `, ${fields}`}}`;
const privileged = `'{"containers": [{"name": "main", "securityContext": {"privileged": true}}]}'`;
const limited = `"containers:\\n- name: main\\n  resources: {limits: {memory: '{{inputs.parameters.memory}}'}}\\n"`;
const ray = (fields: string): string =>
  `{apiVersion: ray.io/v1, kind: RayCluster, metadata: {name: it, namespace: shop}, spec: {headGroupSpec: {template: {spec: {containers: [{name: head, image: "ray:1"}]}}}, ${fields}}}`;
const elasticsearch = (spec: string): string =>
  `{apiVersion: elasticsearch.k8s.elastic.co/v1, kind: Elasticsearch, metadata: {name: it, namespace: shop}, spec: {nodeSets: [{name: a, podTemplate: {spec: ${spec}}}]}}`;
const united = (fields: string): string =>
  `{apiVersion: apps.kruise.io/v1alpha1, kind: UnitedDeployment, metadata: {name: it, namespace: shop}, spec: {template: {deploymentTemplate: {spec: {template: {spec: {containers: [{name: a, image: "a:1"}]}}}}}, topology: {subsets: [{name: a${fields}}]}}}`;

/** Pods that an object changes or composes in a way of its own kind. */
export const table: Tables = {
  'privileged-container': pods(
    fails('a workflow patches its pods', workflow(`{podSpecPatch: ${privileged}, templates: [${template('')}]}`), 'spec.podSpecPatch'),
    fails('a template patches its pod', workflow(`{templates: [${template(`podSpecPatch: ${privileged}`)}]}`), 'spec.templates[0].podSpecPatch'),
    fails(
      'a patch of the defaults of templates',
      workflow(`{templateDefaults: {podSpecPatch: ${privileged}}, templates: [${template('')}]}`),
      'spec.templateDefaults.podSpecPatch',
    ),
    fails(
      'the defaults of templates are merged into a container',
      workflow(`{templateDefaults: {container: {securityContext: {privileged: true}}}, templates: [${template('')}]}`),
      'spec.templateDefaults.container.securityContext.privileged',
    ),
    passes(
      'the defaults are for another type of template',
      workflow('{templateDefaults: {container: {image: a, securityContext: {privileged: true}}}, templates: [{name: a, script: {image: "a:1"}}]}'),
    ),
    fails(
      'a patch adds a container',
      workflow(`{templates: [${template(`podSpecPatch: '{"containers": [{"name": "x", "image": "x:1", "securityContext": {"privileged": true}}]}'`)}]}`),
      'spec.templates[0].podSpecPatch',
    ),
    fails('a patch of a container that Argo adds', workflow(`{podSpecPatch: '{"initContainers": [{"name": "init", "securityContext": {"privileged": true}}]}', templates: [${template('')}]}`), 'spec.podSpecPatch'),
    passes('a patch of the resources of a container that Argo adds', workflow(`{podSpecPatch: '{"containers": [{"name": "wait", "resources": {"limits": {"cpu": "1"}}}]}', templates: [${template('')}]}`)),
    passes(
      'a patch makes a container unprivileged',
      workflow(`{podSpecPatch: '{"containers": [{"name": "main", "securityContext": {"privileged": false}}]}', templates: [{name: a, container: {image: "a:1", securityContext: {privileged: true}}}]}`),
    ),
    fails(
      'the patch of the template comes after that of the workflow',
      workflow(`{podSpecPatch: '{"containers": [{"name": "main", "securityContext": {"privileged": false}}]}', templates: [${template(`podSpecPatch: ${privileged}`)}]}`),
      'spec.templates[0].podSpecPatch',
    ),
    passes('a patch of something else', workflow(`{podSpecPatch: "terminationGracePeriodSeconds: 5", templates: [${template('')}]}`)),
    passes('an empty patch', workflow(`{podSpecPatch: "", templates: [${template('')}]}`)),
    skips('a patch with parameters may do anything', workflow(`{podSpecPatch: ${limited}, templates: [${template('')}]}`)),
    skips('a patch that is a parameter', workflow(`{podSpecPatch: "{{workflow.parameters.patch}}", templates: [${template('')}]}`)),
    fails(
      'a patch with parameters beside what is certain',
      workflow(`{podSpecPatch: "containers: [{name: main, image: '{{workflow.parameters.image}}', securityContext: {privileged: true}}]", templates: [${template('')}]}`),
      'spec.podSpecPatch',
    ),
    errs('a patch that is a list', workflow(`{podSpecPatch: "[a]", templates: [${template('')}]}`), 'spec.podSpecPatch'),
    errs('a patch that is a map', workflow(`{podSpecPatch: {hostPID: true}, templates: [${template('')}]}`), 'spec.podSpecPatch'),
    fails('a patch in a CronWorkflow', workflow(`{workflowSpec: {podSpecPatch: ${privileged}, templates: [${template('')}]}}`, 'CronWorkflow'), 'spec.workflowSpec.podSpecPatch'),
    fails('a patch of the pods that remove artifacts', workflow(`{artifactGC: {podSpecPatch: ${privileged}}, templates: [${template('')}]}`), 'spec.artifactGC.podSpecPatch'),
    passes('a patch of the pods that remove artifacts, of their labels', workflow(`{artifactGC: {podSpecPatch: "hostname: a"}, templates: [${template('')}]}`)),
    fails('a workflow of a template patches its pods', workflow(`{workflowTemplateRef: {name: x}, podSpecPatch: ${privileged}}`), 'spec.podSpecPatch'),
    skips('a workflow of a template patches nothing', workflow('{workflowTemplateRef: {name: x}}')),
    fails('options of the autoscaler of Ray', ray('enableInTreeAutoscaling: true, autoscalerOptions: {securityContext: {privileged: true}}'), 'spec.autoscalerOptions.securityContext.privileged'),
    passes('options of an autoscaler of Ray that is off', ray('autoscalerOptions: {securityContext: {privileged: true}}')),
    passes('an autoscaler of Ray', ray('enableInTreeAutoscaling: true')),
    fails('a part of a pod template', elasticsearch('{initContainers: [{name: a, image: "a:1", securityContext: {privileged: true}}]}'), 'spec.nodeSets[0].podTemplate.spec.initContainers[0].securityContext.privileged'),
    skips('a part of a pod template that is well', elasticsearch('{initContainers: [{name: a, image: "a:1"}]}')),
    skips('subsets with patches', united(', patch: {spec: {template: {spec: {hostPID: true}}}}')),
    passes('subsets without patches', united('')),
  ),
  'host-network': pods(
    fails('a workflow with the containers of a template', workflow('{workflowTemplateRef: {name: x}, hostNetwork: true}'), 'spec.hostNetwork'),
    skips('a workflow of a template with an account of its own', workflow('{workflowTemplateRef: {name: x}, serviceAccountName: a}')),
    fails('a patch of the pod', workflow(`{hostNetwork: false, podSpecPatch: "hostNetwork: true", templates: [${template('')}]}`), 'spec.podSpecPatch'),
    passes('a patch takes it away', workflow(`{hostNetwork: true, podSpecPatch: "hostNetwork: false", templates: [${template('')}]}`)),
    fails('a template cannot switch it off', workflow(`{hostNetwork: true, templates: [${template('hostNetwork: false')}]}`), 'spec.hostNetwork'),
  ),
  'memory-limits': pods(
    skips('a limit that is a parameter', workflow(`{podSpecPatch: ${limited}, templates: [${template('')}]}`)),
    fails('no limit', workflow(`{templates: [${template('')}]}`), 'spec.templates[0].container.resources.limits.memory'),
    passes('a limit in a patch', workflow(`{podSpecPatch: '{"containers": [{"name": "main", "resources": {"limits": {"memory": "1Gi"}}}]}', templates: [${template('')}]}`)),
  ),
  'apparmor-profile': pods(
    fails(
      'an annotation of all pods beside one of the template',
      workflow(`{podMetadata: {annotations: {container.apparmor.security.beta.kubernetes.io/main: unconfined}}, templates: [${template('metadata: {annotations: {a: b}}')}]}`),
      "spec.podMetadata.annotations['container.apparmor.security.beta.kubernetes.io/main']",
    ),
  ),
  'privilege-escalation': pods(
    fails('the container of the autoscaler of Ray', ray('enableInTreeAutoscaling: true, autoscalerOptions: {image: "a:1"}').replace('image: "ray:1"', 'image: "ray:1", securityContext: {allowPrivilegeEscalation: false}'), 'spec.autoscalerOptions.securityContext.allowPrivilegeEscalation'),
    skips('a workflow of a template', workflow('{workflowTemplateRef: {name: x}, podSpecPatch: "hostname: a"}')),
  ),
  'default-namespace': { about: 'objects', rows: [passes('a workflow with a patch that is not known', workflow(`{podSpecPatch: ${limited}, templates: [${template('')}]}`))] },
}; // prettier-ignore
