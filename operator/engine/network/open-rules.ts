import { everyAddress } from './address-set.ts';
import { IntervalSet } from './interval-set.ts';
import type { Peer, PolicyRule } from './network-policy.ts';
import { protocols, PortSet, type Protocol } from './port-set.ts';
import { selectsEveryPod } from './selector-cover.ts';

/** Who can be the peer of the traffic that rules allow. */
type Everyone = 'ipv4' | 'ipv6' | 'pods';
const everyone: readonly Everyone[] = ['ipv4', 'ipv6', 'pods'];

/** Whether peers are everyone together: every address of a family that a host can have, or every pod of every namespace. */
function areEveryone(peers: readonly Peer[], who: Everyone): boolean {
  if (who === 'pods') return selectsEveryPod(peers.flatMap(({ pods }) => pods ?? []));
  return IntervalSet.union(peers.flatMap(({ addresses }) => addresses ?? [])).covers(everyAddress[who]);
}

const isOpen = ({ peers, ports }: PolicyRule): boolean =>
  ports.isAll && (peers === undefined || everyone.some((who) => areEveryone(peers, who)));

/** The paths of what makes an open rule open: its peers that are everyone by themselves, or the rule. */
function openPaths({ peers = [], path }: PolicyRule): readonly string[] {
  const alone = peers.filter((peer) => everyone.some((who) => areEveryone([peer], who))).map((peer) => peer.path);
  return alone.length > 0 ? alone : [path];
}

/** One port for each range of ports of a protocol that rules do not tell apart. */
function samplePorts(rules: readonly PolicyRule[], protocol: Protocol): readonly number[] {
  const bounds = rules.flatMap(({ ports }) => ports.of(protocol).intervals.flatMap(({ start, end }) => [start, end]));
  return [...new Set([1, ...bounds])].filter((port) => port <= 65_535);
}

/** Whether the rules together allow traffic with everyone on every port. */
function areOpen(rules: readonly PolicyRule[], who: Everyone): boolean {
  if (!PortSet.union(rules.map(({ ports }) => ports)).isAll) return false;
  return protocols.every((protocol) =>
    samplePorts(rules, protocol).every((port) => {
      const applicable = rules.filter(({ ports }) => ports.has(protocol, port));
      return (
        applicable.some(({ peers }) => peers === undefined) ||
        areEveryone(
          applicable.flatMap(({ peers }) => peers ?? []),
          who,
        )
      );
    }),
  );
}

/**
 * Returns the paths of what allows traffic with everyone on every port: peers or rules that do so by themselves, else `whole` if the rules
 * do so together. Empty if the rules leave out somebody.
 */
export function openRulePaths(rules: readonly PolicyRule[], whole: string): readonly string[] {
  const alone = rules.filter(isOpen);
  if (alone.length > 0) return alone.flatMap(openPaths);
  return rules.length > 1 && everyone.some((who) => areOpen(rules, who)) ? [whole] : [];
}
