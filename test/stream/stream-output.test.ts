import { expect } from 'chai';
import { writeStreamLine } from '../../operator/stream/stream-output.ts';

const failing = (code: string): Error => Object.assign(new Error(code), { code });

describe('writeStreamLine', () => {
  it('continues after a partial write, and while the pipe is full', () => {
    let written = '';
    let attempts = 0;
    writeStreamLine('a long line', (data, offset) => {
      if (++attempts % 2 === 0) throw failing('EAGAIN');
      const part = data.subarray(offset, offset + 5).toString();
      written += part;
      return part.length;
    });
    expect(written).to.equal('a long line\n');
  });

  it('throws any other error', () => {
    const attempt = (): void =>
      writeStreamLine('x', () => {
        throw failing('EPIPE');
      });
    expect(attempt).to.throw('EPIPE');
  });
});
