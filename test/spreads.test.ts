import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { programOf, unreadProperties } from '../hack/spreads.ts';

const declarations = `
interface Report { readonly name: string; readonly carriedOver?: number; readonly extra?: { readonly depth: number } }
interface Wide extends Report { readonly other: string }
declare const count: number | undefined;
declare const wide: Wide;
declare function write(report: Report): void;
`;

/** The spread properties that nothing reads, with their lines after the declarations. */
function found(code: string): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'vigil-'));
  try {
    writeFileSync(join(folder, 'code.ts'), declarations + code);
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: { strict: true, noEmit: true, target: 'esnext', module: 'nodenext', types: [] },
        files: ['code.ts'],
      }),
    );
    const program = programOf(join(folder, 'tsconfig.json'));
    const files = program.getSourceFiles().filter(({ fileName }) => fileName.endsWith('code.ts'));
    return unreadProperties(program, files).map(({ line, property, type }) => `${line - 7}: ${property} of ${type}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('the check of spread properties', function () {
  this.timeout(20_000);

  it('finds a property that the expected type does not have', () => {
    expect(
      found(`
write({ name: 'a', ...(count === undefined ? {} : { carryOver: count }) });
const b: Report = { name: 'b', ...{ stays: 1, carriedOver: 1 } };
const c = (): Report => ({ name: 'c', extra: { depth: 1, ...(count ? { height: 2 } : {}) } });
const made = { old: 1 };
const d: readonly Report[] = [{ name: 'd', ...made }];
`),
    ).to.deep.equal([
      '1: carryOver of Report',
      '2: stays of Report',
      '3: height of { readonly depth: number; } | undefined',
      '5: old of Report',
    ]);
  });

  it('accepts properties that are read, declared types with more properties, and types that accept anything', () => {
    expect(
      found(`
write({ name: 'a', ...(count === undefined ? {} : { carriedOver: count }) });
write({ ...wide, name: 'b' });
const shared = { name: 'b', more: 1 };
write({ ...shared });
const c: Record<string, unknown> = { ...(count ? { anything: 1 } : {}) };
const d = { ...(count ? { free: 1 } : {}) };
const e: unknown = { ...{ any: 1 } };
const f: Report | Wide = { name: 'f', ...(count ? { other: 'x' } : {}) };
function g<T extends object>(value: T): T { return value; }
g({ ...(count ? { generic: 1 } : {}) });
`),
    ).to.deep.equal([]);
  });
});
