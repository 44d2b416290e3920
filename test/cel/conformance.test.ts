import { expect } from 'chai';
import { KindAdorner, SemanticAdorner, toDebugString } from '@bufbuild/cel-spec/testdata/to-debug-string.js';
import { tests as checking } from '@bufbuild/cel-spec/testdata/checking.js';
import { tests as comprehension } from '@bufbuild/cel-spec/testdata/comprehension.js';
import { tests as conformance } from '@bufbuild/cel-spec/testdata/conformance.js';
import { tests as parsing } from '@bufbuild/cel-spec/testdata/parsing.js';
import { isNotANumber } from '../../operator/cel/values/arithmetic.ts';
import { CelFault } from '../../operator/cel/values/cel-fault.ts';
import { showType } from '../../operator/cel/values/cel-type.ts';
import type { CelType } from '../../operator/cel/values/cel-type.ts';
import { check } from '../../operator/cel/checking/checker.ts';
import type { Checked } from '../../operator/cel/checking/checker.ts';
import { runMetered } from '../../operator/cel/compile.ts';
import { generate } from '../../operator/cel/compiler/compiler.ts';
import { Environment, NEWEST_VERSION } from '../../operator/cel/checking/environment.ts';
import { checkLiterals, children } from '../../operator/cel/compiler/literal-check.ts';
import { parse } from '../../operator/cel/syntax/parser.ts';
import { SyntaxFault } from '../../operator/cel/syntax/source.ts';
import { equal, typeOfValue } from '../../operator/cel/values/value.ts';
import { toCheckedMessage, toMessage } from './expr-message.ts';
import { leftOut, MUST_FAIL } from './exclusions.ts';
import { readType, readValue } from './spec-value.ts';

type Json = Record<string, unknown>;
interface SpecTest {
  readonly original: Json & { readonly expr: string; readonly name?: string };
  readonly ast?: string;
  readonly checkedAst?: string;
  readonly type?: string;
}
interface Suite {
  readonly name: string;
  readonly suites?: readonly Suite[];
  readonly tests?: readonly SpecTest[];
}
interface Named extends SpecTest {
  readonly path: string;
}

function flatten(suite: Suite, prefix = ''): Named[] {
  const path = `${prefix}${suite.name}`;
  const own = (suite.tests ?? []).map((test) => ({ ...test, path: `${path}/${test.original.name ?? test.original.expr}` }));
  return [...own, ...(suite.suites ?? []).flatMap((inner) => flatten(inner, `${path}/`))];
}

const environment = Environment.of(NEWEST_VERSION);
const isMacro = (name: string, args: number, member: boolean): boolean => environment.isMacro(name, args, member);

/** The macros of the parser that created the data: those without optionals and without second variables. */
const isStandardMacro = (name: string, args: number, member: boolean): boolean => Environment.of('1.27').isMacro(name, args, member);

/** Returns the result of a test: a value, a fault, or the first error of the checker. */
function evaluate(test: SpecTest): { value: unknown; type: CelType | undefined } {
  const declared = ((test.original['typeEnv'] as Json[] | undefined) ?? []).map(
    (item) => [item['name'] as string, readType((item['ident'] as Json)['type'] as Json)] as const,
  );
  const bindings = new Map(
    Object.entries((test.original['bindings'] as Record<string, { value: Json }> | undefined) ?? {}).map(([name, bound]) => [
      name,
      readValue(bound.value),
    ]),
  );
  const variables = new Map(declared);
  const names = [...variables.keys()];
  try {
    const parsed = parse(test.original.expr, isMacro);
    const checked = check(parsed.root, environment, variables);
    // The specification allows literals with several types. Kubernetes does not.
    const literals = checkLiterals(parsed.root, checked, environment).filter(({ message }) => !message.startsWith('expected type'));
    const faults = [...checked.faults, ...literals];
    if (faults.length > 0 && test.original['disableCheck'] !== true) {
      return { value: new CelFault('invalid_argument', faults.map((fault) => fault.message).join('; ')), type: undefined };
    }
    const slotOf = (name: string): number | undefined => (variables.has(name) || bindings.has(name) ? slot(names, name) : undefined);
    const { code, frameSize } = generate(parsed.root, checked, environment, { firstLocal: 20, slotOf });
    const frame = new Array<unknown>(frameSize).fill(undefined);
    names.forEach((name, i) => (frame[i] = bindings.get(name)));
    return { value: runMetered(code, frame, 10_000_000), type: checked.types[parsed.root.id] };
  } catch (error) {
    if (error instanceof SyntaxFault) return { value: new CelFault('invalid_argument', error.message), type: undefined };
    throw error;
  }
}

function slot(names: string[], name: string): number {
  const known = names.indexOf(name);
  return known >= 0 ? known : names.push(name) - 1;
}

interface Typed {
  readonly result?: Json;
  readonly deducedType?: Json;
}

/** Returns whether a test expects an error. */
function isError(test: Named): boolean {
  if (test.path.startsWith('comprehensions/')) return MUST_FAIL.test(test.original.expr);
  return 'evalError' in test.original || 'anyEvalErrors' in test.original;
}

function expectResult(test: Named): void {
  const { value, type } = evaluate(test);
  if (isError(test)) {
    expect(value, 'an error is due').to.be.instanceOf(CelFault);
    return;
  }
  const typed = (test.original['typedResult'] ?? {}) as Typed;
  if (typed.deducedType !== undefined) expect(showType(type as CelType)).to.equal(showType(readType(typed.deducedType)));
  if (typed.deducedType !== undefined && typed.result === undefined) return;
  if (value instanceof CelFault) throw value;
  expectValue(value, readValue((test.original['value'] as Json | undefined) ?? typed.result ?? { boolValue: true }));
}

function expectValue(value: unknown, wanted: unknown): void {
  if (isNotANumber(wanted)) {
    expect(isNotANumber(value)).to.equal(true);
    return;
  }
  expect(typeOfValue(value).name).to.equal(typeOfValue(wanted).name);
  expect(equal(value, wanted), `${String(value)} for ${String(wanted)}`).to.equal(true);
}

function references(checked: Checked, root: ReturnType<typeof parse>['root']): Map<number, string> {
  const found = new Map(checked.qualified);
  const visit = (expr: typeof root): void => {
    if (expr.kind === 'ident' && checked.types[expr.id]?.kind !== 'error') found.set(expr.id, expr.name);
    children(expr).forEach(visit);
  };
  visit(root);
  return found;
}

const conformanceTests = flatten(conformance);
const allTests = [conformance, comprehension, parsing, checking].flatMap((suite) => flatten(suite as Suite));

describe('cel-spec conformance', () => {
  const counts: Record<string, number> = {};
  const count = (what: string): void => void (counts[what] = (counts[what] ?? 0) + 1);
  after(() => console.log(`      cel-spec: ${JSON.stringify(counts)}`));

  describe('results', () => {
    for (const test of [...conformanceTests, ...flatten(comprehension)]) {
      const reason = leftOut('result', test.path, test.original);
      if (reason !== undefined) {
        count(`left out, ${reason}`);
        continue;
      }
      it(test.path, () => {
        expectResult(test);
        count('results');
      });
    }
  });

  describe('syntax trees', () => {
    for (const test of allTests) {
      if (test.ast === undefined || leftOut('tree', test.path, test.original) !== undefined) continue;
      it(test.path, () => {
        const { root } = parse(test.original.expr, isStandardMacro);
        expect(toDebugString(toMessage(root) as never, KindAdorner.singleton)).to.equal(test.ast);
        count('trees');
      });
    }
  });

  describe('checked trees', () => {
    for (const test of flatten(conformance)) {
      if (test.checkedAst === undefined || leftOut('checked', test.path, test.original) !== undefined) continue;
      it(test.path, () => {
        const { root } = parse(test.original.expr, isMacro);
        const declared = ((test.original['typeEnv'] as Json[] | undefined) ?? []).map(
          (item) => [item['name'] as string, readType((item['ident'] as Json)['type'] as Json)] as const,
        );
        const checked = check(root, environment, new Map(declared));
        const message = toCheckedMessage(root, checked, references(checked, root));
        expect(toDebugString(message['expr'] as never, new SemanticAdorner(message as never))).to.equal(test.checkedAst);
        count('checked trees');
      });
    }
  });
});
