import type { ApiResource } from '../../api/api-resource.ts';
import type { KubeClient } from '../../kube/client/kube-client.ts';
import type { ListClient } from '../../kube/list.ts';
import { FIELD_MANAGERS } from '../../api/field-managers.ts';
import type { ObjectMeta } from '../../api/metadata.ts';
import type { PolicyReport } from '../../api/kinds/policy-report.ts';
import { isNotFound } from '../../kube/client/kube-api-error.ts';
import { reportKey } from '../identity/report-name.ts';
import type { ReportRecords } from './report-records.ts';

/** How often a write is tried if other writers change the report meanwhile. */
export const CONFLICT_TRIES = 4;

/** The part of a client that writes reports. */
export type ReportClient = ListClient & Pick<KubeClient, 'create' | 'delete' | 'get' | 'replace'>;

const byReports = { manager: FIELD_MANAGERS.reports };

/** Called after each write, for metrics. */
export type WriteObserver = (operation: 'write' | 'delete') => void;

/** The namespace and name of a report. */
export interface ReportReference {
  readonly namespace?: string | undefined;
  readonly name: string;
}

/** The dependencies of {@link ReportWriter}. */
export interface ReportWriting {
  readonly client: ReportClient;
  readonly records: ReportRecords;
  readonly onWrite: WriteObserver;
}

/** Reads, creates, replaces and deletes single reports. Replaces and deletes only the version that was read. */
export class ReportWriter {
  readonly #client: ReportClient;
  readonly #records: ReportRecords;
  readonly #onWrite: WriteObserver;

  constructor({ client, records, onWrite }: ReportWriting) {
    this.#client = client;
    this.#records = records;
    this.#onWrite = onWrite;
  }

  /** Reads a report. Returns undefined if it does not exist. */
  async read(resource: ApiResource, place: ReportReference): Promise<PolicyReport | undefined> {
    try {
      return await this.#client.get<PolicyReport>(resource, place);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /**
   * Creates the report if `existing` is undefined, and otherwise replaces the version that was read. Returns the new resourceVersion. Throws a
   * conflict (409) if a report was created or changed since the read.
   */
  async write(resource: ApiResource, report: PolicyReport, existing: PolicyReport | undefined): Promise<string> {
    const { managedFields: _, ...own } = report.metadata;
    const metadata = { ...own, ...identityOf(existing?.metadata) };
    const written = existing
      ? await this.#client.replace<PolicyReport>(resource, { ...report, metadata }, byReports)
      : await this.#client.create<PolicyReport>(resource, { ...report, metadata }, byReports);
    const { namespace, name, uid = '', resourceVersion = '' } = written.metadata;
    this.#records.wrote({ key: reportKey(namespace, name), uid, resourceVersion });
    this.#onWrite('write');
    return resourceVersion;
  }

  /** Deletes the version of a report that was read. Throws a conflict (409) if the report changed since the read. */
  async remove(resource: ApiResource, { metadata: { namespace, name, uid, resourceVersion } }: PolicyReport): Promise<void> {
    await this.#client.delete(resource, { name, namespace }, { uid, resourceVersion });
    this.#records.removed(reportKey(namespace, name));
    this.#onWrite('delete');
  }
}

/** Returns the preconditions of a replacement. */
const identityOf = (existing: ObjectMeta | undefined): Pick<ObjectMeta, 'uid' | 'resourceVersion'> => {
  const { uid, resourceVersion } = existing ?? {};
  return { ...(uid === undefined ? {} : { uid }), ...(resourceVersion === undefined ? {} : { resourceVersion }) };
};
