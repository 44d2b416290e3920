import type { CallExpr, Expr, FoldExpr, Literal } from '../../operator/cel/syntax/ast.ts';
import type { CelType } from '../../operator/cel/values/cel-type.ts';
import type { Checked } from '../../operator/cel/checking/checker.ts';

/** An expression in the form of cel.expr.Expr, for the printer of the specification. */
export type Message = Record<string, unknown>;

const LITERAL_CASES: Record<Literal['kind'], string> = {
  null: 'nullValue',
  bool: 'boolValue',
  int: 'int64Value',
  uint: 'uint64Value',
  double: 'doubleValue',
  string: 'stringValue',
  bytes: 'bytesValue',
};

/** Converts an expression to a message. `qualified` has the names with dots that the checker resolved as one name. */
class Translation {
  private readonly qualified: ReadonlyMap<number, string>;
  constructor(qualified: ReadonlyMap<number, string>) {
    this.qualified = qualified;
  }

  message = (expr: Expr): Message => ({ $typeName: 'cel.expr.Expr', id: BigInt(expr.id), exprKind: this.kind(expr) });

  private entry(keyKind: Message, value: Expr, optionalEntry: boolean): Message {
    return { $typeName: 'cel.expr.Expr.CreateStruct.Entry', keyKind, value: this.message(value), optionalEntry };
  }

  private kind(expr: Expr): Message {
    const name = this.qualified.get(expr.id);
    if (expr.kind === 'select' && name !== undefined) return { case: 'identExpr', value: { name } };
    switch (expr.kind) {
      case 'constant':
        return { case: 'constExpr', value: { constantKind: { case: LITERAL_CASES[expr.literal.kind], value: expr.literal.value } } };
      case 'ident':
        return { case: 'identExpr', value: { name: expr.name } };
      case 'select':
        return { case: 'selectExpr', value: { operand: this.message(expr.operand), field: expr.field, testOnly: expr.test } };
      case 'call':
        return this.call(expr, name);
      case 'list':
        return { case: 'listExpr', value: { elements: expr.elements.map(this.message) } };
      case 'map':
        return this.struct(
          '',
          expr.entries.map((item) => this.entry({ case: 'mapKey', value: this.message(item.key) }, item.value, item.optional)),
        );
      case 'struct':
        return this.struct(
          expr.name,
          expr.fields.map((item) => this.entry({ case: 'fieldKey', value: item.name }, item.value, item.optional)),
        );
      case 'fold':
        return this.fold(expr);
    }
  }

  private struct(messageName: string, entries: Message[]): Message {
    return { case: 'structExpr', value: { messageName, entries } };
  }

  private call(expr: CallExpr, name: string | undefined): Message {
    const target = expr.target === undefined || name !== undefined ? undefined : this.message(expr.target);
    return { case: 'callExpr', value: { function: name ?? expr.name, target, args: expr.args.map(this.message) } };
  }

  private fold(expr: FoldExpr): Message {
    return {
      case: 'comprehensionExpr',
      value: {
        iterVar: expr.variable,
        iterRange: this.message(expr.range),
        accuVar: expr.accumulator,
        accuInit: this.message(expr.init),
        loopCondition: this.message(expr.condition),
        loopStep: this.message(expr.step),
        result: this.message(expr.result),
      },
    };
  }
}

/** Returns the expression as a message. */
export function toMessage(expr: Expr, qualified: ReadonlyMap<number, string> = new Map()): Message {
  return new Translation(qualified).message(expr);
}

const PRIMITIVES: Record<string, number> = { bool: 1, int: 2, uint: 3, double: 4, string: 5, bytes: 6 };

/** Converts a type to the form of cel.expr.Type. */
export function toTypeMessage(type: CelType): Message {
  const [first, second] = type.params.map(toTypeMessage);
  const wrap = (name: string, value: unknown): Message => ({ typeKind: { case: name, value } });
  switch (type.kind) {
    case 'list':
      return wrap('listType', { elemType: first });
    case 'map':
      return wrap('mapType', { keyType: first, valueType: second });
    case 'timestamp':
      return wrap('wellKnown', 2);
    case 'duration':
      return wrap('wellKnown', 3);
    case 'type':
      return wrap('type', first);
    case 'null':
    case 'dyn':
    case 'error':
      return wrap(type.kind, {});
    case 'opaque':
      if (type.params.length === 0) return wrap('messageType', type.name);
      return wrap('abstractType', { name: type.name, parameterTypes: type.params.map(toTypeMessage) });
    case 'object':
      return wrap('messageType', type.name);
    default:
      return type.kind === 'param' ? wrap('typeParam', type.name) : wrap('primitive', PRIMITIVES[type.kind]);
  }
}

/** A node that was not checked, such as the namespace of a function, has no type. */
function typeEntry(type: CelType | undefined, id: number): [string, Message][] {
  return type === undefined ? [] : [[String(id), toTypeMessage(type)]];
}

/** Converts the result of the checker to the form of cel.expr.CheckedExpr. */
export function toCheckedMessage(root: Expr, checked: Checked, references: ReadonlyMap<number, string>): Message {
  const overloads = [...checked.overloads].map(
    ([id, found]) => [String(id), { name: '', overloadId: found.map((overload) => overload.id) }] as const,
  );
  const names = [...references]
    .filter(([id]) => !checked.overloads.has(id))
    .map(([id, name]) => [String(id), { name, overloadId: [] }] as const);
  return {
    expr: toMessage(root, checked.qualified),
    typeMap: Object.fromEntries([...checked.types.keys()].flatMap((id) => typeEntry(checked.types[id], id))),
    referenceMap: Object.fromEntries([...overloads, ...names]),
  };
}
