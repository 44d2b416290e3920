import { setConditions, type ConditionUpdate } from '../api/condition.ts';
import { endingOf, nextEnding, validity } from '../api/ending-status.ts';
import type { ExceptionBounds } from '../api/kinds/policy-exceptions.ts';
import type { ExceptionStatus } from '../api/kinds/security-exception.ts';
import { timestampOf } from '../api/timestamp.ts';
import { didYouMean } from '../catalogue/suggestion.ts';
import { brokenBound, endOf } from '../findings/waivers/exception-bounds.ts';
import { compileWaiver } from '../findings/waivers/waiver.ts';
import type { AppliedWaivers } from '../reports/building/waived-results.ts';
import type { PolicyMatches } from './exception-counts.ts';
import type { Exception } from './exception.ts';

/** The inputs of {@link exceptionStatus}. */
export interface ExceptionStatusInput {
  readonly exception: Exception;
  /** What is wrong with the exception; see `exceptionProblems`. */
  readonly problems: readonly string[];
  /** Whether at least one entry is without problems. */
  readonly isUsable: boolean;
  /** All policies, with the bounds that each sets for exceptions. */
  readonly bounds: ReadonlyMap<string, ExceptionBounds | undefined>;
  /** The policies that deny at admission whatever exceptions cover. */
  readonly denying: ReadonlySet<string>;
  /** The findings that it selects, by policy. Undefined until the reports were read. */
  readonly matches: ReadonlyMap<string, PolicyMatches> | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

const day = 86_400_000;
/** Milliseconds without a match after which an exception is unused. */
const unusedAfter = 7 * day;

/** Returns the status of an exception. Pure. */
export function exceptionStatus(input: ExceptionStatusInput): ExceptionStatus {
  const { exception, now } = input;
  const { generation = 0 } = exception.metadata;
  const conditions = [...validity('exception', [...input.problems, ...unknownPolicies(input)]), active(input)];
  return {
    observedGeneration: generation,
    conditions: setConditions(exception.status?.conditions, conditions, { now: timestampOf(now), generation }),
    ...countsOf(input),
  };
}

type Counts = Pick<ExceptionStatus, 'matched' | 'policies' | 'lastMatchedTime'>;

/** Returns the counts of findings. They stay until the reports were read. */
function countsOf({ exception: { status }, matches, now }: ExceptionStatusInput): Counts {
  const { matched = 0, policies = [], lastMatchedTime } = status ?? {};
  const last = (time: string | undefined): Counts => (time === undefined ? {} : { lastMatchedTime: time });
  if (!matches) return { matched, policies, ...last(lastMatchedTime) };
  const rows = [...matches].map(([name, each]) => ({ name, matched: each.matched, refused: each.refused }));
  const total = matchedIn(matches);
  return {
    matched: total,
    policies: rows.toSorted((a, b) => (a.name < b.name ? -1 : 1)).slice(0, 64),
    ...last(total > 0 ? renewed(lastMatchedTime, now) : lastMatchedTime),
  };
}

const matchedIn = (matches: ExceptionStatusInput['matches']): number =>
  [...(matches?.values() ?? [])].reduce((sum, { matched }) => sum + matched, 0);

/** Returns the milliseconds until the status changes by the passing of time, or undefined. */
export function nextStatusChange({ exception, now }: Pick<ExceptionStatusInput, 'exception' | 'now'>): number | undefined {
  return nextEnding(endOf(compileWaiver(exception), now), now);
}

/** Returns the seconds until the next exception ends. Positive infinity if no exception is in force. */
export function secondsToNextEnd({ set, now }: AppliedWaivers): number {
  const ends = set.waivers.map((waiver) => endOf(waiver, now)).filter((end) => end > now);
  return Math.round((Math.min(...ends) - now) / 1000);
}

/** Returns the time of the last match, updated once a day: an unchanged cluster causes few writes. */
const renewed = (before: string | undefined, now: number): string =>
  before !== undefined && now - Date.parse(before) < day ? before : timestampOf(now);

function unknownPolicies({ exception: { spec }, bounds }: ExceptionStatusInput): readonly string[] {
  return (spec.policies ?? []).flatMap((name, index) =>
    bounds.has(name) ? [] : [`spec.policies[${index}]: no SecurityPolicy '${name}'${didYouMean(name, bounds.keys())}`],
  );
}

const off = (reason: string, message: string): ConditionUpdate => ({ type: 'Active', status: 'False', reason, message });

function active(input: ExceptionStatusInput): ConditionUpdate {
  const { exception, problems, isUsable, now } = input;
  if (!isUsable) return off('Invalid', 'the exception covers nothing until its problems are fixed');
  const end = endOf(compileWaiver(exception), now);
  if (end <= now) return off('Expired', `the exception ended at ${timestampOf(end)}: its findings are failures again`);
  const refusals = refusalsOf(input);
  const left = problems.length > 0 ? ['some entries cover nothing: see condition Ready'] : [];
  return (
    without(input, refusals) ?? inForce(end, now, [...refusals.texts.map((text) => `refused: ${text}`), ...atAdmission(input), ...left])
  );
}

/** The most policies that a message names. */
const mostNamed = 3;

/** Names the policies that accept the exception in reports, and still refuse what it covers. */
function atAdmission({ exception: { spec }, bounds, denying }: ExceptionStatusInput): readonly string[] {
  // Images are not evaluated at admission.
  if (spec.checks.every(({ vulnerability }) => vulnerability !== undefined)) return [];
  const named = [...denying].filter((name) => (spec.policies?.includes(name) ?? true) && bounds.get(name)?.allow !== 'None').toSorted();
  if (named.length === 0) return [];
  const more = named.length > mostNamed ? ` and ${named.length - mostNamed} more` : '';
  return [`not at admission: exceptions.allow is ReportOnly in SecurityPolicy ${named.slice(0, mostNamed).join(', ')}${more}`];
}

/** Returns the condition of an exception that covers nothing: all policies refuse it, or nothing needs it. */
function without(input: ExceptionStatusInput, { texts, everywhere }: Refusals): ConditionUpdate | undefined {
  if (everywhere) return off('Refused', texts.join('; '));
  if (matchedIn(input.matches) > 0) return undefined;
  if (texts.length > 0) return off('Refused', texts.join('; '));
  return isUnused(input) ? off('Unused', 'no finding matched the exception for 7 days: delete it if nobody needs it') : undefined;
}

function inForce(end: number, now: number, others: readonly string[]): ConditionUpdate {
  const { reason, text = 'in force' } = endingOf(end, now);
  const notes = [`${text}, until ${timestampOf(end)}`, ...others];
  return { type: 'Active', status: 'True', reason, message: notes.join('; ') };
}

/** Why policies refuse an exception, and whether all policies that it is for do. */
interface Refusals {
  readonly texts: readonly string[];
  readonly everywhere: boolean;
}

function refusalsOf({ exception, bounds, matches, now }: ExceptionStatusInput): Refusals {
  const waiver = compileWaiver(exception);
  const relevant = [...bounds].filter(([name]) => waiver.policies?.has(name) ?? true);
  const whole = relevant.flatMap(([name, each]) => {
    const broken = brokenBound(waiver, each ?? {}, now);
    return broken === undefined ? [] : [[name, broken] as const];
  });
  const named = new Set(whole.map(([name]) => name));
  const single = [...(matches ?? [])].flatMap(([name, { refused, reason }]) =>
    refused > 0 && reason !== undefined && !named.has(name) ? [`${refused} findings: ${reason}`] : [],
  );
  return {
    texts: [...whole.map(([name, broken]) => `SecurityPolicy/${name}: ${broken}`), ...single],
    everywhere: relevant.length > 0 && whole.length === relevant.length,
  };
}

function isUnused({ exception: { metadata, status }, matches, now }: ExceptionStatusInput): boolean {
  if (!matches) return false;
  const since = Date.parse(status?.lastMatchedTime ?? metadata.creationTimestamp ?? '');
  return Number.isFinite(since) && now - since > unusedAfter;
}
