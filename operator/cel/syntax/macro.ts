import { ACCUMULATOR } from './ast.ts';
import type { CallExpr, Expr, IdentExpr, SelectExpr } from './ast.ts';
import type { FoldParts, NodeFactory } from './node-factory.ts';
import { SyntaxFault } from './source.ts';

/** A call of a macro in the source. */
export interface MacroCall {
  readonly name: string;
  readonly at: number;
  readonly target: Expr | undefined;
  readonly args: readonly Expr[];
}

type Expander = (nodes: NodeFactory, call: MacroCall) => Expr;

/** A macro of the language: its form, the first Kubernetes version with it, and its expansion. */
export interface Macro {
  readonly name: string;
  readonly member: boolean;
  readonly args: number;
  readonly since: string;
  readonly signature: string;
  readonly doc: string;
  readonly expand: Expander;
}

const arg = (call: MacroCall, i: number): Expr => call.args[i] as Expr;
const target = (call: MacroCall): Expr => call.target as Expr;

function variable(expr: Expr, complaint = 'argument is not an identifier'): string {
  if (expr.kind !== 'ident' || expr.name.startsWith('.')) throw new SyntaxFault(complaint, expr.at);
  if (expr.name === ACCUMULATOR || expr.name === '__result__') {
    throw new SyntaxFault('iteration variable overwrites accumulator variable', expr.at);
  }
  return expr.name;
}

/** Checks and returns the one or two variables of a fold. */
function variables(call: MacroCall, two: boolean): Pick<FoldParts, 'variable' | 'variable2'> {
  if (!two) return { variable: variable(arg(call, 0)) };
  const complaint = 'argument must be a simple name';
  const first = variable(arg(call, 0), complaint);
  const second = variable(arg(call, 1), complaint);
  if (first === second) throw new SyntaxFault(`duplicate variable name: ${first}`, arg(call, 1).at);
  return { variable: first, variable2: second };
}

const has: Expander = (nodes, call) => {
  const field = arg(call, 0);
  if (field.kind === 'select' && !field.test) return nodes.select(field.at, field.operand, field.field, true);
  throw new SyntaxFault('invalid argument to has() macro: the argument must be a field, such as has(object.spec.x)', field.at);
};

const quantifier =
  (macro: 'all' | 'exists', two: boolean): Expander =>
  (nodes, call) => {
    const { at } = call;
    const isAll = macro === 'all';
    const bound = variables(call, two);
    const body = arg(call, two ? 2 : 1);
    const running = isAll ? nodes.accumulator(at) : nodes.call(at, '!_', [nodes.accumulator(at)]);
    return nodes.fold(at, {
      macro,
      range: target(call),
      ...bound,
      init: nodes.bool(at, isAll),
      condition: nodes.call(at, '@not_strictly_false', [running]),
      step: nodes.call(at, isAll ? '_&&_' : '_||_', [nodes.accumulator(at), body]),
      result: nodes.accumulator(at),
      body,
    });
  };

const existsOne =
  (two: boolean): Expander =>
  (nodes, call) => {
    const { at } = call;
    const bound = variables(call, two);
    const body = arg(call, two ? 2 : 1);
    const counted = nodes.call(at, '_+_', [nodes.accumulator(at), nodes.int(at, 1n)]);
    return nodes.fold(at, {
      macro: 'exists_one',
      range: target(call),
      ...bound,
      init: nodes.int(at, 0n),
      condition: nodes.bool(at, true),
      step: nodes.call(at, '_?_:_', [body, counted, nodes.accumulator(at)]),
      result: nodes.call(at, '_==_', [nodes.accumulator(at), nodes.int(at, 1n)]),
      body,
    });
  };

/** Creates a fold that starts with an empty value and adds to it for each element that passes the filter. */
type Growing = Pick<FoldParts, 'macro' | 'range' | 'variable' | 'variable2' | 'filter' | 'body'> & {
  readonly init: Expr;
  readonly grown: Expr;
};

function growing(nodes: NodeFactory, at: number, { init, grown, ...parts }: Growing): Expr {
  const step = parts.filter === undefined ? grown : nodes.call(at, '_?_:_', [parts.filter, grown, nodes.accumulator(at)]);
  return nodes.fold(at, { ...parts, init, condition: nodes.bool(at, true), step, result: nodes.accumulator(at) });
}

function appended(nodes: NodeFactory, at: number, element: Expr): Expr {
  return nodes.call(at, '_+_', [nodes.accumulator(at), nodes.list(at, [element])]);
}

const map =
  (macro: 'map' | 'sortBy', range: (call: MacroCall) => Expr = target): Expander =>
  (nodes, call) => {
    const bound = variables(call, false);
    const filter = call.args.length === 3 ? arg(call, 1) : undefined;
    const body = arg(call, call.args.length - 1);
    const parts = { macro, range: range(call), ...bound, filter, body };
    return growing(nodes, call.at, { ...parts, init: nodes.list(call.at, []), grown: appended(nodes, call.at, body) });
  };

const filter: Expander = (nodes, call) => {
  const bound = variables(call, false);
  const body = nodes.ident(arg(call, 0).at, bound.variable);
  const parts = { macro: 'filter' as const, range: target(call), ...bound, filter: arg(call, 1), body };
  return growing(nodes, call.at, { ...parts, init: nodes.list(call.at, []), grown: appended(nodes, call.at, body) });
};

const transformList: Expander = (nodes, call) => {
  const bound = variables(call, true);
  const isFiltered = call.args.length === 4;
  const body = arg(call, isFiltered ? 3 : 2);
  const parts = { macro: 'map' as const, range: target(call), ...bound, filter: isFiltered ? arg(call, 2) : undefined, body };
  return growing(nodes, call.at, { ...parts, init: nodes.list(call.at, []), grown: appended(nodes, call.at, body) });
};

const transformMap =
  (macro: 'transformMap' | 'transformMapEntry'): Expander =>
  (nodes, call) => {
    const { at } = call;
    const bound = variables(call, true);
    const isFiltered = call.args.length === 4;
    const body = arg(call, isFiltered ? 3 : 2);
    const key = macro === 'transformMap' ? [nodes.ident(at, bound.variable)] : [];
    const grown = nodes.call(at, 'cel.@mapInsert', [nodes.accumulator(at), ...key, body]);
    const parts = { macro, range: target(call), ...bound, filter: isFiltered ? arg(call, 2) : undefined, body };
    return growing(nodes, at, { ...parts, init: nodes.map(at, []), grown });
  };

/** Binds a name to a value for one expression. As in cel-go, it is a fold over an empty list. */
function letFold(nodes: NodeFactory, at: number, { name, value, body }: { name: string; value: Expr; body: Expr }): Expr {
  return nodes.fold(at, {
    macro: 'let',
    range: nodes.list(at, []),
    variable: '#unused',
    accumulator: name,
    init: value,
    condition: nodes.bool(at, false),
    step: nodes.ident(at, name),
    result: body,
    body,
  });
}

const optionalMap =
  (flat: boolean): Expander =>
  (nodes, call) => {
    const { at } = call;
    const named = arg(call, 0);
    if (named.kind !== 'ident') {
      throw new SyntaxFault(`${call.name}() variable name must be a simple identifier`, named.at);
    }
    const value = nodes.call(at, 'value', [], target(call));
    const bound = letFold(nodes, at, { name: named.name, value, body: arg(call, 1) });
    const present = flat ? bound : nodes.call(at, 'optional.of', [bound]);
    return nodes.call(at, '_?_:_', [nodes.call(at, 'hasValue', [], target(call)), present, nodes.call(at, 'optional.none', [])]);
  };

const SORT_INPUT = '@__sortBy_input__';

const sortBy: Expander = (nodes, call) => {
  const { at } = call;
  const input = (): IdentExpr => nodes.ident(at, SORT_INPUT);
  const keys = map('map', input)(nodes, call);
  const sorted = nodes.call(at, '@sortByAssociatedKeys', [keys], input());
  return letFold(nodes, at, { name: SORT_INPUT, value: target(call), body: sorted });
};

const member = (signature: string, since: string, doc: string, expand: Expander): Macro => {
  const name = signature.slice(signature.indexOf('.') + 1, signature.indexOf('('));
  return { name, member: true, args: signature.split(',').length, since, signature, doc, expand };
};

/** All macros of the dialect. */
export const MACROS: readonly Macro[] = [
  {
    name: 'has',
    member: false,
    args: 1,
    since: '1.0',
    signature: 'has(x.field)',
    doc: 'Whether the field is present. A field that is null is present.',
    expand: has,
  },
  member(
    'range.all(x, test)',
    '1.0',
    'Whether the test is true for every element of a list, or every key of a map.',
    quantifier('all', false),
  ),
  member('range.exists(x, test)', '1.0', 'Whether the test is true for at least one element or key.', quantifier('exists', false)),
  member('range.exists_one(x, test)', '1.0', 'Whether the test is true for exactly one element or key.', existsOne(false)),
  member('range.map(x, expr)', '1.0', 'The list of the results of the expression for each element or key.', map('map')),
  member('range.map(x, test, expr)', '1.0', 'The same, only for those that pass the test.', map('map')),
  member('range.filter(x, test)', '1.0', 'The list of the elements or keys that pass the test.', filter),
  member('optional.optMap(x, expr)', '1.28', 'An optional with the result of the expression for the value, or none.', optionalMap(false)),
  member('optional.optFlatMap(x, expr)', '1.28', 'The same, for an expression that returns an optional.', optionalMap(true)),
  member('range.all(i, x, test)', '1.32', 'The same as all, with index and element, or key and value.', quantifier('all', true)),
  member('range.exists(i, x, test)', '1.32', 'The same as exists, with index and element, or key and value.', quantifier('exists', true)),
  member('range.exists_one(i, x, test)', '1.32', 'The same as exists_one, with index and element, or key and value.', existsOne(true)),
  member('range.existsOne(i, x, test)', '1.32', 'The same as exists_one.', existsOne(true)),
  member('range.transformList(i, x, expr)', '1.32', 'The same as map, with index and element, or key and value.', transformList),
  member('range.transformList(i, x, test, expr)', '1.32', 'The same, only for those that pass the test.', transformList),
  member(
    'range.transformMap(k, v, expr)',
    '1.32',
    'A map with the same keys and the results of the expression as values.',
    transformMap('transformMap'),
  ),
  member('range.transformMap(k, v, test, expr)', '1.32', 'The same, only for those that pass the test.', transformMap('transformMap')),
  member(
    'range.transformMapEntry(k, v, entry)',
    '1.32',
    'A map of the entries that the expression returns.',
    transformMap('transformMapEntry'),
  ),
  member(
    'range.transformMapEntry(k, v, test, entry)',
    '1.32',
    'The same, only for those that pass the test.',
    transformMap('transformMapEntry'),
  ),
  member('list.sortBy(x, key)', '1.34', 'The list, sorted by a key of its elements.', sortBy),
];

const macroKey = (name: string, args: number, isMember: boolean): string => `${name}:${String(args)}:${String(isMember)}`;
const BY_KEY = new Map(MACROS.map((macro) => [macroKey(macro.name, macro.args, macro.member), macro]));

/** Returns the macro for a call, of any version, or undefined. */
export function findMacro(name: string, args: number, isMember: boolean): Macro | undefined {
  return BY_KEY.get(macroKey(name, args, isMember));
}

/** Expands a call of a macro. Throws `SyntaxFault` if its arguments are not valid. */
export function expandMacro(nodes: NodeFactory, call: MacroCall): Expr {
  const macro = findMacro(call.name, call.args.length, call.target !== undefined);
  if (macro === undefined) throw new SyntaxFault(`no such macro '${call.name}'`, call.at);
  return macro.expand(nodes, call);
}

/** Returns the optional of an expanded `optMap` or `optFlatMap`, or undefined for other conditionals. */
export function optionalMapTarget(call: CallExpr): Expr | undefined {
  const condition = call.args[0];
  const isExpanded = condition?.kind === 'call' && condition.name === 'hasValue' && condition.at === call.at;
  return isExpanded ? condition.target : undefined;
}

/** Returns whether an expression is a `has` test of a field. */
export function isPresenceTest(expr: Expr): expr is SelectExpr {
  return expr.kind === 'select' && expr.test;
}
