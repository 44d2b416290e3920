import { expect } from 'chai';
import { findingEvent } from '../../../operator/reports/building/finding-event.ts';

const failure = (rule: string, severity: 'critical' | 'high' | 'low') => ({ policy: 'web', rule, severity, message: `${rule} fails` });

describe('findingEvent', () => {
  it('names the only failure', () => {
    expect(findingEvent([failure('host-pid', 'high')])).to.deep.equal({
      type: 'Warning',
      reason: 'NewFindings',
      message: 'host-pid (high): host-pid fails, by SecurityPolicy web',
    });
  });

  it('names the most severe failure, and counts the others', () => {
    const failures = [failure('a', 'low'), failure('b', 'critical'), failure('c', 'high')];
    expect(findingEvent(failures).message).to.equal('b (critical): b fails, by SecurityPolicy web; and 2 more, see the PolicyReport');
  });

  it('has a text without the fields that a failure lacks, or without failures', () => {
    expect([findingEvent([{ policy: 'web' }]).message, findingEvent([]).message]).to.deep.equal([
      ' (unknown): , by SecurityPolicy web',
      '',
    ]);
  });
});
