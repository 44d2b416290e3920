import type { CallExpr, Expr } from './ast.ts';
import { CelFault } from './cel-fault.ts';
import type { Checked } from './checker.ts';
import { atLeast } from './environment.ts';
import type { Environment } from './environment.ts';
import { toDuration, toTimestamp } from './conversion.ts';
import { pattern } from './pattern.ts';

interface Fault {
  readonly message: string;
  readonly at: number;
}

/** Calls whose literal argument is checked before anything runs: which argument, and what reads it. */
const READERS: Readonly<Record<string, { readonly arg: number; readonly read: (text: string) => unknown; readonly what: string }>> = {
  duration: { arg: 0, read: toDuration, what: 'duration' },
  timestamp: { arg: 0, read: toTimestamp, what: 'timestamp' },
  matches: { arg: 0, read: pattern, what: 'matches' },
};

/** The expressions directly inside one. */
export function children(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'select':
      return [expr.operand];
    case 'call':
      return expr.target === undefined ? expr.args : [expr.target, ...expr.args];
    case 'list':
      return expr.elements;
    case 'map':
      return expr.entries.flatMap((entry) => [entry.key, entry.value]);
    case 'struct':
      return expr.fields.map((field) => field.value);
    case 'fold':
      return [expr.range, expr.init, expr.condition, expr.step, expr.result];
    default:
      return [];
  }
}

function checkCall(expr: CallExpr): Fault | undefined {
  const reader = Object.hasOwn(READERS, expr.name) ? READERS[expr.name] : undefined;
  const arg = expr.args.at(-1);
  if (reader === undefined || arg?.kind !== 'constant' || arg.literal.kind !== 'string') return undefined;
  try {
    reader.read(arg.literal.value);
    return undefined;
  } catch (error) {
    return { at: arg.at, message: `invalid ${reader.what} argument: ${error instanceof CelFault ? error.message : String(error)}` };
  }
}

/** Finds durations, times and regular expressions that are written out and cannot be read, as the API server does from 1.29 on. */
export function checkLiterals(root: Expr, _checked: Checked, environment: Environment): Fault[] {
  if (!atLeast(environment.version, '1.29')) return [];
  const faults: Fault[] = [];
  const seen = new Set<Expr>();
  const pending = [root];
  for (let expr = pending.pop(); expr !== undefined; expr = pending.pop()) {
    if (seen.has(expr)) continue;
    seen.add(expr);
    const fault = expr.kind === 'call' ? checkCall(expr) : undefined;
    if (fault !== undefined) faults.push(fault);
    pending.push(...children(expr));
  }
  return faults;
}
