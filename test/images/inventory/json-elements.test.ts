import { expect } from 'chai';
import fc from 'fast-check';
import { jsonElements, type JsonElement } from '../../../operator/images/inventory/json-elements.ts';

async function read(text: string, paths: readonly string[], size = text.length): Promise<JsonElement[]> {
  const bytes = Buffer.from(text);
  async function* chunks(): AsyncGenerator<Buffer> {
    await Promise.resolve();
    for (let at = 0; at < bytes.length; at += Math.max(1, size)) yield bytes.subarray(at, at + Math.max(1, size));
  }
  return Array.fromAsync(jsonElements(chunks(), paths));
}

describe('jsonElements', () => {
  const text = JSON.stringify({
    skipped: [{ 'a"]}': '\\"' }],
    list: [
      { name: 'one "}]\\', rows: [1, null, { deep: [] }] },
      { name: 'twoé', rows: [] },
    ],
    last: -1.5,
  });
  const found = [
    { path: 'list.*.name', value: 'one "}]\\' },
    { path: 'list.*.rows.*', value: 1 },
    { path: 'list.*.rows.*', value: null },
    { path: 'list.*.rows.*', value: { deep: [] } },
    { path: 'list.*.name', value: 'twoé' },
    { path: 'last', value: -1.5 },
  ];

  it('yields the wanted values in order for chunks of any size', async () => {
    for (let size = 1; size <= text.length; size++)
      expect(await read(text, ['list.*.name', 'list.*.rows.*', 'last'], size)).to.deep.equal(found);
  });

  it('reads any JSON value as JSON.parse does', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json(), fc.integer({ min: 1, max: 9 }), async (json, size) => {
        const [element] = await read(`{"x": ${json} }`, ['x'], size);
        expect(element?.value).to.deep.equal(JSON.parse(json));
      }),
    );
  });

  for (const [what, broken] of [
    ['an empty text', ''],
    ['truncated text', '{"x": [1, 2'],
    ['a truncated string', '{"x": "1'],
    ['words', 'this is not JSON'],
    ['unbalanced brackets', '{"x": [1}}'],
    ['two values', '{"x": 1} {"x": 2}'],
    ['an invalid wanted value', '{"x": treu}'],
  ] as const) {
    it(`rejects ${what}`, async () => {
      const error = await read(broken, ['x']).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error).to.have.property('name', 'JsonElementsError');
    });
  }
});
