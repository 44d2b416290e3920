import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run as scan } from '../../operator/cli/scan.ts';
import { Folder, runCommand } from './command-fixture.ts';

const pod = (name: string, spec: string): string => `---
apiVersion: v1
kind: Pod
metadata: {name: ${name}, namespace: shop}
spec: ${spec}
`;
const flags = ['-', '--control', 'host-pid,host-ipc'];
const old = pod('web', '{hostPID: true}') + pod('cart', '{hostPID: true, hostIPC: true}');

describe('the baseline of vigil scan', () => {
  const folder = new Folder();
  const file = join(folder.path, 'baseline.json');
  after(() => {
    folder.remove();
  });
  before(async () => {
    const { code, error } = await runCommand(scan, [...flags, '--write-baseline', file], old);
    expect([code, error]).to.deep.equal([0, '']);
  });

  it('is written as sorted JSON with one failure a line', () => {
    expect(readFileSync(file, 'utf8')).to.equal(`{"version": 1, "findings": [
  {"kind":"Pod","namespace":"shop","name":"cart","check":"host-ipc"},
  {"kind":"Pod","namespace":"shop","name":"cart","check":"host-pid"},
  {"kind":"Pod","namespace":"shop","name":"web","check":"host-pid"}
]}
`);
  });

  it('makes its failures known, on whatever line they are, and they do not fail the run', async () => {
    const { code, out, error } = await runCommand(scan, [...flags, '--baseline', file], `# moved\n\n${old}`);
    expect([code, error]).to.deep.equal([0, '']);
    expect(out).to.include('KNOWN    host-pid  hostPID is true (line 7)');
    expect(out).to.match(/^0 failed, 3 passed?, 3 known$|^0 failed, \d+ passed, 3 known$/m);
  });

  it('leaves new failures', async () => {
    const { code, out } = await runCommand(scan, [...flags, '--baseline', file, '-o', 'json'], old + pod('new', '{hostPID: true}'));
    const { results, summary } = JSON.parse(out) as {
      results: { verdict: string; resource: { name: string }; properties?: object }[];
      summary: object;
    };
    expect(code).to.equal(1);
    expect(results.filter(({ verdict }) => verdict === 'fail').map(({ resource }) => resource.name)).to.deep.equal(['new']);
    expect(results[0]?.properties).to.deep.equal({ known: 'true' });
    expect(summary).to.include({ fail: 1, skip: 3, known: 3 });
  });

  it('warns about entries that no longer fail', async () => {
    const fixed = pod('cart', '{hostPID: true}');
    const { code, error } = await runCommand(scan, [...flags, '--baseline', file], fixed);
    expect(code).to.equal(0);
    expect(error.split('\n')).to.deep.equal([
      `vigil scan: warning: ${file}: Pod shop/cart: host-ipc is in the baseline, but no longer fails`,
      `vigil scan: warning: ${file}: Pod shop/web: host-pid is in the baseline, but no longer fails`,
      '',
    ]);
  });

  it('does not say that an entry no longer fails if it is excepted, has an error, or a file could not be read', async () => {
    const exception = `---
apiVersion: vigil.dev/v1alpha1
kind: SecurityException
metadata: {name: web, namespace: shop}
spec: {reason: the agent reads all processes, checks: [{name: host-pid}]}
`;
    expect((await runCommand(scan, [...flags, '--baseline', file], old + exception)).error).to.equal('');
    const odd = pod('web', '{hostPID: "yes"}') + pod('cart', '{hostPID: true, hostIPC: true}');
    expect((await runCommand(scan, [...flags, '--baseline', file], odd)).error).to.equal('');
    expect((await runCommand(scan, [...flags, '--baseline', file], `${pod('cart', '{}')}---\n[`)).error).to.equal('');
  });

  it('is written with the failures that are known already, and without those that are excepted', async () => {
    const next = join(folder.path, 'next.json');
    await runCommand(scan, [...flags, '--baseline', file, '--write-baseline', next], old + pod('new', '{hostPID: true}'));
    expect((JSON.parse(readFileSync(next, 'utf8')) as { findings: object[] }).findings.length).to.equal(4);
  });

  it('can be empty', async () => {
    const empty = join(folder.path, 'empty.json');
    await runCommand(scan, [...flags, '--write-baseline', empty], pod('good', '{}'));
    expect((await runCommand(scan, [...flags, '--baseline', empty], old)).code).to.equal(1);
  });

  it('is not written if parts of the scan could not be evaluated', async () => {
    const incomplete = join(folder.path, 'incomplete.json');
    const { code, error } = await runCommand(scan, [...flags, '--write-baseline', incomplete], `${old}---\n[`);
    expect(code).to.equal(2);
    expect(error).to.include('is not written, because parts of the scan could not be evaluated');
    expect(() => readFileSync(incomplete)).to.throw('ENOENT');
  });

  for (const [what, content, expected] of [
    ['is not JSON', 'findings: []', 'cannot read'],
    ['has another version', '{"version": 2, "findings": []}', 'is not a baseline: version: '],
    [
      'has an entry without a check',
      '{"version": 1, "findings": [{"kind": "Pod", "name": "a"}]}',
      'is not a baseline: findings[0].check: ',
    ],
  ] as const)
    it(`is refused if it ${what}`, async () => {
      const { code, error } = await runCommand(scan, [...flags, '--baseline', folder.file('bad.json', content)], old);
      expect(code).to.equal(2);
      expect(error).to.include(expected);
    });

  it('tells objects apart by kind with its group, namespace and name, and findings by policy and container', async () => {
    const role = (kind: string, group: string, name: string, home?: string): string =>
      `---\napiVersion: ${group}v1\nkind: ${kind}\nmetadata: {name: ${name}${home === undefined ? '' : `, namespace: ${home}`}}\nspec: {}\n`;
    const next = join(folder.path, 'kinds.json');
    const policy = folder.file(
      'policy.yaml',
      'apiVersion: vigil.dev/v1alpha1\nkind: SecurityPolicy\nmetadata: {name: team}\nspec: {controls: [{name: namespace-psa-enforced}, {name: cpu-limits}]}\n',
    );
    const deployment = role('Deployment', 'apps/', 'web', 'shop').replace('{}', '{template: {spec: {containers: [{name: a}, {name: b}]}}}');
    const input = `${role('Namespace', '', 'shop').slice(4)}${deployment}`;
    await runCommand(scan, ['-', '--policy', policy, '--write-baseline', next], input);
    const { findings } = JSON.parse(readFileSync(next, 'utf8')) as { findings: object[] };
    expect(findings).to.deep.equal([
      { kind: 'Deployment.apps', namespace: 'shop', name: 'web', policy: 'team', check: 'cpu-limits' },
      { kind: 'Namespace', name: 'shop', policy: 'team', check: 'namespace-psa-enforced' },
    ]);
    const again = await runCommand(scan, ['-', '--policy', policy, '--baseline', next], input);
    expect([again.code, again.error]).to.deep.equal([0, '']);
    const fixed = await runCommand(scan, ['-', '--policy', policy, '--baseline', next], deployment);
    expect(fixed.error).to.equal(
      `vigil scan: warning: ${next}: Namespace shop: namespace-psa-enforced is in the baseline, but no longer fails\n`,
    );
  });

  it('is refused with the reason if it cannot be written', async () => {
    const { code, error } = await runCommand(scan, [...flags, '--write-baseline', join(folder.path, 'no', 'b.json')], old);
    expect(code).to.equal(2);
    expect(error).to.match(/--write-baseline: cannot write \S+no\/b\.json: ENOENT/);
  });

  it('is not written if a check could not be evaluated', async () => {
    const next = join(folder.path, 'error.json');
    const { error } = await runCommand(scan, [...flags, '--write-baseline', next], pod('web', '{hostPID: "yes"}'));
    expect(error).to.include('is not written, because parts of the scan could not be evaluated');
  });

  it('is refused if it does not exist', async () => {
    expect((await runCommand(scan, [...flags, '--baseline', 'nowhere.json'], old)).code).to.equal(2);
  });
});
