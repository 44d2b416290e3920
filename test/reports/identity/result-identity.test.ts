import { expect } from 'chai';
import { withIdentities } from '../../../operator/reports/identity/result-identity.ts';
import type { ReportResult } from '../../../operator/api/kinds/policy-report.ts';
import fc from 'fast-check';
import type { Finding } from '../../../operator/findings/finding.ts';
import { buildReport } from '../../../operator/reports/building/report-builder.ts';
import { built, finding, ids, input, stored, target } from '../building/report-samples.ts';

const cve = (container: string, properties: Readonly<Record<string, string>> = {}): Finding =>
  finding('CVE-2026-1', { properties: { container, image: 'app@sha256:1', package: 'openssl', installed: '3.0.1', ...properties } });

describe('the identity of a result', () => {
  it('differs for two containers with the same image', () => {
    const report = built({ results: [cve('main'), cve('sidecar')] });
    expect(new Set(ids(report)).size).to.equal(2);
  });

  it('is unique within a report', () => {
    const some = fc.record({
      check: fc.constantFrom('CVE-1', 'CVE-2', 'rule'),
      verdict: fc.constantFrom('fail' as const, 'error' as const, 'skip' as const),
      properties: fc.dictionary(
        fc.constantFrom('container', 'package', 'installed', 'file', 'line', 'platform'),
        fc.constantFrom('1', '2'),
      ),
    });
    fc.assert(
      fc.property(fc.array(some, { maxLength: 12 }), (all) => {
        const found = ids(buildReport(input({ results: all.map(({ check, ...change }) => finding(check, change)) })));
        expect(new Set(found).size).to.equal(all.length);
        expect(found.every((id) => id !== undefined && id !== '')).to.equal(true);
      }),
    );
  });

  it('does not change with other results, the message, the severity, the pod or the version', () => {
    const first = built({ results: [cve('main')] });
    const [id] = ids(first);
    const changes: readonly Partial<Finding>[] = [
      { message: 'in other words' },
      { severity: 'low' },
      { properties: { ...cve('main').properties, installed: '3.0.2' } },
      { pod: 'cart-7d4b' },
    ];
    for (const change of changes) {
      const next = buildReport(input({ existing: first, seconds: 2000, results: [{ ...cve('main'), ...change }, finding('host-pid')] }));
      expect(next?.results?.find(({ rule }) => rule === 'CVE-2026-1')?.properties?.['resultID']).to.equal(id);
    }
  });

  it('changes when the finding appears again, when the verdict changes, and for another object', () => {
    const first = built({ results: [cve('main')] });
    const gone = stored(buildReport(input({ existing: first, results: [], seconds: 2000 })));
    const back = buildReport(input({ existing: gone, results: [cve('main')], seconds: 3000 }));
    const excused = buildReport(input({ existing: first, results: [{ ...cve('main'), verdict: 'skip' }], seconds: 1000 }));
    const elsewhere = buildReport(input({ target: { ...target, uid: 'other' }, results: [cve('main')] }));
    expect(new Set([first, back, excused, elsewhere].flatMap((report) => ids(report))).size).to.equal(4);
  });

  it('exists for the notice of omitted results', () => {
    const report = buildReport(
      input({ results: Array.from({ length: 2000 }, (_, n) => finding(`rule-${n}`, { message: 'm'.repeat(900) })) }),
    );
    expect(report?.results?.at(-1)).to.deep.include({ rule: 'truncated' });
    expect(new Set(ids(report)).size).to.equal(report?.results?.length);
  });
});

describe('the numbers of results of one finding', () => {
  const scope = { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: 'cart', uid: 'u' };
  const idsByMessage = (results: readonly ReportResult[]): string[] =>
    withIdentities(scope, results)
      .toSorted((a, b) => ((a.message ?? '') < (b.message ?? '') ? -1 : 1))
      .map(({ properties }) => properties?.['resultID']?.split('-')[1] ?? '1');

  for (const property of ['pod', 'installed', 'line', 'platform', 'path'])
    it(`are in the order of the property ${property}, whatever the order of the results`, () => {
      const base = { source: 'vigil', policy: 'web', rule: 'V-1', result: 'fail' as const };
      const results = [
        { ...base, message: 'x', properties: { [property]: 'b' } },
        { ...base, message: 'y', properties: { [property]: 'a' } },
      ];
      expect([idsByMessage(results), idsByMessage(results.toReversed())]).to.deep.equal([
        ['2', '1'],
        ['2', '1'],
      ]);
    });
});
