import { errs, fails, objects, passes, pods, skips, type Tables } from '../control-table.ts';

const namespace = '{apiVersion: v1, kind: Namespace, metadata: {name: shop}}';
const policy = (spec: string, inNamespace = 'shop', name = 'it'): string =>
  `{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: ${name}, namespace: ${inNamespace}}, spec: ${spec}}`;
const custom = (apiVersion: string, kind: string, spec: string, inNamespace?: string): string =>
  `{apiVersion: ${apiVersion}, kind: ${kind}, metadata: {name: it${inNamespace === undefined ? '' : `, namespace: ${inNamespace}`}}, spec: ${spec}}`;
const cilium = (spec: string, inNamespace = 'shop'): string => custom('cilium.io/v2', 'CiliumNetworkPolicy', spec, inNamespace);
const ciliumWide = (spec: string): string => custom('cilium.io/v2', 'CiliumClusterwideNetworkPolicy', spec);
const calico = (spec: string): string => custom('projectcalico.org/v3', 'NetworkPolicy', spec, 'shop');
const calicoWide = (spec: string): string => custom('crd.projectcalico.org/v1', 'GlobalNetworkPolicy', spec);
const adminPolicy = (kind: string, spec: string): string => custom('policy.networking.k8s.io/v1alpha1', kind, `{${spec}}`);
const denyAll =
  'subject: {namespaces: {}}, ingress: [{action: Deny, from: [{namespaces: {}}]}], egress: [{action: Deny, to: [{networks: [0.0.0.0/0, "::/0"]}]}]';
const clusterEgress = (rules: string): string =>
  adminPolicy('AdminNetworkPolicy', `priority: 5, subject: {namespaces: {}}, egress: [${rules}]`);
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
const onNode = 'metadata: {labels: {app: web}}\nspec: {hostNetwork: true, containers: [{name: a}]}';
const egress = (rules: string): string => policy(`{podSelector: {}, policyTypes: [Egress], egress: ${rules}}`);

const inner = service('{selector: {app: web}}');
const toWeb = '{defaultBackend: {service: {name: web}}}';
const backend = 'rules: [{backendRefs: [{name: web, namespace: shop, port: 80}]}]';
const sourceRanges = 'service.beta.kubernetes.io/load-balancer-source-ranges';
const noted = (ranges: string): string => `{${sourceRanges}: "${ranges}"}`;
const lb = (spec: string, annotations: string): string =>
  `{apiVersion: v1, kind: Service, metadata: {name: it, namespace: shop, annotations: ${annotations}}, spec: {type: LoadBalancer, selector: {app: web}${spec === '' ? '' : `, ${spec}`}}}`;
const route = (kind: string, inNamespace: string, spec: string): string =>
  `{apiVersion: gateway.networking.k8s.io/v1, kind: ${kind}, metadata: {name: r, namespace: ${inNamespace}}, spec: {${spec}}}`;
const grant = (from: string, to: string): string =>
  `{apiVersion: gateway.networking.k8s.io/v1beta1, kind: ReferenceGrant, metadata: {name: g, namespace: shop}, spec: {from: [${from}], to: [${to}]}}`;
const gateway = (inNamespace: string, listener: string, gatewayClass = 'c'): string =>
  `{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: g, namespace: ${inNamespace}}, spec: {gatewayClassName: ${gatewayClass}, listeners: [${listener}]}}`;
const allowing = (value: string): string =>
  `{apiVersion: v1, kind: ConfigMap, metadata: {name: c, namespace: shop}, data: {allow-snippet-annotations: "${value}"}}`;
const istio = (server: string): string =>
  `{apiVersion: networking.istio.io/v1, kind: Gateway, metadata: {name: g, namespace: shop}, spec: {servers: [${server}]}}`;
const openShift = (spec: string): string =>
  `{apiVersion: route.openshift.io/v1, kind: Route, metadata: {name: r, namespace: shop}, spec: ${spec}}`;
const virtualService = (inNamespace: string, spec: string): string =>
  `{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: v, namespace: ${inNamespace}}, spec: {hosts: ["*"], ${spec}}}`;
const hostPort = (port: string): string =>
  `metadata: {labels: {app: web}}\nspec: {containers: [{name: a, ports: [{containerPort: 8443, ${port}}]}]}`;

/** CONTROLS.md §8. */
export const table: Tables = {
  'netpol-namespace-policy': objects(
    passes('one', together(namespace, policy('{podSelector: {}}'))),
    passes('one of Cilium', together(namespace, cilium('{endpointSelector: {}, ingress: [{}]}'))),
    passes('one of Cilium for some pods', together(namespace, cilium('{endpointSelector: {matchLabels: {app: web}}, egress: [{}]}'))),
    passes('one of Cilium for the cluster', together(namespace, ciliumWide('{endpointSelector: {}, ingress: [{}]}'))),
    passes(
      'one of Cilium for the cluster, by the namespace',
      together(
        namespace,
        ciliumWide('{endpointSelector: {matchLabels: {"k8s:io.kubernetes.pod.namespace": shop, app: web}}, ingress: [{}]}'),
      ),
    ),
    passes('one of Calico', together(namespace, calico('{selector: all(), types: [Ingress]}'))),
    passes('one of Calico for the cluster', together(namespace, calicoWide('{types: [Ingress, Egress]}'))),
    passes(
      'one of Calico for the cluster, by the namespace',
      together(namespace, calicoWide(`{namespaceSelector: "projectcalico.org/name == 'shop'", selector: has(app)}`)),
    ),
    passes('one of the cluster', together(namespace, adminPolicy('AdminNetworkPolicy', denyAll))),
    passes('a ClusterNetworkPolicy', together(namespace, adminPolicy('ClusterNetworkPolicy', `tier: Baseline, ${denyAll}`))),
    fails(
      'one of Cilium for one app of the cluster',
      together(namespace, ciliumWide('{endpointSelector: {matchLabels: {app: mail}}, ingress: [{}]}')),
      'metadata.name',
    ),
    fails(
      'one of Cilium for another namespace',
      together(namespace, ciliumWide('{endpointSelector: {matchLabels: {"k8s:io.kubernetes.pod.namespace": web}}, ingress: [{}]}')),
      'metadata.name',
    ),
    fails(
      'one of Cilium that denies nothing by default',
      together(namespace, cilium('{endpointSelector: {}, ingress: [{}], enableDefaultDeny: {ingress: false}}')),
      'metadata.name',
    ),
    fails('one of Cilium without a section', together(namespace, cilium('{endpointSelector: {}}')), 'metadata.name'),
    fails('one of Cilium for nodes', together(namespace, ciliumWide('{nodeSelector: {}, ingress: [{}]}')), 'metadata.name'),
    fails(
      'one of Calico for another namespace',
      together(namespace, calicoWide(`{namespaceSelector: "projectcalico.org/name == 'web'"}`)),
      'metadata.name',
    ),
    fails('one of Calico for one app of the cluster', together(namespace, calicoWide(`{selector: "app == 'mail'"}`)), 'metadata.name'),
    fails(
      'one of the cluster for other namespaces',
      together(namespace, adminPolicy('AdminNetworkPolicy', denyAll.replace('namespaces: {}', 'namespaces: {matchLabels: {team: a}}'))),
      'metadata.name',
    ),
    fails('one of the cluster without a subject', together(namespace, adminPolicy('AdminNetworkPolicy', 'priority: 1')), 'metadata.name'),
    fails('none', namespace, 'metadata.name'),
    fails('one in another namespace', together(namespace, policy('{podSelector: {}}', 'web')), 'metadata.name'),
    fails(
      'one of Cilium in another namespace',
      together(namespace, cilium('{endpointSelector: {}, ingress: [{}]}', 'web')),
      'metadata.name',
    ),
  ),
  'netpol-default-deny': objects(
    fails('a podSelector that is none', together(namespace, policy('{podSelector: all}')), 'metadata.name'),
    passes('one', together(namespace, policy('{podSelector: {}, policyTypes: [Ingress]}'))),
    passes('types unset are Ingress', together(namespace, policy('{podSelector: {}}'))),
    passes('an empty list of rules', together(namespace, policy('{podSelector: {}, policyTypes: [Ingress], ingress: []}'))),
    passes('one of Cilium', together(namespace, cilium('{endpointSelector: {}, ingress: [{}]}'))),
    passes(
      'one of Cilium with a list of rule sets',
      together(
        namespace,
        custom('cilium.io/v2', 'CiliumNetworkPolicy', '{}', 'shop').replace('spec: {}', 'specs: [{endpointSelector: {}, ingress: [{}]}]'),
      ),
    ),
    passes('one of Calico', together(namespace, calico('{types: [Ingress]}'))),
    passes('one of the cluster', together(namespace, adminPolicy('BaselineAdminNetworkPolicy', denyAll))),
    passes(
      'rules that select no pod',
      together(
        namespace,
        policy(
          '{podSelector: {}, ingress: [{from: [{podSelector: {matchExpressions: [{key: a, operator: Exists}, {key: a, operator: DoesNotExist}]}}]}]}',
        ),
      ),
    ),
    passes(
      'two for all pods together',
      together(
        namespace,
        policy('{podSelector: {matchExpressions: [{key: app, operator: Exists}]}}'),
        policy('{podSelector: {matchExpressions: [{key: app, operator: DoesNotExist}]}}', 'shop', 'others'),
      ),
    ),
    fails(
      'one of Cilium that lets something in',
      together(namespace, cilium('{endpointSelector: {}, ingress: [{fromEntities: [cluster]}]}')),
      'metadata.name',
    ),
    fails('one of Cilium for Egress', together(namespace, cilium('{endpointSelector: {}, egress: [{}]}')), 'metadata.name'),
    fails('one of Calico that lets something in', together(namespace, calico('{ingress: [{action: Allow}]}')), 'metadata.name'),
    skips('one of Calico by service accounts', together(namespace, calico('{serviceAccountSelector: "role == \'a\'"}'))),
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
    passes('one of Cilium', together(labelled, cilium('{endpointSelector: {matchLabels: {"k8s:app": web}}, ingress: [{}], egress: [{}]}'))),
    passes(
      'one of Cilium and one of Kubernetes',
      together(
        labelled,
        ciliumWide('{endpointSelector: {matchExpressions: [{key: app, operator: Exists}]}, egressDeny: [{toEntities: [world]}]}'),
        policy('{podSelector: {}}'),
      ),
    ),
    passes('one of Calico', together(labelled, calicoWide(`{selector: "app in {'api', 'web'} && !has(gone)", types: [Ingress, Egress]}`))),
    passes('one of the cluster', together(labelled, adminPolicy('AdminNetworkPolicy', denyAll))),
    skips('a selector of Calico that cannot be read', together(labelled, calico('{selector: "app =~ web", types: [Ingress, Egress]}'))),
    skips('the network of the node', together(onNode, policy(`{podSelector: {}, ${both}}`))),
    fails('the network of the node, without a policy', onNode, 'metadata.labels'),
    fails(
      'one of Cilium for others',
      together(labelled, cilium('{endpointSelector: {matchLabels: {app: api}}, ingress: [{}], egress: [{}]}')),
      'metadata.labels',
    ),
    fails(
      'a selector of Calico for one direction that cannot be read',
      together(labelled, calico('{selector: "app =~ web", types: [Ingress]}')),
      'metadata.labels',
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
  'netpol-metadata-egress': pods(
    ...(
      [
        ['no egress', egress('[]')],
        ['all addresses but this one', egress('[{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [169.254.169.254/32]}}]}]')],
        ['all addresses but the link-local ones', egress('[{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [169.254.0.0/16]}}]}]')],
        ['pods', egress('[{to: [{namespaceSelector: {}}]}]')],
        ['names', egress('[{ports: [{port: 53, protocol: UDP}, {port: 53}]}]')],
        ['another port', egress('[{to: [{ipBlock: {cidr: 169.254.169.254/32}}], ports: [{port: 443}]}]')],
        ['the port of another protocol', egress('[{ports: [{port: 80, protocol: UDP}]}]')],
        ['a named port of a pod', egress('[{ports: [{port: http}]}]')],
        ['ranges without the port', egress('[{ports: [{port: 1, endPort: 79}, {port: 81, endPort: 65535}]}]')],
        ['the Internet by IPv6', egress('[{to: [{ipBlock: {cidr: "2000::/3"}}]}]')],
        ['Cilium: nothing', cilium('{endpointSelector: {}, egress: [{}]}')],
        ['Cilium: the cluster', cilium('{endpointSelector: {}, egress: [{toEntities: [cluster, host]}]}')],
        ['Cilium: names', cilium('{endpointSelector: {}, egress: [{toPorts: [{ports: [{port: "53", protocol: ANY}]}]}]}')],
        [
          'Cilium: all but this one',
          cilium('{endpointSelector: {}, egress: [{toCIDRSet: [{cidr: 0.0.0.0/0, except: [169.254.0.0/16]}]}]}'),
        ],
        [
          'Cilium: denied before all is allowed',
          cilium('{endpointSelector: {}, egress: [{toEntities: [all]}], egressDeny: [{toCIDR: [169.254.169.254/32, "fd00::/8"]}]}'),
        ],
        [
          'Cilium: other hosts',
          cilium('{endpointSelector: {}, egress: [{toFQDNs: [{matchPattern: "*.example.com"}, {matchName: example.org}]}]}'),
        ],
        [
          'Calico: denied before all is allowed',
          calicoWide('{types: [Egress], egress: [{action: Deny, destination: {nets: [169.254.0.0/16, "fd00::/8"]}}, {action: Allow}]}'),
        ],
        [
          'Calico: all but this one',
          calico('{egress: [{action: Allow, protocol: TCP, destination: {notNets: [169.254.0.0/16, "fd00::/8"], ports: ["1:443"]}}]}'),
        ],
        [
          'Calico: a set of networks',
          together(
            calicoWide(`{types: [Egress], egress: [{action: Deny, destination: {selector: "role == 'metadata'"}}, {action: Allow}]}`),
            '{apiVersion: crd.projectcalico.org/v1, kind: GlobalNetworkSet, metadata: {name: m, labels: {role: metadata}}, spec: {nets: [169.254.0.0/16, "fd00::/8"]}}',
          ),
        ],
        [
          'denied for the cluster before a policy allows it',
          together(
            adminPolicy(
              'AdminNetworkPolicy',
              'priority: 5, subject: {namespaces: {}}, egress: [{action: Deny, to: [{networks: [169.254.0.0/16, "fd00::/8"]}]}]',
            ),
            egress('[{}]'),
          ),
        ],
        ['denied for the cluster by default', adminPolicy('BaselineAdminNetworkPolicy', denyAll)],
        ['denied for the cluster, without IPv6', clusterEgress('{action: Deny, to: [{networks: [169.254.169.254/32]}]}')],
        [
          'passed on for the cluster, and denied by a policy',
          together(clusterEgress('{action: Pass, to: [{networks: [169.254.0.0/16]}]}'), egress('[]')),
        ],
        [
          'Cilium: denied without IPv6',
          cilium('{endpointSelector: {}, egress: [{toEntities: [all]}], egressDeny: [{toCIDR: [169.254.169.254/32]}]}'),
        ],
        [
          'Calico: denied without IPv6',
          calicoWide('{types: [Egress], egress: [{action: Deny, destination: {nets: [169.254.169.254/32]}}, {action: Allow}]}'),
        ],
      ] as const
    ).map(([title, other]) => passes(title, together(labelled, other))),
    passes('an address that nobody asked about', together(labelled, egress('[{to: [{ipBlock: {cidr: 168.63.129.16/32}}]}]'))),
    fails(
      'an address that was asked about',
      together(labelled, egress('[{to: [{ipBlock: {cidr: 168.63.129.16/32}}]}]')),
      'metadata.labels',
      {
        parameters: { addresses: ['168.63.129.16'] },
      },
    ),
    skips('the network of the node', together(onNode, egress('[]'))),
    skips('a group of Cilium', together(labelled, cilium('{endpointSelector: {}, egress: [{toCIDRSet: [{cidrGroupRef: g}]}]}'))),
    skips('a tier of Calico', together(labelled, calico('{tier: security, egress: [{action: Allow}]}'))),
    fails('no policy', labelled, 'metadata.labels'),
    ...(
      [
        ['Ingress only', policy('{podSelector: {}}')],
        ['other pods', policy('{podSelector: {matchLabels: {app: api}}, policyTypes: [Egress]}')],
        ['everything', egress('[{}]')],
        ['its port', egress('[{ports: [{port: 80}]}]')],
        ['a range with its port', egress('[{ports: [{port: 1, endPort: 1024}]}]')],
        ['all addresses', egress('[{to: [{ipBlock: {cidr: 0.0.0.0/0}}]}]')],
        [
          'all addresses but private ones',
          egress('[{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16]}}]}]'),
        ],
        ['a block around it', egress('[{to: [{ipBlock: {cidr: 169.254.170.1/16, except: [169.254.170.0/24]}}]}]')],
        [
          'one of two policies',
          together(egress('[]'), egress('[{to: [{ipBlock: {cidr: 128.0.0.0/1}}]}]').replace('name: it', 'name: more')),
        ],
        ['all of IPv6', egress('[{to: [{ipBlock: {cidr: "::/0"}}]}]')],
        ['Cilium: the world', cilium('{endpointSelector: {}, egress: [{toEntities: [world]}]}')],
        ['Cilium: its port everywhere', cilium('{endpointSelector: {}, egress: [{toPorts: [{ports: [{port: "80"}]}]}]}')],
        ['Cilium: its name', cilium('{endpointSelector: {}, egress: [{toFQDNs: [{matchName: metadata.google.internal}]}]}')],
        ['Cilium: every name', cilium('{endpointSelector: {}, egress: [{toFQDNs: [{matchPattern: "*"}]}]}')],
        ['Cilium: no default deny', cilium('{endpointSelector: {}, egress: [{}], enableDefaultDeny: {egress: false}}')],
        [
          'Calico: allowed before it is denied',
          calico('{egress: [{action: Allow}, {action: Deny, destination: {nets: [169.254.0.0/16, "fd00::/8"]}}]}'),
        ],
        [
          'allowed for the cluster before a policy denies it',
          together(
            adminPolicy(
              'AdminNetworkPolicy',
              'priority: 5, subject: {namespaces: {}}, egress: [{action: Allow, to: [{networks: [169.254.169.254/32]}]}]',
            ),
            egress('[]'),
          ),
        ],
        [
          'passed on for the cluster before all is denied, without a policy',
          clusterEgress('{action: Pass, to: [{networks: [169.254.0.0/16]}]}, {action: Deny, to: [{networks: [0.0.0.0/0, "::/0"]}]}'),
        ],
        [
          'allowed by default before all is denied',
          adminPolicy(
            'BaselineAdminNetworkPolicy',
            'subject: {namespaces: {}}, egress: [{action: Allow, to: [{networks: [169.254.0.0/16]}]}, {action: Deny, to: [{networks: [0.0.0.0/0]}]}]',
          ),
        ],
        [
          'the other port denied for the cluster',
          clusterEgress('{action: Deny, to: [{networks: [0.0.0.0/0]}], ports: [{portNumber: {protocol: TCP, port: 443}}]}'),
        ],
        [
          'denied for the cluster, and opened for IPv6 by a policy',
          together(clusterEgress('{action: Deny, to: [{networks: [169.254.169.254/32]}]}'), egress('[{to: [{ipBlock: {cidr: "::/0"}}]}]')),
        ],
      ] as const
    ).map(([title, other]) => fails(title, together(labelled, other), 'metadata.labels')),
  ),
  'netpol-allow-all': objects(
    fails(
      'all pods of all namespaces',
      policy('{podSelector: {}, ingress: [{from: [{namespaceSelector: {}, podSelector: {}}]}]}'),
      'spec.ingress[0].from[0]',
    ),
    fails('a rule of nothing, which the server reads as an empty one', policy('{podSelector: {}, ingress: [null]}'), 'spec.ingress[0]'),
    fails(
      'a port of nothing, which is every port',
      policy('{podSelector: {}, ingress: [{ports: [null, {protocol: UDP}, {protocol: SCTP}]}]}'),
      'spec.ingress[0]',
    ),
    ...(
      [
        ['a block that is a number', 'ingress: [{from: [{ipBlock: {cidr: 5}}]}]', 'spec.ingress[0].from[0].ipBlock.cidr'],
        ['a block that is no network', 'ingress: [{from: [{ipBlock: {cidr: 10.0.0.0}}]}]', 'spec.ingress[0].from[0].ipBlock.cidr'],
        ['a prefix that is too long', 'egress: [{to: [{ipBlock: {cidr: 10.0.0.0/33}}]}]', 'spec.egress[0].to[0].ipBlock.cidr'],
        [
          'exceptions that are no list',
          'egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0, except: 10.0.0.0/8}}]}]',
          'spec.egress[0].to[0].ipBlock.except',
        ],
        [
          'an exception outside of the block',
          'ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [11.0.0.0/16]}}]}]',
          'spec.ingress[0].from[0].ipBlock.except[0]',
        ],
        [
          'an exception that is the block',
          'ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0, except: [0.0.0.0/0]}}]}]',
          'spec.ingress[0].from[0].ipBlock.except[0]',
        ],
        ['rules that are no list', 'ingress: {}', 'spec.ingress'],
        ['peers that are no list', 'ingress: [{from: {}}]', 'spec.ingress[0].from'],
        ['a peer without a field', 'ingress: [{from: [{}]}]', 'spec.ingress[0].from[0]'],
        [
          'a peer with a block and a selector',
          'ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}, podSelector: {}}]}]',
          'spec.ingress[0].from[0]',
        ],
        [
          'an operator that no selector knows',
          'ingress: [{from: [{namespaceSelector: {matchExpressions: [{key: a, operator: Is, values: [b]}]}}]}]',
          'spec.ingress[0].from[0].namespaceSelector.matchExpressions[0].operator',
        ],
        ['a type that no policy knows', 'policyTypes: [ingress], ingress: [{}]', 'spec.policyTypes[0]'],
        ['a protocol that no policy knows', 'ingress: [{ports: [{protocol: ICMP}]}]', 'spec.ingress[0].ports[0].protocol'],
        ['a range that ends before it starts', 'ingress: [{ports: [{port: 9, endPort: 8}]}]', 'spec.ingress[0].ports[0].endPort'],
        ['a range of a named port', 'ingress: [{ports: [{port: http, endPort: 8}]}]', 'spec.ingress[0].ports[0].endPort'],
      ] as const
    ).map(([title, spec, path]) => errs(title, policy(`{podSelector: {}, ${spec}}`), path)),
    ...(
      [
        ['pods', 'ingress: [{from: [{podSelector: {}}]}]'],
        ['pods of all namespaces by labels', 'ingress: [{from: [{namespaceSelector: {}, podSelector: {matchLabels: {app: a}}}]}]'],
        ['a block with exceptions', 'egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [169.254.169.254/32]}}]}]'],
        ['ports from everywhere', 'ingress: [{ports: [{port: 443}]}]'],
        ['ports from every address', 'ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0}}], ports: [{port: 443}]}]'],
        ['ports of all namespaces', `${both}, egress: [{to: [{namespaceSelector: {}}], ports: [{port: 53, protocol: UDP}, {port: 53}]}]`],
        ['one protocol', 'ingress: [{ports: [{protocol: TCP}]}]'],
        [
          'no port where the others are all',
          'ingress: [{ports: [{protocol: TCP}, {protocol: UDP}, {port: 1, endPort: 65534, protocol: SCTP}]}]',
        ],
        ['named ports', 'ingress: [{ports: [{port: http}, {port: https}]}]'],
        ['a narrow block', 'ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]'],
        ['all but the private addresses', 'egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8, 172.16.0.0/12]}}]}]'],
        ['all but one address of somebody', 'ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0, except: [8.8.8.8/32]}}]}]'],
        ['one half of all addresses', 'ingress: [{from: [{ipBlock: {cidr: 128.0.0.0/1}}]}]'],
        ['half of each family', 'ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/1}}, {ipBlock: {cidr: "8000::/1"}}]}]'],
        ['the global addresses of IPv6', 'ingress: [{from: [{ipBlock: {cidr: "2000::/3"}}]}]'],
        [
          'half of the addresses for each half of the ports',
          'ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/1}}], ports: [{port: 1, endPort: 30000}]}, {from: [{ipBlock: {cidr: 128.0.0.0/1}}], ports: [{port: 30001, endPort: 65535}]}]',
        ],
        ['nothing at all', 'ingress: []'],
        ['rules of a direction that is not among the types', 'policyTypes: [Ingress], egress: [{}]'],
        ['egress rules alone', 'policyTypes: [Egress], ingress: [{}], egress: []'],
        [
          'all namespaces but some',
          'ingress: [{from: [{namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: [kube-system]}]}}]}]',
        ],
        ['namespaces with a label', 'ingress: [{from: [{namespaceSelector: {matchExpressions: [{key: team, operator: Exists}]}}]}]'],
        [
          'namespaces without the name that all have',
          'ingress: [{from: [{namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: DoesNotExist}]}}]}]',
        ],
        [
          'all pods without a label, and some with it',
          'ingress: [{from: [{namespaceSelector: {}, podSelector: {matchExpressions: [{key: a, operator: DoesNotExist}]}}, {namespaceSelector: {}, podSelector: {matchLabels: {a: b}}}]}]',
        ],
      ] as const
    ).map(([title, spec]) => passes(title, policy(`{podSelector: {}, ${spec}}`))),
    ...(
      [
        ['an empty rule', 'ingress: [{}]', 'spec.ingress[0]'],
        ['an empty rule in another shape', 'egress: [{to: [], ports: []}]', 'spec.egress[0]'],
        ['every address', 'ingress: [{from: [{podSelector: {}}, {ipBlock: {cidr: 0.0.0.0/0}}]}]', 'spec.ingress[0].from[1]'],
        ['every address by another number', 'ingress: [{from: [{ipBlock: {cidr: 10.1.2.3/0}}]}]', 'spec.ingress[0].from[0]'],
        ['every address of IPv6', 'egress: [{to: [{ipBlock: {cidr: "::/0"}}]}]', 'spec.egress[0].to[0]'],
        [
          'every address of IPv4 in IPv6 notation',
          'ingress: [{from: [{ipBlock: {cidr: "::ffff:0.0.0.0/96"}}]}]',
          'spec.ingress[0].from[0]',
        ],
        ['two halves', 'ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/1}}, {ipBlock: {cidr: 128.0.0.0/1}}]}]', 'spec.ingress[0]'],
        [
          'two halves in two rules',
          'ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/1}}]}, {from: [{ipBlock: {cidr: 128.0.0.0/1}}]}]',
          'spec.ingress',
        ],
        [
          'what is excepted, in another block',
          'ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}, {ipBlock: {cidr: 10.0.0.0/8}}]}]',
          'spec.ingress[0]',
        ],
        ['all but what nobody has', 'ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0, except: [192.0.2.1/32]}}]}]', 'spec.ingress[0].from[0]'],
        ['all but multicast', 'ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0, except: [224.0.0.0/4]}}]}]', 'spec.ingress[0].from[0]'],
        ['all protocols', 'ingress: [{ports: [{protocol: SCTP}, {protocol: UDP}, {}]}]', 'spec.ingress[0]'],
        [
          'all ports in pieces',
          'ingress: [{ports: [{port: 1}, {port: 2, endPort: 400}, {port: 300, endPort: 65535}, {protocol: UDP}, {protocol: SCTP}]}]',
          'spec.ingress[0]',
        ],
        [
          'a protocol in each rule',
          'ingress: [{ports: [{protocol: TCP}]}, {ports: [{protocol: UDP}]}, {from: [{ipBlock: {cidr: 0.0.0.0/0}}], ports: [{protocol: SCTP}]}]',
          'spec.ingress',
        ],
        ['all namespaces', 'ingress: [{from: [{namespaceSelector: {}}]}]', 'spec.ingress[0].from[0]'],
        ['all namespaces by an empty map', 'ingress: [{from: [{namespaceSelector: {matchLabels: {}}}]}]', 'spec.ingress[0].from[0]'],
        [
          'all namespaces by the name that all have',
          'egress: [{to: [{namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: Exists}]}}]}]',
          'spec.egress[0].to[0]',
        ],
        [
          'namespaces with a label and without it',
          'ingress: [{from: [{namespaceSelector: {matchExpressions: [{key: a, operator: Exists}]}}, {namespaceSelector: {matchExpressions: [{key: a, operator: DoesNotExist}]}}]}]',
          'spec.ingress[0]',
        ],
        [
          'all namespaces but one, and this one',
          'ingress: [{from: [{namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: [shop]}]}}, {podSelector: {}}]}]',
          'spec.ingress[0]',
        ],
        ['egress rules, if the types are left out', 'ingress: [], egress: [{}]', 'spec.egress[0]'],
        ['both directions', 'ingress: [{}], egress: [{}]', ['spec.ingress[0]', 'spec.egress[0]']],
      ] as const
    ).map(([title, spec, path]) => fails(title, policy(`{podSelector: {}, ${spec}}`), path)),
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
    ...(
      [
        ['sources in the annotation', lb('', noted('198.51.100.0/24, 203.0.113.0/24'))],
        ['the annotation is not read beside the field', lb('loadBalancerSourceRanges: [198.51.100.0/24]', noted('0.0.0.0/0'))],
        ['half of all addresses', lb('loadBalancerSourceRanges: [0.0.0.0/1]', '{}')],
        ['private addresses', lb('loadBalancerSourceRanges: [10.0.0.0/8, 172.16.0.0/12, "fd00::/8"]', '{}')],
        ...[
          'service.kubernetes.io/ibm-load-balancer-cloud-provider-ip-type: private',
          'service.beta.kubernetes.io/openstack-internal-load-balancer: "true"',
          'service.beta.kubernetes.io/cce-load-balancer-internal-vpc: "true"',
          'service.kubernetes.io/qcloud-loadbalancer-internal-subnetid: subnet-1',
          'service.beta.kubernetes.io/alibaba-cloud-loadbalancer-address-type: intranet',
          'service.beta.kubernetes.io/oci-load-balancer-internal: "true"',
          'service.beta.kubernetes.io/aws-load-balancer-scheme: internal',
          'service.beta.kubernetes.io/azure-load-balancer-internal: "true"',
        ].map((note) => [note, lb('', `{${note}}`)] as const),
      ] as const
    ).map(([title, yaml]) => passes(title, yaml)),
    errs('a source that is no network', lb('loadBalancerSourceRanges: [10.0.0.0]', '{}'), 'spec.loadBalancerSourceRanges[0]'),
    errs('an annotation that is no network', lb('', noted('office')), `metadata.annotations['${sourceRanges}']`),
    ...(
      [
        ['every address', lb('loadBalancerSourceRanges: [0.0.0.0/0]', '{}'), 'spec.loadBalancerSourceRanges'],
        ['every address of IPv6', lb('loadBalancerSourceRanges: [10.0.0.0/8, "::/0"]', '{}'), 'spec.loadBalancerSourceRanges'],
        ['two halves', lb('loadBalancerSourceRanges: [0.0.0.0/1, 128.0.0.0/1]', '{}'), 'spec.loadBalancerSourceRanges'],
        [
          'every address beside an annotation',
          lb('loadBalancerSourceRanges: [0.0.0.0/0]', noted('10.0.0.0/8')),
          'spec.loadBalancerSourceRanges',
        ],
        ['every address in the annotation', lb('', noted('0.0.0.0/0')), `metadata.annotations['${sourceRanges}']`],
        ['an empty annotation', lb('', noted(' ')), 'spec.type'],
        ['an external scheme', lb('', '{service.beta.kubernetes.io/aws-load-balancer-scheme: internet-facing}'), 'spec.type'],
        [
          'an internal load balancer that is none',
          lb('', '{service.beta.kubernetes.io/azure-load-balancer-internal: "false"}'),
          'spec.type',
        ],
      ] as const
    ).map(([title, yaml, path]) => fails(title, yaml, path)),
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
    ...(
      [
        ['an internal load balancer', lb('', '{networking.gke.io/load-balancer-type: Internal}')],
        ['a load balancer for private addresses', lb('loadBalancerSourceRanges: [10.0.0.0/8, 192.168.1.0/24]', '{}')],
        ['external IPs that are none', service('{externalIPs: [], selector: {app: web}}')],
        ['an Ingress with an internal load balancer', together(inner, ingress(toWeb, '{alb.ingress.kubernetes.io/scheme: internal}'))],
        [
          'a route of another namespace that no grant permits',
          together(inner, route('HTTPRoute', 'edge', 'parentRefs: [{name: g}], ' + backend)),
        ],
        [
          'a grant for other routes',
          together(
            inner,
            route('HTTPRoute', 'edge', 'parentRefs: [{name: g}], ' + backend),
            grant('{group: gateway.networking.k8s.io, kind: GRPCRoute, namespace: edge}', '{group: "", kind: Service}'),
          ),
        ],
        [
          'a grant for another Service',
          together(
            inner,
            route('HTTPRoute', 'edge', 'parentRefs: [{name: g}], ' + backend),
            grant('{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: edge}', '{group: "", kind: Service, name: api}'),
          ),
        ],
        ['a route without a parent', together(inner, route('HTTPRoute', 'shop', backend))],
        [
          'a route of the mesh',
          together(inner, route('HTTPRoute', 'shop', 'parentRefs: [{kind: Service, group: "", name: web}], ' + backend)),
        ],
        [
          'a route that sends nothing',
          together(
            inner,
            route('HTTPRoute', 'shop', 'parentRefs: [{name: g}], rules: [{backendRefs: [{name: web, port: 80, weight: 0}]}]'),
          ),
        ],
        [
          'a backend that is no Service',
          together(inner, route('HTTPRoute', 'shop', 'parentRefs: [{name: g}], rules: [{backendRefs: [{kind: Bucket, name: web}]}]')),
        ],
        [
          'a Gateway that takes no routes of this namespace',
          together(
            inner,
            route('HTTPRoute', 'shop', 'parentRefs: [{name: g, namespace: edge}], ' + backend),
            gateway('edge', '{name: web, port: 80, protocol: HTTP}'),
          ),
        ],
        [
          'a Gateway for another protocol',
          together(
            inner,
            route('TCPRoute', 'shop', 'parentRefs: [{name: g}], ' + backend),
            gateway('shop', '{name: web, port: 80, protocol: HTTP}'),
          ),
        ],
        [
          'a Gateway for other hosts',
          together(
            inner,
            route('HTTPRoute', 'shop', 'hostnames: [a.example.org], parentRefs: [{name: g}], ' + backend),
            gateway('shop', '{name: web, port: 80, protocol: HTTP, hostname: "*.example.com"}'),
          ),
        ],
        [
          'a listener that the Gateway does not have',
          together(
            inner,
            route('HTTPRoute', 'shop', 'parentRefs: [{name: g, sectionName: tls}], ' + backend),
            gateway('shop', '{name: web, port: 80, protocol: HTTP}'),
          ),
        ],
        [
          'an internal Gateway',
          together(
            inner,
            route('HTTPRoute', 'shop', 'parentRefs: [{name: g}], ' + backend),
            gateway('shop', '{name: web, port: 80, protocol: HTTP}', 'gke-l7-rilb'),
          ),
        ],
        ['a VirtualService of the mesh', together(inner, virtualService('shop', 'http: [{route: [{destination: {host: web}}]}]'))],
        [
          'a VirtualService to another Service',
          together(inner, virtualService('shop', 'gateways: [edge/g], http: [{route: [{destination: {host: api}}]}]')),
        ],
        [
          'a VirtualService with a route for the mesh',
          together(
            inner,
            virtualService('shop', 'gateways: [mesh, edge/g], http: [{match: [{gateways: [mesh]}], route: [{destination: {host: web}}]}]'),
          ),
        ],
        [
          'a VirtualService to another namespace',
          together(inner, virtualService('edge', 'gateways: [g], http: [{route: [{destination: {host: web}}]}]')),
        ],
      ] as const
    ).map(([title, other]) => passes(title, together(labelled, other))),
    passes('a host port on loopback', hostPort('hostPort: 8443, hostIP: 127.0.0.1')),
    passes('a host port on loopback of IPv6', hostPort('hostPort: 8443, hostIP: "::1"')),
    passes('a host port of 0', hostPort('hostPort: 0')),
    passes('the network of the node without ports', 'metadata: {labels: {app: web}}\nspec: {hostNetwork: true, containers: [{name: a}]}'),
    fails('a host port', hostPort('hostPort: 8443'), 'spec.containers[0].ports[0].hostPort'),
    fails('a host port on all addresses', hostPort('hostPort: 8443, hostIP: 0.0.0.0'), 'spec.containers[0].ports[0].hostPort'),
    fails(
      'a port on the network of the node',
      'metadata: {labels: {app: web}}\nspec: {hostNetwork: true, containers: [{name: a, ports: [{containerPort: 80}]}]}',
      'spec.containers[0].ports[0].hostPort',
    ),
    ...(
      [
        ['a load balancer for known sources', lb('loadBalancerSourceRanges: [198.51.100.0/24, 8.8.8.8/32]', '{}')],
        ['external IPs', service('{externalIPs: [203.0.113.9], selector: {app: web}}')],
        ...['HTTPRoute', 'GRPCRoute', 'TLSRoute', 'TCPRoute', 'UDPRoute'].map(
          (kind) => [kind, together(inner, route(kind, 'shop', 'parentRefs: [{name: g}], ' + backend))] as const,
        ),
        [
          'a route of another namespace that a grant permits',
          together(
            inner,
            route('HTTPRoute', 'edge', 'parentRefs: [{name: g}], ' + backend),
            grant('{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: edge}', '{group: "", kind: Service}'),
          ),
        ],
        [
          'a copy of the traffic',
          together(
            inner,
            route(
              'HTTPRoute',
              'shop',
              'parentRefs: [{name: g}], rules: [{backendRefs: [{name: api}], filters: [{type: RequestMirror, requestMirror: {backendRef: {name: web, port: 80}}}]}]',
            ),
          ),
        ],
        [
          'a Gateway that takes routes of all namespaces',
          together(
            inner,
            route('HTTPRoute', 'shop', 'parentRefs: [{name: g, namespace: edge}], ' + backend),
            gateway('edge', '{name: web, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}'),
          ),
        ],
        [
          'a Gateway that takes routes of namespaces with a label',
          together(
            inner,
            route('HTTPRoute', 'shop', 'parentRefs: [{name: g, namespace: edge}], ' + backend),
            gateway(
              'edge',
              '{name: web, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {kubernetes.io/metadata.name: shop}}}}}',
            ),
          ),
        ],
        [
          'a Gateway for its hosts',
          together(
            inner,
            route('HTTPRoute', 'shop', 'hostnames: [a.example.com], parentRefs: [{name: g}], ' + backend),
            gateway('shop', '{name: web, port: 80, protocol: HTTP, hostname: "*.example.com"}'),
          ),
        ],
        ['a VirtualService', together(inner, virtualService('shop', 'gateways: [edge/g], http: [{route: [{destination: {host: web}}]}]'))],
        [
          'a VirtualService of another namespace',
          together(inner, virtualService('edge', 'gateways: [g], tcp: [{route: [{destination: {host: web.shop.svc.cluster.local}}]}]')),
        ],
        [
          'a VirtualService that another one delegates to',
          together(
            inner,
            virtualService('edge', 'gateways: [g], http: [{delegate: {name: v, namespace: shop}}]'),
            virtualService('shop', 'http: [{route: [{destination: {host: web}}]}]'),
          ),
        ],
        [
          'a Route of OpenShift',
          together(
            inner,
            '{apiVersion: route.openshift.io/v1, kind: Route, metadata: {name: r, namespace: shop}, spec: {to: {kind: Service, name: web}}}',
          ),
        ],
      ] as readonly (readonly [string, string])[]
    ).map(([title, other]) => fails(title, together(labelled, other), 'metadata.labels')),
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
    ...['1', 't', 'T', 'True', 'TRUE'].map((value) =>
      fails(`a ConfigMap with ${value}`, allowing(value), "data['allow-snippet-annotations']"),
    ),
    ...['0', 'f', 'False', 'FALSE', 'yes', 'tRUE', ''].map((value) => passes(`a ConfigMap with '${value}'`, allowing(value))),
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
    passes(
      'a pod of a StatefulSet, by an expression',
      together(
        policy('{podSelector: {matchExpressions: [{key: statefulset.kubernetes.io/pod-name, operator: In, values: [web-0]}]}}'),
        workload('StatefulSet', {}),
      ),
    ),
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
    ...(
      [
        ['the same', '{rules: [{host: a.example.com}], tls: [{hosts: [a.example.com]}]}'],
        ['a wildcard for one label', '{rules: [{host: a.example.com}], tls: [{hosts: ["*.example.com"], secretName: w}]}'],
        ['the same wildcard', '{rules: [{host: "*.example.com"}], tls: [{hosts: ["*.example.com"]}]}'],
        ['no hosts are all hosts', '{rules: [{host: a.example.com}], tls: [{secretName: w}]}'],
        ['an empty list is all hosts', '{rules: [{host: a.example.com}], tls: [{hosts: [], secretName: w}]}'],
        ['one of several', '{rules: [{host: a.example.com}], tls: [{hosts: [b.example.com]}, {hosts: [c.example.com, a.example.com]}]}'],
        ['a rule without a host', '{rules: [{http: {paths: []}}], tls: [{hosts: [a.example.com]}]}'],
      ] as const
    ).map(([title, spec]) => passes(title, ingress(spec))),
    ...(
      [
        ['another', '{rules: [{host: a.example.com}], tls: [{hosts: [b.example.com]}]}'],
        ['a wildcard for two labels', '{rules: [{host: a.b.example.com}], tls: [{hosts: ["*.example.com"]}]}'],
        ['the domain of a wildcard', '{rules: [{host: example.com}], tls: [{hosts: ["*.example.com"]}]}'],
        ['the end of a domain', '{rules: [{host: aexample.com}], tls: [{hosts: ["*.example.com"]}]}'],
        ['a wildcard below a host', '{rules: [{host: "*.example.com"}], tls: [{hosts: [a.example.com]}]}'],
        ['a wildcard below a wildcard', '{rules: [{host: "*.a.example.com"}], tls: [{hosts: ["*.example.com"]}]}'],
        ['no tls', '{rules: [{host: a.example.com}]}'],
      ] as const
    ).map(([title, spec]) => fails(title, ingress(spec), 'spec.rules[0].host')),
  ),
  'service-external-name-localhost': objects(
    ...['db.example.com', 'localhost.example.com', 'mylocalhost', '1127.0.0.1', '128.0.0.1'].map((name) =>
      passes(name, service(`{type: ExternalName, externalName: ${name}}`)),
    ),
    passes('a name that is not used', service('{type: ClusterIP, externalName: localhost}')),
    ...['localhost', 'localhost.', 'a.localhost', 'localhost.localdomain', '127.0.0.1', '127.1.2.3', '0.0.0.0'].map((name) =>
      fails(name, service(`{type: ExternalName, externalName: ${name}}`), 'spec.externalName'),
    ),
  ),
  'gateway-tls': objects(
    ...(
      [
        ['HTTPS', gateway('shop', '{name: web, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: w}]}}')],
        ['HTTP beside HTTPS', gateway('shop', '{name: a, port: 80, protocol: HTTP}, {name: b, port: 443, protocol: HTTPS}')],
        ['TLS that is passed through', gateway('shop', '{name: web, port: 443, protocol: TLS, tls: {mode: Passthrough}}')],
        ['TCP', gateway('shop', '{name: db, port: 5432, protocol: TCP}')],
        ['the mesh', gateway('shop', '{name: mesh, port: 15008, protocol: HBONE}')],
        ['Istio: HTTPS', istio('{port: {number: 443, protocol: HTTPS}, tls: {mode: SIMPLE, credentialName: w}}')],
        ['Istio: a redirect', istio('{port: {number: 80, protocol: HTTP}, tls: {httpsRedirect: true}}')],
        ['OpenShift: TLS', openShift('{to: {kind: Service, name: web}, tls: {termination: edge}}')],
      ] as const
    ).map(([title, yaml]) => passes(title, yaml)),
    errs('listeners that are no list', gateway('shop', 'a').replace('listeners: [a]', 'listeners: a'), 'spec.listeners'),
    errs('a listener that is no map', gateway('shop', 'a'), 'spec.listeners[0]'),
    fails('HTTP', gateway('shop', '{name: web, port: 80, protocol: HTTP}'), 'spec.listeners'),
    fails('HTTP on the port of HTTPS', gateway('shop', '{name: web, port: 443, protocol: HTTP}'), 'spec.listeners'),
    fails('two of HTTP', gateway('shop', '{name: a, port: 80, protocol: HTTP}, {name: b, port: 8080, protocol: HTTP}'), 'spec.listeners'),
    fails('Istio: HTTP', istio('{port: {number: 80, protocol: HTTP}}'), 'spec.servers'),
    fails('Istio: HTTP/2', istio('{port: {number: 80, protocol: http2}, tls: {httpsRedirect: false}}'), 'spec.servers'),
    fails('OpenShift: no TLS', openShift('{to: {kind: Service, name: web}}'), 'spec.tls'),
    passes(
      'OpenShift: a redirect',
      openShift('{to: {kind: Service, name: web}, tls: {termination: edge, insecureEdgeTerminationPolicy: Redirect}}'),
    ),
    fails(
      'OpenShift: HTTP beside TLS',
      openShift('{to: {kind: Service, name: web}, tls: {termination: edge, insecureEdgeTerminationPolicy: Allow}}'),
      'spec.tls.insecureEdgeTerminationPolicy',
    ),
    fails('OpenShift: an empty map', openShift('{to: {kind: Service, name: web}, tls: {}}'), 'spec.tls'),
  ),
  'ingress-nginx-annotations': objects(
    ...(
      [
        ['a path', 'rewrite-target: /$2'],
        ['an apostrophe in a text in quotes', 'auth-realm: "Cashiers\' till"'],
        ['the pattern of a header', 'canary-by-header-pattern: "^team-[ab]{2}$"'],
        ['a host by a pattern', 'server-alias: "~^www[0-9]+[.]example[.]com$"'],
        ['names of clients', 'auth-tls-match-cn: "CN=(till-a|till-b)"'],
        ['alternatives of names of clients', 'auth-tls-match-cn: "CN=till-a|CN=till-b"'],
        ['a fragment of a URL', 'permanent-redirect: "https://example.com/a#b"'],
        ['a list', 'whitelist-source-range: "10.0.0.0/8, 192.168.0.0/16"'],
        ['a word that ends in root', 'app-root: /web-root'],
      ] as const
    ).map(([title, note]) => passes(title, ingress('{}', `{nginx.ingress.kubernetes.io/${note}}`))),
    passes('the annotation of another controller', ingress('{}', '{example.com/rewrite-target: "/; alias /etc/"}')),
    ...(
      [
        ['the end of a directive', 'rewrite-target', '/; alias /etc/'],
        ['a line break', 'auth-url', 'http://a/\\nload_module x'],
        ['a block', 'server-alias', 'a} server {'],
        ['a quote', 'proxy-redirect-to', "a' b"],
        ['Lua', 'auth-url', 'http://a/content_by_lua_block'],
        ['a file', 'auth-url', 'file:///etc/passwd'],
        ['a token', 'proxy-ssl-name', '/var/run/secrets/x'],
        ['a folder', 'rewrite-target', 'root /'],
        ['a pipe', 'mirror-target', 'http://a/|b'],
        ['a comment', 'auth-tls-match-cn', 'CN=a #('],
        ['an alternative that is no common name', 'auth-tls-match-cn', 'CN=till-a|cn'],
      ] as const
    ).map(([title, key, value]) =>
      fails(
        title,
        ingress('{}', `{nginx.ingress.kubernetes.io/${key}: "${value}"}`),
        `metadata.annotations['nginx.ingress.kubernetes.io/${key}']`,
      ),
    ),
  ),
  'ingress-nginx-paths': objects(
    ...['/', '/shop', '/item/[0-9]{4}(/|$)(.*)', '/a{2,}', '/a;v=1', '/\\\\{a\\\\}', '/\\\\p{L}+', '/a b'].map((path) =>
      passes(path, ingress(`{rules: [{http: {paths: [{path: "${path}"}]}}]}`)),
    ),
    ...(
      [
        ['a token', '/var/run/secrets/x'],
        ['the end of the location', '/a;}\\nlocation /b { return 204;'],
        ['a block', '/a {'],
        ['the end of a block', '/a}'],
        ['a brace that is no quantifier', '/a{b}'],
        ['the end of a directive', '/a; alias /'],
        ['a line break', '/a\\n'],
        ['a quote', '/a\\"'],
      ] as const
    ).map(([title, path]) => fails(title, ingress(`{rules: [{http: {paths: [{path: "${path}"}]}}]}`), 'spec.rules[0].http.paths[0].path')),
  ),
};
