import { expect } from 'chai';
import type { ImagesStatus } from '../../operator/api/kinds/policy-status.ts';
import type { SecurityPolicy } from '../../operator/api/kinds/security-policy.ts';
import { noTotals, type PolicyTotals } from '../../operator/findings/policy-totals.ts';
import { imagesStatus } from '../../operator/images/images-status.ts';
import type { ImageTarget } from '../../operator/images/targets/image-targets.ts';

const policy = { metadata: { name: 'p', generation: 3 }, spec: { images: { secrets: {} } } } as SecurityPolicy;
const targets = (count: number, name = 'i'): ImageTarget[] => [
  {
    workload: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' },
    containers: Array.from({ length: count }, (_, index) => {
      const reference = `${name}${String(index).padStart(2, '0')}`;
      return { container: 'main', reference, image: { digest: reference, reference } };
    }),
  },
];
const found = { seen: 0, findings: { configMaps: [], database: 'db', databaseBuilt: '', at: 0 } };

interface Case {
  readonly images?: number;
  readonly name?: string;
  readonly scanned?: boolean;
  readonly refused?: readonly string[];
  readonly totals?: PolicyTotals;
}
const statusOf = ({ images = 1, name, scanned = false, refused = [], totals = noTotals }: Case): ImagesStatus =>
  imagesStatus({
    policyTargets: { policy, targets: targets(images, name) },
    known: { entry: () => (scanned ? found : undefined), database: true },
    ...{ totals, refused, listedAt: 1000, now: 61_000 },
  });

describe('imagesStatus', () => {
  it('has the totals, the coverage, and since when all images are scanned', () => {
    const totals = { ...noTotals, summary: { ...noTotals.summary, pass: 4 }, excepted: 2 } as unknown as PolicyTotals;
    expect(statusOf({ scanned: true, totals })).to.deep.equal({
      ...{ evaluatedGeneration: 3, lastScanTime: '1970-01-01T00:01:01Z', evaluatedSince: '1970-01-01T00:00:01Z' },
      ...{ summary: totals.summary, failing: noTotals.failing, excepted: 2 },
      coverage: { inScope: 1, scanned: 1, failed: 0, skipped: 0, waiting: 0 },
    });
  });

  it('does not say since when while an image waits, and names the image', () => {
    const status = statusOf({});
    expect(status).not.to.have.any.keys('evaluatedSince', 'excepted');
    expect(status.uncovered).to.deep.equal(['image i00: waiting to be scanned']);
  });

  it('names reports that were refused before images that are not scanned', () => {
    expect(statusOf({ refused: ['no quota'] }).uncovered).to.deep.equal(['no quota', 'image i00: waiting to be scanned']);
    expect(statusOf({ refused: ['no quota'], scanned: true }).uncovered).to.deep.equal(['no quota']);
  });

  it('has at most twenty lines, and counts the others', () => {
    expect(statusOf({ images: 20 }).uncovered).to.have.length(20);
    expect(statusOf({ images: 20 }).uncovered?.at(-1)).to.equal('image i19: waiting to be scanned');
    const { uncovered = [] } = statusOf({ images: 23 });
    expect([uncovered.length, uncovered[18], uncovered[19]]).to.deep.equal([
      20,
      'image i18: waiting to be scanned',
      'and 4 more, see the reports with source vigil-images',
    ]);
  });

  it('cuts a line after 300 characters, and no character in half', () => {
    const rest = ': waiting to be scanned'.length + 'image 00'.length;
    const whole = 'x'.repeat(300 - rest);
    expect(statusOf({ name: whole }).uncovered?.[0])
      .to.have.length(300)
      .and.to.match(/scanned$/);
    expect(statusOf({ name: `${whole}x` }).uncovered?.[0])
      .to.have.length(300)
      .and.to.match(/scann…$/);
    const [cut = ''] = statusOf({ refused: [`${'x'.repeat(298)}😀😀`], scanned: true }).uncovered ?? [];
    expect([cut.isWellFormed(), cut.length, cut.at(-1)]).to.deep.equal([true, 300, '…']);
  });
});
