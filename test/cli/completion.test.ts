import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { catalogue } from '../../operator/catalogue/controls/catalogue.ts';
import { detections } from '../../operator/catalogue/detections/detections.ts';
import { frameworkVersions } from '../../operator/catalogue/frameworks/framework.ts';
import { cliCommands } from '../../operator/cli/cli-commands.ts';
import { run as completion } from '../../operator/cli/completion.ts';
import { run as controls } from '../../operator/cli/controls.ts';
import { run as except } from '../../operator/cli/except.ts';
import type { CliCommand } from '../../operator/cli/input/cli-command.ts';
import { outputNames } from '../../operator/cli/input/scan-arguments.ts';
import { run as scan } from '../../operator/cli/scan.ts';
import { run as test } from '../../operator/cli/test.ts';
import { runCommand } from './command-fixture.ts';

const scriptOf = async (shell: string): Promise<string> => (await runCommand(completion, [shell])).out;

/** The words that bash offers for the last word of a command line. */
async function offered(...words: readonly string[]): Promise<readonly string[]> {
  const line = words.map((word) => `'${word}'`).join(' ');
  const ask = `COMP_WORDS=(vigil ${line}); COMP_CWORD=${words.length}; _vigil; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['-c', `${await scriptOf('bash')}\n${ask}`], { encoding: 'utf8' });
  expect(stderr).to.equal('');
  return stdout.split('\n').filter((word) => word !== '');
}

/** The long flags in the help of a command. */
async function flagsOf(command: CliCommand): Promise<readonly string[]> {
  const { out } = await runCommand(command, ['--help']);
  return [...new Set(out.match(/--[a-z][-a-z]+/g))].concat('--help').sort();
}

describe('vigil completion bash', () => {
  const ids = [...catalogue, ...detections].map(({ id }) => id);
  const frameworks = frameworkVersions().map(({ name }) => name);

  it('completes the commands', async () => {
    expect(await offered('')).to.deep.equal(Object.keys(cliCommands));
    expect(await offered('ex')).to.deep.equal(['except', 'explain']);
  });

  it('completes the ids of controls, detections, frameworks, severities, outputs and shells', async () => {
    expect(await offered('explain', '')).to.deep.equal(ids);
    expect(await offered('explain', 'host-pid', 'host-p')).to.deep.equal(ids.filter((id) => id.startsWith('host-p')));
    expect(await offered('except', 'Pod/web', 'host-n')).to.deep.equal(['host-network']);
    expect(await offered('scan', '--control', 'host-n')).to.deep.equal(['host-network']);
    expect(await offered('scan', '--framework', '')).to.deep.equal(frameworks);
    expect(await offered('scan', '--fail-on', '')).to.deep.equal(['critical', 'high', 'medium', 'low', 'info']);
    for (const flag of ['-o', '--output']) expect(await offered('scan', flag, '')).to.deep.equal([...outputNames, 'text']);
    expect(await offered('completion', '')).to.deep.equal(['bash', 'zsh', 'fish']);
  });

  for (const [name, command] of [
    ['scan', scan],
    ['test', test],
    ['controls', controls],
    ['except', except],
  ] as const)
    // prettier-ignore
    it(`completes every flag that vigil ${name} --help lists`, async () => {
      expect([...(await offered(name, '--'))].sort()).to.deep.equal(await flagsOf(command));
    });

  it('completes files', async () => {
    expect(await offered('scan', 'package.js')).to.deep.equal(['package.json']);
  });
});

describe('vigil completion for other shells', () => {
  it('zsh knows the commands, the ids and the flags of vigil scan', async () => {
    const script = await scriptOf('zsh');
    expect(script).to.match(/^#compdef vigil\n[^]*\ncompdef _vigil vigil\n$/);
    for (const words of [Object.keys(cliCommands).join(' '), ' host-pid ', ' pss-restricted ', 'critical high', 'sarif junit github text'])
      expect(script).to.include(words);
    for (const flag of await flagsOf(scan)) expect(script).to.match(new RegExp(`${flag}[ ;]`));
  });

  it('fish knows the commands, the ids and the flags of vigil scan', async () => {
    const script = await scriptOf('fish');
    for (const words of [Object.keys(cliCommands).join(' '), ' host-pid ', ' pss-restricted ', 'critical high', 'sarif junit github text'])
      expect(script).to.include(words);
    for (const flag of await flagsOf(scan)) if (flag !== '--help') expect(script).to.match(new RegExp(`-l ${flag.slice(2)}( |\n)`));
  });

  it('prints its usage', async () => {
    const usage = 'vigil completion bash|zsh|fish prints a completion script for the shell.\n';
    for (const flag of ['--help', '-h']) expect(await runCommand(completion, [flag])).to.deep.equal({ code: 0, out: usage, error: '' });
  });

  it('refuses another word, and none', async () => {
    for (const [args, problem] of [
      [[], 'name a shell: bash, zsh or fish'],
      [['tcsh'], "'tcsh' is not one of bash, zsh, fish"],
      [['toString'], "'toString' is not one of bash, zsh, fish"],
      [['bash', '--helpp'], "no flag '--helpp' (did you mean '--help'?)"],
    ] as const)
      expect(await runCommand(completion, args)).to.deep.equal({
        code: 2,
        out: '',
        error: `vigil completion: ${problem}\nRun vigil completion --help for usage.\n`,
      });
  });
});
