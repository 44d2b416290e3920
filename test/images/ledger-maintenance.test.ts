import { expect } from 'chai';
import type { ImageKeys } from '../../operator/images/jobs/image-access.ts';
import type { ImageEntry, ImageLedger } from '../../operator/images/ledger/image-ledger.ts';
import {
  unreferencedConfigMaps,
  withNotPullableFailures,
  withoutDeletedDocuments,
  withoutFindings,
  withoutImages,
  withSeenTimes,
} from '../../operator/images/ledger-maintenance.ts';

const [minute, hour] = [60_000, 3_600_000];
const now = 1000 * hour;
const inventory = { configMaps: ['i'], at: 1 };
const findings = { configMaps: ['f1', 'f2'], database: 'db', databaseBuilt: '', at: 1 };
const whole: ImageEntry = { seen: now, inventory, findings };
const keysOf = (places: Readonly<Record<string, { pull?: boolean; reference?: string }>>): ImageKeys => ({
  blocked: new Set(),
  places: new Map(
    Object.entries(places).map(([key, { reference = `r/${key}@d`, ...place }]) => [
      key,
      { image: { digest: key, reference }, references: [], nodes: [], ...place },
    ]),
  ),
});

describe('withSeenTimes', () => {
  it('adds new images, and renews the time of an image at most once an hour', () => {
    const ledger = { old: { ...whole, seen: now - hour }, young: { ...whole, seen: now - hour + 1 }, gone: { seen: 5 } };
    expect(withSeenTimes(ledger, keysOf({ old: {}, young: {}, new: {} }), now)).to.deep.equal({
      old: { ...whole, seen: now },
      young: { ...whole, seen: now - hour + 1 },
      gone: { seen: 5 },
      new: { seen: now },
    });
  });
});

describe('withoutDeletedDocuments', () => {
  const left = (...names: readonly string[]): ImageEntry | undefined =>
    withoutDeletedDocuments({ a: { ...whole, waiting: 'w' } }, new Map(names.map((name) => [name, {}])))['a'];
  for (const [what, names, expected] of [
    ['keeps an entry whose ConfigMaps exist', ['i', 'f1', 'f2', 'other'], { ...whole, waiting: 'w' }],
    ['removes an inventory whose ConfigMap was deleted', ['f1', 'f2'], { seen: now, findings, waiting: 'w' }],
    ['removes findings if one of their ConfigMaps was deleted', ['i', 'f1'], { seen: now, inventory, waiting: 'w' }],
    ['removes both', [], { seen: now, waiting: 'w' }],
  ] as const)
    it(what, () => expect(left(...names)).to.deep.equal(expected));

  it('keeps an entry without documents', () => {
    expect(withoutDeletedDocuments({ a: { seen: 1 } }, new Map())).to.deep.equal({ a: { seen: 1 } });
  });
});

describe('withoutFindings and withoutImages', () => {
  const ledger: ImageLedger = { a: whole, b: whole, c: { seen: 3, inventory } };
  it('remove the findings, or the entries, of these images only', () => {
    expect(withoutFindings(ledger, ['a', 'c'])).to.deep.equal({ a: { seen: now, inventory }, b: whole, c: { seen: 3, inventory } });
    expect(withoutImages(ledger, ['a', 'x'])).to.deep.equal({ b: whole, c: { seen: 3, inventory } });
  });
});

describe('withNotPullableFailures', () => {
  const local = { pull: true, reference: 'web:1' };
  const reason =
    'the container status has no registry digest for web:1, so it cannot be pulled: push it to a registry and run it from there, or use images.mode Mount';

  it('records that a pull cannot succeed for an image without a registry digest', () => {
    const ledger = withNotPullableFailures(
      { a: { seen: 7 } },
      keysOf({ a: local, b: local, c: { pull: true }, d: { reference: 'web:1' } }),
      now,
    );
    const failure = { step: 'inventory', reason, at: now, pull: true, attempts: 1 };
    expect(ledger).to.deep.equal({ a: { seen: 7, failure }, b: { seen: now, failure } });
  });

  it('does not repeat the failure, and leaves an image alone that has an inventory', () => {
    const first = withNotPullableFailures({}, keysOf({ a: local }), now);
    expect(withNotPullableFailures(first, keysOf({ a: local }), now + hour)).to.deep.equal(first);
    expect(withNotPullableFailures({ a: whole }, keysOf({ a: local }), now)).to.deep.equal({ a: whole });
  });

  it('replaces a failure with another reason', () => {
    const before = { a: { seen: 1, failure: { step: 'inventory', reason: 'x', at: 1, attempts: 4 } as const } };
    expect(withNotPullableFailures(before, keysOf({ a: local }), now)['a']?.failure).to.deep.equal({
      ...{ step: 'inventory', reason, at: now, pull: true, attempts: 1 },
    });
  });
});

describe('unreferencedConfigMaps', () => {
  const made = (name: string, ago: number | undefined) => ({
    metadata: { name, ...(ago === undefined ? {} : { creationTimestamp: new Date(now - ago).toISOString() }) },
  });
  it('lists the ConfigMaps that no entry names, after ten minutes', () => {
    const kept = [made('i', hour), made('f2', hour), made('old', 10 * minute + 1), made('young', 10 * minute), made('unknown', undefined)];
    expect(unreferencedConfigMaps({ a: whole, b: { seen: 1 } }, kept, now)).to.deep.equal(['old']);
    expect(unreferencedConfigMaps({}, kept, now)).to.deep.equal(['i', 'f2', 'old']);
  });
});
