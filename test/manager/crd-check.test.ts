import { expect } from 'chai';
import pino from 'pino';
import { customResourceDefinition } from '../../operator/api/crds/crd.ts';
import { ownKinds } from '../../operator/api/crds/own-kinds.ts';
import { reportKinds } from '../../operator/api/crds/report-kinds.ts';
import { KubeApiError } from '../../operator/kube/client/kube-api-error.ts';
import { CrdCheck, type CrdCheckDependencies } from '../../operator/manager/crd-check.ts';
import { ControllerRunner } from '../controller/reconcile-once.ts';
import { Metrics } from '../../operator/telemetry/metrics.ts';

const nameOf = ({ plural, group }: { plural: string; group: string }): string => `${plural}.${group}`;

/** A fake cluster with CRDs, and their check. */
function clusterOf(): {
  readonly crds: Map<string, unknown>;
  readonly check: CrdCheck;
  readonly events: string[];
  readonly changes: () => number;
  readonly metrics: Metrics;
} {
  const crds = new Map<string, unknown>([...ownKinds, ...reportKinds].map((kind) => [nameOf(kind), customResourceDefinition(kind)]));
  const events: string[] = [];
  const metrics = new Metrics();
  let changes = 0;
  const get = (_resource: unknown, { name }: { name: string }): Promise<unknown> => {
    const crd = crds.get(name);
    if (crd instanceof Error) return Promise.reject(crd);
    return crd === undefined ? Promise.reject(new KubeApiError('not found', { status: 404 })) : Promise.resolve(crd);
  };
  const check = new CrdCheck({
    client: { get } as unknown as CrdCheckDependencies['client'],
    log: pino({ level: 'silent' }),
    metrics,
    events: { record: (_resource, { metadata }, { type, reason }) => events.push([type, metadata.name, reason].join(' ')) },
    observe: () => undefined,
    onChange: () => (changes += 1),
  });
  return { crds, check, events, metrics, changes: () => changes };
}

describe('the CRD check', () => {
  it('runs at the start, then hourly, and every 30 seconds while there are problems', async () => {
    const { crds, check } = clusterOf();
    const runner = new ControllerRunner(check.controller);
    expect(await runner.reconcile('check')).to.deep.equal({ requeueAfter: 3_600_000, failed: false });
    crds.delete('scans.vigil.dev');
    expect(await runner.reconcile('check')).to.deep.equal({ requeueAfter: 30_000, failed: false });
    expect(check.problems.map(({ crd }) => crd)).to.deep.equal(['scans.vigil.dev']);
    await runner.stop();
  });

  it('reports nothing if all CRDs match this version', async () => {
    const { check, events, changes } = clusterOf();
    expect([await check.check(), check.problems, events, changes()]).to.deep.equal([[], [], [], 0]);
  });

  it('reports a missing CRD once, by Event and metric, and its return', async () => {
    const { crds, check, events, metrics, changes } = clusterOf();
    const name = 'policyreports.wgpolicyk8s.io';
    const crd = crds.get(name);
    crds.delete(name);
    for (let run = 0; run < 2; run++) expect((await check.check()).map(({ crd: of }) => of)).to.deep.equal([name]);
    expect([events, changes()]).to.deep.equal([[`Warning ${name} CRDMissing`], 1]);
    expect(await metrics.text()).to.contain(`vigil_crd_problems{crd="${name}"} 1`);
    crds.set(name, crd);
    expect([await check.check(), changes()]).to.deep.equal([[], 2]);
    expect(await metrics.text()).not.to.contain(`crd="${name}"`);
  });

  it('ignores a CRD that it is not allowed to read, and throws server errors', async () => {
    const { crds, check } = clusterOf();
    crds.set('scans.vigil.dev', new KubeApiError('forbidden', { status: 403 }));
    expect(await check.check()).to.deep.equal([]);
    crds.set('scans.vigil.dev', new KubeApiError('overloaded', { status: 500 }));
    let thrown: unknown;
    await check.check().catch((error: unknown) => (thrown = error));
    expect(thrown).to.have.property('message', 'overloaded');
  });
});
