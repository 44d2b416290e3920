import { expect } from 'chai';
import fc from 'fast-check';
import { catalogue } from '../../../operator/catalogue/controls/catalogue.ts';
import { compiled, predicate } from '../../../operator/engine/controls/predicate.ts';

describe("the catalogue's expressions", () => {
  it('compile', () => {
    const sources = catalogue.flatMap(({ checks = [], exemptions = [] }) => [
      ...checks.map(({ require }) => require),
      ...exemptions.map(({ when }) => when),
    ]);
    expect(sources.length).to.be.greaterThan(80);
    for (const source of sources) expect(compiled(source), source).to.be.a('function');
    expect(() => compiled('item.nothing(')).to.throw('does not compile');
  });

  it('have the same results with the fast path and the cache as with CEL', () => {
    const checks = catalogue.flatMap(({ checks: own }) => own ?? []).filter(({ require }) => /\bitem\b/.test(require));
    const texts = fc.oneof(
      fc.constantFrom(
        '',
        'Default',
        'RuntimeDefault',
        'Always',
        'NodePort',
        'ALL',
        'NET_RAW',
        'nginx',
        'nginx:latest',
        'a:1',
        'http://x',
        '*.x',
        '/etc',
      ),
      fc.string(),
    );
    const values = {
      bool: fc.boolean(),
      int: fc.integer({ min: -2, max: 70_000 }),
      string: texts,
      quantity: fc.oneof(texts, fc.constantFrom('500m', '256Mi', '0', '0.0', '-1', '1e3')),
      list: fc.array(texts, { maxLength: 3 }),
      map: fc.dictionary(fc.constantFrom('name', 'emptyDir', 'key', 'operator'), texts),
      any: fc.anything(),
    };
    let evaluated = 0;
    for (const { require, type } of new Set(checks)) {
      const [fast, slow] = [predicate(require), compiled(require)];
      fc.assert(
        fc.property(values[type] as fc.Arbitrary<unknown>, fc.integer({ min: 0, max: 37 }), (item, version) => {
          const bindings = () => ({
            item,
            version,
            key: 'a',
            params: {},
            object: { spec: {}, metadata: {} },
            container: { image: 'nginx' },
          });
          const verdict = slow(bindings());
          expect(fast(bindings()), require).to.equal(verdict);
          expect(fast(bindings()), `${require}, again`).to.equal(verdict);
          if (typeof verdict === 'boolean') evaluated += 1;
        }),
        { numRuns: 60 },
      );
    }
    expect(evaluated).to.be.greaterThan(2000);
  }).timeout(60_000);
});

describe('an expression with alternatives', () => {
  it('holds if its first one holds, and else as the others say for each object', () => {
    const holds = predicate('size(item) > 2 || object.ok');
    expect(holds({ item: 'abc', object: {} })).to.equal(true);
    expect(holds({ item: 'a', object: { ok: true } })).to.equal(true);
    expect(holds({ item: 'a', object: { ok: false } })).to.equal(false);
    expect(holds({ item: 'a', object: {} })).to.be.a('string');
    expect(holds({ item: 1, object: { ok: true } })).to.equal(true);
  });

  it('is not taken apart inside of a condition or of parentheses', () => {
    expect(predicate('size(item) > 2 || object.ok ? false : true')({ item: 'abc', object: {} })).to.equal(false);
    expect(predicate('!(size(item) > 2 || object.ok)')({ item: 'abc', object: {} })).to.equal(false);
    expect(predicate("'a || b' != item && object.ok")({ item: 'c', object: { ok: true } })).to.equal(true);
  });
});
