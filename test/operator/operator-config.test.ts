import { expect } from 'chai';
import { ConfigError, readOperatorConfig } from '../../operator/operator-config.ts';

describe('the settings of the operator', () => {
  it('come from flags before the environment, before defaults', () => {
    const config = readOperatorConfig(['--health-port=0', '--log-level', 'debug'], { VIGIL_LOG_LEVEL: 'error', VIGIL_NAMESPACE: 'audit' });
    expect(config).to.deep.include({ namespace: 'audit', healthPort: 0, logLevel: 'debug', healthHost: '0.0.0.0' });
  });

  it('name every problem at once, each with its flag', () => {
    try {
      readOperatorConfig(['--health-port', 'many', '--loglevel', 'x', '--namespace'], {});
      expect.fail('accepted');
    } catch (error) {
      expect(error).to.be.instanceOf(ConfigError);
      const { problems } = error as ConfigError;
      expect(problems.map((problem) => problem.split(':')[0])).to.deep.equal(['--loglevel', '--namespace', '--health-port']);
    }
  });

  const problemsOf = (args: readonly string[]): readonly string[] => {
    try {
      readOperatorConfig(args, {});
      return [];
    } catch (error) {
      return (error as ConfigError).problems;
    }
  };

  it('have one place for the vulnerability database', () => {
    expect(problemsOf(['--database-repository', 'r/db:2'])).to.deep.equal([]);
    expect(problemsOf(['--database-repository', 'r/db:2', '--database-image', 'r/db:2'])).to.deep.equal([
      '--database-repository: is one place too many for the database beside --database-image',
    ]);
  });

  it('refuse lease times that leave the leader no time to stop, or to try again', () => {
    expect(problemsOf(['--lease-duration', '4', '--lease-renew-deadline', '3', '--lease-retry-period', '0.5'])).to.deep.equal([]);
    expect(problemsOf(['--lease-duration', '10'])).to.deep.equal(['--lease-duration: must be more than --lease-renew-deadline (10)']);
    expect(problemsOf(['--lease-retry-period', '9'])).to.deep.equal([
      '--lease-renew-deadline: must be more than 1.2 times --lease-retry-period (9)',
    ]);
    expect(problemsOf(['--lease-duration', '0'])).to.have.length(2);
  });
});
