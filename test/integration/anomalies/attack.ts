import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SeenAnomaly, WatchedCluster } from './watched-cluster.ts';

/** An attack: what is done, and the finding that it is. */
export interface Attack {
  readonly rule: string;
  /** What it is about. Undefined: one of several objects, such as the last that was deleted. */
  readonly about?: string;
  readonly actor: string;
  readonly severity?: string;
  /** The address from which the API server sees the request. Omitted: that of this machine. */
  readonly from?: string;
  /** The rules of other findings about what the same act is, too. */
  readonly also?: readonly string[];
  readonly act: () => Promise<unknown>;
}

/** What attacks are made with. */
export interface Stage {
  readonly cluster: WatchedCluster;
  /** The namespace of the attackers. */
  readonly red: string;
  /** The namespace of the victims: it has the Secrets s0 to s14 and the Pod `target`. */
  readonly shop: string;
  /** The user name of an account of the attackers. */
  readonly user: (account: string) => string;
  /** Sends a request as an account of the attackers. Resolves to the status. */
  readonly as: (account: string, method: string, path: string, body?: object, headers?: Record<string, string>) => Promise<number>;
}

/** The milliseconds after an attack in which its finding must be there. */
const LIMIT = 60_000;

/** Whether an anomaly is the finding of an attack. */
export const isOf = ({ rule, about, actor }: Attack, seen: SeenAnomaly): boolean =>
  seen.rule === rule && seen.about === (about ?? seen.about) && seen.actor === actor;

/** Plays attacks beside each other. Resolves to the finding of each that came within 60 seconds of it. */
export async function play(cluster: WatchedCluster, attacks: readonly Attack[]): Promise<ReadonlyMap<Attack, SeenAnomaly>> {
  const found = new Map<Attack, SeenAnomaly>();
  const open = new Map<Attack, number>();
  const played = Promise.all(
    attacks.map(async (attack) => {
      await attack.act();
      open.set(attack, performance.now());
    }),
  ).then(() => true);
  for (let isPlayed = false; !isPlayed || open.size > 0;) {
    isPlayed = await Promise.race([played, sleep(1000, isPlayed)]);
    const asked = performance.now();
    const anomalies = cluster.anomalies();
    for (const [attack, at] of open) {
      const finding = anomalies.find((seen) => isOf(attack, seen));
      if (finding) found.set(attack, finding);
      if (finding || asked > at + LIMIT) open.delete(attack);
    }
    if (open.size > 0) await sleep(1000);
  }
  return found;
}

/** The title of the test of an attack. `red` is the namespace with a random name. */
export const titleOf = ({ rule, about = 'one of several objects' }: Attack, red: string): string =>
  `${rule} about ${about.replaceAll(red, 'red')} is reported with its actor`;

/** Expects a finding with the severity of the attack, and the address that the API server saw. */
export function expectFinding(attack: Attack, finding: SeenAnomaly | undefined, cluster: WatchedCluster): void {
  const { rule, severity, from = cluster.files.address } = attack;
  const others = cluster.anomalies().filter((seen) => seen.rule === rule);
  expect(finding, JSON.stringify(others)).to.include({ result: 'fail', ...(severity === undefined ? {} : { severity }) });
  expect(finding?.source.split(' ')[0], 'the address of the request').to.equal(from);
}

/** The anomalies that belong to no attack. */
export const unexpected = (attacks: readonly Attack[], anomalies: readonly SeenAnomaly[]): readonly SeenAnomaly[] =>
  anomalies.filter(
    (seen) => !attacks.some((attack) => isOf(attack, seen) || (seen.actor === attack.actor && attack.also?.includes(seen.rule) === true)),
  );
