import { expect } from 'chai';
import { plainScalar } from '../../operator/manifests/plain-scalar.ts';

describe('plainScalar', () => {
  const rows: readonly [value: unknown, texts: readonly string[]][] = [
    [true, ['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON']],
    [false, ['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF']],
    [null, ['', '~', 'null', 'Null', 'NULL']],
    [0, ['0', '+0', '-0', '00', '0x0', '-0x0', '0b0', '0.0', '-0.0', '0e5']],
    [1, ['1', '+1', '01', '0o1', '0x1', '0b1', '+0b1', '1.', '1.0', '1e0', '1E+0', '10e-1', '+0x1', '+01']],
    [-1, ['-1', '-01', '-0o1', '-0x1', '-0b1', '-1.0', '-1e0']],
    [1000, ['1000', '1_000', '1_0_0_0', '1000_', '0x3e8', '0x3E8', '0x3_e8', '01750', '0o1_750', '0b1111101000', '0b1111_101000', '1e3', '1_000.0', '1_000.0_0', '1000.']],
    [9, ['9', '9.', '0x9', '0X9', '0b1001', '0B1001', '0O11', '011', '09']],
    [0.5, ['.5', '0.5', '+.5', '5e-1', '0.5e0', '.5E0', '5.0e-01']],
    [-0.5, ['-.5', '-0.5', '-5e-1']],
    [100, ['1e2', '1E2', '1e+2', '1e02', '.1e3', '100']],
  ]; // prettier-ignore
  for (const [value, texts] of rows)
    it(`reads ${texts.join(' ')} as ${String(value)}`, () => {
      for (const text of texts) expect(plainScalar(text), text).to.equal(value);
    });

  it('never returns -0', () => {
    expect(['-0', '-0x0', '-00', '-0.0'].map((text) => Object.is(plainScalar(text), -0))).to.deep.equal([false, false, false, false]);
  });

  it('keeps every other text', () => {
    const texts = ['yEs', 'tRUE', 'nULL', 'yess', ' yes', 'nulls', 'a1', '1a', '-', '+', '.', '-.', '..', '--1', '+-1', '1-', '0x', '0xg', 'x0x1', '0x1g', '0b2', '0b', '1b1', '0o8', '0o', '1o1', '1.2.3', '1..2', '.e5', '1e', '1e+', 'e5', '1e5.', '1e5x', 'x1e5', '1 000', '_1', '12:30', '1:', '2020-01-01', '.inf', '.Inf', '.INF', '+.inf', '-.INF', '.nan', '.NaN', 'inf', '.iNf', '1e999', '-1e999', '0.5.', '/1', ':1', '5%', '1Gi', '-a', '.a', 'x.5', '.5x', '-.5x', 'x-1', '0x1.5', '.inf1', '-x.inf']; // prettier-ignore
    for (const text of texts) expect(plainScalar(text), text).to.equal(text);
  });
});
