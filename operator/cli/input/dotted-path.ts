/** Formats a path of zod, such as `spec.rules[0].name`. */
export function dottedPath(path: readonly PropertyKey[]): string {
  return path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`))
    .join('')
    .replace(/^\./, '');
}

/** Splits a problem such as `spec.rules[0].name: it is no name`. */
export function pathAndMessage(problem: string): readonly [path: string, message: string] {
  const at = problem.indexOf(': ');
  return [problem.slice(0, at), problem.slice(at + 2)];
}
