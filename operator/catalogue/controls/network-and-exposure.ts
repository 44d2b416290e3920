import type { Control, Exemption, Parameter, Section } from './control.ts';

const ingressKinds = ['Ingress.networking.k8s.io', 'Ingress.extensions', 'Ingress'];
const policyKinds = ['NetworkPolicy.networking.k8s.io'];

const calicoGroups = ['crd.projectcalico.org', 'projectcalico.org'];

/** The kinds that decide which traffic of pods is allowed. */
const trafficKinds = [
  ...policyKinds,
  'CiliumNetworkPolicy.cilium.io',
  'CiliumClusterwideNetworkPolicy.cilium.io',
  ...calicoGroups.flatMap((group) =>
    ['NetworkPolicy', 'GlobalNetworkPolicy', 'NetworkSet', 'GlobalNetworkSet'].map((kind) => `${kind}.${group}`),
  ),
  ...['AdminNetworkPolicy', 'BaselineAdminNetworkPolicy', 'ClusterNetworkPolicy'].map((kind) => `${kind}.policy.networking.k8s.io`),
];

/** The kinds that lead traffic from outside to pods. */
const exposure = {
  reads: [
    'Service',
    ...ingressKinds,
    ...['HTTPRoute', 'GRPCRoute', 'TLSRoute', 'TCPRoute', 'UDPRoute', 'Gateway', 'ReferenceGrant'].map(
      (kind) => `${kind}.gateway.networking.k8s.io`,
    ),
    'VirtualService.networking.istio.io',
    'Route.route.openshift.io',
  ],
  across: ['VirtualService.networking.istio.io'],
};

/** Annotations that make a load balancer internal: those in the documentation of Services, and those of further clouds. */
const internalAnnotations: Parameter = {
  description:
    'Annotations that make a load balancer internal, as key=value. A key without a value matches every value except the empty string and false.',
  type: 'strings',
  default: [
    'service.beta.kubernetes.io/aws-load-balancer-internal',
    'service.beta.kubernetes.io/aws-load-balancer-scheme=internal',
    'service.beta.kubernetes.io/azure-load-balancer-internal=true',
    'networking.gke.io/load-balancer-type=Internal',
    'networking.gke.io/load-balancer-type=internal',
    'cloud.google.com/load-balancer-type=Internal',
    'cloud.google.com/load-balancer-type=internal',
    'service.kubernetes.io/ibm-load-balancer-cloud-provider-ip-type=private',
    'service.beta.kubernetes.io/openstack-internal-load-balancer=true',
    'service.beta.kubernetes.io/cce-load-balancer-internal-vpc=true',
    'service.kubernetes.io/qcloud-loadbalancer-internal-subnetid',
    'service.beta.kubernetes.io/alibaba-cloud-loadbalancer-address-type=intranet',
    'service.beta.kubernetes.io/oci-load-balancer-internal=true',
    'oci-network-load-balancer.oraclecloud.com/internal=true',
    'yandex.cloud/load-balancer-type=internal',
    'service.beta.kubernetes.io/do-loadbalancer-network=INTERNAL',
    'load-balancer.hetzner.cloud/disable-public-network=true',
    'service.beta.kubernetes.io/scw-loadbalancer-private=true',
  ],
};

const sourceRanges = 'service.beta.kubernetes.io/load-balancer-source-ranges';
const isInternal = [
  "params.internalAnnotations.exists(a, a.contains('=')",
  "? (a.split('=', 2)[0] in object.metadata.annotations && object.metadata.annotations[a.split('=', 2)[0]] == a.split('=', 2)[1])",
  ": (a in object.metadata.annotations && !(object.metadata.annotations[a] in ['', 'false'])))",
].join(' ');

const coverage = (
  control: Pick<Control, 'id' | 'title' | 'kinds' | 'why' | 'fix' | 'message' | 'placement'> & { check: string },
): Control => ({
  id: control.id,
  title: control.title,
  severity: 'medium',
  essential: true,
  kinds: control.kinds,
  why: control.why,
  fix: control.fix,
  example: {
    before: 'kind: Namespace\nmetadata: {name: shop}\n',
    after:
      'kind: NetworkPolicy\nmetadata: {name: default-deny, namespace: shop}\nspec: {podSelector: {}, policyTypes: [Ingress, Egress]}\n',
  },
  message: control.message,
  placement: control.placement,
  theme: 'network',
  crossObject: {
    check: control.check,
    reads: trafficKinds,
  },
});

/** Whether a direction of a NetworkPolicy applies, and its rules with all ports. */
const openDirections = [
  {
    field: 'ingress',
    side: 'from',
    applies: "!has(object.spec.policyTypes) || object.spec.policyTypes.size() == 0 || 'Ingress' in object.spec.policyTypes",
  },
  {
    field: 'egress',
    side: 'to',
    applies: "!has(object.spec.policyTypes) || object.spec.policyTypes.size() == 0 || 'Egress' in object.spec.policyTypes",
  },
] as const;
const someAddresses =
  "has(item.%) && item.%.size() > 0 && !item.%.exists(peer, has(peer.ipBlock) && peer.ipBlock.cidr in ['0.0.0.0/0', '::/0'] && !(has(peer.ipBlock.except) && peer.ipBlock.except.size() > 0))";
const allPods = 'has(peer.namespaceSelector) && peer.namespaceSelector == {} && !(has(peer.podSelector) && peer.podSelector != {})';
const nginx = 'nginx.ingress.kubernetes.io/';
const nginxKeys = (names: readonly string[]): string => `[${names.map((name) => `'${nginx}${name}'`).join(', ')}]`;
/** Annotations that nginx gets as data of Lua, or in quotes. */
const dataAnnotations = nginxKeys([
  'auth-realm', 'canary', 'canary-by-header', 'canary-by-header-value', 'canary-by-header-pattern', 'canary-by-cookie', 'canary-weight',
]); // prettier-ignore
const ofNoDirective = `!key.startsWith('${nginx}') || key in ${dataAnnotations}`;
/** Annotations of the controller of NGINX Inc., whose values may have semicolons. Another control is about its snippets. */
const ofNoOther = "(!(key.startsWith('nginx.org/') || key.startsWith('nginx.com/')) || key.endsWith('-snippets'))";
/** Characters that end a directive, a block or a text, and a comment that hides the rest of a line. */
const endsDirective = String.raw`[\\n\\r{};\x60\'"]|(^|[ \\t])#`;
const namesDirective = String.raw`_by_lua|load_module|lua_package|/etc/|/var/run/secrets|(^|[^A-Za-z0-9_-])(alias|root)[ \\t;]`;
/**
 * A path that stays inside of its location: braces are quantifiers or classes of a regular expression, and a semicolon begins a parameter
 * of the path.
 */
const insideLocation = String.raw`^([^{};"\\x00-\\x1f]|\\\\[{}]|\\{([0-9]+(,[0-9]*)?|,[0-9]+)\\}|\\\\[pPx]\\{[A-Za-z0-9^]+\\}|;[A-Za-z0-9._~%-])*$`;
/** Annotations with a certificate, or that leave TLS to the backend: then `spec.tls` is not needed. */
const tlsByAnnotation: Exemption = {
  when: [
    "has(object.metadata.annotations) && (['alb.ingress.kubernetes.io/certificate-arn', 'networking.gke.io/managed-certificates',",
    "'ingress.gcp.kubernetes.io/pre-shared-cert', 'appgw.ingress.kubernetes.io/appgw-ssl-certificate'].exists(key,",
    "key in object.metadata.annotations && object.metadata.annotations[key] != '') ||",
    "('nginx.ingress.kubernetes.io/ssl-passthrough' in object.metadata.annotations &&",
    "object.metadata.annotations['nginx.ingress.kubernetes.io/ssl-passthrough'] == 'true'))",
  ].join(' '),
};
/** Whether a host of `spec.tls` covers the host `item`: it is the same, or a wildcard for its first label. */
const coversHost = "h == item || (h.startsWith('*.') && item.indexOf('.') > 0 && item.substring(item.indexOf('.')) == h.substring(1))";
/** A folder of the system, as a whole segment of the path: not `/etcd`. */
const forbiddenPath = "item.matches('/(etc|root|var/run/secrets|var/run/kubernetes)([^A-Za-z0-9_.-]|$)')";

/** A pattern for patterns of common names: each of their alternatives begins with CN=. Another one would match any part of a subject. */
const commonNames = '(\\\\^)?CN=([(][^()]*[)]|[^()|])*';
const onlyCommonNames = `^${commonNames}([|]${commonNames})*$`;

/** CONTROLS.md §8. */
export const networkAndExposure: Section = {
  title: 'Network and exposure',
  controls: [
    coverage({
      id: 'netpol-namespace-policy',
      title: 'Namespaces have a NetworkPolicy',
      kinds: ['Namespace'],
      why: 'Without a policy every pod of the cluster can reach every pod of the namespace.',
      fix: 'Add a NetworkPolicy to the namespace. Start with one that denies all traffic by default.',
      message: 'the namespace has no NetworkPolicy',
      placement: { cis: ['5.3.2'], nsa: ['NS.policies'], nist: ['4.3.3'], mitre: ['T1046'] },
      check: 'namespacePolicy',
    }),
    {
      ...coverage({
        id: 'netpol-default-deny',
        title: 'Namespaces deny traffic by default',
        kinds: ['Namespace'],
        why: 'A pod without a policy accepts traffic from all sources.',
        fix: 'Add a NetworkPolicy with an empty podSelector, policyTypes Ingress and no ingress rules.',
        message: 'the namespace has no NetworkPolicy that denies traffic by default',
        placement: { cis: ['5.3.2'], nsa: ['NS.policies'], nist: ['4.3.3', '4.4.2'] },
        check: 'defaultDeny',
      }),
      // Without any policy there is none that denies by default.
      sameFactAs: ['netpol-namespace-policy'],
      parameters: {
        direction: {
          description: 'The direction of traffic that must be denied.',
          type: 'string',
          default: 'Ingress',
          values: ['Ingress', 'Egress', 'Both'],
        },
      },
    },
    coverage({
      id: 'netpol-coverage',
      title: 'NetworkPolicies select every workload',
      kinds: 'workloads',
      why: 'A pod without a policy can send traffic to, and receive traffic from, all other pods.',
      fix: 'Add policies for Ingress and Egress that select the pods.',
      message: 'no NetworkPolicy selects the pods for',
      placement: { cis: ['5.3.2'], nsa: ['NS.policies'], nist: ['4.4.2'], mitre: ['T1046'] },
      check: 'policyCoverage',
    }),
    {
      id: 'netpol-allow-all',
      title: 'NetworkPolicies do not allow all traffic',
      severity: 'medium',
      essential: true,
      kinds: policyKinds,
      why: 'Policies are additive. A rule that allows all traffic cancels all other policies.',
      fix: 'Set the peers with podSelector, namespaceSelector or a narrower ipBlock.',
      example: { before: 'spec:\n  ingress: [{}]\n', after: 'spec:\n  ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]\n' },
      message: 'a rule allows all traffic',
      placement: { nsa: ['NS.policies'], nist: ['4.3.3'] },
      theme: 'network',
      builtin: 'allowsEverything',
      enforced: openDirections.flatMap(({ field, side, applies }) => [
        {
          at: `spec.${field}[]`,
          type: 'map' as const,
          require: `!(${applies}) || (has(item.ports) && item.ports.size() > 0) || (${someAddresses.replaceAll('%', side)})`,
        },
        {
          at: `spec.${field}[]`,
          type: 'map' as const,
          require: `!(${applies}) || (has(item.ports) && item.ports.size() > 0) || !has(item.${side}) || !item.${side}.exists(peer, ${allPods})`,
        },
      ]),
    },
    {
      ...coverage({
        id: 'netpol-metadata-egress',
        title: 'Workloads cannot reach the metadata service of the cloud',
        kinds: 'workloads',
        why: 'The metadata service at 169.254.169.254 returns the cloud credentials of the node.',
        fix: 'Add an Egress policy that does not allow TCP port 80 of 169.254.169.254, for example with except.',
        message: 'no NetworkPolicy denies egress to the metadata service of the cloud (169.254.169.254)',
        placement: { mitre: ['T1552.005'] },
        check: 'metadataEgress',
      }),
      essential: false,
      parameters: {
        addresses: {
          description:
            'The addresses of metadata services. Others are 168.63.129.16 (Azure), 100.100.100.200 (Alibaba Cloud) and 192.0.0.192 (Oracle Cloud). The defaults for IPv6 count for pods with a policy that names a network of IPv6.',
          type: 'strings',
          default: ['169.254.169.254', 'fd00:ec2::254', 'fd20:ce::254'],
        },
      },
    },
    {
      id: 'netpol-dangling',
      title: 'NetworkPolicies select at least one workload',
      severity: 'low',
      essential: false,
      kinds: policyKinds,
      why: 'A policy that selects no pods has no effect. Often its labels are mistyped.',
      fix: 'Make the podSelector match the labels of the workload, or delete the policy.',
      example: { before: 'spec: {podSelector: {matchLabels: {app: shpo}}}\n', after: 'spec: {podSelector: {matchLabels: {app: shop}}}\n' },
      message: 'spec.podSelector selects no workload',
      placement: { nsa: ['NS.policies'] },
      theme: 'network',
      crossObject: { check: 'danglingPolicy', reads: ['workloads'] },
    },
    {
      id: 'service-external-ips',
      title: 'Services have no external IPs',
      severity: 'high',
      essential: true,
      kinds: ['Service'],
      why: "A user who can set externalIPs can take over the cluster's traffic to that address (CVE-2020-8554).",
      fix: 'Remove externalIPs, and use a LoadBalancer or an Ingress.',
      example: { before: 'spec: {externalIPs: [192.0.2.10]}\n', after: 'spec: {type: ClusterIP}\n' },
      message: 'spec.externalIPs is set',
      placement: { nsa: ['NS.policies'], mitre: ['T1557'] },
      theme: 'network',
      checks: [{ at: 'spec.externalIPs', type: 'list', require: 'false' }],
    },
    {
      id: 'service-node-port',
      title: 'Services are not of type NodePort',
      severity: 'low',
      essential: true,
      kinds: ['Service'],
      why: 'A node port is open on every node. Load balancers and their rules do not apply.',
      fix: 'Use a ClusterIP Service with an Ingress.',
      example: { before: 'spec: {type: NodePort}\n', after: 'spec: {type: ClusterIP}\n' },
      message: 'spec.type is NodePort',
      placement: { nsa: ['NS.policies'], nist: ['4.4.2'], mitre: ['T1133'] },
      theme: 'network',
      checks: [{ at: 'spec.type', type: 'string', require: "item != 'NodePort'" }],
    },
    {
      id: 'service-load-balancer',
      title: 'Load balancers accept traffic from known sources only',
      severity: 'medium',
      essential: true,
      kinds: ['Service'],
      why: 'Without loadBalancerSourceRanges the load balancer accepts traffic from all addresses.',
      fix: 'Set loadBalancerSourceRanges, or make the load balancer internal.',
      example: {
        before: 'spec: {type: LoadBalancer}\n',
        after: 'spec: {type: LoadBalancer, loadBalancerSourceRanges: [203.0.113.0/24]}\n',
      },
      message: 'spec.type is LoadBalancer, and loadBalancerSourceRanges is not set',
      placement: { nsa: ['NS.policies'], mitre: ['T1133', 'T1190'] },
      theme: 'network',
      parameters: {
        internalAnnotations,
      },
      builtin: 'loadBalancerSources',
      enforced: [
        {
          at: 'spec.type',
          type: 'string',
          require: [
            "item != 'LoadBalancer'",
            "(has(object.spec.loadBalancerClass) && object.spec.loadBalancerClass in ['service.k8s.aws/nlb', 'eks.amazonaws.com/nlb', 'tailscale'])",
            "(has(object.spec.loadBalancerSourceRanges) && object.spec.loadBalancerSourceRanges.exists(r, !r.endsWith('/0')))",
            `(has(object.metadata.annotations) && '${sourceRanges}' in object.metadata.annotations)`,
            `(has(object.metadata.annotations) && ${isInternal})`,
          ].join(' || '),
        },
      ],
    },
    {
      id: 'service-external-name-localhost',
      title: 'ExternalName Services do not use localhost',
      severity: 'medium',
      essential: false,
      kinds: ['Service'],
      why: 'An ingress controller that resolves the name connects to its own localhost, and to services that listen only there.',
      fix: 'Set externalName to the real host.',
      example: {
        before: 'spec: {type: ExternalName, externalName: localhost}\n',
        after: 'spec: {type: ExternalName, externalName: db.example.com}\n',
      },
      message: 'spec.externalName is a name or address of localhost',
      placement: { mitre: ['T1557'] },
      theme: 'network',
      checks: [
        {
          at: 'spec.externalName',
          type: 'string',
          require: `!item.matches('^(localhost|localhost[.]localdomain|.+[.]localhost|127([.][0-9]{1,3}){3}|0[.]0[.]0[.]0)[.]?$') || !has(object.spec.type) || object.spec.type != 'ExternalName'`,
        },
      ],
    },
    {
      id: 'service-dangling-selector',
      title: 'Services select at least one workload',
      severity: 'low',
      essential: false,
      kinds: ['Service'],
      why: 'A user who creates a pod with these labels receives the traffic.',
      fix: 'Make the selector match the labels of the workload, or delete the Service.',
      example: { before: 'spec: {selector: {app: shpo}}\n', after: 'spec: {selector: {app: shop}}\n' },
      message: 'spec.selector selects no workload',
      placement: {},
      theme: 'network',
      crossObject: { check: 'danglingService', reads: ['workloads'] },
    },
    {
      id: 'workload-internet-exposed',
      title: 'Workloads are not reachable from outside the cluster',
      severity: 'medium',
      essential: true,
      kinds: 'workloads',
      why: 'Attackers try workloads that are reachable from outside first. Each of them must be exposed on purpose.',
      fix: 'Use a ClusterIP Service without an Ingress, or create an exception with the reason.',
      example: { before: 'kind: Service\nspec: {type: LoadBalancer}\n', after: 'kind: Service\nspec: {type: ClusterIP}\n' },
      message: 'reachable from outside the cluster through',
      placement: { nist: ['4.4.2'], mitre: ['T1190', 'T1133'] },
      theme: 'network',
      parameters: { internalAnnotations },
      crossObject: { check: 'internetExposed', ...exposure },
    },
    {
      id: 'exposed-sensitive-service',
      title: 'Admin interfaces are not reachable from outside the cluster',
      severity: 'high',
      essential: false,
      kinds: 'workloads',
      why: 'Admin interfaces can often run code, and many need no password.',
      fix: 'Use a ClusterIP Service, and connect with kubectl port-forward.',
      example: { before: 'kind: Service\nspec: {type: LoadBalancer}\n', after: 'kind: Service\nspec: {type: ClusterIP}\n' },
      message: 'admin interface reachable from outside the cluster through',
      placement: { nsa: ['NS.policies'], mitre: ['T1133', 'T1190'] },
      theme: 'network',
      parameters: {
        internalAnnotations,
        names: {
          description:
            'Words in the name of a workload, or in the last part of an image name, that identify an admin interface. A name with a slash is one in the path of an image. Exporters, operators and agents are none.',
          type: 'strings',
          default: [
            'kubernetes-dashboard', 'dashboard', 'argo-server', 'argocd-server', 'jenkins', 'kubeflow', 'nifi', 'weave-scope', 'prometheus',
            'mlflow', 'jupyter', 'jupyterhub', 'jupyterlab', 'notebook', 'vllm', 'grafana', 'kibana', 'airflow', 'ray-head', 'zeppelin',
          ], // prettier-ignore
        },
      },
      crossObject: { check: 'sensitiveExposed', ...exposure },
    },
    {
      id: 'ingress-tls',
      title: 'Ingresses use TLS',
      severity: 'high',
      essential: true,
      kinds: ingressKinds,
      why: 'Without TLS, others on the network can read and change passwords and sessions.',
      fix: 'Set spec.tls with a certificate.',
      example: {
        before: 'spec: {rules: [{host: shop.example.com}]}\n',
        after: 'spec: {tls: [{hosts: [shop.example.com], secretName: shop-tls}]}\n',
      },
      message: 'spec.tls is not set',
      placement: { nsa: ['NS.encryption'], mitre: ['T1557'] },
      theme: 'tls',
      checks: [{ at: 'spec.tls', type: 'list', missing: 'fail', require: 'true' }],
      exemptions: [tlsByAnnotation],
    },
    {
      id: 'gateway-tls',
      title: 'Gateways and Routes use TLS',
      severity: 'high',
      essential: false,
      kinds: ['Gateway.gateway.networking.k8s.io', 'Gateway.networking.istio.io', 'Route.route.openshift.io'],
      why: 'Without TLS, others on the network can read and change passwords and sessions.',
      fix: 'Add a listener or server for HTTPS with a certificate, or set spec.tls of the Route.',
      example: {
        before: 'spec: {listeners: [{name: web, port: 80, protocol: HTTP}]}\n',
        after: 'spec: {listeners: [{name: web, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: shop-tls}]}}]}\n',
      },
      message: 'all HTTP traffic is accepted without TLS',
      placement: { nsa: ['NS.encryption'], mitre: ['T1557'] },
      theme: 'tls',
      builtin: 'plainGateway',
    },
    {
      id: 'ingress-tls-host-match',
      title: 'spec.tls covers every host of an Ingress',
      severity: 'medium',
      essential: false,
      kinds: ingressKinds,
      why: 'A host without a certificate is served without TLS, or with the wrong certificate.',
      fix: 'List the host in spec.tls[].hosts.',
      example: {
        before: 'spec: {rules: [{host: shop.example.com}], tls: [{hosts: [www.example.com]}]}\n',
        after: 'spec: {rules: [{host: shop.example.com}], tls: [{hosts: [shop.example.com]}]}\n',
      },
      message: 'a host of spec.rules is not in spec.tls[].hosts',
      placement: { nsa: ['NS.encryption'] },
      theme: 'tls',
      checks: [
        {
          at: 'spec.rules[].host',
          type: 'string',
          require: `item == '' || (has(object.spec.tls) && object.spec.tls.exists(t, !has(t.hosts) || t.hosts.size() == 0 || t.hosts.exists(h, ${coversHost})))`,
        },
      ],
      exemptions: [tlsByAnnotation],
    },
    {
      id: 'ingress-wildcard-host',
      title: 'Ingress hosts have no wildcards',
      severity: 'medium',
      essential: true,
      kinds: ingressKinds,
      why: 'A wildcard receives the traffic of all hosts in the domain, including hosts of other teams and future hosts.',
      fix: 'List the hosts.',
      example: { before: 'spec: {rules: [{host: "*.example.com"}]}\n', after: 'spec: {rules: [{host: shop.example.com}]}\n' },
      message: 'a host has a wildcard',
      placement: { mitre: ['T1557'] },
      theme: 'network',
      checks: [{ at: 'spec.rules[].host', type: 'string', require: "!item.contains('*')" }],
    },
    {
      id: 'ingress-host-empty',
      title: 'Ingress rules set a host',
      severity: 'low',
      essential: false,
      kinds: ingressKinds,
      why: 'A rule without a host receives the traffic of all hosts.',
      fix: 'Set host in the rule.',
      example: { before: 'spec: {rules: [{http: {paths: []}}]}\n', after: 'spec: {rules: [{host: shop.example.com}]}\n' },
      message: 'a rule has no host',
      placement: {},
      theme: 'network',
      checks: [{ at: 'spec.rules[]', type: 'map', require: "has(item.host) && item.host != ''" }],
    },
    {
      id: 'ingress-default-backend',
      title: 'Ingresses have no default backend',
      severity: 'low',
      essential: false,
      kinds: ingressKinds,
      why: 'A default backend receives the traffic of all hosts that have no rule.',
      fix: 'Remove defaultBackend, and add rules with hosts.',
      example: { before: 'spec: {defaultBackend: {service: {name: shop}}}\n', after: 'spec: {rules: [{host: shop.example.com}]}\n' },
      message: 'defaultBackend is set',
      placement: {},
      theme: 'network',
      checks: [{ at: 'spec.defaultBackend', type: 'map', require: 'false' }],
    },
    {
      id: 'ingress-nginx-snippets',
      title: 'Ingresses have no nginx snippets',
      severity: 'high',
      essential: true,
      kinds: [...ingressKinds, 'ConfigMap'],
      why: 'A snippet is part of the configuration of the ingress controller. It can read the token of the controller and all Secrets (CVE-2021-25742).',
      fix: 'Remove the snippet annotations, and set allow-snippet-annotations: "false".',
      example: {
        before: 'metadata: {annotations: {nginx.ingress.kubernetes.io/server-snippet: "return 200;"}}\n',
        after: 'metadata: {annotations: {}}\n',
      },
      message: 'nginx snippets are set or allowed',
      placement: { mitre: ['T1190'] },
      theme: 'network',
      checks: [
        {
          at: 'metadata.annotations',
          type: 'string',
          entries: true,
          kind: 'Ingress',
          require:
            "!((key.startsWith('nginx.ingress.kubernetes.io/') || key.startsWith('nginx.org/') || key.startsWith('nginx.com/')) && (key.endsWith('-snippet') || key.endsWith('-snippets')))",
        },
        {
          at: 'data',
          type: 'string',
          entries: true,
          kind: 'ConfigMap',
          require: "key != 'allow-snippet-annotations' || !item.matches('^(1|t|T|TRUE|true|True)$')",
        },
      ],
    },
    {
      id: 'ingress-nginx-annotations',
      title: 'Annotations for nginx have no nginx directives',
      severity: 'high',
      essential: false,
      kinds: ingressKinds,
      why: 'Characters that end a directive add configuration to the ingress controller (CVE-2021-25746, CVE-2025-1097, -1098, -24514).',
      fix: 'Remove the characters, directives and paths from the annotation.',
      example: {
        before: 'metadata: {annotations: {nginx.ingress.kubernetes.io/rewrite-target: "/; alias /etc/"}}\n',
        after: 'metadata: {annotations: {nginx.ingress.kubernetes.io/rewrite-target: /}}\n',
      },
      message: 'an annotation has nginx configuration',
      placement: { mitre: ['T1190'] },
      theme: 'network',
      checks: [
        { at: 'metadata.annotations', type: 'string', entries: true, require: `${ofNoDirective} || !item.matches('${endsDirective}')` },
        {
          at: 'metadata.annotations',
          type: 'string',
          entries: true,
          require: `((${ofNoDirective}) && ${ofNoOther}) || !item.matches('${namesDirective}')`,
        },
        {
          at: 'metadata.annotations',
          type: 'string',
          entries: true,
          require: `!(item.contains('|') && key in ${nginxKeys(['auth-url', 'mirror-target', 'mirror-host'])})`,
        },
        {
          at: 'metadata.annotations',
          type: 'string',
          entries: true,
          require: `!(item.contains('|') && key in ${nginxKeys(['auth-tls-match-cn'])}) || item.matches('${onlyCommonNames}')`,
        },
      ],
    },
    {
      id: 'ingress-nginx-paths',
      title: 'Ingress paths have no system folders and no nginx configuration',
      severity: 'high',
      essential: false,
      kinds: ingressKinds,
      why: 'With some paths the nginx controller returns its own files, including its token (CVE-2021-25745). A path that ends its location adds configuration.',
      fix: 'Use another path.',
      example: { before: 'path: /var/run/secrets\n', after: 'path: /shop\n' },
      message: 'path uses a system folder, or ends its location in the nginx configuration',
      placement: { mitre: ['T1190'] },
      theme: 'network',
      checks: [
        { at: 'spec.rules[].http.paths[].path', type: 'string', require: `!${forbiddenPath}` },
        { at: 'spec.rules[].http.paths[].path', type: 'string', require: `item.matches('${insideLocation}')` },
      ],
    },
    {
      id: 'ingress-dangling-backend',
      title: 'The backend Services of an Ingress exist',
      severity: 'low',
      essential: false,
      kinds: ingressKinds,
      why: 'A user who creates a Service with that name receives the traffic of the host.',
      fix: 'Correct the name, or remove the rule.',
      example: { before: 'backend: {service: {name: gone}}\n', after: 'backend: {service: {name: shop}}\n' },
      message: 'the backend Service does not exist',
      placement: {},
      theme: 'network',
      crossObject: { check: 'danglingBackend', reads: ['Service'] },
    },
  ],
};
