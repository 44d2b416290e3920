import { RESOURCES } from '../../api/api-resource.ts';
import type { PolicyReport } from '../../api/kinds/policy-report.ts';
import { isConflict } from '../../kube/client/kube-api-error.ts';
import { listAll } from '../../kube/list.ts';
import { buildEvidence, evidenceName, FRAMEWORKS_SOURCE, alternativeEvidenceName, type EvidenceInput } from '../building/evidence.ts';
import { policyLabels, reportSelector } from '../identity/report-name.ts';
import type { ReportRecords } from './report-records.ts';
import type { ReportWriter, ReportClient } from './report-writer.ts';

/** The inputs of one evidence report, without its policy and its current state. */
export type DesiredEvidence = Omit<EvidenceInput, 'existing' | 'policy' | 'name'>;

/** Called if reports of other writers have both names that an evidence report may have. */
export type NamesTakenObserver = (policy: EvidenceInput['policy'], names: { readonly first: string; readonly other: string }) => void;

const tries = 4;

/** Writes the evidence reports of policies: one ClusterPolicyReport for each policy and framework. */
export class EvidencePublisher {
  readonly #client: ReportClient;
  readonly #writer: ReportWriter;
  readonly #records: ReportRecords;
  readonly #onNamesTaken: NamesTakenObserver;

  constructor(client: ReportClient, writer: ReportWriter, records: ReportRecords, onNamesTaken: NamesTakenObserver) {
    this.#client = client;
    this.#writer = writer;
    this.#records = records;
    this.#onNamesTaken = onNamesTaken;
  }

  /** Updates the evidence reports of one policy. Deletes the reports of frameworks that the policy no longer has. */
  async publish(policy: EvidenceInput['policy'], desired: readonly DesiredEvidence[]): Promise<void> {
    const left = await this.#existing(policy.name);
    for (const each of desired) {
      const name = evidenceName(policy.name, each.framework);
      const other = alternativeEvidenceName(policy.name, each.framework);
      await this.#update({ ...each, policy }, [left.get(name) ?? left.get(other), name, other]);
      for (const used of [name, other]) left.delete(used);
    }
    for (const report of left.values()) await this.#writer.remove(RESOURCES.clusterReports, report);
  }

  /** Updates one evidence report of a policy by a function. Returns the report after it, or undefined if there is none. */
  async update(
    policy: string,
    framework: EvidenceInput['framework'],
    change: (report: PolicyReport) => PolicyReport | undefined,
  ): Promise<PolicyReport | undefined> {
    const names = [evidenceName(policy, framework), alternativeEvidenceName(policy, framework)];
    for (let attempt = 1; ; attempt++) {
      const { existing } = (await this.#ownPlace(names)) ?? {};
      if (!existing) return undefined;
      const report = change(existing);
      if (!report) return existing;
      try {
        await this.#writer.write(RESOURCES.clusterReports, report, existing);
        return report;
      } catch (error) {
        if (!isConflict(error) || attempt === tries) throw error;
      }
    }
  }

  /** Returns the evidence reports that Vigil wrote for a policy, by name. */
  async #existing(policy: string): Promise<Map<string, PolicyReport>> {
    const found = new Map<string, PolicyReport>();
    for (const label of policyLabels(policy)) {
      const labelSelector = `${reportSelector(FRAMEWORKS_SOURCE)},${label}`;
      for (const report of await listAll<PolicyReport>(this.#client, RESOURCES.clusterReports, { labelSelector }))
        if (this.#records.ownership(report) !== 'foreign') found.set(report.metadata.name, report);
    }
    return found;
  }

  async #update(
    input: Omit<EvidenceInput, 'existing' | 'name'>,
    [known, first, other]: readonly [PolicyReport | undefined, string, string],
  ): Promise<void> {
    let [existing, name] = [known, known?.metadata.name ?? first];
    for (let attempt = 1; ; attempt++) {
      const report = buildEvidence({ ...input, name, existing });
      if (!report) return;
      try {
        await this.#writer.write(RESOURCES.clusterReports, report, existing);
        return;
      } catch (error) {
        if (!isConflict(error) || attempt === tries) throw error;
        const place = await this.#ownPlace(new Set([name, other]));
        if (!place) {
          this.#onNamesTaken(input.policy, { first, other });
          return;
        }
        ({ name, existing } = place);
      }
    }
  }

  /** Reads the first of the names that no report of another writer has. Returns undefined if other writers have all of them. */
  async #ownPlace(names: Iterable<string>): Promise<{ readonly name: string; readonly existing: PolicyReport | undefined } | undefined> {
    for (const name of names) {
      const existing = await this.#writer.read(RESOURCES.clusterReports, { name });
      if (!existing || this.#records.ownership(existing) !== 'foreign') return { name, existing };
    }
    return undefined;
  }
}
