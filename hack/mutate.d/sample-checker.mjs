import { PluginKind, declareClassPlugin } from '@stryker-mutator/api/plugin';
import { createHash } from 'node:crypto';

const { VIGIL_MUTATE_SAMPLE = '', VIGIL_MUTATE_SEED = '1' } = process.env;

/** Where a mutant comes when all are drawn in an order that the seed decides; the same in every checkout. */
function lot({ fileName, location, replacement, mutatorName }) {
  const file = fileName.slice(fileName.lastIndexOf('/operator/'));
  return createHash('sha256')
    .update(JSON.stringify([VIGIL_MUTATE_SEED, file, location, mutatorName, replacement]))
    .digest('hex');
}

/**
 * Takes a sample: so many mutants are drawn, and the others are passed over. Stryker counts what a checker refuses as invalid, and
 * leaves it out of every score.
 */
class SampleChecker {
  #drawn = new Set();

  init() {
    return Promise.resolve();
  }

  /** Sees all mutants at once; one checker process sees them all, since it is the only one. */
  group(mutants) {
    const drawn = mutants.toSorted((a, b) => (lot(a) < lot(b) ? -1 : 1)).slice(0, Number(VIGIL_MUTATE_SAMPLE));
    this.#drawn = new Set(drawn.map(({ id }) => id));
    return Promise.resolve([mutants.map(({ id }) => id)]);
  }

  check(mutants) {
    const verdict = ({ id }) => (this.#drawn.has(id) ? { status: 'passed' } : { status: 'compileError', reason: 'not in the sample' });
    return Promise.resolve(Object.fromEntries(mutants.map((mutant) => [mutant.id, verdict(mutant)])));
  }
}

export const strykerPlugins = [declareClassPlugin(PluginKind.Checker, 'sample', SampleChecker)];
