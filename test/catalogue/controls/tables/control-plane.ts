import { errs, fails, objects, passes, type Row, skips, type Tables } from '../control-table.ts';

const pod = (program: string, words: readonly string[], more = ''): string =>
  `{apiVersion: v1, kind: Pod, metadata: {name: it, namespace: kube-system}, spec: {containers: [{name: it, image: "registry.k8s.io/${program}:v1", command: ${JSON.stringify([program, ...words])}${more}}]}}`;
const command = 'spec.containers[0].command';
const word = (index: number): string => `${command}[${index}]`;

/** Rows for one program. A failure is at the argument with the index, or at the command if it is missing. */
const of = (program: string) => {
  const at = (index: number | undefined): string => (index === undefined ? command : word(index));
  return {
    passes: (title: string, ...words: readonly string[]): Row => passes(title, pod(program, words)),
    fails: (title: string, index: number | undefined, ...words: readonly string[]): Row => fails(title, pod(program, words), at(index)),
    errs: (title: string, index: number, ...words: readonly string[]): Row => errs(title, pod(program, words), word(index)),
    skips: (title: string, ...words: readonly string[]): Row => skips(title, pod(program, words)),
  };
};
const api = of('kube-apiserver');
const manager = of('kube-controller-manager');
const scheduler = of('kube-scheduler');
const etcd = of('etcd');
type Program = typeof api;

/** An argument that must have a value. */
const mustBeSet = (program: Program, name: string) =>
  objects(
    program.passes('a file', `--${name}=/etc/kubernetes/pki/a`),
    program.passes('a file in the next word', `--${name}`, '/etc/kubernetes/pki/a'),
    program.fails('nothing', undefined),
    program.fails('an empty value', 1, `--${name}=`),
    program.fails('a similar argument', undefined, `--${name}-x=/a`),
    program.skips('a variable that is not shown', `--${name}=$(FILE)`),
    program.passes('a variable below a folder', `--${name}=/etc/$(FILE)`),
    program.passes('an escaped reference', `--${name}=$$(FILE)`),
  );
const bothMustBeSet = (program: Program, first: string, second: string) =>
  objects(
    program.passes('both', `--${first}=/a`, `--${second}=/b`),
    program.fails('the first only', undefined, `--${first}=/a`),
    program.fails('the second only', undefined, `--${second}=/a`),
    program.fails('neither', undefined),
    program.fails('one of them empty', 2, `--${first}=/a`, `--${second}=`),
  );
/** A switch that is on by default and must be off. */
const mustBeOff = (program: Program, name: string) =>
  objects(
    program.passes('false', `--${name}=false`),
    program.passes('another spelling of false', `--${name}=F`),
    program.passes('the last value counts', `--${name}=true`, `--${name}=false`),
    program.fails('the last value counts, and is true', 2, `--${name}=false`, `--${name}=true`),
    program.fails('the default', undefined),
    program.fails('the argument alone', 1, `--${name}`),
    program.errs('a value that is no boolean', 1, `--${name}=no`),
    program.errs('a value in the next word', 2, `--${name}`, 'false'),
  );
/** A switch that is off by default and must be on. */
const mustBeOn = (program: Program, name: string) =>
  objects(
    program.passes('true', `--${name}=true`),
    program.passes('the argument alone', `--${name}`, '--v=2'),
    program.passes('1', `--${name}=1`),
    program.fails('the default', undefined),
    program.fails('false', 1, `--${name}=false`),
  );
/** A switch that is off by default and must stay off. */
const mustStayOff = (program: Program, name: string) =>
  objects(
    program.passes('the default'),
    program.passes('false', `--${name}=false`),
    program.fails('true', 1, `--${name}=true`),
    program.fails('the argument alone', 1, `--${name}`),
  );
const atLeast = (name: string, least: number) =>
  objects(
    api.passes('the least', `--${name}=${least}`),
    api.passes('more', `--${name}`, String(least + 1)),
    api.fails('less', 1, `--${name}=${least - 1}`),
    api.fails('nothing', undefined),
    api.passes('octal', `--${name}=0o${least.toString(8)}`),
    api.passes('hexadecimal', `--${name}=0x${least.toString(16)}`),
    api.fails('hexadecimal, and less', 1, `--${name}=0x1`),
    api.passes('underscores', `--${name}=1_000`),
    api.errs('two underscores', 1, `--${name}=1__000`),
    api.errs('no octal digit', 1, `--${name}=0800`),
    api.errs('a fraction', 1, `--${name}=${least}.0`),
    api.errs('a text', 1, `--${name}=many`),
  );
const enablesPlugin = (plugin: string) =>
  objects(
    api.passes('alone', `--enable-admission-plugins=${plugin}`),
    api.passes('in a list', `--enable-admission-plugins=EventRateLimits,${plugin},Other`),
    api.passes('in the first of two lists', `--enable-admission-plugins=${plugin}`, '--enable-admission-plugins=Other'),
    api.fails('a longer name', 1, `--enable-admission-plugins=${plugin}X`),
    api.fails('nothing', undefined),
    api.fails('only disabled', undefined, `--disable-admission-plugins=${plugin}`),
  );
const doesNotDisable = (plugin: string) =>
  objects(
    api.passes('nothing'),
    api.passes('another one', '--disable-admission-plugins=DefaultStorageClass'),
    api.fails('alone', 1, `--disable-admission-plugins=${plugin}`),
    api.fails('in a list', 1, `--disable-admission-plugins=DefaultStorageClass,${plugin}`),
  );
const onLoopback = (program: Program) =>
  objects(
    program.passes('127.0.0.1', '--bind-address=127.0.0.1'),
    program.passes('::1', '--bind-address', '::1'),
    program.fails('the default is all addresses', undefined),
    program.fails('all addresses', 1, '--bind-address=0.0.0.0'),
    program.fails('an address that begins alike', 1, '--bind-address=127.0.0.10'),
    program.skips('the address of the pod', '--bind-address=$(POD_IP)'),
  );

const kubeadm = (fields: string, version = 'v1beta4'): string =>
  `{apiVersion: kubeadm.k8s.io/${version}, kind: ClusterConfiguration, metadata: {name: it}, ${fields}}`;

const schedulerConfiguration = (fields: string): string =>
  `{apiVersion: kubescheduler.config.k8s.io/v1, kind: KubeSchedulerConfiguration, metadata: {name: it}, ${fields}}`;

/** CIS Kubernetes Benchmark, sections 1 to 3. */
export const table: Tables = {
  'apiserver-anonymous-auth': {
    about: 'objects',
    rows: [
      ...mustBeOff(api, 'anonymous-auth').rows,
      api.passes('underscores', '--anonymous_auth=false'),
      api.skips('an AuthenticationConfiguration', '--authentication-config=/etc/kubernetes/authn.yaml'),
      fails('an argument after the path of the program', pod('/usr/local/bin/kube-apiserver', ['--v=2']), command),
      fails('a wrapper', pod('/go-runner', ['--log-file=/a', '/usr/local/bin/kube-apiserver', '--anonymous-auth']), word(3)),
      skips('a script', pod('/bin/sh', ['-c', 'exec kube-apiserver --anonymous-auth=false 2>&1'])),
      fails(
        'arguments in args',
        '{apiVersion: v1, kind: Pod, metadata: {name: it, namespace: kube-system}, spec: {containers: [{name: it, image: a, command: [kube-apiserver], args: [--anonymous-auth=true]}]}}',
        'spec.containers[0].args[0]',
      ),
      passes('a variable of the container', pod('kube-apiserver', ['--anonymous-auth=$(ANON)'], ', env: [{name: ANON, value: "false"}]')),
      skips('a variable of another source', pod('kube-apiserver', ['--anonymous-auth=$(ANON)'])),
      fails('kubeadm, by default', kubeadm('kubernetesVersion: v1.34.0'), 'apiServer.extraArgs'),
      passes('kubeadm, a list', kubeadm('apiServer: {extraArgs: [{name: anonymous-auth, value: "false"}]}')),
      passes('kubeadm, a map', kubeadm('apiServer: {extraArgs: {anonymous-auth: "false"}}', 'v1beta3')),
      fails(
        'kubeadm, true',
        kubeadm('apiServer: {extraArgs: {anonymous-auth: "true"}}', 'v1beta3'),
        "apiServer.extraArgs['anonymous-auth']",
      ),
      errs(
        'kubeadm, no string',
        kubeadm('apiServer: {extraArgs: {anonymous-auth: false}}', 'v1beta3'),
        "apiServer.extraArgs['anonymous-auth']",
      ),
      passes(
        'a variable after another',
        pod('kube-apiserver', ['--anonymous-auth=$(B)'], ', env: [{name: A, value: "false"}, {name: B, value: $(A)}]'),
      ),
      skips(
        'a variable that another source hides',
        pod('kube-apiserver', ['--anonymous-auth=$(B)'], ', env: [{name: B, value: "false"}, {name: B, valueFrom: {}}]'),
      ),
      errs('an escaped reference', pod('kube-apiserver', ['--anonymous-auth=$$(A)'], ', env: [{name: A, value: "false"}]'), word(1)),
      skips('arguments in a variable', pod('kube-apiserver', ['$(ARGUMENTS)'])),
      passes(
        'kubeadm, a variable',
        kubeadm('apiServer: {extraArgs: [{name: anonymous-auth, value: $(A)}], extraEnvs: [{name: A, value: "false"}]}'),
      ),
      skips('kubeadm, a variable that is not there', kubeadm('apiServer: {extraArgs: [{name: anonymous-auth, value: $(A)}]}')),
      errs('kubeadm, variables that are a map', kubeadm('apiServer: {extraEnvs: {A: "false"}}'), 'apiServer.extraEnvs'),
      errs('kubeadm, a map in a version with lists', kubeadm('apiServer: {extraArgs: {anonymous-auth: "false"}}'), 'apiServer.extraArgs'),
      errs(
        'kubeadm, a list in a version with maps',
        kubeadm('apiServer: {extraArgs: [{name: anonymous-auth, value: "false"}]}', 'v1beta3'),
        'apiServer.extraArgs',
      ),
      errs('kubeadm, no list', kubeadm('apiServer: {extraArgs: [anonymous-auth]}'), 'apiServer.extraArgs'),
    ],
  },
  'apiserver-token-auth-file': objects(
    api.passes('nothing'),
    api.passes('an empty value', '--token-auth-file='),
    api.fails('a file', 1, '--token-auth-file=/etc/tokens.csv'),
    api.fails('a file in the next word', 2, '--token-auth-file', '/etc/tokens.csv'),
    api.fails('a file that a variable names', 1, '--token-auth-file=$(FILE)'),
  ),
  'apiserver-deny-external-ips': enablesPlugin('DenyServiceExternalIPs'),
  'apiserver-kubelet-client-certificate': bothMustBeSet(api, 'kubelet-client-certificate', 'kubelet-client-key'),
  'apiserver-kubelet-certificate-authority': mustBeSet(api, 'kubelet-certificate-authority'),
  'apiserver-authorization-always-allow': objects(
    api.passes('Node and RBAC', '--authorization-mode=Node,RBAC'),
    api.fails('AlwaysAllow', 1, '--authorization-mode=AlwaysAllow'),
    api.fails('AlwaysAllow beside others', 1, '--authorization-mode=RBAC,AlwaysAllow'),
    api.fails('the default', undefined),
    api.fails('AlwaysAllow in a second list', 2, '--authorization-mode=RBAC', '--authorization-mode=AlwaysAllow'),
    api.skips('an AuthorizationConfiguration', '--authorization-config=/etc/kubernetes/authz.yaml'),
    passes('kubeadm', kubeadm('kubernetesVersion: v1.34.0')),
    skips('kubeadm with an AuthorizationConfiguration', kubeadm('apiServer: {extraArgs: [{name: authorization-config, value: /a}]}')),
  ),
  'apiserver-authorization-node': objects(
    api.passes('Node', '--authorization-mode=Node'),
    api.passes('Node in a list', '--authorization-mode=RBAC,Node'),
    api.fails('RBAC only', 1, '--authorization-mode=RBAC'),
    api.fails('the default', undefined),
  ),
  'apiserver-authorization-rbac': objects(
    api.passes('RBAC', '--authorization-mode=RBAC'),
    api.passes('two lists', '--authorization-mode=Node', '--authorization-mode=RBAC'),
    api.fails('ABAC', 1, '--authorization-mode=Node,ABAC'),
    api.fails('small letters', 1, '--authorization-mode=rbac'),
    api.fails('the default', undefined),
  ),
  'apiserver-event-rate-limit': enablesPlugin('EventRateLimit'),
  'apiserver-always-admit': objects(
    api.passes('nothing'),
    api.passes('another one', '--enable-admission-plugins=NodeRestriction'),
    api.fails('alone', 1, '--enable-admission-plugins=AlwaysAdmit'),
    api.fails('in a list', 1, '--enable-admission-plugins=NodeRestriction,AlwaysAdmit'),
  ),
  'apiserver-always-pull-images': enablesPlugin('AlwaysPullImages'),
  'apiserver-service-account-admission': doesNotDisable('ServiceAccount'),
  'apiserver-namespace-lifecycle': doesNotDisable('NamespaceLifecycle'),
  'apiserver-node-restriction': {
    about: 'objects',
    rows: [
      ...enablesPlugin('NodeRestriction').rows,
      passes('kubeadm, by default', kubeadm('kubernetesVersion: v1.34.0')),
      passes(
        'kubeadm, appended',
        kubeadm('apiServer: {extraArgs: [{name: enable-admission-plugins, value: ",AlwaysPullImages", mergeMethod: Append}]}', 'v1'),
      ),
      passes(
        'kubeadm, put before',
        kubeadm('apiServer: {extraArgs: [{name: enable-admission-plugins, value: "AlwaysPullImages,", mergeMethod: Prepend}]}', 'v1'),
      ),
      fails(
        'kubeadm, appended without a comma',
        kubeadm('apiServer: {extraArgs: [{name: enable-admission-plugins, value: AlwaysPullImages, mergeMethod: Append}]}', 'v1'),
        'apiServer.extraArgs[0]',
      ),
      fails(
        'kubeadm, overridden',
        kubeadm('apiServer: {extraArgs: [{name: enable-admission-plugins, value: AlwaysPullImages}]}'),
        'apiServer.extraArgs[0]',
      ),
    ],
  },
  'apiserver-profiling': mustBeOff(api, 'profiling'),
  'apiserver-audit-log': {
    about: 'objects',
    rows: [...mustBeSet(api, 'audit-log-path').rows, api.passes('the standard output', '--audit-log-path=-')],
  },
  'apiserver-audit-log-age': atLeast('audit-log-maxage', 30),
  'apiserver-audit-log-backups': atLeast('audit-log-maxbackup', 10),
  'apiserver-audit-log-size': atLeast('audit-log-maxsize', 100),
  'apiserver-audit-policy': mustBeSet(api, 'audit-policy-file'),
  'apiserver-service-account-lookup': objects(
    api.passes('the default'),
    api.passes('true', '--service-account-lookup=true'),
    api.passes('the argument alone', '--service-account-lookup'),
    api.fails('false', 1, '--service-account-lookup=false'),
    api.fails('0', 1, '--service-account-lookup=0'),
  ),
  'apiserver-service-account-key': mustBeSet(api, 'service-account-key-file'),
  'apiserver-etcd-client-certificate': {
    about: 'objects',
    rows: [
      ...bothMustBeSet(api, 'etcd-certfile', 'etcd-keyfile').rows,
      passes('kubeadm with its own etcd', kubeadm('etcd: {local: {dataDir: /var/lib/etcd}}')),
      fails('kubeadm with an external etcd', kubeadm('etcd: {external: {endpoints: ["http://10.0.0.5:2379"]}}'), 'apiServer.extraArgs'),
    ],
  },
  'apiserver-tls-certificate': bothMustBeSet(api, 'tls-cert-file', 'tls-private-key-file'),
  'apiserver-client-ca': mustBeSet(api, 'client-ca-file'),
  'apiserver-etcd-certificate-authority': mustBeSet(api, 'etcd-cafile'),
  'apiserver-encryption-config': mustBeSet(api, 'encryption-provider-config'),
  'apiserver-cipher-suites': objects(
    api.passes('suites with GCM', '--tls-cipher-suites=TLS_AES_128_GCM_SHA256,TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384'),
    api.passes('suites with CHACHA20', '--tls-cipher-suites=TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256'),
    api.passes('TLS 1.3', '--tls-min-version=VersionTLS13'),
    api.fails('TLS 1.2', undefined, '--tls-min-version=VersionTLS12'),
    api.fails('TLS 1.2 after TLS 1.3', undefined, '--tls-min-version=VersionTLS13', '--tls-min-version=VersionTLS12'),
    api.fails('CBC', 1, '--tls-cipher-suites=TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA'),
    api.fails('RSA without ECDHE', 1, '--tls-cipher-suites=TLS_AES_128_GCM_SHA256,TLS_RSA_WITH_AES_128_GCM_SHA256'),
    api.fails('the default', undefined),
  ),
  'apiserver-extended-tokens': mustBeOff(api, 'service-account-extend-token-expiration'),
  'controller-manager-terminated-pods': objects(
    manager.passes('the default'),
    manager.passes('a number', '--terminated-pod-gc-threshold=500'),
    manager.fails('zero', 1, '--terminated-pod-gc-threshold=0'),
    manager.fails('a negative number', 2, '--terminated-pod-gc-threshold=10', '--terminated-pod-gc-threshold=-1'),
  ),
  'controller-manager-profiling': mustBeOff(manager, 'profiling'),
  'controller-manager-credentials': {
    about: 'objects',
    rows: [...mustBeOn(manager, 'use-service-account-credentials').rows, passes('kubeadm', kubeadm('kubernetesVersion: v1.34.0'))],
  },
  'controller-manager-service-account-key': mustBeSet(manager, 'service-account-private-key-file'),
  'controller-manager-root-ca': mustBeSet(manager, 'root-ca-file'),
  'controller-manager-kubelet-certificates': objects(
    manager.passes('the default'),
    manager.passes('another gate', '--feature-gates=Other=false'),
    manager.passes('true', '--feature-gates=RotateKubeletServerCertificate=true'),
    manager.fails('false', 1, '--feature-gates=Other=true,RotateKubeletServerCertificate=false'),
    manager.fails('another spelling of false', 1, '--feature-gates=RotateKubeletServerCertificate=F'),
    manager.fails('false with spaces', 1, '--feature-gates=RotateKubeletServerCertificate = 0'),
  ),
  'controller-manager-bind-address': {
    about: 'objects',
    rows: [
      ...onLoopback(manager).rows,
      passes('kubeadm, by default', kubeadm('kubernetesVersion: v1.34.0')),
      fails(
        'kubeadm, all addresses',
        kubeadm('controllerManager: {extraArgs: [{name: bind-address, value: 0.0.0.0}]}'),
        'controllerManager.extraArgs[0]',
      ),
    ],
  },
  'scheduler-profiling': {
    about: 'objects',
    rows: [
      ...mustBeOff(scheduler, 'profiling').rows,
      scheduler.skips('a configuration file', '--config=/etc/kubernetes/scheduler.yaml'),
      passes('a configuration', schedulerConfiguration('enableProfiling: false')),
      fails('a configuration, true', schedulerConfiguration('enableProfiling: true'), 'enableProfiling'),
      fails('a configuration, by default', schedulerConfiguration('parallelism: 16'), 'enableProfiling'),
      errs('a configuration, a text', schedulerConfiguration('enableProfiling: "false"'), 'enableProfiling'),
    ],
  },
  'scheduler-bind-address': onLoopback(scheduler),
  'etcd-certificate': {
    about: 'objects',
    rows: [
      ...bothMustBeSet(etcd, 'cert-file', 'key-file').rows,
      passes('variables', pod('etcd', [], ', env: [{name: ETCD_CERT_FILE, value: /a}, {name: ETCD_KEY_FILE, value: /b}]')),
      skips('a configuration file', pod('etcd', ['--config-file=/etc/etcd.yaml'])),
      skips(
        'variables of another source',
        pod('etcd', [], ', env: [{name: ETCD_CERT_FILE, valueFrom: {}}, {name: ETCD_KEY_FILE, value: /b}]'),
      ),
      passes('one dash', pod('etcd', ['-cert-file', '/a', '-key-file=/b'])),
      passes('kubeadm', kubeadm('kubernetesVersion: v1.34.0')),
      errs('kubeadm with arguments that are a text', kubeadm('etcd: {local: {extraArgs: "--auto-tls=true"}}'), 'etcd.local.extraArgs'),
      errs('kubeadm with an etcd that is a text', kubeadm('etcd: local'), 'etcd'),
      errs('kubeadm with an external etcd that is a text', kubeadm('etcd: {external: etcd.example.org}'), 'etcd.external'),
    ],
  },
  'etcd-client-auth': {
    about: 'objects',
    rows: [
      ...mustBeOn(etcd, 'client-cert-auth').rows,
      passes('a variable', pod('etcd', [], ', env: [{name: ETCD_CLIENT_CERT_AUTH, value: "true"}]')),
      fails(
        'the command line overrides a variable',
        pod('etcd', ['--client-cert-auth=false'], ', env: [{name: ETCD_CLIENT_CERT_AUTH, value: "true"}]'),
        word(1),
      ),
    ],
  },
  'etcd-auto-tls': {
    about: 'objects',
    rows: [
      ...mustStayOff(etcd, 'auto-tls').rows,
      fails(
        'kubeadm, a variable',
        kubeadm('etcd: {local: {extraEnvs: [{name: ETCD_AUTO_TLS, value: "true"}]}}'),
        'etcd.local.extraEnvs[0]',
      ),
      passes('kubeadm, a variable of another program', kubeadm('etcd: {local: {extraEnvs: [{name: AUTO_TLS, value: "true"}]}}')),
    ],
  },
  'etcd-peer-certificate': bothMustBeSet(etcd, 'peer-cert-file', 'peer-key-file'),
  'etcd-peer-auth': mustBeOn(etcd, 'peer-client-cert-auth'),
  'etcd-peer-auto-tls': mustStayOff(etcd, 'peer-auto-tls'),
  'etcd-certificate-authority': mustBeSet(etcd, 'trusted-ca-file'),
};
