import type { ApiResource } from '../api/api-resource.ts';
import { ownKinds } from '../api/crds/own-kinds.ts';
import { reportKinds } from '../api/crds/report-kinds.ts';
import { type KindDefinition } from '../api/crds/kind-definition.ts';
import { crdProblem, type CrdProblem, type ServedCrd } from '../api/crds/crd-skew.ts';
import { Controller, type ControllerOptions, type ReconcileResult } from '../controller/controller.ts';
import type { EventRecorder } from '../controller/event-recorder.ts';
import { isForbidden, isNotFound } from '../kube/client/kube-api-error.ts';
import type { KubeClient } from '../kube/client/kube-client.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/** Milliseconds between checks. CRDs change with an upgrade, or by hand. */
const intervals = { healthy: 3_600_000, unhealthy: 30_000 };

/** The only key of the controller. */
const check = 'check';

const definitions: ApiResource = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  resource: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
};

/** The dependencies of the CRD check. */
export interface CrdCheckDependencies {
  readonly client: Pick<KubeClient, 'get'>;
  readonly log: Logger;
  readonly metrics: Pick<Metrics, 'crdProblems'>;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly observe?: ControllerOptions['observe'];
  /** Called when the problems changed: objects that depend on the CRDs are to be reconciled again. */
  readonly onChange: () => void;
}

/**
 * Compares the CRDs of the cluster with those of this version: at the start, hourly, and on {@link check}. Reports each problem by a log line,
 * a Warning Event and a metric. Policies report the {@link problems} as `Ready=False`. Does not change the CRDs.
 */
export class CrdCheck {
  readonly controller: Controller;
  readonly #own: CrdCheckDependencies;
  #problems: readonly CrdProblem[] = [];

  constructor(own: CrdCheckDependencies) {
    this.#own = own;
    this.controller = new Controller({ name: 'crds', log: own.log, observe: own.observe, reconcile: () => this.#reconcile() });
    this.controller.queue.add(check);
  }

  /** The problems that the last check found. */
  get problems(): readonly CrdProblem[] {
    return this.#problems;
  }

  /** Checks the CRDs now. Returns the problems. Throws `KubeApiError` if a CRD cannot be read. */
  async check(): Promise<readonly CrdProblem[]> {
    const found = await Promise.all([...ownKinds, ...reportKinds].map((kind) => this.#problemOf(kind)));
    const problems = found.filter((problem) => problem !== undefined);
    const before = this.#problems;
    this.#problems = problems;
    if (JSON.stringify(before) !== JSON.stringify(problems)) this.#report(before, problems);
    return problems;
  }

  async #reconcile(): Promise<ReconcileResult> {
    const problems = await this.check();
    return { requeueAfter: problems.length > 0 ? intervals.unhealthy : intervals.healthy };
  }

  async #problemOf(kind: KindDefinition): Promise<CrdProblem | undefined> {
    const name = `${kind.plural}.${kind.group}`;
    try {
      return crdProblem(kind, await this.#own.client.get<ServedCrd>(definitions, { name }));
    } catch (error) {
      if (isNotFound(error)) return crdProblem(kind, undefined);
      if (!isForbidden(error)) throw error;
      this.#own.log.warn({ err: error, crd: name }, 'not allowed to read the CRD, so its version is unknown: apply config/base/rbac.yaml');
      return undefined;
    }
  }

  #report(before: readonly CrdProblem[], problems: readonly CrdProblem[]): void {
    const { log, metrics, events, onChange } = this.#own;
    for (const { crd } of before) metrics.crdProblems.remove({ crd });
    for (const { crd, reason, message } of problems) {
      metrics.crdProblems.set({ crd }, 1);
      log.error({ crd, reason, message }, 'CRD is missing or of another version');
      events.record(definitions, { metadata: { name: crd } }, { type: 'Warning', reason, message });
    }
    if (problems.length === 0) log.info({ crds: before.map(({ crd }) => crd) }, 'CRDs match this version again');
    onChange();
  }
}
