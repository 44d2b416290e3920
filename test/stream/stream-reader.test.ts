import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { decodeFrame, encodeFrame, StreamError } from '../../operator/stream/frame.ts';
import { acceptStream } from '../../operator/stream/stream-reader.ts';
import { StreamWriter } from '../../operator/stream/stream-writer.ts';

/** The lines of a stream with these frames before compression. */
async function* lines(...frames: readonly (string | Buffer)[]): AsyncGenerator<string> {
  await Promise.resolve();
  for (const [index, frame] of frames.entries()) yield encodeFrame(index, typeof frame === 'string' ? gzipSync(frame) : frame);
}
const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
const trailer = (records: number, sha256: string): string => `\n${JSON.stringify({ records, sha256, body: {} })}\n`;

async function errorOf(reading: Promise<unknown>): Promise<StreamError> {
  const error: unknown = await reading.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).to.be.instanceOf(StreamError).with.property('kind', 'broken');
  return error as StreamError;
}

describe('acceptStream', () => {
  const data = '{"a":1}\n{"a":2}\n';

  it('accepts records whose number and digest are those of the trailer, also if a record spans frames', async () => {
    const accepted = await acceptStream(lines('{"a":1}\n{"a', '":2}\n', trailer(2, digest(data))));
    expect([...accepted.records()]).to.deep.equal([{ a: 1 }, { a: 2 }]);
  });

  it('refuses records of another number or another digest than the trailer has', async () => {
    for (const end of [trailer(3, digest(data)), trailer(2, digest('{"a":1}\n{"a":3}\n'))])
      expect((await errorOf(acceptStream(lines(data, end)))).message).to.equal('the trailer does not agree with the records');
  });

  it('refuses a last record that is cut off', async () => {
    const end = trailer(2, digest(data));
    expect((await errorOf(acceptStream(lines(data, end.slice(0, -1))))).message).to.equal('the last record is cut off');
  });

  it('refuses a trailer that is not JSON', async () => {
    expect((await errorOf(acceptStream(lines(data, '\nnot json\n')))).message).to.match(/^a record is not JSON: ./);
  });

  it('refuses a frame that is not compressed, or that is far larger than the frames of a worker', async () => {
    expect((await errorOf(acceptStream(lines('{}\n', Buffer.from('plain'))))).message).to.match(/^frame 1 cannot be unpacked: ./);
    const bomb = gzipSync(Buffer.alloc(8 * 1024 * 1024 + 1, 'x'));
    expect((await errorOf(acceptStream(lines(bomb)))).message).to.match(/^frame 0 cannot be unpacked: ./);
  });
});

describe('StreamWriter', () => {
  it('writes frames while records come in, and starts with small ones', () => {
    const written: string[] = [];
    const writer = new StreamWriter((line) => written.push(line));
    for (let index = 0; index < 230; index++) writer.record('x'.repeat(97));
    expect(written).to.have.length(0);
    for (let index = 0; index < 11; index++) writer.record('x'.repeat(97));
    expect(written).to.have.length(1);
  });

  it('numbers its frames, and pads the checksum of each to eight digits', () => {
    for (let seed = 0; seed < 40; seed++) {
      const line = encodeFrame(seed, Buffer.from(`data ${seed}`));
      expect(line).to.match(/^VIGIL2 \d+ [0-9a-f]{8} /);
      expect(decodeFrame(line)).to.deep.equal({ sequence: seed, data: Buffer.from(`data ${seed}`) });
    }
  });
});
