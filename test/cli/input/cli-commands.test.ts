import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cliCommands } from '../../../operator/cli/cli-commands.ts';
import { Folder } from '../command-fixture.ts';

/** Runs a command on the streams of this process. Returns its exit code and what it printed. */
async function printed(name: string, args: readonly string[]): Promise<readonly [code: number | undefined, out: string]> {
  const run = await cliCommands[name]?.load();
  const texts: string[] = [];
  const { stdout } = process;
  const write = stdout.write.bind(stdout);
  stdout.write = ((text: string, done?: () => void) => {
    texts.push(text);
    done?.();
    return true;
  }) as typeof stdout.write;
  try {
    return [await run?.(args), texts.join('')];
  } finally {
    stdout.write = write;
  }
}

describe('the commands for users', () => {
  const folder = new Folder();
  const before = process.env['XDG_CACHE_HOME'];
  beforeEach(() => {
    process.env['XDG_CACHE_HOME'] = folder.path;
  });
  afterEach(() => {
    if (before === undefined) delete process.env['XDG_CACHE_HOME'];
    else process.env['XDG_CACHE_HOME'] = before;
  });
  after(() => folder.remove());

  for (const [name, { text }] of Object.entries(cliCommands))
    it(`have ${name}, which prints its usage: ${text}`, async () => {
      const [code, out] = await printed(name, ['--help']);
      expect([code, text]).to.satisfy(([exit, said]: [number, string]) => exit === 0 && said.length > 15);
      expect(out).to.match(new RegExp(`\\bvigil ${name} [A-Z|a-z-]`));
    }).timeout(20_000);

  const caches: readonly (readonly [what: string, environment: Readonly<Record<string, string>>, place: string | undefined])[] = [
    ['in XDG_CACHE_HOME', { XDG_CACHE_HOME: join(folder.path, 'x'), HOME: folder.path }, join(folder.path, 'x', 'vigil', 'code')],
    ['in .cache of the home folder', { HOME: folder.path }, join(folder.path, '.cache', 'vigil', 'code')],
    ['in .cache if XDG_CACHE_HOME is empty', { XDG_CACHE_HOME: '', HOME: folder.path }, join(folder.path, '.cache', 'vigil', 'code')],
    ['nowhere without a home folder', { HOME: '/' }, undefined],
  ];
  for (const [what, environment, place] of caches)
    it(`keep compiled code ${what}`, async () => {
      const script = `
        const { enableCodeCache } = await import(${JSON.stringify(import.meta.resolve('../../../operator/cli/input/cli-command.ts'))});
        const { getCompileCacheDir } = await import('node:module');
        enableCodeCache();
        console.log(getCompileCacheDir() ?? 'none');`;
      const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
        env: { PATH: process.env['PATH'], ...environment },
      });
      if (place === undefined) expect(stdout).to.equal('none\n');
      else expect(stdout.startsWith(place), stdout).to.equal(true);
    }).timeout(20_000);
});
