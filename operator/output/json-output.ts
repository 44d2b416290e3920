import { type LocatedResult, type Output, skipCounts } from './scan-result.ts';

/** Returns the fields of a result in the order of the document. Unset fields are undefined. */
export function resultFields(result: LocatedResult): Record<string, unknown> {
  const { verdict, policy, check, severity, category, frameworks, resource, source, path, paths, message, fix, pod, bound, properties } =
    result;
  return { verdict, policy, check, severity, category, frameworks, resource, source, path, paths, message, fix, pod, bound, properties };
}

/**
 * Prints one JSON document with one result a line: `{apiVersion, kind: ScanResult, results, summary, errors}`, and
 * `customWorkloads` if custom kinds with pods are among the files, `patches` if some files are patches of kustomizations. `summary.skip` includes
 * `summary.excepted` and `summary.known`, which are set if exceptions or the baseline cover failures.
 */
export const jsonOutput: Output = ({ results, summary, errors, customWorkloads, patches }, write) => {
  const { excepted, known } = skipCounts({ results, summary });
  write('{"apiVersion": "vigil.dev/v1alpha1", "kind": "ScanResult",\n "results": [');
  for (const [index, result] of results.entries()) write(`${index === 0 ? '\n' : ',\n'}  ${JSON.stringify(resultFields(result))}`);
  write(
    `],\n "summary": ${JSON.stringify({ ...summary, ...(excepted > 0 ? { excepted } : {}), ...(known > 0 ? { known } : {}) })},\n "errors": [`,
  );
  for (const [index, error] of errors.entries()) write(`${index === 0 ? '\n' : ',\n'}  ${JSON.stringify(error)}`);
  const rest = Object.entries({ customWorkloads, patches }).filter(([, value]) => value !== undefined);
  write(`]${rest.map(([name, value]) => `,\n "${name}": ${JSON.stringify(value)}`).join('')}}\n`);
};
