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
});
