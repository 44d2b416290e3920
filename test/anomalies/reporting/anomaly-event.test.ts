import { expect } from 'chai';
import { anomalyEvent } from '../../../operator/anomalies/reporting/anomaly-event.ts';
import { stored } from '../results/stored.ts';

describe('the Event about a finding', () => {
  const message = (seen: string): string => anomalyEvent({ ...stored('a').finding, seen }).message;

  it('says what was seen, by whom, and what is normal', () => {
    expect(anomalyEvent(stored('a').finding)).to.deep.equal({
      type: 'Warning',
      reason: 'Anomaly',
      message: 'secret-read (medium): seen, by eve; normal',
    });
  });

  it('has at most 1,024 characters', () => {
    const rest = message('').length;
    expect(message('x'.repeat(1024 - rest)))
      .to.have.length(1024)
      .and.to.match(/normal$/);
    expect(message('x'.repeat(1025 - rest)))
      .to.have.length(1024)
      .and.to.match(/norm…$/);
  });
});
