import type { Projection, Snapshot } from '../snapshot/snapshot.ts';
import { type Access, accessOf, bits, isClusterWide } from './access.ts';
import { accountRights, NamedRights, takeoverControls } from './named-rights.ts';

/** The controls whose rights lead to a takeover even if they are limited to names: each object is about the whole cluster. */
const evenIfNamed: ReadonlySet<string> = new Set(['rbac-nodes-proxy', 'rbac-admission-webhooks', 'rbac-csr-approval']);

/** A service account. */
interface Account {
  readonly namespace: string;
  readonly name: string;
}

/** Which rights of bindings lead to a takeover of the cluster. */
export class Takeovers {
  readonly #access: Access;
  readonly #named: NamedRights;
  readonly #direct = new Map<Projection, readonly string[]>();
  readonly #all = new Map<Projection, readonly string[]>();
  /** The accounts that are known to lead to a takeover, or known not to. */
  readonly #leading = new Map<string, boolean>();

  constructor(access: Access) {
    this.#access = access;
    this.#named = new NamedRights(access);
  }

  /**
   * Returns the controls whose rights a binding grants where it applies, and that lead to a takeover. The rights of other accounts are only
   * looked at if no right leads there by itself.
   */
  of(binding: Projection): readonly string[] {
    const known = this.#all.get(binding);
    if (known !== undefined) return known;
    const direct = this.#directly(binding);
    const controls = direct.length > 0 ? direct : this.#throughAccounts(binding);
    this.#all.set(binding, controls);
    return controls;
  }

  #directly(binding: Projection): readonly string[] {
    const known = this.#direct.get(binding);
    if (known !== undefined) return known;
    const controls = takeoverControls.filter((control) => {
      const granted = this.#access.bitsOfBinding(binding, control);
      if ((granted & (bits.inNamespaces | bits.clusterScoped)) !== 0) return true;
      return granted !== 0 && (evenIfNamed.has(control) || this.#named.leads(binding, control));
    });
    this.#direct.set(binding, controls);
    return controls;
  }

  #throughAccounts(binding: Projection): readonly string[] {
    return Object.keys(accountRights).filter((control) => this.#accounts(binding, control).some((account) => this.#leadsOn(account)));
  }

  /** The accounts that a binding allows acting as by the rights of a control. */
  #accounts(binding: Projection, control: string): readonly Account[] {
    if (this.#access.bitsOfBinding(binding, control) === 0) return [];
    return this.#named.accountsOf(binding, control).flatMap((name) => {
      const namespaces = isClusterWide(binding) ? [...this.#access.namespacesOfAccount(name)] : [binding.reference.namespace ?? ''];
      return namespaces.map((namespace) => ({ namespace, name }));
    });
  }

  /** Whether an account, or one that it can act as in turn, has rights that lead to a takeover. */
  #leadsOn(start: Account): boolean {
    const keyOf = ({ namespace, name }: Account): string => `${namespace}/${name}`;
    const visited = new Map([[keyOf(start), start]]);
    for (const [key, { namespace, name }] of visited) {
      const known = this.#leading.get(key);
      if (known === false) continue;
      const bindings = this.#access.bindingsOfAccount(namespace, name);
      if (known === true || bindings.some((binding) => this.#directly(binding).length > 0)) {
        this.#leading.set(keyOf(start), true);
        return true;
      }
      // An account that is set again keeps its place, so that each is visited once.
      const next = bindings.flatMap((binding) => Object.keys(accountRights).flatMap((control) => this.#accounts(binding, control)));
      for (const account of next) visited.set(keyOf(account), account);
    }
    for (const key of visited.keys()) this.#leading.set(key, false);
    return false;
  }
}

const known = new WeakMap<Snapshot, Takeovers>();

/** Returns the takeovers of a snapshot. Computed once. */
export function takeoversOf(snapshot: Snapshot): Takeovers {
  const cached = known.get(snapshot);
  if (cached !== undefined) return cached;
  const takeovers = new Takeovers(accessOf(snapshot));
  known.set(snapshot, takeovers);
  return takeovers;
}
