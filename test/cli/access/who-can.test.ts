import { expect } from 'chai';
import { run } from '../../../operator/cli/who-can.ts';
import { Folder, runCommand } from '../command-fixture.ts';

const manifests = `
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader, namespace: shop}
rules: [{apiGroups: [""], resources: [secrets], verbs: [get], resourceNames: [db]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reader, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects: [{kind: ServiceAccount, name: app}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: admins}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: Group, name: admins}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: lost}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: gone}
subjects: [{kind: Group, name: others}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: other}
`;

describe('vigil who-can', () => {
  const folder = new Folder();
  const file = folder.file('rbac.yaml', manifests);
  after(() => folder.remove());
  const ask = (...args: readonly string[]) => runCommand(run, [...args, file]);

  it('prints a line for each subject and binding, and what was not evaluated', async () => {
    const { code, out, error } = await ask('get', 'secrets');
    expect([code, error]).to.deep.equal([0, '']);
    expect(out).to.equal(
      [
        'SUBJECT                  SCOPE                    BINDING                    ROLE',
        'Group admins             cluster                  ClusterRoleBinding admins  ClusterRole cluster-admin',
        'ServiceAccount shop/app  namespace shop, only db  RoleBinding shop/reader    Role reader',
        '',
        'Not evaluated, because the role was not found:',
        '  ClusterRoleBinding lost: ClusterRole gone',
        '',
      ].join('\n'),
    );
  });

  it('prints JSON', async () => {
    const { out } = await ask('get', 'secret', '-n', 'shop', '--name', 'db', '-o', 'json');
    const { kind, question, holders, unresolved, errors } = JSON.parse(out) as Record<string, unknown>;
    expect({ kind, question, errors }).to.deep.equal({
      kind: 'WhoCan',
      question: { verb: 'get', target: { group: '', resource: 'secrets', namespaced: true }, namespace: 'shop', name: 'db' },
      errors: [],
    });
    expect(holders).to.deep.include({
      subject: { kind: 'ServiceAccount', name: 'app', namespace: 'shop' },
      binding: { kind: 'RoleBinding', name: 'reader', namespace: 'shop' },
      role: { kind: 'Role', name: 'reader' },
      namespace: 'shop',
    });
    expect(unresolved).to.have.length(1);
  });

  const targets: readonly [resource: string, verb: string, subjects: readonly string[]][] = [
    ['Secret', 'get', ['admins', 'app']],
    ['secrets', 'list', ['admins']],
    ['deployments.apps/scale', 'patch', ['admins']],
    ['deploy', 'get', ['admins']],
    ['/metrics', 'get', ['admins']],
    ['users', 'impersonate', ['admins']],
    ['widgets.example.org', 'get', ['admins']],
    ['*', '*', ['admins']],
  ];
  for (const [resource, verb, subjects] of targets) {
    it(`answers who can ${verb} ${resource}`, async () => {
      const { out } = await ask(verb, resource, '-o', 'json');
      const { holders } = JSON.parse(out) as { holders: readonly { subject: { name: string } }[] };
      expect(holders.map(({ subject }) => subject.name)).to.deep.equal(subjects);
    });
  }

  it('names the target, the name and the namespace if nobody can', async () => {
    const input = manifests.split('---').slice(0, 2).join('---');
    const said = async (...args: readonly string[]): Promise<string> =>
      (await runCommand(run, [...args, '-'], input)).out.split(' (')[0] ?? '';
    expect(await said('get', 'deployments', '-n', 'shop', '--name', 'web')).to.equal(
      'No binding allows anybody to get deployments of apps web in shop',
    );
    expect(await said('get', '/metrics')).to.equal('No binding allows anybody to get /metrics');
    const both = `${input}---${manifests.split('---')[2] ?? ''}`.replace('cluster-admin', 'view');
    expect((await runCommand(run, ['get', 'nodes', '-'], both)).out).to.include('(2 bindings were read)');
  });

  it('says if nobody can, by the bindings that were read', async () => {
    const { out, code } = await runCommand(run, ['get', 'nodes', '-'], manifests.split('---').slice(0, 2).join('---'));
    expect([code, out]).to.deep.equal([0, 'No binding allows anybody to get nodes (1 binding was read).\n']);
  });

  it('claims nothing without a binding, and exits with 2', async () => {
    const { out, code } = await runCommand(run, ['get', 'nodes', '-'], manifests.split('---')[0]);
    expect([code, out]).to.deep.equal([2, 'Who may get nodes is not known: no RoleBinding or ClusterRoleBinding was read.\n']);
  });

  it('exits with 2 and names what could not be read', async () => {
    const broken = folder.file('broken.yaml', manifests.split('---')[0]!.replace('verbs: [get]', 'verbs: get'));
    const { code, out } = await runCommand(run, ['get', 'secrets', broken, folder.path + '/missing.yaml']);
    expect(code).to.equal(2);
    expect(out).to.include('broken.yaml').and.to.include('rules[0].verbs: expected a list');
    expect(out).to.include('missing.yaml: no such file or directory');
  });

  const problems: readonly [args: readonly string[], message: string][] = [
    [['get'], 'name a verb and a resource'],
    [['get', 'secrets'], 'name at least one file'],
    [['get', 'secrets', '--cluster', 'a.yaml'], '--cluster takes no paths'],
    [['get', 'sekrets', '-'], "no resource 'sekrets' (did you mean 'secrets'?)"],
    [['get', 'secrets', '-', '-o', 'yaml'], "--output: 'yaml' is not one of table, json"],
  ];
  for (const [args, message] of problems) {
    it(`refuses ${args.join(' ')}`, async () => {
      const { code, error } = await runCommand(run, args);
      expect(code).to.equal(2);
      expect(error).to.include(message);
    });
  }

  it('warns about a verb that Kubernetes does not have', async () => {
    expect((await ask('gett', 'secrets')).error).to.equal(
      "vigil who-can: warning: 'gett' is not a verb of Kubernetes (did you mean 'get'?)\n",
    );
    expect((await ask('impersonate-on:user-info:list', 'pods')).error).to.equal('');
  });
});
