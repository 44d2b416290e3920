import { relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';

/** A spread object with a property that the expected type does not have. */
export interface UnreadProperty {
  /** The path of the file. */
  readonly file: string;
  /** Counts from 1. */
  readonly line: number;
  readonly property: string;
  /** The expected type. */
  readonly type: string;
}

/**
 * Finds object literals such as `{ ...(x ? { carried: x } : {}) }` in which a spread sets a property that the expected type lacks. TypeScript
 * reports such a property in a literal, but not in a spread, so a renamed property is silently never read. Only spreads of literals are
 * checked, and of variables with a literal: a declared type may have more properties on purpose, and so may a variable of which something is
 * read. An expected type that accepts any property is left out.
 */
export function unreadProperties(program: ts.Program, files: readonly ts.SourceFile[]): readonly UnreadProperty[] {
  const checker = program.getTypeChecker();
  const found: UnreadProperty[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isObjectLiteralExpression(node)) found.push(...unreadIn(node, checker));
    ts.forEachChild(node, visit);
  };
  for (const file of files) visit(file);
  return found;
}

const anything = ts.TypeFlags.Any | ts.TypeFlags.Never | ts.TypeFlags.Unknown | ts.TypeFlags.TypeParameter | ts.TypeFlags.NonPrimitive;

/** The types of a union, or the type itself. */
const partsOf = (type: ts.Type): readonly ts.Type[] => (type.isUnion() ? type.types : [type]);

function unreadIn(literal: ts.ObjectLiteralExpression, checker: ts.TypeChecker): readonly UnreadProperty[] {
  const expected = checker.getContextualType(literal);
  if (expected === undefined || partsOf(expected).some((part) => acceptsAnything(part, checker))) return [];
  const isKnown = ({ name }: ts.Symbol): boolean => partsOf(expected).some((part) => checker.getPropertyOfType(part, name) !== undefined);
  const file = literal.getSourceFile();
  return literal.properties.filter(ts.isSpreadAssignment).flatMap((spread) => {
    const isShared = ts.isIdentifier(spread.expression) || ts.isPropertyAccessExpression(spread.expression);
    const parts = partsOf(checker.getTypeAtLocation(spread.expression)).filter(isLiteral);
    const checked = isShared ? parts.filter((part) => !part.getProperties().some(isKnown)) : parts;
    const properties = checked.flatMap((part) => part.getProperties());
    const line = file.getLineAndCharacterOfPosition(spread.getStart(file)).line + 1;
    const names = new Set(properties.filter((property) => !isKnown(property)).map(({ name }) => name));
    return [...names].map((property) => ({ file: file.fileName, line, property, type: checker.typeToString(expected) }));
  });
}

/** Whether a type accepts any property: `any`, `never` (which TypeScript checks), a type parameter, an index signature, or an object type without properties. */
function acceptsAnything(type: ts.Type, checker: ts.TypeChecker): boolean {
  if ((type.flags & anything) !== 0 || checker.getIndexInfosOfType(type).length > 0) return true;
  return (type.flags & ts.TypeFlags.Object) !== 0 && type.getProperties().length === 0;
}

/** Whether a type is that of a literal, and not a declared one. */
function isLiteral(type: ts.Type): boolean {
  // A primitive type has no symbol, unlike its declaration says.
  const declaration = (type.symbol as ts.Symbol | undefined)?.declarations?.[0];
  return declaration !== undefined && (ts.isObjectLiteralExpression(declaration) || ts.isTypeLiteralNode(declaration));
}

/** The program of a `tsconfig.json`. Throws if the file cannot be read. */
export function programOf(configuration: string): ts.Program {
  const host: ts.ParseConfigFileHost = {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: ({ messageText }) => {
      throw new Error(`${configuration}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`);
    },
  };
  const parsed = ts.getParsedCommandLineOfConfigFile(configuration, {}, host);
  if (parsed === undefined) throw new Error(`${configuration} cannot be read`);
  return ts.createProgram(parsed.fileNames, parsed.options);
}

/** Checks the files of the `tsconfig.json` in the working folder. Prints what it finds, and then exits with 1. */
function main(): void {
  const program = programOf('tsconfig.json');
  const own = program
    .getSourceFiles()
    .filter(({ fileName, isDeclarationFile }) => !isDeclarationFile && !fileName.includes('/node_modules/'));
  const found = unreadProperties(program, own);
  for (const { file, line, property, type } of found)
    console.log(`${relative('', file)}:${line}: the spread sets ${property}, which ${type} does not have: nothing reads it`);
  process.exitCode = found.length > 0 ? 1 : 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main();
