import { expect } from 'chai';
import type { BaselineDocument } from '../../operator/anomalies/anomaly-detector.ts';
import { RunningDetector } from '../../operator/anomalies/running-detector.ts';
import type { WatchClient } from '../../operator/kube/watch/watch-stream.ts';
import type { Logger } from '../../operator/telemetry/logger.ts';
import { auditEvent, day } from './world.ts';

const start = Date.UTC(2026, 10, 2);
const log = { warn: () => undefined, error: () => undefined } as unknown as Logger;
const refusing = (): Promise<never> => Promise.reject(new Error('no cluster'));
const client = { call: refusing, stream: refusing } as unknown as WatchClient;

describe('RunningDetector', () => {
  let now: number;
  let saved: string[];
  let isDown: boolean;
  let running: RunningDetector;

  beforeEach(async () => {
    [now, saved, isDown] = [start, [], false];
    running = await RunningDetector.start({
      client,
      log,
      store: {
        load: () => Promise.resolve({ documents: [] }),
        save: (documents: readonly BaselineDocument[]) => {
          if (isDown) return Promise.reject(new Error('no API server'));
          saved.push(JSON.stringify(documents));
          return Promise.resolve();
        },
      },
      settings: { learningPeriod: 7 * day, keepFor: day },
      kubernetesVersion: 'v1.36.0',
      silence: 60_000,
      clock: () => now,
      onTick: () => undefined,
    });
  });
  afterEach(async () => {
    isDown = false;
    await running.stop();
  });

  const learn = (user: string): void => running.observe([auditEvent(user, now, { of: 'secrets', in: 'shop', name: 'db' })]);
  const save = (): Promise<void> => {
    now += 60_000;
    return running.save();
  };

  it('stores later what could not be stored, although nothing has changed since', async () => {
    learn('alice');
    isDown = true;
    await save();
    expect(running.problems).to.include('what was learned cannot be stored: no API server');
    isDown = false;
    await save();
    expect(saved.map((text) => text.includes('user:alice'))).to.deep.equal([true]);
    expect(running.problems.filter((problem) => problem.includes('stored'))).to.deep.equal([]);
  });

  it('stores what was learned after a failed write with what could not be stored, when it stops', async () => {
    learn('alice');
    isDown = true;
    await save();
    isDown = false;
    learn('bob');
    await running.stop();
    expect(saved.map((text) => [text.includes('user:alice'), text.includes('user:bob')])).to.deep.equal([[true, true]]);
  });

  it('sees the other events if one cannot be judged, and says so', () => {
    const broken = Object.defineProperty(auditEvent('mallory', now, {}), 'requestURI', { get: () => expect.fail('no URI') });
    running.observe([broken]);
    learn('alice');
    expect(running.problems).to.include('1 event could not be judged because of an error in Vigil: the log of the operator has it');
    expect(JSON.stringify(running.detector.save(now))).to.include('user:alice');
  });
});
