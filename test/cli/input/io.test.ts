import { expect } from 'chai';
import { EventEmitter } from 'node:events';
import { processIo, type ProcessStreams } from '../../../operator/cli/input/io.ts';

class Terminal extends EventEmitter {
  readonly writes: string[] = [];
  readonly isTTY: boolean;

  constructor(isTTY = false) {
    super();
    this.isTTY = isTTY;
  }

  write(text: string, done?: () => void): boolean {
    this.writes.push(text);
    done?.();
    return true;
  }
}

async function* chunks(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Promise.resolve(Buffer.from(text));
}

function streams(isTTY = false): { readonly out: Terminal; readonly error: Terminal; readonly io: ReturnType<typeof processIo> } {
  const [out, error] = [new Terminal(isTTY), new Terminal()];
  const given = { stdin: chunks('a', 'bc'), stdout: out, stderr: error, env: { HOME: '/h' } } as unknown as ProcessStreams;
  return { out, error, io: processIo(given) };
}

describe('processIo', () => {
  it('reads standard input to its end, and the environment', async () => {
    const { io } = streams(true);
    expect(new TextDecoder().decode(await io.input())).to.equal('abc');
    expect([io.terminal, io.environment['HOME'], streams().io.terminal]).to.deep.equal([true, '/h', false]);
  });

  it('writes standard output in large pieces, and the rest on flush', async () => {
    const { io, out } = streams();
    const line = 'x'.repeat(1 << 14);
    for (let count = 0; count < 3; count += 1) io.out(line);
    expect(out.writes).to.deep.equal([]);
    io.out(line);
    io.out('end');
    expect(out.writes).to.deep.equal([line.repeat(4)]);
    await io.flush();
    expect(out.writes).to.deep.equal([line.repeat(4), 'end']);
  });

  it('counts the size of each piece anew', async () => {
    const { io, out } = streams();
    io.out('x'.repeat(1 << 16));
    io.out('y');
    io.out('z');
    expect(out.writes).to.have.length(1);
    await io.flush();
    expect(out.writes[1]).to.equal('yz');
  });

  it('writes errors at once', () => {
    const { io, error } = streams();
    io.error('wrong\n');
    expect(error.writes).to.deep.equal(['wrong\n']);
  });

  it('writes nothing more to a closed pipe, and still ends', async () => {
    const { io, out } = streams();
    out.emit('error', new Error('EPIPE'));
    io.out('x'.repeat(1 << 17));
    await io.flush();
    expect(out.writes).to.deep.equal([]);
  });

  it('tells that output was lost, but not that a pipe was closed', async () => {
    for (const [code, loss] of [
      ['EPIPE', undefined],
      ['ENOSPC', 'no space left'],
    ] as const) {
      const { io, out } = streams();
      io.out('text');
      out.emit('error', Object.assign(new Error('no space left'), { code }));
      expect(await io.flush()).to.equal(loss);
      const late = streams();
      late.out.write = (_text, done?: (failure?: Error) => void) => {
        done?.(Object.assign(new Error('no space left'), { code }));
        return true;
      };
      expect(await late.io.flush()).to.equal(loss);
    }
  });
});
