import { expect } from 'chai';
import { stringify } from 'yaml';
import { run as test } from '../../../operator/cli/test.ts';
import { Folder, runCommand } from '../command-fixture.ts';

interface Case {
  readonly actual: string;
  readonly ok: boolean;
  readonly notes?: readonly string[];
}

const pod = (spec: object, metadata: object = { name: 'a' }): object => ({ apiVersion: 'v1', kind: 'Pod', metadata, spec });
const hostPid = { controls: [{ name: 'host-pid' }] };
const rule = (expression: string): object => ({
  name: 'r',
  matchConstraints: { resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }] },
  validations: [{ expression }],
});

describe('the notes of a case', () => {
  const folder = new Folder();
  after(() => folder.remove());
  const ran = async (fields: object): Promise<[string, boolean, readonly string[]]> => {
    const document = { apiVersion: 'vigil.dev/v1alpha1', kind: 'PolicyTest', cases: [{ name: 'x', policy: hostPid, ...fields }] };
    const { out } = await runCommand(test, [folder.file('case.yaml', stringify(document)), '-o', 'json']);
    const [{ actual, ok, notes = [] } = { actual: '', ok: false }] = (JSON.parse(out) as { cases: readonly Case[] }).cases;
    return [actual, ok, notes];
  };
  folder.file('gone.txt', '');
  folder.file('other.yaml', stringify({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'c' }, spec: hostPid }));
  folder.file('bare.yaml', stringify({ apiVersion: 'vigil.dev/v1alpha1', kind: 'SecurityPolicy', metadata: { name: 'p' } }));
  const quoted = '. In YAML, unquoted numbers, yes, no, on and off are not strings: put the value in quotes';

  const rows: readonly [what: string, fields: object, expected: [string, boolean, readonly string[]]][] = [
    ['as expected', { objects: [pod({})], expect: 'pass' }, ['pass', true, []]],
    ['without an expectation', { objects: [pod({ hostPID: true })], results: [] }, ['fail', true, []]],
    ['not as expected', { objects: [pod({ hostPID: true })], expect: 'pass' }, ['fail', false, ['expected pass, got fail']]],
    ['no check', { objects: [], expect: 'pass' }, ['pass', true, ['no check applied']]],
    [
      'skipped, where a pass is expected',
      { policy: { controls: [{ name: 'trusted-registries' }] }, objects: [pod({ containers: [{ image: 'a' }] })], expect: 'pass' },
      ['skip', true, ['every check was skipped']],
    ],
    [
      'skipped, where a failure is expected',
      { policy: { controls: [{ name: 'trusted-registries' }] }, objects: [pod({ containers: [{ image: 'a' }] })], expect: 'fail' },
      ['skip', false, ['expected fail, got skip']],
    ],
    [
      'skipped as expected',
      { policy: { controls: [{ name: 'trusted-registries' }] }, objects: [pod({ containers: [{ image: 'a' }] })], expect: 'skip' },
      ['skip', true, []],
    ],
    [
      'a result that is missing',
      { objects: [pod({})], results: [{ check: 'host-pid', verdict: 'fail' }] },
      ['pass', false, ['no such result: {"check":"host-pid","verdict":"fail"}']],
    ],
    ['an entry that is no object', { objects: [pod({}), 5], expect: 'error' }, ['error', true, ['objects[1] is not an object']]],
    [
      'an object without a name',
      { objects: [pod({}, {})], expect: 'error' },
      ['error', true, ['objects[0]: the object has no metadata.name and no metadata.generateName']],
    ],
    [
      'an object with a number as name',
      { objects: [pod({}, { name: 1 })], expect: 'error' },
      ['error', true, [`objects[0]: metadata.name must be a string, found 1${quoted}`]],
    ],
    [
      'a kind that is not served any more',
      { objects: [{ apiVersion: 'policy/v1beta1', kind: 'PodSecurityPolicy', metadata: { name: 'a' } }], expect: 'pass' },
      [
        'pass',
        true,
        ['objects[0]: Kubernetes 1.25 removed PodSecurityPolicy from policy/v1beta1: use Pod Security admission', 'no check applied'],
      ],
    ],
    [
      'a field of the policy that is wrong',
      { policy: { controls: 'x' }, objects: [], expect: 'error' },
      ['error', true, ['policy.controls: Invalid input: expected array, received string']],
    ],
    [
      'a policy that is wrong',
      { policy: 5, objects: [], expect: 'error' },
      ['error', true, ['policy: Invalid input: expected object, received number']],
    ],
    [
      'an unknown control',
      { policy: { controls: [{ name: 'host-pidd' }] }, objects: [pod({})], expect: 'error' },
      ['error', true, ["policy.controls[0].name: no control 'host-pidd' (did you mean 'host-pid'?)"]],
    ],
    [
      'a rule that does not compile, with line and column',
      { policy: { rules: [rule('object.')] }, objects: [pod({})], expect: 'error' },
      [
        'error',
        true,
        ['policy.rules[0].validations[0].expression: 1:8: syntax error: unexpected the end of the expression, expected a field name'],
      ],
    ],
    [
      'a policy file that does not exist',
      { policy: undefined, policyFile: 'none.yaml', objects: [pod({})], expect: 'error' },
      ['error', true, [`${folder.path}/none.yaml: no such file or directory`]],
    ],
    [
      'a policy file with another object',
      { policy: undefined, policyFile: 'other.yaml', objects: [pod({})], expect: 'error' },
      ['error', true, ['policy: Unrecognized keys: "kind", "apiVersion", "metadata", "spec"']],
    ],
    [
      'a policy file with a policy without a spec',
      { policy: undefined, policyFile: 'bare.yaml', objects: [pod({})], expect: 'pass' },
      ['pass', true, ['no check applied']],
    ],
    [
      'files that do not exist',
      { files: ['none.yaml'], expect: 'error' },
      ['error', true, [`${folder.path}/none.yaml: no such file or directory`]],
    ],
  ];
  for (const [what, fields, expected] of rows) it(`name ${what}`, async () => expect(await ran(fields)).to.deep.equal(expected));
});

describe('the output of cases', () => {
  const folder = new Folder();
  after(() => folder.remove());
  const document = (...cases: readonly object[]): string =>
    stringify({ apiVersion: 'vigil.dev/v1alpha1', kind: 'PolicyTest', cases: cases.map((each) => ({ policy: hostPid, ...each })) });
  const both = folder.file(
    'both.yaml',
    document(
      { name: 'fine', objects: [pod({})], expect: 'pass' },
      { name: 'empty', objects: [], expect: 'pass' },
      { name: 'wrong <a>', objects: [pod({ hostPID: true }), pod({}, { name: 'b' })], expect: 'pass' },
    ),
  );
  const broken = folder.file('broken.yaml', document({ name: 'none', policy: undefined, objects: [], expect: 'pass' }));
  const output = async (form: string, ...files: readonly string[]): Promise<string> =>
    (await runCommand(test, [...files, '-o', form])).out.replaceAll(folder.path, '');

  it('is text, with the failures and the cases without a check', async () => {
    const text = await output('text', both, broken);
    expect(text.split('\n').map((line) => line.replace(/(host-pid \S+): .*/, '$1'))).to.deep.equal([
      'ok   empty (no check applied)',
      'FAIL wrong <a>',
      '     expected pass, got fail',
      '     fail host-pid Pod/default/a',
      'UNREADABLE /broken.yaml:4: cases[0]: set either policy or policyFile',
      '2 passed, 1 failed, 1 unreadable',
      '',
    ]);
  });

  it('is one JSON document', async () => {
    const { cases, errors } = JSON.parse(await output('json', both, broken)) as { cases: readonly { name: string }[]; errors: unknown };
    expect(cases.map(({ name }) => name)).to.deep.equal(['fine', 'empty', 'wrong <a>']);
    expect(errors).to.deep.equal(['/broken.yaml:4: cases[0]: set either policy or policyFile']);
    expect(JSON.parse(await output('json', both))).not.to.have.property('errors');
  });

  it('is JUnit XML, with the number of failures and errors', async () => {
    const counts = 'tests="4" failures="1" errors="1"';
    expect((await output('junit', both, broken)).split('\n')).to.deep.equal([
      '<?xml version="1.0" encoding="UTF-8"?>',
      `<testsuites name="vigil test" ${counts}>`,
      `  <testsuite name="PolicyTest" ${counts}>`,
      '    <testcase name="fine" classname="PolicyTest"></testcase>',
      '    <testcase name="empty" classname="PolicyTest"></testcase>',
      '    <testcase name="wrong &lt;a&gt;" classname="PolicyTest">',
      '      <failure message="expected pass, got fail">expected pass, got fail</failure>',
      '    </testcase>',
      '    <testcase name="readable" classname="PolicyTest">',
      '      <error message="/broken.yaml:4: cases[0]: set either policy or policyFile"></error>',
      '    </testcase>',
      '  </testsuite>',
      '</testsuites>',
      '',
    ]);
  });

  const refused: readonly [args: readonly string[], code: number, error: string][] = [
    [[], 2, 'vigil test: name at least one file or folder with PolicyTest documents\nRun vigil test --help for usage.\n'],
    [
      [both, '-o', 'jsn'],
      2,
      "vigil test: --output: 'jsn' is not one of text, json, junit (did you mean 'json'?)\nRun vigil test --help for usage.\n",
    ],
    [
      [both, '-o', 'constructor'],
      2,
      "vigil test: --output: 'constructor' is not one of text, json, junit\nRun vigil test --help for usage.\n",
    ],
    [[both, '--run', 'zzz'], 2, "vigil test: --run: no test case has a name that matches 'zzz'\n"],
    [[folder.file('none.yaml', document())], 2, 'vigil test: no test case found\n'],
    [[both, '--run', 'fine'], 0, ''],
    [[both, '--run', 'wrong'], 1, ''],
  ];
  for (const [args, code, error] of refused)
    it(`exits with ${code}: ${args.join(' ').replaceAll(folder.path, '')}`, async () => {
      const result = await runCommand(test, args);
      expect([result.code, result.error]).to.deep.equal([code, error]);
    });
});
