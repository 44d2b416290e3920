import Mocha from 'mocha';
import { appendFileSync } from 'node:fs';

/** Mocha's spec reporter. It also appends `passed failed skipped` to the file $VIGIL_TEST_COUNTS, which hack/test sums. */
export default class Reporter extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once('end', () => {
      const { passes = 0, failures = 0, pending = 0 } = runner.stats ?? {};
      if (process.env.VIGIL_TEST_COUNTS) appendFileSync(process.env.VIGIL_TEST_COUNTS, `${passes} ${failures} ${pending}\n`);
    });
  }
}
