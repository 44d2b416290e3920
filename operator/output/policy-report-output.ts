import { stringify } from 'yaml';
import type { Verdict } from '../findings/finding.ts';
import { reportName } from '../reports/identity/report-name.ts';
import { wholeWords } from '../reports/building/report-result.ts';
import type { LocatedResult, Output, ScanResult } from './scan-result.ts';

const source = 'vigil';

function properties(result: LocatedResult): Record<string, string> {
  const { path, fix, containers, frameworks } = result;
  return Object.fromEntries(
    Object.entries({
      path,
      container: containers?.join(','),
      fix,
      frameworks: wholeWords(frameworks),
      file: result.source === undefined ? undefined : `${result.source.file}:${result.source.line ?? 1}`,
      ...result.properties,
    }).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

function reportOf(results: readonly LocatedResult[], passing: boolean): Record<string, unknown> | undefined {
  const [first] = results;
  if (first === undefined) return undefined;
  const { resource } = first;
  const namespace = resource.kind === 'Namespace' ? resource.name : resource.namespace;
  const count = (verdict: Verdict): number => results.filter((result) => result.verdict === verdict).length;
  const listed = results.filter(({ verdict }) => passing || verdict !== 'pass');
  return {
    apiVersion: 'wgpolicyk8s.io/v1alpha2',
    kind: namespace === undefined ? 'ClusterPolicyReport' : 'PolicyReport',
    metadata: {
      name: reportName(source, resource),
      ...(namespace === undefined ? {} : { namespace }),
      labels: { 'app.kubernetes.io/managed-by': 'vigil', 'vigil.dev/source': source },
    },
    // The operator also sets the namespace of a Namespace to its own name.
    scope: { ...resource, ...(namespace === undefined ? {} : { namespace }) },
    summary: { pass: count('pass'), fail: count('fail'), warn: count('warn'), error: count('error'), skip: count('skip') },
    results: listed.map((result) => ({
      source,
      policy: result.policy ?? 'vigil-scan',
      rule: result.check,
      category: result.category,
      severity: result.severity,
      result: result.verdict,
      scored: true,
      message: result.message,
      properties: properties(result),
    })),
  };
}

function byObject({ results }: ScanResult): ReadonlyMap<string, readonly LocatedResult[]> {
  const groups = new Map<string, LocatedResult[]>();
  for (const result of results) {
    const { apiVersion, kind, namespace = '', name } = result.resource;
    const key = [apiVersion, kind, namespace, name].join(' ');
    groups.set(key, [...(groups.get(key) ?? []), result]);
  }
  return groups;
}

/** Prints one PolicyReport for each object, as the operator writes them. Errors follow as comments. */
export const policyReportOutput: Output = (scan, write, { passing }) => {
  for (const results of byObject(scan).values())
    write(`---\n${stringify(reportOf(results, passing), { lineWidth: 0, aliasDuplicateObjects: false })}`);
  for (const { source: place, message } of scan.errors)
    write(`# unreadable: ${place.file}:${place.line ?? 1}: ${message.replaceAll('\n', ' ')}\n`);
};
