import { kubectl } from '../../integration/cluster-access.ts';
import { home } from '../../e2e/installation.ts';
import { isScanWrite } from '../end-state.ts';
import type { FaultRule, ProxiedCall } from '../fault-proxy.ts';
import type { ScenarioRun } from '../fault-lab.ts';
import { callsOf } from './call-kinds.ts';
import type { Scenario } from './scenario.ts';

/** Kills the operator with SIGKILL at a call, before or after the API server has processed it. */
function kill(run: ScenarioRun, when: 'before' | 'after', at: { match: (call: ProxiedCall) => boolean; skip?: number }): FaultRule {
  const work = (): void => {
    run.operator.signal('SIGKILL');
    // The next process need not wait until the lease expires: another scenario tests that.
    kubectl(['-n', home, 'delete', 'lease', 'vigil-operator', '--ignore-not-found', '--wait=false']);
  };
  return { name: 'killed', ...at, action: { kind: 'run', when, cut: true, work } };
}

/** The operator is killed at one write of a scan, by the position among all writes. */
export function killScenario(when: 'before' | 'after', write: number): Scenario {
  const name = `killed ${when} write ${write + 1}`;
  return { name, kind: 'killed', perhaps: true, rules: (run) => [kill(run, when, { match: isScanWrite, skip: write })] };
}

/** Writes at which the operator is killed, one of each kind: [when, call, number of such calls before, whether in every run]. */
const points: readonly (readonly ['before' | 'after', string, number, boolean])[] = [
  ['after', 'ledger create', 0, false],
  ['before', 'ledger update', 0, true],
  ['after', 'job create', 0, false],
  ['after', 'report write', 4, true],
  ['before', 'policy status write', 1, false],
  ['before', 'job delete', 0, false],
  ['before', 'ledger delete', 0, false],
];

/** One kill per kind of write. */
export const killScenarios: readonly Scenario[] = points.map(([when, call, skip, quick]) => {
  const match = callsOf(call);
  return { name: `killed ${when} ${call} ${skip + 1}`, kind: 'killed', quick, rules: (run) => [kill(run, when, { match, skip })] };
});
