import type { PolicyReport } from '../../api/kinds/policy-report.ts';
import { listPages, type ListClient } from '../../kube/list.ts';
import { reportLocation } from '../building/report-location.ts';
import { concurrently } from './concurrently.ts';
import { alternativeReportName, reportName, reportSelector } from '../identity/report-name.ts';
import type { ReportWriter } from './report-writer.ts';
import type { NamedTarget } from './report-names.ts';

/** The maximum number of reports in a namespace that are read one by one. More are read from a list. */
const maxSingleReads = 3;
/** The number of reports in a page of a list. It is small, because a report can be large. */
const pageSize = 50;
/** A list is read further while at least one in this number of reports is wanted. */
const readAhead = 3;
/** The number of reports that are read before this ratio is checked. */
const grace = 100;
/** The maximum number of concurrent writes. */
const writers = 8;

/** Updates the existing report to the desired one. */
type PublishOne<Wanted> = (desired: Wanted, existing: PolicyReport | undefined) => Promise<void>;

/** Reads the reports that are to be updated. */
export class ExistingReports<Wanted extends NamedTarget> {
  readonly #client: ListClient;
  readonly #writer: ReportWriter;

  constructor(client: ListClient, writer: ReportWriter) {
    this.#client = client;
    this.#writer = writer;
  }

  /**
   * Updates the reports of one namespace. Reads the existing reports from a list, page by page, if most of the list is wanted, and otherwise
   * one by one.
   */
  async publish(group: readonly Wanted[], publishOne: PublishOne<Wanted>): Promise<void> {
    const wanted = Map.groupBy(group, ({ source, target }) => reportName(source, target));
    const others = new Map(group.map(({ source, target }) => [alternativeReportName(source, target), reportName(source, target)]));
    const take = async (name: string, report: PolicyReport | undefined): Promise<void> => {
      const desiredReports = wanted.get(name) ?? [];
      wanted.delete(name);
      for (const desired of desiredReports) await publishOne(desired, report);
    };
    const isListComplete = wanted.size > maxSingleReads && (await this.#publishListed(group, { wanted, others }, take));
    await concurrently([...wanted.keys()], writers, async (name) =>
      take(name, isListComplete ? undefined : await this.#readAt(group, name)),
    );
  }

  /** Updates the wanted reports in a list. Stops when too few listed reports are wanted. Returns whether the whole list was read. */
  async #publishListed(
    group: readonly Wanted[],
    { wanted, others }: { readonly wanted: ReadonlyMap<string, unknown>; readonly others: ReadonlyMap<string, string> },
    take: (name: string, report: PolicyReport) => Promise<void>,
  ): Promise<boolean> {
    const [{ source, target }] = group as readonly [Wanted];
    const { resource, namespace } = reportLocation(target);
    const labelSelector = reportSelector(source);
    const all = wanted.size;
    let read = 0;
    for await (const { items, next } of listPages<PolicyReport>(this.#client, resource, { namespace, labelSelector, limit: pageSize })) {
      const found = items.flatMap((report) => {
        const name = others.get(report.metadata.name) ?? report.metadata.name;
        return wanted.has(name) ? [[name, report] as const] : [];
      });
      await concurrently(found, writers, ([name, report]) => take(name, report));
      read += items.length;
      if (next !== undefined && (wanted.size === 0 || read > (all - wanted.size) * readAhead + grace)) return false;
    }
    return true;
  }

  /** Reads the report of a usual name. If it does not exist, reads the report of the alternative name. */
  async #readAt(group: readonly Wanted[], name: string): Promise<PolicyReport | undefined> {
    const desired = group.find(({ source, target }) => reportName(source, target) === name) as Wanted;
    const { resource, namespace } = reportLocation(desired.target);
    for (const each of [name, alternativeReportName(desired.source, desired.target)]) {
      const report = await this.#writer.read(resource, { namespace, name: each });
      if (report) return report;
    }
    return undefined;
  }
}
