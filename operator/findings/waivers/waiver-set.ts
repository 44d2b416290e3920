import type { ExceptionBounds } from '../../api/kinds/policy-exceptions.ts';
import { brokenBound, endOf, severityBound } from './exception-bounds.ts';
import { nameProblem } from './exception-problems.ts';
import { INLINE, inlineExceptions } from './inline-exceptions.ts';
import type { CoveredContainers, NamespaceLabels, Waiver, WaiverSubject, WaiverTarget } from './waiver.ts';

/** The outcome for one failure that an exception selects. */
export type WaiverDecision =
  | { readonly kind: 'excepted'; readonly ids: readonly string[]; readonly until: number }
  | { readonly kind: 'refused'; readonly id: string; readonly reason: string };

/** The inputs of a {@link WaiverSet}. */
export interface WaiverInputs {
  readonly waivers: readonly Waiver[];
  /** The bounds of each policy, by name. A policy without an entry has the default bounds. */
  readonly bounds: ReadonlyMap<string, ExceptionBounds | undefined>;
  readonly namespaceLabels: NamespaceLabels;
  /** The names of the rules of all policies. Undefined: they are not known, and inline exceptions may have any names. */
  readonly rules?: ReadonlySet<string>;
}

/** An exception in force at a failure, and what it covers there. */
interface Candidate {
  readonly waiver: Waiver;
  readonly covered: CoveredContainers;
  readonly until: number;
}

/** The exceptions and bounds that apply at one time. Immutable and pure. */
export class WaiverSet {
  /** Whether no exception can cover anything: there is none, and no policy allows inline exceptions. */
  readonly isEmpty: boolean;
  readonly #inputs: WaiverInputs;
  /** By check. */
  readonly #index: ReadonlyMap<string, readonly Waiver[]>;

  constructor(inputs: WaiverInputs) {
    this.#inputs = inputs;
    this.isEmpty = inputs.waivers.length === 0 && ![...inputs.bounds.values()].some((bounds) => bounds?.inline === 'Allow');
    const index = new Map<string, Waiver[]>();
    for (const waiver of inputs.waivers) for (const check of waiver.checks) index.getOrInsertComputed(check, () => []).push(waiver);
    this.#index = index;
  }

  /** All exceptions. */
  get waivers(): readonly Waiver[] {
    return this.#inputs.waivers;
  }

  /** Returns the bounds of a policy. */
  boundsOf(policy: string): ExceptionBounds | undefined {
    return this.#inputs.bounds.get(policy);
  }

  /**
   * Returns whether exceptions cover a failure at a time (milliseconds since the epoch), or the bound that refuses it. Returns undefined if no
   * exception in force selects the failure. If several exceptions cover it, the one with the latest end counts.
   */
  decide(subject: WaiverSubject, target: WaiverTarget, now: number): WaiverDecision | undefined {
    const bounds = this.boundsOf(subject.policy);
    const refused: { id: string; reason: string }[] = [];
    const candidates: Candidate[] = [];
    for (const waiver of this.#selecting(subject, target, { bounds, refused })) {
      if (endOf(waiver, now) <= now) continue;
      const covered = waiver.id === INLINE ? 'all' : waiver.coversTarget(target, this.#inputs.namespaceLabels);
      if (covered === undefined) continue;
      const reason = brokenBound(waiver, bounds ?? {}, now) ?? severityBound(subject.severity, bounds);
      if (reason === undefined) candidates.push({ waiver, covered, until: endOf(waiver, now) });
      else refused.push({ id: waiver.id, reason: `${policyText(subject.policy)}: ${reason}` });
    }
    const excepted = coverage(candidates, subject.containers);
    if (excepted) return { kind: 'excepted', ...excepted };
    const [first] = refused.toSorted((a, b) => (a.id < b.id ? -1 : 1));
    return first && { kind: 'refused', ...first };
  }

  /** Returns the names of inline exceptions that no check has. They select no failure: every failure that nothing covers names them. */
  #unknownChecks(waivers: readonly Waiver[]): readonly { readonly id: string; readonly reason: string }[] {
    const { rules } = this.#inputs;
    if (rules === undefined) return [];
    const names = waivers.flatMap(({ checks }) => [...checks]).filter((check) => !isVulnerability(check));
    const problems = names.flatMap((name) => nameProblem(name, rules) ?? []);
    return problems.map((problem) => ({ id: INLINE, reason: `the annotation vigil.dev/except: ${problem}` }));
  }

  /** Returns the exceptions that select the check of a failure, those of the object itself included. */
  #selecting(
    subject: WaiverSubject,
    target: WaiverTarget,
    { bounds, refused }: { readonly bounds: ExceptionBounds | undefined; readonly refused: { id: string; reason: string }[] },
  ): readonly Waiver[] {
    const declared = (this.#index.get(subject.check) ?? []).filter(
      ({ policies, coversCheck }) => (policies === undefined || policies.has(subject.policy)) && coversCheck(subject),
    );
    if (target.inline === undefined) return declared;
    const inline = inlineExceptions({ inline: target.inline, name: target.name });
    if ('problem' in inline) {
      if (bounds?.inline === 'Allow') refused.push({ id: INLINE, reason: inline.problem });
      return declared;
    }
    const own = inline.waivers.filter(({ coversCheck }) => coversCheck(subject));
    if (bounds?.inline === 'Allow') {
      if (own.length === 0) refused.push(...this.#unknownChecks(inline.waivers));
      return [...declared, ...own];
    }
    if (own.length > 0) refused.push({ id: INLINE, reason: `${policyText(subject.policy)}: exceptions.inline is Refuse` });
    return declared;
  }
}

const isVulnerability = (check: string): boolean => /^(CVE|GHSA)-/.test(check);

const policyText = (policy: string): string => (policy === '' ? 'without a SecurityPolicy' : `SecurityPolicy/${policy}`);
const latestFirst = (a: Candidate, b: Candidate): number => b.until - a.until || (a.waiver.id < b.waiver.id ? -1 : 1);

/** Returns the exceptions that together cover all containers of a failure, and the earliest of their ends. Undefined if one is not covered. */
function coverage(
  candidates: readonly Candidate[],
  containers: readonly string[] | undefined,
): { readonly ids: readonly string[]; readonly until: number } | undefined {
  const ordered = candidates.toSorted(latestFirst);
  const whole = ordered.find(({ covered }) => covered === 'all' || containers?.every((name) => covered.has(name)));
  if (whole && (whole.covered === 'all' || (containers ?? []).length > 0)) return { ids: [whole.waiver.id], until: whole.until };
  if (containers === undefined || containers.length === 0) return undefined;
  const chosen = new Set<Candidate>();
  for (const name of containers) {
    const found = ordered.find(({ covered }) => covered !== 'all' && covered.has(name));
    if (!found) return undefined;
    chosen.add(found);
  }
  return { ids: [...chosen].map(({ waiver }) => waiver.id), until: Math.min(...[...chosen].map(({ until }) => until)) };
}

/** The set without exceptions. */
export const noWaivers = new WaiverSet({ waivers: [], bounds: new Map(), namespaceLabels: () => undefined });
