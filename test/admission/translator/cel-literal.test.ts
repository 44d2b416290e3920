import { expect } from 'chai';
import { inspect } from 'node:util';
import { dynLiteral, jsonLiteral, stringLiteral, stringsLiteral } from '../../../operator/admission/translator/cel-literal.ts';
import { compileAdmission } from '../../../operator/cel/admission.ts';

/** Returns the texts of validations that compare a literal with its value. */
const holds = (expression: string, object: unknown): boolean => {
  const compiled = compileAdmission({ validations: [{ expression }] }, { kubernetesVersion: '1.36', params: false });
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.errors));
  const request = { operation: 'CREATE', kind: { group: '', version: 'v1', kind: 'A' } } as never;
  const { validations } = compiled.program.evaluate({ object, oldObject: null, namespaceObject: null, params: null, request });
  return validations[0]?.outcome === 'pass';
};

describe('a literal', () => {
  const values: readonly (readonly [unknown, string])[] = [
    [null, 'null'],
    [undefined, 'null'],
    [true, 'true'],
    [false, 'false'],
    ['', "''"],
    ["it's", "'it\\'s'"],
    ['a\\b', "'a\\\\b'"],
    ["\\'", "'\\\\\\''"],
    ['a\nb\r\nc\nd', "'a\\nb\\r\\nc\\nd'"],
    [0, '0'],
    [-3, '-3'],
    [1.5, '1.5'],
    [9007199254740991, '9007199254740991'],
    [1e21, '1e+21'],
    [[], '[]'],
    [[1, 'a'], "[dyn(1), dyn('a')]"],
    [{}, '{}'],
    [{ a: 1, "b'": [null] }, "{'a': dyn(1), 'b\\'': dyn([dyn(null)])}"],
  ];
  for (const [value, expected] of values)
    it(`of ${inspect(value)} is ${JSON.stringify(expected)}, and has that value`, () => {
      expect(jsonLiteral(value)).to.equal(expected);
      expect(dynLiteral(value)).to.equal(`dyn(${expected})`);
      expect(holds(`dyn(object.value) == ${dynLiteral(value)}`, { value: value ?? null })).to.equal(true);
      expect(holds(`dyn(object.value) == ${dynLiteral(value)}`, { value: 'another' })).to.equal(false);
    });

  it('of an integer that JSON cannot hold exactly is a double', () => {
    expect(jsonLiteral(9007199254740992)).to.equal('9007199254740992.0');
    expect(jsonLiteral(-9007199254740992)).to.equal('-9007199254740992.0');
  });

  it('of texts is a list of strings', () => {
    expect(stringsLiteral(["a'", 'b'])).to.equal("['a\\'', 'b']");
    expect(stringsLiteral([])).to.equal('[]');
    expect(stringLiteral('x')).to.equal("'x'");
  });
});
