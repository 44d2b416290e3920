import { RESOURCES, type ApiResource } from '../api/api-resource.ts';
import type { KubeObject } from '../api/metadata.ts';
import type { SecurityPolicy } from '../api/kinds/security-policy.ts';
import type { Controller } from '../controller/controller.ts';
import { objectChanges, type ChangePredicate } from '../controller/object-changes.ts';
import { waiverId } from '../findings/waivers/waiver.ts';
import type { ReadClusterInfo } from '../kube/cluster-info.ts';
import type { ListClient } from '../kube/list.ts';
import type { ChangeType } from '../kube/watch/list-watch.ts';
import type { RecordTarget } from '../stream/stream-record.ts';
import type { ReportPublisher } from '../reports/publishing/report-publisher.ts';
import { exceptionController, type ExceptionDependencies } from './exception-controller.ts';
import { ExceptionEvidence, type ExceptionEvidenceDependencies } from './exception-evidence.ts';
import { deniesExcepted, type ExceptionStore } from './exception-store.ts';
import { ObjectLabels } from './object-labels.ts';
import { ReportExceptions } from './report-exceptions.ts';

/** The dependencies of {@link Exceptions}. */
export interface ExceptionsDependencies extends Omit<ExceptionDependencies, 'matchesOf' | 'store'>, ExceptionEvidenceDependencies {
  readonly client: ListClient & ExceptionEvidenceDependencies['client'];
  readonly publisher: Pick<ReportPublisher, 'applyWaivers' | 'updateEvidence'>;
  readonly clusterInfo: ReadClusterInfo;
  readonly store: ExceptionStore;
  /** Called with an object whose report lists only a part of its results: it must be evaluated again. */
  readonly onIncomplete: (target: RecordTarget) => void;
}

/** The controllers of exceptions: they apply exceptions to reports and to evidence, and write the status of exceptions. */
export class Exceptions {
  readonly #store: ExceptionStore;
  readonly #reports: ReportExceptions;
  readonly #statuses: Controller;
  readonly #evidence: ExceptionEvidence;
  /** By resource: whether a change concerns exceptions. */
  readonly #hasChanged = new Map<ApiResource, ChangePredicate<KubeObject>>();

  constructor(deps: ExceptionsDependencies) {
    const labels = new ObjectLabels(deps.client, deps.clusterInfo);
    this.#store = deps.store;
    this.#evidence = new ExceptionEvidence(deps);
    this.#reports = new ReportExceptions({
      ...deps,
      apply: (request) => {
        labels.clear();
        return deps.publisher.applyWaivers(request, {
          labelsOf: (target, signal) => labels.of(target, signal),
          onIncomplete: deps.onIncomplete,
        });
      },
      onMatches: (ids) => {
        for (const id of ids) this.#statuses.queue.add(id);
      },
      onChanged: (policies) => this.#evidence.enqueue(policies),
    });
    this.#statuses = exceptionController({ ...deps, matchesOf: (id) => this.#reports.matchesOf(id) });
  }

  /** The controllers to start. */
  get controllers(): readonly Controller[] {
    return [this.#reports.controller, this.#statuses, this.#evidence.controller];
  }

  /** Applies exceptions again after a watched object changed. Called for every change of an exception, a policy or a Namespace. */
  changed(resource: ApiResource, object: KubeObject, type: ChangeType): void {
    const isException = resource !== RESOURCES.policies && resource !== RESOURCES.namespaces;
    if (isException) this.#statuses.queue.add(waiverId({ metadata: object.metadata }));
    const hasChanged = this.#hasChanged.getOrInsertComputed(resource, () =>
      objectChanges((each) => JSON.stringify(relevantPart(resource, each))),
    );
    if (!hasChanged(object, type)) return;
    this.#store.invalidate();
    if (isException) this.#reports.enqueue(object.metadata.namespace);
    else if (resource === RESOURCES.policies) this.#policyChanged();
    else if (type === 'MODIFIED') this.#reports.enqueue(object.metadata.name);
  }

  /** Counts the findings that exceptions select again, after a report with exceptions changed. */
  reportChanged(namespace: string | undefined): void {
    this.#reports.recount(namespace);
  }

  /** Applies exceptions again after policies select other ValidatingAdmissionPolicies: exceptions may name these. */
  selectionChanged(): void {
    this.#store.invalidate();
    this.#policyChanged();
  }

  #policyChanged(): void {
    for (const id of this.#store.all().keys()) this.#statuses.queue.add(id);
    this.#reports.enqueue(undefined);
  }
}

/** Returns the part of a watched object that exceptions depend on. */
function relevantPart(resource: ApiResource, object: KubeObject): unknown {
  const { metadata } = object;
  if (resource === RESOURCES.namespaces) return metadata.labels ?? {};
  const { spec } = object as SecurityPolicy;
  if (resource === RESOURCES.policies)
    return [spec.exceptions, spec.admissionPolicies, (spec.rules ?? []).map(({ name }) => name), deniesExcepted(object as SecurityPolicy)];
  return [spec, metadata.labels ?? {}, metadata.creationTimestamp];
}
