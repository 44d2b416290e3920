import { expect } from 'chai';
import { SaxesParser } from 'saxes';
import { stringify } from 'yaml';
import { run as test } from '../../operator/cli/test.ts';
import { Folder, runCommand } from './command-fixture.ts';

interface Case {
  readonly name: string;
  readonly expect: string | null;
  readonly actual: string;
  readonly ok: boolean;
  readonly results: readonly Record<string, unknown>[];
  readonly notes?: readonly string[];
}

const pod = (spec: object, metadata: object = { name: 'a' }): object => ({ apiVersion: 'v1', kind: 'Pod', metadata, spec });
const hostPid = { controls: [{ name: 'host-pid' }] };
const bad = pod({ hostPID: true });

describe('vigil test', () => {
  const folder = new Folder();
  after(() => {
    folder.remove();
  });
  let files = 0;
  const file = (cases: readonly object[], form: (document: object) => string = stringify): string =>
    folder.file(`${(files += 1)}.yaml`, form({ apiVersion: 'vigil.dev/v1alpha1', kind: 'PolicyTest', metadata: { name: 't' }, cases }));
  const ran = async (
    cases: readonly object[],
    args: readonly string[] = [],
  ): Promise<{ code: number; cases: readonly Case[]; error: string }> => {
    const { code, out, error } = await runCommand(test, [file(cases), ...args, '-o', 'json']);
    return { code, error, ...(JSON.parse(out) as { cases: readonly Case[] }) };
  };
  const actualOf = async (fields: object): Promise<string | undefined> =>
    (await ran([{ name: 'x', expect: 'pass', ...fields }])).cases[0]?.actual;

  const rows: readonly [title: string, fields: object, actual: string][] = [
    ['no check fails', { policy: hostPid, objects: [pod({})] }, 'pass'],
    ['a check fails', { policy: hostPid, objects: [pod({}), bad] }, 'fail'],
    ['a check cannot be evaluated', { policy: hostPid, objects: [pod({ hostPID: 'x' })] }, 'error'],
    ['a check fails, and another cannot be evaluated', { policy: hostPid, objects: [bad, pod({ hostPID: 'x' }, { name: 'b' })] }, 'fail'],
    [
      'all checks are skipped',
      { policy: { controls: [{ name: 'trusted-registries' }] }, objects: [pod({ containers: [{ image: 'a' }] })] },
      'skip',
    ],
    ['a check is skipped', { policy: { controls: [{ name: 'trusted-registries' }, { name: 'host-pid' }] }, objects: [pod({})] }, 'pass'],
    ['no check applies', { policy: hostPid, objects: [{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' } }] }, 'pass'],
    ['an object has no name', { policy: hostPid, objects: [pod({}, {})] }, 'error'],
    ['an entry of objects is not an object', { policy: hostPid, objects: [5] }, 'error'],
    ['a control is unknown', { policy: { controls: [{ name: 'host-pidd' }] }, objects: [pod({})] }, 'error'],
    ['a framework version is unknown', { policy: { frameworks: [{ name: 'cis', version: '0.1' }] }, objects: [pod({})] }, 'error'],
    [
      'a parameter has the wrong type',
      { policy: { controls: [{ name: 'run-as-high-uid', parameters: { minimum: 'x' } }] }, objects: [pod({})] },
      'error',
    ],
    ['the policy does not match the schema', { policy: { controls: 'host-pid' }, objects: [pod({})] }, 'error'],
    [
      'a rule does not compile',
      {
        policy: {
          rules: [
            {
              name: 'r',
              matchConstraints: { resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }] },
              validations: [{ expression: 'object.' }],
            },
          ],
        },
        objects: [pod({})],
      },
      'error',
    ],
    [
      'the object is in a system namespace, which is excluded by default',
      { policy: hostPid, objects: [pod({ hostPID: true }, { name: 'a', namespace: 'kube-system' })] },
      'pass',
    ],
    [
      'the object is in a system namespace, which the policy includes',
      {
        policy: { ...hostPid, scope: { systemNamespaces: 'Include' } },
        objects: [pod({ hostPID: true }, { name: 'a', namespace: 'kube-system' })],
      },
      'fail',
    ],
    [
      'the kind is cluster-scoped and only served by older clusters',
      {
        policy: { controls: [{ name: 'default-namespace' }] },
        objects: [{ apiVersion: 'policy/v1beta1', kind: 'PodSecurityPolicy', metadata: { name: 'a' } }],
      },
      'pass',
    ],
    [
      'the items of a PodList have no kind',
      { policy: hostPid, objects: [{ apiVersion: 'v1', kind: 'PodList', items: [{ metadata: { name: 'a' }, spec: { hostPID: true } }] }] },
      'fail',
    ],
    ['the objects are in a List', { policy: hostPid, objects: [{ apiVersion: 'v1', kind: 'List', items: [bad] }] }, 'fail'],
    [
      'a check reads several objects',
      {
        policy: { controls: [{ name: 'default-service-account' }] },
        objects: [
          pod({}),
          { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' }, automountServiceAccountToken: false },
        ],
      },
      'pass',
    ],
  ];
  for (const [title, fields, actual] of rows) {
    it(`has the verdict ${actual} when ${title}`, async () => {
      expect(await actualOf(fields)).to.equal(actual);
    });
  }

  it('prints the case, its verdict, and every result with its path', async () => {
    const { cases, code } = await ran([
      {
        name: 'caught',
        policy: { frameworks: [{ name: 'pss-baseline', version: '1.34' }], controls: [{ name: 'host-ipc', exclude: true }] },
        objects: [bad],
        expect: 'fail',
      },
    ]);
    expect(code).to.equal(0);
    const [only] = cases;
    expect(Object.keys(only ?? {})).to.deep.equal(['name', 'expect', 'actual', 'ok', 'results']);
    expect(only).to.include({ name: 'caught', expect: 'fail', actual: 'fail', ok: true });
    expect(only?.results).to.have.length(13);
    expect(only?.results.find(({ verdict }) => verdict === 'fail')).to.deep.include({
      check: 'host-pid',
      policy: null,
      resource: { apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'a' },
      path: 'spec.hostPID',
      frameworks: ['pss-baseline@1.34'],
    });
  });

  it('compares the expected results, with all forms of object names', async () => {
    const role = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'r' },
      rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }],
    };
    const space = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'spot' } };
    const job = {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { generateName: 'j-', namespace: 'spot' },
      spec: { template: { spec: { hostPID: true } } },
    };
    const policy = { controls: ['host-pid', 'rbac-read-secrets', 'admission-policy-present'].map((name) => ({ name })) };
    const objects = [bad, role, space, job];
    const results = [
      { resource: 'Pod/default/a', check: 'host-pid', verdict: 'fail', path: 'spec.hostPID' },
      { resource: 'ClusterRole/r', check: 'rbac-read-secrets', severity: 'medium' },
      { resource: 'ClusterRole.rbac.authorization.k8s.io/r', verdict: 'fail' },
      { resource: 'Job/spot/j-', verdict: 'fail', path: 'spec.template.spec.hostPID' },
      { resource: 'Cluster/cluster', check: 'admission-policy-present', verdict: 'fail' },
    ];
    const { cases, code } = await ran([
      { name: 'all there', policy, objects, expect: 'fail', results },
      ...results.map((wanted) => ({ name: 'one is not', policy, objects, results: [...results, { ...wanted, verdict: 'pass' }] })),
    ]);
    expect(code).to.equal(1);
    expect(cases.map(({ ok }) => ok)).to.deep.equal([true, false, false, false, false, false]);
    expect(cases[1]?.expect).to.equal(null);
    expect(cases[1]?.notes?.[0]).to.match(/^no such result: /);
  });

  it('evaluates only the objects of the case', async () => {
    const quiet = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' }, automountServiceAccountToken: false };
    const policy = { controls: [{ name: 'automount-service-account-token' }] };
    const { cases } = await ran([
      { name: 'with', policy, objects: [pod({}), quiet], expect: 'pass' },
      { name: 'without', policy, objects: [pod({})], expect: 'fail' },
    ]);
    expect(cases.every(({ ok }) => ok)).to.equal(true);
  });

  it('reads policies and objects from paths relative to the test', async () => {
    folder.file(
      'policy.yml',
      stringify({ apiVersion: 'vigil.dev/v1alpha1', kind: 'SecurityPolicy', metadata: { name: 'p' }, spec: hostPid }),
    );
    folder.file('pods.yml', `${stringify(pod({}))}---\n${stringify(pod({ hostPID: true }, { name: 'b' }))}`);
    const { cases } = await ran([
      { name: 'found', policyFile: 'policy.yml', files: ['pods.yml'], expect: 'fail' },
      { name: 'no policy there', policyFile: 'gone.yml', files: ['pods.yml'], expect: 'error' },
      { name: 'no objects there', policyFile: 'policy.yml', files: ['gone.yml'], expect: 'error' },
    ]);
    expect(cases.map(({ ok }) => ok)).to.deep.equal([true, true, true]);
  });

  it('exits with 0, 1 or 2, and prints the problems', async () => {
    const fine = { name: 'fine', policy: hostPid, objects: [bad], expect: 'fail' };
    expect((await runCommand(test, [file([fine])])).code).to.equal(0);
    const wrong = await runCommand(test, [file([fine, { ...fine, name: 'wrong', expect: 'pass' }])]);
    expect(wrong.code).to.equal(1);
    expect(wrong.out)
      .to.include('FAIL wrong\n     expected pass, got fail\n     fail host-pid Pod/default/a')
      .and.to.include('1 passed, 1 failed');
    const unread = await runCommand(test, [file([{ name: 'no policy', objects: [], expect: 'pass' }, fine])]);
    expect(unread.code).to.equal(2);
    expect(unread.out).to.match(/UNREADABLE .*cases\[0\].*set either policy or policyFile\n1 passed, 0 failed, 1 unreadable\n$/);
    expect(unread.error).to.match(/cases\[0\].*set either policy or policyFile/);
    const other = await runCommand(test, [folder.file('no.yaml', stringify(pod({})))]);
    expect([other.code, other.out.replace(folder.path, '')]).to.deep.equal([
      2,
      'UNREADABLE /no.yaml:2: this is Pod of v1, expected PolicyTest of vigil.dev/v1alpha1\n0 passed, 0 failed, 1 unreadable\n',
    ]);
    const misspelled = folder.file('misspelled.yaml', `apiVersion: vigil.dev/v1alpha1\nkind: PolicyTest\ncasses: []\ncases: []\n`);
    expect((await runCommand(test, [misspelled])).out).to.include('misspelled.yaml:1: Unrecognized key: "casses"');
    expect((await runCommand(test, [])).code).to.equal(2);
    expect((await runCommand(test, ['--help'])).code).to.equal(0);
  });

  it('selects cases by name, and reads JSON and standard input', async () => {
    const cases = ['one', 'two', 'three'].map((name) => ({ name, policy: hostPid, objects: [bad], expect: 'fail' }));
    expect((await ran(cases, ['--run', '^t'])).cases.map(({ name }) => name)).to.deep.equal(['two', 'three']);
    expect((await runCommand(test, [file(cases), '--run', '('])).code).to.equal(2);
    expect((await runCommand(test, [file(cases, JSON.stringify)])).out).to.include('3 passed, 0 failed');
    expect((await runCommand(test, ['-'], stringify({ apiVersion: 'vigil.dev/v1alpha1', kind: 'PolicyTest', cases }))).code).to.equal(0);
  });

  it('prints well-formed JUnit XML', async () => {
    const cases = [{ name: 'a <b> & "c"', policy: hostPid, objects: [bad], expect: 'pass' }];
    const { out } = await runCommand(test, [file(cases), '-o', 'junit']);
    const names: string[] = [];
    const parser = new SaxesParser();
    parser.on('error', (failure) => {
      throw failure;
    });
    parser.on('opentag', ({ name }) => void names.push(name));
    parser.write(out).close();
    expect(names).to.deep.equal(['testsuites', 'testsuite', 'testcase', 'failure']);
  });
});
