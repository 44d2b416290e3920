import { errs, fails, objects, passes, type Row, skips, type Table, type Tables } from '../control-table.ts';

const kubelet = (fields: string): string =>
  `{apiVersion: kubelet.config.k8s.io/v1beta1, kind: KubeletConfiguration, metadata: {name: it}${fields === '' ? '' : `, ${fields}`}}`;
const proxy = (fields: string): string =>
  `{apiVersion: kubeproxy.config.k8s.io/v1alpha1, kind: KubeProxyConfiguration, metadata: {name: it}, ${fields}}`;
const inConfigMap = (text: string, name = 'kubelet-config', key = 'kubelet'): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'kube-system' }, data: { [key]: text } });
const kubeletText = (lines: string): string =>
  inConfigMap(`apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n${lines}`);
const text = "data['kubelet']";

/** A field that is true or false. `wanted` passes. `fallback`: the verdict without the field. */
function switchRows(path: string, wanted: boolean, fallback: 'passes' | 'fails'): Table {
  const set = (value: string): string =>
    kubelet(path.split('.').reduceRight((inner, name) => `${name}: ${inner.startsWith('!') ? inner.slice(1) : `{${inner}}`}`, `!${value}`));
  const unset: Row = fallback === 'passes' ? passes('the default', kubelet('')) : fails('the default', kubelet(''), path);
  return objects(
    passes(String(wanted), set(String(wanted))),
    fails(String(!wanted), set(String(!wanted)), path),
    unset,
    errs('a text', set(`"${String(wanted)}"`), path),
  );
}

const join = (args: string, version = 'v1beta4', kind = 'JoinConfiguration'): string =>
  `{apiVersion: kubeadm.k8s.io/${version}, kind: ${kind}, metadata: {name: it}, nodeRegistration: {kubeletExtraArgs: ${args}}}`;
const first = 'nodeRegistration.kubeletExtraArgs[0]';

/** CIS Kubernetes Benchmark, section 4. */
export const table: Tables = {
  'kubelet-anonymous-auth': {
    about: 'objects',
    rows: [
      ...switchRows('authentication.anonymous.enabled', false, 'passes').rows,
      passes('the ConfigMap of kubeadm', kubeletText('authentication:\n  anonymous:\n    enabled: false\n')),
      fails('the ConfigMap of kubeadm, true', kubeletText('authentication:\n  anonymous:\n    enabled: true\n'), text),
      fails(
        'JSON in the ConfigMap',
        inConfigMap('{"kind": "KubeletConfiguration", "authentication": {"anonymous": {"enabled": true}}}', 'kubelet-config-1.23'),
        text,
      ),
      errs('a list for a map', kubelet('authentication: []'), 'authentication'),
      passes('a flag of kubeadm join', join('[{name: anonymous-auth, value: "false"}]')),
      fails('a flag of kubeadm join, true', join('[{name: anonymous-auth, value: "1"}]'), first),
      fails('a flag of kubeadm init', join('[{name: anonymous-auth, value: "true"}]', 'v1', 'InitConfiguration'), first),
      fails('a map of flags', join('{anonymous-auth: "true"}', 'v1beta3'), "nodeRegistration.kubeletExtraArgs['anonymous-auth']"),
      errs(
        'a list of flags in a version with maps',
        join('[{name: anonymous-auth, value: "true"}]', 'v1beta3'),
        'nodeRegistration.kubeletExtraArgs',
      ),
      errs('a flag that is no switch', join('[{name: anonymous-auth, value: "no"}]'), first),
      errs('a text for a map', kubelet('authentication: {anonymous: "false"}'), 'authentication.anonymous'),
      errs('a list for a map in the ConfigMap', kubeletText('authentication: []\n'), text),
      passes('null for a map', kubelet('authentication: null')),
      errs('no configuration in the ConfigMap', inConfigMap('kind: Other\n'), text),
      errs('no YAML in the ConfigMap', inConfigMap('a: [b\n'), text),
    ],
  },
  'kubelet-authorization': objects(
    passes('the default', kubelet('')),
    passes('Webhook', kubelet('authorization: {mode: Webhook}')),
    passes('an empty mode is the default', kubelet('authorization: {mode: ""}')),
    fails('AlwaysAllow', kubelet('authorization: {mode: AlwaysAllow}'), 'authorization.mode'),
    fails('a flag', join('[{name: authorization-mode, value: AlwaysAllow}]'), first),
    passes('the last of two flags', join('[{name: authorization-mode, value: AlwaysAllow}, {name: authorization-mode, value: Webhook}]')),
  ),
  'kubelet-client-ca': objects(
    passes('a file', kubelet('authentication: {x509: {clientCAFile: /a}}')),
    fails('nothing', kubelet(''), 'authentication.x509.clientCAFile'),
    fails('an empty value', kubelet('authentication: {x509: {clientCAFile: ""}}'), 'authentication.x509.clientCAFile'),
    errs('a list', kubelet('authentication: {x509: {clientCAFile: [/a]}}'), 'authentication.x509.clientCAFile'),
  ),
  'kubelet-read-only-port': objects(
    passes('the default', kubelet('')),
    passes('0', kubelet('readOnlyPort: 0')),
    fails('a port', kubelet('readOnlyPort: 10255'), 'readOnlyPort'),
    fails('a flag', join('[{name: v, value: "2"}, {name: read-only-port, value: "10255"}]'), 'nodeRegistration.kubeletExtraArgs[1]'),
    passes('a flag with 0', join('[{name: read-only-port, value: "0x0"}]')),
    errs('a text', kubelet('readOnlyPort: "0"'), 'readOnlyPort'),
  ),
  'kubelet-streaming-timeout': objects(
    passes('the default', kubelet('')),
    passes('minutes', kubelet('streamingConnectionIdleTimeout: 5m')),
    passes('hours and minutes', kubelet('streamingConnectionIdleTimeout: 1h30m0s')),
    fails('0', kubelet('streamingConnectionIdleTimeout: "0"'), 'streamingConnectionIdleTimeout'),
    passes('a fraction', kubelet('streamingConnectionIdleTimeout: .5h')),
    errs(
      'a number: the kubelet reads durations from strings only',
      kubelet('streamingConnectionIdleTimeout: 0'),
      'streamingConnectionIdleTimeout',
    ),
    errs('no unit', kubelet('streamingConnectionIdleTimeout: "300"'), 'streamingConnectionIdleTimeout'),
    errs('a point without digits', kubelet('streamingConnectionIdleTimeout: .h'), 'streamingConnectionIdleTimeout'),
    fails('0s', kubelet('streamingConnectionIdleTimeout: 0s'), 'streamingConnectionIdleTimeout'),
    errs('no duration', kubelet('streamingConnectionIdleTimeout: never'), 'streamingConnectionIdleTimeout'),
  ),
  'kubelet-iptables-chains': switchRows('makeIPTablesUtilChains', true, 'passes'),
  'kubelet-tls-certificate': objects(
    passes('files', kubelet('tlsCertFile: /a, tlsPrivateKeyFile: /b')),
    passes('requests to the cluster', kubelet('serverTLSBootstrap: true')),
    fails('one file', kubelet('tlsCertFile: /a'), 'tlsPrivateKeyFile'),
    errs('a switch that is a text', kubelet('serverTLSBootstrap: "true"'), 'serverTLSBootstrap'),
    fails('nothing', kubelet('serverTLSBootstrap: false'), ['tlsCertFile', 'tlsPrivateKeyFile']),
  ),
  'kubelet-rotate-certificates': switchRows('rotateCertificates', true, 'fails'),
  'kubelet-rotate-server-certificates': objects(
    passes('the default', kubelet('')),
    passes('another gate', kubelet('featureGates: {Other: false}')),
    passes('true', kubelet('featureGates: {RotateKubeletServerCertificate: true}')),
    fails('false', kubelet('featureGates: {RotateKubeletServerCertificate: false}'), 'featureGates'),
    fails('a flag', join('[{name: feature-gates, value: "Other=true,RotateKubeletServerCertificate=F"}]'), first),
    passes('a flag with another gate', join('[{name: feature-gates, value: "Other=false"}]')),
    errs('a text for a gate', kubelet('featureGates: {RotateKubeletServerCertificate: "no"}'), 'featureGates'),
    errs('a text', kubelet('featureGates: "RotateKubeletServerCertificate=true"'), 'featureGates'),
  ),
  'kubelet-cipher-suites': objects(
    passes('suites with GCM', kubelet('tlsCipherSuites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]')),
    passes('TLS 1.3', kubelet('tlsMinVersion: VersionTLS13')),
    fails('the default', kubelet(''), 'tlsCipherSuites'),
    fails('CBC', kubelet('tlsCipherSuites: [TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA]'), 'tlsCipherSuites'),
    errs('a text', kubelet('tlsCipherSuites: TLS_AES_128_GCM_SHA256'), 'tlsCipherSuites'),
    errs('a list of versions', kubelet('tlsMinVersion: [VersionTLS13]'), 'tlsMinVersion'),
  ),
  'kubelet-pod-pids-limit': objects(
    passes('a number', kubelet('podPidsLimit: 4096')),
    fails('the default', kubelet(''), 'podPidsLimit'),
    fails('-1', kubelet('podPidsLimit: -1'), 'podPidsLimit'),
    errs('a text', kubelet('podPidsLimit: "4096"'), 'podPidsLimit'),
  ),
  'kubelet-seccomp-default': switchRows('seccompDefault', true, 'fails'),
  'kube-proxy-metrics-address': objects(
    passes('the default', proxy('mode: iptables')),
    passes('an empty value', proxy('metricsBindAddress: ""')),
    passes('127.0.0.1', proxy('metricsBindAddress: "127.0.0.1:10249"')),
    passes('::1', proxy('metricsBindAddress: "[::1]:10249"')),
    fails('all addresses', proxy('metricsBindAddress: "0.0.0.0:10249"'), 'metricsBindAddress'),
    fails('the port only', proxy('metricsBindAddress: ":10249"'), 'metricsBindAddress'),
    fails(
      'the ConfigMap of kubeadm',
      inConfigMap('kind: KubeProxyConfiguration\nmetricsBindAddress: 0.0.0.0:10249\n', 'kube-proxy', 'config.conf'),
      "data['config.conf']",
    ),
    skips(
      'a configuration file',
      '{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: it, namespace: kube-system}, spec: {template: {spec: {containers: [{name: a, image: a, command: [kube-proxy, --config=/a]}]}}}}',
    ),
    fails(
      'an argument',
      '{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: it, namespace: kube-system}, spec: {template: {spec: {containers: [{name: a, image: a, command: [kube-proxy, --metrics-bind-address=0.0.0.0]}]}}}}',
      'spec.template.spec.containers[0].command[1]',
    ),
  ),
};
