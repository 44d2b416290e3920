import { RESOURCES } from '../api/api-resource.ts';
import { FIELD_MANAGERS } from '../api/field-managers.ts';
import type { FrameworkStatus } from '../api/kinds/policy-status.ts';
import type { SecurityPolicy } from '../api/kinds/security-policy.ts';
import { resolveFramework } from '../catalogue/frameworks/framework.ts';
import { Controller, type ControllerBasics, type ReconcileResult } from '../controller/controller.ts';
import { updateStatus, type StatusWriterDependencies } from '../controller/status-writer.ts';
import type { ListClient } from '../kube/list.ts';
import type { Lister } from '../kube/watch/lister.ts';
import { exceptedEvidence, statesIn } from '../reports/building/evidence.ts';
import type { ReportPublisher } from '../reports/publishing/report-publisher.ts';
import { failuresInReports } from '../reports/sweeping/kept-failures.ts';

/** Milliseconds to wait for more changed reports of a policy. */
const debounce = 500;

/** The dependencies of {@link ExceptionEvidence}. */
export interface ExceptionEvidenceDependencies extends ControllerBasics, StatusWriterDependencies {
  readonly log: ControllerBasics['log'];
  readonly client: ListClient & StatusWriterDependencies['client'];
  readonly policies: Pick<Lister<SecurityPolicy>, 'get'>;
  readonly publisher: Pick<ReportPublisher, 'updateEvidence'>;
}

/** Updates the evidence and the requirement counts of policies after exceptions changed their reports. A key is the name of a policy. */
export class ExceptionEvidence {
  readonly controller: Controller;
  readonly #deps: ExceptionEvidenceDependencies;

  constructor(deps: ExceptionEvidenceDependencies) {
    this.#deps = deps;
    this.controller = new Controller({
      name: 'exception-evidence',
      log: deps.log,
      observe: deps.observe,
      reconcile: (key, { signal }) => this.#reconcile(key, signal),
    });
  }

  /** Enqueues policies whose reports changed. */
  enqueue(policies: Iterable<string>): void {
    for (const policy of policies)
      if ((this.#deps.policies.get(policy)?.spec.frameworks ?? []).length > 0) this.controller.queue.addAfter(policy, debounce);
  }

  async #reconcile(name: string, signal: AbortSignal): Promise<ReconcileResult> {
    const { client, policies, publisher } = this.#deps;
    const policy = policies.get(name);
    const rows = policy?.status?.frameworks ?? [];
    if (!policy || rows.length === 0) return {};
    const tallies = await failuresInReports(client, name, signal);
    // A report that does not list all its results may have failures that are not covered. The next scan updates the evidence.
    if (tallies.isIncomplete) return {};
    const updated: FrameworkStatus[] = [];
    for (const row of rows) {
      const resolved = resolveFramework(row.name, row.version, undefined);
      const report = resolved.ok
        ? await publisher.updateEvidence(name, resolved.framework, (existing) => exceptedEvidence(existing, resolved.framework, tallies))
        : undefined;
      updated.push(report ? { ...row, ...statesIn(report) } : row);
    }
    await updateStatus(this.#deps, RESOURCES.policies, policy, {
      manager: FIELD_MANAGERS.scans,
      compute: ({ status }) => ({ ...status, frameworks: isSameScan(status?.frameworks, rows) ? updated : (status?.frameworks ?? []) }),
      signal,
    });
    return {};
  }
}

/** Whether no scan has updated the requirement counts since they were read. */
const isSameScan = (now: readonly FrameworkStatus[] = [], read: readonly FrameworkStatus[]): boolean =>
  JSON.stringify(now.map(({ lastEvaluatedTime }) => lastEvaluatedTime)) ===
  JSON.stringify(read.map(({ lastEvaluatedTime }) => lastEvaluatedTime));
