import { expect } from 'chai';
import { findingSeverity, vulnerabilityOf } from '../../../operator/images/matching/image-finding.ts';

describe('vulnerabilityOf', () => {
  it('has all data of a finding of the scanner', () => {
    const found = {
      ...{ VulnerabilityID: 'CVE-1', PkgName: 'curl', PkgPath: 'usr/bin/curl', PkgIdentifier: { PURL: 'pkg:deb/debian/curl@1' } },
      ...{
        InstalledVersion: '1',
        FixedVersion: '2',
        Severity: 'HIGH',
        SeveritySource: 'debian',
        Title: 'an error',
        PrimaryURL: 'https://c/1',
      },
      CVSS: { debian: { V3Score: 7.5 }, nvd: { V3Score: 9.8 } },
    };
    expect(vulnerabilityOf(found)).to.deep.equal({
      ...{ id: 'CVE-1', package: 'curl', installed: '1', fixed: '2', severity: 'high', title: 'an error', score: 7.5 },
      ...{ link: 'https://c/1', path: 'usr/bin/curl', purl: 'pkg:deb/debian/curl@1' },
    });
  });

  it('leaves out what the scanner does not know', () => {
    const unknown = { id: '', package: '', installed: '', severity: 'info' };
    expect(vulnerabilityOf({})).to.deep.equal(unknown);
    expect(vulnerabilityOf({ FixedVersion: '', Title: '', PrimaryURL: '', PkgPath: '', PkgIdentifier: {} })).to.deep.equal(unknown);
  });

  for (const [what, CVSS, score] of [
    ['the source of the severity', { ghsa: { V3Score: 1 }, nvd: { V3Score: 2 }, redhat: { V3Score: 3 } }, 1],
    ['the National Vulnerability Database otherwise', { redhat: { V3Score: 3 }, nvd: { V3Score: 2 } }, 2],
    ['any source otherwise', { redhat: { V3Score: 3 } }, 3],
    ['the newest CVSS version', { nvd: { V2Score: 1, V3Score: 2, V40Score: 4 } }, 4],
    ['CVSS 3 before CVSS 2', { nvd: { V2Score: 1, V3Score: 2 } }, 2],
    ['CVSS 2 if there is no other', { nvd: { V2Score: 1 } }, 1],
    ['no source', {}, undefined],
  ] as const)
    it(`has the score of ${what}`, () => expect(vulnerabilityOf({ SeveritySource: 'ghsa', CVSS }).score).to.equal(score));

  it('converts severities of any case, and an unknown one to info', () => {
    const texts = ['CRITICAL', 'High', 'medium', 'LOW', 'UNKNOWN', undefined];
    expect(texts.map(findingSeverity)).to.deep.equal(['critical', 'high', 'medium', 'low', 'info', 'info']);
  });
});
