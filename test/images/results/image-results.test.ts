import { expect } from 'chai';
import type { ReportResult } from '../../../operator/api/kinds/policy-report.ts';
import type { ImageFindings } from '../../../operator/images/matching/image-finding.ts';
import type { ImageEntry } from '../../../operator/images/ledger/image-ledger.ts';
import { imageResults, type ImagesPolicy } from '../../../operator/images/results/image-results.ts';
import type { ImageTarget } from '../../../operator/images/targets/image-targets.ts';
import { carriedOverResults } from '../../../operator/images/results/previous-results.ts';

const now = Date.parse('2026-11-10T00:00:00Z');
const image = { digest: 'd', reference: 'r/web@d' };
const target: ImageTarget = {
  workload: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
  containers: [{ container: 'main', reference: 'web:1', image }],
};
const findings: ImageFindings = {
  vulnerabilities: [
    { id: 'CVE-1', package: 'curl', installed: '1', fixed: '2', severity: 'high', score: 7.5, link: 'https://x' },
    { id: 'CVE-2', package: 'zlib', installed: '1', severity: 'critical' },
    { id: 'CVE-3', package: 'bash', installed: '1', fixed: '2', severity: 'low' },
  ],
  secrets: [{ rule: 'aws-access-key-id', title: 'AWS key', severity: 'CRITICAL', path: 'srv/x', line: 3 }],
};
const matched: ImageEntry = { seen: 0, findings: { configMaps: [], database: 'db:1', databaseBuilt: '', at: 0 } };

function lines(
  images: ImagesPolicy['images'],
  entry: ImageEntry = matched,
  found: ImageFindings | undefined = findings,
  database = true,
): string[] {
  const results = imageResults({ name: 'p', images }, target, { entry: () => entry, findings: () => found, database, now });
  return [...results.results.map(({ check, verdict, severity }) => `${check} ${verdict} ${severity}`), `passes ${results.passes}`];
}

describe('imageResults', () => {
  it('returns the vulnerabilities, the secrets, or both, as the policy requires', () => {
    expect(lines({ vulnerabilities: {} })).to.deep.equal(['CVE-1 fail high', 'CVE-2 fail critical', 'CVE-3 fail low', 'passes 0']);
    expect(lines({ secrets: {} })).to.deep.equal(['aws-access-key-id fail critical', 'passes 0']);
    expect(lines({})).to.deep.equal(['passes 1']);
  });

  it('leaves out vulnerabilities below minSeverity, and unfixed ones with ignoreUnfixed', () => {
    expect(lines({ vulnerabilities: { minSeverity: 'high' } })).to.deep.equal(['CVE-1 fail high', 'CVE-2 fail critical', 'passes 0']);
    expect(lines({ vulnerabilities: { minSeverity: 'high', ignoreUnfixed: true } })).to.deep.equal(['CVE-1 fail high', 'passes 0']);
  });

  it('includes the package, versions, score, link, image and container in a result', () => {
    const knowledge = { entry: () => matched, findings: () => findings, database: true, now };
    const [first] = imageResults({ name: 'p', images: { vulnerabilities: {} } }, target, knowledge).results;
    expect(first?.properties).to.deep.equal({
      container: 'main',
      image: 'r/web@d',
      package: 'curl',
      installed: '1',
      fixed: '2',
      score: '7.5',
      link: 'https://x',
    });
  });

  it('returns the older findings and an error with the reason if a newer scan failed', () => {
    const entry: ImageEntry = { ...matched, failure: { step: 'match', reason: 'broken', at: 0, attempts: 1 } };
    expect(lines({ secrets: {} }, entry)).to.deep.equal(['aws-access-key-id fail critical', 'image-scan error medium', 'passes 0']);
  });

  it('marks only findings that could not be matched again as stale', () => {
    const entry: ImageEntry = { ...matched, failure: { step: 'match', reason: 'broken', at: 0, attempts: 1 } };
    const knowledge = { entry: () => entry, findings: () => findings, database: true, now };
    const stale = imageResults({ name: 'p', images: { vulnerabilities: {}, secrets: {} } }, target, knowledge).results.map(
      ({ check, properties }) => `${check} ${properties?.['stale'] ?? 'fresh'}`,
    );
    expect(stale).to.deep.equal(['CVE-1 true', 'CVE-2 true', 'CVE-3 true', 'aws-access-key-id fresh', 'image-scan fresh']);
  });

  it('returns a warning if files could not be read', () => {
    const found: ImageFindings = { vulnerabilities: [], secrets: [], unreadable: { count: 7, examples: ['home/app/.netrc', 'srv/x'] } };
    expect(lines({ secrets: {} }, matched, found)).to.deep.equal(['image-scan warn low', 'passes 0']);
  });

  it('returns a warning if the policy requires vulnerabilities and the database is more than a week old', () => {
    const entry = (databaseBuilt: string): ImageEntry => ({
      seen: 0,
      findings: { configMaps: [], database: 'db:1', databaseBuilt, at: now },
    });
    const found: ImageFindings = { vulnerabilities: [], secrets: [] };
    expect(lines({ vulnerabilities: {} }, entry('2026-11-02T00:00:00Z'), found)).to.deep.equal(['image-scan warn medium', 'passes 0']);
    expect(lines({ vulnerabilities: {} }, entry('2026-11-03T00:00:01Z'), found)).to.deep.equal(['passes 1']);
    expect(lines({ secrets: {} }, entry('2020-01-01T00:00:00Z'), found)).to.deep.equal(['passes 1']);
  });

  it('returns no pass before the first match, and an error if no database is configured', () => {
    const entry: ImageEntry = { seen: 0, findings: { configMaps: [], database: '', databaseBuilt: '', at: 0 } };
    const empty: ImageFindings = { vulnerabilities: [], secrets: [] };
    expect(lines({ vulnerabilities: {} }, entry, empty)).to.deep.equal(['passes 0']);
    expect(lines({ vulnerabilities: {} }, entry, empty, false)).to.deep.equal(['image-scan error medium', 'passes 0']);
  });

  it('returns the containers whose images are not fully scanned, so that their older results are carried over', () => {
    const other = { digest: 'e', reference: 'r/other@e' };
    const containers = [
      ...target.containers,
      // If one of two images of a container was scanned, the container is not pending.
      { container: 'main', reference: 'web:2', image: other },
      { container: 'new', reference: 'other:1', image: other },
      { container: 'broken', reference: 'bad:1', image: { digest: 'f', reference: 'r/bad@f' } },
      { container: 'idle', reference: 'never:1' },
      { container: 'unmatched', reference: 'u:1', image: { digest: 'u', reference: 'r/u@u' } },
    ];
    const entries: Readonly<Record<string, ImageEntry>> = {
      d: matched,
      f: { seen: 0, failure: { step: 'inventory', reason: 'gone', at: 0, attempts: 1 } },
      u: { seen: 0, findings: { configMaps: [], database: '', databaseBuilt: '', at: 0 } },
    };
    const { pending } = imageResults(
      { name: 'p', images: { vulnerabilities: {} } },
      { ...target, containers },
      {
        entry: (key) => entries[key],
        findings: (key) => (key === 'd' ? findings : key === 'u' ? { vulnerabilities: [], secrets: findings.secrets } : undefined),
        database: true,
        now,
      },
    );
    expect([...pending]).to.deep.equal([
      ['new', { secrets: true, failed: false }],
      ['broken', { secrets: true, failed: true }],
      ['idle', { secrets: true, failed: false }],
      ['unmatched', { secrets: false, failed: false }],
    ]);
    const result = (container: string, rule = 'CVE-1', verdict: 'fail' | 'warn' | 'error' | 'skip' = 'fail', by = 'p'): ReportResult => ({
      policy: by,
      rule,
      result: verdict,
      properties: { container },
    });
    const carriedOver = carriedOverResults(new Map([['p', { images: { vulnerabilities: {}, secrets: {} }, containers: pending }]]));
    expect(carriedOver(result('new'))).to.deep.equal(result('new'));
    expect(carriedOver(result('idle', 'CVE-2', 'skip'))).to.deep.equal(result('idle', 'CVE-2', 'skip'));
    expect(carriedOver(result('broken'))).to.deep.equal({ ...result('broken'), properties: { container: 'broken', stale: 'true' } });
    const secret = (of: string): ReportResult => ({ ...result(of, 'aws-access-key-id'), category: 'Secret in image' });
    expect([carriedOver(secret('new'))?.rule, carriedOver(secret('unmatched')), carriedOver(result('unmatched'))?.rule]).to.deep.equal([
      'aws-access-key-id',
      undefined,
      'CVE-1',
    ]);
    const strict = { vulnerabilities: { minSeverity: 'high', ignoreUnfixed: true } } as const;
    const byPolicy = carriedOverResults(new Map([['p', { images: strict, containers: pending }]]));
    const old: ReportResult[] = [
      { ...result('new'), severity: 'high', properties: { container: 'new', fixed: '2' } },
      { ...result('new'), severity: 'high' },
      { ...result('new'), severity: 'medium', properties: { container: 'new', fixed: '2' } },
      secret('new'),
    ];
    expect(old.map((each) => byPolicy(each) === each)).to.deep.equal([true, false, false, false]);
    const gone = [
      result('new', 'image-scan', 'warn'),
      result('main'),
      result('gone'),
      result('new', 'CVE-1', 'fail', 'q'),
      result('new', 'image-scan', 'error'),
    ];
    expect([...gone, result('idle', 'image-scan', 'skip')].map(carriedOver)).to.deep.equal(Array.from({ length: 6 }));
  });

  it('returns a skip for a reference that no pod has run', () => {
    const idle = { ...target, containers: [{ container: 'main', reference: 'web:1' }] };
    const { results } = imageResults({ name: 'p', images: {} }, idle, {
      entry: () => undefined,
      findings: () => undefined,
      database: true,
      now,
    });
    expect(results.map(({ verdict, message }) => `${verdict}: ${message}`)).to.deep.equal([
      'skip: no pod has run web:1 yet: it is scanned after its first pod starts',
    ]);
  });
});
