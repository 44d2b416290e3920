import { showType, type CelType } from '../../../operator/cel/values/cel-type.ts';
import { OVERLOADS } from '../../../operator/cel/library/overload-table.ts';
import type { Overload } from '../../../operator/cel/library/overload.ts';
import { handWritten } from './hand-written.ts';

/** The objects that expressions are evaluated on, as `object.spec`. */
export const specs = [
  {
    i: 1,
    neg: -7,
    big: 9007199254740991,
    zero: 0,
    d: 2.5,
    s: 'abc',
    e: '',
    u: 'é𝄞',
    t: true,
    f: false,
    n: null,
    l: [1, 2, 3],
    ls: ['a', 'b', 'a'],
    empty: [],
    m: { a: 1, b: 'x', 'with space': null },
    nested: [{ name: 'x', v: 1 }, { name: 'y' }, { name: 'z', v: 'text' }],
    bad: '(',
    quantity: '1500m',
    version: '1.2.3-rc.1',
    ip: '10.1.2.3',
    cidr: '10.0.0.0/8',
    url: 'https://user@example.com:8443/a/b?x=1&y=2#z',
    time: '2024-02-29T12:30:00Z',
    span: '90m',
  },
  { i: 'one', s: 3, l: {}, m: [], d: null, t: 'true', nested: 'none', ls: [1, 'b'], n: 0, ip: 'x', u: '' },
] as const;

/** A random number generator. The same seed returns the same corpus. */
function random(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 4294967296) * below);
  };
}

const pools: Readonly<Record<string, readonly string[]>> = {
  int: [
    '0',
    '1',
    '-7',
    '42',
    '9223372036854775807',
    '-9223372036854775808',
    'object.spec.i',
    'object.spec.neg',
    'object.spec.big',
    'size(object.spec.l)',
  ],
  uint: ['0u', '5u', '18446744073709551615u', 'uint(object.spec.i)'],
  double: ['0.5', '-2.25', '1e308', '0.0', 'object.spec.d', 'double(object.spec.i)'],
  string: ["''", "'abc'", "'é𝄞x'", "'a,b,c'", "'  x '", 'object.spec.s', 'object.spec.u', "'%s and %d'"],
  bool: ['true', 'false', 'object.spec.t', 'object.spec.f'],
  null: ['null', 'object.spec.n'],
  bytes: ["b'ab'", "b''", "b'\\xff'", 'bytes(object.spec.u)'],
  list: [
    '[]',
    '[1, 2, 3]',
    "['a', 'b', 'a']",
    '[3, 1, 2]',
    '[1.5, 0.5]',
    'object.spec.l',
    'object.spec.ls',
    'object.spec.empty',
    '[[1], [2, 3]]',
    "[duration('1h'), duration('1m')]",
  ],
  map: ['{}', "{'a': 1}", "{1: 'x', 2: 'y'}", 'object.spec.m', 'object.spec.nested[0]'],
  timestamp: [
    "timestamp('2024-02-29T12:30:00Z')",
    "timestamp('1999-12-31T23:59:59.999Z')",
    'timestamp(object.spec.time)',
    "timestamp('0001-01-01T00:00:00Z')",
  ],
  duration: ["duration('90m')", "duration('-1h30m')", "duration('1ns')", 'duration(object.spec.span)', "duration('0s')"],
  type: ['int', 'type(object.spec.s)', 'type(object.spec.l)', 'string', 'type(null)'],
  optional_type: [
    'optional.of(1)',
    'optional.none()',
    'object.?spec.?s',
    "optional.ofNonZeroValue('')",
    'object.spec.?nope',
    'object.spec.l[?9]',
  ],
  dyn: ['object.spec.i', 'object.spec.s', 'object.spec.l', 'object.spec.n', 'object.spec.d', 'dyn(1u)', "'abc'", '2'],
  'net.IP': ["ip('10.1.2.3')", "ip('::1')", "ip('169.254.1.1')", 'ip(object.spec.ip)', "ip('ff02::1')"],
  'net.CIDR': ["cidr('10.0.0.0/8')", "cidr('::1/128')", "cidr('192.168.1.7/24')", 'cidr(object.spec.cidr)'],
  'kubernetes.URL': ["url('https://example.com:80/p?q=1')", 'url(object.spec.url)', "url('/only/path')"],
  'kubernetes.Quantity': ["quantity('1500m')", "quantity('2Gi')", "quantity('-3')", 'quantity(object.spec.quantity)', "quantity('1e3')"],
  'kubernetes.Semver': ["semver('1.2.3')", "semver('1.2.3-rc.1')", "semver('2.0.0')", 'semver(object.spec.version)'],
  'kubernetes.NamedFormat': ['format.dns1123Label()', 'format.date()', "format.named('uuid').value()", 'format.byte()'],
};

/** Valid arguments of functions, besides arbitrary strings. */
const texts: Readonly<Record<string, readonly string[]>> = {
  quantity: ["'1.5Gi'", "'100'", "'12Mo'", "'0.1u'", "''", "'1e-3'", "'9999999999999999999'", 'object.spec.quantity'],
  url: ["'https://[::1]:80/x'", "'http://a b'", "'../x'", "'mailto:a@b'", "''", 'object.spec.url'],
  semver: ["'1.2.3'", "'v1.0'", "'01.2.3'", "'1.2.3-alpha.1+b'", "'1.2'", 'object.spec.version'],
  ip: ["'1.2.3.4'", "'01.2.3.4'", "'::ffff:1.2.3.4'", "'fe80::1%eth0'", "'2001:DB8::1'", 'object.spec.ip'],
  cidr: ["'10.0.0.0/33'", "'10.0.0.0/8'", "'fd00::/8'", "'::ffff:1.2.3.4/24'", 'object.spec.cidr'],
  matches: ["'^a.c$'", "'(?i)ABC'", "'[[:alpha:]]+'", "'a{2,1}'", "'\\\\d'", 'object.spec.bad', "'(a+)+$'", "'\\\\pL+'"],
  find: ["'b.'", "'x*'", "'(b)'", 'object.spec.bad'],
  findAll: ["'[ab]'", "'x*'", "'.'"],
  timestamp: ["'2024-02-29T12:30:00Z'", "'2023-02-29T00:00:00Z'", "'2024-02-29T12:30:00+02:00'", "'2024-02-29'", 'object.spec.time'],
  duration: ["'1h'", "'1d'", "'1.5h'", "'-2m3.5s'", "'1us'", "''", 'object.spec.span'],
  int: ["'42'", "'-0'", "'9223372036854775808'", "'0x1'", "' 1'"],
  uint: ["'42'", "'-1'", "'18446744073709551616'"],
  double: ["'1.5'", "'1e400'", "'NaN'", "'x'"],
  bool: ["'true'", "'T'", "'yes'", "'1'"],
  getHours: ["'America/New_York'", "'+01:30'", "'Nowhere/Land'", "'UTC'"],
  named: ["'dns1123Label'", "'nope'", "'uri'"],
  validate: ["'good-name'", "'Bad_Name'", "'2024-02-30'", "'Zm9v'", "'6ba7b810-9dad-11d1-80b4-00c04fd430c8'"],
  format: ["'%s'", "'%d and %s'", "'%.2f'", "'%x'", "'%b'", "'%q'", "'%e'"],
};
for (const name of [
  'getMinutes',
  'getDate',
  'getDayOfMonth',
  'getDayOfWeek',
  'getDayOfYear',
  'getFullYear',
  'getMonth',
  'getSeconds',
  'getMilliseconds',
])
  (texts as Record<string, readonly string[]>)[name] = texts['getHours'] ?? [];
const parsers: Readonly<Record<string, string>> = {
  isQuantity: 'quantity',
  isURL: 'url',
  isSemver: 'semver',
  isIP: 'ip',
  isCIDR: 'cidr',
  'ip.isCanonical': 'ip',
};

const infix: Readonly<Record<string, string>> = Object.fromEntries(
  ['+', '-', '*', '/', '%', '==', '!=', '<', '<=', '>', '>=', '&&', '||'].map((sign) => [`_${sign}_`, sign]),
);

function render(name: string, member: boolean, args: readonly string[]): string | undefined {
  const [first = '', second = '', third = ''] = args;
  if (infix[name] !== undefined) return `(${first}) ${infix[name]} (${second})`;
  if (name === '@in') return `(${first}) in (${second})`;
  if (name === '!_') return `!(${first})`;
  if (name === '-_') return `-(${first})`;
  if (name === '_[_]') return `(${first})[${second}]`;
  if (name === '_?_:_') return `(${first}) ? (${second}) : (${third})`;
  if (!/^[a-zA-Z.]+$/.test(name)) return undefined;
  return member ? `(${first}).${name}(${args.slice(1).join(', ')})` : `${name}(${args.join(', ')})`;
}

const kindOf = (type: CelType): string => {
  const shown = showType(type);
  if (shown.startsWith('list')) return 'list';
  if (shown.startsWith('map')) return 'map';
  if (shown.startsWith('optional_type')) return 'optional_type';
  if (shown.startsWith('type')) return 'type';
  if (type.kind === 'null') return 'null';
  return type.kind === 'param' ? 'dyn' : shown;
};

function callsOf({ name, member, params }: Overload, pick: (below: number) => number): string[] {
  const bare = parsers[name] ?? name;
  const poolOf = (type: CelType, at: number): readonly string[] => {
    const kind = kindOf(type);
    const own = kind === 'string' && (at > 0 || !member) ? texts[bare] : undefined;
    return own ?? pools[kind] ?? [];
  };
  if (params.some((type, at) => poolOf(type, at).length === 0)) return [];
  const one = (pool: readonly string[]): string => pool[pick(pool.length)] ?? '';
  const calls: string[] = [];
  const rounds = params.length === 0 ? 1 : 6;
  for (let round = 0; round < rounds; round++) {
    const args = params.map((type, at) => one(poolOf(type, at)));
    calls.push(render(name, member, args) ?? '');
    if (params.length === 0) break;
    const odd = pick(params.length);
    const kinds = Object.keys(pools);
    const wrong = one(pools[kinds[pick(kinds.length)] ?? 'int'] ?? []);
    if (round % 3 === 0) calls.push(render(name, member, args.with(odd, wrong)) ?? '');
    if (round % 3 === 1)
      calls.push(
        render(
          name,
          member,
          args.map((arg) => `dyn(${arg})`),
        ) ?? '',
      );
    if (round % 3 === 2) calls.push(render(name, member, args.map((arg) => `dyn(${arg})`).with(odd, `dyn(${wrong})`)) ?? '');
  }
  // A negative or large level makes the server estimate an unbounded cost and stop the whole policy.
  return calls.filter((call) => call !== '' && !(name === 'flatten' && /flatten\(.*(neg|big|-7|\d\d)/.test(call)));
}

/** Returns every expression once: the hand-written ones, then calls of every overload with valid and invalid arguments. */
export function corpus(): readonly string[] {
  const pick = random(20261123);
  // The API server builds the whole list of lists.range before it counts the cost. A large list crashes the server.
  const generated = OVERLOADS.filter(
    ({ name }) => !/lists\.range|authorizer|^path$|^group$|^serviceAccount$|^resource$|^subresource$|^namespace$|^check$/.test(name),
  ).flatMap((overload) => callsOf(overload, pick));
  return [...new Set([...handWritten, ...generated])];
}
