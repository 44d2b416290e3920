import { expect } from 'chai';
import fc from 'fast-check';
import { spawn } from 'node:child_process';
import { encodeFrame, MAXIMUM_LINE, StreamError } from '../../operator/stream/frame.ts';
import { acceptStream } from '../../operator/stream/stream-reader.ts';
import { StreamWriter } from '../../operator/stream/stream-writer.ts';

function write(records: readonly unknown[], body: unknown = { ok: true }): string[] {
  const lines: string[] = [];
  const writer = new StreamWriter((line) => lines.push(line));
  for (const record of records) writer.record(record);
  writer.end(body);
  return lines;
}

async function* each(lines: readonly string[]): AsyncGenerator<string> {
  await Promise.resolve();
  yield* lines;
}

const read = (lines: readonly string[]): ReturnType<typeof acceptStream> => acceptStream(each(lines));

/** Returns text that gzip cannot compress. */
const incompressible = (length: number, seed: number): string => {
  let state = seed;
  return Array.from({ length }, () => String.fromCharCode(33 + ((state = (state * 1_103_515_245 + 12_345) % 2 ** 31) % 90))).join('');
};

describe('the framed result stream', () => {
  it('returns every record in order, for any records', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.jsonValue(), { maxLength: 50 }), async (records) => {
        const accepted = await read(write(records));
        expect([...accepted.records()]).to.deep.equal(JSON.parse(JSON.stringify(records)));
        expect(accepted.trailer.body).to.deep.equal({ ok: true });
      }),
      { numRuns: 100 },
    );
  });

  it('keeps every line within the limit, also for records larger than a frame', async () => {
    const records = [incompressible(300_000, 1), { small: 1 }, incompressible(5, 2), 'a'.repeat(2_000_000)];
    const lines = write(records);
    expect(Math.max(...lines.map((line) => line.length))).to.be.at.most(MAXIMUM_LINE);
    expect([...(await read(lines)).records()]).to.deep.equal(records);
  });

  const damage: readonly (readonly [string, (lines: string[]) => string[], RegExp])[] = [
    ['the last line is missing', (lines) => lines.slice(0, -1), /^the stream has no trailer: it was cut off$/],
    ['the first line is missing, as after log rotation', (lines) => lines.slice(1), /^frame 0 is missing: frame 1 came instead$/],
    ['a line in the middle is missing', (lines) => lines.toSpliced(3, 1), /^frame 3 is missing: frame 4 came instead$/],
    ['two lines are swapped', (lines) => [lines[1]!, lines[0]!, ...lines.slice(2)], /^frame 0 is missing: frame 1 came instead$/],
    ['a line is repeated', (lines) => lines.toSpliced(2, 0, lines[2]!), /^frame 3 is missing: frame 2 came instead$/],
    [
      'a line is cut',
      (lines) => lines.with(2, lines[2]!.slice(0, -10)),
      /^frame 2 has a wrong checksum$|^a line of the stream is not a complete frame$/,
    ],
    [
      'a character is changed',
      (lines) => lines.with(2, `${lines[2]!.slice(0, 60)}${lines[2]![60] === 'A' ? 'B' : 'A'}${lines[2]!.slice(61)}`),
      /^frame 2 has a wrong checksum$/,
    ],
    [
      'other output is between the lines',
      (lines) => lines.toSpliced(2, 0, 'warning: low disk'),
      /^a line of the stream is not a complete frame$/,
    ],
    ['it is empty', () => [], /^the stream has no trailer: it was cut off$/],
  ];
  for (const [what, damaged, message] of damage) {
    it(`refuses the stream when ${what}`, async () => {
      const lines = write(Array.from({ length: 30 }, (_, index) => incompressible(3000, index + 1)));
      expect(lines.length).to.be.greaterThan(5);
      const error: unknown = await read(damaged(lines)).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).to.be.instanceOf(StreamError).with.property('kind', 'broken');
      expect((error as Error).message).to.match(message);
    });
  }

  it('distinguishes a stream of another version from a broken one', async () => {
    const error: unknown = await read(write([1]).map((line) => line.replace('VIGIL2', 'VIGIL23'))).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(StreamError).with.property('kind', 'version');
    expect(String(error)).to.equal(
      'StreamError: the stream has version VIGIL23, this operator reads VIGIL2: worker and operator have different versions',
    );
  });

  it('refuses a stream above the uncompressed limit and accepts one at the limit', async () => {
    const lines = write(['abc', 'de']);
    // The records, the empty line and the trailer, without line ends.
    const { trailer } = await read(lines);
    const most = '"abc"'.length + '"de"'.length + JSON.stringify(trailer).length;
    expect((await acceptStream(each(lines), most)).trailer.records).to.equal(2);
    const error: unknown = await acceptStream(each(lines), most - 1).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(StreamError);
    expect((error as Error).message).to.equal(`the uncompressed stream has more than ${String(most - 1)} bytes`);
  });

  it('refuses an endless stream by its compressed size', async () => {
    const frame = Buffer.alloc(1024 * 1024, 7);
    async function* endless(): AsyncGenerator<string> {
      await Promise.resolve();
      for (let sequence = 0; ; sequence++) yield encodeFrame(sequence, frame);
    }
    const error: unknown = await acceptStream(endless()).catch((reason: unknown) => reason);
    expect((error as Error).message).to.equal(`the stream has more than ${String(64 * 1024 * 1024)} bytes`);
  });

  it('ignores empty lines', async () => {
    const lines = write([1, 2]);
    expect([...(await read(['', ...lines, ''])).records()]).to.deep.equal([1, 2]);
  });

  it('counts the written records, and the bytes including line ends', () => {
    const lines: string[] = [];
    const writer = new StreamWriter((line) => lines.push(line));
    for (let index = 0; index < 30; index++) writer.record(incompressible(3000, index));
    writer.end({});
    expect([writer.records, writer.bytes]).to.deep.equal([30, lines.reduce((sum, line) => sum + line.length + 1, 0)]);
  });

  it('writes only a trailer when there are no records', async () => {
    const lines = write([]);
    expect(lines).to.have.length(1);
    expect([...(await read(lines)).records()]).to.deep.equal([]);
  });

  it('writes few lines for data that compresses well, also after data that does not', () => {
    const small = Array.from({ length: 20_000 }, (_, index) => ({ verdict: 'pass', index }));
    const few = write(small).length;
    expect(few).to.be.at.most(16);
    const noisy = write([incompressible(300_000, 1)]).length;
    expect(write([incompressible(300_000, 1), ...small]).length).to.be.at.most(noisy + few + 12);
  });

  it('writes complete lines to standard output when the pipe is slow', async () => {
    const code =
      "import { writeStreamLine } from './operator/stream/stream-output.ts'; for (let i = 0; i < 40; i++) writeStreamLine(String(i).padEnd(10_000, 'x'));";
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
    const chunks: Buffer[] = [];
    for await (const chunk of child.stdout) chunks.push(chunk as Buffer);
    const expected = Array.from({ length: 40 }, (_, index) => `${String(index).padEnd(10_000, 'x')}\n`).join('');
    expect(Buffer.concat(chunks).toString()).to.equal(expected);
  });
});
