import { expect } from 'chai';
import { controlById } from '../../../operator/catalogue/controls/catalogue.ts';
import { entryHasCredential, variableHasCredential } from '../../../operator/engine/credentials/config-text.ts';
import { CredentialTest } from '../../../operator/engine/credentials/credential-test.ts';
import { credentials, harmless, type Sample } from './corpus.ts';

const { names, allowedNames } = controlById('credential-in-env-var')?.parameters ?? {};
const test = CredentialTest.for({ names: names?.default, allowedNames: allowedNames?.default });

const detects = ({ kind, name, value }: Sample): boolean =>
  kind === 'env' ? variableHasCredential(name, value, test) : entryHasCredential(name, value, test);
const show = ({ name, value }: Sample): string => `${name}: ${value}`;

describe('the detection of credentials', () => {
  it('is tried on at least 300 texts with a credential, and 300 without', () => {
    expect(credentials.length).to.be.at.least(300);
    expect(harmless.length).to.be.at.least(300);
  });

  it('finds at least 98 % of the credentials, and at most 2 % of what it finds is none', () => {
    const missed = credentials.filter((sample) => !detects(sample));
    const wrong = harmless.filter(detects);
    const found = credentials.length - missed.length;
    expect(found / credentials.length, `missed:\n${missed.map(show).join('\n')}`).to.be.at.least(0.98);
    expect(found / (found + wrong.length), `wrong:\n${wrong.map(show).join('\n')}`).to.be.at.least(0.98);
  });
});
