import { expect } from 'chai';
import { catalogue } from '../../operator/catalogue/controls/catalogue.ts';
import { detections } from '../../operator/catalogue/detections/detections.ts';
import { run as controls } from '../../operator/cli/controls.ts';
import { run as explain } from '../../operator/cli/explain.ts';
import { runCommand, type CommandResult } from './command-fixture.ts';

const explained = (...args: readonly string[]): Promise<CommandResult> => runCommand(explain, args);
const listed = (...args: readonly string[]): Promise<CommandResult> => runCommand(controls, args);

describe('vigil explain', () => {
  it('describes a control: what it checks, why, how to fix it, and which requirements it covers', async () => {
    const { code, out, error } = await explained('host-pid');
    expect([code, error]).to.deep.equal([0, '']);
    expect(out).to.match(
      /^host-pid: Pods do not share the process namespace of the node\n\nSeverity: high\nCategory: .+\nKinds: {4}Pod, Deployment, .+PodTemplate\n\nWhy: {2}.+\n\nFix: {2}Remove hostPID\.\n\nBefore:\n {4}\w/,
    );
    expect(out).to.match(/\n\nAfter:\n {4}\w[^]+\n\nFrameworks:\n {2}[\w-]+@[\w.]+: .+\n/);
    for (const line of out.split('\nBefore:\n')[1]?.split('\n\n')[0]?.split('\n') ?? []) expect(line).to.match(/^ {4}/);
  });

  it('describes several controls, and their parameters with allowed values and defaults', async () => {
    const { out } = await explained('trusted-registries', 'host-ipc');
    expect(out).to.match(
      /\nParameters:\n {2}registries \(list of strings\): .+\n {4}No default\. If it is not set, the control is skipped\.\n/,
    );
    expect(out).to.match(/\nhost-ipc: /);
    const withDefault = catalogue.find(({ parameters = {} }) => Object.values(parameters).some((each) => each.default !== undefined));
    expect((await explained(withDefault?.id ?? '')).out).to.match(/\n {4}Default: ./);
    expect((await explained('host-ipc')).out).not.to.include('Parameters:');
  });

  it('prints one control as a JSON object, and several as a list', async () => {
    const one = JSON.parse((await explained('host-pid', '-o', 'json')).out) as { readonly id: string; readonly frameworks: unknown };
    expect(one).to.include({ id: 'host-pid', severity: 'high' });
    const two = JSON.parse((await explained('host-pid', 'host-ipc', '--output', 'json')).out) as { readonly id: string }[];
    expect(two.map(({ id }) => id)).to.deep.equal(['host-pid', 'host-ipc']);
  });

  it('describes a detection: what it reports, what it needs, and what to do next', async () => {
    const { code, out } = await explained('secret-spread');
    expect(code).to.equal(0);
    expect(out).to.match(
      /^secret-spread: .+\n\nSeverity: high\nCategory: Behaviour \(spec\.anomalies\)\nNeeds: {4}audit events\nMITRE: {4}T1552\.007\n/,
    );
    expect(out).to.match(
      /\nReports: .+\n\nWhy: {5}.+\n\nNext: {4}.+\n\nNormal: {2}.+\n\nParameters:\n {2}floor \(int\): .+\n {4}Default: 10\n/,
    );
    const one = JSON.parse((await explained('secret-spread', '-o', 'json')).out) as unknown;
    expect(one).to.deep.include({ id: 'secret-spread', category: 'Behaviour', techniques: ['T1552.007'] });
    expect((await explained('secret-spred')).error).to.include("(did you mean 'secret-spread'?)");
  });

  it('prints its usage', async () => {
    for (const flag of ['-h', '--help'])
      expect((await explained(flag)).out).to.match(/^vigil explain ID… describes controls and detections/);
  });

  for (const [args, message] of [
    [['host-pidd'], "vigil explain: no control 'host-pidd' (did you mean 'host-pid'?); vigil controls lists them\n"],
    [[], 'vigil explain: name at least one control; vigil controls lists them\nRun vigil explain --help for usage.\n'],
    [['host-pid', '-o', 'xml'], "vigil explain: --output: 'xml' is not one of text, json\nRun vigil explain --help for usage.\n"],
  ] as const)
    it(`refuses ${JSON.stringify(args)}`, async () => {
      expect(await explained(...args)).to.deep.equal({ code: 2, out: '', error: message });
    });

  it('refuses an unknown flag', async () => {
    const { code, error } = await explained('--nope');
    expect([code, error]).to.satisfy(([exit, text]: [number, string]) => exit === 2 && text.includes("'--nope'"));
  });
});

describe('vigil controls', () => {
  const ids = async (...args: readonly string[]): Promise<string[]> =>
    (JSON.parse((await listed(...args, '-o', 'json')).out) as { readonly controls: readonly { readonly id: string }[] }).controls.map(
      ({ id }) => id,
    );

  it('lists every control in a table by category, with the number and the frameworks', async () => {
    const { code, out } = await listed();
    const lines = out.split('\n');
    expect(code).to.equal(0);
    expect(lines.filter((line) => /^ {2}\S+ +(critical|high|medium|low|info) +\S/.test(line))).to.have.length(
      catalogue.length + detections.length,
    );
    expect(lines.filter((line) => /^\S/.test(line)).slice(0, -2)).to.deep.equal([
      ...new Set(catalogue.map(({ category }) => category)),
      'Behaviour (detections of spec.anomalies)',
    ]);
    expect(out).to.include(`\n${catalogue.length} controls and 45 detections. Run vigil explain ID for details.\nFrameworks: `);
    expect(lines.at(-2)).to.match(/^Frameworks: (\w[\w-]* [\w.]+(–[\w.]+)?(, |$))+$/);
  });

  it('lists the controls of a framework, or the essential ones', async () => {
    expect(await ids()).to.deep.equal(catalogue.map(({ id }) => id));
    expect(await ids('--essential')).to.deep.equal(await ids('--framework', 'vigil'));
    expect(await ids('--essential')).to.include.members(catalogue.filter(({ essential }) => essential).map(({ id }) => id));
    const baseline = await ids('--framework', 'pss-baseline');
    expect(baseline).to.include('host-pid').and.not.to.include('trusted-registries');
    expect(await ids('--framework', 'pss-baseline@1.36')).to.deep.equal(baseline);
  });

  it('lists detections without a flag, and none for a framework or with --essential', async () => {
    const names = async (...args: readonly string[]): Promise<number> =>
      (JSON.parse((await listed(...args, '-o', 'json')).out) as { readonly detections: readonly unknown[] }).detections.length;
    expect([await names(), await names('--essential'), await names('--framework', 'cis')]).to.deep.equal([45, 0, 0]);
  });

  it('prints its usage', async () =>
    expect((await listed('-h')).out).to.match(/^vigil controls lists the built-in controls, and the detections of spec\.anomalies\./));

  it('refuses an unknown framework, format or flag', async () => {
    for (const [args, part] of [
      [['--framework', 'pss-base'], 'vigil controls: --framework: '],
      [['-o', 'xml'], "vigil controls: --output: 'xml' is not one of table, json"],
      [['--nope'], "'--nope'"],
      [['host-pid'], 'vigil controls: '],
    ] as const) {
      const { code, out, error } = await listed(...args);
      expect([code, out]).to.deep.equal([2, '']);
      expect(error)
        .to.include(part)
        .and.match(/\nRun vigil controls --help for usage\.\n$/);
    }
  });
});
