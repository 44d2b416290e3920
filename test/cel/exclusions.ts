/** The part of a test of the specification. */
export type Aspect = 'result' | 'tree' | 'checked';

const MESSAGE_REASON = 'protobuf messages: admission has JSON objects only';
const MESSAGES = /TestAllTypes|google\.protobuf\.(?!Timestamp|Duration)|cel\.expr\.|cel\.conformance/;

/** The tests of the specification that do not apply to the Kubernetes dialect, each with its reason. Without an aspect, all aspects are excluded. */
const LEFT_OUT: readonly { readonly path: RegExp; readonly reason: string; readonly aspect?: Aspect }[] = [
  { path: /^conformance\/(proto2|proto3|proto2_ext|enums|wrappers)\//, reason: MESSAGE_REASON },
  { path: /^conformance\/type_deductions\/wrappers\//, reason: MESSAGE_REASON },
  { path: /^conformance\/(bindings_ext|block_ext|encoders_ext|math_ext)\//, reason: 'extensions that Kubernetes does not enable' },
  { path: /\/quoted_(map_)?fields\//, reason: 'quoted field names, which Kubernetes does not enable' },
  {
    path: /^comprehensions\/[^]*(cel\.bind|reverse\(\))/,
    aspect: 'result',
    reason: 'cel.bind and string reverse, which Kubernetes does not enable',
  },
  { path: /^comprehensions\/(m\.|x\.|y\.)/, aspect: 'result', reason: 'cel-go data without the variables that it reads' },
  {
    path: /^conformance\/comparisons\/(lt|lte|gt|gte)_literal\//,
    aspect: 'checked',
    reason: 'trees of a checker without comparison across numeric types',
  },
  { path: /^conformance\/namespace\//, aspect: 'checked', reason: 'containers, which Kubernetes does not have' },
  { path: /^conformance\/namespace\//, aspect: 'result', reason: 'containers, which Kubernetes does not have' },
  {
    path: /^conformance\/optionals\/[^]*[oO]ptMap/,
    aspect: 'checked',
    reason: 'cel-go copies the target of optMap and checks it twice; here it is one node',
  },
  {
    path: /null_assignable_to_abstract_parameter_candidate$/,
    aspect: 'result',
    reason: "cel-go's own type differs from the specification's, and is ours",
  },
  {
    path: /^comprehensions\/[^]*'a': 'world', 'b': 'hello'/,
    aspect: 'result',
    reason: 'an expression that is not a bool, with no result given',
  },
  {
    path: /qualified_identifier_resolution\/map_key_float$/,
    aspect: 'result',
    reason: 'cel-go, which the API server runs, takes a double as a key',
  },
  {
    path: /qualified_identifier_resolution\/map_(key_null|value_repeat_key)/,
    aspect: 'result',
    reason: 'the API server takes null as a key, and the later of two values of one key (parity test)',
  },
  {
    path: /string_ext\/format[^/]*\/[^]*(scientific|NaN|infinity|(list|map|dyntype) support)/,
    aspect: 'result',
    reason: "the API server's version of format writes numbers for English readers, and members as literals (parity test)",
  },
  {
    path: /string_ext\/value_errors\/(last)?indexof_out_of_range$/,
    aspect: 'result',
    reason: 'the API server finds nothing past the end of a string (parity test)',
  },
  {
    path: /optionals\/(map_null_entry_no_such_key|map_present_key_invalid_field)$/,
    aspect: 'result',
    reason: 'the API server finds no field in what has none, and no error (parity test)',
  },
  {
    path: /^parsing\/m\.existsOne\(v, f\)/,
    reason: 'existsOne of one variable, which the API server does not have (parity test)',
  },
  {
    path: /duration_converters\/get_milliseconds$/,
    aspect: 'result',
    reason: 'the API server counts all milliseconds of a duration (parity test)',
  },
];

/** Returns the reason why a test is excluded, or undefined. */
export function leftOut(aspect: Aspect, path: string, original: { readonly expr: string } & Record<string, unknown>): string | undefined {
  const entry = LEFT_OUT.find((one) => one.path.test(path) && (one.aspect === undefined || one.aspect === aspect));
  if (entry !== undefined) return entry.reason;
  const text = JSON.stringify(original);
  if (aspect !== 'tree' && (MESSAGES.test(text) || original['container'] === 'google.protobuf')) return MESSAGE_REASON;
  return aspect !== 'tree' && text.includes('"function":') ? 'functions that the test itself declares' : undefined;
}

/** The expressions of the comprehension suite that must fail. */
export const MUST_FAIL =
  /i\.[jk]|\[\]\.all\(i, i|__result__|^1\.all|''\.exists|\? \[v\] : v|transformMapEntry\(k, v, \[\]\)|\[1, 1\]|\[0, 0u\]|i \/ 2\.0|bad filter/;
