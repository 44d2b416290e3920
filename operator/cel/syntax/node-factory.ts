import { ACCUMULATOR } from './ast.ts';
import type {
  CallExpr,
  ConstantExpr,
  Expr,
  FoldExpr,
  IdentExpr,
  ListExpr,
  Literal,
  MacroName,
  MapEntry,
  MapExpr,
  SelectExpr,
  StructExpr,
} from './ast.ts';

/** The parts of a fold without a default. */
export interface FoldParts {
  readonly macro: MacroName;
  readonly range: Expr;
  readonly variable: string;
  readonly variable2?: string | undefined;
  readonly accumulator?: string;
  readonly init: Expr;
  readonly condition: Expr;
  readonly step: Expr;
  readonly result: Expr;
  readonly filter?: Expr | undefined;
  readonly body: Expr;
}

/** Creates nodes with unique ids. */
export class NodeFactory {
  /** The number of ids in use. */
  size = 0;

  constant(at: number, literal: Literal): ConstantExpr {
    return { kind: 'constant', id: this.size++, at, literal };
  }
  ident(at: number, name: string): IdentExpr {
    return { kind: 'ident', id: this.size++, at, name };
  }
  /** Returns the accumulator of a fold. */
  accumulator(at: number): IdentExpr {
    return this.ident(at, ACCUMULATOR);
  }
  bool(at: number, value: boolean): ConstantExpr {
    return this.constant(at, { kind: 'bool', value });
  }
  int(at: number, value: bigint): ConstantExpr {
    return this.constant(at, { kind: 'int', value });
  }
  select(at: number, operand: Expr, field: string, test = false): SelectExpr {
    return { kind: 'select', id: this.size++, at, operand, field, test };
  }
  call(at: number, name: string, args: readonly Expr[], target?: Expr): CallExpr {
    return { kind: 'call', id: this.size++, at, name, target, args };
  }
  list(at: number, elements: readonly Expr[], optional: ReadonlySet<number> = new Set()): ListExpr {
    return { kind: 'list', id: this.size++, at, elements, optional };
  }
  map(at: number, entries: readonly MapEntry[]): MapExpr {
    return { kind: 'map', id: this.size++, at, entries };
  }
  struct(at: number, name: string, fields: StructExpr['fields']): StructExpr {
    return { kind: 'struct', id: this.size++, at, name, fields };
  }
  fold(at: number, parts: FoldParts): FoldExpr {
    return {
      kind: 'fold',
      id: this.size++,
      at,
      ...parts,
      variable2: parts.variable2,
      accumulator: parts.accumulator ?? ACCUMULATOR,
      filter: parts.filter,
    };
  }
}
