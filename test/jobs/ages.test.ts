import { expect } from 'chai';
import { Ages } from '../../operator/jobs/ages.ts';

describe('how long objects have been seen', () => {
  const object = { metadata: { name: 'a', uid: 'u' } };

  it('counts from the first question, and again from the first after it was forgotten', () => {
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

  it('remembers the latest', () => {
    let now = 0;
    const ages = new Ages(() => now, 1);
    ages.of(object);
    ages.of({ metadata: { name: 'b', uid: 'v' } });
    now = 5;
    expect(ages.of(object)).to.equal(0);
  });
});
