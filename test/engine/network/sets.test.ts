import { expect } from 'chai';
import fc from 'fast-check';
import { addressOf, networkOf } from '../../../operator/engine/network/address-set.ts';
import { IntervalSet } from '../../../operator/engine/network/interval-set.ts';
import type { LabelRequirement } from '../../../operator/engine/network/label-requirement.ts';
import { labelsMeet } from '../../../operator/engine/network/label-requirement.ts';
import { type PodSelection, selectsEveryPod, selectsSomePod } from '../../../operator/engine/network/selector-cover.ts';

const space = 24;
const intervals = fc.array(fc.record({ start: fc.integer({ min: 0, max: space }), end: fc.integer({ min: 0, max: space }) }), {
  maxLength: 6,
});
const points = Array.from({ length: space }, (_, point) => point);
const inAny = (list: readonly { start: number; end: number }[], point: number): boolean =>
  list.some(({ start, end }) => start <= point && point < end);

describe('a set of intervals', () => {
  it('has the points of its intervals, whatever their order is', () => {
    fc.assert(
      fc.property(intervals, (list) => {
        const set = IntervalSet.of(list);
        for (const point of points) expect(set.has(point)).to.equal(inAny(list, point));
        expect(IntervalSet.of(list.toReversed())).to.deep.equal(set);
        expect(set.isEmpty).to.equal(points.every((point) => !inAny(list, point)));
      }),
    );
  });

  it('unites, subtracts and compares as its points do', () => {
    fc.assert(
      fc.property(intervals, intervals, (a, b) => {
        const [left, right] = [IntervalSet.of(a), IntervalSet.of(b)];
        const union = IntervalSet.union([left, right]);
        const rest = left.without(right);
        for (const point of points) {
          expect(union.has(point)).to.equal(inAny(a, point) || inAny(b, point));
          expect(rest.has(point)).to.equal(inAny(a, point) && !inAny(b, point));
        }
        expect(left.covers(right)).to.equal(points.every((point) => !inAny(b, point) || inAny(a, point)));
      }),
    );
  });
});

describe('addresses', () => {
  const same: readonly (readonly [string, string])[] = [
    ['10.1.2.3/8', '10.0.0.0/8'],
    ['010.0.0.0/8', '10.0.0.0/8'],
    ['::ffff:10.0.0.0/104', '10.0.0.0/8'],
    ['2001:db8:0:0::1/32', '2001:db8::/32'],
    ['0.0.0.0/0', '255.255.255.255/0'],
  ];
  for (const [text, canonical] of same)
    it(`reads ${text} as ${canonical}`, () => {
      expect(networkOf(text)).to.deep.equal(networkOf(canonical));
    });

  for (const text of [
    '',
    '/',
    '10.0.0.0',
    '10.0.0/8',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/8.',
    '256.0.0.0/8',
    '::/129',
    'fe80::1%eth0/64',
    '10.0.0.0/08x',
  ])
    it(`does not read '${text}'`, () => {
      expect(networkOf(text)).to.equal(undefined);
    });

  it('keeps IPv4 and IPv6 apart', () => {
    expect(networkOf('0.0.0.0/0')?.has(addressOf('::1') ?? -1n)).to.equal(false);
    expect(networkOf('::/0')?.has(addressOf('255.255.255.255') ?? -1n)).to.equal(false);
    expect(networkOf('::/0')?.has(addressOf('fd00:ec2::254') ?? -1n)).to.equal(true);
  });
});

const keys = ['a', 'kubernetes.io/metadata.name'];
const requirement: fc.Arbitrary<LabelRequirement> = fc
  .record({
    key: fc.constantFrom(...keys),
    operator: fc.constantFrom('In', 'NotIn', 'Exists', 'DoesNotExist'),
    values: fc.uniqueArray(fc.constantFrom('x', 'y'), { minLength: 1 }),
  })
  .map(({ key, operator, values }) => ({ key, operator, values: operator === 'In' || operator === 'NotIn' ? values : [] }));
const selection: fc.Arbitrary<PodSelection> = fc.record({
  namespace: fc.array(requirement, { maxLength: 2 }),
  pod: fc.array(
    requirement.filter(({ key }) => key === 'a'),
    { maxLength: 2 },
  ),
});

/** All labels of pods and namespaces that the selections can tell apart. `z` stands for every value that they do not name. */
const values = ['x', 'y', 'z'];
const namespaceLabels = [undefined, ...values].flatMap((a) =>
  values.map((name) => ({ ...(a === undefined ? {} : { a }), 'kubernetes.io/metadata.name': name })),
);
const podLabels = [{}, ...values.map((a) => ({ a }))];
const pods = namespaceLabels.flatMap((namespace) => podLabels.map((pod) => ({ namespace, pod })));
const selects = (one: PodSelection, { namespace, pod }: (typeof pods)[number]): boolean =>
  labelsMeet(one.namespace, namespace) && labelsMeet(one.pod, pod);

describe('selections of pods', () => {
  it('are every pod together if no pod is left out', () => {
    fc.assert(
      fc.property(fc.array(selection, { maxLength: 5 }), (selections) => {
        const every = pods.every((pod) => selections.some((one) => selects(one, pod)));
        expect(selectsEveryPod(selections)).to.equal(every);
      }),
      { numRuns: 500 },
    );
  });

  it('can be of no pod', () => {
    fc.assert(
      fc.property(selection, (one) => {
        expect(selectsSomePod(one)).to.equal(pods.some((pod) => selects(one, pod)));
      }),
    );
  });

  it('give up on selectors that no person wrote', () => {
    const hostile = Array.from({ length: 40 }, (_, index) => ({
      namespace: Array.from({ length: 20 }, (__, key): LabelRequirement => ({ key: `k${key}`, operator: 'NotIn', values: [`v${index}`] })),
      pod: [],
    }));
    expect(selectsEveryPod(hostile)).to.equal(false);
  });
});
