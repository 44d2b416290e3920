import { expect } from 'chai';
import pino from 'pino';
import { Lifecycle, type Runnable } from '../../operator/controller/lifecycle.ts';
import { ownKubeconfig } from '../kube/own-kubeconfig.ts';

describe('the lifecycle of the operator', () => {
  ownKubeconfig();
  let calls: string[];
  let lines: Record<string, unknown>[];
  const log = pino(
    { level: 'debug', base: null },
    { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) },
  );
  const runnable = (name: string, more: Partial<Runnable> = {}): Runnable => ({
    name,
    start: () => void calls.push(`start ${name}`),
    stop: () => void calls.push(`stop ${name}`),
    ...more,
  });
  const broken = (): Promise<void> => Promise.reject(new Error('broken'));
  beforeEach(() => {
    calls = [];
    lines = [];
  });

  it('starts in order, and stops once in reverse order', async () => {
    const lifecycle = new Lifecycle([runnable('a'), runnable('b')], log);
    await lifecycle.start();
    await lifecycle.shutdown();
    await lifecycle.shutdown();
    expect(calls).to.deep.equal(['start a', 'start b', 'stop b', 'stop a']);
    expect(lines.filter(({ msg }) => msg === 'started').map(({ runnable: name }) => name)).to.deep.equal(['a', 'b']);
  });

  it('stops what it started if the next one does not start, with the error', async () => {
    const lifecycle = new Lifecycle([runnable('a'), runnable('b', { start: broken }), runnable('c')], log);
    const error: unknown = await lifecycle.start().catch((reason: unknown) => reason);
    expect([calls, (error as Error).message]).to.deep.equal([['start a', 'stop a'], 'broken']);
  });

  it('logs what fails to stop, and stops the others', async () => {
    const lifecycle = new Lifecycle([runnable('a'), runnable('b', { stop: broken })], log);
    await lifecycle.start();
    await lifecycle.shutdown();
    expect(calls).to.deep.equal(['start a', 'start b', 'stop a']);
    expect(lines.find(({ msg }) => msg === 'stop failed')).to.include({ runnable: 'b' });
  });

  it('starts nothing more after it was stopped, and aborts the signal of what starts', async () => {
    const first = runnable('a', {
      start: async (signal) => {
        const stopped = lifecycle.shutdown();
        calls.push(`aborted ${String(signal.aborted)}`);
        await stopped;
      },
    });
    const lifecycle: Lifecycle = new Lifecycle([first, runnable('b')], log);
    await lifecycle.start();
    expect(calls).to.deep.equal(['aborted true']);
  });
});
