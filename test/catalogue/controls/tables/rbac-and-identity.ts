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

const exempt = (rule: Rule): Row[] => [
  passes('a role of the system', docs(clusterRole('system:it', rule), clusterBinding('b', 'system:it', user))),
  passes(
    'a role that the cluster brings along',
    docs({ ...clusterRole('it', rule), metadata: { name: 'it', labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' } } }),
  ),
  passes('the role admin itself', docs(clusterRole('admin', rule))),
  fails('a Role that is only called admin', docs(role('admin', rule), binding('b', 'Role/admin', 'shop', user)), 'rules[0]'),
  passes(
    'an aggregated role: its parts are judged',
    docs({ ...clusterRole('it', rule), aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: 'b' } }] } }),
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
    passes('a binding of the system', docs(clusterBinding('system:it', 'system:reader', ...bad))),
    ...more,
  );

const names = (pod: string, ...others: readonly object[]): string => [pod, ...others.map(doc)].join('\n---\n');
const runsAs = 'serviceAccountName: app\ncontainers: [{name: a}]';
const secretReader = clusterRole('reader', ['core', 'secrets', 'get']);

/** CONTROLS.md §7. */
export const table: Tables = {
  'rbac-cluster-admin-binding': objects(
    errs('a roleRef that is a string', docs({ ...clusterBinding('it', 'x', user), roleRef: 'cluster-admin' }), 'roleRef'),
    fails('a ClusterRoleBinding', docs(clusterBinding('it', 'cluster-admin', user)), 'roleRef'),
    fails('a RoleBinding', docs(binding('it', 'ClusterRole/cluster-admin', 'shop', user)), 'roleRef'),
    passes('the default binding', docs(clusterBinding('cluster-admin', 'cluster-admin', group('system:masters')))),
    passes('another role', docs(clusterBinding('it', 'admin', user))),
    passes('a Role of that name', docs(binding('it', 'Role/cluster-admin', 'shop', user))),
  ),
  'rbac-wildcard-all': grants(
    [everything, ['core', '*', '*'], ['in a list', ['apps', 'pods,*', 'get,*']]],
    [
      ['*', '*', 'get,list,watch,create,update,patch,delete'],
      ['*', 'pods', '*'],
      ['*', '*/*', '*'],
    ],
    [...exempt(everything), fails('held by nobody: less severe', docs(clusterRole('it', everything)), 'rules[0]', { severity: 'high' })],
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
    ],
    [
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
      everything,
    ],
    [
      ['core', 'pods', 'get,list,watch,update,delete'],
      ['core', 'deployments', 'create'],
      ['core', 'pods/exec', 'create'],
      ['apps', 'deployments/scale', 'create'],
    ],
  ),
  'rbac-pod-exec': grants(
    [
      ['core', 'pods/exec', 'create'],
      ['core', 'pods/attach', 'get'],
      ['core', 'pods/*', 'create'],
      ['core', '*/exec', 'create'],
      ['core', 'pods/ephemeralcontainers', 'patch'],
      everything,
    ],
    [
      ['core', 'pods', 'create,get'],
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
    [['core', 'nodes/proxy', 'get'], ['core', 'nodes/*', 'list'], ['core', '*/proxy', 'create'], everything],
    [
      ['core', 'nodes', 'get'],
      ['core', 'nodes/metrics,nodes/stats', 'get'],
      ['core', 'pods/proxy', 'get'],
    ],
  ),
  'rbac-csr-approval': grants(
    [['certificates.k8s.io', 'certificatesigningrequests/approval', 'update'], ['certificates.k8s.io', 'signers', 'approve'], everything],
    [
      ['certificates.k8s.io', 'certificatesigningrequests', 'create,update'],
      ['certificates.k8s.io', 'signers', 'sign'],
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
      ['core', 'serviceaccounts/*', '*'],
    ],
    [
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
      passes(
        'the bootstrap signer of kubeadm',
        docs(binding('kubeadm:bootstrap-signer-clusterinfo', 'Role/x', 'kube-public', { kind: 'User', name: 'system:anonymous' })),
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
    [account('default', 'shop')],
    [account('app', 'shop'), { kind: 'User', name: 'default' }],
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
    passes('no binding', runsAs),
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
