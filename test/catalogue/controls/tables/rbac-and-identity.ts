import { errs, fails, objects, passes, pods, type Row, type Table, type Tables } from '../control-table.ts';

const rbac = 'rbac.authorization.k8s.io';
const doc = (value: object): string => JSON.stringify(value);
const docs = (...values: readonly object[]): string => values.map(doc).join('\n---\n');

type Rule = readonly [groups: string, resources: string, verbs: string, resourceNames?: string];
const list = (text: string): string[] => (text === '' ? [] : text.split(',').map((item) => (item === 'core' ? '' : item)));
const ruleOf = ([groups, resources, verbs, names]: Rule): object => ({
  apiGroups: list(groups),
  resources: list(resources),
  verbs: list(verbs),
  ...(names === undefined ? {} : { resourceNames: list(names) }),
});
const clusterRole = (name: string, ...rules: readonly Rule[]): object => ({
  apiVersion: `${rbac}/v1`,
  kind: 'ClusterRole',
  metadata: { name },
  rules: rules.map(ruleOf),
});
const role = (name: string, ...rules: readonly Rule[]): object => ({
  apiVersion: `${rbac}/v1`,
  kind: 'Role',
  metadata: { name, namespace: 'shop' },
  rules: rules.map(ruleOf),
});
const user = { kind: 'User', name: 'jane', apiGroup: rbac };
const group = (name: string): object => ({ kind: 'Group', name, apiGroup: rbac });
const account = (name: string, namespace?: string): object => ({
  kind: 'ServiceAccount',
  name,
  ...(namespace === undefined ? {} : { namespace }),
});
const clusterBinding = (name: string, to: string, ...subjects: readonly object[]): object => ({
  apiVersion: `${rbac}/v1`,
  kind: 'ClusterRoleBinding',
  metadata: { name },
  roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: to },
  subjects,
});
const binding = (name: string, to: string, namespace: string, ...subjects: readonly object[]): object => ({
  apiVersion: `${rbac}/v1`,
  kind: 'RoleBinding',
  metadata: { name, namespace },
  roleRef: { apiGroup: rbac, kind: to.split('/')[0], name: to.split('/')[1] },
  subjects,
});

const urlRole = (nonResourceURLs: readonly string[], verbs: readonly string[] = ['get']): object => ({
  ...clusterRole('it'),
  rules: [{ nonResourceURLs, verbs }],
});

/** Rows for a Role and a ClusterRole with a binding: rules that must fail, and rules that must pass. */
function grants(bad: readonly (Rule | readonly [string, Rule])[], good: readonly Rule[], more: readonly Row[] = []): Table {
  const named = (entry: Rule | readonly [string, Rule]): readonly [string, Rule] =>
    Array.isArray(entry[1]) ? (entry as [string, Rule]) : [(entry as Rule).join(' '), entry as Rule];
  return objects(
    ...bad
      .map(named)
      .flatMap(([title, rule]) => [
        fails(
          `a ClusterRole with ${title}`,
          docs(clusterRole('it', ['core', 'configmaps', 'get'], rule), clusterBinding('b', 'it', user)),
          'rules[1]',
        ),
        fails(`a Role with ${title}`, docs(role('it', rule), binding('b', 'Role/it', 'shop', user)), 'rules[0]'),
      ]),
    ...good.map((rule) => passes(`a ClusterRole with ${rule.join(' ')}`, docs(clusterRole('it', rule), clusterBinding('b', 'it', user)))),
    ...more,
  );
}

const live = { uid: '0a4c1b52-8f0e-4a0b-b8b5-5a3d3b1f9c02', resourceVersion: '991' };
const bootstrapping = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };
const everyEditor = { 'rbac.authorization.k8s.io/aggregate-to-edit': 'true' };
/** A ClusterRole that gathers others. */
const aggregated = (name: string, selectors: readonly object[], metadata: object = {}, ...rules: readonly Rule[]): object => ({
  ...clusterRole(name, ...rules),
  metadata: { name, ...metadata },
  aggregationRule: { clusterRoleSelectors: selectors },
});
const labelled = (name: string, labels: object, ...rules: readonly Rule[]): object => ({
  ...clusterRole(name, ...rules),
  metadata: { name, labels },
});
const viewers = { matchLabels: { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' } };

/** Rows about roles that only look as if the API server had created them. */
const namedLikeTheSystem = (rule: Rule): Row[] => [
  fails('a role named like one of the system', docs(clusterRole('system:it', rule), clusterBinding('b', 'system:it', user)), 'rules[0]'),
  fails('a role with the label of a default one', docs(labelled('it', bootstrapping, rule), clusterBinding('b', 'it', user)), 'rules[0]'),
  fails('a default role with other rules', docs(labelled('admin', bootstrapping, rule)), 'rules[0]'),
  fails('a Role that is only called admin', docs(role('admin', rule), binding('b', 'Role/admin', 'shop', user)), 'rules[0]'),
  passes(
    'an aggregated role from a manifest: the API server overwrites its rules',
    docs(aggregated('it', [{ matchLabels: { a: 'b' } }], {}, rule)),
  ),
  fails(
    'an aggregated role from a cluster: its rules are in force',
    docs(aggregated('it', [{ matchLabels: { a: 'b' } }], live, rule), clusterBinding('b', 'it', user)),
    'rules[0]',
  ),
  fails(
    'an aggregated role from an export without a uid',
    docs(aggregated('it', [{ matchLabels: { a: 'b' } }], { resourceVersion: '5' }, rule), clusterBinding('b', 'it', user)),
    'rules[0]',
  ),
  passes(
    'an aggregated role from a cluster: what a part grants is reported at the part',
    docs(aggregated('it', [{ matchLabels: { a: 'b' } }], live, rule), labelled('part', { a: 'b' }, rule)),
  ),
  fails(
    'a part of an aggregated role that is bound is bound',
    docs(labelled('part', { a: 'b' }, rule), aggregated('sum', [{ matchLabels: { a: 'b' } }]), clusterBinding('b', 'sum', user)),
    'rules[0]',
    { severity: 'critical' },
  ),
  fails(
    'a part of a default role that is bound is bound',
    docs(labelled('part', everyEditor, rule), clusterBinding('b', 'admin', user)),
    'rules[0]',
    { severity: 'critical' },
  ),
  fails('a selector without conditions gathers cluster-admin', docs(aggregated('it', [{}])), 'aggregationRule'),
  fails(
    'a selector that finds the label of the default roles',
    docs(aggregated('it', [{ matchExpressions: [{ key: 'kubernetes.io/bootstrapping', operator: 'Exists' }] }])),
    'aggregationRule',
  ),
  passes(
    'roles that gather each other',
    docs(
      { ...aggregated('it', [{ matchLabels: { b: 'c' } }], { labels: { a: 'b' } }, rule) },
      { ...aggregated('other', [{ matchLabels: { a: 'b' } }], { labels: { b: 'c' } }, rule) },
    ),
  ),
];
const everything: Rule = ['*', '*', '*'];

const malformed = (rules: unknown): string => docs({ ...clusterRole('it'), rules });
const misshapen: readonly Row[] = [
  errs('rules that are no list', malformed('all'), 'rules'),
  errs('a rule that is no map', malformed([null]), 'rules[0]'),
  errs('verbs that are no list', malformed([{ apiGroups: [''], resources: ['secrets'], verbs: 'get' }]), 'rules[0].verbs'),
  errs('a verb that is no string', malformed([{ apiGroups: [''], resources: ['secrets'], verbs: [true] }]), 'rules[0].verbs[0]'),
  fails('a rule that grants beside one that is broken', malformed([5, ruleOf(everything)]), 'rules[1]'),
];

const subjects = (bad: readonly object[], good: readonly object[], more: readonly Row[] = []): Table =>
  objects(
    ...bad.flatMap((subject) => [
      fails(`a ClusterRoleBinding of ${doc(subject)}`, docs(clusterBinding('it', 'reader', user, subject)), 'subjects[1]'),
      fails(`a RoleBinding of ${doc(subject)}`, docs(binding('it', 'Role/reader', 'shop', subject)), 'subjects[0]'),
    ]),
    ...good.map((subject) => passes(`a ClusterRoleBinding of ${doc(subject)}`, docs(clusterBinding('it', 'reader', subject)))),
    fails(
      'a binding named like one of the system',
      docs(clusterBinding('system:it', 'system:reader', ...bad)),
      bad.map((_, index) => `subjects[${index}]`),
    ),
    fails(
      'a binding with the label of a default one',
      docs({ ...clusterBinding('it', 'reader', ...bad), metadata: { name: 'it', labels: bootstrapping } }),
      bad.map((_, index) => `subjects[${index}]`),
    ),
    ...more,
  );

const names = (pod: string, ...others: readonly object[]): string => [pod, ...others.map(doc)].join('\n---\n');
const serviceAccount = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'app', namespace: 'shop' } };
const admin = clusterBinding('b', 'cluster-admin', account('app', 'shop'));
const withToken = (token: string): string =>
  `automountServiceAccountToken: false\nvolumes: [{name: t, projected: {sources: [{serviceAccountToken: {${token}}}]}}]\n${runsAs}`;
const runsAs = 'serviceAccountName: app\ncontainers: [{name: a}]';
const secretReader = clusterRole('reader', ['core', 'secrets', 'get']);

const bootstrapSigner = 'kubeadm:bootstrap-signer-clusterinfo';
const clusterInfo = binding(bootstrapSigner, `Role/${bootstrapSigner}`, 'kube-public', { kind: 'User', name: 'system:anonymous' });
const clusterInfoRole = (rule: Rule): object => ({ ...role('it', rule), metadata: { name: bootstrapSigner, namespace: 'kube-public' } });

/** CONTROLS.md §7. */
export const table: Tables = {
  'rbac-cluster-admin-binding': objects(
    errs('a roleRef that is a string', docs({ ...clusterBinding('it', 'x', user), roleRef: 'cluster-admin' }), 'roleRef'),
    fails('a ClusterRoleBinding', docs(clusterBinding('it', 'cluster-admin', user)), 'roleRef'),
    fails('a RoleBinding', docs(binding('it', 'ClusterRole/cluster-admin', 'shop', user)), 'roleRef'),
    passes('the default binding', docs(clusterBinding('cluster-admin', 'cluster-admin', group('system:masters')))),
    fails(
      'the default binding with a subject added',
      docs(clusterBinding('cluster-admin', 'cluster-admin', group('system:masters'), user)),
      'roleRef',
    ),
    fails(
      'a RoleBinding with the name of the default binding',
      docs(binding('cluster-admin', 'ClusterRole/cluster-admin', 'shop', user)),
      'roleRef',
    ),
    fails(
      'a binding with the label of a default one',
      docs({ ...clusterBinding('it', 'cluster-admin', user), metadata: { name: 'it', labels: bootstrapping } }),
      'roleRef',
    ),
    passes('the binding of kubeadm', docs(clusterBinding('kubeadm:cluster-admins', 'cluster-admin', group('kubeadm:cluster-admins')))),
    fails(
      'the binding of kubeadm with another group',
      docs(clusterBinding('kubeadm:cluster-admins', 'cluster-admin', group('system:bootstrappers'))),
      'roleRef',
    ),
    passes('another role', docs(clusterBinding('it', 'admin', user))),
    passes('a Role of that name', docs(binding('it', 'Role/cluster-admin', 'shop', user))),
  ),
  'rbac-wildcard-all': grants(
    [everything, ['in a list', ['apps,*', 'pods,*', 'get,*']]],
    [
      ['core', '*', '*'],
      ['cert-manager.io', '*', '*'],
      ['*', '*', '*', 'settings'],
      ['*', '*', 'get,list,watch,create,update,patch,delete'],
      ['*', 'pods', '*'],
      ['*', '*/*', '*'],
    ],
    [
      ...namedLikeTheSystem(everything),
      passes('cluster-admin as it is', docs(labelled('cluster-admin', bootstrapping, everything))),
      fails('held by nobody: less severe', docs(clusterRole('it', everything)), 'rules[0]', { severity: 'high' }),
    ],
  ),
  'rbac-wildcard-verbs': grants(
    [['core', 'configmaps', '*'], everything],
    [['core', 'configmaps', 'get,list,watch,create']],
    [
      passes(
        'rules about URLs grant no resources',
        docs({ ...clusterRole('it'), rules: [{ nonResourceURLs: ['*'], verbs: ['*'] }] }, clusterBinding('b', 'it', user)),
      ),
    ],
  ),
  'rbac-wildcard-resources': grants(
    [['apps', '*', 'get'], everything],
    [
      ['*', 'pods', '*'],
      ['core', 'pods/*', 'get'],
      ['*', '*/scale', 'update'],
    ],
  ),
  'rbac-read-secrets': grants(
    [
      ['core', 'secrets', 'get'],
      ['core', 'pods,secrets', 'watch'],
      ['*', 'secrets', 'list'],
      ['core', '*', 'get'],
      ['core', 'secrets', '*'],
      ['a list of one name', ['core', 'secrets', 'list', 'db']],
    ],
    [
      ['*', 'secrets/*', 'get'],
      ['*', '*/secrets', 'get'],
      ['core', 'secret', 'get'],
      ['core', 'Secrets', 'get'],
      ['core', 'secrets', 'GET'],
      ['', 'secrets', 'get'],
      ['core', 'secrets', 'create,update,delete'],
      ['apps', 'secrets', 'get'],
      ['core', 'secrets/status', 'get'],
      ['core', 'configmaps', 'get'],
    ],
    [
      fails(
        'names given: less severe',
        docs(role('it', ['core', 'secrets', 'get', 'db']), binding('b', 'Role/it', 'shop', user)),
        'rules[0]',
        { severity: 'medium' },
      ),
      fails(
        'no names given restrict nothing',
        docs(role('it', ['core', 'secrets', 'get', '']), binding('b', 'Role/it', 'shop', user)),
        'rules[0]',
        {
          severity: 'high',
        },
      ),
      fails(
        'a default role with a rule added',
        docs(
          labelled(
            'system:controller:ttl-controller',
            bootstrapping,
            ['core', 'nodes', 'list,patch,update,watch'],
            ['core', 'secrets', 'get'],
          ),
        ),
        'rules[1]',
      ),
      fails(
        'a default role with a verb added',
        docs(labelled('system:controller:expand-controller', {}, ['core', 'secrets', 'get,list'])),
        'rules[0]',
      ),
      passes('a default role with its rules', docs(labelled('system:kube-controller-manager', {}, ['core', 'secrets', 'get,create']))),
      passes(
        'edit with what another role adds to it, from a cluster',
        docs(
          {
            ...aggregated(
              'view',
              [viewers],
              live,
              ['core', 'configmaps', 'get'],
              ['shop.example.org', 'orders', 'get'],
              ['core', 'secrets', 'get'],
            ),
          },
          labelled(
            'shop',
            { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' },
            ['core', 'secrets', 'get'],
            ['shop.example.org', 'orders', 'get'],
          ),
        ),
      ),
      fails(
        'view with a rule that nothing gathers, from a cluster',
        docs(aggregated('view', [viewers], live, ['core', 'configmaps', 'get'], ['core', 'secrets', 'get'])),
        'rules[1]',
      ),
      fails('view with selectors of its own', docs(aggregated('view', [viewers, { matchLabels: everyEditor }])), 'aggregationRule'),
      fails(
        'names that are no list restrict nothing',
        malformed([{ apiGroups: [''], resources: ['secrets'], verbs: ['get'], resourceNames: 'db' }]),
        'rules[0]',
      ),
      fails('held by nobody: less severe', docs(role('it', ['core', 'secrets', 'get'])), 'rules[0]', { severity: 'medium' }),
      fails(
        'a binding without subjects holds nothing',
        docs(role('it', ['core', 'secrets', 'get']), binding('b', 'Role/it', 'shop')),
        'rules[0]',
        { severity: 'medium' },
      ),
      fails(
        'bound by a RoleBinding',
        docs(clusterRole('it', ['core', 'secrets', 'get']), binding('b', 'ClusterRole/it', 'web', user)),
        'rules[0]',
        { severity: 'high' },
      ),
      ...misshapen,
    ],
  ),
  'rbac-create-pods': grants(
    [
      ['core', 'pods', 'create'],
      ['core', 'replicationcontrollers', 'create'],
      ['apps', 'deployments', 'create'],
      ['apps', 'statefulsets,daemonsets,replicasets', '*'],
      ['batch', 'jobs', 'create'],
      ['batch', 'cronjobs', 'create'],
      ['server-side apply creates by name', ['core', 'pods', 'create,patch', 'web-0']],
      everything,
    ],
    [
      ['core', 'pods', 'get,list,watch,update,delete'],
      ['core', 'pods', 'create', 'web-0'],
      ['*', '*/*', 'create'],
      ['core', 'deployments', 'create'],
      ['core', 'pods/exec', 'create'],
      ['apps', 'deployments/scale', 'create'],
    ],
  ),
  'rbac-pod-exec': grants(
    [
      ['core', 'pods/exec', 'create'],
      ['core', 'pods/attach', 'get'],
      ['core', '*', 'create'],
      ['core', '*/exec', 'create'],
      ['core', '*/ephemeralcontainers', 'update'],
      ['core', 'pods/exec', 'create', 'web-0'],
      ['core', 'pods/ephemeralcontainers', 'patch'],
      everything,
    ],
    [
      ['core', 'pods', 'create,get'],
      ['core', 'pods/*', '*'],
      ['core', '*/*', '*'],
      ['core', '*/attach/exec', 'create'],
      ['apps', 'pods/exec', 'create'],
      ['core', 'pods/exec', 'list'],
      ['core', 'pods/ephemeralcontainers', 'get'],
      ['core', 'pods/log', 'get'],
    ],
  ),
  'rbac-bind-escalate': grants(
    [
      [rbac, 'clusterroles', 'bind'],
      [rbac, 'roles', 'escalate'],
      [rbac, 'rolebindings', 'bind'],
      [rbac, 'clusterrolebindings', '*'],
      everything,
    ],
    [
      [rbac, 'clusterroles', 'get,create'],
      ['core', 'clusterroles', 'bind'],
    ],
    [
      fails(
        'a Role grants nothing of what is cluster-scoped: less severe',
        docs(role('it', [rbac, 'clusterroles', 'escalate']), binding('b', 'Role/it', 'shop', user)),
        'rules[0]',
        { severity: 'high' },
      ),
      fails(
        'a Role that binds cluster roles: a RoleBinding may refer to them',
        docs(role('it', [rbac, 'clusterroles', 'bind']), binding('b', 'Role/it', 'shop', user)),
        'rules[0]',
        { severity: 'critical' },
      ),
    ],
  ),
  'rbac-impersonate': grants(
    [
      ['core', 'users', 'impersonate'],
      ['core', 'groups', 'impersonate'],
      ['core', 'serviceaccounts', 'impersonate'],
      ['authentication.k8s.io', 'userextras/scopes', 'impersonate'],
      ['authentication.k8s.io', 'uids', 'impersonate'],
      everything,
    ],
    [
      ['core', 'users', 'get'],
      ['core', 'serviceaccounts', 'create'],
      ['authentication.k8s.io', 'users', 'impersonate'],
      ['core', 'userextras/scopes', 'impersonate'],
      ['core', 'users/*', 'impersonate'],
      ['apps', 'users', 'impersonate'],
    ],
    [
      fails(
        'a Role with users, who are in no namespace: less severe',
        docs(role('it', ['core', 'users', 'impersonate']), binding('b', 'Role/it', 'shop', user)),
        'rules[0]',
        { severity: 'high' },
      ),
      fails(
        'a Role with service accounts',
        docs(role('it', ['core', 'serviceaccounts', 'impersonate']), binding('b', 'Role/it', 'shop', user)),
        'rules[0]',
        { severity: 'critical' },
      ),
    ],
  ),
  'rbac-manage-rbac': grants(
    [
      [rbac, 'rolebindings', 'create'],
      [rbac, 'clusterroles', 'update'],
      [rbac, 'roles', 'patch'],
      [rbac, 'clusterrolebindings', '*'],
    ],
    [
      [rbac, 'roles', 'get,list,watch'],
      [rbac, 'roles', 'delete'],
      ['core', 'roles', 'create'],
    ],
  ),
  'rbac-nodes-proxy': grants(
    [['core', 'nodes/proxy', 'get'], ['core', '*', 'list'], ['core', '*/proxy', 'create'], everything],
    [
      ['core', 'nodes/*', 'get'],
      ['core', '*/*', 'get'],
      ['core', 'nodes', 'get'],
      ['core', 'nodes/metrics,nodes/stats', 'get'],
      ['core', 'pods/proxy', 'get'],
    ],
  ),
  'rbac-csr-approval': grants(
    [
      ['certificates.k8s.io', 'certificatesigningrequests/approval', 'update'],
      ['certificates.k8s.io', 'signers', 'approve'],
      ['certificates.k8s.io', 'signers', 'approve', 'kubernetes.io/*'],
      ['certificates.k8s.io', 'signers', 'approve', 'kubernetes.io/kube-apiserver-client'],
      everything,
    ],
    [
      ['certificates.k8s.io', 'certificatesigningrequests', 'create,update'],
      ['certificates.k8s.io', 'signers', 'sign'],
      ['certificates.k8s.io', 'signers', 'approve', 'example.org/own'],
      ['certificates.k8s.io', 'signers', 'approve', 'issuers.cert-manager.io/*'],
      ['certificates.k8s.io', 'certificatesigningrequests/approval', 'get'],
    ],
  ),
  'rbac-admission-webhooks': grants(
    [
      ['admissionregistration.k8s.io', 'mutatingwebhookconfigurations', 'create'],
      ['admissionregistration.k8s.io', 'validatingwebhookconfigurations', 'deletecollection'],
      ['admissionregistration.k8s.io', 'validatingadmissionpolicybindings', 'patch'],
      ['*', 'mutatingadmissionpolicies', 'update'],
    ],
    [
      ['admissionregistration.k8s.io', '*', 'get,list,watch'],
      ['apps', 'validatingwebhookconfigurations', 'create'],
    ],
  ),
  'rbac-token-request': grants(
    [
      ['core', 'serviceaccounts/token', 'create'],
      ['core', '*', 'create'],
      ['core', '*/token', 'create'],
      ['core', 'serviceaccounts/token', 'create', 'boss'],
    ],
    [
      ['core', 'serviceaccounts/*', '*'],
      ['authentication.k8s.io', 'serviceaccounts/token', 'create'],
      ['core', 'serviceaccounts', 'create'],
      ['core', 'serviceaccounts/token', 'get'],
    ],
  ),
  'rbac-create-persistent-volumes': grants(
    [
      ['core', 'persistentvolumes', 'create'],
      ['core', '*', '*'],
    ],
    [
      ['core', 'persistentvolumeclaims', 'create'],
      ['core', 'persistentvolumes', 'get,update'],
    ],
  ),
  'rbac-delete-events-logs': grants(
    [['core', 'events', 'delete'], ['events.k8s.io', 'events', 'deletecollection'], ['core', 'pods/log', 'delete'], everything],
    [
      ['core', 'events', 'create,get'],
      ['core', 'pods/log', 'get'],
      ['core', 'pods', 'delete'],
    ],
  ),
  'rbac-modify-configmaps': grants(
    [['core', 'configmaps', 'update']],
    [['core', 'configmaps', 'get']],
    [
      fails(
        'in kube-system',
        doc({ ...role('it', ['core', 'configmaps', 'patch']), metadata: { name: 'it', namespace: 'kube-system' } }),
        'rules[0]',
        { severity: 'medium' },
      ),
    ],
  ),
  'rbac-manage-workloads': grants([['apps', 'deployments', 'patch']], [['apps', 'deployments', 'get']]),
  'rbac-port-forward': grants([['core', 'pods/portforward', 'create']], [['core', 'pods', 'create']]),
  'rbac-manage-networking': grants(
    [
      ['networking.k8s.io', 'ingresses', 'create'],
      ['discovery.k8s.io', 'endpointslices', 'delete'],
    ],
    [['networking.k8s.io', 'ingresses', 'get']],
  ),
  'rbac-system-masters-binding': subjects(
    [group('system:masters')],
    [group('masters'), { kind: 'User', name: 'system:masters' }, account('system:masters', 'shop')],
    [
      errs('subjects that are no list', docs({ ...clusterBinding('it', 'x'), subjects: group('system:masters') }), 'subjects'),
      errs(
        'a subject without a proper name',
        docs({ ...clusterBinding('it', 'x'), subjects: [{ kind: 'Group', name: 5 }] }),
        'subjects[0].name',
      ),
    ],
  ),
  'rbac-anonymous-binding': subjects(
    [{ kind: 'User', name: 'system:anonymous' }, group('system:unauthenticated')],
    [group('system:authenticated'), account('anonymous', 'shop')],
    [
      passes('discovery', docs(clusterBinding('system:public-info-viewer', 'system:public-info-viewer', group('system:unauthenticated')))),
      passes('the bootstrap signer of kubeadm', docs(clusterInfo)),
      passes(
        'the bootstrap signer of kubeadm with its role',
        docs(clusterInfo, clusterInfoRole(['core', 'configmaps', 'get', 'cluster-info'])),
      ),
      fails(
        'the bootstrap signer of kubeadm with a role that grants more',
        docs(clusterInfo, clusterInfoRole(['core', 'configmaps', 'get'])),
        'subjects[0]',
      ),
      fails(
        'the bootstrap signer in another namespace',
        docs({ ...clusterInfo, metadata: { name: bootstrapSigner, namespace: 'shop' } }),
        'subjects[0]',
      ),
      fails(
        'the bootstrap signer for another role',
        docs(binding(bootstrapSigner, 'ClusterRole/edit', 'kube-public', { kind: 'User', name: 'system:anonymous' })),
        'subjects[0]',
      ),
      fails(
        'the bootstrap signer for the whole cluster',
        docs(clusterBinding(bootstrapSigner, 'edit', { kind: 'User', name: 'system:anonymous' })),
        'subjects[0]',
      ),
      fails(
        'discovery with a subject added',
        docs(clusterBinding('system:discovery', 'system:discovery', group('system:authenticated'), group('system:unauthenticated'))),
        'subjects[1]',
      ),
    ],
  ),
  'rbac-authenticated-binding': subjects(
    [group('system:authenticated'), group('system:serviceaccounts')],
    [group('system:serviceaccounts:shop'), group('platform')],
    [
      passes('discovery', docs(clusterBinding('system:discovery', 'system:discovery', group('system:authenticated')))),
      fails(
        'a takeover permission: more severe',
        docs(clusterBinding('it', 'reader', group('system:authenticated')), secretReader),
        'subjects[0]',
        { severity: 'critical' },
      ),
      fails(
        'none: as it is',
        docs(clusterBinding('it', 'reader', group('system:authenticated')), clusterRole('reader', ['core', 'pods', 'get'])),
        'subjects[0]',
        { severity: 'high' },
      ),
    ],
  ),
  'rbac-default-service-account-binding': subjects(
    [account('default', 'shop'), { kind: 'User', name: 'system:serviceaccount:shop:default' }, group('system:serviceaccounts:shop')],
    [
      account('app', 'shop'),
      { kind: 'User', name: 'default' },
      { kind: 'User', name: 'system:serviceaccount:default:app' },
      { kind: 'User', name: 'system:serviceaccount:default' },
      { kind: 'Group', name: 'system:serviceaccount:shop:default' },
      group('default'),
      group('system:serviceaccounts:'),
      account('defaults', 'shop'),
    ],
  ),
  'rbac-write-secrets': grants(
    [['core', 'secrets', 'create'], ['core', 'secrets', 'update'], ['core', 'secrets', 'patch', 'db'], ['*', 'secrets', '*'], everything],
    [
      ['core', 'secrets', 'get,list,watch'],
      ['core', 'secrets', 'delete,deletecollection'],
      ['core', 'secrets', 'create', 'db'],
      ['apps', 'secrets', 'create'],
      ['core', 'secrets/*', 'update'],
    ],
    [
      fails(
        'names given: less severe',
        docs(role('it', ['core', 'secrets', 'update', 'db']), binding('b', 'Role/it', 'shop', user)),
        'rules[0]',
        {
          severity: 'medium',
        },
      ),
    ],
  ),
  'rbac-pods-services-proxy': grants(
    [['core', 'pods/proxy', 'create'], ['core', 'services/proxy', 'get'], ['core', '*/proxy', 'get'], everything],
    [
      ['core', 'pods', 'get,create'],
      ['core', 'services', 'get,create'],
      ['core', 'nodes/proxy', 'get'],
      ['core', 'pods/*', 'create'],
      ['core', 'services/status', 'get'],
    ],
  ),
  'rbac-constrained-impersonation': grants(
    [
      ['authentication.k8s.io', 'users', 'impersonate:user-info'],
      ['authentication.k8s.io', 'serviceaccounts', 'impersonate:serviceaccount'],
      ['*', 'nodes', 'impersonate:associated-node'],
      ['authentication.k8s.io', 'userextras/scopes', 'impersonate:user-info'],
      ['core', 'pods', 'impersonate-on:user-info:list'],
    ],
    [
      ['core', 'users', 'impersonate:user-info'],
      ['authentication.k8s.io', 'users', 'impersonate'],
      ['authentication.k8s.io', 'users', 'impersonate:somebody'],
      ['core', 'pods', 'impersonate-on:user-info'],
      ['core', 'pods', 'list'],
    ],
  ),
  'rbac-manage-service-accounts': grants(
    [
      ['core', 'serviceaccounts', 'update'],
      ['core', 'serviceaccounts', 'create'],
      ['core', '*', 'patch'],
    ],
    [
      ['core', 'serviceaccounts', 'get,list,watch'],
      ['core', 'serviceaccounts', 'delete'],
      ['core', 'serviceaccounts/token', 'create'],
      ['core', 'serviceaccounts', 'impersonate'],
    ],
  ),
  'rbac-manage-nodes': grants(
    [
      ['core', 'nodes', 'patch'],
      ['core', 'nodes', 'delete'],
      ['core', 'nodes/status', 'update'],
      ['core', '*/status', 'patch'],
    ],
    [
      ['core', 'nodes', 'get,list,watch'],
      ['core', 'nodes/status', 'get'],
      ['core', 'nodes/metrics', 'create'],
      ['metrics.k8s.io', 'nodes', 'create'],
      ['apps', '*/status', 'patch'],
    ],
  ),
  'rbac-manage-namespaces': grants(
    [
      ['core', 'namespaces', 'patch'],
      ['core', 'namespaces', 'update', 'shop'],
      ['core', '*', 'update'],
    ],
    [
      ['core', 'namespaces', 'get,list,watch'],
      ['core', 'namespaces', 'create,delete'],
      ['core', 'namespaces/finalize', 'update'],
      ['core', 'namespaces/status', 'patch'],
      ['project.openshift.io', 'namespaces', 'patch'],
    ],
    [
      fails(
        'a Role: it grants the verb on its own Namespace',
        docs(role('it', ['core', 'namespaces', 'patch']), binding('b', 'Role/it', 'shop', user)),
        'rules[0]',
        { severity: 'high' },
      ),
    ],
  ),
  'rbac-manage-api-services': grants(
    [
      ['apiregistration.k8s.io', 'apiservices', 'create'],
      ['apiregistration.k8s.io', '*', 'patch'],
      ['*', 'apiservices', 'delete'],
    ],
    [
      ['apiregistration.k8s.io', 'apiservices', 'get,list,watch'],
      ['apiregistration.k8s.io', 'apiservices/status', 'update'],
      ['core', 'apiservices', 'create'],
    ],
  ),
  'rbac-manage-custom-resource-definitions': grants(
    [
      ['apiextensions.k8s.io', 'customresourcedefinitions', 'patch'],
      ['apiextensions.k8s.io', '*', 'create'],
      ['*', 'customresourcedefinitions', 'delete'],
    ],
    [
      ['apiextensions.k8s.io', 'customresourcedefinitions', 'get,list,watch'],
      ['apiextensions.k8s.io', 'customresourcedefinitions/status', 'update'],
      ['core', 'customresourcedefinitions', 'patch'],
    ],
  ),
  'rbac-non-resource-urls': objects(
    ...['*', '/*', '/debug/*', '/debug/pprof/profile', '/logs', '/logs/*'].map((url) =>
      fails(`the URL ${url}`, docs(urlRole([url]), clusterBinding('b', 'it', user)), 'rules[0]'),
    ),
    ...['/metrics', '/metrics/*', '/healthz*', '/api/*', '/openapi/v3/*', '/logstash', '/debugger'].map((url) =>
      passes(`the URL ${url}`, docs(urlRole([url]), clusterBinding('b', 'it', user))),
    ),
    passes('no verbs', docs(urlRole(['*'], []))),
    passes('all resources', docs(clusterRole('it', ['*', '*', '*']), clusterBinding('b', 'it', user))),
    passes(
      'a default role',
      docs({ ...urlRole(['/healthz', '/livez', '/readyz', '/version'], ['get']), metadata: { name: 'system:public-info-viewer' } }),
    ),
    errs('URLs that are no list', malformed([{ nonResourceURLs: '*', verbs: ['*'] }]), 'rules[0].nonResourceURLs'),
  ),
  'rbac-default-role-binding': objects(
    fails('edit for the whole cluster', docs(clusterBinding('it', 'edit', user)), 'roleRef'),
    fails('admin for the whole cluster', docs(clusterBinding('it', 'admin', user)), 'roleRef'),
    passes('view for the whole cluster', docs(clusterBinding('it', 'view', user))),
    passes('edit in a namespace', docs(binding('it', 'ClusterRole/edit', 'shop', user))),
    passes('a binding without subjects', docs(clusterBinding('it', 'edit'))),
    passes('cluster-admin has a control of its own', docs(clusterBinding('it', 'cluster-admin', user))),
    passes('a role of one’s own has controls of its own', docs(clusterBinding('it', 'reader', user), secretReader)),
    fails('a role of the control plane', docs(clusterBinding('it', 'system:kube-controller-manager', user)), 'roleRef'),
    fails('a role of the control plane in a namespace', docs(binding('it', 'ClusterRole/system:node', 'shop', user)), 'roleRef'),
    fails('the rights of the API server on kubelets', docs(clusterBinding('it', 'system:kubelet-api-admin', user)), 'roleRef'),
    fails('the parts of edit', docs(clusterBinding('it', 'system:aggregate-to-edit', user)), 'roleRef'),
    passes('a harmless role of the control plane', docs(clusterBinding('it', 'system:auth-delegator', user))),
    passes(
      'the role of extension API servers',
      docs(binding('it', 'Role/extension-apiserver-authentication-reader', 'kube-system', account('metrics', 'kube-system'))),
    ),
    fails(
      'a default Role that reads all Secrets of its namespace',
      docs(binding('it', 'Role/system:controller:token-cleaner', 'kube-system', account('app', 'shop'))),
      'roleRef',
    ),
    passes(
      'a default binding',
      docs(
        clusterBinding('system:kube-controller-manager', 'system:kube-controller-manager', {
          kind: 'User',
          name: 'system:kube-controller-manager',
        }),
      ),
    ),
    fails(
      'a default binding with a subject added',
      docs(
        clusterBinding(
          'system:kube-controller-manager',
          'system:kube-controller-manager',
          {
            kind: 'User',
            name: 'system:kube-controller-manager',
          },
          user,
        ),
      ),
      'roleRef',
    ),
    fails(
      'view with what another role adds to it',
      docs(
        clusterBinding('it', 'view', user),
        labelled('shop', { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' }, ['core', 'secrets', 'get']),
      ),
      'roleRef',
    ),
  ),
  'default-service-account-automount': objects(
    passes(
      'false',
      '{apiVersion: v1, kind: ServiceAccount, metadata: {name: default, namespace: shop}, automountServiceAccountToken: false}',
    ),
    passes('another account', '{apiVersion: v1, kind: ServiceAccount, metadata: {name: app, namespace: shop}}'),
    fails('unset', '{apiVersion: v1, kind: ServiceAccount, metadata: {name: default, namespace: shop}}', 'automountServiceAccountToken'),
    fails(
      'true',
      '{apiVersion: v1, kind: ServiceAccount, metadata: {name: default, namespace: shop}, automountServiceAccountToken: true}',
      'automountServiceAccountToken',
    ),
    passes(
      'the kube-system one, when it is false',
      '{apiVersion: v1, kind: ServiceAccount, metadata: {name: default, namespace: kube-system}, automountServiceAccountToken: false}',
    ),
  ),
  'service-account-automount': objects(
    passes('false', '{apiVersion: v1, kind: ServiceAccount, metadata: {name: app, namespace: shop}, automountServiceAccountToken: false}'),
    fails('unset', '{apiVersion: v1, kind: ServiceAccount, metadata: {name: app, namespace: shop}}', 'automountServiceAccountToken'),
  ),
  'workload-admin-service-account': pods(
    errs('an account that is a number', 'serviceAccountName: 5\ncontainers: [{name: a}]', 'spec.serviceAccountName'),
    errs('volumes that are no list', 'serviceAccountName: app\nvolumes: {}\ncontainers: [{name: a}]', 'spec.volumes'),
    passes('no binding', runsAs),
    passes('no token', names(`automountServiceAccountToken: false\n${runsAs}`, admin)),
    passes('no token by the account', names(runsAs, admin, { ...serviceAccount, automountServiceAccountToken: false })),
    fails(
      'a token against the account',
      names(`automountServiceAccountToken: true\n${runsAs}`, admin, { ...serviceAccount, automountServiceAccountToken: false }),
      'spec.serviceAccountName',
    ),
    passes(
      'no token against the account',
      names(`automountServiceAccountToken: false\n${runsAs}`, admin, { ...serviceAccount, automountServiceAccountToken: true }),
    ),
    fails(
      'an account of that name in another namespace without a token',
      names(runsAs, admin, {
        ...serviceAccount,
        metadata: { name: 'app', namespace: 'web' },
        automountServiceAccountToken: false,
      }),
      'spec.serviceAccountName',
    ),
    fails('a projected token', names(withToken('path: t'), admin), 'spec.serviceAccountName'),
    fails(
      'a projected token for the API server',
      names(withToken('path: t, audience: https://kubernetes.default.svc'), admin),
      'spec.serviceAccountName',
    ),
    passes('a projected token for another program', names(withToken('path: t, audience: vault'), admin)),
    passes(
      'a projected volume without a token',
      names(`automountServiceAccountToken: false\nvolumes: [{name: t, projected: {sources: [{configMap: {name: a}}]}}]\n${runsAs}`, admin),
    ),
    fails(
      'the Secret of a long-lived token',
      names(`automountServiceAccountToken: false\nvolumes: [{name: t, secret: {secretName: app-token-x7k2p}}]\n${runsAs}`, admin),
      'spec.serviceAccountName',
    ),
    passes(
      'another Secret',
      names(`automountServiceAccountToken: false\nvolumes: [{name: t, secret: {secretName: app-tls}}]\n${runsAs}`, admin),
    ),
    passes(
      'all rights in one API group',
      names(runsAs, clusterRole('it', ['cert-manager.io', '*', '*']), clusterBinding('b', 'it', account('app', 'shop'))),
    ),
    fails(
      'a RoleBinding in kube-system: as severe as for the whole cluster',
      names(runsAs, binding('b', 'ClusterRole/cluster-admin', 'kube-system', account('app', 'shop'))),
      'spec.serviceAccountName',
      { severity: 'critical' },
    ),
    fails(
      'a RoleBinding in another namespace: less severe',
      names(runsAs, binding('b', 'ClusterRole/cluster-admin', 'web', account('app', 'shop'))),
      'spec.serviceAccountName',
      { severity: 'high' },
    ),
    passes('a ClusterRoleBinding of an account without a namespace', names(runsAs, clusterBinding('b', 'cluster-admin', account('app')))),
    passes('a ClusterRoleBinding of a Role', names(runsAs, { ...admin, roleRef: { kind: 'Role', name: 'cluster-admin' } })),
    fails(
      'a selector without conditions',
      names(runsAs, aggregated('sum', [{}]), clusterBinding('b', 'sum', account('app', 'shop'))),
      'spec.serviceAccountName',
    ),
    passes(
      'the rules of an aggregated role from a manifest are overwritten',
      names(runsAs, aggregated('sum', [{ matchLabels: { a: 'b' } }], {}, everything), clusterBinding('b', 'sum', account('app', 'shop'))),
    ),
    fails(
      'the rules of an aggregated role from a cluster are in force',
      names(runsAs, aggregated('sum', [{ matchLabels: { a: 'b' } }], live, everything), clusterBinding('b', 'sum', account('app', 'shop'))),
      'spec.serviceAccountName',
    ),
    fails(
      'roles that gather each other',
      names(
        runsAs,
        aggregated('one', [{ matchLabels: { two: '' } }], { labels: { one: '' } }),
        aggregated('two', [{ matchLabels: { one: '' } }, { matchLabels: { part: '' } }], { labels: { two: '' } }),
        labelled('part', { part: '' }, everything),
        clusterBinding('b', 'one', account('app', 'shop')),
      ),
      'spec.serviceAccountName',
    ),
    passes('another account', names(runsAs, clusterBinding('b', 'cluster-admin', account('other', 'shop')))),
    passes('the same account of another namespace', names(runsAs, clusterBinding('b', 'cluster-admin', account('app', 'web')))),
    passes('a role that grants less', names(runsAs, clusterBinding('b', 'edit', account('app', 'shop')))),
    fails('cluster-admin', names(runsAs, clusterBinding('b', 'cluster-admin', account('app', 'shop'))), 'spec.serviceAccountName'),
    fails(
      'an unset account is the default one',
      names('containers: [{name: a}]', clusterBinding('b', 'cluster-admin', account('default', 'shop'))),
      'spec.serviceAccountName',
    ),
    fails(
      'a role of its own',
      names(runsAs, clusterRole('all', everything), clusterBinding('b', 'all', account('app', 'shop'))),
      'spec.serviceAccountName',
    ),
    fails('a RoleBinding', names(runsAs, binding('b', 'ClusterRole/cluster-admin', 'shop', account('app'))), 'spec.serviceAccountName'),
    fails(
      'a RoleBinding of another namespace',
      names(runsAs, binding('b', 'ClusterRole/cluster-admin', 'web', account('app', 'shop'))),
      'spec.serviceAccountName',
    ),
    passes(
      'an account without a namespace is one of the binding’s',
      names(runsAs, binding('b', 'ClusterRole/cluster-admin', 'web', account('app'))),
    ),
    fails(
      'by its group',
      names(runsAs, clusterBinding('b', 'cluster-admin', group('system:serviceaccounts:shop'))),
      'spec.serviceAccountName',
    ),
    fails(
      'by its user name',
      names(runsAs, clusterBinding('b', 'cluster-admin', { kind: 'User', name: 'system:serviceaccount:shop:app' })),
      'spec.serviceAccountName',
    ),
    fails(
      'by aggregation',
      names(
        runsAs,
        { ...clusterRole('sum'), aggregationRule: { clusterRoleSelectors: [{ matchLabels: { part: 'yes' } }] } },
        { ...clusterRole('part', everything), metadata: { name: 'part', labels: { part: 'yes' } } },
        clusterBinding('b', 'sum', account('app', 'shop')),
      ),
      'spec.serviceAccountName',
    ),
  ),
  'workload-takeover-permissions': pods(
    passes(
      'one Secret by its name',
      names(runsAs, role('it', ['core', 'secrets', 'get', 'app-tls']), binding('b', 'Role/it', 'shop', account('app'))),
    ),
    fails(
      'an empty list of names',
      names(runsAs, role('it', ['core', 'secrets', 'get', '']), binding('b', 'Role/it', 'shop', account('app'))),
      'spec.serviceAccountName',
    ),
    passes(
      'all rights in one API group',
      names(runsAs, clusterRole('it', ['cert-manager.io', '*', '*']), clusterBinding('b', 'it', account('app', 'shop'))),
    ),
    passes('no token', names(`automountServiceAccountToken: false\n${runsAs}`, admin)),
    passes(
      'a role that binds a harmless role',
      names(runsAs, clusterRole('it', [rbac, 'clusterroles', 'bind', 'view']), clusterBinding('b', 'it', account('app', 'shop'))),
    ),
    fails(
      'a role that binds cluster-admin',
      names(runsAs, clusterRole('it', [rbac, 'clusterroles', 'bind', 'cluster-admin']), clusterBinding('b', 'it', account('app', 'shop'))),
      'spec.serviceAccountName',
    ),
    passes(
      'the token of an account without rights',
      names(runsAs, role('it', ['core', 'serviceaccounts/token', 'create', 'other']), binding('b', 'Role/it', 'shop', account('app'))),
    ),
    fails(
      'the token of an account with such rights',
      names(
        runsAs,
        role('it', ['core', 'serviceaccounts/token', 'create', 'other']),
        binding('b', 'Role/it', 'shop', account('app')),
        clusterBinding('c', 'cluster-admin', account('other', 'shop')),
      ),
      'spec.serviceAccountName',
    ),
    fails(
      'the token of an account that can impersonate one with such rights',
      names(
        runsAs,
        role('it', ['core', 'serviceaccounts/token', 'create', 'other']),
        binding('b', 'Role/it', 'shop', account('app')),
        clusterRole('next', ['core', 'serviceaccounts', 'impersonate', 'boss']),
        clusterBinding('c', 'next', account('other', 'shop')),
        clusterBinding('d', 'cluster-admin', account('boss', 'web')),
      ),
      'spec.serviceAccountName',
    ),
    passes(
      'accounts that get tokens of each other',
      names(
        runsAs,
        role('it', ['core', 'serviceaccounts/token', 'create', 'app,other']),
        binding('b', 'Role/it', 'shop', account('app'), account('other')),
      ),
    ),
    fails(
      'impersonation of one group',
      names(
        runsAs,
        clusterRole('it', ['core', 'groups', 'impersonate', 'system:masters']),
        clusterBinding('b', 'it', account('app', 'shop')),
      ),
      'spec.serviceAccountName',
    ),
    passes(
      'approval for a signer of one’s own',
      names(
        runsAs,
        clusterRole('it', ['certificates.k8s.io', 'signers', 'approve', 'example.org/own']),
        clusterBinding('b', 'it', account('app', 'shop')),
      ),
    ),
    fails(
      'approval for the signers of the cluster',
      names(
        runsAs,
        clusterRole('it', ['certificates.k8s.io', 'signers', 'approve', 'kubernetes.io/*']),
        clusterBinding('b', 'it', account('app', 'shop')),
      ),
      'spec.serviceAccountName',
    ),
    passes(
      'a Role with users, who are in no namespace',
      names(runsAs, role('it', ['core', 'users', 'impersonate']), binding('b', 'Role/it', 'shop', account('app'))),
    ),
    fails(
      'a Role that binds cluster roles',
      names(runsAs, role('it', [rbac, 'clusterroles', 'bind']), binding('b', 'Role/it', 'shop', account('app'))),
      'spec.serviceAccountName',
    ),
    errs('an account that is a list', 'serviceAccountName: [app]\ncontainers: [{name: a}]', 'spec.serviceAccountName'),
    passes(
      'harmless rights',
      names(runsAs, clusterRole('reader', ['core', 'pods', 'get']), clusterBinding('b', 'reader', account('app', 'shop'))),
    ),
    passes('view', names(runsAs, clusterBinding('b', 'view', account('app', 'shop')))),
    passes('rights of others', names(runsAs, secretReader, clusterBinding('b', 'reader', account('other', 'shop'), user))),
    passes(
      'a RoleBinding gives nothing of what is cluster-scoped',
      names(
        runsAs,
        clusterRole('approver', ['certificates.k8s.io', 'signers', 'approve']),
        binding('b', 'ClusterRole/approver', 'shop', account('app')),
      ),
    ),
    fails('secrets', names(runsAs, secretReader, clusterBinding('b', 'reader', account('app', 'shop'))), 'spec.serviceAccountName'),
    fails(
      'a Role',
      names(runsAs, role('exec', ['core', 'pods/exec', 'create']), binding('b', 'Role/exec', 'shop', account('app', 'shop'))),
      'spec.serviceAccountName',
    ),
    fails('edit', names(runsAs, binding('b', 'ClusterRole/edit', 'shop', account('app', 'shop'))), 'spec.serviceAccountName'),
    fails(
      'rights for everybody',
      names(
        runsAs,
        clusterRole('approver', ['certificates.k8s.io', 'signers', 'approve']),
        clusterBinding('b', 'approver', group('system:authenticated')),
      ),
      'spec.serviceAccountName',
    ),
    fails(
      'a role that adds to view',
      names(
        runsAs,
        { ...secretReader, metadata: { name: 'reader', labels: { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' } } },
        clusterBinding('b', 'view', account('app', 'shop')),
      ),
      'spec.serviceAccountName',
    ),
  ),
};
