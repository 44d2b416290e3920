import { ConfigError, operatorHelp, readOperatorConfig } from './operator-config.ts';
import { runOperator } from './operator.ts';
import { createLogger } from '../telemetry/logger.ts';

/** `vigil operator`: runs the operator until SIGTERM. Exit code 0 after SIGTERM, 1 after a lost lease, 2 if it cannot start. */
export async function operatorVerb(args: readonly string[], signal: AbortSignal): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(operatorHelp());
    return 0;
  }
  try {
    const config = readOperatorConfig(args, process.env);
    const log = createLogger(config.logLevel);
    const ended = await runOperator(config, log, signal);
    log.info({ ended }, 'operator stopped');
    return ended === 'stopped' ? 0 : 1;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const problem of error.problems) process.stderr.write(`vigil operator: ${problem}\n`);
    return 2;
  }
}
