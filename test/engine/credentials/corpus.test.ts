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

  it('finds every credential, and nothing else', () => {
    expect(credentials.filter((sample) => !detects(sample)).map(show)).to.deep.equal([]);
    expect(harmless.filter(detects).map(show)).to.deep.equal([]);
  });
});
