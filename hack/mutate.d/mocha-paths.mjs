import { registerHooks } from 'node:module';

/** Mocha 12 gave the files of its command line the ending .cjs; Stryker's runner asks for them without one. */
registerHooks({
  resolve(specifier, context, next) {
    if (!/\bmocha\/lib\/cli\/[-a-z]+$/.test(specifier)) return next(specifier, context);
    try {
      return next(`${specifier}.cjs`, context);
    } catch {
      return next(`${specifier}.js`, context);
    }
  },
});
