import { RESOURCES } from '../../api/api-resource.ts';
import type { PolicyReport } from '../../api/policy-report.ts';
import { isConflict } from '../../kube/kube-api-error.ts';
import type { KubeClient } from '../../kube/kube-client.ts';
import { listAll } from '../../kube/list.ts';
import { buildEvidence, evidenceName, FRAMEWORKS_SOURCE, alternativeEvidenceName, type EvidenceInput } from '../building/evidence.ts';
import { policyLabels, reportSelector } from '../identity/report-name.ts';
import type { ReportRecords } from './report-records.ts';
import type { ReportWriter } from './report-writer.ts';

/** Evidence to bring up to date. */
export type DesiredEvidence = Omit<EvidenceInput, 'existing' | 'policy' | 'name'>;

const tries = 4;

/** Writes the evidence of policies, a ClusterPolicyReport for each framework. */
export class EvidencePublisher {
  readonly #client: KubeClient;
  readonly #writer: ReportWriter;
  readonly #records: ReportRecords;

  constructor(client: KubeClient, writer: ReportWriter, records: ReportRecords) {
    this.#client = client;
    this.#writer = writer;
    this.#records = records;
  }

  /** Brings the evidence of one policy up to date, and removes that of frameworks that the policy asks for no more. */
  async publish(policy: EvidenceInput['policy'], desired: readonly DesiredEvidence[]): Promise<void> {
    const left = await this.#existing(policy.name);
    for (const each of desired) {
      const name = evidenceName(policy.name, each.framework);
      const other = alternativeEvidenceName(policy.name, each.framework);
      await this.#bringUp({ ...each, policy }, [left.get(name) ?? left.get(other), name, other]);
      for (const used of [name, other]) left.delete(used);
    }
    for (const report of left.values()) await this.#writer.remove(RESOURCES.clusterReports, report);
  }

  /** The evidence that Vigil wrote for a policy, by name. */
  async #existing(policy: string): Promise<Map<string, PolicyReport>> {
    const found = new Map<string, PolicyReport>();
    for (const label of policyLabels(policy)) {
      const labelSelector = `${reportSelector(FRAMEWORKS_SOURCE)},${label}`;
      for (const report of await listAll<PolicyReport>(this.#client, RESOURCES.clusterReports, { labelSelector }))
        if (this.#records.ownership(report) !== 'foreign') found.set(report.metadata.name, report);
    }
    return found;
  }

  async #bringUp(
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
        existing = await this.#writer.read(RESOURCES.clusterReports, { name });
        if (!existing || this.#records.ownership(existing) !== 'foreign') continue;
        // Another's report has the name.
        name = other;
        existing = await this.#writer.read(RESOURCES.clusterReports, { name });
      }
    }
  }
}
