import { expect } from 'chai';
import { eventually } from '../../e2e/installation.ts';
import { isScanWrite } from '../end-state.ts';
import type { ScenarioRun } from '../fault-lab.ts';
import { at, inHome, type Scenario } from './scenario.ts';

const leads = (run: ScenarioRun): Promise<true> =>
  eventually('the first operator is the leader', () => (run.proxy.calls.some(isScanWrite) ? true : undefined));

/** Faults of leader election. */
export const leaderScenarios: readonly Scenario[] = [
  {
    name: 'of two operators, only the leader writes',
    kind: 'leaders',
    act: async (run) => {
      await run.another();
    },
  },
  {
    name: 'a leader is killed while another operator waits',
    kind: 'leaders',
    quick: true,
    act: async (run) => {
      await leads(run);
      const { proxy } = await run.another();
      await eventually('the other operator becomes the leader', () => (proxy.calls.some(isScanWrite) ? true : undefined));
    },
    rules: (run) => [{ ...at('report write', () => run.operator.signal('SIGKILL')), skip: 3 }],
  },
  {
    name: 'a leader is stopped until its lease has expired, and continues',
    kind: 'leaders',
    quick: true,
    act: async (run) => {
      await leads(run);
      const { proxy } = await run.another();
      await eventually('the first operator is stopped', () => (run.proxy.taken > 0 ? true : undefined));
      await eventually('the other operator is the leader', () => (proxy.calls.some(isScanWrite) ? true : undefined));
      run.notes['written'] = String(run.proxy.calls.filter(isScanWrite).length);
      run.operator.signal('SIGCONT');
      await eventually('the first operator has lost its lease', () => (run.operator.ends.length > 0 ? true : undefined));
      run.notes['writtenAfter'] = String(run.proxy.calls.filter(isScanWrite).length);
      expect(run.notes['writtenAfter']).to.equal(run.notes['written']);
    },
    rules: (run) => [{ ...at('report write', () => run.operator.signal('SIGSTOP'), { when: 'after' }), skip: 3 }],
  },
  {
    name: 'the lease is deleted by hand',
    kind: 'leaders',
    rules: () => [at('report write', () => void inHome('delete', 'lease', 'vigil-operator'))],
  },
  {
    name: 'the lease is taken by another holder',
    kind: 'leaders',
    rules: () => [
      at('report write', () => {
        const spec = { holderIdentity: 'stranger', renewTime: new Date().toISOString().replace('Z', '000Z') };
        inHome('patch', 'lease', 'vigil-operator', '--type=merge', '-p', JSON.stringify({ spec }));
      }),
    ],
  },
  {
    name: 'the leader receives SIGTERM',
    kind: 'leaders',
    quick: true,
    rules: (run) => [{ ...at('report write', () => run.operator.signal('SIGTERM')), skip: 3 }],
    act: async (run) => {
      await eventually('the Scan has ended', () => (run.operator.ends.length > 0 ? true : undefined));
      expect(run.operator.ends[0]).to.deep.equal({ code: 0, signal: null });
      const released = run.proxy.calls.some(
        ({ method, path, body }) => method === 'PUT' && path.includes('/leases/') && body.includes('"holderIdentity":""'),
      );
      expect(released, 'the lease was released').to.equal(true);
    },
  },
];
