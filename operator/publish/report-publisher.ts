import { RESOURCES, type ApiResource } from '../api/api-resource.ts';
import { LABELS, MANAGED_BY } from '../api/group.ts';
import type { PolicyReport } from '../api/policy-report.ts';
import type { SeverityCounts } from '../api/security-policy.ts';
import { isConflict, isNotFound } from '../kube/kube-api-error.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import { listPages } from '../kube/list.ts';
import { buildReport, withoutPolicy, type ReportInput } from '../report/report-builder.ts';
import { reportChange } from '../report/report-change.ts';
import { policyLabel, reportName } from '../report/report-name.ts';
import { addSeverities, emptySeverities } from '../scan/tally.ts';

/** What publishing did. */
export interface Published {
  /** Reports that were written; an unchanged one is not. */
  readonly written: number;
  readonly unchanged: number;
  readonly new: SeverityCounts;
  readonly fixed: SeverityCounts;
}

/** Told of each write, for metrics. */
export type WriteObserver = (operation: 'write' | 'delete') => void;

const conflictTries = 4;

/** Where the report about an object lies: in its namespace, inside a Namespace, or beside the namespaces. */
export function homeOf({ kind, apiVersion, namespace, name }: ReportInput['target']): {
  readonly resource: ApiResource;
  readonly namespace: string | undefined;
} {
  const home = kind === 'Namespace' && apiVersion === 'v1' ? name : namespace;
  return { resource: home === undefined ? RESOURCES.clusterReports : RESOURCES.reports, namespace: home };
}

/** The only writer of reports: reads what is there, writes only what differs, and touches nothing without Vigil's own label. */
export class ReportPublisher {
  readonly #client: KubeClient;
  readonly #observe: WriteObserver;

  constructor(client: KubeClient, observe: WriteObserver = () => undefined) {
    this.#client = client;
    this.#observe = observe;
  }

  /** Brings the reports about these objects up to date. Throws on the first that cannot be written; a repetition goes on from there. */
  async publish(inputs: readonly Omit<ReportInput, 'existing'>[]): Promise<Published> {
    const total = { written: 0, unchanged: 0, new: emptySeverities(), fixed: emptySeverities() };
    for (const group of Map.groupBy(inputs, ({ target }) => homeOf(target).namespace).values()) {
      const existing = await this.#existing(group);
      for (const input of group) {
        const outcome = await this.#bringUp(input, existing.get(reportName(input.source, input.target)));
        total.written += outcome.written;
        total.unchanged += 1 - outcome.written;
        total.new = addSeverities(total.new, outcome.new);
        total.fixed = addSeverities(total.fixed, outcome.fixed);
      }
    }
    return total;
  }

  /** Takes a policy that is gone out of every report, and removes the reports that hold nothing else. Returns how many were changed. */
  async removePolicy(policy: string): Promise<number> {
    let changed = 0;
    for (const resource of [RESOURCES.reports, RESOURCES.clusterReports]) {
      const labelSelector = `${LABELS.managedBy}=${MANAGED_BY},${policyLabel(policy)}`;
      for await (const { items } of listPages<PolicyReport>(this.#client, resource, { labelSelector, limit: 100 })) {
        for (const report of items) changed += await this.#withdraw(resource, report, policy);
      }
    }
    return changed;
  }

  /** Vigil's reports where these objects have theirs, by name: one by one for a few, by a list for many. */
  async #existing(group: readonly Omit<ReportInput, 'existing'>[]): Promise<Map<string, PolicyReport>> {
    const found = new Map<string, PolicyReport>();
    const [first] = group;
    if (!first) return found;
    const { resource, namespace } = homeOf(first.target);
    const wanted = new Set(group.map(({ source, target }) => reportName(source, target)));
    if (wanted.size <= 3) {
      for (const name of wanted) await this.#read(resource, { namespace, name }).then((report) => report && found.set(name, report));
      return found;
    }
    const labelSelector = `${LABELS.managedBy}=${MANAGED_BY},${LABELS.source}=${first.source}`;
    for await (const { items } of listPages<PolicyReport>(this.#client, resource, { namespace, labelSelector, limit: 250 })) {
      for (const report of items) if (wanted.has(report.metadata.name)) found.set(report.metadata.name, report);
    }
    return found;
  }

  async #bringUp(
    input: Omit<ReportInput, 'existing'>,
    known: PolicyReport | undefined,
  ): Promise<{ written: 0 | 1; new: SeverityCounts; fixed: SeverityCounts }> {
    const { resource, namespace } = homeOf(input.target);
    let existing = known;
    for (let attempt = 1; ; attempt++) {
      const report = buildReport({ ...input, existing });
      if (!report) return { written: 0, new: emptySeverities(), fixed: emptySeverities() };
      try {
        await this.#client.apply(resource, report);
        this.#observe('write');
        return { written: 1, ...reportChange(existing, report) };
      } catch (error) {
        if (!isConflict(error) || attempt === conflictTries) throw error;
        existing = await this.#read(resource, { namespace, name: report.metadata.name });
      }
    }
  }

  async #read(
    resource: ApiResource,
    key: { readonly namespace: string | undefined; readonly name: string },
  ): Promise<PolicyReport | undefined> {
    try {
      return await this.#client.get<PolicyReport>(resource, key);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async #withdraw(resource: ApiResource, report: PolicyReport, policy: string): Promise<0 | 1> {
    const { name, namespace, uid, resourceVersion, labels, annotations, ownerReferences } = report.metadata;
    const rest = withoutPolicy(report, policy);
    if (rest === report) return 0;
    if (!rest) {
      await this.#client.delete(resource, { name, namespace }, { uid, resourceVersion });
      this.#observe('delete');
      return 1;
    }
    const metadata = Object.fromEntries(
      Object.entries({
        name,
        namespace,
        resourceVersion,
        labels: rest.metadata.labels ?? labels,
        annotations: rest.metadata.annotations ?? annotations,
        ownerReferences,
      }).filter(([, value]) => value !== undefined),
    ) as unknown as PolicyReport['metadata'];
    await this.#client.apply(resource, { ...rest, metadata });
    this.#observe('write');
    return 1;
  }
}
