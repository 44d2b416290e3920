import type { Labels } from '../../../api/label-match.ts';

/** Whether labels satisfy a selector of Calico. */
export type CalicoSelector = (labels: Labels) => boolean;

const tokens = /\s*(?:(&&|\|\||!=|==|[!(){},])|"([^"]*)"|'([^']*)'|([A-Za-z0-9_./-]+))/y;
const maximumTokens = 1000;
const maximumDepth = 50;

interface Token {
  readonly kind: 'symbol' | 'text' | 'word';
  readonly text: string;
}

function tokensOf(selector: string): readonly Token[] | undefined {
  const found: Token[] = [];
  tokens.lastIndex = 0;
  const end = selector.trimEnd().length;
  while (tokens.lastIndex < end) {
    const [whole, symbol, double, single, word] = tokens.exec(selector) ?? [];
    if (whole === undefined || found.length > maximumTokens) return undefined;
    if (symbol !== undefined) found.push({ kind: 'symbol', text: symbol });
    else if (word !== undefined) found.push({ kind: 'word', text: word });
    else found.push({ kind: 'text', text: double ?? single ?? '' });
  }
  return found;
}

class UnreadableSelector extends Error {
  override readonly name = 'UnreadableSelector';
}

/** A parser by recursive descent. `||` binds weaker than `&&`. */
class SelectorParser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(list: readonly Token[]) {
    this.#tokens = list;
  }

  whole(): CalicoSelector {
    const selector = this.#or();
    if (this.#at < this.#tokens.length) throw new UnreadableSelector();
    return selector;
  }

  #or(): CalicoSelector {
    const parts = [this.#and()];
    while (this.#takes('||')) parts.push(this.#and());
    return (labels) => parts.some((part) => part(labels));
  }

  #and(): CalicoSelector {
    const parts = [this.#unary()];
    while (this.#takes('&&')) parts.push(this.#unary());
    return (labels) => parts.every((part) => part(labels));
  }

  #unary(): CalicoSelector {
    this.#depth += 1;
    if (this.#depth > maximumDepth) throw new UnreadableSelector();
    const selector = this.#negated();
    this.#depth -= 1;
    return selector;
  }

  #negated(): CalicoSelector {
    if (this.#takes('!')) {
      const inner = this.#unary();
      return (labels) => !inner(labels);
    }
    if (!this.#takes('(')) return this.#comparison();
    const inner = this.#or();
    this.#expect(')');
    return inner;
  }

  #comparison(): CalicoSelector {
    const key = this.#word();
    if (this.#takes('(')) return this.#call(key);
    if (this.#takes('==')) return equals(key, [this.#text()]);
    if (this.#takes('!=')) return not(equals(key, [this.#text()]));
    return this.#worded(key, this.#word());
  }

  /** A comparison with an operator of words: `in`, `not in`, `contains`, `starts with` and `ends with`. */
  #worded(key: string, operator: string): CalicoSelector {
    if (operator === 'in') return equals(key, this.#set());
    if (operator === 'contains') return this.#within(key, (value, part) => value.includes(part));
    switch (`${operator} ${this.#word()}`) {
      case 'not in':
        return not(equals(key, this.#set()));
      case 'starts with':
        return this.#within(key, (value, part) => value.startsWith(part));
      case 'ends with':
        return this.#within(key, (value, part) => value.endsWith(part));
      default:
        throw new UnreadableSelector();
    }
  }

  #call(name: string): CalicoSelector {
    if (name === 'has') {
      const key = this.#word();
      this.#expect(')');
      return (labels) => Object.hasOwn(labels, key);
    }
    this.#expect(')');
    if (name === 'all') return () => true;
    if (name === 'global') return () => false;
    throw new UnreadableSelector();
  }

  #within(key: string, test: (value: string, part: string) => boolean): CalicoSelector {
    const part = this.#text();
    return (labels) => Object.hasOwn(labels, key) && test(labels[key] ?? '', part);
  }

  #set(): readonly string[] {
    this.#expect('{');
    const values = [this.#text()];
    while (this.#takes(',')) values.push(this.#text());
    this.#expect('}');
    return values;
  }

  #takes(symbol: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'symbol' || token.text !== symbol) return false;
    this.#at += 1;
    return true;
  }

  #expect(symbol: string): void {
    if (!this.#takes(symbol)) throw new UnreadableSelector();
  }

  #word(): string {
    return this.#next('word');
  }

  #text(): string {
    return this.#next('text');
  }

  #next(kind: Token['kind']): string {
    const token = this.#tokens[this.#at];
    if (token?.kind !== kind) throw new UnreadableSelector();
    this.#at += 1;
    return token.text;
  }
}

const equals =
  (key: string, values: readonly string[]): CalicoSelector =>
  (labels) =>
    Object.hasOwn(labels, key) && values.includes(labels[key] ?? '');
const not =
  (selector: CalicoSelector): CalicoSelector =>
  (labels) =>
    !selector(labels);

/** Whether a selector selects everything by its text. */
export const isEverything = (selector: string): boolean => /^\s*(all\(\s*\))?\s*$/.test(selector);

/** Compiles a selector. The empty text selects everything. Returns undefined for a selector that it cannot read. */
export function calicoSelector(text: string): CalicoSelector | undefined {
  if (isEverything(text)) return () => true;
  const list = tokensOf(text);
  if (list === undefined) return undefined;
  try {
    return new SelectorParser(list).whole();
  } catch (error) {
    if (error instanceof UnreadableSelector) return undefined;
    throw error;
  }
}
