import { expect } from 'chai';
import { canonicalQuantity } from '../../../operator/engine/schema/canonical-quantity.ts';

/** As the code of Kubernetes writes them: `hack/schema --build` prints a program that has the command `quantities`. */
const rows: readonly [given: unknown, canonical: string | undefined][] = [
  [2, '2'],
  [0.25, '250m'],
  [1_000_000, '1M'],
  ['0.25', '250m'],
  ['1.5', '1500m'],
  ['123.456', '123.456'],
  ['2048Mi', '2Gi'],
  ['2097152Ki', '2Gi'],
  ['1536Mi', '1536Mi'],
  ['1.5Gi', '1536Mi'],
  ['0.5Ki', '512'],
  ['0.1Ki', '102400m'],
  ['0.3Gi', '322122547200m'],
  ['1e3', '1e3'],
  ['1000e3', '1e6'],
  ['1E3', '1E3'],
  ['1000m', '1'],
  ['100000m', '100'],
  ['0.0001', '1m'],
  ['123456789n', '124m'],
  ['-1500m', '-1500m'],
  ['2000k', '2M'],
  ['1500k', '1500k'],
  ['0', '0'],
  ['0Gi', '0'],
  ['.5', '500m'],
  ['007', '007'],
  ['12E', '12E'],
  ['99999999999Ei', '9223372036854775807'],
  ['', undefined],
  ['abc', undefined],
  ['1 Gi', undefined],
  [true, undefined],
  [null, undefined],
  [{}, undefined],
];

describe('canonicalQuantity', () => {
  for (const [given, canonical] of rows)
    it(`${JSON.stringify(given)} is ${canonical ?? 'no quantity'}`, () => {
      expect(canonicalQuantity(given, true)).to.equal(canonical);
    });

  it('rounds to thousandths in lists of resources only', () => {
    expect([canonicalQuantity('1u', true), canonicalQuantity('1u', false)]).to.deep.equal(['1m', '1u']);
  });
});
