import { expect } from 'chai';
import type { ImagesStatus, SecurityPolicyStatus } from '../../operator/api/kinds/policy-status.ts';
import type { SecurityPolicy, SecurityPolicySpec } from '../../operator/api/kinds/security-policy.ts';
import { imagesStatus } from '../../operator/images/images-status.ts';
import { configurationFields, type PolicyFindings } from '../../operator/policies/configuration-part.ts';
import { policyStatus } from '../../operator/policies/policy-status.ts';
import { updatedImagesStatus } from '../../operator/policies/images-part.ts';

const hour = 3_600_000;
const now = Date.parse('2026-01-02T00:00:00Z');
const none = { critical: 0, high: 0, medium: 0, low: 0 };
const scan = (change: Partial<PolicyFindings> = {}): PolicyFindings => ({
  summary: { pass: 10, fail: 0, warn: 0, error: 0, skip: 1 },
  failing: none,
  whole: {
    scan: 's',
    generation: 1,
    revision: '1-a',
    time: now,
    coverage: { inScope: 4, scanned: 4, failed: 0, skipped: 0, excludedNamespaces: 1 },
    frameworks: [],
    uncovered: [],
  },
  ...change,
});
const images = (change: Partial<ImagesStatus> = {}): ImagesStatus => ({
  evaluatedGeneration: 1,
  lastScanTime: '2026-01-02T00:00:00Z',
  summary: { pass: 2, fail: 0, warn: 1, error: 0, skip: 1 },
  failing: none,
  coverage: { inScope: 3, scanned: 3, failed: 0, skipped: 0, waiting: 0 },
  ...change,
});
const bad = (count: number, severity: keyof typeof none = 'high'): Pick<ImagesStatus, 'summary' | 'failing'> => ({
  summary: { pass: 1, fail: count, warn: 0, error: 0, skip: 0 },
  failing: { ...none, [severity]: count },
});
const policy = (status?: SecurityPolicyStatus, spec: SecurityPolicySpec = { images: { secrets: {} } }, generation = 1): SecurityPolicy => ({
  metadata: { name: 'p', uid: 'u', generation },
  spec,
  ...(status ? { status } : {}),
});

interface PartResults {
  readonly findings?: PolicyFindings;
  readonly images?: ImagesStatus;
}
/** The status after these results were written, one after the other. */
function statusAfter(results: readonly PartResults[], of = policy(), at = now): SecurityPolicyStatus {
  const first = of.status ?? {};
  return results.reduce<SecurityPolicyStatus>((status, { findings, images: scanned }) => {
    const renewed = scanned && updatedImagesStatus({ ...of, status }, scanned);
    const parts = { ...status, ...(findings && configurationFields(status, findings)), ...(renewed && { images: renewed }) };
    return policyStatus({
      policy: { ...of, status: parts },
      inspection,
      revision: `${of.metadata.generation}-a`,
      schedules: [],
      scans: [],
      now: at,
    });
  }, first);
}
const inspection = { problems: [], checks: 1, unserved: [], unmatched: [] };
const condition = ({ conditions = [] }: SecurityPolicyStatus, wanted: string): string => {
  const { status, reason, message } = conditions.find(({ type }) => type === wanted) ?? { status: '', reason: '', message: '' };
  return `${status} ${reason}${message === '' ? '' : `: ${message}`}`;
};

describe('policyStatus of a policy with spec.images', () => {
  const whole = { findings: scan() };
  const compliant: Readonly<Record<string, readonly [results: readonly PartResults[], expected: string]>> = {
    'to Unknown before the first image scan': [
      [whole],
      'Unknown NeverScanned: the images in scope have not been scanned for this policy yet',
    ],
    'to Unknown before the first Scan, with results for images': [
      [{ images: images() }],
      'Unknown NeverScanned: no scan has evaluated this policy yet',
    ],
    'to True when both parts have results and nothing fails': [[whole, { images: images() }], 'True Passing: 12 checks pass'],
    'to True when the configuration part is written last': [[{ images: images() }, whole], 'True Passing: 12 checks pass'],
    'to False with a failure in an image': [[whole, { images: images(bad(2)) }], 'False Failing: failing: 2 high'],
    'to False with a failure in the configuration before the first image scan': [
      [{ findings: scan({ failing: { ...none, low: 1 } }) }],
      'False Failing: failing: 1 low',
    ],
    'to False with the sum of failures of both parts': [
      [{ findings: scan({ failing: { ...none, high: 1 } }) }, { images: images(bad(2)) }],
      'False Failing: failing: 3 high',
    ],
    'to False with a failure while other images wait': [
      [whole, { images: images({ ...bad(2), coverage: { inScope: 3, scanned: 1, failed: 0, skipped: 0, waiting: 2 } }) }],
      'False Failing: failing: 2 high',
    ],
    'to Unknown while an image waits, and names the image': [
      [
        whole,
        {
          images: images({
            coverage: { inScope: 3, scanned: 2, failed: 0, skipped: 0, waiting: 1 },
            uncovered: ['image r/a@a: waits for a scan'],
          }),
        },
      ],
      'Unknown Incomplete: 1 image waits to be scanned; image r/a@a: waits for a scan',
    ],
    'to Unknown when an image could not be scanned, with the reason': [
      [
        whole,
        {
          images: images({
            coverage: { inScope: 3, scanned: 2, failed: 1, skipped: 0, waiting: 0 },
            uncovered: ['image r/a@a: no space'],
          }),
        },
      ],
      'Unknown Incomplete: 1 of 3 images could not be scanned; image r/a@a: no space',
    ],
    'to Unknown when the API server refused a report': [
      [whole, { images: images({ uncovered: ['the image report of Deployment shop/web was refused: no'] }) }],
      'Unknown Incomplete: the image report of Deployment shop/web was refused: no',
    ],
    'to True with an image that no pod has run': [
      [whole, { images: images({ coverage: { inScope: 3, scanned: 2, failed: 0, skipped: 1, waiting: 0 } }) }],
      'True Passing: 12 checks pass',
    ],
    'to Unknown when the images were scanned for another generation, and ignores their failures': [
      [whole, { images: images({ ...bad(2), evaluatedGeneration: 0 }) }],
      'Unknown Stale: the verdicts for images are for generation 0; generation 1 has not been evaluated yet',
    ],
  };
  for (const [name, [results, expected]] of Object.entries(compliant))
    it(`sets Compliant ${name}`, () => expect(condition(statusAfter(results), 'Compliant')).to.equal(expected));

  it('ignores failures below spec.compliance.failOn', () => {
    const lenient = policy(undefined, { images: { secrets: {} }, compliance: { failOn: 'critical' } });
    expect(condition(statusAfter([whole, { images: images(bad(2)) }], lenient), 'Compliant')).to.equal(
      'True Passing: 11 checks pass, 2 fail with a severity below spec.compliance.failOn',
    );
    expect(condition(statusAfter([whole, { images: images(bad(2, 'critical')) }], lenient), 'Compliant')).to.match(/^False Failing/);
  });

  it('names at most five images that were not scanned, and the field with the others', () => {
    const uncovered = Array.from({ length: 7 }, (_, index) => `image ${index}: no`);
    const coverage = { inScope: 7, scanned: 0, failed: 7, skipped: 0, waiting: 0 };
    const covered = condition(statusAfter([whole, { images: images({ coverage, uncovered }) }]), 'Covered');
    expect(covered).to.equal(
      'False Incomplete: 7 of 7 images could not be scanned; image 0: no; image 1: no; image 2: no; image 3: no; image 4: no; see status.images.uncovered for more',
    );
  });

  it('sets Fresh to False when one of the two parts is too old', () => {
    const later = (scanned: number, looked: number): string[] => {
      const status = statusAfter([
        { findings: scan({ whole: { ...(scan().whole as NonNullable<PolicyFindings['whole']>), time: now - scanned * hour } }) },
        { images: images({ lastScanTime: new Date(now - looked * hour).toISOString().replace('.000Z', 'Z') }) },
      ]);
      return ['Fresh', 'Compliant'].map((type) => condition(status, type).split(':')[0] ?? '');
    };
    expect(later(25, 25)).to.deep.equal(['True Scanned', 'True Passing']);
    expect(later(27, 1)).to.deep.equal(['False Stale', 'Unknown Stale']);
    expect(later(1, 27)).to.deep.equal(['False Stale', 'Unknown Stale']);
  });

  it('names the part whose verdicts are too old, and both before the first image scan', () => {
    const old = { images: images({ lastScanTime: '2026-01-01T00:00:00Z' }) };
    expect(condition(statusAfter([whole, old], policy(undefined, { images: { secrets: {} }, maxAge: '2h' })), 'Fresh')).to.equal(
      'False Stale: the last verdicts for images are from 2026-01-01T00:00:00Z, older than spec.maxAge (2h)',
    );
    const both = ['Fresh', 'Covered'].map((type) => condition(statusAfter([whole]), type));
    expect(both).to.deep.equal(Array(2).fill('Unknown NeverScanned: the images in scope have not been scanned for this policy yet'));
    expect(statusAfter([whole]).conditions?.map(({ type }) => type)).to.deep.equal(
      statusAfter([whole, { images: images() }]).conditions?.map(({ type }) => type),
    );
  });

  it('adds the counts of both parts, and keeps each part when the other is written', () => {
    const found = images({ ...bad(2), coverage: { inScope: 3, scanned: 1, failed: 1, skipped: 1, waiting: 0 } });
    const status = statusAfter([whole, { images: found }]);
    expect(status.summary).to.deep.equal({ pass: 11, fail: 2, warn: 0, error: 0, skip: 1 });
    expect(status.failing).to.deep.equal({ ...none, high: 2 });
    expect(status.coverage).to.deep.equal({ inScope: 7, scanned: 5, failed: 1, skipped: 1, excludedNamespaces: 1 });
    expect(status.coveragePercent).to.equal('71%');
    const again = { summary: { pass: 7, fail: 3, warn: 0, error: 0, skip: 1 }, failing: { ...none, low: 3 } };
    const part = statusAfter([{ findings: again }], policy(status));
    expect([part.summary, part.failing, part.coverage]).to.deep.equal([
      { pass: 8, fail: 5, warn: 0, error: 0, skip: 1 },
      { ...none, high: 2, low: 3 },
      status.coverage,
    ]);
    const mended = statusAfter([{ images: images() }], policy(part));
    expect([mended.summary, mended.failing]).to.deep.equal([{ pass: 9, fail: 3, warn: 1, error: 0, skip: 2 }, again.failing]);
    expect(mended.configuration).to.deep.include({ ...again, coverage: whole.findings.whole?.coverage });
    expect(statusAfter([{ images: images() }, whole, { images: found }])).to.deep.equal(status);
  });

  it('removes the images part when spec.images is removed', () => {
    const status = statusAfter([whole, { images: images(bad(2)) }]);
    expect(statusAfter([{}], policy(status, {}))).to.deep.equal(statusAfter([whole], policy(undefined, {})));
  });

  it('does not change without new results', () => {
    const status = statusAfter([whole, { images: images(bad(2)) }]);
    const at = now + hour;
    const again = statusAfter([{ images: images({ ...bad(2), lastScanTime: '2026-01-02T01:00:00Z' }) }, {}], policy(status), at);
    expect(again).to.deep.equal(status);
  });
});

describe('imagesStatus and updatedImagesStatus', () => {
  const totals = { summary: images().summary, failing: none };
  const asked = {
    policy: policy(undefined, undefined, 3),
    targets: [
      {
        workload: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
        containers: Array.from({ length: 25 }, (_, index) => ({
          container: 'main',
          reference: `web:${index}`,
          image: { digest: `d${index}`, reference: `r/web@${String(index).padStart(2, '0')}` },
        })),
      },
    ],
  };

  it('returns the totals of the reports for the evaluated generation, with bounded lists and texts', () => {
    const entry = (): { seen: number; failure: object } => ({
      seen: 0,
      failure: { reason: 'x'.repeat(400), step: 'match', at: 0, attempts: 1 },
    });
    const known = { entry: entry as never, database: true };
    const status = imagesStatus({
      policyTargets: asked,
      known,
      totals,
      refused: ['a report was refused'],
      listedAt: now - 5000,
      now: now + 1,
    });
    expect(status).to.deep.include({ evaluatedGeneration: 3, lastScanTime: '2026-01-02T00:00:00Z', ...totals });
    expect(status.coverage).to.deep.equal({ inScope: 25, scanned: 0, failed: 25, skipped: 0, waiting: 0 });
    expect(status.uncovered).to.have.length(20);
    expect([status.uncovered?.[0], status.uncovered?.[1]?.length, status.uncovered?.at(-1)]).to.deep.equal([
      'a report was refused',
      300,
      'and 7 more, see the reports with source vigil-images',
    ]);
  });

  it('keeps evaluatedSince of the generation when images wait later', () => {
    const first = images({ evaluatedSince: '2026-01-01T00:00:00Z' });
    const held = policy({ images: first });
    const waiting = { inScope: 4, scanned: 3, failed: 0, skipped: 0, waiting: 1 };
    expect(updatedImagesStatus(held, images({ coverage: waiting }))?.evaluatedSince).to.equal(first.evaluatedSince);
    expect(updatedImagesStatus(held, images({ ...bad(1), evaluatedSince: '2026-01-02T00:00:00Z' }))?.evaluatedSince).to.equal(
      first.evaluatedSince,
    );
    expect(updatedImagesStatus(held, images({ evaluatedGeneration: 2, coverage: waiting }))?.evaluatedSince).to.equal(undefined);
    const since = (targets: typeof asked.targets): string | undefined =>
      imagesStatus({
        ...{
          policyTargets: { ...asked, targets },
          known: { entry: () => undefined, database: true },
          totals,
          refused: [],
          listedAt: now - 5000,
          now,
        },
      }).evaluatedSince;
    expect([since([]), since(asked.targets)]).to.deep.equal(['2026-01-01T23:59:55Z', undefined]);
  });

  it('updates lastScanTime when the results change, and otherwise after half of maxAge', () => {
    const at = (hours: number, change: Partial<ImagesStatus> = {}): ImagesStatus =>
      images({ lastScanTime: new Date(now + hours * hour).toISOString().replace('.000Z', 'Z'), ...change });
    const before = images();
    const held = policy({ images: before });
    expect(updatedImagesStatus(held, at(12))).to.equal(before);
    expect(updatedImagesStatus(held, at(13))?.lastScanTime).to.equal('2026-01-02T13:00:00Z');
    expect(updatedImagesStatus(held, at(1, bad(1)))?.lastScanTime).to.equal('2026-01-02T01:00:00Z');
    expect(updatedImagesStatus(held, at(-1))).to.deep.equal(at(-1));
    expect(updatedImagesStatus(held, undefined)).to.equal(before);
    expect(updatedImagesStatus(policy(), at(1))).to.deep.equal(at(1));
    expect(updatedImagesStatus(policy(), undefined)).to.equal(undefined);
  });
});

describe('the conditions of a policy with images', () => {
  const whole = { findings: scan() };

  it('names what is missing of the images, and five of those that could not be scanned', () => {
    const covered = (change: Partial<ImagesStatus>): string | undefined =>
      statusAfter([whole, { images: images(change) }]).conditions?.find(({ type }) => type === 'Covered')?.message;
    const coverage = { inScope: 9, scanned: 6, failed: 1, skipped: 0, waiting: 2 };
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    expect(covered({ coverage, uncovered: names.slice(0, 5) })).to.equal(
      '1 of 9 images could not be scanned; 2 images wait to be scanned; a; b; c; d; e',
    );
    expect(covered({ coverage: { ...coverage, failed: 0, waiting: 1 }, uncovered: names })).to.equal(
      '1 image waits to be scanned; a; b; c; d; e; see status.images.uncovered for more',
    );
  });

  it('are not ready before they were scanned for the generation', () => {
    const ready = (evaluatedGeneration: number): string | undefined =>
      statusAfter([whole, { images: images({ evaluatedGeneration }) }]).conditions?.find(({ type }) => type === 'Ready')?.message;
    expect(ready(0)).to.equal('images have not been scanned for generation 1 yet');
    expect(ready(1)).to.equal('generation 1 was evaluated');
  });
});
