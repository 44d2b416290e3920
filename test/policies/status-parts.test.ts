import { expect } from 'chai';
import type { ImagesStatus, SecurityPolicyStatus } from '../../operator/api/kinds/policy-status.ts';
import { configurationFields, configurationOf } from '../../operator/policies/configuration-part.ts';
import { coveragePercent, statusTotals } from '../../operator/policies/status-totals.ts';

const summary = { pass: 10, fail: 2, warn: 0, error: 0, skip: 1 };
const failing = { critical: 0, high: 2, medium: 0, low: 0 };
const coverage = { inScope: 4, scanned: 4, failed: 0, skipped: 0, excludedNamespaces: 3 };
const whole = {
  scan: 's',
  generation: 2,
  revision: '2-a',
  time: Date.parse('2026-01-02T00:00:00Z'),
  coverage,
  frameworks: [],
  uncovered: [],
  excludedNamespaces: ['kube-system', 'kube-public'],
  unmatchedNamespaces: ['shpo'],
};
const images: ImagesStatus = {
  evaluatedGeneration: 2,
  lastScanTime: '2026-01-02T00:00:00Z',
  summary: { pass: 1, fail: 5, warn: 0, error: 0, skip: 0 },
  failing: { critical: 5, high: 0, medium: 0, low: 0 },
  coverage: { inScope: 3, scanned: 1, failed: 1, skipped: 0, waiting: 1 },
};

describe('configurationFields and statusTotals', () => {
  it('writes the whole configuration part after a scan of the whole scope, with the excluded namespaces', () => {
    expect(configurationFields(undefined, { summary, failing, whole })).to.deep.equal({
      configuration: {
        evaluatedGeneration: 2,
        evaluatedRevision: '2-a',
        lastScan: 's',
        lastScanTime: '2026-01-02T00:00:00Z',
        summary,
        failing,
        coverage,
        excludedNamespaces: ['kube-public', 'kube-system'],
        unmatchedNamespaces: ['shpo'],
      },
      frameworks: [],
    });
  });

  it('lists at most 20 entries of what was not covered, and no empty list', () => {
    const names = Array.from({ length: 21 }, (_, index) => `n${String(index).padStart(2, '0')}`);
    const lists = { uncovered: names, excludedNamespaces: names, unmatchedNamespaces: names, unevaluatedRules: names };
    const some = configurationFields(undefined, { summary, failing, whole: { ...whole, ...lists } }).configuration;
    for (const field of Object.keys(lists)) expect(some, field).to.have.property(field).that.deep.equals(names.slice(0, 20));
    const none = { uncovered: [], excludedNamespaces: [], unmatchedNamespaces: [], unevaluatedRules: [] };
    const empty = configurationFields(undefined, { summary, failing, whole: { ...whole, ...none } }).configuration;
    expect(empty).not.to.have.any.keys(...Object.keys(none), 'failure', 'excepted');
  });

  it('replaces the failures that exceptions cover, also by none', () => {
    const excepted = { critical: 0, high: 1, medium: 0, low: 0 };
    const before = configurationFields(undefined, { summary, failing, excepted, whole });
    expect(before.configuration?.excepted).to.deep.equal(excepted);
    expect(configurationFields(before, { summary, failing }).configuration).not.to.have.property('excepted');
    expect(configurationFields(before, { summary, failing, excepted: failing }).configuration?.excepted).to.deep.equal(failing);
    const { configuration } = before;
    expect(statusTotals({ configuration, images: { ...images, excepted: failing } }).excepted).to.deep.equal({ ...excepted, high: 3 });
    expect(statusTotals({ configuration, images }).excepted).to.deep.equal(excepted);
    expect(statusTotals({ images })).not.to.have.property('excepted');
  });

  it('updates only the counts after an on-change evaluation', () => {
    const before: SecurityPolicyStatus = {
      ...configurationFields(undefined, { summary, failing, whole }),
      images,
      summary: images.summary,
    };
    const after = configurationFields(before, { summary: { ...summary, fail: 0 }, failing: { ...failing, high: 0 } });
    expect(after).to.deep.equal({
      configuration: { ...before.configuration, summary: { ...summary, fail: 0 }, failing: { ...failing, high: 0 } },
      frameworks: [],
    });
  });

  it('keeps the generation and the time of the last verdicts after a scan that evaluated nothing, with the reason', () => {
    const before = configurationFields(undefined, { summary, failing, whole });
    const nothing = { ...coverage, scanned: 0, failed: 4 };
    const failed = {
      ...whole,
      scan: 't',
      generation: 3,
      revision: '3-a',
      time: whole.time + 1000,
      coverage: nothing,
      failure: 'DeadlineExceeded: slow',
    };
    const { configuration } = configurationFields(before, { summary, failing, whole: failed });
    expect(configuration).to.deep.include({
      evaluatedGeneration: 2,
      evaluatedRevision: '2-a',
      lastScanTime: '2026-01-02T00:00:00Z',
      lastScan: 't',
      failure: 'DeadlineExceeded: slow',
      coverage: nothing,
    });
    const never = configurationFields(undefined, { summary, failing, whole: failed }).configuration ?? {};
    expect([Object.hasOwn(never, 'evaluatedGeneration'), Object.hasOwn(never, 'lastScanTime')]).to.deep.equal([false, false]);
  });

  it('keep the states of framework requirements if a scan evaluated no target', () => {
    const row = { name: 'nsa', version: '1.2', passed: 1, failed: 10, manual: 8, notEvaluated: 0, excepted: 0 };
    const frameworks = [{ ...row, lastEvaluatedTime: '2026-01-02T00:00:00Z' }];
    const before = configurationFields(undefined, { summary, failing, whole: { ...whole, frameworks } });
    const unknown = [{ ...row, passed: 0, failed: 0, notEvaluated: 11, lastEvaluatedTime: '2026-01-03T00:00:00Z' }];
    const failed = { ...whole, scan: 't', coverage: { ...coverage, scanned: 0, failed: 4 }, frameworks: unknown };
    expect(configurationFields(before, { summary, failing, whole: failed }).frameworks).to.deep.equal(frameworks);
    expect(configurationFields(undefined, { summary, failing, whole: failed }).frameworks).to.deep.equal(unknown);
  });

  it('computes the totals as sums of the parts', () => {
    const { configuration } = configurationFields(undefined, { summary, failing, whole });
    expect(statusTotals({ configuration, images })).to.deep.equal({
      evaluatedGeneration: 2,
      evaluatedRevision: '2-a',
      lastScan: 's',
      lastScanTime: '2026-01-02T00:00:00Z',
      summary: { pass: 11, fail: 7, warn: 0, error: 0, skip: 1 },
      failing: { critical: 5, high: 2, medium: 0, low: 0 },
      coverage: { inScope: 7, scanned: 5, failed: 1, skipped: 0, excludedNamespaces: 3 },
    });
    expect(statusTotals({ images })).to.deep.equal({
      summary: images.summary,
      failing: images.failing,
      coverage: { inScope: 3, scanned: 1, failed: 1, skipped: 0, excludedNamespaces: 0 },
    });
    expect(statusTotals({})).to.deep.equal({});
  });

  it('computes the configuration part from the totals of an older version, once', () => {
    const legacy: SecurityPolicyStatus = {
      evaluatedGeneration: 2,
      lastScan: 's',
      lastScanTime: '2026-01-02T00:00:00Z',
      uncovered: ['widgets'],
      ...statusTotals({ ...configurationFields(undefined, { summary, failing, whole }), images }),
      images,
    };
    expect(configurationOf(legacy)).to.deep.equal({
      evaluatedGeneration: 2,
      lastScan: 's',
      lastScanTime: '2026-01-02T00:00:00Z',
      summary,
      failing,
      coverage,
      uncovered: ['widgets'],
    });
    const { uncovered: _uncovered, evaluatedGeneration: _generation, coverage: _coverage, ...less } = legacy;
    expect(configurationOf(less)).to.deep.equal({ lastScan: 's', lastScanTime: '2026-01-02T00:00:00Z', summary, failing });
    // A count of images that is higher than the total, as after a write in between, gives no negative count.
    const { pass } = images.summary;
    expect(configurationOf({ ...legacy, summary: { ...summary, pass: pass - 1 } })?.summary.pass).to.equal(0);
    const { images: _images, ...alone } = legacy;
    expect(configurationOf(alone)?.summary).to.deep.equal(legacy.summary);
    expect(configurationOf({ ...legacy, lastScan: undefined })).to.equal(undefined);
    const known = { summary: images.summary, failing };
    expect(configurationOf({ ...legacy, configuration: known })).to.equal(known);
    expect([configurationOf({}), configurationOf(undefined), configurationOf({ summary, failing })]).to.deep.equal([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('reports less than 100% when something was not evaluated, and 0% when nothing is in scope', () => {
    expect([
      coveragePercent(coverage, true),
      coveragePercent(coverage, false),
      coveragePercent({ ...coverage, inScope: 1000, scanned: 999 }, true),
      coveragePercent({ ...coverage, scanned: 1 }, false),
      coveragePercent({ ...coverage, inScope: 0, scanned: 0 }, true),
      coveragePercent({ ...coverage, inScope: 0, scanned: 0 }, false),
    ]).to.deep.equal(['100%', '99%', '99%', '25%', '0%', '0%']);
  });
});
