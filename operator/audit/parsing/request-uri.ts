import { boundedText } from './bounded-text.ts';

/** The most characters of a request URI that are kept. */
export const URI_LIMIT = 4096;

/* Parameters that say what a request does. The values of all others are left out: behind a proxy subresource they may be anything. */
const KEPT_PARAMETERS = new Set([
  'command',
  'cmd',
  'container',
  'stdin',
  'stdout',
  'stderr',
  'tty',
  'ports',
  'follow',
  'watch',
  'limit',
  'dryRun',
  'fieldManager',
  'force',
  'fieldSelector',
  'labelSelector',
  'propagationPolicy',
  'resourceVersion',
  'allowWatchBookmarks',
  'timeout',
  'timeoutSeconds',
  'sendInitialEvents',
]);

/** Path and query with the values of unknown parameters left out, bounded and without tokens. The second value says if it was cut. */
export const boundedUri = (uri: string): { readonly uri: string; readonly cut: boolean } => {
  const start = uri.indexOf('?');
  const readable = start < 0 ? uri : `${uri.slice(0, start)}?${keptQuery(uri.slice(start + 1, start + 1 + 2 * URI_LIMIT))}`;
  return { uri: boundedText(readable, URI_LIMIT), cut: readable.length > URI_LIMIT || uri.length > start + 1 + 2 * URI_LIMIT };
};

const keptQuery = (query: string): string =>
  query
    .split('&')
    .map((parameter) => {
      const name = parameter.split('=', 1)[0] ?? '';
      return KEPT_PARAMETERS.has(name) || !parameter.includes('=') ? parameter : `${name}=REDACTED`;
    })
    .join('&');
