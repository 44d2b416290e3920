import { BlockList, isIPv4, isIPv6 } from 'node:net';
import type { NodeFacts } from '../facts/cluster-facts.ts';

interface KnownNode {
  readonly addresses: ReadonlySet<string>;
  readonly ranges: BlockList;
  readonly pool: string;
  /** When the node got each address that it did not have at first. */
  readonly gained: ReadonlyMap<string, number>;
  /** Whether a request arrived from an address that the node has: then no address translation is on its way to the API server. */
  direct: boolean;
}

/** How many different tokens must have come over an address before it counts as a translation of addresses. */
const enough = 3;
const mostHops = 512;
/** Milliseconds between a request and the change that a watch shows of it. */
const SAME = 5000;

/**
 * The addresses from which requests of a node and of its pods arrive: its own, those of its bridges and tunnels, and those of address
 * translations between nodes and API server, which are learned.
 */
export class NodeAddresses {
  readonly #nodes = new Map<string, KnownNode>();
  /** For each address of no node: the nodes and tokens that were seen behind it while learning. */
  readonly #hops = new Map<string, { readonly tokens: Set<string> }>();

  /** Adds, changes or removes a node. `at`: when that was seen. */
  set(name: string, facts: NodeFacts | undefined, at: number): void {
    if (facts === undefined) {
      this.#nodes.delete(name);
      return;
    }
    const ranges = new BlockList();
    for (const range of facts.podRanges) addRange(ranges, range);
    const before = this.#nodes.get(name);
    const direct = before?.direct ?? false;
    const gained = gainedBy(before, facts.addresses, at);
    this.#nodes.set(name, { addresses: new Set(facts.addresses), ranges, pool: facts.pool, gained, direct });
  }

  /** Whether a node is known. */
  has(name: string): boolean {
    return this.#nodes.has(name);
  }

  /** The pool of a node. */
  pool(name: string): string | undefined {
    return this.#nodes.get(name)?.pool;
  }

  /** Whether an address is one of the node's, or of a bridge in its range of pods. */
  owns(name: string, address: string): boolean {
    const node = this.#nodes.get(name);
    if (node === undefined) return false;
    if (node.addresses.has(address)) return true;
    return node.ranges.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  }

  /**
   * Whether a node got an address only with a request of this time, or later. Whoever has the credential of a kubelet can add any address to
   * its node, so such a request must not come from that address.
   */
  gained(name: string, address: string, at: number): boolean {
    const since = this.#nodes.get(name)?.gained.get(address);
    return since !== undefined && at <= since + SAME;
  }

  /** Whether any node has the address. */
  isAnyNode(address: string): boolean {
    for (const { addresses } of this.#nodes.values()) if (addresses.has(address)) return true;
    return false;
  }

  /** Whether a node of the control plane has the address. */
  isControlPlane(address: string): boolean {
    for (const { addresses, pool } of this.#nodes.values()) if (pool.startsWith('control-plane') && addresses.has(address)) return true;
    return false;
  }

  /** A request of the node, or of one of its pods, arrived from an address of its own. */
  sawDirect(name: string): void {
    const node = this.#nodes.get(name);
    if (node) node.direct = true;
  }

  /** Whether requests of the node arrive from its own addresses. */
  isDirect(name: string): boolean {
    return this.#nodes.get(name)?.direct ?? false;
  }

  /** Whether enough different tokens have come over an address to call it a translation of addresses. */
  isTranslation(address: string): boolean {
    return (this.#hops.get(address)?.tokens.size ?? 0) >= enough;
  }

  /** A token came over an address that no node has, while that was learned. */
  learnHop(address: string, token: string): void {
    const hop = this.#hops.get(address) ?? { tokens: new Set<string>() };
    if (hop.tokens.size < enough) hop.tokens.add(token);
    if (this.#hops.size < mostHops) this.#hops.set(address, hop);
  }

  /** What was learned, for a document. */
  saveHops(): readonly (readonly [string, readonly string[]])[] {
    return [...this.#hops].map(([address, { tokens }]) => [address, [...tokens]]);
  }

  /** Reads what {@link saveHops} returned. */
  loadHops(hops: readonly (readonly [string, readonly string[]])[]): void {
    for (const [address, tokens] of hops.slice(0, mostHops)) this.#hops.set(address, { tokens: new Set(tokens) });
  }
}

/** The addresses that a node has got since it was first seen. A node that joins has none at first. */
function gainedBy(before: KnownNode | undefined, addresses: readonly string[], at: number): ReadonlyMap<string, number> {
  if (before === undefined || before.addresses.size === 0) return new Map();
  return new Map(
    addresses.flatMap((address) => {
      const since = before.addresses.has(address) ? before.gained.get(address) : at;
      return since === undefined ? [] : [[address, since] as const];
    }),
  );
}

function addRange(list: BlockList, range: string): void {
  const [network = '', bits = ''] = range.split('/');
  const prefix = Number(bits);
  if (isIPv4(network) && prefix >= 8 && prefix <= 32) list.addSubnet(network, prefix, 'ipv4');
  else if (isIPv6(network) && prefix >= 16 && prefix <= 128) list.addSubnet(network, prefix, 'ipv6');
}
