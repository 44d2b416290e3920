import { expect } from 'chai';
import { suspiciousSession, suspiciousTemplate } from '../../../operator/anomalies/facts/suspicious-text.ts';
import { hasChain } from '../../../operator/anomalies/facts/text-chain.ts';

describe('suspiciousTemplate', () => {
  it('finds steps in their order on one line', () => {
    expect(suspiciousTemplate(['sh', '-c', 'curl -o a https://example.com/a; chmod 755 a'])).to.equal('download that is run');
    expect(suspiciousTemplate(['sh', '-c', 'chmod 755 a; curl -o a https://example.com/a'])).to.equal(undefined);
    expect(suspiciousTemplate(['sh', '-c', 'curl -o a https://example.com/a\nls; chmod 755 a'])).to.equal(undefined);
    expect(suspiciousTemplate(['sh', '-c', 'curl localhost\ncurl -o a https://example.com/a; chmod 755 a'])).to.equal(
      'download that is run',
    );
  });

  it('reads a text that is made to be slow', () => {
    // Patterns with several repetitions need hours for each of these.
    for (const parts of [
      ['curl ', ';', 'chmod '],
      ['mkfifo ', ';', 'nc_ '],
      ['perl ', 'LWP ', '|'],
    ])
      expect(suspiciousTemplate(parts.map((part) => part.repeat(2500 / part.length)))).to.equal(undefined);
    expect(suspiciousSession(['>'.repeat(8192)])).to.equal(undefined);
  });
});

describe('hasChain', () => {
  const chain = { steps: [/\bnc\b/g, /-e\b/g], breaks: /[|;]/g };

  it('begins again after a break', () => {
    expect(hasChain('nc a; nc -e sh', chain)).to.equal(true);
    expect(hasChain('nc a; -e | -e', chain)).to.equal(false);
  });

  it('takes a break at the end of a step for a step', () => {
    expect(hasChain('base64 -d x | sh', { steps: [/base64 -d/g, /\|\s*sh\b/g], breaks: /\|/g })).to.equal(true);
    expect(hasChain('base64 -d x | cat | sh', { steps: [/base64 -d/g, /\|\s*sh\b/g], breaks: /\|/g })).to.equal(false);
  });
});
