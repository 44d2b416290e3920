import { RESOURCES, type ApiResource } from '../../operator/api/api-resource.ts';
import type { FieldManager } from '../../operator/api/field-managers.ts';
import type { KubeObject } from '../../operator/api/metadata.ts';
import type { PolicyReport } from '../../operator/api/kinds/policy-report.ts';
import { isNotFound } from '../../operator/kube/client/kube-api-error.ts';
import { removePolicies } from '../../operator/reports/sweeping/policy-removal.ts';
import { ReportPublisher, type DesiredReport, type ReportConflict } from '../../operator/reports/publishing/report-publisher.ts';
import { MemoryApi } from '../kube/memory-api.ts';

/** The field manager of another tool. */
const anotherTool = 'kubectl-edit' as FieldManager;

/** A desired report about a ConfigMap in the namespace shop, with failures of these checks. */
export function desired(name: string, checks: readonly string[], policy = 'web', namespace = 'shop'): DesiredReport {
  return {
    source: 'vigil',
    target: { apiVersion: 'v1', kind: 'ConfigMap', namespace, name, uid: `u-${name}`, resourceVersion: '5' },
    policies: [{ name: policy, revision: '1-a', passes: 2, listPasses: false, ownerLabels: [] }],
    results: checks.map((check) => ({
      ...{ policy, check, verdict: 'fail', severity: 'high', category: 'Test', frameworks: [], message: `${check} fails` },
    })),
    seconds: 1_800_000_000,
    scan: 'scan-1',
  };
}

/** A report of another tool. */
export const theirs = (name: string, labels: Readonly<Record<string, string>> = {}): PolicyReport => ({
  metadata: { namespace: 'shop', name, labels },
  results: [{ source: 'Other', policy: 'their-policy', rule: 'their-rule', result: 'fail', message: 'theirs' }],
  summary: { pass: 0, fail: 1, warn: 0, error: 0, skip: 0 },
});

/** An API server in memory, and a publisher that writes to it. */
export class PublishingBench {
  readonly api = new MemoryApi();
  readonly operations: string[] = [];
  readonly conflicts: ReportConflict[] = [];
  readonly failures: (string | undefined)[] = [];
  readonly publisher = new ReportPublisher(this.api, {
    onWrite: (operation) => void this.operations.push(operation),
    onConflict: (_target, conflict) => void this.conflicts.push(conflict),
    onFailures: (_target, found) => void this.failures.push(...found.map(({ rule }) => rule)),
  });

  /** All reports, by `<namespace>/<name>`. */
  get reports(): ReadonlyMap<string, PolicyReport> {
    const all = [...this.api.objects].filter(([path]) => path.includes('policyreports/'));
    return new Map(all.map(([, object]) => [`${object.metadata.namespace ?? ''}/${object.metadata.name}`, object as PolicyReport]));
  }

  get names(): string[] {
    return [...this.reports.keys()].toSorted();
  }

  /** A report of another tool, as that tool creates it. */
  create(report: PolicyReport): Promise<PolicyReport> {
    return this.api.create<PolicyReport>(RESOURCES.reports, report, { manager: anotherTool });
  }

  /** Changes a report as another tool. */
  edit(name: string, change: unknown, resource: ApiResource = RESOURCES.reports): Promise<KubeObject> {
    const key = resource.namespaced ? { namespace: 'shop', name } : { name };
    return this.api.patch(resource, key, change, { manager: anotherTool });
  }

  /** Removes these policies from all reports. Returns the number of changed reports. */
  remove(...policies: readonly string[]): Promise<number> {
    return removePolicies(this.api, this.publisher, { policies, isGone: (policy) => policy !== 'back' });
  }

  async isAbsent(resource: ApiResource, name: string): Promise<boolean> {
    return this.api.get(resource, { name }).then(
      () => false,
      (error: unknown) => isNotFound(error),
    );
  }
}
