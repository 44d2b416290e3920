import type { KubeObject } from '../api/metadata.ts';
import type { ExceptionBounds } from '../api/kinds/policy-exceptions.ts';
import type { ClusterSecurityException, SecurityException } from '../api/kinds/security-exception.ts';
import type { SecurityPolicy } from '../api/kinds/security-policy.ts';
import { exceptionProblems, validPart } from '../findings/waivers/exception-problems.ts';
import { compileWaiver, waiverId } from '../findings/waivers/waiver.ts';
import { WaiverSet } from '../findings/waivers/waiver-set.ts';
import type { Severity } from '../findings/finding.ts';
import type { Exception } from './exception.ts';
import { admissionWaivers, type AdmissionWaivers } from './admission-waivers.ts';
import type { AppliedWaivers } from '../reports/building/waived-results.ts';

/** A cache of all objects of a resource. */
interface Listing<T> {
  list(): readonly T[];
}

/** The caches that exceptions are read from. */
export interface ExceptionSources {
  readonly exceptions: Listing<SecurityException>;
  readonly clusterExceptions: Listing<ClusterSecurityException>;
  readonly policies: Listing<SecurityPolicy>;
  /**
   * Returns the names of the rules of the ValidatingAdmissionPolicies that a policy selects, or undefined if they were not read yet. Default: it selects
   * none.
   */
  readonly selectedNames?: (policy: SecurityPolicy) => readonly string[] | undefined;
  /** Namespaces with their labels. */
  readonly namespaces: Listing<KubeObject>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Whether the initial lists of exceptions and Namespaces are complete. */
  readonly isComplete: () => boolean;
}

/** The exceptions, without their entries with problems. */
interface Compiled {
  readonly valid: readonly Exception[];
  readonly set: WaiverSet;
}

/** Whether a policy denies at admission what exceptions cover in reports. */
export const deniesExcepted = ({ spec: { enforcement = [], exceptions } }: SecurityPolicy): boolean =>
  exceptions?.allow !== 'All' && enforcement.some(({ actions }) => actions.includes('Deny'));

/** The exceptions in force, compiled from the caches of the watches. */
export class ExceptionStore {
  readonly #sources: ExceptionSources;
  #compiled: Compiled | undefined;

  constructor(sources: ExceptionSources) {
    this.#sources = sources;
  }

  /** Compiles the exceptions again at the next use. Called after a cache changed. */
  invalidate(): void {
    this.#compiled = undefined;
  }

  /** Whether all exceptions are known. Until then, no report loses the exceptions that it has. */
  get isComplete(): boolean {
    return this.#sources.isComplete();
  }

  /** Returns the exceptions without their entries with problems, and the current time. */
  current(): AppliedWaivers {
    return { set: this.#current().set, now: this.#sources.clock() };
  }

  /** Returns all exceptions by id, those with problems included. */
  all(): ReadonlyMap<string, Exception> {
    const { exceptions, clusterExceptions } = this.#sources;
    const known: Exception[] = [...exceptions.list(), ...clusterExceptions.list()];
    return new Map(known.map((exception) => [waiverId(exception), exception]));
  }

  /** Returns what is wrong with an exception, each with the path of the field. */
  problemsOf(exception: Exception): readonly string[] {
    return exceptionProblems(exception, this.#rules());
  }

  /** Whether at least one entry of an exception is without problems. */
  isUsable(exception: Exception): boolean {
    return validPart(exception, this.#rules()) !== undefined;
  }

  /** Returns the exceptions that admission applies for a policy; see {@link admissionWaivers}. Throws until all exceptions are known. */
  admissionWaivers(policy: SecurityPolicy, checks: ReadonlyMap<string, Severity>, now: number): AdmissionWaivers {
    if (!this.isComplete) throw new Error('the exceptions are not listed yet: the parameters of admission policies stay as they are');
    return admissionWaivers(policy, this.#current().valid, { checks, now });
  }

  /** Returns the policies with the bounds that each sets for exceptions. */
  policyBounds(): ReadonlyMap<string, ExceptionBounds | undefined> {
    return new Map(this.#sources.policies.list().map(({ metadata, spec }) => [metadata.name, spec.exceptions]));
  }

  /** Returns the policies that deny at admission whatever exceptions cover. */
  denyingPolicies(): ReadonlySet<string> {
    return new Set(this.#sources.policies.list().flatMap((policy) => (deniesExcepted(policy) ? policy.metadata.name : [])));
  }

  /** Returns the names of all namespaces. */
  namespaces(): readonly string[] {
    return this.#sources.namespaces.list().map(({ metadata }) => metadata.name);
  }

  #rules(): ReadonlySet<string> {
    const { policies, selectedNames = () => [] } = this.#sources;
    const names = policies
      .list()
      .map((policy) => ({ own: (policy.spec.rules ?? []).map(({ name }) => name), selected: selectedNames(policy) }));
    // As long as the selected policies are not known, any name may be that of one of them.
    const any = names.some(({ selected }) => selected === undefined) ? this.#mentioned() : [];
    return new Set([...names.flatMap(({ own, selected = [] }) => [...own, ...selected]), ...any]);
  }

  /** The names of checks in all exceptions. */
  #mentioned(): readonly string[] {
    return [...this.all().values()].flatMap(({ spec }) => spec.checks.flatMap(({ name }) => name ?? []));
  }

  #current(): Compiled {
    return (this.#compiled ??= this.#compile());
  }

  #compile(): Compiled {
    const rules = this.#rules();
    const valid = [...this.all().values()].flatMap((exception) => validPart(exception, rules) ?? []);
    const labels = new Map(this.#sources.namespaces.list().map(({ metadata }) => [metadata.name, metadata.labels ?? {}]));
    const set = new WaiverSet({
      waivers: valid.map(compileWaiver),
      bounds: this.policyBounds(),
      namespaceLabels: (namespace) => labels.get(namespace),
      rules,
    });
    return { valid, set };
  }
}
