import { expect } from 'chai';
import { differences, isScanWrite, reportsWrittenTwice, type EndState } from '../faults/end-state.ts';
import { FaultLab, ScenarioRun } from '../faults/fault-lab.ts';
import { callScenarios } from '../faults/scenarios/call-scenarios.ts';
import { cleanupScenarios } from '../faults/scenarios/cleanup-scenarios.ts';
import { controlPlaneScenarios } from '../faults/scenarios/control-plane-scenarios.ts';
import { handScenarios } from '../faults/scenarios/hand-scenarios.ts';
import { killScenario, killScenarios } from '../faults/scenarios/kill-scenarios.ts';
import { kindScenarios } from '../faults/scenarios/kind-scenarios.ts';
import { leaderScenarios } from '../faults/scenarios/leader-scenarios.ts';
import { nodeScenarios } from '../faults/scenarios/node-scenarios.ts';
import { refusalScenarios } from '../faults/scenarios/refusal-scenarios.ts';
import type { Scenario } from '../faults/scenarios/scenario.ts';
import { workerScenarios } from '../faults/scenarios/worker-scenarios.ts';
import { StatusWatch } from '../faults/status-watch.ts';

const all = process.env['VIGIL_TEST_ALL'] === '1';
/** Runs only scenarios whose name or kind contains this text. */
const only = process.env['VIGIL_FAULTS'];
const scenarios = [
  ...callScenarios,
  ...killScenarios,
  ...workerScenarios,
  ...nodeScenarios,
  ...refusalScenarios,
  ...cleanupScenarios,
  ...handScenarios,
  ...kindScenarios,
  ...leaderScenarios,
  ...controlPlaneScenarios,
];

/** Runs a scenario and removes its objects. */
async function runScenario(lab: FaultLab, scenario: Scenario, check: (end: EndState, run: ScenarioRun) => void): Promise<void> {
  await lab.clean();
  const watch = new StatusWatch(lab.client);
  await watch.start();
  const run = await ScenarioRun.begin(lab, scenario.name.replace(/[^a-z0-9]+/gi, '-'), scenario);
  let undone = false;
  const undo = async (): Promise<void> => {
    if (!undone) await scenario.undo?.(run);
    undone = true;
  };
  try {
    await scenario.prepare?.(run);
    const rules = scenario.rules?.(run) ?? [];
    run.proxy.arm(...rules);
    run.scan = await lab.makePolicy(scenario.template);
    run.operator.start();
    const acted = scenario.act?.(run);
    const [end] = await Promise.all([lab.ended(() => run.scan, scenario.seconds ?? 180), acted]);
    for (const { name } of scenario.perhaps ? [] : rules)
      expect(run.calls.map(({ fault }) => fault).includes(name), `the fault ${name ?? ''} happened`).to.equal(true);
    check(end, run);
    await undo();
    if (scenario.recovers) check(await lab.scanAgain(90), run);
    expect(await watch.stop(), 'what was wrong on the way').to.deep.equal([]);
  } finally {
    await watch.stop();
    await run.end();
    await undo();
  }
}

describe('faults', function () {
  this.timeout(300_000);
  const lab = new FaultLab();
  let wanted: EndState;
  let writes: number;

  /** The expected result of a scenario: that of a run without a fault, unless the scenario has its own. */
  const check =
    (scenario: Scenario) =>
    (end: EndState, run: ScenarioRun): void => {
      if (scenario.expect && run.notes['recovering'] === undefined) scenario.expect(end, run, wanted);
      else expect(differences(wanted, end).slice(0, 20)).to.deep.equal([]);
      if (!scenario.rewrites && run.notes['recovering'] === undefined) expect(reportsWrittenTwice(run.calls)).to.deep.equal([]);
      run.notes['recovering'] = 'yes';
    };

  before(async () => {
    await lab.open();
    await runScenario(lab, { name: 'without a fault', kind: 'none' }, (end, run) => {
      wanted = end;
      writes = run.calls.filter(isScanWrite).length;
    });
    // The result of a run without a fault, with which the others are compared.
    expect(Object.keys(wanted.reports)).to.have.length.greaterThan(9);
    expect(wanted.scan).to.deep.include({ phase: 'Complete' });
  });

  after(() => lab.close());

  for (const scenario of scenarios.filter(({ quick, name, kind }) =>
    only === undefined ? all || quick : `${kind}: ${name}`.includes(only),
  )) {
    it(`${scenario.kind}: ${scenario.name}`, () => runScenario(lab, scenario, check(scenario)));
  }

  if (all && only === undefined) {
    for (const when of ['before', 'after'] as const)
      it(`killed: ${when} each write of a scan`, async function () {
        this.timeout(3_600_000);
        expect(writes).to.be.greaterThan(20);
        const problems: string[] = [];
        for (let write = 0; write < writes; write++) {
          const scenario = killScenario(when, write);
          await runScenario(lab, scenario, check(scenario)).catch((error: unknown) => problems.push(`${scenario.name}: ${String(error)}`));
        }
        expect(problems).to.deep.equal([]);
      });
  }
});
