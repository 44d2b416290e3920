import { fails, objects, passes, skips, type Tables } from '../../control-table.ts';

const service = (selector: string): string =>
  `{apiVersion: v1, kind: Service, metadata: {name: it, namespace: shop}, spec: {selector: ${selector}}}`;
const kafka = '{apiVersion: kafka.strimzi.io/v1, kind: Kafka, metadata: {name: events, namespace: shop}, spec: {}}';
const release =
  '{apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease, metadata: {name: store, namespace: flux}, spec: {targetNamespace: shop}}';
const certificate = '{apiVersion: cert-manager.io/v1, kind: Certificate, metadata: {name: web, namespace: shop}, spec: {}}';
const robot = '{apiVersion: robots.example.org/v1, kind: Robot, metadata: {name: r2, namespace: shop}, spec: {size: 3}}';
const ray =
  '{apiVersion: ray.io/v1, kind: RayCluster, metadata: {name: train, namespace: shop}, spec: {headGroupSpec: {template: {spec: {containers: [{name: a, image: "a:1"}]}}}}}';
const deployment =
  '{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}, spec: {selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: a, image: "a:1"}]}}}}';
const ingress = (name: string): string =>
  `{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: it, namespace: shop}, spec: {defaultBackend: {service: {name: ${name}, port: {number: 80}}}}}`;
const policy = (selector: string): string =>
  `{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: it, namespace: shop}, spec: {podSelector: ${selector}}}`;
const autoscaler = (name: string): string =>
  `{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: it, namespace: shop}, spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: ${name}}}}`;
const together = (...documents: readonly string[]): string => documents.join('\n---\n');

/** What refers to objects that an operator creates, and that no file has. */
export const table: Tables = {
  'service-dangling-selector': objects(
    skips('the label of an operator with its object', together(service('{strimzi.io/name: events-kafka}'), kafka)),
    skips('the label of an operator without its object', service('{cnpg.io/cluster: db}')),
    skips('the name of an object of an operator', together(service('{app.kubernetes.io/instance: events}'), kafka)),
    skips('the kind of an object of an operator', together(service('{app: kafka}'), kafka)),
    skips('a release into the namespace', together(service('{app: web}'), release)),
    skips("the group of a custom resource", together(service('{example.org/robot: r2}'), robot)),
    fails('another name beside an object of an operator', together(service('{app: wbe}'), kafka, deployment), 'spec.selector'),
    fails('an object of an operator in another namespace', together(service('{app: kafka}'), kafka.replace('shop', 'else')), 'spec.selector'),
    fails('a custom resource that has no pods', together(service('{app: web}'), certificate), 'spec.selector'),
    fails('a label of another domain', together(service('{example.com/robot: r2}'), robot), 'spec.selector'),
    fails('a label of Kubernetes', together(service('{app.kubernetes.io/name: web}'), robot), 'spec.selector'),
    fails('the name of another RayCluster, whose pods are known', together(service('{ray.io/cluster: tarin}'), ray), 'spec.selector'),
    passes('the name of a RayCluster', together(service('{ray.io/cluster: train}'), ray)),
    passes('a workload beside an object of an operator', together(service('{app: web}'), kafka, deployment)),
  ),
  'netpol-dangling': objects(
    skips('the label of an operator', together(policy('{matchLabels: {strimzi.io/cluster: events}}'), kafka)),
    skips('an expression about the label of an operator', policy('{matchExpressions: [{key: strimzi.io/cluster, operator: Exists}]}')),
    fails('another label', together(policy('{matchLabels: {app: wbe}}'), kafka), 'spec.podSelector'),
  ),
  'ingress-dangling-backend': objects(
    skips('the Service of an operator', together(ingress('events-kafka-bootstrap'), kafka)),
    fails('another Service', together(ingress('eventsource'), kafka), 'spec.defaultBackend'),
    fails('no operator', ingress('events-kafka-bootstrap'), 'spec.defaultBackend'),
  ),
  'autoscaler-target-missing': objects(
    skips('the Deployment of a release', together(autoscaler('store'), release, deployment)),
    fails('another Deployment', together(autoscaler('store'), kafka, deployment), 'spec.scaleTargetRef'),
  ),
}; // prettier-ignore
