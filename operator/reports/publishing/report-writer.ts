import type { ApiResource } from '../../api/api-resource.ts';
import { FIELD_MANAGERS } from '../../api/field-managers.ts';
import type { ObjectMeta } from '../../api/metadata.ts';
import type { PolicyReport } from '../../api/policy-report.ts';
import { isNotFound } from '../../kube/kube-api-error.ts';
import type { KubeClient } from '../../kube/kube-client.ts';
import { reportKey } from '../identity/report-name.ts';
import type { ReportRecords } from './report-records.ts';

const byReports = { manager: FIELD_MANAGERS.reports };

/** Told of each write, for metrics. */
export type WriteObserver = (operation: 'write' | 'delete') => void;

/** Where a report lies. */
export interface ReportReference {
  readonly namespace?: string | undefined;
  readonly name: string;
}

/** How reports are written. */
export interface ReportWriting {
  readonly client: KubeClient;
  readonly records: ReportRecords;
  readonly onWrite: WriteObserver;
}

/** Writes single reports: what is not there is created, what is there is replaced in the version that was read, and nothing else. */
export class ReportWriter {
  readonly #client: KubeClient;
  readonly #records: ReportRecords;
  readonly #onWrite: WriteObserver;

  constructor({ client, records, onWrite }: ReportWriting) {
    this.#client = client;
    this.#records = records;
    this.#onWrite = onWrite;
  }

  /** The report as it is in the cluster; undefined where there is none. */
  async read(resource: ApiResource, place: ReportReference): Promise<PolicyReport | undefined> {
    try {
      return await this.#client.get<PolicyReport>(resource, place);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /**
   * Creates the report where `existing` is undefined: a 409 says that there is one all the same. Otherwise replaces that one in the version in
   * which it was read: a 409 says that it is another by now. Returns the version that was written.
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

  /** Deletes a report in the version in which it was read: a 409 says that it is another by now. */
  async remove(resource: ApiResource, { metadata: { namespace, name, uid, resourceVersion } }: PolicyReport): Promise<void> {
    await this.#client.delete(resource, { name, namespace }, { uid, resourceVersion });
    this.#records.removed(reportKey(namespace, name));
    this.#onWrite('delete');
  }
}

/** What a replacement must agree with. */
const identityOf = (existing: ObjectMeta | undefined): Pick<ObjectMeta, 'uid' | 'resourceVersion'> => {
  const { uid, resourceVersion } = existing ?? {};
  return { ...(uid === undefined ? {} : { uid }), ...(resourceVersion === undefined ? {} : { resourceVersion }) };
};
