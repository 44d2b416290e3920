import type { CelType } from '../values/cel-type.ts';
import {
  BOOL,
  BYTES,
  DOUBLE,
  DURATION,
  DYN,
  INT,
  listOf,
  mapOf,
  NULL,
  opaque,
  STRING,
  TIMESTAMP,
  typeOf,
  UINT,
} from '../values/cel-type.ts';
import { findMacro } from '../syntax/macro.ts';
import type { Overload } from '../library/overload.ts';
import { OVERLOADS } from '../library/overload-table.ts';

/** The newest Kubernetes version with a known dialect. */
export const NEWEST_VERSION = '1.37';

/** Returns whether version `a` is at least `b`. Both are `major.minor`. */
export function atLeast(a: string, b: string): boolean {
  const [majorA = 0, minorA = 0] = a.replace(/^v/, '').split('.').map(Number);
  const [majorB = 0, minorB = 0] = b.split('.').map(Number);
  return majorA !== majorB ? majorA > majorB : minorA >= minorB;
}

/** Returns whether a version has an overload. */
const isSpoken = (version: string, { since, until }: Overload): boolean =>
  atLeast(version, since) && (until === undefined || !atLeast(version, until));

/** The names of types. They are values in expressions. */
export const TYPE_NAMES: ReadonlyMap<string, CelType> = new Map<string, CelType>([
  ...[BOOL, BYTES, DOUBLE, INT, STRING, UINT, NULL, DURATION, TIMESTAMP].map((type) => [type.name, typeOf(type)] as const),
  ...['net.IP', 'net.CIDR'].map((name) => [name, typeOf(opaque(name))] as const),
  ['list', typeOf(listOf(DYN))],
  ['map', typeOf(mapOf(DYN, DYN))],
  ['type', typeOf(typeOf())],
  ['optional_type', typeOf(opaque('optional_type'))],
]);

/** The functions and macros of one Kubernetes version. */
export class Environment {
  readonly version: string;
  private readonly byName = new Map<string, Overload[]>();
  private static readonly made = new Map<string, Environment>();

  private constructor(version: string) {
    this.version = version;
    for (const overload of OVERLOADS) {
      if (!isSpoken(version, overload)) continue;
      const known = this.byName.get(overload.name);
      if (known === undefined) this.byName.set(overload.name, [overload]);
      else known.push(overload);
    }
  }

  /** Returns the environment of a version. Environments are cached. */
  static of(version: string): Environment {
    const known = Environment.made.get(version) ?? new Environment(version);
    Environment.made.set(version, known);
    return known;
  }

  overloads(name: string): readonly Overload[] | undefined {
    return this.byName.get(name);
  }

  names(): Iterable<string> {
    return this.byName.keys();
  }

  isMacro(name: string, args: number, member: boolean): boolean {
    const macro = findMacro(name, args, member);
    return macro !== undefined && atLeast(this.version, macro.since);
  }

  /** Returns the first version with a function or macro that this version does not have. Returns undefined if no version has it. */
  introduced(name: string): string | undefined {
    return OVERLOADS.find((overload) => overload.name === name)?.since;
  }
}
