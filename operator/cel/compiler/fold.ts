import type { MacroName } from '../syntax/ast.ts';
import { absorb, CelFault, noSuchOverload } from '../values/cel-fault.ts';
import { show } from '../values/conversion.ts';
import { overspent, meter } from './code.ts';
import type { Code, Frame } from './code.ts';
import { CelMap, entriesOf, isMap, keyOf, keysOf } from '../values/value.ts';

/** The compiled parts of a fold. `slot2` is -1 for a fold with one variable. */
export interface FoldCode {
  readonly macro: MacroName;
  readonly range: Code;
  readonly filter: Code | undefined;
  readonly body: Code;
  readonly slot: number;
  readonly slot2: number;
}

/** The cost of one iteration of a fold without its body and filter, and the cost of its end, in cost units of the API server. */
const TURN: Readonly<Record<MacroName, number>> = {
  all: 3,
  exists: 4,
  exists_one: 1,
  map: 12,
  filter: 12,
  transformMap: 3,
  transformMapEntry: 2,
  sortBy: 12,
  let: 0,
};

function check(): void {
  if (meter.spent > meter.limit) throw overspent();
}

/** Returns the elements of a list or the keys of a map. */
function elements(range: unknown): readonly unknown[] {
  if (Array.isArray(range)) return range;
  if (isMap(range)) return keysOf(range);
  throw new CelFault('no_such_overload', 'got a value that is neither a list nor a map, expected iterable type');
}

function pairs(range: unknown): Iterable<readonly [unknown, unknown]> {
  if (Array.isArray(range)) return range.entries();
  if (isMap(range)) return entriesOf(range);
  throw new CelFault('no_such_overload', 'got a value that is neither a list nor a map, expected iterable type');
}

/** Binds the variables and calls `turn` for each element, until `turn` returns true. */
function iterate(fold: FoldCode, frame: Frame, turn: () => boolean): void {
  const { slot, slot2 } = fold;
  const range = fold.range.run(frame);
  if (slot2 < 0) {
    for (const element of elements(range)) {
      frame[slot] = element;
      check();
      if (turn()) return;
    }
    return;
  }
  for (const [first, second] of pairs(range)) {
    frame[slot] = first;
    frame[slot2] = second;
    check();
    if (turn()) return;
  }
}

/** Evaluates a test for the bound elements. Returns its value or its fault. */
function testOutcome(body: Code['run'], frame: Frame, deciding: boolean): boolean | CelFault {
  try {
    const value = body(frame);
    return typeof value === 'boolean' ? value : noSuchOverload(deciding ? '_||_' : '_&&_');
  } catch (error) {
    return absorb(error);
  }
}

/** Evaluates `all` (deciding value false) and `exists` (true) with one variable over a list. This loop is critical for performance. */
function quantifier(fold: FoldCode, deciding: boolean): (frame: Frame) => boolean {
  const { slot } = fold;
  const body = fold.body.run;
  const rangeOf = fold.range.run;
  const turnCost = TURN[fold.macro] + fold.body.cost;
  return (frame) => {
    const range = elements(rangeOf(frame));
    let fault: CelFault | undefined;
    for (let i = 0; i < range.length; i++) {
      frame[slot] = range[i];
      meter.spent += turnCost;
      check();
      const value = testOutcome(body, frame, deciding);
      if (value === deciding) return deciding;
      if (typeof value !== 'boolean') fault ??= value;
    }
    if (fault !== undefined) throw fault;
    return !deciding;
  };
}

function quantifierOfTwo(fold: FoldCode, deciding: boolean): (frame: Frame) => boolean {
  const turnCost = TURN[fold.macro] + fold.body.cost;
  return (frame) => {
    const faults: CelFault[] = [];
    let value: boolean | CelFault = !deciding;
    iterate(fold, frame, () => {
      meter.spent += turnCost;
      value = testOutcome(fold.body.run, frame, deciding);
      if (value instanceof CelFault) faults.push(value);
      return value === deciding;
    });
    if ((value as boolean | CelFault) === deciding) return deciding;
    if (faults[0] !== undefined) throw faults[0];
    return !deciding;
  };
}

/** Returns whether the bound element passes the filter. */
function passes(filter: Code | undefined, frame: Frame): boolean {
  if (filter === undefined) return true;
  meter.spent += filter.cost;
  const value = filter.run(frame);
  if (typeof value !== 'boolean') throw noSuchOverload('_?_:_');
  if (!value) meter.spent += 1;
  return value;
}

function exactlyOne(fold: FoldCode): (frame: Frame) => boolean {
  return (frame) => {
    let count = 0;
    iterate(fold, frame, () => {
      meter.spent += TURN.exists_one;
      if (passes(fold.body, frame)) count++;
      return false;
    });
    return count === 1;
  };
}

function collector(fold: FoldCode): (frame: Frame) => unknown[] {
  const cost = TURN[fold.macro] + fold.body.cost;
  return (frame) => {
    const out: unknown[] = [];
    iterate(fold, frame, () => {
      if (passes(fold.filter, frame)) {
        meter.spent += cost;
        out.push(fold.body.run(frame));
      }
      return false;
    });
    return out;
  };
}

/** Adds an entry to the result of a fold. Throws {@link CelFault} for a duplicate key. */
export function insert(into: Map<unknown, readonly [unknown, unknown]>, key: unknown, value: unknown): void {
  const kept = keyOf(key);
  if (kept === undefined) throw new CelFault('invalid_argument', 'unsupported key type');
  if (into.has(kept)) throw new CelFault('duplicate_key', `insert failed: key ${show(key)} already exists`);
  into.set(kept, [key, value]);
}

let unhashable = 0;

/** Adds an entry to a map literal as the API server does. A duplicate key replaces the value. Keys that are not plain values are never equal. */
export function put(into: Map<unknown, readonly [unknown, unknown]>, key: unknown, value: unknown): void {
  into.set(key === null ? null : (keyOf(key) ?? `\u0000${++unhashable}`), [key, value]);
}

function mapper(fold: FoldCode): (frame: Frame) => CelMap {
  const byEntry = fold.macro === 'transformMapEntry';
  const cost = TURN[fold.macro] + fold.body.cost;
  return (frame) => {
    const out = new Map<unknown, readonly [unknown, unknown]>();
    iterate(fold, frame, () => {
      if (!passes(fold.filter, frame)) return false;
      meter.spent += cost;
      const value = fold.body.run(frame);
      if (!byEntry) insert(out, frame[fold.slot], value);
      else if (isMap(value)) for (const [key, item] of entriesOf(value)) insert(out, key, item);
      else throw noSuchOverload('cel.@mapInsert');
      return false;
    });
    return new CelMap(out);
  };
}

const RUNNERS: Readonly<Record<MacroName, (fold: FoldCode) => (frame: Frame) => unknown>> = {
  all: (fold) => (fold.slot2 < 0 ? quantifier(fold, false) : quantifierOfTwo(fold, false)),
  exists: (fold) => (fold.slot2 < 0 ? quantifier(fold, true) : quantifierOfTwo(fold, true)),
  exists_one: exactlyOne,
  map: collector,
  filter: collector,
  sortBy: collector,
  transformMap: mapper,
  transformMapEntry: mapper,
  let: (fold) => fold.body.run,
};

/** Creates code for a fold. */
export function foldCode(fold: FoldCode): Code {
  return { cost: fold.range.cost + 1, run: RUNNERS[fold.macro](fold) };
}
