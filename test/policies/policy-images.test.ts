import { expect } from 'chai';
import type { ImagesStatus, SecurityPolicy, SecurityPolicySpec, SecurityPolicyStatus } from '../../operator/api/security-policy.ts';
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

interface News {
  readonly findings?: PolicyFindings;
  readonly images?: ImagesStatus;
}
/** The status after these were told, one after the other. */
function told(news: readonly News[], of = policy(), at = now): SecurityPolicyStatus {
  const first = of.status ?? {};
  return news.reduce<SecurityPolicyStatus>((status, { findings, images: looked }) => {
    const renewed = looked && updatedImagesStatus({ ...of, status }, looked);
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
const inspection = { problems: [], checks: 1, unserved: [] };
const condition = ({ conditions = [] }: SecurityPolicyStatus, wanted: string): string => {
  const { status, reason, message } = conditions.find(({ type }) => type === wanted) ?? { status: '', reason: '', message: '' };
  return `${status} ${reason}${message === '' ? '' : `: ${message}`}`;
};

describe('the status of a SecurityPolicy that asks about images', () => {
  const whole = { findings: scan() };
  const compliant: Readonly<Record<string, readonly [news: readonly News[], expected: string]>> = {
    'is unknown before images were looked into': [
      [whole],
      'Unknown NeverScanned: the images that run in scope were not scanned for this policy yet',
    ],
    'is unknown before a scan, whatever is known of images': [
      [{ images: images() }],
      'Unknown NeverScanned: no scan has evaluated this policy yet',
    ],
    'is true when both are known, and nothing fails': [[whole, { images: images() }], 'True Passing: 12 checks pass'],
    'is true whichever of the two was told last': [[{ images: images() }, whole], 'True Passing: 12 checks pass'],
    'is false with a failure in an image': [[whole, { images: images(bad(2)) }], 'False Failing: failing: 2 high'],
    'is false with a failure outside of images before these are known': [
      [{ findings: scan({ failing: { ...none, low: 1 } }) }],
      'False Failing: failing: 1 low',
    ],
    'adds up the failures of both': [
      [{ findings: scan({ failing: { ...none, high: 1 } }) }, { images: images(bad(2)) }],
      'False Failing: failing: 3 high',
    ],
    'is false with a failure even while other images wait': [
      [whole, { images: images({ ...bad(2), coverage: { inScope: 3, scanned: 1, failed: 0, skipped: 0, waiting: 2 } }) }],
      'False Failing: failing: 2 high',
    ],
    'is unknown while an image waits, and names it': [
      [
        whole,
        {
          images: images({
            coverage: { inScope: 3, scanned: 2, failed: 0, skipped: 0, waiting: 1 },
            uncovered: ['image r/a@a: waits to be looked into'],
          }),
        },
      ],
      'Unknown Incomplete: 1 image waits to be scanned; image r/a@a: waits to be looked into',
    ],
    'is unknown while an image could not be looked into, and says why': [
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
    'is unknown where a report was refused': [
      [whole, { images: images({ uncovered: ['the report about the images of Deployment shop/web was refused: no'] }) }],
      'Unknown Incomplete: the report about the images of Deployment shop/web was refused: no',
    ],
    'is true beside an image that no pod has run': [
      [whole, { images: images({ coverage: { inScope: 3, scanned: 2, failed: 0, skipped: 1, waiting: 0 } }) }],
      'True Passing: 12 checks pass',
    ],
    'is unknown when images were looked into for another generation, and what these found does not count': [
      [whole, { images: images({ ...bad(2), evaluatedGeneration: 0 }) }],
      'Unknown Stale: the verdicts about images are of generation 0; generation 1 was not evaluated yet',
    ],
  };
  for (const [name, [news, expected]] of Object.entries(compliant))
    it(`says Compliant ${name}`, () => expect(condition(told(news), 'Compliant')).to.equal(expected));

  it('fails only from the severity on that compliance.failOn names', () => {
    const lenient = policy(undefined, { images: { secrets: {} }, compliance: { failOn: 'critical' } });
    expect(condition(told([whole, { images: images(bad(2)) }], lenient), 'Compliant')).to.equal(
      'True Passing: 11 checks pass, 2 fail below compliance.failOn',
    );
    expect(condition(told([whole, { images: images(bad(2, 'critical')) }], lenient), 'Compliant')).to.match(/^False Failing/);
  });

  it('names five of the images that were not looked into, and where more are', () => {
    const uncovered = Array.from({ length: 7 }, (_, index) => `image ${index}: no`);
    const coverage = { inScope: 7, scanned: 0, failed: 7, skipped: 0, waiting: 0 };
    const covered = condition(told([whole, { images: images({ coverage, uncovered }) }]), 'Covered');
    expect(covered).to.equal(
      'False Incomplete: 7 of 7 images could not be scanned; image 0: no; image 1: no; image 2: no; image 3: no; image 4: no; and more, see status.images.uncovered',
    );
  });

  it('is stale when either of the two is too old', () => {
    const later = (scanned: number, looked: number): string[] => {
      const status = told([
        { findings: scan({ whole: { ...(scan().whole as NonNullable<PolicyFindings['whole']>), time: now - scanned * hour } }) },
        { images: images({ lastScanTime: new Date(now - looked * hour).toISOString().replace('.000Z', 'Z') }) },
      ]);
      return ['Fresh', 'Compliant'].map((type) => condition(status, type).split(':')[0] ?? '');
    };
    expect(later(25, 25)).to.deep.equal(['True Scanned', 'True Passing']);
    expect(later(27, 1)).to.deep.equal(['False Stale', 'Unknown Stale']);
    expect(later(1, 27)).to.deep.equal(['False Stale', 'Unknown Stale']);
  });

  it('counts images beside all else, and neither of the two wipes the other', () => {
    const found = images({ ...bad(2), coverage: { inScope: 3, scanned: 1, failed: 1, skipped: 1, waiting: 0 } });
    const status = told([whole, { images: found }]);
    expect(status.summary).to.deep.equal({ pass: 11, fail: 2, warn: 0, error: 0, skip: 1 });
    expect(status.failing).to.deep.equal({ ...none, high: 2 });
    expect(status.coverage).to.deep.equal({ inScope: 7, scanned: 5, failed: 1, skipped: 1, excludedNamespaces: 1 });
    expect(status.coveragePercent).to.equal('71%');
    const again = { summary: { pass: 7, fail: 3, warn: 0, error: 0, skip: 1 }, failing: { ...none, low: 3 } };
    const part = told([{ findings: again }], policy(status));
    expect([part.summary, part.failing, part.coverage]).to.deep.equal([
      { pass: 8, fail: 5, warn: 0, error: 0, skip: 1 },
      { ...none, high: 2, low: 3 },
      status.coverage,
    ]);
    const mended = told([{ images: images() }], policy(part));
    expect([mended.summary, mended.failing]).to.deep.equal([{ pass: 9, fail: 3, warn: 1, error: 0, skip: 2 }, again.failing]);
    expect(mended.configuration).to.deep.include({ ...again, coverage: whole.findings.whole?.coverage });
    expect(told([{ images: images() }, whole, { images: found }])).to.deep.equal(status);
  });

  it('is as a scan left it once the policy asks about images no more', () => {
    const status = told([whole, { images: images(bad(2)) }]);
    expect(told([{}], policy(status, {}))).to.deep.equal(told([whole], policy(undefined, {})));
  });

  it('stays the same to the letter while nothing is news', () => {
    const status = told([whole, { images: images(bad(2)) }]);
    const at = now + hour;
    const again = told([{ images: images({ ...bad(2), lastScanTime: '2026-01-02T01:00:00Z' }) }, {}], policy(status), at);
    expect(again).to.deep.equal(status);
  });
});

describe('what a status says of images', () => {
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

  it('is what the reports hold, for the generation that asked, with a bounded number of lines of bounded length', () => {
    const entry = (): { seen: number; failure: object } => ({
      seen: 0,
      failure: { reason: 'x'.repeat(400), step: 'match', at: 0, attempts: 1 },
    });
    const known = { entry: entry as never, database: true };
    const status = imagesStatus({ asked, known, totals, refused: ['a report was refused'], listedAt: now - 5000, now: now + 1 });
    expect(status).to.deep.include({ evaluatedGeneration: 3, lastScanTime: '2026-01-02T00:00:00Z', ...totals });
    expect(status.coverage).to.deep.equal({ inScope: 25, scanned: 0, failed: 25, skipped: 0, waiting: 0 });
    expect(status.uncovered).to.have.length(20);
    expect([status.uncovered?.[0], status.uncovered?.[1]?.length, status.uncovered?.at(-1)]).to.deep.equal([
      'a report was refused',
      300,
      'and 7 more, see the reports with source vigil-images',
    ]);
  });

  it('keeps since when all was looked into by its generation, whatever waits later', () => {
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
          asked: { ...asked, targets },
          known: { entry: () => undefined, database: true },
          totals,
          refused: [],
          listedAt: now - 5000,
          now,
        },
      }).evaluatedSince;
    expect([since([]), since(asked.targets)]).to.deep.equal(['2026-01-01T23:59:55Z', undefined]);
  });

  it('is renewed when it changed, and else only after half of maxAge', () => {
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
