import { expect } from 'chai';
import pino from 'pino';
import type { PolicyReport } from '../../operator/api/kinds/policy-report.ts';
import type { FrameworkStatus } from '../../operator/api/kinds/policy-status.ts';
import type { SecurityPolicy } from '../../operator/api/kinds/security-policy.ts';
import { requirementOutcomes } from '../../operator/catalogue/frameworks/framework-rows.ts';
import { resolveFramework, type Framework } from '../../operator/catalogue/frameworks/framework.ts';
import { ExceptionEvidence, type ExceptionEvidenceDependencies } from '../../operator/exceptions/exception-evidence.ts';
import { buildEvidence, statesIn } from '../../operator/reports/building/evidence.ts';
import { reconcileOnce, type ReconcileOutcome } from '../controller/reconcile-once.ts';
import { exception, now, setOf } from '../findings/waivers/samples.ts';
import { built, finding } from '../reports/building/report-samples.ts';

const resolved = resolveFramework('cis', '1.12', undefined);
if (!resolved.ok) throw new Error(resolved.message);
const { framework } = resolved;
const fail = { pass: 0, fail: 1, error: 0, skip: 0 };
const evidence = buildEvidence({
  policy: { name: 'baseline', uid: 'u1' },
  framework,
  outcomes: requirementOutcomes(framework, new Map([['host-pid', fail]])),
  seconds: 100,
  existing: undefined,
});
if (!evidence) throw new Error('no evidence was built');
const before = statesIn(evidence);

const row = (change: Partial<FrameworkStatus> = {}): FrameworkStatus => ({
  name: 'cis',
  version: '1.12',
  ...before,
  lastEvaluatedTime: '2026-05-31T00:00:00Z',
  ...change,
});
const covering = { set: setOf([exception({ checks: [{ name: 'host-pid' }] }, { namespace: 'shop' })]), now };
const covered = built({ results: [finding('host-pid')], waivers: covering });

class Fixture {
  policy: SecurityPolicy | undefined = {
    metadata: { name: 'baseline', uid: 'u1', resourceVersion: '1' },
    spec: { frameworks: [{ name: 'cis' }] },
    status: { frameworks: [row()] },
  };
  reports: readonly PolicyReport[] = [covered];
  evidence: PolicyReport | undefined = evidence;
  readonly listed: string[] = [];
  readonly updated: string[] = [];
  readonly written: { manager: string; sub: string; frameworks: readonly FrameworkStatus[] }[] = [];
  /** Called while the evidence is updated. */
  meanwhile = (): void => undefined;
  readonly subject = new ExceptionEvidence({
    log: pino({ level: 'silent' }),
    observe: undefined,
    metrics: { statusRefusals: { inc: () => undefined } },
    policies: { get: (name: string) => (name === 'baseline' ? this.policy : undefined) },
    client: {
      call: ({ path }: { path: string }) => {
        this.listed.push(path);
        return Promise.resolve({ metadata: {}, items: path.includes('/clusterpolicyreports') ? [] : this.reports });
      },
      apply: (
        _: unknown,
        { status }: { status: { frameworks: readonly FrameworkStatus[] } },
        options: { manager: string; sub: string },
      ) => {
        this.written.push({ ...options, frameworks: status.frameworks });
        return Promise.resolve(this.policy);
      },
    },
    publisher: {
      updateEvidence: (policy: string, { name, version }: Framework, change: (existing: PolicyReport) => PolicyReport | undefined) => {
        this.updated.push(`${policy} ${name}-${version}`);
        this.meanwhile();
        return Promise.resolve(this.evidence && (change(this.evidence) ?? this.evidence));
      },
    },
  } as unknown as ExceptionEvidenceDependencies);

  reconcile(key = 'baseline'): Promise<ReconcileOutcome> {
    return reconcileOnce(this.subject.controller, key);
  }
}

const done = { requeueAfter: undefined, failed: false };

describe('the evidence after exceptions changed', () => {
  it('has requirements whose failures are covered as excepted, and the status counts them', async () => {
    const fixture = new Fixture();
    expect(await fixture.reconcile()).to.deep.equal(done);
    expect(fixture.updated).to.deep.equal(['baseline cis-1.12']);
    expect(before.failed).to.be.greaterThan(0);
    const after = { ...before, failed: 0, excepted: before.failed };
    expect(fixture.written).to.deep.equal([{ manager: 'vigil-scans', sub: 'status', frameworks: [row(after)] }]);
  });

  it('is not written again if nothing changes', async () => {
    const fixture = new Fixture();
    fixture.reports = [built({ results: [finding('host-pid')] })];
    expect(await fixture.reconcile()).to.deep.equal(done);
    expect([fixture.updated, fixture.written]).to.deep.equal([['baseline cis-1.12'], []]);
  });

  it('does not change if a report does not list all its results', async () => {
    const fixture = new Fixture();
    const many = Array.from({ length: 2000 }, (_, index) => finding(`check-${index}`, { message: 'm'.repeat(900) }));
    fixture.reports = [covered, built({ results: many })];
    expect(await fixture.reconcile()).to.deep.equal(done);
    expect([fixture.updated, fixture.written]).to.deep.equal([[], []]);
  });

  it('keeps the counts of a framework without a report and of an unknown one', async () => {
    const fixture = new Fixture();
    const rows = [row({ name: 'unknown', passed: 7 }), row()];
    fixture.policy = { ...fixture.policy!, status: { frameworks: rows } };
    await fixture.reconcile();
    expect(fixture.updated).to.deep.equal(['baseline cis-1.12']);
    expect(fixture.written[0]?.frameworks).to.deep.equal([rows[0], row({ failed: 0, excepted: before.failed })]);
    const other = new Fixture();
    other.evidence = undefined;
    await other.reconcile();
    expect(other.written).to.deep.equal([]);
  });

  it('leaves the counts of a scan that ended meanwhile', async () => {
    const fixture = new Fixture();
    const { policy } = fixture;
    const scanned = row({ lastEvaluatedTime: '2026-06-01T00:00:00Z', passed: 99 });
    // The status of the policy changes while the evidence is updated.
    fixture.meanwhile = () => Object.assign(policy!, { status: { frameworks: [scanned] } });
    expect(await fixture.reconcile()).to.deep.equal(done);
    expect(fixture.written).to.deep.equal([]);
  });

  for (const [what, policy] of [
    ['does not exist', undefined],
    ['has no status', { metadata: { name: 'baseline' }, spec: { frameworks: [{ name: 'cis' }] } }],
    ['has no frameworks in its status', { metadata: { name: 'baseline' }, spec: {}, status: { frameworks: [] } }],
  ] satisfies readonly (readonly [string, SecurityPolicy | undefined])[])
    it(`reads no reports for a policy that ${what}`, async () => {
      const fixture = new Fixture();
      fixture.policy = policy;
      expect(await fixture.reconcile()).to.deep.equal(done);
      expect([fixture.listed, fixture.written]).to.deep.equal([[], []]);
    });

  it('is updated half a second after a change, for policies with frameworks only', () => {
    const fixture = new Fixture();
    const { queue } = fixture.subject.controller;
    const queued: string[] = [];
    queue.addAfter = (key, milliseconds) => void queued.push(`${key} ${milliseconds}`);
    fixture.subject.enqueue(['baseline', 'gone']);
    for (const frameworks of [[], undefined]) {
      fixture.policy = { metadata: { name: 'baseline' }, spec: frameworks ? { frameworks } : {} };
      fixture.subject.enqueue(['baseline']);
    }
    expect([fixture.subject.controller.name, queued]).to.deep.equal(['exception-evidence', ['baseline 500']]);
  });
});
