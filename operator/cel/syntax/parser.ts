import type { Expr, ListExpr, Literal, MapEntry, MapExpr, StructExpr } from './ast.ts';
import { codePointCount } from '../values/code-point.ts';
import { tokenize } from './lexer.ts';
import type { Token } from './lexer.ts';
import { expandMacro } from './macro.ts';
import { NodeFactory } from './node-factory.ts';
import { SyntaxFault } from './source.ts';

/** The maximum nesting of a grammar rule, including the links of a chain. It is the limit of the API server. */
export const MAX_DEPTH = 250;
/** The maximum length of an expression in code points. It is the limit of the API server. */
export const MAX_LENGTH = 100_000;

const RESERVED = new Set('as break const continue else for function if import let loop package namespace return var void while'.split(' '));
const LITERAL_WORDS: Readonly<Record<string, Literal>> = {
  true: { kind: 'bool', value: true },
  false: { kind: 'bool', value: false },
  null: { kind: 'null', value: null },
};
const RELATIONS = new Set(['==', '!=', '<', '<=', '>', '>=', 'in']);
const INT_MAX = 0x7fffffffffffffffn;

type Rule = 'expr' | 'relation' | 'calc' | 'unary' | 'member';

/** The result of the parser. */
export interface Parsed {
  readonly root: Expr;
  /** The number of ids in use. The id of each node is lower. */
  readonly size: number;
}

class Parser {
  readonly nodes = new NodeFactory();
  private readonly tokens: readonly Token[];
  private index = 0;
  private readonly depth: Record<Rule, number> = { expr: 0, relation: 0, calc: 0, unary: 0, member: 0 };
  private readonly isMacro: (name: string, args: number, member: boolean) => boolean;

  constructor(source: string, isMacro: (name: string, args: number, member: boolean) => boolean) {
    this.tokens = tokenize(source);
    this.isMacro = isMacro;
  }

  private get token(): Token {
    return this.tokens[this.index] as Token;
  }

  private isOperator(text: string): boolean {
    return this.token.kind === 'operator' && this.token.text === text;
  }

  private take(): Token {
    const token = this.token;
    if (token.kind !== 'end') this.index++;
    return token;
  }

  private accept(text: string): Token | undefined {
    return this.isOperator(text) ? this.take() : undefined;
  }

  private expect(text: string): Token {
    return this.accept(text) ?? this.fail(`expected '${text}'`);
  }

  private fail(expectation: string): never {
    const { token } = this;
    const found = token.kind === 'end' ? 'the end of the expression' : token.text === '' ? 'a literal' : `'${token.text}'`;
    throw new SyntaxFault(`syntax error: unexpected ${found}, ${expectation}`, token.at);
  }

  private enter(rule: Rule, links = 1): void {
    this.depth[rule] += links;
    if (this.depth[rule] > MAX_DEPTH) {
      throw new SyntaxFault(
        `expression recursion limit exceeded: ${String(MAX_DEPTH)} (nest less, or build shorter chains)`,
        this.token.at,
      );
    }
  }

  /** Parses a rule, and then restores the depth, including chain links. */
  private within<T>(rule: Rule, parse: () => T): T {
    const before = this.depth[rule];
    this.enter(rule);
    const result = parse();
    this.depth[rule] = before;
    return result;
  }

  parse(): Expr {
    const root = this.expression();
    if (this.token.kind !== 'end') this.fail('expected an operator or the end');
    return root;
  }

  private expression(): Expr {
    return this.within('expr', () => {
      const condition = this.logical('||', () => this.logical('&&', () => this.relation()));
      const question = this.accept('?');
      if (question === undefined) return condition;
      const yes = this.logical('||', () => this.logical('&&', () => this.relation()));
      this.expect(':');
      return this.nodes.call(question.at, '_?_:_', [condition, yes, this.expression()]);
    });
  }

  /** Parses a chain of `||` or `&&` into a balanced tree, so that long chains have a small depth. */
  private logical(operator: '||' | '&&', operand: () => Expr): Expr {
    const terms = [operand()];
    const at: number[] = [];
    for (let op = this.accept(operator); op !== undefined; op = this.accept(operator)) {
      at.push(op.at);
      terms.push(operand());
    }
    return terms.length === 1 ? (terms[0] as Expr) : this.balanced(`_${operator}_`, { terms, at }, 0, at.length - 1);
  }

  private balanced(name: string, chain: { terms: Expr[]; at: number[] }, low: number, high: number): Expr {
    const middle = Math.floor((low + high + 1) / 2);
    const left = middle === low ? (chain.terms[middle] as Expr) : this.balanced(name, chain, low, middle - 1);
    const right = middle === high ? (chain.terms[middle + 1] as Expr) : this.balanced(name, chain, middle + 1, high);
    return this.nodes.call(chain.at[middle] as number, name, [left, right]);
  }

  private relation(): Expr {
    return this.within('relation', () => {
      let left = this.additive();
      while (this.token.kind !== 'literal' && RELATIONS.has(this.token.text)) {
        this.enter('relation');
        const op = this.take();
        left = this.nodes.call(op.at, op.text === 'in' ? '@in' : `_${op.text}_`, [left, this.within('relation', () => this.additive())]);
      }
      return left;
    });
  }

  private additive(): Expr {
    return this.within('calc', () => this.chain(['+', '-'], () => this.chain(['*', '/', '%'], () => this.unary())));
  }

  private chain(operators: readonly string[], operand: () => Expr): Expr {
    let left = operand();
    while (this.token.kind === 'operator' && operators.includes(this.token.text)) {
      this.enter('calc');
      const op = this.take();
      left = this.nodes.call(op.at, `_${op.text}_`, [left, this.within('calc', operand)]);
    }
    return left;
  }

  private unary(): Expr {
    return this.within('unary', () => {
      const first = this.token;
      if (this.isOperator('!')) return this.repeated('!', '!_', first.at);
      if (!this.isOperator('-')) return this.member();
      const following = this.tokens[this.index + 1];
      const kind = following?.literal?.kind;
      if (kind === 'int' || kind === 'double') {
        this.take();
        return this.member(first.at);
      }
      return this.repeated('-', '-_', first.at);
    });
  }

  private repeated(operator: string, name: string, at: number): Expr {
    let count = 0;
    while (this.accept(operator) !== undefined) count++;
    const operand = this.member();
    return count % 2 === 0 ? operand : this.nodes.call(at, name, [operand]);
  }

  /** Parses a primary expression with its selections, calls and indices. `negativeAt` is the offset of the minus sign of a number. */
  private member(negativeAt?: number): Expr {
    return this.within('member', () => {
      let left = this.primary(negativeAt);
      for (;;) {
        const open = this.accept('[');
        const dot = open === undefined ? this.accept('.') : undefined;
        if (open === undefined && dot === undefined) return left;
        this.enter('member');
        left = dot === undefined ? this.index_(left, (open as Token).at) : this.selection(left, dot.at);
      }
    });
  }

  private index_(operand: Expr, at: number): Expr {
    const optional = this.accept('?') !== undefined;
    const index = this.expression();
    this.expect(']');
    return this.nodes.call(at, optional ? '_[?_]' : '_[_]', [operand, index]);
  }

  private selection(operand: Expr, dot: number): Expr {
    const optional = this.accept('?') !== undefined;
    const field = this.fieldName();
    if (optional) {
      return this.nodes.call(dot, '_?._', [operand, this.nodes.constant(field.at, { kind: 'string', value: field.text })]);
    }
    if (this.accept('(') === undefined) return this.nodes.select(field.at, operand, field.text);
    return this.callOrMacro(field, operand);
  }

  private fieldName(): Token {
    const { token } = this;
    if (token.kind !== 'ident') this.fail('expected a field name');
    if (Object.hasOwn(LITERAL_WORDS, token.text) || token.text === 'in') this.fail(`expected a field name (write x["${token.text}"])`);
    return this.take();
  }

  private callOrMacro(name: Token, target: Expr | undefined): Expr {
    const args = this.list(')');
    if (this.isMacro(name.text, args.length, target !== undefined)) {
      return expandMacro(this.nodes, { name: name.text, at: name.at, target, args });
    }
    return this.nodes.call(name.at, name.text, args, target);
  }

  /** Parses expressions up to and including a closing bracket. Arguments of a call cannot end with a comma. */
  private list(close: string): Expr[] {
    const items: Expr[] = [];
    if (this.accept(close) !== undefined) return items;
    do items.push(this.expression());
    while (this.accept(',') !== undefined);
    this.expect(close);
    return items;
  }

  private primary(negativeAt: number | undefined): Expr {
    const { token } = this;
    if (token.literal !== undefined) {
      this.take();
      return this.nodes.constant(negativeAt ?? token.at, this.signed(token, negativeAt !== undefined));
    }
    if (token.kind === 'ident' || token.text === '.') return this.name();
    return this.bracketed();
  }

  private signed(token: Token, negative: boolean): Literal {
    const literal = token.literal as Literal;
    if (literal.kind === 'double') return negative ? { kind: 'double', value: -literal.value } : literal;
    if (literal.kind !== 'int') return literal;
    const value = negative ? -literal.value : literal.value;
    if (value > INT_MAX || value < -INT_MAX - 1n) throw new SyntaxFault('invalid int literal: it does not fit 64 bits', token.at);
    return { kind: 'int', value };
  }

  private name(): Expr {
    const { token } = this;
    if (Object.hasOwn(LITERAL_WORDS, token.text)) return this.nodes.constant(this.take().at, LITERAL_WORDS[token.text] as Literal);
    const dot = this.accept('.');
    const name = this.plainName();
    const prefix = dot === undefined ? '' : '.';
    const struct = this.structName(name.text);
    if (struct !== undefined) return this.struct(prefix + struct, name.at);
    if (RESERVED.has(name.text)) throw new SyntaxFault(`reserved identifier: ${name.text}`, name.at);
    const text = prefix + name.text;
    if (this.accept('(') !== undefined) return this.callOrMacro({ ...name, text }, undefined);
    return this.nodes.ident(token.at, text);
  }

  private plainName(): Token {
    const { token } = this;
    if (token.kind !== 'ident' || Object.hasOwn(LITERAL_WORDS, token.text) || token.text === 'in') this.fail('expected a value');
    return this.take();
  }

  /** Reads the dotted name of a message literal `a.b.C{`. Returns undefined and reads nothing if there is none. */
  private structName(first: string): string | undefined {
    let ahead = this.index;
    let name = first;
    while (this.tokens[ahead]?.text === '.' && this.tokens[ahead + 1]?.kind === 'ident') {
      name += `.${(this.tokens[ahead + 1] as Token).text}`;
      ahead += 2;
    }
    if (this.tokens[ahead]?.text !== '{' || this.tokens[ahead]?.kind !== 'operator') return undefined;
    this.index = ahead;
    return name;
  }

  private bracketed(): Expr {
    const at = this.token.at;
    if (this.accept('(') !== undefined) {
      const inner = this.expression();
      this.expect(')');
      return inner;
    }
    if (this.accept('[') !== undefined) return this.listLiteral(at);
    if (this.isOperator('{')) return this.mapLiteral(at);
    return this.fail('expected a value');
  }

  private listLiteral(at: number): ListExpr {
    const elements: Expr[] = [];
    const optional = new Set<number>();
    while (!this.isOperator(']')) {
      if (this.accept('?') !== undefined) optional.add(elements.length);
      elements.push(this.expression());
      if (this.accept(',') === undefined) break;
    }
    this.expect(']');
    return this.nodes.list(at, elements, optional);
  }

  private mapLiteral(at: number): MapExpr {
    const entries: MapEntry[] = [];
    this.expect('{');
    while (!this.isOperator('}')) {
      const optional = this.accept('?') !== undefined;
      const key = this.expression();
      this.expect(':');
      entries.push({ key, value: this.expression(), optional });
      if (this.accept(',') === undefined) break;
    }
    this.expect('}');
    return this.nodes.map(at, entries);
  }

  private struct(name: string, at: number): StructExpr {
    const fields: { name: string; value: Expr; optional: boolean }[] = [];
    this.expect('{');
    while (!this.isOperator('}')) {
      const optional = this.accept('?') !== undefined;
      const field = this.fieldName().text;
      this.expect(':');
      fields.push({ name: field, value: this.expression(), optional });
      if (this.accept(',') === undefined) break;
    }
    this.expect('}');
    return this.nodes.struct(at, name, fields);
  }
}

/**
 * Parses an expression and expands macros as the parser of the API server does. `isMacro` returns whether a version has a macro.
 * Throws `SyntaxFault` if the source is not valid.
 */
export function parse(source: string, isMacro: (name: string, args: number, member: boolean) => boolean): Parsed {
  if (source.length > MAX_LENGTH && codePointCount(source) > MAX_LENGTH) {
    throw new SyntaxFault(`expression code point size exceeds limit: ${String(MAX_LENGTH)}`, 0);
  }
  const parser = new Parser(source, isMacro);
  const root = parser.parse();
  return { root, size: parser.nodes.size };
}
