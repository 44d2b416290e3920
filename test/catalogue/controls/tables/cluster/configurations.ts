import { errs, fails, objects, passes, skips, type Tables } from '../../control-table.ts';

const configuration = (type: string, fields: string): string => {
  const [apiVersion = '', kind = ''] = type.split(' ');
  return `{apiVersion: ${apiVersion}, kind: ${kind}, metadata: {name: it}${fields === '' ? '' : `, ${fields}`}}`;
};
const encryption = (...entries: readonly string[]): string =>
  configuration('apiserver.config.k8s.io/v1 EncryptionConfiguration', `resources: [${entries.join(', ')}]`);
const keys = '{keys: [{name: key1, secret: c2VjcmV0IGlzIHNlY3VyZQ==}]}';
const entry = (resources: string, ...providers: readonly string[]): string =>
  `{resources: [${resources}], providers: [${providers.map((provider) => `{${provider}}`).join(', ')}]}`;
const provider = 'resources[0].providers[0]';

const authentication = (fields: string): string => configuration('apiserver.config.k8s.io/v1 AuthenticationConfiguration', fields);
const paths = (...all: readonly string[]): string =>
  authentication(`anonymous: {enabled: true, conditions: [${all.map((path) => `{path: ${path}}`).join(', ')}]}`);

const podSecurity = (fields: string): string => configuration('pod-security.admission.config.k8s.io/v1 PodSecurityConfiguration', fields);
const plugins = (...all: readonly string[]): string =>
  configuration('apiserver.config.k8s.io/v1 AdmissionConfiguration', `plugins: [${all.join(', ')}]`);
const inPlugin = 'plugins[0].configuration';
const controller = 'system:serviceaccount:kube-system:replicaset-controller';

const audit = (rules: string, more = ''): string => configuration('audit.k8s.io/v1 Policy', `rules: ${rules}${more}`);
const all = '{level: Metadata}';

const init = (tokens: string): string => configuration('kubeadm.k8s.io/v1beta4 InitConfiguration', `bootstrapTokens: ${tokens}`);
const join = (discovery: string): string => configuration('kubeadm.k8s.io/v1beta4 JoinConfiguration', `discovery: ${discovery}`);
const unsafe = 'discovery.bootstrapToken.unsafeSkipCAVerification';

/** Configuration files of the API server and of kubeadm. */
export const table: Tables = {
  'encryption-of-secrets': objects(
    passes('secretbox', encryption(entry('secrets', `secretbox: ${keys}`, 'identity: {}'))),
    passes('aescbc', encryption(entry('secrets', `aescbc: ${keys}`))),
    passes('kms', encryption(entry('secrets', 'kms: {apiVersion: v2, name: a, endpoint: "unix:///a.sock"}'))),
    passes('all resources of the core group', encryption(entry('"*."', `secretbox: ${keys}`))),
    passes('all resources', encryption(entry('configmaps', 'identity: {}'), entry('"*.*"', `secretbox: ${keys}`))),
    fails('identity first', encryption(entry('secrets', 'identity: {}', `secretbox: ${keys}`)), provider),
    fails('identity only', encryption(entry('configmaps, secrets', 'identity: {}')), provider),
    fails(
      'the first entry decides',
      encryption(entry('events', 'identity: {}'), entry('secrets', 'identity: {}'), entry('secrets', `aescbc: ${keys}`)),
      'resources[1].providers[0]',
    ),
    fails('a wildcard before', encryption(entry('"*.*"', 'identity: {}'), entry('secrets', `aescbc: ${keys}`)), provider),
    fails('aesgcm', encryption(entry('secrets', `aesgcm: ${keys}`)), provider, { severity: 'low' }),
    fails('other resources only', encryption(entry('configmaps', `aescbc: ${keys}`)), 'resources'),
    fails('secrets of another group', encryption(entry('secrets.example.com', `aescbc: ${keys}`)), 'resources'),
    fails('nothing', encryption(), 'resources'),
    errs('no list', configuration('apiserver.config.k8s.io/v1 EncryptionConfiguration', 'resources: secrets'), 'resources'),
    errs('no providers', encryption('{resources: [secrets]}'), 'resources[0].providers'),
    errs('an unknown provider', encryption(entry('secrets', `aes: ${keys}`)), provider),
    errs('two providers in one', encryption(`{resources: [secrets], providers: [{aescbc: ${keys}, identity: {}}]}`), provider),
    errs('identity without a value', encryption('{resources: [secrets], providers: [{identity: }]}'), provider),
  ),
  'authentication-anonymous-paths': objects(
    passes('off', authentication('anonymous: {enabled: false}')),
    passes('off by default', authentication('anonymous: {}')),
    passes('paths of probes', paths('/livez', '/readyz', '/healthz')),
    passes('what kubeadm join reads', paths('/api/v1/namespaces/kube-public/configmaps/cluster-info')),
    passes('a path that begins alike', paths('/apidocs')),
    fails('on', authentication('anonymous: {enabled: true}'), 'anonymous.enabled'),
    fails('no conditions', authentication('anonymous: {enabled: true, conditions: []}'), 'anonymous.enabled'),
    fails('a path of objects', paths('/livez', '/api/v1/secrets'), 'anonymous.conditions[1].path'),
    fails('a path of a group', paths('/apis/apps/v1/deployments'), 'anonymous.conditions[0].path'),
    skips('not set', authentication('jwt: []')),
    errs('a text', authentication('anonymous: {enabled: "false"}'), 'anonymous.enabled'),
    errs('no map', authentication('anonymous: false'), 'anonymous'),
    errs('no path', authentication('anonymous: {enabled: true, conditions: [/livez]}'), 'anonymous.conditions[0]'),
  ),
  'pod-security-defaults': objects(
    passes('baseline', podSecurity('defaults: {enforce: baseline}')),
    passes('restricted in a plugin', plugins('{name: PodSecurity, configuration: {defaults: {enforce: restricted}}}')),
    fails('privileged', podSecurity('defaults: {enforce: privileged}'), 'defaults.enforce'),
    fails('the default', podSecurity(''), 'defaults.enforce'),
    fails('only a warning', podSecurity('defaults: {warn: restricted, audit: restricted}'), 'defaults.enforce'),
    fails(
      'an empty value in a plugin',
      plugins(`{name: PodSecurity, configuration: {defaults: {enforce: ""}}}`),
      `${inPlugin}.defaults.enforce`,
    ),
    skips('another plugin', plugins('{name: EventRateLimit, path: /a}')),
    skips('a file', plugins('{name: PodSecurity, path: /a}')),
    skips('no configuration', plugins('{name: PodSecurity}')),
    errs('an unknown level', podSecurity('defaults: {enforce: Baseline}'), 'defaults.enforce'),
    errs('no map', plugins('{name: PodSecurity, configuration: []}'), inPlugin),
    errs('no list', configuration('apiserver.config.k8s.io/v1 AdmissionConfiguration', 'plugins: {}'), 'plugins'),
  ),
  'pod-security-exempt-controllers': objects(
    passes('nothing', podSecurity('')),
    passes('a namespace', podSecurity('exemptions: {namespaces: [kube-system], runtimeClasses: [kata]}')),
    passes('a user', podSecurity('exemptions: {usernames: [admin]}')),
    passes('an account of an application', podSecurity('exemptions: {usernames: ["system:serviceaccount:shop:web-controller"]}')),
    fails('a controller', podSecurity(`exemptions: {usernames: [admin, "${controller}"]}`), 'exemptions.usernames[1]'),
    fails(
      'a controller in a plugin',
      plugins(`{name: PodSecurity, configuration: {exemptions: {usernames: ["${controller}"]}}}`),
      `${inPlugin}.exemptions.usernames[0]`,
    ),
    errs('no list', podSecurity(`exemptions: {usernames: "${controller}"}`), 'exemptions.usernames'),
    errs('no map', podSecurity('exemptions: [kube-system]'), 'exemptions'),
  ),
  'audit-policy-coverage': objects(
    passes('everything', audit(`[${all}]`)),
    passes('a user before', audit(`[{level: None, users: ["system:kube-proxy"]}, ${all}]`)),
    passes('a group of nodes before', audit(`[{level: None, userGroups: ["system:nodes"], verbs: [get]}, ${all}]`)),
    passes('paths before', audit(`[{level: None, nonResourceURLs: ["/healthz*"]}, ${all}]`)),
    passes(
      'other resources before',
      audit(`[{level: None, resources: [{group: "", resources: [events, pods/log, secrets/status]}]}, ${all}]`),
    ),
    passes('other groups before', audit(`[{level: None, resources: [{group: apps}]}, ${all}]`)),
    passes('a namespace before', audit(`[{level: None, namespaces: [kube-system]}, ${all}]`)),
    passes('one object before', audit(`[{level: None, resources: [{group: "", resources: [secrets], resourceNames: [a]}]}, ${all}]`)),
    passes('the verb * is no wildcard', audit(`[{level: None, verbs: ["*"]}, ${all}]`)),
    passes('a stage is omitted', audit(`[${all}]`, ', omitStages: [RequestReceived]')),
    fails('nothing', audit('[{level: None}]'), 'rules[0]'),
    fails('secrets', audit(`[{level: None, resources: [{group: "", resources: [secrets]}]}, ${all}]`), 'rules[0]'),
    fails('everything of the core group', audit(`[{level: None, resources: [{group: ""}]}, ${all}]`), 'rules[0]'),
    fails('every authenticated user', audit(`[{level: None, userGroups: ["system:authenticated"]}, ${all}]`), 'rules[0]'),
    fails(
      'all subresources of pods',
      audit(`[${all.replace('}', ', verbs: [get]}')}, {level: None, resources: [{group: "", resources: ["pods/*"]}]}, ${all}]`),
      'rules[1]',
    ),
    fails('no rule at the end', audit('[{level: Metadata, resources: [{group: "", resources: [secrets]}]}]'), 'rules'),
    fails('all stages are omitted', audit(`[${all}]`, ', omitStages: [RequestReceived, ResponseStarted, ResponseComplete]'), 'rules[0]'),
    errs('no rules', audit('[]'), 'rules'),
    errs('an unknown level', audit('[{level: metadata}]'), 'rules[0].level'),
    errs('no level', audit('[{verbs: [get]}]'), 'rules[0].level'),
    errs('a text for a list', audit('[{level: None, verbs: get}]'), 'rules[0].verbs'),
  ),
  'audit-policy-credentials': objects(
    passes('metadata', audit(`[${all}]`)),
    passes('nothing', audit('[{level: None}]')),
    passes(
      'secrets before',
      audit(
        '[{level: Metadata, resources: [{group: "", resources: [secrets, serviceaccounts/token]}, {group: authentication.k8s.io, resources: [tokenreviews]}]}, {level: RequestResponse}]',
      ),
    ),
    passes('bodies of other resources', audit(`[{level: RequestResponse, resources: [{group: "", resources: [pods]}]}, ${all}]`)),
    passes('requests that read have no body', audit(`[{level: Request, verbs: [get, list, watch]}, ${all}]`)),
    fails('everything', audit('[{level: RequestResponse}]'), 'rules[0]'),
    fails('requests', audit('[{level: Request}]'), 'rules[0]'),
    fails('secrets after', audit('[{level: Request, verbs: [create]}, {level: Metadata}]'), 'rules[0]'),
    fails(
      'a secret without its subresources',
      audit(
        '[{level: Metadata, resources: [{group: "", resources: ["secrets/*"]}]}, {level: Metadata, resources: [{group: "", resources: [serviceaccounts]}]}, {level: RequestResponse}]',
      ),
      'rules[2]',
    ),
    errs('no list', audit('{level: Metadata}'), 'rules'),
  ),
  'bootstrap-token-expiry': objects(
    passes('a day by default', init('[{token: abcdef.0123456789abcdef}]')),
    passes('hours', init('[{ttl: 2h0m0s}]')),
    passes('an expiration', init('[{ttl: 0s, expires: "2027-01-01T00:00:00Z"}]')),
    passes('no tokens', init('[]')),
    fails('0', init('[{ttl: "0"}]'), 'bootstrapTokens[0].ttl'),
    fails('0s after another', init('[{ttl: 1h}, {ttl: 0h0m0s}]'), 'bootstrapTokens[1].ttl'),
    fails('less than 0', init('[{ttl: -1h}]'), 'bootstrapTokens[0].ttl'),
    errs('a number', init('[{ttl: 0}]'), 'bootstrapTokens[0].ttl'),
    errs('no list', init('{ttl: 0s}'), 'bootstrapTokens'),
  ),
  'join-without-verification': objects(
    passes('a hash', join('{bootstrapToken: {token: abcdef.0123456789abcdef, caCertHashes: ["sha256:a"]}}')),
    passes('false', join('{bootstrapToken: {unsafeSkipCAVerification: false}}')),
    passes('a file', join('{file: {kubeConfigPath: /a}}')),
    fails('true', join('{bootstrapToken: {unsafeSkipCAVerification: true}}'), unsafe),
    fails('true beside a hash', join('{bootstrapToken: {unsafeSkipCAVerification: true, caCertHashes: ["sha256:a"]}}'), unsafe),
    errs('a text', join('{bootstrapToken: {unsafeSkipCAVerification: "true"}}'), unsafe),
    errs('no map', join('{bootstrapToken: []}'), 'discovery.bootstrapToken'),
  ),
};
