import { errs, fails, objects, passes, pods, type Tables } from '../control-table.ts';

const namespace = '{apiVersion: v1, kind: Namespace, metadata: {name: shop}}';
const policy = (spec: string, inNamespace = 'shop', name = 'it'): string =>
  `{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: ${name}, namespace: ${inNamespace}}, spec: ${spec}}`;
const other = (apiVersion: string, kind: string, inNamespace?: string): string =>
  `{apiVersion: ${apiVersion}, kind: ${kind}, metadata: {name: it${inNamespace === undefined ? '' : `, namespace: ${inNamespace}`}}, spec: {}}`;
const service = (spec: string, name = 'web', inNamespace = 'shop'): string =>
  `{apiVersion: v1, kind: Service, metadata: {name: ${name}, namespace: ${inNamespace}}, spec: ${spec}}`;
const ingress = (spec: string, annotations = '{}'): string =>
  `{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: it, namespace: shop, annotations: ${annotations}}, spec: ${spec}}`;
const together = (...documents: readonly string[]): string => documents.join('\n---\n');
const ownedBy = (kind: string, name: string): string =>
  `ownerReferences: [{apiVersion: apps/v1, kind: ${kind}, name: ${name}, uid: u, controller: true}]`;
/** Returns a workload with the pod label `app: LABEL`. */
const workload = (kind: string, { replicas = 1, label = 'web', owner = '' }): string =>
  `{apiVersion: apps/v1, kind: ${kind}, metadata: {name: web, namespace: shop, ${owner}}, spec: {replicas: ${replicas}, template: {metadata: {labels: {app: ${label}}}, spec: {}}}}`;
/** A Deployment with new labels, and its ReplicaSet with the old labels. */
const relabelled = (replicas: number): string =>
  together(workload('Deployment', { label: 'shop' }), workload('ReplicaSet', { replicas, owner: ownedBy('Deployment', 'web') }));
const labelled = 'metadata: {labels: {app: web, tier: front}}\nspec: {containers: [{name: a}]}';
const both = 'policyTypes: [Ingress, Egress]';

/** CONTROLS.md §8. */
export const table: Tables = {
  'netpol-namespace-policy': objects(
    passes('one', together(namespace, policy('{podSelector: {}}'))),
    passes('one of Cilium', together(namespace, other('cilium.io/v2', 'CiliumNetworkPolicy', 'shop'))),
    passes('one of Calico', together(namespace, other('projectcalico.org/v3', 'NetworkPolicy', 'shop'))),
    passes('one of the cluster', together(namespace, other('policy.networking.k8s.io/v1alpha1', 'AdminNetworkPolicy'))),
    fails('none', namespace, 'metadata.name'),
    fails('one in another namespace', together(namespace, policy('{podSelector: {}}', 'web')), 'metadata.name'),
    fails('one of Cilium in another namespace', together(namespace, other('cilium.io/v2', 'CiliumNetworkPolicy', 'web')), 'metadata.name'),
  ),
  'netpol-default-deny': objects(
    fails('a podSelector that is none', together(namespace, policy('{podSelector: all}')), 'metadata.name'),
    passes('one', together(namespace, policy('{podSelector: {}, policyTypes: [Ingress]}'))),
    passes('types unset are Ingress', together(namespace, policy('{podSelector: {}}'))),
    passes('an empty list of rules', together(namespace, policy('{podSelector: {}, policyTypes: [Ingress], ingress: []}'))),
    passes('Egress, when that is asked for', together(namespace, policy('{podSelector: {}, policyTypes: [Egress]}')), {
      parameters: { direction: 'Egress' },
    }),
    fails('none', namespace, 'metadata.name'),
    fails('Egress only', together(namespace, policy('{podSelector: {}, policyTypes: [Egress]}')), 'metadata.name'),
    fails(
      'it lets something in',
      together(namespace, policy('{podSelector: {}, policyTypes: [Ingress], ingress: [{from: [{podSelector: {}}]}]}')),
      'metadata.name',
    ),
    fails('it lets everything in', together(namespace, policy('{podSelector: {}, ingress: [{}]}')), 'metadata.name'),
    fails(
      'for some pods only',
      together(namespace, policy('{podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress]}')),
      'metadata.name',
    ),
    fails('in another namespace', together(namespace, policy('{podSelector: {}}', 'web')), 'metadata.name'),
    fails('Ingress, when both are asked for', together(namespace, policy('{podSelector: {}, policyTypes: [Ingress]}')), 'metadata.name', {
      parameters: { direction: 'Both' },
    }),
  ),
  'netpol-coverage': pods(
    errs('labels that are a list', 'metadata: {labels: [app]}\nspec: {containers: [{name: a}]}', 'metadata.labels'),
    errs('a label that is a number', 'metadata: {labels: {app: 5}}\nspec: {containers: [{name: a}]}', "metadata.labels['app']"),
    fails(
      'a policy whose selector holds a number',
      together(labelled, policy(`{podSelector: {matchLabels: {app: 5}}, ${both}}`)),
      'metadata.labels',
    ),
    fails('a policy whose selector is none', together(labelled, policy(`{podSelector: all, ${both}}`)), 'metadata.labels'),
    passes('one for both', together(labelled, policy(`{podSelector: {matchLabels: {app: web}}, ${both}}`))),
    passes(
      'two together',
      together(
        labelled,
        policy('{podSelector: {}, policyTypes: [Ingress]}'),
        policy('{podSelector: {matchLabels: {tier: front}}, policyTypes: [Egress]}', 'shop', 'out'),
      ),
    ),
    passes('Egress by its rules', together(labelled, policy('{podSelector: {}, egress: [{to: [{podSelector: {}}]}]}'))),
    passes(
      'expressions',
      together(
        labelled,
        policy(
          `{podSelector: {matchExpressions: [{key: app, operator: In, values: [web, api]}, {key: gone, operator: DoesNotExist}, {key: tier, operator: Exists}, {key: app, operator: NotIn, values: [db]}]}, ${both}}`,
        ),
      ),
    ),
    fails('none', labelled, 'metadata.labels'),
    fails('Ingress only', together(labelled, policy('{podSelector: {}}')), 'metadata.labels'),
    fails('Egress only', together(labelled, policy('{podSelector: {}, policyTypes: [Egress]}')), 'metadata.labels'),
    fails('other pods', together(labelled, policy(`{podSelector: {matchLabels: {app: api}}, ${both}}`)), 'metadata.labels'),
    fails(
      'expressions that do not hold',
      together(
        labelled,
        policy(`{podSelector: {matchLabels: {app: web}, matchExpressions: [{key: tier, operator: NotIn, values: [front]}]}, ${both}}`),
      ),
      'metadata.labels',
    ),
    fails('another namespace', together(labelled, policy(`{podSelector: {}, ${both}}`, 'web')), 'metadata.labels'),
  ),
  'netpol-allow-all': objects(
    fails(
      'all pods of all namespaces',
      policy('{podSelector: {}, ingress: [{from: [{namespaceSelector: {}, podSelector: {}}]}]}'),
      'spec.ingress[0].from[0]',
    ),
    errs(
      'a block that is a number',
      policy('{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 5}}]}]}'),
      'spec.ingress[0].from[0].ipBlock.cidr',
    ),
    errs(
      'exceptions that are no list',
      policy('{podSelector: {}, egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0, except: 10.0.0.0/8}}]}]}'),
      'spec.egress[0].to[0].ipBlock.except',
    ),
    passes('pods', policy('{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}')),
    passes(
      'pods of all namespaces by labels',
      policy('{podSelector: {}, ingress: [{from: [{namespaceSelector: {}, podSelector: {matchLabels: {app: a}}}]}]}'),
    ),
    passes(
      'a block with exceptions',
      policy('{podSelector: {}, egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [169.254.169.254/32]}}]}]}'),
    ),
    passes('ports from everywhere', policy('{podSelector: {}, ingress: [{ports: [{port: 443}]}]}')),
    passes('a narrow block', policy('{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}')),
    passes('nothing at all', policy('{podSelector: {}, ingress: []}')),
    fails('an empty rule', policy('{podSelector: {}, ingress: [{}]}'), 'spec.ingress[0]'),
    fails('an empty rule in another shape', policy('{podSelector: {}, egress: [{to: [], ports: []}]}'), 'spec.egress[0]'),
    fails(
      'every address',
      policy('{podSelector: {}, ingress: [{from: [{podSelector: {}}, {ipBlock: {cidr: 0.0.0.0/0}}], ports: [{port: 80}]}]}'),
      'spec.ingress[0].from[1]',
    ),
    fails('every address of IPv6', policy('{podSelector: {}, egress: [{to: [{ipBlock: {cidr: "::/0"}}]}]}'), 'spec.egress[0].to[0]'),
    fails('all namespaces', policy('{podSelector: {}, ingress: [{from: [{namespaceSelector: {}}]}]}'), 'spec.ingress[0].from[0]'),
  ),
  'service-external-ips': objects(
    passes('none', service('{type: ClusterIP}')),
    passes('an empty list', service('{externalIPs: []}')),
    passes('an external name is no address', service('{type: ExternalName, externalName: db.example.com}')),
    fails('one', service('{externalIPs: [192.0.2.1]}'), 'spec.externalIPs'),
    fails('of a load balancer', service('{type: LoadBalancer, externalIPs: [192.0.2.1, 192.0.2.2]}'), 'spec.externalIPs'),
  ),
  'service-node-port': objects(
    passes('unset', service('{selector: {app: web}}')),
    passes('a load balancer', service('{type: LoadBalancer}')),
    passes('headless', service('{clusterIP: None}')),
    fails('NodePort', service('{type: NodePort}'), 'spec.type'),
    fails('NodePort with local traffic', service('{type: NodePort, externalTrafficPolicy: Local}'), 'spec.type'),
  ),
  'service-load-balancer': objects(
    fails(
      'internal: nothing',
      '{apiVersion: v1, kind: Service, metadata: {name: a, namespace: shop, annotations: {service.beta.kubernetes.io/aws-load-balancer-internal: ""}}, spec: {type: LoadBalancer}}',
      'spec.type',
    ),
    errs(
      'sources that are no list',
      service('{type: LoadBalancer, loadBalancerSourceRanges: 10.0.0.0/8}'),
      'spec.loadBalancerSourceRanges',
    ),
    passes('another type', service('{type: NodePort}')),
    passes('known sources', service('{type: LoadBalancer, loadBalancerSourceRanges: [203.0.113.0/24]}')),
    passes(
      'an internal one',
      '{apiVersion: v1, kind: Service, metadata: {name: a, namespace: shop, annotations: {networking.gke.io/load-balancer-type: Internal}}, spec: {type: LoadBalancer}}',
    ),
    fails('all sources', service('{type: LoadBalancer}'), 'spec.type'),
    fails('an empty list', service('{type: LoadBalancer, loadBalancerSourceRanges: []}'), 'spec.type'),
    fails(
      'internal: false',
      '{apiVersion: v1, kind: Service, metadata: {name: a, namespace: shop, annotations: {service.beta.kubernetes.io/aws-load-balancer-internal: "false"}}, spec: {type: LoadBalancer}}',
      'spec.type',
    ),
    fails(
      'an annotation that no parameter names',
      '{apiVersion: v1, kind: Service, metadata: {name: a, namespace: shop, annotations: {networking.gke.io/load-balancer-type: Internal}}, spec: {type: LoadBalancer}}',
      'spec.type',
      { parameters: { internalAnnotations: [] } },
    ),
  ),
  'workload-internet-exposed': pods(
    errs('labels that are a list', 'metadata: {labels: [app]}\nspec: {containers: [{name: a}]}', 'metadata.labels'),
    passes('a Service whose selector holds a number', together(labelled, service('{type: NodePort, selector: {app: web, tier: 5}}'))),
    passes('no Service', labelled),
    passes('a ClusterIP', together(labelled, service('{selector: {app: web}}'))),
    passes('a NodePort of others', together(labelled, service('{type: NodePort, selector: {app: api}}'))),
    passes('a NodePort of another namespace', together(labelled, service('{type: NodePort, selector: {app: web}}', 'web', 'web'))),
    passes('a NodePort without a selector', together(labelled, service('{type: NodePort}'))),
    passes(
      'an Ingress to another Service',
      together(labelled, service('{selector: {app: web}}'), ingress('{defaultBackend: {service: {name: api}}}')),
    ),
    fails('a NodePort', together(labelled, service('{type: NodePort, selector: {app: web}}')), 'metadata.labels'),
    fails('a load balancer', together(labelled, service('{type: LoadBalancer, selector: {app: web, tier: front}}')), 'metadata.labels'),
    fails(
      'an Ingress',
      together(labelled, service('{selector: {app: web}}'), ingress('{rules: [{http: {paths: [{backend: {service: {name: web}}}]}}]}')),
      'metadata.labels',
    ),
    fails(
      'its default backend',
      together(labelled, service('{selector: {app: web}}'), ingress('{defaultBackend: {service: {name: web}}}')),
      'metadata.labels',
    ),
    fails(
      'an old Ingress',
      together(
        labelled,
        service('{selector: {app: web}}'),
        '{apiVersion: extensions/v1beta1, kind: Ingress, metadata: {name: i, namespace: shop}, spec: {backend: {serviceName: web, servicePort: 80}}}',
      ),
      'metadata.labels',
    ),
    fails(
      'an HTTPRoute of another namespace',
      together(
        labelled,
        service('{selector: {app: web}}'),
        '{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: r, namespace: edge}, spec: {rules: [{backendRefs: [{name: web, namespace: shop, port: 80}]}]}}',
      ),
      'metadata.labels',
    ),
  ),
  'ingress-tls': objects(
    passes('a certificate', ingress('{tls: [{hosts: [a.example.com], secretName: t}]}')),
    passes('the default certificate', ingress('{tls: [{}]}')),
    fails('unset', ingress('{rules: [{host: a.example.com}]}'), 'spec.tls'),
    fails('empty', ingress('{tls: []}'), 'spec.tls'),
    fails('an old Ingress', '{apiVersion: extensions/v1beta1, kind: Ingress, metadata: {name: i, namespace: shop}, spec: {}}', 'spec.tls'),
  ),
  'ingress-wildcard-host': objects(
    passes('a host', ingress('{rules: [{host: a.example.com}]}')),
    passes('no host', ingress('{rules: [{http: {paths: []}}]}')),
    fails('a wildcard', ingress('{rules: [{host: a.example.com}, {host: "*.example.com"}]}'), 'spec.rules[1].host'),
    fails('a star alone', ingress('{rules: [{host: "*"}]}'), 'spec.rules[0].host'),
  ),
  'ingress-nginx-snippets': objects(
    errs(
      'a ConfigMap with true for "true"',
      '{apiVersion: v1, kind: ConfigMap, metadata: {name: c, namespace: shop}, data: {allow-snippet-annotations: true}}',
      "data['allow-snippet-annotations']",
    ),
    passes('other annotations', ingress('{}', '{nginx.ingress.kubernetes.io/rewrite-target: /}')),
    passes('of another controller', ingress('{}', '{example.com/server-snippet: x}')),
    passes(
      'a ConfigMap that forbids them',
      '{apiVersion: v1, kind: ConfigMap, metadata: {name: c, namespace: shop}, data: {allow-snippet-annotations: "false"}}',
    ),
    passes(
      'an annotation on a ConfigMap',
      '{apiVersion: v1, kind: ConfigMap, metadata: {name: c, namespace: shop, annotations: {nginx.ingress.kubernetes.io/server-snippet: x}}}',
    ),
    ...['configuration', 'server', 'auth', 'modsecurity', 'stream'].map((name) =>
      fails(
        name,
        ingress('{}', `{nginx.ingress.kubernetes.io/${name}-snippet: x}`),
        `metadata.annotations['nginx.ingress.kubernetes.io/${name}-snippet']`,
      ),
    ),
    fails('of nginx.org', ingress('{}', '{nginx.org/location-snippets: x}'), "metadata.annotations['nginx.org/location-snippets']"),
    fails(
      'a ConfigMap that allows them',
      '{apiVersion: v1, kind: ConfigMap, metadata: {name: c, namespace: shop}, data: {allow-snippet-annotations: "true"}}',
      "data['allow-snippet-annotations']",
    ),
  ),
  'service-dangling-selector': objects(
    errs('a selector with a number', service('{selector: {app: 5}}'), "spec.selector['app']"),
    passes(
      'a workload',
      together(
        service('{selector: {app: web}}'),
        '{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: shop, labels: {app: web}}, spec: {}}',
      ),
    ),
    passes('a Deployment scaled to zero', together(service('{selector: {app: web}}'), workload('Deployment', { replicas: 0 }))),
    passes('a ReplicaSet of its own', together(service('{selector: {app: web}}'), workload('ReplicaSet', {}))),
    passes(
      'the pod of a StatefulSet by its own label',
      together(
        service('{selector: {statefulset.kubernetes.io/pod-name: db-0}}'),
        `{apiVersion: v1, kind: Pod, metadata: {name: db-0, namespace: shop, labels: {statefulset.kubernetes.io/pod-name: db-0}, ${ownedBy('StatefulSet', 'db')}}, spec: {}}`,
      ),
    ),
    fails('none', service('{selector: {app: web}}'), 'spec.selector'),
    fails("a Deployment's ReplicaSet of before", together(service('{selector: {app: web}}'), relabelled(1)), 'spec.selector'),
    fails(
      'a ReplicaSet without replicas',
      together(service('{selector: {app: web}}'), workload('ReplicaSet', { replicas: 0 })),
      'spec.selector',
    ),
  ),
  'netpol-dangling': objects(
    passes('for all pods', policy('{podSelector: {}}')),
    passes('a workload', together(policy('{podSelector: {matchLabels: {app: web}}}'), workload('Deployment', {}))),
    fails('none', policy('{podSelector: {matchLabels: {app: web}}}'), 'spec.podSelector'),
    fails(
      "a Deployment's ReplicaSet of before",
      together(policy('{podSelector: {matchLabels: {app: web}}}'), relabelled(0)),
      'spec.podSelector',
    ),
  ),
  'ingress-dangling-backend': objects(
    passes('a Service', together(ingress('{defaultBackend: {service: {name: web}}}'), service('{}'))),
    fails('none', ingress('{rules: [{http: {paths: [{backend: {service: {name: web}}}]}}]}'), 'spec.rules[0].http.paths[0].backend'),
  ),
  'ingress-tls-host-match': objects(
    passes('the same', ingress('{rules: [{host: a.example.com}], tls: [{hosts: [a.example.com]}]}')),
    fails('another', ingress('{rules: [{host: a.example.com}], tls: [{hosts: [b.example.com]}]}'), 'spec.rules[0].host'),
  ),
};
