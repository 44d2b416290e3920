import { expect } from 'chai';
import { operatorHelp, operatorSettings, readOperatorConfig } from '../../operator/manager/operator-config.ts';

const flagOf = (key: string): string => `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
function accepts(key: string, value: string): boolean {
  // The lease times must stay in order.
  const lease = { leaseDuration: '3600', leaseRenewDeadline: '3599', leaseRetryPeriod: '0.1', [key]: value };
  if (key === 'leaseDuration' && Number(value) < 3600) Object.assign(lease, { leaseRenewDeadline: '0.5', leaseRetryPeriod: '0.1' });
  if (key === 'leaseRetryPeriod' || (key === 'leaseRenewDeadline' && value === '3600'))
    return operatorSettings.shape[key].safeParse(value).success;
  if (key === 'leaseRenewDeadline' && Number(value) < 1) return operatorSettings.shape.leaseRenewDeadline.safeParse(value).success;
  try {
    readOperatorConfig(
      Object.entries(lease).map(([name, text]) => `${flagOf(name)}=${text}`),
      {},
    );
    return true;
  } catch {
    return false;
  }
}

describe('the limits and defaults of the settings', () => {
  const numbers: readonly [key: string, least: number, most: number, preset: number, isInteger: boolean][] = [
    ['healthPort', 0, 65_535, 8080, true],
    ['shardTargets', 1, 100_000, 1000, true],
    ['changeBurst', 1, 100_000, 1000, true],
    ['maxConcurrentScans', 1, 1000, 4, true],
    ['imageJobs', 1, 100, 10, true],
    ['imageJobsPerNode', 1, 100, 2, true],
    ['imageInterval', 1, 86_400, 300, true],
    ['leaseDuration', 1, 3600, 11, true],
    ['leaseRenewDeadline', 0.1, 3600, 8, false],
    ['leaseRetryPeriod', 0.1, 3600, 2, false],
    ['requestTimeout', 0.1, 3600, 60, false],
    ['watchSilence', 0.1, 3600, 150, false],
    ['kubeApiQps', 1, 100_000, 500, false],
    ['kubeApiBurst', 1, 100_000, 1000, true],
  ];
  for (const [key, least, most, preset, isInteger] of numbers)
    it(`${flagOf(key)} is ${isInteger ? 'an integer' : 'a number'} from ${least} to ${most}, by default ${preset}`, () => {
      expect(
        [least, most].map((value) => accepts(key, String(value))),
        'limits',
      ).to.deep.equal([true, true]);
      expect(
        [least - 0.1 * (isInteger ? 10 : 0.5), most + 1].map((value) => accepts(key, String(value))),
        'beyond',
      ).to.deep.equal([false, false]);
      expect(accepts(key, String(least + 1.5)), 'a fraction').to.equal(!isInteger);
      expect(accepts(key, 'many'), 'a word').to.equal(false);
      expect(readOperatorConfig([], {})[key as 'healthPort']).to.equal(preset);
    });

  it('of texts', () => {
    expect(readOperatorConfig([], {})).to.deep.include({
      namespace: 'vigil-system',
      healthHost: '0.0.0.0',
      scannerImage: 'ghcr.io/aquasecurity/trivy:0.70.0',
      logLevel: 'info',
    });
    for (const key of ['context', 'workerImage', 'databaseImage', 'databaseRepository', 'javaIndexImage'] as const)
      expect(readOperatorConfig([], {})[key], key).to.equal(undefined);
    const names: readonly (readonly [string, boolean])[] = [['a', true], ['team-1', true], ['a'.repeat(63), true], ['a'.repeat(64), false], ['-a', false], ['a-', false], ['A', false], ['a.b', false], ['a b', false], [' a', false]]; // prettier-ignore
    for (const [name, isValid] of names) expect(accepts('namespace', name), name).to.equal(isValid);
    expect(['debug', 'info', 'warn', 'error', 'trace'].map((level) => accepts('logLevel', level))).to.deep.equal([
      true,
      true,
      true,
      true,
      false,
    ]);
  });

  it('are in the help text, and no default for a setting without one', () => {
    const help = operatorHelp();
    expect(help).to.match(/^vigil operator runs the operator\. Each flag can also be set by an environment variable; the flag overrides it\.\n\n {2}--namespace/);
    for (const [key, , , preset] of numbers) expect(help, key).to.match(new RegExp(`${flagOf(key)} \\(VIGIL_[A-Z_]+\\)\n {6}.*\\[default ${preset}\\]\n`));
    expect(help).to.match(/--context \(VIGIL_CONTEXT\)\n {6}[^[\n]+\n/);
    expect(help).to.include('runs outside the cluster\n').and.not.to.include('default undefined').and.not.to.include('undefined]');
  }); // prettier-ignore

  it('name the flag of a wrong value', () => {
    const problems = (...args: readonly string[]): unknown => {
      try {
        return readOperatorConfig(args, {});
      } catch (error) {
        return (error as { readonly problems: unknown }).problems;
      }
    };
    expect(problems('--namespace', 'A')).to.deep.equal(['--namespace: is not a valid namespace name']);
    expect(problems('--', 'x')).to.deep.equal(['x: unexpected argument; flags begin with --']);
    expect(problems('--context')).to.deep.equal(['--context: needs a value']);
    expect(problems('--context', '')).to.deep.equal(['--context: needs a value']);
    expect(problems('--context=--x')).to.deep.include({ context: '--x' });
    expect(problems('--')).to.deep.include({ namespace: 'vigil-system' });
    expect(problems('--lease-renew-deadline', '2.4', '--lease-retry-period', '2')).to.deep.equal([
      '--lease-renew-deadline: must be more than 1.2 times --lease-retry-period (2)',
    ]);
    expect(problems('--lease-renew-deadline', '2.5', '--lease-retry-period', '2')).to.deep.include({ leaseRenewDeadline: 2.5 });
  });
});
