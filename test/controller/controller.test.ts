import { expect } from 'chai';
import pino from 'pino';
import { Controller } from '../../operator/controller/controller.ts';

describe('a controller', () => {
  it('yields to the event loop between reconciles that never wait, so that the lease is renewed', async () => {
    const keys = 2000;
    let [done, doneAtTimer] = [0, -1];
    const ended = Promise.withResolvers<unknown>();
    const controller = new Controller({
      name: 'busy',
      log: pino({ level: 'silent' }),
      workers: 2,
      reconcile: () => {
        if (++done === keys) ended.resolve(undefined);
        return Promise.resolve({});
      },
    });
    for (let key = 0; key < keys; key++) controller.queue.add(`key-${key}`);
    setTimeout(() => (doneAtTimer = done), 1);
    controller.start();
    await ended.promise;
    await controller.stop();
    expect(doneAtTimer).to.be.within(0, keys - 1);
  });
});
