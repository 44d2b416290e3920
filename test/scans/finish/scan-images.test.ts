import { expect } from 'chai';
import type { Scan } from '../../../operator/api/kinds/scan.ts';
import { countedUntil } from '../../../operator/scans/finish/scan-images.ts';

const at = (minute: number): string => `2026-11-01T10:${String(minute).padStart(2, '0')}:00Z`;

function scan(minute: number | undefined, { phase = 'Complete', name = 'images', some = false, uid = `u-${minute ?? ''}` } = {}): Scan {
  const counted = minute === undefined ? {} : { images: { until: at(minute) } };
  return {
    metadata: { name: uid, uid },
    spec: some ? { namespaces: { include: ['shop'] } } : {},
    status: { phase, policies: [{ name, generation: 1 }], ...counted },
  } as unknown as Scan;
}

const own = scan(undefined, { phase: 'Running', uid: 'own' });
const lister = <T>(items: readonly T[]): { list: () => readonly T[]; get: () => T | undefined } => ({
  list: () => items,
  get: () => items[0],
});
const minuteOf = (scans: readonly Scan[], status: object): number | undefined => {
  const policies = lister([{ metadata: { name: 'images' }, spec: {}, status }]);
  const counted = countedUntil({ scans: lister(scans), policies }, own, 'images');
  return counted === undefined ? undefined : (counted - Date.parse(at(0))) / 60_000;
};

describe('the time since which a scan counts changes in images', () => {
  for (const [what, scans, expected] of [
    ['is when the last scan counted', [scan(10), scan(30), own], 30],
    ['is the same in a repetition', [scan(10), scan(50, { uid: 'own' })], 10],
    ['includes a failed scan', [scan(10), scan(30, { phase: 'Failed' })], 30],
    ['ignores a scan of some namespaces', [scan(10), scan(30, { some: true })], 10],
    ['ignores a scan of another policy', [scan(10), scan(30, { name: 'other' })], 10],
    ['is the end of the last scan when no Scan is kept', [own], 40],
    ['is the end of the last scan when it did not count', [scan(undefined)], 40],
  ] as const) {
    it(what, () => expect(minuteOf(scans, { lastScanTime: at(40) })).to.equal(expected));
  }

  it('includes a scan of several policies', () => {
    const { status, ...several } = scan(30);
    const policies = ['other', 'images'].map((name) => ({ name, generation: 1 }));
    expect(minuteOf([{ ...several, status: { ...status, policies } }], {})).to.equal(30);
  });

  it('is undefined before the first scan', () => expect(minuteOf([own], {})).to.equal(undefined));
});
