import { expect } from 'chai';
import fc from 'fast-check';
import { MAXIMUM_LINE, StreamError } from '../../operator/stream/frame.ts';
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

/** Text that gzip cannot make small. */
const noise = (length: number, seed: number): string => {
  let state = seed;
  return Array.from({ length }, () => String.fromCharCode(33 + ((state = (state * 1_103_515_245 + 12_345) % 2 ** 31) % 90))).join('');
};

describe('the framed result stream', () => {
  it('brings back every record, in order, whatever the records are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.jsonValue(), { maxLength: 50 }), async (records) => {
        const accepted = await read(write(records));
        expect([...accepted.records()]).to.deep.equal(JSON.parse(JSON.stringify(records)));
        expect(accepted.trailer.body).to.deep.equal({ ok: true });
      }),
      { numRuns: 100 },
    );
  });

  it('keeps every line within its limit, for records far larger than a frame too', async () => {
    const records = [noise(300_000, 1), { small: 1 }, noise(5, 2), 'a'.repeat(2_000_000)];
    const lines = write(records);
    expect(Math.max(...lines.map((line) => line.length))).to.be.at.most(MAXIMUM_LINE);
    expect([...(await read(lines)).records()]).to.deep.equal(records);
  });

  const damage: readonly (readonly [string, (lines: string[]) => string[]])[] = [
    ['the last line is missing', (lines) => lines.slice(0, -1)],
    ['the first line is missing, as after log rotation', (lines) => lines.slice(1)],
    ['a line in the middle is missing', (lines) => lines.toSpliced(3, 1)],
    ['two lines changed places', (lines) => [lines[1]!, lines[0]!, ...lines.slice(2)]],
    ['a line came twice', (lines) => lines.toSpliced(2, 0, lines[2]!)],
    ['a line is cut', (lines) => lines.with(2, lines[2]!.slice(0, -10))],
    [
      'a character changed',
      (lines) => lines.with(2, `${lines[2]!.slice(0, 60)}${lines[2]![60] === 'A' ? 'B' : 'A'}${lines[2]!.slice(61)}`),
    ],
    ['something else was printed between', (lines) => lines.toSpliced(2, 0, 'warning: low disk')],
    ['there is nothing at all', () => []],
  ];
  for (const [what, spoil] of damage) {
    it(`refuses the whole when ${what}`, async () => {
      const lines = write(Array.from({ length: 30 }, (_, index) => noise(3000, index + 1)));
      expect(lines.length).to.be.greaterThan(5);
      const error: unknown = await read(spoil(lines)).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).to.be.instanceOf(StreamError).with.property('kind', 'broken');
    });
  }

  it('tells a stream of another version from a broken one', async () => {
    const error: unknown = await read(write([1]).map((line) => line.replace('VIGIL1', 'VIGIL2'))).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(StreamError).with.property('kind', 'version');
  });
});
