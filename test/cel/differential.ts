import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { admissionVariables } from '../../operator/cel/admission-variables.ts';
import { CelFault } from '../../operator/cel/values/cel-fault.ts';
import { meter } from '../../operator/cel/compiler/code.ts';
import { analyze, runMetered } from '../../operator/cel/compile.ts';
import { generate } from '../../operator/cel/compiler/compiler.ts';
import { SeededRandom } from '../integration/scans/pod-mutations.ts';
import { canonical } from './canonical.ts';
import { ExpressionGenerator, OBJECT, SPOKEN, TYPES } from './expression-generator.ts';

/** The answer of an engine to an expression: a refusal, a failure, or a value and its cost. */
export interface Answer {
  readonly compile?: string;
  readonly error?: string;
  readonly value?: string;
  readonly cost?: number;
}

/** The program hack/cel-oracle, which runs the compiler of Kubernetes. */
export class Oracle {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;

  constructor(path: string) {
    this.#process = spawn(path, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  async ask(expression: string, object: unknown): Promise<Answer> {
    this.#process.stdin.write(`${JSON.stringify({ expression, object })}\n`);
    const line = await this.#lines.next();
    if (line.done === true) throw new Error(`the oracle ended at: ${expression}`);
    return JSON.parse(line.value) as Answer;
  }

  close(): void {
    this.#process.stdin.end();
  }
}

const VARIABLES = admissionVariables(true);
const SLOTS = ['object', 'oldObject', 'params', 'namespaceObject'];

/** Returns the answer of Vigil in the dialect of a Kubernetes version. */
export function ownAnswer(expression: string, object: unknown, version: string): Answer {
  const analysis = analyze(expression, version, VARIABLES);
  if (!('parsed' in analysis)) return { compile: analysis.map((error) => error.message).join('; ') };
  const slotOf = (name: string): number | undefined => (SLOTS.includes(name) ? SLOTS.indexOf(name) : undefined);
  const { code, frameSize } = generate(analysis.parsed.root, analysis.checked, analysis.environment, { firstLocal: SLOTS.length, slotOf });
  const frame: unknown[] = [object, null, null, null];
  for (let i = frame.length; i < frameSize; i++) frame.push(undefined);
  let value: unknown;
  try {
    value = runMetered(code, frame, 1_000_000);
  } catch (error) {
    // A crash is never equal to an answer of the other engine.
    return { value: `crash: ${String(error)}` };
  }
  if (value instanceof CelFault) return { error: `${value.code}: ${value.message}` };
  return { value: canonical(value), cost: meter.spent };
}

/** The known differences, each with its reason. */
const EXCEPTIONS: readonly { readonly holds: (expression: string, theirs: Answer, own: Answer) => boolean; readonly reason: string }[] = [
  {
    holds: (_, theirs) => theirs.compile?.includes('invalid qualifier type') === true,
    reason: 'a constant for a key that no map can have: refused when the policy is made, here an error where it is read',
  },
  { holds: (_, theirs) => /^panic|internal error/.test(theirs.error ?? ''), reason: 'cel-go crashes' },
  {
    holds: (expression, theirs, own) =>
      /optional\.(of|none)|\[\?|\.\?/.test(expression) &&
      own.value !== undefined &&
      (own.value === 'none' || /^no such (key|overload)/.test(theirs.error ?? '')),
    reason: 'an optional inside a list or a map, read without its type: cel-go reads through it no further',
  },
  {
    holds: (expression, theirs, own) =>
      /optional\.(of|none|unwrap)|unwrapOpt|optMap|\[\?|\.\?/.test(expression) && theirs.compile === own.compile,
    reason: 'optionals of optionals, which cel-go unwraps one layer at a time in conditionals',
  },
  { holds: (expression) => /\{-?\d+(\.\d+|e-?\d+): /.test(expression), reason: 'a map with doubles for keys, looked up by an int' },
  { holds: (expression) => /NaN/.test(expression) && /sort/.test(expression), reason: 'a list with NaN has no order' },
  { holds: (expression) => expression.includes('format.uri()'), reason: "the words of Go's URL parser" },
];

const outcomeOf = (answer: Answer): string => (answer.compile !== undefined ? 'refused' : answer.error !== undefined ? 'error' : 'value');

/** Returns whether two answers are equal: both refuse, both fail, or both have the same value. */
const agree = (theirs: Answer, own: Answer): boolean => outcomeOf(theirs) === outcomeOf(own) && theirs.value === own.value;

/** The result of a comparison. */
export interface Comparison {
  readonly differences: string[];
  readonly counts: Record<string, number>;
  /** The number of equal values with the same cost. */
  sameCost: number;
}

/** The amount of a comparison: random expressions from a seed, up to a number or a time limit. */
export interface Extent {
  /** The Kubernetes version of the compiler in the oracle. */
  readonly version: string;
  readonly seed: number;
  readonly wanted: number;
  readonly milliseconds: number;
}

/** Evaluates expressions in both engines, and returns the differences. Calls every overload at least once. */
export async function compareEngines(oracle: Oracle, { version, seed, wanted, milliseconds }: Extent): Promise<Comparison> {
  const dice = new SeededRandom(seed);
  const expressions = new ExpressionGenerator(dice);
  const object = JSON.parse(JSON.stringify(OBJECT)) as unknown;
  const found: Comparison = { differences: [], counts: { refused: 0, error: 0, value: 0, excepted: 0 }, sameCost: 0 };
  const until = performance.now() + milliseconds;
  for (let i = 0; i < wanted && performance.now() < until; i++) {
    const overload = SPOKEN[i];
    const expression =
      overload === undefined ? expressions.expression(dice.pick(TYPES), 1 + dice.below(4)) : expressions.callOf(overload, 2);
    if (expression.length > 3000) continue;
    compare(expression, await oracle.ask(expression, object), ownAnswer(expression, object, version), found);
  }
  return found;
}

function compare(expression: string, theirs: Answer, own: Answer, found: Comparison): void {
  const { counts } = found;
  if (agree(theirs, own)) {
    counts[outcomeOf(theirs)]! += 1;
    if (theirs.value !== undefined && theirs.cost === own.cost) found.sameCost += 1;
    return;
  }
  if (EXCEPTIONS.some((exception) => exception.holds(expression, theirs, own))) counts['excepted']! += 1;
  else found.differences.push(`${expression}\n  Kubernetes: ${JSON.stringify(theirs)}\n  Vigil: ${JSON.stringify(own)}`);
}
