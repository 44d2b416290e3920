import { addTallies, TallyBuilder, type PolicyTally } from '../findings/tally.ts';

/** Counts verdicts by namespace and policy, one namespace after the other. */
export class NamespaceTallies {
  readonly #scopes = new Map<string, ScopeTally>();
  #current: ScopeTally = this.#scopeOf('');

  /** What is counted from here on is about this namespace; about objects outside of all where it is empty. */
  begin(namespace: string): void {
    this.#current = this.#scopeOf(namespace);
  }

  /** One target was judged. */
  addTarget(): void {
    this.#current.scanned++;
  }

  /** The counts of a policy in the namespace at hand. */
  of(policy: string): TallyBuilder {
    return this.#current.policies.getOrInsertComputed(policy, () => new TallyBuilder());
  }

  /** How many targets of each policy were judged in the namespace at hand. */
  get targetsByPolicy(): ReadonlyMap<string, number> {
    return new Map([...this.#current.policies].map(([policy, tally]) => [policy, tally.targets]));
  }

  /** Each namespace of which a target was judged. */
  get namespaces(): readonly NamespaceTally[] {
    return [...this.#scopes]
      .filter(([, { scanned }]) => scanned > 0)
      .map(([namespace, { scanned, policies }]) => ({
        namespace,
        scanned,
        policies: Object.fromEntries([...policies].map(([policy, tally]) => [policy, tally.build()])),
      }));
  }

  /** All namespaces together, by policy. */
  get total(): Readonly<Record<string, PolicyTally>> {
    const total: Record<string, PolicyTally> = {};
    for (const { policies } of this.#scopes.values())
      for (const [policy, tally] of policies) total[policy] = addTallies(total[policy], tally.build());
    return total;
  }

  #scopeOf(namespace: string): ScopeTally {
    return this.#scopes.getOrInsertComputed(namespace, () => ({ scanned: 0, policies: new Map<string, TallyBuilder>() }));
  }
}

interface ScopeTally {
  scanned: number;
  readonly policies: Map<string, TallyBuilder>;
}

/** What was counted in one namespace; outside of all where the name is empty. */
export interface NamespaceTally {
  readonly namespace: string;
  readonly scanned: number;
  readonly policies: Readonly<Record<string, PolicyTally>>;
}
