import { RESOURCES, type ApiResource } from '../api/api-resource.ts';
import { FIELD_MANAGERS } from '../api/field-managers.ts';
import type { ObjectMeta } from '../api/metadata.ts';
import type { PolicyReport, ReportResult } from '../api/policy-report.ts';
import type { SeverityCounts } from '../api/security-policy.ts';
import { isConflict, isInvalid, isNamespaceGoing, isNotFound } from '../kube/kube-api-error.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import { listAll, listPages } from '../kube/list.ts';
import { buildEvidence, evidenceName, FRAMEWORKS_SOURCE, type EvidenceInput } from '../report/evidence.ts';
import { concurrently } from './concurrently.ts';
import { buildReport, withoutPolicy, type ReportInput } from '../report/report-builder.ts';
import { changeOf, newFailures, type ReportChange } from '../report/report-change.ts';
import { policyLabel, reportKey, reportName, reportSelector } from '../report/report-name.ts';
import { addSeverities, emptySeverities } from '../scan/tally.ts';

/** A report to bring up to date. */
export type ReportWish = Omit<ReportInput, 'existing'>;

/** What publishing did. */
export interface Published {
  /** Reports that were written; an unchanged one is not. */
  readonly written: number;
  readonly unchanged: number;
  readonly new: SeverityCounts;
  readonly fixed: SeverityCounts;
  /** The version of each report that now says what was wished, as `reportKey` names them. */
  readonly versions: ReadonlyMap<string, string>;
  /** Reports that the server refuses as they are, and why: another try cannot help. */
  readonly refused: readonly { readonly wish: ReportWish; readonly message: string }[];
}

/** Told of failures that a report did not have before it was written. */
export type FindingObserver = (target: ReportWish['target'], failures: readonly ReportResult[]) => void;

/** Told of each write, for metrics. */
export type WriteObserver = (operation: 'write' | 'delete') => void;

const byReports = { manager: FIELD_MANAGERS.reports };
const conflictTries = 4;
/** So many reports are read one by one. */
const few = 3;
/** Writes what is wished over what is there. */
type BringUp = (wish: ReportWish, existing: PolicyReport | undefined) => Promise<void>;

/** Reports a page of a list: few, since some are long. */
const pageSize = 50;
/** A list is read on while one in so many is a wanted report. */
const readAhead = 3;
/** So many reports are read before that is asked. */
const grace = 100;
/** Reports that are written at the same time. */
const writers = 8;

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
  readonly #found: FindingObserver;

  constructor(client: KubeClient, observe: WriteObserver = () => undefined, found: FindingObserver = () => undefined) {
    this.#client = client;
    this.#observe = observe;
    this.#found = found;
  }

  /**
   * Brings the reports about these objects up to date. Throws on the first that cannot be written for now; a repetition goes on
   * from there and counts the same. What lies in a namespace that is going, goes with it.
   */
  async publish(wishes: readonly ReportWish[]): Promise<Published> {
    const total = { written: 0, unchanged: 0, new: emptySeverities(), fixed: emptySeverities() };
    const refused: { wish: ReportWish; message: string }[] = [];
    const versions = new Map<string, string>();
    const bringUp = async (wish: ReportWish, existing: PolicyReport | undefined): Promise<void> => {
      try {
        const outcome = await this.#bringUp(wish, existing);
        total.written += outcome.written;
        versions.set(reportKey(homeOf(wish.target).namespace, reportName(wish.source, wish.target)), outcome.version);
        total.unchanged += 1 - outcome.written;
        total.new = addSeverities(total.new, outcome.new);
        total.fixed = addSeverities(total.fixed, outcome.fixed);
      } catch (error) {
        if (isNamespaceGoing(error)) return;
        if (!isInvalid(error)) throw error;
        refused.push({ wish, message: error instanceof Error ? error.message : String(error) });
      }
    };
    for (const group of Map.groupBy(wishes, ({ target }) => homeOf(target).namespace).values()) await this.#publishInto(group, bringUp);
    return { ...total, versions, refused };
  }

  /** Brings the evidence of one policy up to date: a report a framework, and none of frameworks that it asks for no more. */
  async publishEvidence(policy: EvidenceInput['policy'], wishes: readonly Omit<EvidenceInput, 'existing' | 'policy'>[]): Promise<void> {
    const labelSelector = `${reportSelector(FRAMEWORKS_SOURCE)},${policyLabel(policy.name)}`;
    const left = new Map<string, PolicyReport>();
    for (const report of await listAll<PolicyReport>(this.#client, RESOURCES.clusterReports, { labelSelector }))
      left.set(report.metadata.name, report);
    for (const wish of wishes) {
      const name = evidenceName(policy.name, wish.framework);
      const report = buildEvidence({ ...wish, policy, existing: left.get(name) });
      left.delete(name);
      if (!report) continue;
      await this.#client.apply(RESOURCES.clusterReports, report, byReports);
      this.#observe('write');
    }
    for (const { metadata } of left.values()) {
      const { name, uid, resourceVersion } = metadata;
      await this.#client.delete(RESOURCES.clusterReports, { name }, { uid, resourceVersion });
      this.#observe('delete');
    }
  }

  /**
   * Brings up reports that lie in one place, each with what is there of it: by a list where most of that is wanted, of which one
   * page at a time is held, else one by one.
   */
  async #publishInto(group: readonly ReportWish[], bringUp: BringUp): Promise<void> {
    const wanted = Map.groupBy(group, ({ source, target }) => reportName(source, target));
    const take = async (name: string, report: PolicyReport | undefined): Promise<void> => {
      const wishes = wanted.get(name) ?? [];
      wanted.delete(name);
      for (const wish of wishes) await bringUp(wish, report);
    };
    const whole = wanted.size > few && (await this.#takeListed(group, wanted, take));
    await concurrently([...wanted.keys()], writers, async (name) => take(name, whole ? undefined : await this.#readAt(group, name)));
  }

  /** Takes the reports that are wanted out of a list, read on while it holds enough of them. Returns whether the list was read to its end. */
  async #takeListed(
    group: readonly ReportWish[],
    wanted: ReadonlyMap<string, unknown>,
    take: (name: string, report: PolicyReport) => Promise<void>,
  ): Promise<boolean> {
    const [{ source, target }] = group as readonly [ReportWish];
    const { resource, namespace } = homeOf(target);
    const labelSelector = reportSelector(source);
    const all = wanted.size;
    let read = 0;
    for await (const { items, next } of listPages<PolicyReport>(this.#client, resource, { namespace, labelSelector, limit: pageSize })) {
      const found = items.filter(({ metadata }) => wanted.has(metadata.name));
      await concurrently(found, writers, (report) => take(report.metadata.name, report));
      read += items.length;
      if (next !== undefined && (wanted.size === 0 || read > (all - wanted.size) * readAhead + grace)) return false;
    }
    return true;
  }

  #readAt([first]: readonly ReportWish[], name: string): Promise<PolicyReport | undefined> {
    const { resource, namespace } = homeOf((first as ReportWish).target);
    return this.#read(resource, { namespace, name });
  }

  async #bringUp(input: ReportWish, known: PolicyReport | undefined): Promise<ReportChange & { written: 0 | 1; version: string }> {
    const { resource, namespace } = homeOf(input.target);
    let existing = known;
    for (let attempt = 1; ; attempt++) {
      const report = buildReport({ ...input, existing });
      if (!report) return { written: 0, version: existing?.metadata.resourceVersion ?? '', ...changeOf(existing, input.scan) };
      try {
        const { metadata } = await this.#client.apply<PolicyReport>(resource, report, byReports);
        this.#observe('write');
        const failures = newFailures(existing, report);
        if (failures.length > 0) this.#found(input.target, failures);
        return { written: 1, version: metadata.resourceVersion ?? '', ...changeOf(report, input.scan) };
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

  /**
   * Takes policies out of one report, and removes it when it holds nothing else. `isWanted` is asked for each policy whenever the
   * report was read: what it says last counts. Returns whether that changed anything.
   */
  async withdraw(
    resource: ApiResource,
    { namespace, name }: Pick<ObjectMeta, 'namespace' | 'name'>,
    policies: readonly string[],
    isWanted: (policy: string) => boolean = () => true,
  ): Promise<boolean> {
    for (let attempt = 1; ; attempt++) {
      const report = await this.#read(resource, { namespace, name });
      if (!report) return false;
      try {
        return (await this.#without(resource, report, policies.filter(isWanted))) === 1;
      } catch (error) {
        // What lies in a namespace that is going, goes with it.
        if (isNamespaceGoing(error)) return false;
        if (!isConflict(error) || attempt === conflictTries) throw error;
      }
    }
  }

  async #without(resource: ApiResource, report: PolicyReport, policies: readonly string[]): Promise<0 | 1> {
    const { name, namespace, uid, resourceVersion, labels, annotations, ownerReferences } = report.metadata;
    const rest = policies.reduce<PolicyReport | undefined>((left, policy) => left && withoutPolicy(left, policy), report);
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
    await this.#client.apply(resource, { ...rest, metadata }, byReports);
    this.#observe('write');
    return 1;
  }
}
