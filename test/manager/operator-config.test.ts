import { expect } from 'chai';
import { ConfigError, operatorHelp, operatorSettings, readOperatorConfig } from '../../operator/manager/operator-config.ts';

describe('the settings of the operator', () => {
  const problemsOf = (args: readonly string[], environment: Readonly<Record<string, string>> = {}): readonly string[] => {
    try {
      readOperatorConfig(args, environment);
      return [];
    } catch (error) {
      expect(error).to.be.instanceOf(ConfigError);
      return (error as ConfigError).problems;
    }
  };

  it('come from flags, then the environment, then defaults', () => {
    const config = readOperatorConfig(['--health-port=0', '--log-level', 'debug'], { VIGIL_LOG_LEVEL: 'error', VIGIL_NAMESPACE: 'audit' });
    expect(config).to.deep.include({ namespace: 'audit', healthPort: 0, logLevel: 'debug', healthHost: '0.0.0.0' });
  });

  it('report all problems, each with its flag or variable', () => {
    const problems = problemsOf(['--health-port', 'many', '--loglevel', 'x', 'word', '--namespace'], { VIGIL_IMAGE_JOBS: '0' });
    expect(problems.map((problem) => problem.split(':')[0]).toSorted()).to.deep.equal(
      ['--health-port', '--loglevel', '--namespace', 'VIGIL_IMAGE_JOBS', 'word', 'x'].toSorted(),
    );
  });

  it('suggest a similar flag for an unknown one', () => {
    expect(problemsOf(['--loglevel=x'])).to.deep.equal([
      "--loglevel: unknown flag (did you mean 'log-level'?); vigil operator --help lists them",
    ]);
    expect(problemsOf(['-n', 'x'])[0]).to.match(/^-n: unknown flag/);
  });

  it('need a value, which is not a flag', () => {
    expect(problemsOf(['--health-port='])).to.deep.equal(['--health-port: needs a value']);
    expect(problemsOf(['--namespace', '--health-port', '80'])).to.include('--namespace: needs a value');
  });

  it('ignore an empty variable', () => {
    expect(readOperatorConfig([], { VIGIL_IMAGE_JOBS: '', VIGIL_NAMESPACE: '' })).to.deep.include({
      imageJobs: 10,
      namespace: 'vigil-system',
    });
  });

  it('are all in the help text, with variable, description and default', () => {
    const help = operatorHelp();
    for (const [key, setting] of Object.entries(operatorSettings.shape)) {
      const flag = key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
      expect(setting.description, key).to.be.a('string');
      expect(help).to.include(`--${flag} (VIGIL_${flag.toUpperCase().replaceAll('-', '_')})\n      ${setting.description ?? ''}`);
    }
    expect(help).to.include('[debug, info, warn, error; default info]').and.to.include('[default 8080]');
  });

  it('accept one source of the vulnerability database', () => {
    expect(problemsOf(['--database-repository', 'r/db:2'])).to.deep.equal([]);
    expect(problemsOf(['--database-repository', 'r/db:2', '--database-image', 'r/db:2'])).to.deep.equal([
      '--database-repository: cannot be combined with --database-image',
    ]);
  });

  it('refuse lease times that leave the leader no time to retry or to stop', () => {
    expect(problemsOf(['--lease-duration', '4', '--lease-renew-deadline', '3', '--lease-retry-period', '0.5'])).to.deep.equal([]);
    expect(problemsOf(['--lease-duration', '8'])).to.deep.equal(['--lease-duration: must be more than --lease-renew-deadline (8)']);
    expect(problemsOf(['--lease-retry-period', '7'])).to.deep.equal([
      '--lease-renew-deadline: must be more than 1.2 times --lease-retry-period (7)',
    ]);
    expect(problemsOf(['--lease-duration', '0'])).to.have.length(2);
  });

  it('of the audit endpoint fit each other', () => {
    const [seed, token] = [
      ['--audit-seed-file', '/seed'],
      ['--audit-token-file', '/token'],
    ];
    const [port, certificate] = [
      ['--audit-port', '9443'],
      ['--audit-tls-cert', '/c', '--audit-tls-key', '/k'],
    ];
    const clients = ['--audit-client-ca', '/ca', '--audit-client-names', 'cp-1, cp-2'];
    expect(problemsOf([...port, ...seed, ...token])).to.deep.equal([]);
    expect(problemsOf([...port, ...certificate, ...clients])).to.deep.equal([]);
    expect(readOperatorConfig(clients, {}).auditClientNames).to.deep.equal(['cp-1', 'cp-2']);
    expect(problemsOf(port)).to.deep.equal([
      '--audit-port: needs --audit-seed-file, or --audit-tls-cert and --audit-tls-key',
      '--audit-port: needs --audit-token-file, or --audit-client-ca and --audit-client-names: only known senders may send audit events',
    ]);
    expect(problemsOf([...seed, ...certificate])).to.deep.equal(['--audit-tls-cert: cannot be combined with --audit-seed-file']);
    expect(problemsOf(['--audit-tls-cert', '/c'])).to.deep.equal(['--audit-tls-key: is needed together with --audit-tls-cert']);
    expect(problemsOf(['--audit-client-ca', '/ca'])).to.deep.equal([
      '--audit-client-names: is needed together with --audit-client-ca: an authority may sign certificates of many',
    ]);
  });
});
