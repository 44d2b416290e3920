import { ownEntry } from '../api/own-entry.ts';
import { addTallies, TallyBuilder, type PolicyTally } from '../findings/tally.ts';

/** Counts verdicts by namespace and policy. One namespace is current at a time. */
export class NamespaceTallies {
  readonly #scopes = new Map<string, ScopeTally>();
  #current: ScopeTally = this.#scopeOf('');

  /** Makes a namespace current. Empty for cluster-scoped objects. */
  begin(namespace: string): void {
    this.#current = this.#scopeOf(namespace);
  }

  /** Counts an evaluated target in the current namespace. */
  addTarget(): void {
    this.#current.scanned++;
  }

  /** Returns the tally of a policy in the current namespace. */
  of(policy: string): TallyBuilder {
    return this.#current.policies.getOrInsertComputed(policy, () => new TallyBuilder());
  }

  /** The number of evaluated targets of each policy in the current namespace. */
  get targetsByPolicy(): ReadonlyMap<string, number> {
    return new Map([...this.#current.policies].map(([policy, tally]) => [policy, tally.targets]));
  }

  /** The tally of each namespace with an evaluated target. */
  get namespaces(): readonly NamespaceTally[] {
    return [...this.#scopes]
      .filter(([, { scanned }]) => scanned > 0)
      .map(([namespace, { scanned, policies }]) => ({
        namespace,
        scanned,
        policies: Object.fromEntries([...policies].map(([policy, tally]) => [policy, tally.build()])),
      }));
  }

  /** The sum over all namespaces, by policy. */
  get total(): Readonly<Record<string, PolicyTally>> {
    const total: Record<string, PolicyTally> = {};
    for (const { policies } of this.#scopes.values())
      for (const [policy, tally] of policies) total[policy] = addTallies(ownEntry(total, policy), tally.build());
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

/** The counts of one namespace. The name is empty for cluster-scoped objects. */
export interface NamespaceTally {
  readonly namespace: string;
  readonly scanned: number;
  readonly policies: Readonly<Record<string, PolicyTally>>;
}
