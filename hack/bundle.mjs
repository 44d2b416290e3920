// Bundles the program into dist/vigil/: vigil.mjs, and the chunks that its verbs import when they run.
import { chmodSync, rmSync, statSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';

const outdir = 'dist/vigil';
const clientNode = join(dirname(createRequire(import.meta.url).resolve('@kubernetes/client-node')), 'config.js');

/**
 * Vigil uses only the kubeconfig and credentials of client-node. Its index imports a generated class for every kind and call, which takes
 * 15 MB in every process: imports are redirected to the one module. The base class of the lifecycle uses two of those classes and an HTTP
 * client, for calls that Vigil never makes; they are replaced by classes that throw.
 */
const onlyCredentials = {
  name: 'only-credentials-of-client-node',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^@kubernetes\/client-node$/ }, ({ importer }) =>
      importer.includes('k8s-operator') ? { path: 'client-node-of-the-base', namespace: 'vigil' } : { path: clientNode },
    );
    onResolve({ filter: /^gaxios$/ }, () => ({ path: 'http-client-of-the-base', namespace: 'vigil' }));
    onLoad({ filter: /^http-client-of-the-base$/, namespace: 'vigil' }, () => ({
      contents: `export const instance = { request() { throw new Error('gaxios is not in the bundle'); } };`,
    }));
    onLoad({ filter: /^client-node-of-the-base$/, namespace: 'vigil' }, () => ({
      resolveDir: dirname(clientNode),
      contents: `
        export { KubeConfig } from ${JSON.stringify(clientNode)};
        const unused = (name) => class { constructor() { if (name === 'Watch') throw new Error(name + ' of client-node is not in the bundle'); } };
        export const CoreV1Api = unused('CoreV1Api');
        export const ApiextensionsV1Api = unused('ApiextensionsV1Api');
        export const Watch = unused('Watch');
        export const loadYaml = () => { throw new Error('loadYaml of client-node is not in the bundle'); };`,
    }));
  },
};

rmSync(outdir, { recursive: true, force: true });
const { metafile } = await build({
  entryPoints: { vigil: 'operator/main.ts' },
  outdir,
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node26',
  outExtension: { '.js': '.mjs' },
  chunkNames: 'chunks/[name]-[hash]',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
  // CommonJS packages call require, which ES modules do not have.
  banner: { js: 'import { createRequire as __vigilRequire } from "node:module"; const require = __vigilRequire(import.meta.url);' },
  plugins: [onlyCredentials],
});
chmodSync(join(outdir, 'vigil.mjs'), 0o755);
const kibibytes = (file) => Math.round(statSync(file).size / 1024);
const chunks = readdirSync(join(outdir, 'chunks')).map((file) => join(outdir, 'chunks', file));
process.stderr.write(
  `dist/vigil: ${kibibytes(join(outdir, 'vigil.mjs'))} KiB, and ${chunks.reduce((sum, file) => sum + kibibytes(file), 0)} KiB in ${chunks.length} chunks\n`,
);
if (process.argv.includes('--analyze')) {
  const inputs = Object.entries(metafile.outputs).flatMap(([file, { inputs: parts }]) =>
    Object.entries(parts).map(([part, { bytesInOutput }]) => ({ file, part, bytesInOutput })),
  );
  for (const { file, part, bytesInOutput } of inputs.toSorted((a, b) => b.bytesInOutput - a.bytesInOutput).slice(0, 25))
    process.stdout.write(`${String(bytesInOutput).padStart(9)} ${part} ${file}\n`);
}
