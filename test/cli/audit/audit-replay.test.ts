import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ReplaySummary } from '../../../operator/cli/audit/replay.ts';
import { run } from '../../../operator/cli/audit/audit-replay.ts';
import { auditJson } from '../../audit/sample-events.ts';

const START = Date.UTC(2026, 2, 1, 10);
/** An allowed request of an account, some seconds after the start. */
const line = (seconds: number, account: string, changes: Record<string, unknown>): string => {
  const time = new Date(START + seconds * 1000).toISOString();
  const user = { username: `system:serviceaccount:shop:${account}`, groups: ['system:serviceaccounts', 'system:serviceaccounts:shop'] };
  return JSON.stringify(
    auditJson({ auditID: `${account}-${seconds}`, user, stageTimestamp: time, requestReceivedTimestamp: time, ...changes }),
  );
};
const listsSecrets = { verb: 'list', requestURI: '/api/v1/secrets', objectRef: { resource: 'secrets', apiVersion: 'v1' } };
const spread = Array.from({ length: 20 }, (_, index) =>
  line(index, 'thief', {
    requestURI: `/api/v1/namespaces/bank/secrets/s${index}`,
    objectRef: { resource: 'secrets', namespace: 'bank', name: `s${index}`, apiVersion: 'v1' },
  }),
);

describe('vigil audit-replay', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vigil-replay-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const file = (name: string, lines: readonly string[]): string => {
    writeFileSync(join(folder, name), lines.join('\n'));
    return join(folder, name);
  };
  const replay = async (...args: readonly string[]): Promise<{ code: number; out: string; errors: string }> => {
    const [out, errors] = [[] as string[], [] as string[]];
    const input = (): Promise<Uint8Array> => Promise.resolve(Buffer.from(spread.join('\n')));
    const code = await run(args, {
      out: (text) => void out.push(text),
      error: (text) => void errors.push(text),
      input,
      terminal: false,
      environment: {},
    });
    return { code, out: out.join(''), errors: errors.join('') };
  };
  const detectionsIn = (out: string): readonly string[] => (JSON.parse(out) as ReplaySummary).findings.map(({ detection }) => detection);

  it('prints what a log shows, with who did it', async () => {
    const { code, out, errors } = await replay(file('log', spread));
    expect(code).to.equal(1);
    expect(out).to.match(/^2026-03-01T10:00:\d\d\.000Z HIGH secret-spread: .*20 different Secrets/m);
    expect(out).to.include('by system:serviceaccount:shop:thief');
    expect(errors).to.match(/^\d+ findings in 20 events from 2026-03-01T10:00:00.000Z to 2026-03-01T10:00:19.000Z$/m);
    expect(errors).to.match(/^\d+ detections see nothing in a log: .*new-admin-binding/m);
  });

  it('reads standard input', async () => {
    expect(detectionsIn((await replay('-', '-o', 'json')).out)).to.include('secret-spread');
  });

  it('finds nothing that a baseline knows', async () => {
    const baseline = join(folder, 'baseline.json');
    const first = file('first', [line(0, 'backup', listsSecrets)]);
    expect(detectionsIn((await replay(first, '-o', 'json')).out)).to.include('cluster-wide-secret-list');
    expect((await replay(first, '--learn', '--write-baseline', baseline)).code).to.equal(0);
    const later = file('later', [line(86_400, 'backup', listsSecrets)]);
    expect(detectionsIn((await replay(later, '--baseline', baseline, '-o', 'json')).out)).not.to.include('cluster-wide-secret-list');
    expect(readFileSync(baseline, 'utf8')).not.to.equal('[]');
  });

  it('says what it did not read', async () => {
    const old = JSON.stringify(auditJson({ apiVersion: 'audit.k8s.io/v1beta1' }));
    const { errors } = await replay(file('log', [line(0, 'cart', {}), line(0, 'cart', {}), 'torn{', old]));
    expect(errors).to.match(/^1 records were not read \(malformed\): a line is not JSON$/m);
    expect(errors).to.match(/^1 records were not read \(version\): apiVersion: "audit.k8s.io\/v1beta1" is not read\./m);
    expect(errors).to.match(/^1 events came twice$/m);
  });

  it('ends with 2 if no record could be read, and with 0 if some could or if there are none', async () => {
    for (const [lines, code] of [
      [['torn{'], 2],
      [['torn{', line(0, 'cart', {})], 0],
      [[], 0],
    ] as const)
      expect((await replay(file('log', lines))).code).to.equal(code);
  });

  it('counts the records of other components, and names what it cannot read of a baseline', async () => {
    const other = JSON.stringify({ logStream: 'authenticator-1', message: 'level=info' });
    const { errors } = await replay(file('log', [line(0, 'cart', {}), other]));
    expect(errors.split('\n')[0]).to.match(/^0 findings in 1 events/);
    const damaged = file('baseline', [JSON.stringify([{ name: 'x', content: 'y' }])]);
    const { code, errors: problems } = await replay(file('log', [line(0, 'cart', {})]), '--baseline', damaged);
    expect(problems.split('\n')[0]).to.match(new RegExp(`^${damaged}: .`));
    expect(code).to.equal(0);
  });

  it('reads several logs as one, and tells the first and the last time whatever their order', async () => {
    const [early, late] = [file('early', spread.slice(0, 10)), file('late', spread.slice(10))];
    for (const logs of [
      [early, late],
      [late, early],
    ]) {
      const { out } = await replay(...logs, '-o', 'json');
      const summary = JSON.parse(out) as ReplaySummary;
      expect([summary.events, summary.until]).to.deep.equal([20, '2026-03-01T10:00:19.000Z']);
      expect(detectionsIn(out)).to.include('secret-spread');
    }
  });

  it('adds up the records of each reason that it could not read', async () => {
    const old = JSON.stringify(auditJson({ apiVersion: 'audit.k8s.io/v1beta1' }));
    const logs = [file('a', ['torn{', old, 'torn{']), file('b', ['torn{', line(0, 'cart', {})])];
    const { problems } = JSON.parse((await replay(...logs, '-o', 'json')).out) as ReplaySummary;
    expect(problems.map(({ reason, count }) => [reason, count])).to.deep.equal([
      ['malformed', 3],
      ['version', 1],
    ]);
    expect(problems[0]?.message).to.equal('a line is not JSON');
  });

  it('prints the findings in the order of their times, with how often and from where', async () => {
    const { out } = await replay(file('log', [line(90, 'backup', listsSecrets), ...spread, line(95, 'backup', listsSecrets)]));
    const times = out.split('\n').flatMap((text) => /^2026-\S+/.exec(text) ?? []);
    expect(times.length).to.be.greaterThan(1);
    expect(times).to.deep.equal(times.toSorted());
    expect(out).to.match(/^ {2}by system:serviceaccount:shop:thief\b.*; normal: \S/m);
  });

  it('exits with 0 and prints no finding if there is none', async () => {
    const { code, out, errors } = await replay(file('log', [line(0, 'cart', {})]));
    expect([code, out]).to.deep.equal([0, '']);
    expect(errors.split('\n')[0]).to.equal('0 findings in 1 events from 2026-03-01T10:00:00.000Z to 2026-03-01T10:00:00.000Z');
    expect(errors).not.to.match(/came twice|other components|were not read/);
    expect((await replay(file('empty', []))).errors.split('\n')[0]).to.equal('0 findings in 0 events');
  });

  for (const [what, content, message] of [
    ['is not JSON', 'x', 'is no baseline: '],
    ['is no list', '{}', 'is no baseline: write one with --write-baseline'],
  ] as const)
    it(`refuses a baseline that ${what}`, async () => {
      const { code, errors } = await replay('-', '--baseline', file('baseline', [content]));
      expect(code).to.equal(2);
      expect(errors).to.include(`vigil audit-replay: ${folder}/baseline: ${message}`);
    });

  const refused: readonly (readonly [args: readonly string[], message: string])[] = [
    [[], 'name at least one log'],
    [['/nowhere/log'], '/nowhere/log: no such file or directory'],
    [['/'], '/: is a directory'],
    [['-', '-o', 'xml'], "--output: 'xml' is neither text nor json"],
    [['-', '--learning-period', 'soon'], "--learning-period: 'soon' is not a time"],
    [['-', '--bassline', 'x'], "no flag '--bassline' (did you mean '--baseline'?)"],
  ];
  for (const [args, message] of refused)
    it(`refuses ${args.join(' ') || 'no log'}`, async () => {
      const { code, errors } = await replay(...args);
      expect(code).to.equal(2);
      expect(errors).to.include(message);
    });
});
