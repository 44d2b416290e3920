import { expect } from 'chai';
import { compile } from '../../operator/cel/compile.ts';
import { NEWEST_VERSION } from '../../operator/cel/checking/environment.ts';

/** Returns the value of an expression as JSON, the code of its failure, or the message of its first compile error. */
export function outcome(source: string, bindings: Record<string, unknown> = {}, kubernetesVersion = NEWEST_VERSION): unknown {
  const result = compile(source, { kubernetesVersion });
  if (!result.ok) return result.errors[0]?.message;
  const evaluated = result.program.evaluate(bindings);
  return evaluated.ok ? evaluated.value : evaluated.error.code;
}

const TABLE: Record<string, readonly (readonly [string, unknown])[]> = {
  lists: [
    ['[1, 2, 2].isSorted() && ![2, 1].isSorted()', true],
    ['[1, 2, 3].sum() == 6 && [].sum() == 0', true],
    ['[duration("1m"), duration("1s")].sum() == duration("61s")', true],
    ['[3, 1, 2].min() == 1 && ["a", "c", "b"].max() == "c"', true],
    ['[].min()', 'invalid_argument'],
    ['[1, 2, 2].indexOf(2) == 1 && [1, 2, 2].lastIndexOf(2) == 2 && [1].indexOf(9) == -1', true],
    ['[1, 2, 3].slice(1, 3)', [2, 3]],
    ['[1, 2].slice(1, 5)', 'invalid_argument'],
    ['[[1], [2, 3]].flatten()', [1, 2, 3]],
    ['[1, 1, 2].distinct()', [1, 2]],
    ['[3, 1, 2].sort().reverse()', [3, 2, 1]],
    ['[{"n": 2}, {"n": 1}].sortBy(x, x.n).map(x, x.n)', [1, 2]],
    ['lists.range(3)', [0, 1, 2]],
    ['[1, 2].first().value() + [1, 2].last().value()', 3],
  ],
  regex: [
    ['"abc 123".find("[0-9]+")', '123'],
    ['"abc".find("[0-9]+")', ''],
    ['"123 abc 456".findAll("[0-9]+")', ['123', '456']],
    ['"123 abc 456".findAll("[0-9]+", 1)', ['123']],
    ['"abc".findAll("x*")', ['', '', '', '']],
    ['"a\\nb".matches("^a.b$")', false],
    ['"K".matches("(?i)k")', true],
  ],
  url: [
    ['isURL("https://example.com:80/") && isURL("/path") && !isURL("../relative") && !isURL("example.com")', true],
    ['url("https://u:p@example.com:8080/a b?x=1#f").getHost()', 'example.com:8080'],
    ['url("https://[::1]:80/").getHostname()', '::1'],
    ['url("https://example.com/").getPort()', ''],
    ['url("https://example.com/with space/").getEscapedPath()', '/with%20space/'],
    ['url("https://e.com/?k=a&k=b%20c&j=").getQuery()', { k: ['a', 'b c'], j: [''] }],
    ['url("%")', 'invalid_argument'],
  ],
  quantity: [
    ['quantity("1.5Mi").isLessThan(quantity("2M")) && quantity("1Ki").compareTo(quantity("1024")) == 0', true],
    ['quantity("50k").asInteger()', 50000],
    ['quantity("1.5").isInteger()', false],
    ['quantity("0.1").add(quantity("0.2")) == quantity("300m")', true],
    ['quantity("10").sub(3).asApproximateFloat()', 7],
    ['sign(quantity("-1m"))', -1],
    ['isQuantity("1.3G") && !isQuantity("1,3G") && !isQuantity("") && !isQuantity("200K")', true],
    ['quantity("100000000000000000000E") == quantity("9223372036854775807")', true],
  ],
  ip: [
    ['isIP("::1") && isIP("127.0.0.1") && !isIP("127.0.0.01") && !isIP("fe80::1%eth0") && !isIP("::ffff:1.2.3.4")', true],
    ['ip("192.168.0.1").family() == 4 && ip("::1").family() == 6', true],
    ['ip.isCanonical("2001:db8::1") && !ip.isCanonical("2001:DB8::1")', true],
    ['ip("127.1.2.3").isLoopback() && ip("::").isUnspecified() && ip("169.254.1.1").isLinkLocalUnicast()', true],
    ['ip("224.0.0.1").isLinkLocalMulticast() && ip("ff02::1").isLinkLocalMulticast() && !ip("224.0.1.1").isLinkLocalMulticast()', true],
    ['ip("1.1.1.1").isGlobalUnicast() && !ip("255.255.255.255").isGlobalUnicast()', true],
    ['cidr("10.0.0.0/8").containsIP(ip("10.9.9.9")) && !cidr("10.0.0.0/8").containsIP("11.0.0.1")', true],
    ['cidr("10.0.0.0/8").containsCIDR("10.1.0.0/16") && !cidr("10.1.0.0/16").containsCIDR(cidr("10.0.0.0/8"))', true],
    ['string(cidr("192.168.1.7/24").masked())', '192.168.1.0/24'],
    ['cidr("192.168.1.7/24").ip() == ip("192.168.1.7") && cidr("::1/128").prefixLength() == 128', true],
    ['isCIDR("10.0.0.0/33")', false],
  ],
  semver: [
    ['semver("1.2.3").compareTo(semver("1.2.3-rc.1")) == 1 && semver("1.0.0-2").isLessThan(semver("1.0.0-10"))', true],
    ['semver("1.2.3+a") == semver("1.2.3+b")', true],
    ['isSemver("v1.0") || isSemver("01.0.0")', false],
    ['isSemver("v01.1", true)', true],
    ['semver("3.4.5").major() * 100 + semver("3.4.5").minor() * 10 + semver("3.4.5").patch()', 345],
  ],
  format: [
    ['format.dns1123Label().validate("my-name").hasValue()', false],
    ['format.dns1123Label().validate("my.name").value()', ['must not contain dots']],
    ['format.named("uuid").value().validate("123e4567-e89b-12d3-a456-426614174000") == optional.none()', true],
    ['format.named("nothing").hasValue()', false],
    ['format.date().validate("2021-02-30").hasValue() && !format.byte().validate("aGVsbG8=").hasValue()', true],
  ],
  sets: [
    ['sets.contains([1, 2, 3], [2, 3]) && !sets.contains([1], [2])', true],
    ['sets.equivalent([1, 2, 2], [2, 1]) && sets.intersects([1, 2], [2, 3]) && sets.contains([], [])', true],
  ],
  optionals: [
    ['{"a": 1}.?b.orValue(2)', 2],
    ['[1, 2][?5].hasValue()', false],
    ['{?"a": {"x": 1}.?y, "b": 1}', { b: 1 }],
    ['[?{"x": 1}.?x, ?{"x": 1}.?y]', [1]],
    ['optional.of(1).optMap(x, x + 1).value()', 2],
    ['optional.none().optFlatMap(x, optional.of(x)).hasValue()', false],
    ['optional.none().value()', 'invalid_argument'],
    ['optional.unwrap([optional.of(1), optional.none()])', [1]],
  ],
};

describe('the libraries', () => {
  for (const [library, rows] of Object.entries(TABLE)) {
    for (const [source, wanted] of rows) {
      it(`${library}: ${source}`, () => {
        expect(outcome(source)).to.deep.equal(wanted);
      });
    }
  }
});

/** Times and their texts from `string()` with the original offset. The compiler of Kubernetes returned the same texts. */
const WRITTEN: readonly (readonly [source: string, written: string])[] = [
  ["timestamp('2024-02-29T12:30:00+02:00')", '2024-02-29T12:30:00+02:00'],
  ["timestamp('2024-02-29T12:30:00.5-08:30')", '2024-02-29T12:30:00.5-08:30'],
  ["timestamp('2024-02-29T12:30:00-00:00')", '2024-02-29T12:30:00Z'],
  ["timestamp('2024-02-29T12:30:00+02:00') + duration('1h')", '2024-02-29T13:30:00+02:00'],
  ["duration('1h') + timestamp('2024-02-29T12:30:00+02:00')", '2024-02-29T13:30:00+02:00'],
  ["timestamp('2024-02-29T12:30:00+02:00') - duration('1h')", '2024-02-29T11:30:00+02:00'],
  ["timestamp('9999-12-31T23:59:59+01:00') + duration('1h')", '10000-01-01T00:59:59+01:00'],
  ["timestamp(int(timestamp('2024-02-29T12:30:00+02:00')))", '2024-02-29T10:30:00Z'],
];

describe('times', () => {
  for (const [source, written] of WRITTEN) {
    it(`keep their offset in string(): ${source}`, () => {
      expect(outcome(`string(${source})`)).to.equal(written);
    });
  }

  it('are equal with different offsets', () => {
    expect(outcome("timestamp('2024-02-29T12:30:00+02:00') == timestamp('2024-02-29T10:30:00Z')")).to.equal(true);
    expect(outcome("timestamp('2024-02-29T12:30:00+02:00').getHours()")).to.equal(10);
  });
});

/** Expressions with another result from a Kubernetes version: the result before it, and from it. */
const CHANGED: readonly (readonly [source: string, version: string, before: unknown, since: unknown])[] = [
  ['lists.range(-1)', '1.37', [], 'invalid_argument'],
  ['lists.range(2)', '1.37', [0, 1], [0, 1]],
  ['dyn(3).orValue(4)', '1.37', 3, 'no_such_overload'],
  ["object.labels.orValue({})['team']", '1.37', 'x', 'no_such_overload'],
  ['dyn(3).or(optional.of(4))', '1.37', 3, 'no_such_overload'],
  ['optional.none().orValue(4)', '1.37', 4, 4],
  ['optional.of(3).or(optional.none()).value()', '1.37', 3, 3],
  ['duration(object.labels.size())', '1.37', 'invalid_argument', "found no matching overload for 'duration' applied to '(int)'"],
  ['duration("5s") == duration("5s")', '1.37', true, true],
];

describe('the dialect of a Kubernetes version', () => {
  const before = (version: string): string => version.replace(/\d+$/, (minor) => String(Number(minor) - 1));
  for (const [source, version, earlier, later] of CHANGED) {
    it(`evaluates ${source} as ${version} does, and as the version before`, () => {
      const bindings = { object: { labels: { team: 'x' } } };
      expect([outcome(source, bindings, before(version)), outcome(source, bindings, version)]).to.deep.equal([earlier, later]);
    });
  }
});
