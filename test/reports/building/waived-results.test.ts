import { expect } from 'chai';
import type { PolicyReport } from '../../../operator/api/kinds/policy-report.ts';
import { buildReport, withWaivers } from '../../../operator/reports/building/report-builder.ts';
import { reportChange } from '../../../operator/reports/building/report-change.ts';
import { readLedger } from '../../../operator/reports/identity/policy-ledger.ts';
import { priorReport } from '../../../operator/reports/identity/prior-report.ts';
import { exception, now, setOf } from '../../findings/waivers/samples.ts';
import { built, evaluated, finding, ids, input, stored, target } from './report-samples.ts';

const covering = setOf([exception({ checks: [{ name: 'host-pid' }] }, { namespace: 'shop' })]);
const none = setOf([]);
const ledgerOf = (report: PolicyReport | undefined): ReturnType<typeof readLedger> =>
  readLedger(report?.metadata.annotations?.['vigil.dev/policies']);
const resultOf = (report: PolicyReport | undefined, check: string): NonNullable<PolicyReport['results']>[number] | undefined =>
  report?.results?.find(({ rule }) => rule === check);

describe('A failure that an exception covers', () => {
  const report = built({ waivers: { set: covering, now } });

  it('is a skip that keeps its message, severity and path, and names the exception', () => {
    const failed = resultOf(built(), 'host-pid');
    const { result, message, severity, properties } = resultOf(report, 'host-pid') ?? {};
    expect({ result, message, severity }).to.deep.equal({ result: 'skip', message: failed?.message, severity: failed?.severity });
    expect(properties).to.include({ exception: 'shop/legacy', until: '2027-05-31T00:00:00Z', verdict: 'fail' });
  });

  it('counts as excepted and not as failing', () => {
    expect(report.summary).to.include({ fail: 1, skip: 1 });
    expect(ledgerOf(report)['baseline']).to.deep.include({
      failing: { critical: 0, high: 1, medium: 0, low: 0 },
      excepted: { critical: 0, high: 1, medium: 0, low: 0 },
      exceptions: { 'shop/legacy': [1, 0] },
    });
  });

  it('is neither fixed nor, when the exception ends, new', () => {
    const nothing = { critical: 0, high: 0, medium: 0, low: 0 };
    expect(reportChange(built(), report)).to.deep.equal({ new: nothing, fixed: nothing });
    expect(reportChange(report, built())).to.deep.equal({ new: nothing, fixed: nothing });
  });
});

describe('withWaivers', () => {
  const apply = (report: PolicyReport, set: typeof covering): PolicyReport | undefined => withWaivers(report, target, { set, now });

  it('gives a report the same content as an evaluation with the exceptions', () => {
    const fromReport = apply(built(), covering);
    const evaluatedNow = buildReport(input({ waivers: { set: covering, now } }));
    expect(fromReport?.results).to.deep.equal(evaluatedNow?.results);
    expect(fromReport?.metadata.annotations?.['vigil.dev/digest']).to.equal(evaluatedNow?.metadata.annotations?.['vigil.dev/digest']);
  });

  it('gives the first report again when the exception is gone, with the same identities and times', () => {
    const first = built();
    const again = apply(stored(apply(first, covering)), none);
    expect(ids(again)).to.deep.equal(ids(first));
    expect(again?.results).to.deep.equal(first.results);
    expect(ledgerOf(again)).to.deep.equal(ledgerOf(first));
  });

  it('writes nothing if nothing changes', () => {
    expect(apply(built(), none)).to.equal(undefined);
    expect(apply(stored(apply(built(), covering)), covering)).to.equal(undefined);
  });

  it('keeps the time of a failure that was covered and is evaluated again without the exception', () => {
    const again = buildReport(input({ existing: stored(apply(built(), covering)), seconds: 9000, waivers: { set: none, now } }));
    expect(resultOf(again, 'host-pid')?.timestamp?.seconds).to.equal(1000);
  });

  it('applies to policies that are not evaluated now too, and counts them again', () => {
    const both = built({
      policies: [evaluated(), evaluated('other')],
      results: [finding('host-pid'), finding('host-pid', { policy: 'other' })],
    });
    const again = buildReport(input({ existing: both, results: [], waivers: { set: covering, now } }));
    expect(ledgerOf(again)['other']).to.deep.include({
      failing: { critical: 0, high: 0, medium: 0, low: 0 },
      exceptions: { 'shop/legacy': [1, 0] },
    });
  });

  it('keeps counting results that are not listed', () => {
    const many = Array.from({ length: 4000 }, (_, index) => finding(`check-${index}`, { severity: 'low', message: 'x'.repeat(400) }));
    const large = built({ results: [finding('host-pid'), ...many] });
    const failing = ledgerOf(large)['baseline']?.failing;
    const applied = ledgerOf(apply(large, covering))['baseline'];
    expect(ledgerOf(large)['baseline']?.omitted).to.be.above(0);
    expect(applied?.failing).to.deep.equal({ ...failing, high: 0 });
    expect(applied?.omitted).to.equal(ledgerOf(large)['baseline']?.omitted);
  });

  it('covers a failure in one of several containers only if the exception names all of them', () => {
    const set = setOf([exception({ checks: [{ name: 'host-pid' }], targets: [{ containers: ['app'] }] }, { namespace: 'shop' })]);
    const report = (containers: string[], elsewhere = false): PolicyReport =>
      built({ results: [finding('host-pid', { containers, ...(elsewhere ? { elsewhere } : {}) })] });
    expect(resultOf(apply(report(['app']), set), 'host-pid')?.result).to.equal('skip');
    expect(apply(report(['app', 'mesh']), set)).to.equal(undefined);
    expect(apply(report(['app'], true), set)).to.equal(undefined);
  });

  it('covers a failure in many containers with long names', () => {
    const names = Array.from({ length: 60 }, (_, index) => `container-${index}-${'x'.repeat(45)}`);
    const set = setOf([exception({ checks: [{ name: 'host-pid' }], targets: [{ containers: names }] }, { namespace: 'shop' })]);
    const report = built({ results: [finding('host-pid', { containers: names })] });
    expect(resultOf(apply(report, set), 'host-pid')?.result).to.equal('skip');
  });

  it('tells at the failure why a policy refuses the exception', () => {
    const set = setOf([exception({ checks: [{ name: 'host-pid' }] }, { namespace: 'shop' })], { allow: 'None' });
    const report = apply(built(), set);
    expect(resultOf(report, 'host-pid')?.result).to.equal('fail');
    expect(resultOf(report, 'host-pid')?.properties).to.include({
      exceptionRefused: 'shop/legacy: SecurityPolicy/baseline: exceptions.allow is None',
    });
    expect(ledgerOf(report)['baseline']?.exceptions).to.deep.equal({ 'shop/legacy': [0, 1] });
  });

  it('does not rewrite a report whose covered result is not listed', () => {
    const many = Array.from({ length: 4000 }, (_, index) => finding(`check-${index}`, { severity: 'low', message: 'x'.repeat(400) }));
    const large = built({ results: [...many, finding('host-pid', { severity: 'low' })], waivers: { set: covering, now } });
    expect(resultOf(large, 'host-pid')).to.equal(undefined);
    expect(ledgerOf(large)['baseline']?.exceptions).to.deep.equal({ 'shop/legacy': [1, 0] });
    expect(apply(large, covering)).to.equal(undefined);
  });

  it('keeps a covered failure as stale if its check cannot be evaluated any more', () => {
    const covered = built({ waivers: { set: covering, now } });
    const results = [finding('host-pid', { verdict: 'error' }), finding('host-ipc')];
    const again = buildReport(input({ existing: covered, results, waivers: { set: covering, now } }));
    const kept = again?.results?.filter(({ rule }) => rule === 'host-pid') ?? [];
    expect(kept.map(({ result, properties }) => `${result ?? ''} ${properties?.['stale'] ?? ''}`).toSorted()).to.deep.equal([
      'error ',
      'skip true',
    ]);
  });

  it('counts an exception of any name', () => {
    const set = setOf([exception({ checks: [{ name: 'host-pid' }] }, { namespace: undefined as never, name: 'constructor' })]);
    expect(ledgerOf(apply(built(), set))['baseline']).to.deep.include({ exceptions: { constructor: [1, 0] } });
  });

  it('reads its own counts back', () => {
    const report = stored(apply(built(), covering));
    expect(priorReport(report).intact).to.equal(true);
  });
});
