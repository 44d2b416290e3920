import { opaque } from '../values/cel-type.ts';
import type { CelType } from '../values/cel-type.ts';
import { parseTimestamp } from '../values/timestamp.ts';
import { fn, library, method } from './overload.ts';
import { Boxed, Optional } from '../values/value.ts';
import { parseUrl } from './url.ts';

const TYPE = opaque('kubernetes.NamedFormat');

type Validate = (text: string) => string[];

/** A named format of Kubernetes. */
export class NamedFormat extends Boxed {
  readonly formatName: string;
  readonly complaints: Validate;
  constructor(formatName: string, complaints: Validate) {
    super();
    this.formatName = formatName;
    this.complaints = complaints;
  }
  get celType(): CelType {
    return TYPE;
  }
  equalTo(other: unknown): boolean {
    return other instanceof NamedFormat && other.formatName === this.formatName;
  }
}

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const LABEL_1035 = '[a-z]([-a-z0-9]*[a-z0-9])?';
const QUALIFIED = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';

const whole = (expression: string): RegExp => new RegExp(`^(?:${expression})$`);

function mismatch(message: string, expression: string, ...examples: string[]): string {
  const shown = examples.map((example) => `'${example}', `).join(' or ');
  return `${message} (e.g. ${shown}regex used for validation is '${expression}')`;
}

const tooLong = (text: string, limit: number): string[] =>
  Buffer.byteLength(text) > limit ? [`must be no more than ${String(limit)} characters`] : [];

function dns1123Label(text: string): string[] {
  const errors = tooLong(text, 63);
  if (whole(LABEL).test(text)) return errors;
  if (whole(SUBDOMAIN).test(text)) return [...errors, 'must not contain dots'];
  const rule =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
  return [...errors, mismatch(rule, LABEL, 'my-name', '123-abc')];
}

function dns1123Subdomain(text: string): string[] {
  const errors = tooLong(text, 253);
  const rule =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
  return whole(SUBDOMAIN).test(text) ? errors : [...errors, mismatch(rule, SUBDOMAIN, 'example.com')];
}

function dns1035Label(text: string): string[] {
  const errors = tooLong(text, 63);
  const rule =
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";
  return whole(LABEL_1035).test(text) ? errors : [...errors, mismatch(rule, LABEL_1035, 'my-name', 'abc-123')];
}

const QUALIFIED_RULE = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

function qualifiedName(text: string): string[] {
  const parts = text.split('/');
  const name = parts.at(-1) ?? '';
  const prefix = parts.length === 2 ? parts[0] : undefined;
  if (parts.length > 2) {
    const shape = mismatch(`a valid label key ${QUALIFIED_RULE}`, QUALIFIED, 'MyName', 'my.name', '123-abc');
    return [`${shape} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  }
  const errors =
    prefix === undefined
      ? []
      : prefix === ''
        ? ['prefix part must be non-empty']
        : dns1123Subdomain(prefix).map((error) => `prefix part ${error}`);
  if (name === '') errors.push('name part must be non-empty');
  errors.push(...tooLong(name, 63).map((error) => `name part ${error}`));
  if (!whole(QUALIFIED).test(name)) errors.push(`name part ${mismatch(QUALIFIED_RULE, QUALIFIED, 'MyName', 'my.name', '123-abc')}`);
  return errors;
}

function labelValue(text: string): string[] {
  const expression = `(${QUALIFIED})?`;
  const rule = `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`;
  const errors = tooLong(text, 63);
  return whole(expression).test(text) ? errors : [...errors, mismatch(rule, expression, 'MyValue', 'my_value', '12345')];
}

/** A prefix can end in a dash, because text is appended to it. */
const asPrefix =
  (validate: Validate): Validate =>
  (text) =>
    validate(text.length > 1 && text.endsWith('-') ? `${text.slice(0, -2)}a` : text);

const accepts =
  (test: (text: string) => boolean, complaint: string): Validate =>
  (text) =>
    test(text) ? [] : [complaint];

const isDate = (text: string): boolean => /^\d{4}-\d{2}-\d{2}$/.test(text) && parseTimestamp(`${text}T00:00:00Z`) !== undefined;
/** As in Kubernetes, the empty text is no base64. */
const isBase64 = (text: string): boolean => text !== '' && /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text);
const isUuid = (text: string): boolean => /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i.test(text);
const isDateTime = (text: string): boolean => parseTimestamp(text.toUpperCase().replace(' ', 'T')) !== undefined;

const FORMATS: readonly (readonly [string, Validate])[] = [
  ['dns1123Label', dns1123Label],
  ['dns1123Subdomain', dns1123Subdomain],
  ['dns1035Label', dns1035Label],
  ['qualifiedName', qualifiedName],
  ['dns1123LabelPrefix', asPrefix(dns1123Label)],
  ['dns1123SubdomainPrefix', asPrefix(dns1123Subdomain)],
  ['dns1035LabelPrefix', asPrefix(dns1035Label)],
  ['labelValue', labelValue],
  ['uri', (text) => (parseUrl(text) === undefined ? [`parse ${JSON.stringify(text)}: invalid URI for request`] : [])],
  ['uuid', accepts(isUuid, 'does not match the UUID format')],
  ['byte', accepts(isBase64, 'invalid base64')],
  ['date', accepts(isDate, 'invalid date')],
  ['datetime', accepts(isDateTime, 'invalid datetime')],
];
const BY_NAME = new Map(FORMATS.map(([name, validate]) => [name, new NamedFormat(name, validate)]));

function validate(format: NamedFormat, text: string): Optional {
  const complaints = format.complaints(text);
  return complaints.length === 0 ? Optional.none : new Optional(complaints);
}

function named(name: string): Optional {
  const found = BY_NAME.get(name);
  return found === undefined ? Optional.none : new Optional(found);
}

/** The functions of named formats. They validate a text and return its problems. */
export const NAMED_FORMATS = library('1.31', [
  method('validate', 'format-validate', `${TYPE.name}, string -> optional(list(string))`, validate),
  fn('format.named', 'format-named', `string -> optional(${TYPE.name})`, named),
  ...FORMATS.map(([name]) => fn(`format.${name}`, `format.${name}`, `-> ${TYPE.name}`, () => BY_NAME.get(name))),
]);
