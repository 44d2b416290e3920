import { expect } from 'chai';
import { calicoSelector } from '../../../operator/engine/network/traffic/calico-selector.ts';

const labels = { app: 'web', tier: 'front-end', 'example.com/team': 'a' };

const cases: readonly (readonly [string, boolean])[] = [
  ['', true],
  [' all( ) ', true],
  ['global()', false],
  ["app == 'web'", true],
  ['app == "api"', false],
  ["app != 'api'", true],
  ["gone != 'x'", true],
  ["app in {'api', 'web'}", true],
  ["app not in {'api', 'web'}", false],
  ["gone not in {'x'}", true],
  ['has(example.com/team)', true],
  ['!has(app)', false],
  ["tier contains 'end'", true],
  ["tier starts with 'front'", true],
  ["tier ends with 'front'", false],
  ["gone contains ''", false],
  ["app == 'api' || app == 'web' && has(tier)", true],
  ["(app == 'api' || app == 'web') && has(gone)", false],
  ["!(app == 'web' && tier == 'x')", true],
  ['has(__proto__)', false],
];

const unreadable = [
  "app = 'web'",
  'app == web',
  "app == 'web",
  '(has(app)',
  'has(app))',
  'app in {}',
  "app in {'a',}",
  'all() all()',
  'any()',
  "app like 'web'",
  '&& has(app)',
  '!'.repeat(5000) + 'has(app)',
  '('.repeat(5000),
  'has(a) && '.repeat(5000) + 'has(a)',
];

describe('a selector of Calico', () => {
  for (const [text, selected] of cases)
    it(`${text === '' ? 'that is empty' : text}: ${String(selected)}`, () => {
      expect(calicoSelector(text)?.(labels)).to.equal(selected);
    });

  for (const text of unreadable)
    it(`cannot be read: ${text.slice(0, 30)}`, () => {
      expect(calicoSelector(text)).to.equal(undefined);
    });
});
