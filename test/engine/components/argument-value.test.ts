import { expect } from 'chai';
import type { ArgumentCheck, ArgumentType } from '../../../operator/catalogue/controls/components/argument-check.ts';
import { brokenParent, typedValue } from '../../../operator/engine/components/argument-value.ts';
import { goBoolean, goDuration, goInteger } from '../../../operator/engine/components/go-values.ts';

describe('a text is read as the flags of Go', () => {
  const rows: readonly (readonly [
    read: (text: string) => unknown,
    values: Readonly<Record<string, unknown>>,
    refused: readonly string[],
  ])[] = [
    [
      goBoolean,
      {
        1: true,
        t: true,
        T: true,
        true: true,
        TRUE: true,
        True: true,
        0: false,
        f: false,
        F: false,
        false: false,
        FALSE: false,
        False: false,
      },
      ['', 'yes', 'no', 'tRUE', '2', 'on', ' true'],
    ],
    [
      goInteger,
      { '0': 0, '10': 10, '-5': -5, '+5': 5, '0x10': 16, '0XfF': 255, '0b11': 3, '010': 8, '0o17': 15, '1_000': 1000, '0x_f': 15 },
      ['', '-', '1.5', '1e3', '08', '0b2', '0xg', '1__0', '_1', '1_', '10s', ' 1', 'ten'],
    ],
    [
      goDuration,
      {
        '0': 0,
        '5s': 5,
        '1h30m': 5400,
        '.5h': 1800,
        '1.5m': 90,
        '-5s': -5,
        '+5s': 5,
        '100ms': 0.1,

        '2µs': 2e-6,
        '0s': 0,
      },
      ['', '5', 's', '5 s', '5d', '1h30', '-', '.s', '5S', 'h1'],
    ],
  ];
  for (const [read, values, refused] of rows)
    it(`by ${read.name}`, () => {
      for (const [text, value] of Object.entries(values)) expect(read(text), text).to.equal(value);
      for (const text of refused) expect(read(text), text).to.equal(undefined);
    });

  it('by goDuration, also of many digits without a unit', () => {
    expect(goDuration('1'.repeat(300_000))).to.equal(undefined);
  }).timeout(10_000);
});

describe('the value of an argument', () => {
  const read = (type: ArgumentType, isTyped: boolean, ...values: readonly unknown[]): unknown => {
    try {
      return typedValue({ values, path: 'p' }, { type } as ArgumentCheck, isTyped);
    } catch (error) {
      return (error as Error).message;
    }
  };

  const words: readonly (readonly [type: ArgumentType, values: readonly unknown[], expected: unknown])[] = [
    ['bool', ['true'], true],
    ['bool', ['true', ' false '], false],
    ['bool', ['yes'], 'expected true or false'],
    ['int', ['3', '0x10'], 16],
    ['int', ['1.5'], 'expected a whole number'],
    ['text', ['a', ' b '], 'b'],
    ['text', ['a', ''], undefined],
    ['duration', ['1h30m'], 5400],
    ['duration', ['5'], 'expected a duration'],
    ['list', ['a, b,', 'c'], ['a', 'b', 'c']],
    ['list', [''], []],
    ['switches', ['A=true,B=false', 'C=true'], ['A=true', 'B=false', 'C=true']],
    ['text', [true], 'expected a string'],
  ];
  for (const [type, values, expected] of words)
    it(`of type ${type} on a command line: ${JSON.stringify(values)}`, () => expect(read(type, false, ...values)).to.deep.equal(expected));

  const typed: readonly (readonly [type: ArgumentType, value: unknown, expected: unknown])[] = [
    ['bool', true, true],
    ['bool', 'true', 'expected true or false'],
    ['int', 3, 3],
    ['int', '3', 'expected a whole number'],
    ['int', 1.5, 'expected a whole number'],
    ['text', 'a', 'a'],
    ['text', 5, 'expected a string'],
    ['duration', '1h', 3600],
    ['duration', 5, 'expected a duration'],
    ['duration', '5', 'expected a duration'],
    ['list', ['a', 1], ['a', 1]],
    ['list', [], undefined],
    ['list', 'a', 'expected a list'],
    ['switches', { A: true, B: false, C: null }, ['A=true', 'B=false', 'C=false']],
    ['switches', { A: 'true' }, 'expected a map of true and false'],
    ['switches', ['A=true'], 'expected a map of true and false'],
    ...(['bool', 'int', 'text', 'duration', 'list', 'switches'] as const).flatMap((type) =>
      [null, '', undefined].map((value) => [type, value, undefined] as const),
    ),
  ];
  for (const [type, value, expected] of typed)
    it(`of type ${type} in a configuration: ${JSON.stringify(value)}`, () => expect(read(type, true, value)).to.deep.equal(expected));
});

describe('a value in place of a map', () => {
  it('is found above a setting, at any depth', () => {
    const known = new Map([
      ['authentication', { values: [[]], path: 'authentication' }],
      ['a.b', { values: ['x'], path: 'at a.b' }],
      ['unset', { values: [null], path: 'unset' }],
      ['authorization.mode', { values: ['Webhook'], path: 'authorization.mode' }],
    ]);
    const found = ['authentication.anonymous.enabled', 'a.b.c', 'a.b', 'unset.c', 'authorization.mode', 'other.x'].map((name) =>
      brokenParent(known, name),
    );
    expect(found).to.deep.equal(['authentication', 'at a.b', undefined, undefined, undefined, undefined]);
  });
});
