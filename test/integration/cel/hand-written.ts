/** Expressions that the table of overloads does not generate: macros, selections, syntax, error absorption, deep nesting and edge cases. */
export const handWritten: readonly string[] = String.raw`
object.spec.s == 'abc'
object.spec.nope == 1
has(object.spec.nope)
has(object.spec.n)
has(object.spec.m.a)
has(object.spec.nope.deeper)
has(object.nope)
has(object.spec)
has(object.spec.s.x)
has(object.spec.i.x)
has(object.spec.l.x)
has(object.spec.n.x)
object.spec.s.x == 1
object.spec.l.x == 1
double('NaN') < 1.0
double('NaN') >= double('NaN')
double('1_000.5')
double('_1')
[3, 1, 2].sortBy(x, -x)
object.spec.ls.sortBy(x, x)
object.spec.l.existsOne(x, x == 1)
url('//host/path').getHost()
isURL('//host/path')
isURL('///path')
format.labelKey().validate('a/b/c').value()
format.uri().validate('a b').value()
format.dns1123Label().validate('-a').value()
format.qualifiedName().validate('a/b/c').value()
quantity('1') in [quantity('1')]
object.spec.l[object.spec.neg]
object.spec.s[0]
object.spec.i[0]
object.spec.n.x
object.spec.n[0]
has(object)
has(object.spec['s'])
object.spec.n == null
object.spec.s == null
null == object.spec.n
object.spec.?nope.orValue('d') == 'd'
object.spec.?s.orValue('d')
object.spec.?m.?a.orValue(0) == 1
object.spec.?nope.?deeper.hasValue()
object.?spec.?s.hasValue()
object.spec.s.orValue('d') == 'abc'
object.spec.l[?0].orValue(9)
object.spec.l[?9].orValue(9)
object.spec.m[?'a'].hasValue()
{?'a': object.spec.?nope, 'b': 1}
[?object.spec.?s, ?object.spec.?nope]
optional.of(1).or(optional.of(2)).value()
optional.none().value()
optional.of(object.spec.s).optMap(x, x + '!').orValue('')
object.spec.?nope.optMap(x, x + 1).hasValue()
object.spec.?s.optFlatMap(x, optional.none()).hasValue()
object.spec.l[0]
object.spec.l[9]
object.spec.l[-1]
object.spec.l['a']
object.spec.l[1.0]
object.spec.l[1u]
object.spec.m['nope']
object.spec.m[1]
object.spec.m.b
object.spec['s']
object['spec']['s']
object.spec.nested.all(x, has(x.name))
object.spec.nested.all(x, x.v == 1)
object.spec.nested.exists(x, x.v == 1)
object.spec.nested.exists(x, x.v == 2)
object.spec.nested.exists_one(x, has(x.v))
object.spec.nested.exists_one(x, x.v == 1)
object.spec.nested.filter(x, has(x.v))
object.spec.nested.filter(x, has(x.v)).map(x, x.name)
object.spec.nested.map(x, x.name)
object.spec.nested.map(x, has(x.v), x.v)
object.spec.nested.map(x, x.v)
object.spec.m.all(k, k != '')
object.spec.m.exists(k, object.spec.m[k] == 1)
object.spec.m.map(k, k).size()
object.spec.l.all(i, v, v == i + 1)
object.spec.l.exists(i, v, v == 3 && i == 2)
object.spec.l.existsOne(i, v, v > 2)
object.spec.m.all(k, v, k != '' || v == null)
object.spec.l.transformList(i, v, i * v)
object.spec.l.transformList(i, v, v > 1, v)
object.spec.m.transformMap(k, v, k + '!')
object.spec.l.transformMap(i, v, v)
object.spec.m.transformMapEntry(k, v, {k + '1': v})
object.spec.l.transformMapEntry(i, v, {'same': v})
object.spec.l.all(x, x > 0)
object.spec.empty.all(x, x > 'a')
object.spec.empty.exists(x, x > 'a')
object.spec.s.all(x, true)
object.spec.i.all(x, true)
[1, 2, 3].all(x, x > 0) && object.spec.t
object.spec.t || object.spec.nope
object.spec.nope || object.spec.t
object.spec.nope || object.spec.f
object.spec.f && object.spec.nope
object.spec.nope && object.spec.f
object.spec.nope && object.spec.t
object.spec.s || object.spec.t
object.spec.t && object.spec.s
object.spec.s && object.spec.f
!object.spec.s
-object.spec.s
object.spec.t ? object.spec.i : object.spec.nope
object.spec.f ? object.spec.nope : object.spec.i
object.spec.s ? 1 : 2
object.spec.nope ? 1 : 2
true ? 1 : 'a'
[1, 'a', null, 2.5, true]
[1, 2] + ['a']
[1, 'a'][1] == 'a'
{'a': 1, 'b': 'x'}['b'] == 'x'
{'a': 1, 'a': 2}
{1: 'a', 1u: 'b'}
{1.5: 'a'}
{null: 1}
{[1]: 2}
1 == 1.0
1 == 1u
1u == 1.0
1 < 1.5
1u < 2.5
1 == '1'
dyn(1) == '1'
object.spec.i == '1'
object.spec.i == 1.0
object.spec.i == 1u
object.spec.i < 1.5
object.spec.d == 2.5
object.spec.d > 2
object.spec.big + 1 == 9007199254740992
object.spec.big * object.spec.big
9223372036854775807 + 1
-9223372036854775808 - 1
-(-9223372036854775808)
9223372036854775807 * 2
-9223372036854775808 / -1
-9223372036854775808 % -1
1 / 0
1 % 0
1u / 0u
1.0 / 0.0
0.0 / 0.0 == 0.0 / 0.0
1u - 2u
18446744073709551615u + 1u
0x7fffffffffffffff
0xFFu
9223372036854775808
1e400
.5 == 0.5
5. == 5.0
'a' + "b" == 'ab'
'''a
b'''.size() == 3
r'\n'.size() == 2
b'\303\277'.size() == 2
'\u00e9' == 'é'
'\U0001F600'.size() == 1
'\ud800'
'\x41' == 'A'
'\101' == 'A'
'\q'
'é'.size() == 1
'𝄞'.size() == 1
size('é𝄞')
object.spec.u.size() == 2
object.spec.u.substring(1) == '𝄞'
object.spec.u.charAt(1)
object.spec.u.indexOf('𝄞')
'abc'.substring(4)
'abc'.substring(2, 1)
'abc'.charAt(3)
'abc'.charAt(4)
'a.b.c'.split('.', 2)
'a.b'.split('')
['a', 'b'].join()
['a', 1].join('-')
object.spec.ls.join(',')
object.spec.l.join(',')
'abc'.replace('', '-')
'aaa'.replace('a', 'b', 2)
'abc'.reverse()
' x '.trim() == 'x'
'ABC'.lowerAscii() == 'abc'
'É'.lowerAscii() == 'É'
strings.quote('a"b\n')
'%s %d %f'.format(['a', 1, 2.5])
'%s'.format([])
'%s %s'.format(['a'])
'%d'.format(['a'])
'%z'.format([1])
'%.3e'.format([1234.5])
'%x %X %o %b'.format([255, 255, 8, 5])
'%s'.format([[1, 'a', null]])
'%s'.format([{'b': 1, 'a': 2}])
'%s'.format([timestamp('2024-01-01T00:00:00Z')])
'%s'.format([duration('90m')])
'%s'.format([object.spec])
object.spec.s.matches('^a')
object.spec.s.matches(object.spec.bad)
'abc'.matches('a(?=b)')
'aaaaaaaaaaaaaaaaaaaaaaaaaaaa!'.matches('^(a+)+$')
'a\nb'.matches('a.b')
'é'.matches('^.$')
matches(dyn('a{2,1}'), 'a')
matches(string('a{2,1}'), dyn('b'))
matches(string(b'('), object.spec.s)
matches('a', dyn('('))
'a'.matches(string('('))
'abc'.find('[bc]+') == 'bc'
'a1b22'.findAll('[0-9]+')
'a1b22'.findAll('[0-9]+', 1)
[3, 1, 2].min()
[].min()
['b', 'a'].max()
[1, 'a'].min()
object.spec.l.sum()
[].sum()
[1, 2.5].sum()
[duration('1h'), duration('30m')].sum()
[1, 2, 3].isSorted()
object.spec.ls.isSorted()
[1, 2, 1].indexOf(1)
[1, 2, 1].lastIndexOf(1)
[1, 2].indexOf('a')
sets.contains([1, 2], [2])
sets.equivalent([1, 1], [1])
sets.intersects([1], ['a'])
sets.contains(object.spec.l, [1, 2.0])
1 in [1, 2]
'a' in {'a': 1}
'a' in object.spec.m
'a' in object.spec.ls
1.0 in [1]
1 in object.spec.s
object.spec.i in object.spec.l
'x' in 'xyz'
type(1) == int
type(object.spec.l) == list
type(object.spec.m) == map
type(object.spec.n) == null_type
type(null) == type(object.spec.n)
type(type(1)) == type
type(object.spec.d) == double
type(object.spec.i) == int
type(timestamp('2024-01-01T00:00:00Z')) == google.protobuf.Timestamp
type(quantity('1')) == kubernetes.Quantity
type(optional.none()) == optional_type
int('42') == 42
int(2.9) == 2
int(-2.9) == -2
int(1e19)
int('x')
uint(-1)
uint(2.5)
double('1.5') == 1.5
double('inf')
string(1.0)
string(1.5)
string(1e21)
string(true)
string(null)
string(b'ab')
string(b'\xff')
string([1])
string(duration('1h30m'))
string(timestamp('2024-02-29T12:30:00.5Z'))
bool('True')
bool('yes')
bytes('é').size() == 2
dyn(1) + 1
dyn('a') + 1
timestamp('2024-02-29T12:30:00Z') + duration('24h') == timestamp('2024-03-01T12:30:00Z')
timestamp('2024-02-29T12:30:00Z') - timestamp('2024-02-28T12:30:00Z') == duration('24h')
timestamp('9999-12-31T23:59:59Z') + duration('1s')
timestamp('2024-02-30T00:00:00Z')
timestamp(0)
timestamp(1709209800) == timestamp('2024-02-29T12:30:00Z')
timestamp('2024-02-29T12:30:00Z').getDayOfWeek()
timestamp('2024-02-29T12:30:00Z').getDayOfYear()
timestamp('2024-02-29T12:30:00Z').getHours('Asia/Kolkata')
timestamp('2024-02-29T12:30:00Z').getHours('Nowhere')
duration('1h').getMinutes()
duration('1.5s').getMilliseconds()
duration('320000h').getHours()
duration('9223372036s') + duration('1s')
duration('1h') < duration('61m')
quantity('1Gi').isGreaterThan(quantity('1G'))
quantity('1.5').isInteger()
quantity('1500m').asInteger()
quantity('2').add(1)
quantity('2').sub(quantity('500m')).asApproximateFloat()
quantity('1000m') == quantity('1')
quantity('1Ki').compareTo(quantity('1024'))
isQuantity('1Zi')
quantity('x')
semver('1.2.3').isLessThan(semver('1.10.0'))
semver('1.2.3-a').compareTo(semver('1.2.3'))
semver('v1.2', true).minor()
isSemver('1.2')
ip('10.0.0.1').family()
ip('::ffff:1.2.3.4')
ip.isCanonical('2001:DB8::1')
ip('127.0.0.1').isLoopback()
cidr('10.0.0.0/8').containsIP('10.1.1.1')
cidr('10.0.0.0/8').containsIP(ip('11.1.1.1'))
cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16')
cidr('10.1.0.0/8').masked() == cidr('10.0.0.0/8')
cidr('10.0.0.0/8').prefixLength()
url('https://a:80/p?x=1&x=2').getQuery()
url('https://a:80/p').getPort()
url('a b')
isURL('https://a')
isURL('a')
format.dns1123Label().validate('a').hasValue()
format.dns1123Label().validate('A_').hasValue()
format.named('nope').hasValue()
!format.date().validate('2024-13-01').hasValue()
request.operation == 'CREATE'
request.kind.kind == 'Case'
request.kind.group == 'cel.test'
request.resource.resource == 'cases'
request.namespace == 'default'
request.dryRun
request.dryRun == true
request.name.startsWith('p')
request.nope == 1
request.kind.nope == 1
request.userInfo.username != ''
request.options == null
request['operation'] == 'CREATE'
oldObject == null
object == null
object != null
object == object
object.metadata.name != ''
object.metadata.namespace == 'default'
object.metadata.nope == 1
object.kind == 'Case'
object.apiVersion == 'cel.test/v1'
namespaceObject.metadata.name == 'default'
namespaceObject.metadata.labels['kubernetes.io/metadata.name'] == 'default'
namespaceObject.spec.finalizers.size() > 0
namespaceObject.nope == 1
namespaceObject.status.phase == 'Active'
params == null
variables.nope == 1
nope == 1
nope()
object.nope()
object.spec.s.nope()
size()
size(1)
size(object.spec.i)
'abc'.size(1)
1 + 'a' == 2
1 + 1.5 == 2.5
1 + 1u == 2u
'a' < 1
[1] < [2]
{} < {}
null < null
true < false
b'a' < b'b'
!1
-'a'
-1u
object.
object..spec
object.spec.
(1 + 2
1 +
1 2
'abc
"abc
object.spec.l[
{1: 2
[1, 2
a ? b
1 = 1
1 === 1
a & b
@
#
$x
'a' 'b'
if (true) 1
x -> y
object.spec.in
object.spec.for
object.metadata.__namespace__ == 'default'
in
for == 1
as == 1
object.if == 1
object.true == 1
true.x
null.x
1.x
'a'.x
[1].x
{'a': 1}.a == 1
{'a': 1}.b == 1
has({'a': 1}.a)
has(1.x)
has(x)
has(object.spec.l[0])
object.all(x, true)
object.spec.l.all(x.y, true)
object.spec.l.all(1, true)
object.spec.l.all(x, 1)
object.spec.l.all(x)
object.spec.l.exists(x, x)
object.spec.l.filter(x, x)
object.spec.l.map(x, y)
object.spec.l.all(object, object > 0)
object.spec.l.map(x, object.spec.l.map(y, x * y))
object.spec.l.map(x, object.spec.l.filter(y, y > x))
[[1, 2], [3]].all(l, l.all(x, x > 0))
cel.bind(x, 1, x == 1)
math.greatest(1, 2) == 2
base64.encode(b'a') == 'YQ=='
google.protobuf.Timestamp{seconds: 1}
google.protobuf.StringValue{value: 'a'} == 'a'
object{spec: 1}
int
int == int
string == int
double(1) == 1
[1, 2, 3].slice(0, 2)
[[1], [2]].flatten()
[1, 1].distinct()
[2, 1].sort()
lists.range(3)
lists.range(-1)
lists.range(1000)
[1, 2].reverse()
optional.of(1) == optional.of(1)
optional.none() == optional.of(1)
optional.of(1).value() == 1
optional.ofNonZeroValue(0).hasValue()
optional.of(1).orValue('a')
[optional.of(1)][0].value()
[1, 2, 3].exists(x, x / 0 == 1)
[0, 1].exists(x, 1 / x == 1)
[0, 1].all(x, 1 / x == 2)
[0, 1].exists_one(x, 1 / x == 1)
[1, 2, 3].filter(x, x > 1).size() == 2
[1, 2].map(x, [x, x * 2])
object.spec.ls.exists(x, x == 'b') ? 'yes' : 'no'
object.spec.ls.filter(x, x.startsWith('a')).size()
object.spec.m.filter(k, k.startsWith('a'))
object.spec.nested[0].name + object.spec.nested[1].name
object.spec.nested[1].?v.orValue(7)
object.spec.nested[2].v + 1
size(object.spec.s) + size(object.spec.l) + size(object.spec.m)
object.spec.s.contains('b') && object.spec.s.startsWith('a') && object.spec.s.endsWith('c')
object.spec.s.contains(1)
object.spec.s + 1
object.spec.i + object.spec.d
object.spec.l + object.spec.ls
object.spec.l == [1, 2, 3]
object.spec.l == [1.0, 2.0, 3.0]
object.spec.m == {'a': 1, 'b': 'x', 'with space': null}
object.spec.m != {}
object.spec.m.size() == 3
object.spec.m['with space'] == null
has(object.spec.m['with space'])
dyn(object.spec.m).a == 1
dyn([1, 2])[0] == 1
dyn({'a': [1]}).a[0] == 1
dyn(1).a
dyn(null).a
dyn('a')[0]
dyn(timestamp('2024-01-01T00:00:00Z')) == timestamp('2024-01-01T00:00:00Z')
dyn(1u) + 1
dyn(1u) == 1
dyn(1.5) > 1
authorizer.group('').resource('pods').check('get').allowed()
authorizer.path('/healthz').check('get').allowed()
authorizer.nope()
`
  .split('\n')
  .filter((line) => line !== '');
