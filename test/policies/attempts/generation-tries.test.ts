import { expect } from 'chai';
import type { Scan } from '../../../operator/api/kinds/scan.ts';
import type { SecurityPolicy } from '../../../operator/api/kinds/security-policy.ts';
import { generationMark, generationScanName } from '../../../operator/policies/attempts/generation-names.ts';
import {
  failedScanOf,
  lastEvaluation,
  triesOf,
  triesText,
  type GenerationTries,
} from '../../../operator/policies/attempts/generation-tries.ts';

const generation = { name: 'p', uid: 'u', generation: 2, revision: '2-a' };
const mark = generationMark(generation);
const minute = (count: number): string => `2026-01-01T00:${String(count).padStart(2, '0')}:00Z`;
const at = (count: number): number => Date.parse(minute(count));

interface ScanFields {
  readonly name?: string;
  readonly marks?: string;
  readonly phase?: 'Running' | 'Failed' | 'Complete';
  readonly ended?: number;
  readonly created?: number;
  readonly namespaces?: Scan['spec']['namespaces'];
}
/** A Scan of the generation that failed, with some fields replaced. */
const scan = ({ name = 's', marks = mark, phase = 'Failed', ended = 1, created = 0, namespaces }: ScanFields = {}): Scan => ({
  metadata: { name, creationTimestamp: minute(created), annotations: marks === '' ? {} : { 'vigil.dev/generations': marks } },
  spec: namespaces === undefined ? {} : { namespaces },
  status: { phase, ...(phase === 'Running' ? {} : { completionTime: minute(ended) }) },
});

describe('the tries of a generation', () => {
  const tries = (...scans: readonly Scan[]): GenerationTries => triesOf(generation, scans, 0);
  const failed = (count: number): Scan[] => Array.from({ length: count }, (_, index) => scan({ ended: index }));

  const rows: readonly [what: string, scans: readonly Scan[], expected: GenerationTries][] = [
    ['none', [], { running: false, ended: 0, next: 0 }],
    ['those of another generation', [scan({ marks: 'other' }), scan({ marks: '' })], { running: false, ended: 0, next: 0 }],
    ['one by its mark among others', [scan({ marks: `x ${mark} y` })], { running: false, ended: 1, next: at(1) + 30_000 }],
    ['one by its name', [scan({ marks: '', name: generationScanName(generation) })], { running: false, ended: 1, next: at(1) + 30_000 }],
    ['one that runs', [scan({ phase: 'Running' })], { running: true, ended: 0, next: undefined }],
    ['one that runs after a failure', [scan(), scan({ phase: 'Running' })], { running: true, ended: 1, next: undefined }],
    ['two, the later one first', [scan({ ended: 9 }), scan({ ended: 4 })], { running: false, ended: 2, next: at(9) + 60_000 }],
    ['six', failed(6), { running: false, ended: 6, next: at(5) + 960_000 }],
    ['seven, with the longest pause', failed(7), { running: false, ended: 7, next: at(6) + 1_800_000 }],
    ['nine', failed(9), { running: false, ended: 9, next: at(8) + 1_800_000 }],
    ['ten, the last', failed(10), { running: false, ended: 10, next: undefined }],
  ];
  for (const [what, scans, expected] of rows) it(`are ${what}`, () => expect(tries(...scans)).to.deep.equal(expected));

  it('do not include Scans that ended before the last evaluation, or with it', () => {
    const since = (minutes: number): number => triesOf(generation, [scan({ ended: 5 }), scan({ phase: 'Running' })], at(minutes)).ended;
    expect([since(4), since(5), since(6)]).to.deep.equal([1, 0, 0]);
    expect(triesOf(generation, [scan({ phase: 'Running' })], at(9)).running).to.equal(true);
  });

  it('have a pause if the revision came again and again', () => {
    const before = (count: number): GenerationTries =>
      triesOf(
        generation,
        Array.from({ length: count }, (_, index) => scan({ phase: 'Complete', ended: index })),
        at(30),
      );
    expect(before(3)).to.deep.equal({ running: false, ended: 0, next: 0 });
    expect(before(4)).to.deep.equal({ running: false, ended: 0, next: at(3) + 30_000 });
    expect(before(12)).to.deep.equal({ running: false, ended: 0, next: at(11) + 1_800_000 });
  });

  const texts: readonly [tries: GenerationTries, text: string | undefined][] = [
    [{ running: false, ended: 0, next: 0 }, undefined],
    [{ running: true, ended: 3, next: undefined }, undefined],
    [{ running: false, ended: 3, next: at(7) }, 'failed 3 of 10 attempts; next attempt at 2026-01-01T00:07:00Z'],
    [{ running: false, ended: 10, next: undefined }, 'failed 10 times: its ScanSchedule scans it next; to retry now, delete its Scans'],
  ];
  for (const [given, text] of texts) it(`are told as ${text ?? 'nothing'}`, () => expect(triesText(given)).to.equal(text));
});

describe('the last evaluation of a policy', () => {
  const rows: readonly [what: string, status: SecurityPolicy['status'], expected: number][] = [
    ['no status', undefined, 0],
    ['no time', {}, 0],
    [
      'the time of its configuration',
      { lastScanTime: minute(1), configuration: { lastScanTime: minute(2) } } as SecurityPolicy['status'],
      at(2),
    ],
    ['the time of an older version', { lastScanTime: minute(1) }, at(1)],
  ];
  for (const [what, status, expected] of rows)
    it(`with ${what}`, () => expect(lastEvaluation(status === undefined ? {} : { status })).to.equal(expected));
});

describe('the failed Scan of a policy', () => {
  const policy = (status: object = {}, observedGeneration = 2, stalled = 'False'): SecurityPolicy =>
    ({
      metadata: { name: 'p', uid: 'u', generation: 2 },
      spec: {},
      status: {
        conditions: [
          { type: 'Ready', status: 'False' },
          { type: 'Stalled', status: stalled, observedGeneration },
        ],
        ...status,
      },
    }) as unknown as SecurityPolicy;
  const found = (of: SecurityPolicy, ...scans: readonly Scan[]): string | undefined =>
    failedScanOf(of, scans, generation.revision)?.metadata.name;

  const rows: readonly [what: string, of: SecurityPolicy, scans: readonly Scan[], expected: string | undefined][] = [
    [
      'the first one that was created',
      policy(),
      [scan({ name: 'b', created: 2 }), scan({ name: 'a', created: 1 }), scan({ name: 'c', created: 3 })],
      'a',
    ],
    ['one by its name', policy(), [scan({ marks: '', name: generationScanName(generation) })], generationScanName(generation)],
    ['none of another generation', policy(), [scan({ marks: 'x' })], undefined],
    ['none that runs', policy(), [scan({ phase: 'Running' })], undefined],
    ['none that is complete', policy(), [scan({ phase: 'Complete' })], undefined],
    ['none of some namespaces', policy(), [scan({ namespaces: { include: ['a'] } })], undefined],
    ['none that ended before the last evaluation', policy({ lastScanTime: minute(2) }), [scan()], undefined],
    ['none if this revision was evaluated', policy({ evaluatedRevision: '2-a' }), [scan()], undefined],
    ['one if another revision was evaluated', policy({ evaluatedRevision: '1-a' }), [scan()], 's'],
    ['none of a policy that is not valid', policy({}, 2, 'True'), [scan()], undefined],
    ['none of a policy whose generation was not inspected', policy({}, 1), [scan()], undefined],
    ['none of a policy without conditions', { ...policy(), status: {} }, [scan()], undefined],
  ];
  for (const [what, of, scans, expected] of rows) it(`is ${what}`, () => expect(found(of, ...scans)).to.equal(expected));
});

describe('the name of the Scan of a generation', () => {
  it('has at most 40 characters of the name of the policy, and ends with none that is not a letter or a digit', () => {
    const of = (name: string): string => generationScanName({ ...generation, name }).replace(/-[0-9a-z]{6}$/, '');
    expect([of('web'), of('a'.repeat(50)), of(`${'a'.repeat(38)}-.b`)]).to.deep.equal([
      'web-g2',
      `${'a'.repeat(40)}-g2`,
      `${'a'.repeat(38)}-g2`,
    ]);
  });
});
