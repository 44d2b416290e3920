import { expect } from 'chai';
import { cliCommand } from '../../../operator/cli/input/cli-command.ts';
import { UsageError } from '../../../operator/cli/input/usage-error.ts';
import { runCommand } from '../command-fixture.ts';

interface Parsed {
  readonly help?: boolean;
  readonly code: number;
}

describe('a command for users', () => {
  const command = (run: (parsed: Parsed) => Promise<number> | number) =>
    cliCommand<Parsed>({
      name: 'sample',
      usage: 'vigil sample\n',
      parse: ([first = '0']) => {
        if (first === 'wrong') throw new UsageError('not this');
        return { code: Number(first), help: first === '--help' };
      },
      run,
    });

  it('returns the exit code of what it runs', async () => {
    expect(
      await runCommand(
        command(({ code }) => code),
        ['1'],
      ),
    ).to.deep.equal({ code: 1, out: '', error: '' });
    expect(
      (
        await runCommand(
          command(({ code }) => Promise.resolve(code)),
          ['2'],
        )
      ).code,
    ).to.equal(2);
  });

  it('prints its usage, and runs nothing', async () => {
    const ran = await runCommand(
      command(() => expect.fail('it ran')),
      ['--help'],
    );
    expect(ran).to.deep.equal({ code: 0, out: 'vigil sample\n', error: '' });
  });

  it('prints what the user must correct, while it parses or runs', async () => {
    const error = 'vigil sample: not this\nRun vigil sample --help for usage.\n';
    expect(
      await runCommand(
        command(() => 0),
        ['wrong'],
      ),
    ).to.deep.equal({ code: 2, out: '', error });
    const rejects = command(() => Promise.reject(new UsageError('not this')));
    expect(await runCommand(rejects, [])).to.deep.equal({ code: 2, out: '', error });
  });

  it('throws any other error', async () => {
    const broken = new Error('broken');
    const thrown: unknown = await runCommand(
      command(() => Promise.reject(broken)),
      [],
    ).catch((error: unknown) => error);
    expect(thrown).to.equal(broken);
  });
});
