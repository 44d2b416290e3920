import { parseType, showType } from '../../operator/cel/values/cel-type.ts';
import type { CelType } from '../../operator/cel/values/cel-type.ts';
import type { Overload } from '../../operator/cel/library/overload.ts';
import { OVERLOADS } from '../../operator/cel/library/overload-table.ts';
import type { SeededRandom } from '../integration/scans/pod-mutations.ts';

/** The variables of generated expressions. Maps that are converted to lists have one key, because Go has no order of keys. */
export const OBJECT = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'web', namespace: 'default', labels: { app: 'web', tier: 'front', 'a/b': 'x' }, annotations: {} },
  spec: {
    int: 3,
    zero: 0,
    negative: -7,
    big: 9007199254740991,
    double: 1.5,
    small: 0.25,
    yes: true,
    no: false,
    text: 'nginx:1.25@sha256:abc',
    empty: '',
    wide: 'naïve 😀 text',
    nothing: null,
    ints: [3, 1, 2, 2],
    doubles: [1.5, -0.5],
    strings: ['b', 'a', 'c', 'a'],
    mixed: [1, 'a', true, null, 1.5],
    none: [],
    nested: [[1, 2], [3], []],
    one: { key: 'value' },
    numbers: { a: 1 },
    hollow: {},
    containers: [
      { name: 'c', image: 'nginx:1.25', securityContext: { privileged: false, runAsUser: 1000 }, ports: [{ containerPort: 80 }] },
      { name: 'd', image: 'registry.io/app:v1', resources: { limits: { memory: '128Mi', cpu: '500m' } } },
      { name: 'e', image: 'busybox', securityContext: { privileged: true } },
    ],
  },
};

const FIELDS: Readonly<Record<string, readonly string[]>> = {
  int: ['spec.int', 'spec.zero', 'spec.negative', 'spec.big', 'spec.ints[0]', 'spec.numbers.a', "spec.numbers['a']"],
  double: ['spec.double', 'spec.small', 'spec.doubles[1]'],
  bool: ['spec.yes', 'spec.no', 'spec.containers[0].securityContext.privileged'],
  string: ['spec.text', 'spec.empty', 'spec.wide', 'metadata.name', "metadata.labels['app']", 'spec.containers[1].image', 'kind'],
  null_type: ['spec.nothing'],
  'list(int)': ['spec.ints', 'spec.none', 'spec.nested[0]'],
  'list(double)': ['spec.doubles', 'spec.none'],
  'list(string)': ['spec.strings', 'spec.none'],
  'list(dyn)': ['spec.mixed', 'spec.containers', 'spec.ints'],
  'list(list(int))': ['spec.nested'],
  'map(string, string)': ['spec.one', 'spec.hollow', 'metadata.annotations'],
  'map(string, int)': ['spec.numbers', 'spec.hollow'],
};
const BROKEN = [
  'object.spec.missing',
  'object.missing.deeper',
  'object.spec.ints[9]',
  'object.spec.text.field',
  'object.spec.int.x',
  '1 / 0',
];

const LITERALS: Readonly<Record<string, readonly string[]>> = {
  int: ['0', '1', '-1', '2', '3', '7', '-5', '100', '9223372036854775807', '-9223372036854775808', '9007199254740993', '0x1F', '60'],
  uint: ['0u', '1u', '3u', '18446744073709551615u', '0x1Fu'],
  double: ['0.0', '-0.0', '1.5', '-2.5', '1e308', '0.1', '1e-7', '3.0', "double('NaN')", "double('Infinity')", '9007199254740993.0', '2.5'],
  bool: ['true', 'false'],
  string: [
    "''",
    "'a'",
    "'b'",
    "'abc'",
    "'ABC'",
    "'a,b,c'",
    "'1'",
    "'-5'",
    "'true'",
    "'1.5'",
    "'  x '",
    "'é'",
    "'😀a'",
    'r"\\d+"',
    "'%s and %d'",
  ],
  bytes: ["b''", "b'abc'", "b'\\xff'", "b'é'"],
  timestamp: [
    "timestamp('2024-02-29T12:30:45.123Z')",
    "timestamp('0001-01-01T00:00:00Z')",
    'timestamp(0)',
    "timestamp('9999-12-31T23:59:59Z')",
  ],
  duration: ["duration('1h30m')", "duration('-1.5s')", "duration('0s')", "duration('100ms')", 'duration(1000)'],
  null_type: ['null'],
  type: ['int', 'string', 'bool', 'list', 'map', 'type', 'google.protobuf.Timestamp', 'null_type'],
  dyn: ['dyn(1)', "dyn('a')", 'dyn(1.0)', 'dyn(1u)', 'dyn([1])', "dyn({'a': 1})", 'dyn(null)', 'object.spec', 'oldObject'],
};

/** Texts that are valid for functions, and similar texts that are not. */
const TEXTS: Readonly<Record<string, readonly string[]>> = {
  url: [
    'https://example.com:8080/a/b?k=v&k=w#f',
    '/path',
    'http://[::1]:80/',
    'nope',
    'https://u:p@h/ x',
    'mailto:a@b',
    'http://a b/',
    '//host/x',
    'https://é.com/é?q=%20',
    'http://h:port/',
    ':',
    'http://h/%zz',
  ],
  quantity: [
    '1Gi',
    '500m',
    '1.5',
    '1e3',
    '-2k',
    '0',
    '1.5Gi',
    'abc',
    '',
    '1 Gi',
    '9223372036854775807',
    '1E',
    '0.0000000001',
    '+5',
    '.5',
    '5.',
    '1e-12',
    '100Ei',
    '1.25Mi',
    '12e6',
    '1Ki1',
  ],
  ip: [
    '127.0.0.1',
    '::1',
    '10.0.0.256',
    '2001:DB8::1',
    '0.0.0.0',
    '224.0.0.5',
    'fe80::1',
    '::ffff:1.2.3.4',
    '1.2.3',
    '01.2.3.4',
    'fe80::1%eth0',
    '255.255.255.255',
    '::',
    'ff02::1',
    '1::2::3',
    '2001:db8:0:0:1:0:0:1',
    '8.8.8.8',
    'ff01::1',
    'ff05::2',
    '169.254.1.1',
  ],
  cidr: [
    '10.0.0.0/8',
    '192.168.1.7/24',
    '::1/128',
    '2001:db8::/32',
    '10.0.0.0/33',
    '10.0.0.0',
    '0.0.0.0/0',
    '10.0.0.0/08',
    '::ffff:1.2.3.4/96',
    'fe80::/10',
    '10.1.0.0/16',
    '/8',
    '10.0.0.0/-1',
  ],
  semver: [
    '1.2.3',
    'v1.2.3',
    '1.0',
    '1.0.0-rc.1',
    '01.2.3',
    '1.2.3+build',
    '',
    '1.2.3-alpha.10',
    'v1',
    '1.2.3-01',
    'v01.02',
    '1.2.3.4',
    '18446744073709551616.0.0',
    '1.2-rc',
    '1.2.3-a.b-c+d.e',
  ],
  matches: [
    '^a',
    'a+',
    '[a-z]+',
    '(',
    '^(a+)+$',
    '\\\\d',
    '(?i)ABC',
    'x*',
    '^$',
    '.',
    '[[:alpha:]]',
    'a{2,1}',
    '\\\\pL',
    '(?P<n>a)',
    'é|a',
    '^nginx',
    '(a|b)*c',
    '\\\\bn',
    '(?s).',
    '[^a]',
  ],
  duration: ['1h', '1h30m', '-5s', '1.5h', '10', '', '1d', '100us', '1µs', '9223372036s', '.5s', '1s1s', '99999999999h', '1e3s'],
  timestamp: [
    '2024-02-29T12:30:45Z',
    '2023-02-29T00:00:00Z',
    '2024-01-01T00:00:00.123456789+02:00',
    '2024-01-01',
    '2024-01-01t00:00:00z',
    '10000-01-01T00:00:00Z',
    '0000-01-01T00:00:00Z',
    '2024-13-01T00:00:00Z',
    '2024-01-01T24:00:00Z',
    '2024-01-01T00:00:60Z',
    '2024-06-01T00:00:00-11:30',
    '2024-01-01T00:00:00,5Z',
  ],
  zone: ['UTC', 'Europe/Paris', '+02:00', '-08:30', 'America/New_York', 'Nowhere/City', '', '2:00', 'Asia/Kolkata', '05:45', 'Local'],
  named: [
    'dns1123Label',
    'dns1123Subdomain',
    'qualifiedName',
    'uuid',
    'date',
    'datetime',
    'byte',
    'uri',
    'labelValue',
    'nope',
    'dns1035LabelPrefix',
    'dns1123LabelPrefix',
    'dns1123SubdomainPrefix',
  ],
  validate: [
    'my-name',
    'My.Name',
    'a.b',
    '-a',
    '',
    '123e4567-e89b-12d3-a456-426614174000',
    '2021-01-31',
    '2021-02-30',
    'aGVsbG8=',
    'a/b',
    'x/y/z',
    'name-',
    '2021-01-01T00:00:00Z',
    'http://x',
    'aGVsbG8',
    'abc-',
    '1abc',
    '/x',
    'a_b',
    'é',
    '-',
    'a-',
    'A-',
    '2021-1-1',
    'aGVs\\nbG8=',
  ],
  format: [
    '%s',
    '%d',
    '%.2f',
    '%s-%s',
    '%x',
    '%X',
    '%b',
    '%o',
    '%e',
    '%%',
    '%q',
    '%',
    '%s %d %f',
    '%.3e',
    'plain',
    '%.0f',
    '%5d',
    '%.10f',
    '%.s',
    'é%s',
  ],
  number: [
    '1',
    '-1',
    '+5',
    '1.5',
    'abc',
    '',
    '0x10',
    '1e3',
    'NaN',
    'Infinity',
    '-inf',
    '9223372036854775808',
    '18446744073709551615',
    ' 1',
    '1_000',
    '.5',
    '1e400',
    'true',
    'False',
    'TRUE',
    't',
    '0',
    '5.',
    '-0',
  ],
};
const POOL_OF: Readonly<Record<string, string>> = {
  url: 'url',
  isURL: 'url',
  quantity: 'quantity',
  isQuantity: 'quantity',
  ip: 'ip',
  isIP: 'ip',
  'ip.isCanonical': 'ip',
  containsIP: 'ip',
  cidr: 'cidr',
  isCIDR: 'cidr',
  containsCIDR: 'cidr',
  semver: 'semver',
  isSemver: 'semver',
  matches: 'matches',
  find: 'matches',
  findAll: 'matches',
  duration: 'duration',
  timestamp: 'timestamp',
  'format.named': 'named',
  validate: 'validate',
  format: 'format',
  int: 'number',
  uint: 'number',
  double: 'number',
  bool: 'number',
};
const UNSPOKEN = new Set(['@not_strictly_false', 'cel.@mapInsert', '@sortByAssociatedKeys', '_?_:_', '_?._']);
const USED = OVERLOADS.filter(
  (overload) => !UNSPOKEN.has(overload.name) && !showType(overload.params[0] ?? overload.result).includes('authorization'),
);
const GROUND = ['int', 'string', 'double', 'bool', 'uint'];
/** The types of generated expressions. */
export const TYPES = [
  'bool',
  'int',
  'uint',
  'double',
  'string',
  'bytes',
  'timestamp',
  'duration',
  'null_type',
  'list(int)',
  'list(string)',
  'list(double)',
  'list(dyn)',
  'map(string, int)',
  'map(string, string)',
  'optional(int)',
  'optional(string)',
  'net.IP',
  'net.CIDR',
  'kubernetes.URL',
  'kubernetes.Quantity',
  'kubernetes.Semver',
  'kubernetes.NamedFormat',
  'optional(list(string))',
  'type',
  'dyn',
  'list(list(int))',
];

const nameOf = (type: CelType): string => (type.name === 'optional_type' ? `optional(${type.params.map(nameOf).join(', ')})` : shown(type));
const SHORT: Readonly<Record<string, string>> = { 'google.protobuf.Timestamp': 'timestamp', 'google.protobuf.Duration': 'duration' };
function shown(type: CelType): string {
  if (type.kind === 'null') return 'null_type';
  if (type.kind === 'type') return 'type';
  if (type.params.length === 0) return SHORT[type.name] ?? type.name;
  return `${type.name}(${type.params.map(nameOf).join(', ')})`;
}

/** Binds type variables so that `pattern` is the wanted type. Returns false if that is not possible. */
function fit(pattern: CelType, wanted: CelType, bound: Map<string, CelType>): boolean {
  if (pattern.kind === 'param') {
    const known = bound.get(pattern.name);
    if (known === undefined) bound.set(pattern.name, wanted);
    return known === undefined || nameOf(known) === nameOf(wanted);
  }
  if (pattern.name !== wanted.name || pattern.params.length !== wanted.params.length)
    return pattern.kind === 'type' && wanted.kind === 'type';
  return pattern.params.every((param, i) => fit(param, wanted.params[i]!, bound));
}

function bind(pattern: CelType, bound: Map<string, CelType>, dice: SeededRandom): CelType {
  if (pattern.kind === 'param') {
    const known = bound.get(pattern.name) ?? parseType(dice.pick(GROUND));
    bound.set(pattern.name, known);
    return known;
  }
  return pattern.params.length === 0 ? pattern : { ...pattern, params: pattern.params.map((param) => bind(param, bound, dice)) };
}

const quote = (text: string): string => `'${text.replaceAll("'", "\\'")}'`;

/** Generates random expressions with all functions. Most of them compile. */
export class ExpressionGenerator {
  readonly #dice: SeededRandom;
  /** The ids of the used overloads. */
  readonly used = new Set<string>();
  #names = 0;

  constructor(dice: SeededRandom) {
    this.#dice = dice;
  }

  /** Generates an expression of a type with a maximum depth. */
  expression(type: string, depth: number): string {
    const dice = this.#dice;
    if (dice.below(40) === 0) return dice.pick(BROKEN);
    if (dice.below(40) === 0) return this.expression(dice.pick(TYPES), depth - 1);
    if (depth <= 0) return this.leaf(type);
    switch (dice.below(12)) {
      case 0:
        return this.leaf(type);
      case 1:
        return `(${this.expression('bool', depth - 1)} ? ${this.expression(type, depth - 1)} : ${this.expression(type, depth - 1)})`;
      case 2:
        return `dyn(${this.expression(type, depth - 1)})`;
      case 3:
      case 4:
      case 5:
        return this.macro(type, depth) ?? this.call(type, depth);
      default:
        return this.call(type, depth);
    }
  }

  /** Generates a call of an overload. */
  callOf(overload: Overload, depth: number): string {
    return this.render(overload, new Map(), depth);
  }

  private leaf(type: string): string {
    const dice = this.#dice;
    const fields = FIELDS[type];
    if (fields !== undefined && dice.below(2) === 0) return `object.${dice.pick(fields)}`;
    const literals = LITERALS[type];
    if (literals !== undefined) return dice.pick(literals);
    return this.composite(parseType(type));
  }

  /** Generates a leaf. Most leaves have a known type. */
  private pure(type: string): string {
    const literals = LITERALS[type];
    return literals === undefined || this.#dice.below(20) === 0 ? this.leaf(type) : this.#dice.pick(literals);
  }

  private composite(type: CelType): string {
    const dice = this.#dice;
    const inner = type.params.map(nameOf);
    if (type.kind === 'list') {
      const wrap = dice.below(3) === 0;
      return `[${Array.from({ length: dice.below(4) }, () => (wrap ? `dyn(${this.leaf(inner[0]!)})` : this.pure(inner[0]!))).join(', ')}]`;
    }
    if (type.kind === 'map') return dice.below(3) === 0 ? '{}' : `{${this.leaf(inner[0]!)}: ${this.leaf(inner[1]!)}}`;
    if (type.name === 'optional_type') return dice.below(3) === 0 ? 'optional.none()' : `optional.of(${this.leaf(inner[0]!)})`;
    return this.call(nameOf(type), 0);
  }

  private call(type: string, depth: number): string {
    const wanted = parseType(type === 'null_type' ? 'null' : type);
    const able = USED.filter(
      (overload) => fit(overload.result, wanted, new Map()) && (depth > 0 || overload.params.every((param) => param.kind !== 'opaque')),
    );
    const overload = able.length === 0 ? undefined : this.#dice.pick(able);
    if (overload === undefined) return LITERALS[type] === undefined ? this.composite(wanted) : this.leaf(type);
    const bound = new Map<string, CelType>();
    fit(overload.result, wanted, bound);
    return this.render(overload, bound, depth);
  }

  private render(overload: Overload, bound: Map<string, CelType>, depth: number): string {
    this.used.add(overload.id);
    const types = overload.params.map((param) => nameOf(bind(param, bound, this.#dice)));
    const pool = POOL_OF[overload.name];
    const at = overload.member && overload.name !== 'format' ? 1 : 0;
    if (overload.id === 'lists_range') return `lists.range(${this.#dice.pick(['0', '3', '-1', 'dyn(2)', 'object.spec.int'])})`;
    if (overload.id === 'list_flatten_int')
      return `${this.expression('list(list(int))', depth - 1)}.flatten(${this.#dice.pick(['0', '1', '3', '-1'])})`;
    const args = types.map((type, i) =>
      this.argument(type, depth - 1, i === at && type === 'string' ? (TEXTS[pool ?? ''] ?? []) : zones(overload, i)),
    );
    return written(overload, args);
  }

  private argument(type: string, depth: number, texts: readonly string[]): string {
    if (texts.length > 0 && this.#dice.below(4) !== 0) {
      const text = quote(this.#dice.pick(texts));
      return this.#dice.below(6) === 0 ? `dyn(${text})` : text;
    }
    return this.expression(type, depth);
  }

  private name(): string {
    return `v${this.#names++}`;
  }

  private macro(type: string, depth: number): string | undefined {
    const dice = this.#dice;
    const element = dice.pick(['int', 'string', 'double']);
    const range = (): string => this.expression(`list(${element})`, depth - 1);
    const test = (name: string): string => this.about(name, element, depth - 2);
    const [x, y] = [this.name(), this.name()];
    if (type === 'bool') {
      return dice.pick([
        () => `${range()}.${dice.pick(['all', 'exists', 'exists_one'])}(${x}, ${test(x)})`,
        () => `${range()}.${dice.pick(['all', 'exists', 'exists_one', 'existsOne'])}(${x}, ${y}, ${x} < 2 || ${test(y)})`,
        () => `object.spec.containers.${dice.pick(['all', 'exists', 'exists_one'])}(${x}, ${this.container(x)})`,
        () => `object.metadata.labels.${dice.pick(['all', 'exists'])}(${x}, ${y}, ${this.about(y, 'string', depth - 2)})`,
        () =>
          `has(object.${dice.pick(['spec.int', 'spec.nothing', 'spec.missing', 'metadata.labels.app', 'spec.hollow.x', 'missing.x', 'spec.int.y'])})`,
        () => `${this.expression('bool', depth - 1)} ${dice.pick(['&&', '||'])} ${this.expression('bool', depth - 1)}`,
        () =>
          `object.spec.?${dice.pick(['int', 'missing', 'nothing'])}.${dice.pick(['hasValue()', 'orValue(1) == 1', '?x.hasValue()', 'optMap(v, v + 1).orValue(0) > 1'])}`,
      ])();
    }
    if (type === 'list(int)' || type === 'list(string)') {
      const body = (name: string): string => this.about2(name, element, type.slice(5, -1), depth - 2);
      return dice.pick([
        () => `${range()}.map(${x}, ${body(x)})`,
        () => `${range()}.map(${x}, ${test(x)}, ${body(x)})`,
        () => `${this.expression(type, depth - 1)}.filter(${x}, ${this.about(x, type.slice(5, -1), depth - 2)})`,
        () => `${this.expression(type, depth - 1)}.sortBy(${x}, ${body(x)})`,
        () => `${range()}.transformList(${x}, ${y}, ${body(y)})`,
        () => `${range()}.transformList(${x}, ${y}, ${x} > 0, ${body(y)})`,
        () => `object.spec.one.map(${x}, ${this.about2(x, 'string', type.slice(5, -1), depth - 2)})`,
      ])();
    }
    if (type === 'map(string, int)') {
      return dice.pick([
        () => `object.spec.one.transformMap(${x}, ${y}, ${y}.size())`,
        () => `${range()}.transformMapEntry(${x}, ${y}, {string(${y}): ${x}})`,
        () => `object.metadata.labels.transformMap(${x}, ${y}, ${x} != 'app', size(${y}))`,
        () => `{?'a': ${this.expression('optional(int)', depth - 1)}, 'b': ${this.expression('int', depth - 1)}}`,
      ])();
    }
    if (type.startsWith('optional(int'))
      return `${this.expression('optional(int)', depth - 1)}.${dice.pick(['optMap', 'optFlatMap'])}(${x}, ${dice.pick([x, `optional.of(${x})`, `${x} * 2`])})`;
    if (type === 'optional(string)')
      return `object.${dice.pick(['spec.?text', "metadata.labels[?'app']", 'spec.?missing', 'spec.strings[?0]', '?spec.?one.?key', 'spec.strings[?9]'])}`;
    return undefined;
  }

  private about(name: string, type: string, depth: number): string {
    const dice = this.#dice;
    if (type === 'string')
      return dice.pick([
        `${name}.startsWith('a')`,
        `${name} > 'a'`,
        `${name}.matches('[a-z]')`,
        `${name} in object.spec.strings`,
        `size(${name}) > 1`,
        `${name} == ${this.expression('string', depth)}`,
      ]);
    return dice.pick([
      `${name} > 1`,
      `${name} == ${this.expression(type, depth)}`,
      `${name} in [1, 2]`,
      `object.spec.ints.exists(w, w == ${name})`,
      `1 / int(${name}) > 0`,
    ]);
  }

  private about2(name: string, from: string, to: string, depth: number): string {
    const dice = this.#dice;
    if (to === 'int') return dice.pick([from === 'string' ? `size(${name})` : `int(${name})`, this.expression('int', depth)]);
    return dice.pick([`string(${name})`, from === 'string' ? `${name} + 'x'` : `'%s'.format([${name}])`, this.expression('string', depth)]);
  }

  private container(name: string): string {
    return this.#dice.pick([
      `has(${name}.securityContext) && ${name}.securityContext.privileged`,
      `!${name}.?securityContext.?privileged.orValue(false)`,
      `${name}.securityContext.runAsUser > 0`,
      `${name}.image.matches('^[a-z]+(:|$)')`,
      `has(${name}.resources.limits) && quantity(${name}.resources.limits.memory).isLessThan(quantity('1Gi'))`,
      `${name}.image.split(':')[1] != 'latest'`,
      `${name}.ports.exists(p, p.containerPort < 1024)`,
      `${name}.name in object.spec.strings`,
    ]);
  }
}

const zones = (overload: Overload, i: number): readonly string[] => (overload.id.endsWith('_tz') && i === 1 ? TEXTS['zone']! : []);

function operator(name: string, a: string, b: string): string | undefined {
  if (name === '_[_]') return `${a}[${b}]`;
  if (name === '_[?_]') return `${a}[?${b}]`;
  if (name === '@in') return `(${a} in ${b})`;
  if (name === '!_' || name === '-_') return `${name[0]!}(${a})`;
  return /^_.+_$/.test(name) ? `(${a} ${name.slice(1, -1)} ${b})` : undefined;
}

function written({ name, member }: Overload, args: readonly string[]): string {
  const [a = '', b = ''] = args;
  const receiver = /^-|^[\d.]+$/.test(a) ? `(${a})` : a;
  return operator(name, a, b) ?? (member ? `${receiver}.${name}(${args.slice(1).join(', ')})` : `${name}(${args.join(', ')})`);
}

/** The overloads in generated expressions. */
export const SPOKEN: readonly Overload[] = USED;
