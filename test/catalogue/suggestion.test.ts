import { expect } from 'chai';
import { didYouMean, hasSuggestion, suggestion } from '../../operator/catalogue/suggestion.ts';

describe('suggestion', () => {
  const rows: readonly [title: string, word: string, known: readonly string[], expected: string | undefined][] = [
    ['the word itself', 'high', ['low', 'high'], 'high'],
    ['a missing letter', 'hih', ['low', 'high'], 'high'],
    ['an additional letter', 'hiigh', ['low', 'high'], 'high'],
    ['another letter', 'hagh', ['low', 'high'], 'high'],
    ['two neighbours in the wrong order', 'hihg', ['low', 'high'], 'high'],
    ['two neighbours in the wrong order at the start', 'ihgh', ['low', 'high'], 'high'],
    ['two neighbours in the wrong order at the end', 'wol', ['owl'], 'owl'],
    ['capital letters', 'HIGH', ['high'], 'high'],
    ['two edits in a word of four letters', 'hxxh', ['high'], undefined],
    ['two edits in a word of six letters', 'sxxret', ['secret'], 'secret'],
    ['three edits in a word of six letters', 'sxxxet', ['secret'], undefined],
    ['one edit in a word of one letter', 'b', ['a'], 'a'],
    ['two edits in a word of two letters', 'cd', ['ab'], undefined],
    ['a longer word', 'abcd', ['ab'], undefined],
    ['the nearest of several', 'secrets', ['secrex', 'secret'], 'secret'],
    ['the first of equally near ones', 'cat', ['bat', 'hat'], 'bat'],
    ['the nearer one after another one', 'secrat', ['sicrat', 'secrat'], 'secrat'],
    ['nothing known', 'high', [], undefined],
    ['an empty word', '', ['abc'], undefined],
    ['two separate swaps', 'badcef', ['abcdef'], 'abcdef'],
    ['only the first 100 letters of a long word', `${'a'.repeat(100)}${'b'.repeat(200)}`, ['a'.repeat(100)], 'a'.repeat(100)],
  ];
  for (const [title, word, known, expected] of rows)
    it(`for ${title} is ${expected ?? 'undefined'}`, () => expect(suggestion(word, known)).to.equal(expected));

  it('is part of a message if there is one', () => {
    expect([didYouMean('hih', ['high']), didYouMean('x', ['high'])]).to.deep.equal([" (did you mean 'high'?)", '']);
    expect([`no hih${didYouMean('hih', ['high'])}`, `no x${didYouMean('x', ['high'])}`].map(hasSuggestion)).to.deep.equal([true, false]);
  });
});
