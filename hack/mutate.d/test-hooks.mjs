import { registerHooks } from 'node:module';

/** The most examples of a property test for each mutant. More examples cost minutes, and rarely kill another mutant. */
const mostRuns = 100;
const decoder = new TextDecoder();

registerHooks({
  /** The command-line files of Mocha 12 have the extension .cjs; Stryker's runner imports them without one. */
  resolve(specifier, context, next) {
    if (!/\bmocha\/lib\/cli\/[-a-z]+$/.test(specifier)) return next(specifier, context);
    try {
      return next(`${specifier}.cjs`, context);
    } catch {
      return next(`${specifier}.js`, context);
    }
  },
  /** Lowers the number of examples of property tests to {@link mostRuns}. */
  load(url, context, next) {
    const loaded = next(url, context);
    if (!url.endsWith('.test.ts')) return loaded;
    const source = typeof loaded.source === 'string' ? loaded.source : decoder.decode(loaded.source);
    return { ...loaded, source: source.replaceAll(/numRuns: (\d+)/g, (_, runs) => `numRuns: ${Math.min(Number(runs), mostRuns)}`) };
  },
});
