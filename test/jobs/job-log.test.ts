import { expect } from 'chai';
import { Ages } from '../../operator/jobs/ages.ts';
import { LogReader, LogUnavailableError } from '../../operator/jobs/job-log.ts';
import { KubeApiError } from '../../operator/kube/client/kube-api-error.ts';
import type { KubeClient } from '../../operator/kube/client/kube-client.ts';
import { StreamWriter } from '../../operator/stream/stream-writer.ts';

const pod = { metadata: { namespace: 'v', name: 'p', uid: 'u' } };
const status = (code: number): KubeApiError => new KubeApiError(`answer ${code}`, { status: code });

/** The log of a pod with a stream of these records. */
function logOf(...records: readonly object[]): string[] {
  const written: string[] = [];
  const writer = new StreamWriter((line) => void written.push(`${line}\n`));
  for (const record of records) writer.record(record);
  writer.end({ peak: 1 });
  return written;
}

/** A server that returns a log or an error, with the clock of a test. */
class Logs {
  now = 0;
  asked: unknown;
  answer: readonly string[] | Error = [];
  readonly reader = new LogReader(
    {
      stream: (call: unknown) => {
        this.asked = call;
        const { answer } = this;
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer.map((piece) => Buffer.from(piece)));
      },
    } as unknown as KubeClient,
    new Ages(() => this.now),
  );

  /** The records, or the class of the failure. */
  async read(mostUnpacked?: number): Promise<unknown> {
    const found = await this.reader.read(pod, { container: 'worker', mostUnpacked });
    return 'class' in found ? found.class : [...found.records()];
  }
}

describe('the log of a Job’s pod', () => {
  it('is read as a whole, from the container that writes it', async () => {
    const logs = new Logs();
    logs.answer = logOf({ a: 1 }, { b: 2 });
    expect(await logs.read()).to.deep.equal([{ a: 1 }, { b: 2 }]);
    expect(logs.asked).to.deep.equal({ path: '/api/v1/namespaces/v/pods/p/log', query: { container: 'worker' } });
  });

  const long = 'x'.repeat(9_000_000);
  for (const [what, answer, wanted] of [
    ['was deleted with its pod', status(404), 'LogLost'],
    ['was deleted from its node', status(400), 'LogLost'],
    ['is empty', [], 'StreamBroken'],
    ['is truncated at its end', logOf({ a: 1 }).slice(0, -1), 'StreamBroken'],
    ['is truncated at its beginning, as by rotation', logOf({ a: 1 }).slice(1), 'StreamBroken'],
    ['is not a stream', ['hello\n'], 'StreamBroken'],
    ['has a line that is too long', [long, long], 'StreamBroken'],
    ['is from another version', ['VIGIL1 0 00000000 AA==\n'], 'OtherVersion'],
  ] as const)
    it(`is a failure if it ${what}`, async () => {
      const logs = new Logs();
      logs.answer = answer;
      expect(await logs.read()).to.equal(wanted);
    });

  it('is a failure if it uncompresses to more than the limit', async () => {
    const logs = new Logs();
    logs.answer = logOf({ text: 'x'.repeat(1000) });
    expect(await logs.read(500)).to.equal('StreamBroken');
  });

  for (const [what, error] of [
    ['the node does not answer', status(500)],
    ['the connection breaks', new Error('terminated')],
  ] as const)
    it(`is retried while ${what}, and lost after a minute`, async () => {
      const logs = new Logs();
      logs.answer = error;
      const failure = await logs.read().catch((thrown: unknown) => thrown);
      expect(failure).to.be.instanceOf(LogUnavailableError);
      logs.now = 59_999;
      expect(await logs.read().catch((thrown: unknown) => thrown)).to.be.instanceOf(LogUnavailableError);
      logs.now = 60_000;
      expect(await logs.read()).to.equal('LogLost');
    });

  it('is retried for a whole minute again after it was read', async () => {
    const logs = new Logs();
    logs.answer = status(500);
    await logs.read().catch(() => undefined);
    logs.answer = logOf();
    await logs.read();
    logs.now = 60_000;
    logs.answer = status(500);
    expect(await logs.read().catch((thrown: unknown) => thrown)).to.be.instanceOf(LogUnavailableError);
  });

  for (const code of [0, 403, 429, 503])
    it(`is not classified if the API server returns ${code}`, async () => {
      const logs = new Logs();
      logs.answer = status(code);
      expect(await logs.read().catch((thrown: unknown) => thrown)).to.equal(logs.answer);
    });
});
