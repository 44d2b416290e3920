import { expect } from 'chai';
import { scanWatchKeys } from '../../operator/scans/scan-watch-keys.ts';
import { scanStatus } from '../../operator/scan/scan-status.ts';
import { collect, ledgerOf, scanOf } from './scan-bench.ts';

const owner = { ownerReferences: [{ apiVersion: 'vigil.dev/v1alpha1', kind: 'SecurityPolicy', name: 'p', uid: 'p' }] };
const running = (message: string, reason = 'Running'): ReturnType<typeof scanOf> =>
  scanOf('s', scanStatus(scanOf(), { stage: 'running', ledger: ledgerOf(), hold: { reason, message } }, 0), owner);
const ended = scanOf(
  's',
  scanStatus(scanOf(), { stage: 'ended', ledger: collect(collect(ledgerOf(), 0), 1), images: undefined }, 0),
  owner,
);

describe('what a change of a Scan wakes', () => {
  it('is never the Scan’s own controller for a status: a write must not end the pause after a failure', () => {
    const keys = scanWatchKeys();
    expect(keys(scanOf('s', undefined, owner), 'ADDED')).to.deep.equal([
      ['scan', 's'],
      ['securitypolicy', 'p'],
    ]);
    expect(keys(running(''), 'MODIFIED')).to.deep.equal([['securitypolicy', 'p']]);
    expect(keys(running('1 of 3'), 'MODIFIED')).to.deep.equal([]);
    expect(keys(running('no room', 'Unschedulable'), 'MODIFIED')).to.deep.equal([['securitypolicy', 'p']]);
    expect(keys({ ...running(''), metadata: { ...running('').metadata, generation: 2 } }, 'MODIFIED')).to.deep.include(['scan', 's']);
  });

  it('is the clean-up at the end, once, and at the start of an operator', () => {
    for (const first of ['MODIFIED', 'ADDED'] as const) {
      const keys = scanWatchKeys();
      expect(keys(ended, first)).to.deep.include(['scan-cleanup', 's']);
      expect(keys({ ...ended, metadata: { ...ended.metadata, labels: { a: 'b' } } }, 'MODIFIED')).to.deep.equal([]);
    }
  });

  it('is the Scan’s controller when it is gone', () => {
    const keys = scanWatchKeys();
    keys(running(''), 'ADDED');
    expect(keys(running(''), 'DELETED')).to.deep.include(['scan', 's']);
  });
});
