import { expect } from 'chai';
import { schemaNode } from '../../../operator/engine/schema/schema-node.ts';
import { fieldCheck, isPlainlyRight } from '../../../operator/engine/validation/field-check.ts';
import { servedKind } from '../../../operator/engine/validation/schema-problems.ts';
import { valueProblems } from '../../../operator/engine/validation/value-problem.ts';

const podNode = servedKind('', 'v1', 'Pod')?.node ?? -1;
const nodeAt = (...path: readonly string[]): NonNullable<ReturnType<typeof schemaNode>> => {
  const index = path.reduce((at, key) => schemaNode(at)?.fields.get(key)?.node ?? -1, podNode);
  return schemaNode(index) ?? expect.fail(`no fields at ${path.join('.')}`);
};
const isRight = (value: unknown, ...path: readonly string[]): boolean => {
  const check = fieldCheck(nodeAt(...path.slice(0, -1)), path.at(-1) ?? '') ?? expect.fail(`no field ${path.join('.')}`);
  return isPlainlyRight(value, check);
};

describe('a value of a field', () => {
  it('is plainly right if it is a scalar of its type that the server accepts', () => {
    expect(isRight('a', 'spec', 'hostname')).to.equal(true);
    expect(isRight(1, 'spec', 'hostname')).to.equal(false);
    expect(isRight(1, 'spec', 'priority')).to.equal(true);
    expect(isRight(1.5, 'spec', 'priority')).to.equal(false);
    expect(isRight('Always', 'spec', 'restartPolicy')).to.equal(true);
    expect(isRight('', 'spec', 'restartPolicy')).to.equal(true);
    expect(isRight('Sometimes', 'spec', 'restartPolicy')).to.equal(false);
  });

  it('is never plainly right if it is a list or a map, whose items are checked', () => {
    expect(isRight([], 'spec', 'containers')).to.equal(false);
    expect(isRight({}, 'spec', 'securityContext')).to.equal(false);
    expect(isRight(['a'], 'spec', 'hostname')).to.equal(false);
  });

  it('has no problem in any field of a pod if it is plainly right', () => {
    const values = ['', 'a', 'Always', 0, 1, 1.5, true, '250m', '1K', '64Mi', '2026-01-31T12:00:00Z', [], {}];
    const seen = new Set<number>();
    let right = 0;
    const visit = (index: number): void => {
      const node = schemaNode(index);
      if (node === undefined || seen.has(index)) return;
      seen.add(index);
      for (const [key, field] of node.fields) {
        const check = fieldCheck(node, key) ?? expect.fail(key);
        for (const value of values.filter((each) => isPlainlyRight(each, check))) {
          right += 1;
          expect(valueProblems(value, check), key).to.deep.equal([]);
          if (typeof value === 'string' && value !== '') expect(check.accepted ?? [value], key).to.include(value);
        }
        visit(field.node);
      }
    };
    visit(podNode);
    expect(right).to.be.greaterThan(500);
  });
});
