import { expect } from 'chai';
import type { ExceptionBounds } from '../../operator/api/kinds/policy-exceptions.ts';
import type { ExceptionStatus } from '../../operator/api/kinds/security-exception.ts';
import type { PolicyMatches } from '../../operator/exceptions/exception-counts.ts';
import {
  exceptionStatus,
  nextStatusChange,
  secondsToNextEnd,
  type ExceptionStatusInput,
} from '../../operator/exceptions/exception-status.ts';
import { exception, now, setOf } from '../findings/waivers/samples.ts';

const day = 86_400_000;

interface Given {
  readonly spec?: Parameters<typeof exception>[0];
  readonly metadata?: Parameters<typeof exception>[1];
  readonly before?: ExceptionStatus;
  readonly problems?: readonly string[];
  readonly isUsable?: boolean;
  readonly bounds?: Readonly<Record<string, ExceptionBounds>>;
  readonly matches?: Readonly<Record<string, PolicyMatches>>;
  /** The policies that deny at admission what exceptions cover. */
  readonly denying?: readonly string[];
  readonly at?: number;
}

const inputOf = ({
  spec,
  metadata,
  before,
  problems = [],
  isUsable = problems.length === 0,
  bounds = { baseline: {} },
  matches = {},
  denying = [],
  at = now,
}: Given): ExceptionStatusInput => ({
  exception: { ...exception(spec, metadata), ...(before ? { status: before } : {}) },
  problems,
  isUsable,
  bounds: new Map(Object.entries(bounds)),
  matches: new Map(Object.entries(matches)),
  denying: new Set(denying),
  now: at,
});
const statusOf = (given: Given): ExceptionStatus => exceptionStatus(inputOf(given));
const condition = (type: string, given: Given): string => {
  const found = statusOf(given).conditions?.find((each) => each.type === type);
  return `${found?.status ?? ''} ${found?.reason ?? ''}: ${found?.message ?? ''}`;
};
const matched = { baseline: { matched: 3, refused: 0 } };

describe('Condition Active of an exception', () => {
  for (const [what, given, text] of [
    ['is True while the exception is in force', { matches: matched }, 'True InForce: in force, until 2027-05-31T00:00:00Z'],
    [
      'says that it ends within 7 days',
      { matches: matched, spec: { expiresAt: '2026-06-08T00:00:00Z' } },
      'True EndsWithin7Days: ends within 7 days, until 2026-06-08T00:00:00Z',
    ],
    [
      'says that it ends within a day',
      { matches: matched, spec: { expiresAt: '2026-06-02T00:00:00Z' } },
      'True EndsWithinADay: ends within a day, until 2026-06-02T00:00:00Z',
    ],
    [
      'is False at its end',
      { matches: matched, spec: { expiresAt: '2026-06-01T00:00:00Z' } },
      'False Expired: the exception ended at 2026-06-01T00:00:00Z: its findings are failures again',
    ],
    [
      'is False if it is invalid',
      { problems: ['spec.checks[0].name: unknown'] },
      'False Invalid: the exception covers nothing until its problems are fixed',
    ],
    [
      'is True with its other entries if one is invalid',
      { problems: ['spec.checks[1].name: unknown'], isUsable: true, matches: matched },
      'True InForce: in force, until 2027-05-31T00:00:00Z; some entries cover nothing: see condition Ready',
    ],
    [
      'is False if every policy refuses it',
      { bounds: { baseline: { allow: 'None' }, strict: { maxDuration: '30d' } } },
      'False Refused: SecurityPolicy/baseline: exceptions.allow is None; SecurityPolicy/strict: the exception has no expiresAt, which exceptions.maxDuration 30d requires',
    ],
    [
      'is True if one policy accepts it, and names the others',
      { bounds: { baseline: {}, strict: { allow: 'None' } }, matches: matched },
      'True InForce: in force, until 2027-05-31T00:00:00Z; refused: SecurityPolicy/strict: exceptions.allow is None',
    ],
    [
      'is False if a policy refuses all of its findings',
      { matches: { baseline: { matched: 0, refused: 2, reason: 'SecurityPolicy/baseline: the severity is high' } } },
      'False Refused: 2 findings: SecurityPolicy/baseline: the severity is high',
    ],
    [
      'names the policies that deny what it covers in reports',
      { matches: matched, bounds: { baseline: {}, strict: { allow: 'None' } }, denying: ['strict', 'web', 'baseline'] },
      'True InForce: in force, until 2027-05-31T00:00:00Z; refused: SecurityPolicy/strict: exceptions.allow is None; not at admission: exceptions.allow is ReportOnly in SecurityPolicy baseline, web',
    ],
    [
      'does not name policies that it is not for',
      { matches: matched, spec: { policies: ['baseline'] }, denying: ['web'] },
      'True InForce: in force, until 2027-05-31T00:00:00Z',
    ],
    [
      'does not name them for vulnerabilities, which admission does not evaluate',
      { matches: matched, spec: { checks: [{ vulnerability: 'CVE-2026-1' }] }, denying: ['baseline'] },
      'True InForce: in force, until 2027-05-31T00:00:00Z',
    ],
    [
      'names three policies that deny, and counts the others',
      { matches: matched, denying: ['d', 'c', 'b', 'a'] },
      'True InForce: in force, until 2027-05-31T00:00:00Z; not at admission: exceptions.allow is ReportOnly in SecurityPolicy a, b, c and 1 more',
    ],
    [
      'counts no others with three policies that deny',
      { matches: matched, denying: ['c', 'b', 'a'] },
      'True InForce: in force, until 2027-05-31T00:00:00Z; not at admission: exceptions.allow is ReportOnly in SecurityPolicy a, b, c',
    ],
    [
      'names the policies that deny if one of its checks is evaluated at admission',
      {
        matches: matched,
        spec: { checks: [{ vulnerability: 'CVE-2026-1' }, { name: 'host-pid' }], policies: ['baseline'] },
        denying: ['baseline'],
      },
      'True InForce: in force, until 2027-05-31T00:00:00Z; not at admission: exceptions.allow is ReportOnly in SecurityPolicy baseline',
    ],
    [
      'does not repeat the findings that a policy refuses which refuses the whole exception',
      {
        bounds: { baseline: {}, strict: { allow: 'None' } },
        matches: { ...matched, strict: { matched: 0, refused: 2, reason: 'exceptions.allow is None' } },
      },
      'True InForce: in force, until 2027-05-31T00:00:00Z; refused: SecurityPolicy/strict: exceptions.allow is None',
    ],
    [
      'is True if some of its findings are covered, and tells why the others are not',
      { matches: { baseline: { matched: 1, refused: 2, reason: 'the severity is high' } } },
      'True InForce: in force, until 2027-05-31T00:00:00Z; refused: 2 findings: the severity is high',
    ],
    [
      'names no refusal without a refused finding',
      { matches: { baseline: { matched: 1, refused: 0, reason: 'the severity is high' } } },
      'True InForce: in force, until 2027-05-31T00:00:00Z',
    ],
    [
      'names no refusal without its reason',
      { matches: { baseline: { matched: 1, refused: 2 } } },
      'True InForce: in force, until 2027-05-31T00:00:00Z',
    ],
    [
      'is False if one policy refuses it and no other has a finding',
      { bounds: { baseline: {}, strict: { allow: 'None' } } },
      'False Refused: SecurityPolicy/strict: exceptions.allow is None',
    ],
    [
      'is False if all policies that it is for refuse it, although it covers findings in a report',
      { spec: { policies: ['strict'] }, bounds: { baseline: {}, strict: { allow: 'None' } }, matches: matched },
      'False Refused: SecurityPolicy/strict: exceptions.allow is None',
    ],
    [
      'tells each refusal if no finding is covered',
      {
        bounds: { baseline: {}, lax: {}, strict: { allow: 'None' } },
        matches: { lax: { matched: 0, refused: 1, reason: 'the severity is high' } },
      },
      'False Refused: SecurityPolicy/strict: exceptions.allow is None; 1 findings: the severity is high',
    ],
    ['is True without any policy', { bounds: {} }, 'True InForce: in force, until 2027-05-31T00:00:00Z'],
    [
      'is not unused 7 days after its creation if a finding matched it since',
      { at: Date.parse('2026-06-20T00:00:00Z'), before: { lastMatchedTime: '2026-06-19T00:00:00Z' } },
      'True InForce: in force, until 2027-05-31T00:00:00Z',
    ],
    [
      'is not unused if the time of its creation is not known',
      { metadata: { creationTimestamp: 'unknown' }, at: Date.parse('2026-07-20T00:00:00Z') },
      'True InForce: in force, until 2027-07-20T00:00:00Z',
    ],
    [
      'is False after 7 days without a finding',
      { at: Date.parse('2026-05-31T00:00:00Z') + 7 * day + 1 },
      'False Unused: no finding matched the exception for 7 days: delete it if nobody needs it',
    ],
    [
      'is True in the first 7 days without a finding',
      { at: Date.parse('2026-05-31T00:00:00Z') + 7 * day },
      'True InForce: in force, until 2027-05-31T00:00:00Z',
    ],
  ] satisfies readonly (readonly [string, Given, string])[])
    it(what, () => expect(condition('Active', given)).to.equal(text));
});

describe('The status of an exception', () => {
  it('counts findings by policy', () => {
    const { matched: total, policies } = statusOf({ matches: { ...matched, other: { matched: 1, refused: 2 } } });
    expect({ total, policies }).to.deep.equal({
      total: 4,
      policies: [
        { name: 'baseline', matched: 3, refused: 0 },
        { name: 'other', matched: 1, refused: 2 },
      ],
    });
  });

  it('keeps its counts until the reports were read', () => {
    const before = statusOf({ matches: matched });
    expect(exceptionStatus({ ...inputOf({ before }), matches: undefined })).to.deep.include({ matched: 3, policies: before.policies });
  });

  it('is not unused until the reports were read', () => {
    const { conditions } = exceptionStatus({ ...inputOf({ at: Date.parse('2026-07-01T00:00:00Z') }), matches: undefined });
    expect(conditions?.find(({ type }) => type === 'Active')?.reason).to.equal('InForce');
  });

  it('has no counts and no time of a match before the first finding', () => {
    const { conditions: _, ...empty } = statusOf({});
    expect(empty).to.deep.equal({ observedGeneration: 0, matched: 0, policies: [] });
    const { conditions: __, ...unread } = exceptionStatus({ ...inputOf({ metadata: { generation: 4 } as object }), matches: undefined });
    expect(unread).to.deep.equal({ observedGeneration: 4, matched: 0, policies: [] });
    const before = { lastMatchedTime: '2026-05-31T12:00:00Z' };
    expect(exceptionStatus({ ...inputOf({ before }), matches: undefined })).to.include(before);
  });

  it('lists 64 policies by name', () => {
    const names = Array.from({ length: 65 }, (_, index) => `p${100 + index}`);
    const matches = Object.fromEntries(names.toReversed().map((name) => [name, { matched: 1, refused: 0 }]));
    const { matched: total, policies } = statusOf({ matches });
    expect([total, policies?.map(({ name }) => name)]).to.deep.equal([65, names.slice(0, 64)]);
  });

  it('keeps the time since which a condition has its status', () => {
    const before = statusOf({ matches: matched });
    const later = statusOf({ matches: matched, before, at: now + day });
    expect(later.conditions?.map(({ lastTransitionTime }) => lastTransitionTime)).to.deep.equal(
      before.conditions?.map(() => '2026-06-01T00:00:00Z'),
    );
  });

  it('has the time of the match if it was a day ago', () => {
    expect(statusOf({ before: { lastMatchedTime: '2026-05-31T00:00:00Z' }, matches: matched }).lastMatchedTime).to.equal(
      '2026-06-01T00:00:00Z',
    );
    expect(statusOf({ matches: matched }).lastMatchedTime).to.equal('2026-06-01T00:00:00Z');
  });

  it('renews the time of the last match once a day', () => {
    const before = { lastMatchedTime: '2026-05-31T12:00:00Z' };
    expect(statusOf({ before, matches: matched }).lastMatchedTime).to.equal('2026-05-31T12:00:00Z');
    expect(statusOf({ before: { lastMatchedTime: '2026-05-30T23:00:00Z' }, matches: matched }).lastMatchedTime).to.equal(
      '2026-06-01T00:00:00Z',
    );
    expect(statusOf({ before }).lastMatchedTime).to.equal('2026-05-31T12:00:00Z');
  });

  it('is Ready=False and Stalled=True with the problem', () => {
    const given = { problems: ['spec.checks[0].name: unknown'] };
    expect([condition('Ready', given), condition('Stalled', given)]).to.deep.equal([
      'False Invalid: spec.checks[0].name: unknown',
      'True Invalid: spec.checks[0].name: unknown',
    ]);
  });

  it('names a policy that does not exist, with a suggestion', () => {
    expect(condition('Ready', { spec: { policies: ['baselin'] } })).to.equal(
      "False Invalid: spec.policies[0]: no SecurityPolicy 'baselin' (did you mean 'baseline'?)",
    );
  });
});

describe('nextStatusChange', () => {
  const next = (expiresAt: string, at = now): number | undefined => nextStatusChange(inputOf({ spec: { expiresAt }, at }));

  it('is 7 days before the end, a day before it, and the end', () => {
    expect(next('2026-06-15T00:00:00Z')).to.equal(7 * day);
    expect(next('2026-06-05T00:00:00Z')).to.equal(3 * day);
    expect(next('2026-06-01T12:00:00Z')).to.equal(day / 2);
    expect(next('2026-06-01T00:00:00Z')).to.equal(undefined);
  });
});

describe('secondsToNextEnd', () => {
  const ends = (...times: readonly string[]): number =>
    secondsToNextEnd({ set: setOf(times.map((expiresAt) => exception({ expiresAt }))), now });

  it('counts to the earliest end, and leaves out what has ended', () => {
    expect(ends('2026-06-01T00:02:00Z', '2026-06-01T00:01:00Z', '2026-06-01T00:00:00Z', '2026-05-01T00:00:00Z')).to.equal(60);
    expect(ends('2026-06-01T00:00:00Z')).to.equal(Number.POSITIVE_INFINITY);
  });
});
