import { registerHooks } from 'node:module';

/** The command-line files of Mocha 12 have the extension .cjs; Stryker's runner imports them without one. */
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
