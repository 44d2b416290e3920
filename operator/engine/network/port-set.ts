import { type Fields, isFields, isUnset } from '../objects/kubernetes-object.ts';
import { isPortName } from '../objects/name-forms.ts';
import type { Fault } from '../outcomes/outcome.ts';
import { type Interval, IntervalSet } from './interval-set.ts';

/** The protocols that NetworkPolicies know. */
export const protocols = ['TCP', 'UDP', 'SCTP'] as const;
export type Protocol = (typeof protocols)[number];

const isProtocol = (value: unknown): value is Protocol => protocols.includes(value as Protocol);
const allNumbers = IntervalSet.of([{ start: 1, end: 65_536 }]);

/** Ports by protocol. Named ports are those of the pods that are reached. They have no number outside of a pod. */
export class PortSet {
  static readonly all = new PortSet(new Map(protocols.map((protocol) => [protocol, allNumbers])), []);
  readonly #numbers: ReadonlyMap<Protocol, IntervalSet<number>>;
  /** Named ports, such as `TCP http`. */
  readonly names: readonly string[];

  constructor(numbers: ReadonlyMap<Protocol, IntervalSet<number>>, names: readonly string[]) {
    this.#numbers = numbers;
    this.names = names;
  }

  /** Returns the ports in any of the sets. */
  static union(sets: readonly PortSet[]): PortSet {
    const numbers = protocols.map((protocol) => [protocol, IntervalSet.union(sets.map((set) => set.of(protocol)))] as const);
    return new PortSet(new Map(numbers), [...new Set(sets.flatMap(({ names }) => names))]);
  }

  /** The numbers of one protocol. */
  of(protocol: Protocol): IntervalSet<number> {
    return this.#numbers.get(protocol) ?? none;
  }

  /** Whether the set has a port by its number. */
  has(protocol: Protocol, port: number): boolean {
    return this.of(protocol).has(port);
  }

  /** Whether the set has every port of every protocol. */
  get isAll(): boolean {
    return protocols.every((protocol) => this.of(protocol).covers(allNumbers));
  }
}

const none = IntervalSet.of<number>([]);

interface PortEntry {
  readonly protocol: Protocol;
  readonly numbers?: Interval<number>;
  readonly name?: string;
}

const isPort = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 65_535;

/** Returns the ports of an entry of `ports`, or what is wrong with it. As the API server validates it (networking/v1 NetworkPolicyPort). */
function portEntry(entry: Fields, path: string): PortEntry | Fault {
  const protocol = entry['protocol'] ?? 'TCP';
  if (!isProtocol(protocol)) return { path: `${path}.protocol`, problem: `expected one of ${protocols.join(', ')}` };
  const numbers = portNumbers(entry, path);
  return 'problem' in numbers ? numbers : { protocol, ...numbers };
}

function portNumbers({ port, endPort }: Fields, path: string): Omit<PortEntry, 'protocol'> | Fault {
  if (!isPort(port) && !isUnset(endPort)) return { path: `${path}.endPort`, problem: 'endPort needs the number of a port' };
  if (isUnset(port)) return { numbers: { start: 1, end: 65_536 } };
  if (typeof port === 'string' && isPortName(port)) return { name: port };
  if (!isPort(port)) return { path: `${path}.port`, problem: 'expected a port from 1 to 65535, or the name of a port' };
  const last = endPort ?? port;
  if (!isPort(last) || last < port) return { path: `${path}.endPort`, problem: 'expected a port from port to 65535' };
  return { numbers: { start: port, end: last + 1 } };
}

/** Returns the ports of a list `ports`. An empty list is every port. Adds what is wrong to `faults`. */
export function portsOf(list: unknown, path: string, faults: Fault[]): PortSet {
  if (list === undefined || list === null) return PortSet.all;
  if (!Array.isArray(list)) {
    faults.push({ path, problem: 'expected a list' });
    return PortSet.all;
  }
  if (list.length === 0) return PortSet.all;
  const entries: PortEntry[] = [];
  for (const [index, item] of list.entries()) {
    const at = `${path}[${index}]`;
    // The API server reads null in a list of maps as an empty map.
    const fields: unknown = item ?? {};
    const entry = isFields(fields) ? portEntry(fields, at) : { path: at, problem: 'expected a map' };
    if ('problem' in entry) faults.push(entry);
    else entries.push(entry);
  }
  return portSet(entries);
}

function portSet(entries: readonly PortEntry[]): PortSet {
  const numbers = protocols.map((protocol) => {
    const own = entries.filter((entry) => entry.protocol === protocol);
    return [protocol, IntervalSet.of(own.flatMap(({ numbers: interval }) => interval ?? []))] as const;
  });
  return new PortSet(
    new Map(numbers),
    entries.flatMap(({ protocol, name }) => (name === undefined ? [] : [`${protocol} ${name}`])),
  );
}
