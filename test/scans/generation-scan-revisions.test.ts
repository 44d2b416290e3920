import { expect } from 'chai';
import type { Scan } from '../../operator/api/kinds/scan.ts';
import type { SecurityPolicy } from '../../operator/api/kinds/security-policy.ts';
import type { ControllerBasics } from '../../operator/controller/controller.ts';
import { evaluationRevision } from '../../operator/engine/evaluation-revision.ts';
import { GENERATIONS_KEY, generationScanController, type GenerationScanDependencies } from '../../operator/scans/generation-scan.ts';

const spec = { frameworks: [{ name: 'vigil' }] };
const revisionBy = (catalogue: string): string => evaluationRevision({ generation: 1, spec }, { kubernetesVersion: '1.36', catalogue });
const policy = (evaluatedRevision: string): SecurityPolicy => ({
  metadata: { name: 'baseline', uid: 'u', generation: 1 },
  spec,
  status: {
    observedGeneration: 1,
    evaluatedGeneration: 1,
    evaluatedRevision,
    conditions: [
      {
        type: 'Stalled',
        status: 'False',
        reason: 'Accepted',
        message: '',
        lastTransitionTime: '2026-01-01T00:00:00Z',
        observedGeneration: 1,
      },
    ],
  },
});

/** The Scans that the operator with this catalogue creates, given the existing Scans. */
async function scansMade(catalogue: string, of: SecurityPolicy, there: readonly Scan[] = []): Promise<readonly Scan[]> {
  const made: Scan[] = [];
  const { promise: reconciled, resolve } = Promise.withResolvers<unknown>();
  const log = { info: () => undefined, error: resolve, child: () => log };
  const list = (items: readonly { metadata: { name: string } }[]): unknown => ({
    list: () => items,
    get: (name: string) => items.find(({ metadata }) => metadata.name === name),
  });
  const deps = {
    log,
    observe: resolve,
    scans: list(there),
    policies: list([of]),
    clock: () => 0,
    revisionOf: () => revisionBy(catalogue),
    client: { create: (_: unknown, scan: Scan) => Promise.resolve(made.push(scan)) },
  } as unknown as GenerationScanDependencies & ControllerBasics;
  const controller = generationScanController(deps);
  controller.queue.add(GENERATIONS_KEY);
  controller.start();
  await reconciled;
  await controller.stop();
  return made;
}

describe('Scans of policies whose current revision was not evaluated', () => {
  it('are not created for an evaluated revision', async () => {
    expect(await scansMade('old', policy(revisionBy('old')))).to.deep.equal([]);
  });

  it('are created when Vigil has another catalogue, although the generation was scanned', async () => {
    const [before] = await scansMade('old', policy('none'));
    const scanned = { ...before, status: { phase: 'Complete' } } as Scan;
    const made = await scansMade('new', policy(revisionBy('old')), [scanned]);
    expect(made.map(({ spec: { policies } }) => policies)).to.deep.equal([['baseline']]);
    expect(made[0]?.metadata.name).not.to.equal(before?.metadata.name);
  });
});
