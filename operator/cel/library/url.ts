import { CelFault } from '../values/cel-fault.ts';
import { opaque } from '../values/cel-type.ts';
import type { CelType } from '../values/cel-type.ts';
import { fn, library, method } from './overload.ts';
import { Boxed, CelMap } from '../values/value.ts';

const TYPE = opaque('kubernetes.URL');

/** The parts of an absolute URL or of an absolute path, as written. */
export class Url extends Boxed {
  readonly source: string;
  readonly scheme: string;
  readonly host: string;
  readonly path: string;
  readonly query: string;
  constructor(source: string, parts: { scheme: string; host: string; path: string; query: string }) {
    super();
    this.source = source;
    this.scheme = parts.scheme;
    this.host = parts.host;
    this.path = parts.path;
    this.query = parts.query;
  }
  get celType(): CelType {
    return TYPE;
  }
  equalTo(other: unknown): boolean {
    return other instanceof Url && other.source === this.source;
  }
}

const BAD_ESCAPE = /%(?![0-9a-fA-F]{2})/;

const CONTROL = /[\u0000-\u001f\u007f]/;

function isHost(authority: string): boolean {
  const host = authority.slice(authority.lastIndexOf('@') + 1);
  const user = authority.slice(0, authority.length - host.length);
  if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(user) || BAD_ESCAPE.test(authority)) return false;
  if (host.startsWith('[')) return /^\[[^\]]*\](?::\d*)?$/.test(host);
  return /^[^\s<>"\\^`{|}%/?#[\]]*$|^[^\s<>"\\^`{|}/?#[\]]*(?:%[89a-fA-F][0-9a-fA-F][^\s]*)*$/.test(host) && /^[^:]*(?::\d*)?$/.test(host);
}

/** Splits a text at the first mark. The second part is empty if there is no mark. */
function cut(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

/** Splits `//authority/path`, or a path. */
function splitAuthority(body: string, scheme: string): [string, string] {
  if (!body.startsWith('//') || (scheme === '' && body.startsWith('///'))) return ['', body];
  const slash = body.indexOf('/', 2);
  return slash < 0 ? [body.slice(2), ''] : [body.slice(2, slash), body.slice(slash)];
}

/** Splits the part after the scheme. Returns undefined if ParseRequestURI of Go refuses it. */
function parseRest(source: string, scheme: string, rest: string): Url | undefined {
  const [body, query] = cut(cut(rest, '#')[0], '?');
  if (!rest.startsWith('/')) return scheme === '' ? undefined : new Url(source, { scheme, host: '', path: '', query });
  const [authority, path] = splitAuthority(body, scheme);
  if (!isHost(authority) || BAD_ESCAPE.test(path)) return undefined;
  return new Url(source, { scheme, host: authority.slice(authority.lastIndexOf('@') + 1), path, query });
}

/** Parses a URL as ParseRequestURI of Go does. Returns undefined if the text is not a URL. */
export function parseUrl(text: string): Url | undefined {
  if (text === '' || CONTROL.test(text)) return undefined;
  const scheme = /^[a-zA-Z][a-zA-Z0-9+.-]*(?=:)/.exec(text)?.[0];
  if (scheme === undefined && !text.startsWith('/')) return undefined;
  return parseRest(text, scheme?.toLowerCase() ?? '', scheme === undefined ? text : text.slice(scheme.length + 1));
}

function url(text: string): Url {
  const parsed = parseUrl(text);
  if (parsed === undefined) throw new CelFault('invalid_argument', `URL parse error during conversion from string: "${text}"`);
  return parsed;
}

function hostname(parsed: Url): string {
  const bracketed = /^\[([^\]]*)\]/.exec(parsed.host)?.[1];
  return bracketed ?? parsed.host.replace(/:\d*$/, '');
}

const port = (parsed: Url): string => /:(\d*)$/.exec(parsed.host.replace(/^\[[^\]]*\]/, ''))?.[1] ?? '';
const escapedPath = (parsed: Url): string =>
  parsed.path.replaceAll(/[^A-Za-z0-9\-._~!$&'()*+,;=:@/%[\]]+/gu, (part) => encodeURIComponent(part));

function unescapeQuery(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

function query(parsed: Url): CelMap {
  const values = new Map<unknown, readonly [string, string[]]>();
  for (const pair of parsed.query.split('&')) {
    if (pair === '' || pair.includes(';')) continue;
    const equals = pair.indexOf('=');
    const key = unescapeQuery(equals < 0 ? pair : pair.slice(0, equals));
    const value = unescapeQuery(equals < 0 ? '' : pair.slice(equals + 1));
    if (key !== undefined && value !== undefined) values.set(key, [key, [...(values.get(key)?.[1] ?? []), value]]);
  }
  return new CelMap(values);
}

const KIND = TYPE.name;

/** The functions of URLs. */
export const URLS = library('1.0', [
  fn('url', 'string_to_url', `string -> ${KIND}`, url),
  fn('isURL', 'is_url_string', 'string -> bool', (text: string) => parseUrl(text) !== undefined),
  method('getScheme', 'url_get_scheme', `${KIND} -> string`, (parsed: Url) => parsed.scheme),
  method('getHost', 'url_get_host', `${KIND} -> string`, (parsed: Url) => parsed.host),
  method('getHostname', 'url_get_hostname', `${KIND} -> string`, hostname),
  method('getPort', 'url_get_port', `${KIND} -> string`, port),
  method('getEscapedPath', 'url_get_escaped_path', `${KIND} -> string`, escapedPath),
  method('getQuery', 'url_get_query', `${KIND} -> map(string, list(string))`, query),
]);
