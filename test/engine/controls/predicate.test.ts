import { expect } from 'chai';
import fc from 'fast-check';
import { catalogue } from '../../../operator/catalogue/controls/catalogue.ts';
import { checkPredicate, compiled, exemptionPredicate, predicate } from '../../../operator/engine/controls/predicate.ts';

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
      const byVersion = new Map(Array.from({ length: 38 }, (_, version) => [version, checkPredicate(require)]));
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
          for (const again of ['', ', again'])
            expect(byVersion.get(version)?.(bindings()), `${require}, as a check${again}`).to.equal(verdict);
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

describe('an expression of a check', () => {
  const results = (source: string, bindings: readonly Record<string, unknown>[]): readonly unknown[] => {
    const holds = checkPredicate(source);
    const all = [...bindings, ...bindings].map((entry) => holds(entry));
    expect(all.slice(bindings.length)).to.deep.equal(all.slice(0, bindings.length));
    expect(all.slice(bindings.length)).to.deep.equal(bindings.map((entry) => compiled(source)(entry)));
    return all.slice(0, bindings.length);
  };

  it('keeps the results of each check apart, because parameters differ', () => {
    const [low, high] = [checkPredicate('item >= params.minimum'), checkPredicate('item >= params.minimum')];
    expect(low({ item: 5, params: { minimum: 3 } })).to.equal(true);
    expect(high({ item: 5, params: { minimum: 9 } })).to.equal(false);
    expect(low({ item: 5, params: { minimum: 3 } })).to.equal(true);
  });

  it('depends on the item and on the image of its container', () => {
    const source = "item == 'Always' || container.image.contains('@')";
    const bindings = ['Always', 'Never'].flatMap((item) => ['a', 'a@b', 7, undefined].map((image) => ({ item, container: { image } })));
    const found = results(source, bindings);
    expect(found.slice(0, 6)).to.deep.equal([true, true, true, true, false, true]);
    expect(found.slice(6).map((verdict) => typeof verdict)).to.deep.equal(['string', 'string']);
  });

  it('is evaluated each time if it reads more of the container, or the object', () => {
    expect(
      results(
        "item == container.name || container.image == ''",
        ['a', 'b'].map((name) => ({ item: 'a', container: { name, image: 'x' } })),
      ),
    ).to.deep.equal([true, false]);
    expect(
      results(
        'item == object.name',
        ['a', 'b'].map((name) => ({ item: 'a', object: { name } })),
      ),
    ).to.deep.equal([true, false]);
  });
});

describe('the expression of an exemption', () => {
  it('is evaluated once for a subject, also for other controls with it, and again for the next subject', () => {
    const [first, second] = [exemptionPredicate("object.os == 'windows'"), exemptionPredicate("object.os == 'windows'")];
    const [one, other] = [{}, {}];
    expect(first({ object: { os: 'windows' } }, one)).to.equal(true);
    expect(second({ object: { os: 'linux' } }, one)).to.equal(true);
    expect(second({ object: { os: 'linux' } }, other)).to.equal(false);
    expect(first({ object: { os: 'windows' } }, undefined)).to.equal(true);
  });
});
