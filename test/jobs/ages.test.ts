import { expect } from 'chai';
import { Ages } from '../../operator/jobs/ages.ts';

describe('the ages of objects', () => {
  const object = { metadata: { name: 'a', uid: 'u' } };

  it('start at the first call, and again after an object was forgotten', () => {
    let now = 1000;
    const ages = new Ages(() => now);
    expect(ages.of(object)).to.equal(0);
    now = 1700;
    expect(ages.of(object)).to.equal(700);
    ages.forget(object);
    expect(ages.of(object)).to.equal(0);
    now = 1900;
    expect(ages.of(object)).to.equal(200);
  });

  it('are kept for the latest objects', () => {
    let now = 0;
    const ages = new Ages(() => now, 1);
    ages.of(object);
    ages.of({ metadata: { name: 'b', uid: 'v' } });
    now = 5;
    expect(ages.of(object)).to.equal(0);
  });
});
