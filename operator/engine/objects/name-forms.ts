/** The forms of names that the API server accepts. */

const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const part = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

/** What a name that is a label of DNS must be. */
export const labelForm =
  'name must have only small letters, digits and -, and begin and end with a letter or a digit, in at most 63 characters';

/** Whether a text is a label of DNS (RFC 1123), such as the name of a container. */
export const isDnsLabel = (text: string): boolean => text.length <= 63 && label.test(text);

/** Whether a text is a name of DNS in small letters (RFC 1123), such as the name of a Deployment. */
export const isDnsSubdomain = (text: string): boolean => text.length <= 253 && subdomain.test(text);

/** Whether a text is a name of DNS that begins with `*.`. */
export const isWildcardSubdomain = (text: string): boolean => text.startsWith('*.') && isDnsSubdomain(text.slice(2));

/** Whether a text can be a part of a path, as names of roles and bindings. */
export const isPathSegment = (text: string): boolean => text !== '.' && text !== '..' && !/[/%]/.test(text);

/** Whether a text is the name of a port of a container (RFC 6335). */
export const isPortName = (text: string): boolean => text.length <= 15 && /^[a-z0-9]+(-[a-z0-9]+)*$/.test(text) && /[a-z]/.test(text);

/** Whether a text is the value of a label. */
export const isLabelValue = (text: string): boolean => text === '' || (text.length <= 63 && part.test(text));

/** Whether a text is the key of a label: a name, with a domain before a slash or without. */
export function isLabelKey(text: string): boolean {
  const slash = text.indexOf('/');
  const name = text.slice(slash + 1);
  return name.length <= 63 && part.test(name) && (slash < 0 || isDnsSubdomain(text.slice(0, slash)));
}
