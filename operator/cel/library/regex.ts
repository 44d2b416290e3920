import { withNumberArguments, library, method } from './overload.ts';
import { pattern } from '../values/pattern.ts';

function find(text: string, expression: string): string {
  const matcher = pattern(expression).compiled.matcher(text);
  return matcher.find() ? (matcher.group() ?? '') : '';
}

/** Returns all matches as FindAllString of Go does, leftmost first. An empty match directly after another match is left out. */
function findAll(text: string, expression: string, limit = -1): string[] {
  const found: string[] = [];
  const matcher = pattern(expression).compiled.matcher(text);
  let end = -1;
  while (found.length !== limit && matcher.find()) {
    const match = matcher.group() ?? '';
    const isRepeat = match === '' && matcher.start() === end;
    end = matcher.end();
    if (!isRepeat) found.push(match);
  }
  return found;
}

/** The regular expression functions of Kubernetes. */
export const REGEX = library('1.0', [
  method('find', 'string_find_string', 'string, string -> string', find),
  method('findAll', 'string_find_all_string', 'string, string -> list(string)', findAll),
  withNumberArguments(method('findAll', 'string_find_all_string_int', 'string, string, int -> list(string)', findAll)),
]);
