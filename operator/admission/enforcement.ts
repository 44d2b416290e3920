import { RESOURCES } from '../api/api-resource.ts';
import { FIELD_MANAGERS } from '../api/field-managers.ts';
import { LABELS, MANAGED_BY } from '../api/group.ts';
import type { EnforcementStatus } from '../api/kinds/policy-enforcement.ts';
import type { SecurityPolicy } from '../api/kinds/security-policy.ts';
import type { KubeObject } from '../api/metadata.ts';
import { shortHash } from '../api/short-hash.ts';
import { Controller, type ControllerBasics, type ReconcileResult } from '../controller/controller.ts';
import type { EventRecorder } from '../controller/event-recorder.ts';
import { objectChanges } from '../controller/object-changes.ts';
import { updateStatus, type StatusWriterDependencies } from '../controller/status-writer.ts';
import { watches, watchesFor } from '../controller/watched-resource.ts';
import { compilePolicy, type CompiledPolicy } from '../engine/compiled-policy.ts';
import { ResourceIndex } from '../engine/objects/resource-index.ts';
import { isConflict, isForbidden, isNotFound } from '../kube/client/kube-api-error.ts';
import { messageOf } from '../kube/client/kube-request.ts';
import type { KubeClient } from '../kube/client/kube-client.ts';
import type { ReadClusterInfo } from '../kube/cluster-info.ts';
import type { Lister } from '../kube/watch/lister.ts';
import { enforcementStatus, failedStatus } from './enforcement-status.ts';
import { ObjectChanged, syncObjects, type EnforcementWrite, type SyncResult } from './enforcement-sync.ts';
import { EnforcementWatch } from './enforcement-watch.ts';
import { mostBytes, type FittedParameters, type ParameterContent, parametersOf } from './objects/parameters.ts';
import { enforcementObjects, type EnforcementObjects } from './objects/enforcement-objects.ts';
import { ownerReference, parametersName } from './objects/policy-draft.ts';
import type { NamespaceLabels } from './objects/namespace-match.ts';
import type { EnforcedChecks, ReadApprovalsInForce, ReadWaiversInForce } from './parameters-in-force.ts';

/** The dependencies of {@link Enforcement}. */
export interface EnforcementDependencies extends Omit<StatusWriterDependencies, 'log'>, ControllerBasics {
  readonly client: KubeClient;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly policies: Pick<Lister<SecurityPolicy>, 'get' | 'list'>;
  readonly clusterInfo: ReadClusterInfo;
  /** All namespaces with their labels. Undefined until they are known. */
  readonly existingNamespaces: () => readonly NamespaceLabels[] | undefined;
  /** Includes Vigil's namespace. */
  readonly systemNamespaces: readonly string[];
  /** Vigil's namespace. */
  readonly namespace: string;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly waiversInForce: ReadWaiversInForce;
  readonly approvalsInForce: ReadApprovalsInForce;
  /** Called for each write, for metrics. */
  readonly onEnforcementWrite: (write: EnforcementWrite) => void;
}

/** Milliseconds until the objects are compared again, if no change is seen. */
const resync = 60_000;
/** Milliseconds until the status shows that somebody gave the rights, applied the CRD or labelled a namespace: a `kubectl wait` of 30 seconds must see it. */
const shortInterval = 10_000;
/** Milliseconds until the status of admission policies is read again after they were written. */
const statusInterval = 1000;
/** The part of the size limit of the parameters from which an Event warns. */
const nearLimit = 0.8;
/** The component of the kustomization with the rights of the operator for enforcement. */
const component = 'config/components/enforcement';

/**
 * Enforces policies with `spec.enforcement`: keeps their ValidatingAdmissionPolicies, bindings and parameters as the policy wants them, also if
 * someone else edits or deletes them, and writes `status.enforcement`. The objects are owned by the policy, so that Kubernetes deletes them
 * with it.
 */
export class Enforcement {
  readonly controller: Controller;
  readonly #own: EnforcementDependencies;
  readonly #watch: EnforcementWatch;
  /** The policies without enforcement of which this process knows that they have no objects. */
  readonly #clean = new Set<string>();

  constructor(own: EnforcementDependencies) {
    this.#own = own;
    // The status is part of the key: a reconcile that read the cache before its own last write arrived there is repeated.
    const hasChanged = objectChanges<SecurityPolicy>(({ metadata: { generation, deletionTimestamp }, status }) =>
      JSON.stringify([generation, deletionTimestamp, status?.enforcement]),
    );
    const enforcing = (reads: (spec: SecurityPolicy['spec']) => boolean) => (): readonly string[] =>
      own.policies.list().flatMap(({ metadata, spec }) => (spec.enforcement !== undefined && reads(spec) ? metadata.name : []));
    const waiving = enforcing(({ exceptions }) => exceptions?.allow === 'All');
    const approving = enforcing(({ images }) => images?.approval?.required === true);
    this.controller = new Controller({
      name: 'enforcement',
      log: own.log,
      observe: own.observe,
      workers: 4,
      watches: [
        watchesFor(RESOURCES.policies, (policy, type) => hasChanged(policy as SecurityPolicy, type)),
        watches(RESOURCES.exceptions, waiving),
        watches(RESOURCES.clusterExceptions, waiving),
        watches(RESOURCES.imageApprovals, approving),
      ],
      reconcile: (name) => this.#reconcile(name),
    });
    this.#watch = new EnforcementWatch(
      own.client,
      (policy) => this.controller.queue.add(policy),
      (error, resource) => own.log.warn({ err: error, resource: resource.resource }, 'watch failed; retrying'),
    );
  }

  /** Stops the watches of the enforcing objects. */
  stop(): Promise<void> {
    return this.#watch.stop();
  }

  async #reconcile(name: string): Promise<ReconcileResult> {
    const policy = this.#own.policies.get(name);
    // Kubernetes deletes the objects of a deleted policy, since the policy owns them.
    if (policy === undefined || policy.metadata.deletionTimestamp !== undefined) return {};
    if ((policy.spec.enforcement ?? []).length === 0) return this.#remove(policy);
    this.#clean.delete(policy.metadata.uid ?? '');
    try {
      return await this.#enforce(policy);
    } catch (error) {
      return this.#unwritten(policy, error);
    }
  }

  /** Handles an error of a write. Throws errors that a retry with back-off may mend. */
  async #unwritten(policy: SecurityPolicy, error: unknown): Promise<ReconcileResult> {
    if (isConflict(error) || error instanceof ObjectChanged) return { requeueAfter: statusInterval };
    if (isNotFound(error)) {
      await this.#failed(policy, {
        reason: 'MissingKind',
        problems: [
          `the API server does not serve a kind that enforcement needs: apply the CRD admissionparameters.vigil.dev of this version (${messageOf(error)})`,
        ],
      });
      return { requeueAfter: shortInterval };
    }
    if (!isForbidden(error)) throw error;
    await this.#failed(policy, {
      reason: 'MissingRights',
      problems: [`the operator may not write admission policies: apply ${component} (${messageOf(error)})`],
    });
    return { requeueAfter: shortInterval };
  }

  async #enforce(policy: SecurityPolicy): Promise<ReconcileResult> {
    const { name } = policy.metadata;
    const { clusterInfo, systemNamespaces, namespace, client } = this.#own;
    const { kubernetesVersion, resources } = await clusterInfo();
    const compiled = compilePolicy(
      { name, spec: policy.spec },
      { kubernetesVersion, resources, systemNamespaces },
      new ResourceIndex(resources),
    );
    if (!('owner' in compiled)) {
      const { policies = 0 } = policy.status?.enforcement ?? {};
      const stays = `${policies} admission policies of an earlier generation stay in force, with the exceptions and approvals that were in force then: fix the policy, or remove spec.enforcement`;
      const problems = [...compiled.map(({ path, message }) => `${path}: ${message}`), ...(policies > 0 ? [stays] : [])];
      await this.#failed(policy, { reason: 'InvalidPolicy', problems });
      return {};
    }
    const operator = `system:serviceaccount:${namespace}:vigil-operator`;
    const made = enforcementObjects(policy, compiled, {
      served: resources,
      systemNamespaces,
      operator,
      namespaces: this.#own.existingNamespaces(),
    });
    const { parameters, content, until } = this.#parameters(policy, compiled, made);
    const synced = await syncObjects(client, policy, { parameters, policies: made.policies, bindings: made.bindings });
    this.#watch.start();
    this.#report(policy, synced);
    const status = enforcementStatus({ generation: policy.metadata.generation ?? 0, now: this.#own.clock() }, made, synced, content);
    await this.#write(policy, status);
    this.#reportSize(policy, content);
    return { requeueAfter: Math.max(0, Math.min(nextLook(status), until - this.#own.clock())) };
  }

  /** Records an Event when the parameters come near the limit of an object. */
  #reportSize(policy: SecurityPolicy, content: FittedParameters | undefined): void {
    const near = mostBytes * nearLimit;
    const before = policy.status?.enforcement?.parametersBytes ?? 0;
    if (content === undefined || content.bytes < near || before >= near) return;
    this.#own.events.record(RESOURCES.policies, policy, {
      type: 'Warning',
      reason: 'ParametersNearLimit',
      message: `AdmissionParameters ${parametersName(policy.metadata.name)} has ${content.bytes} of at most ${mostBytes} bytes, with ${content.digests} approved digests: delete ImageApprovals and exceptions that are not used any more`,
    });
  }

  /** The parameters of the policy with the exceptions and approvals in force, if its admission policies read any. `until`: when they change. */
  #parameters(
    policy: SecurityPolicy,
    compiled: CompiledPolicy,
    made: EnforcementObjects,
  ): { readonly parameters: readonly KubeObject[]; readonly content?: FittedParameters; readonly until: number } {
    if (!(made.waives || made.approves) || made.policies.length === 0) return { parameters: [], until: Infinity };
    const { waivers, images, until } = this.#inForce(policy, compiled, made);
    const content = parametersOf({ waivers, images });
    const name = policy.metadata.name;
    const metadata = {
      name: parametersName(name),
      labels: { [LABELS.managedBy]: MANAGED_BY, [LABELS.enforces]: shortHash(name, 20) },
      ownerReferences: [ownerReference(policy)],
    };
    return { parameters: [{ metadata, ...content.body }], content, until };
  }

  #inForce(
    policy: SecurityPolicy,
    compiled: CompiledPolicy,
    { waives, approves, enforced }: EnforcementObjects,
  ): ParameterContent & { readonly until: number } {
    const now = this.#own.clock();
    const none = { until: undefined, waivers: undefined, images: undefined };
    const exceptions = waives ? this.#own.waiversInForce(policy, severitiesOf(policy, compiled, enforced), now) : none;
    const approvals = approves ? this.#own.approvalsInForce(now) : none;
    const until = Math.min(exceptions.until ?? Infinity, approvals.until ?? Infinity);
    return { waivers: exceptions.waivers, images: approvals.images, until };
  }

  /** Deletes what an earlier generation enforced. Lists the objects once for each policy and process. */
  async #remove(policy: SecurityPolicy): Promise<ReconcileResult> {
    const { uid = '' } = policy.metadata;
    const isEnforced = policy.status?.enforcement !== undefined;
    if (!isEnforced && this.#clean.has(uid)) return {};
    try {
      this.#report(policy, await syncObjects(this.#own.client, policy, { parameters: [], policies: [], bindings: [] }));
    } catch (error) {
      // An operator without the right to list the objects never wrote any.
      if (isEnforced || !(isForbidden(error) || isNotFound(error))) throw error;
    }
    this.#clean.add(uid);
    if (isEnforced) await this.#write(policy, undefined);
    return {};
  }

  /** Counts the writes. Records an Event for objects that someone else changed: the generation was enforced before. */
  #report(policy: SecurityPolicy, { writes }: SyncResult): void {
    for (const write of writes) this.#own.onEnforcementWrite(write);
    const { observedGeneration, policies = 0 } = policy.status?.enforcement ?? {};
    const repaired = writes.filter(({ operation, kind }) => operation !== 'delete' && kind !== RESOURCES.admissionParameters.kind);
    if (observedGeneration !== policy.metadata.generation || policies === 0 || repaired.length === 0) return;
    const names = repaired.map(({ kind, name, operation }) => `${kind} ${name} (${operation === 'create' ? 'deleted' : 'changed'})`);
    this.#own.events.record(RESOURCES.policies, policy, {
      type: 'Warning',
      reason: 'EnforcementRestored',
      message: `admission policies were not as SecurityPolicy ${policy.metadata.name} wants them, and Vigil restored them: ${names.slice(0, 5).join(', ')}`,
    });
  }

  async #failed(policy: SecurityPolicy, failure: Parameters<typeof failedStatus>[2]): Promise<void> {
    await this.#write(policy, failedStatus(policy.status?.enforcement, policy.metadata.generation ?? 0, failure));
  }

  async #write(policy: SecurityPolicy, enforcement: EnforcementStatus | undefined): Promise<void> {
    const written = await updateStatus(this.#own, RESOURCES.policies, policy, {
      manager: FIELD_MANAGERS.admission,
      compute: () => (enforcement === undefined ? {} : { enforcement }),
    });
    if (written === undefined || enforcement?.reason === undefined) return;
    this.#own.events.record(RESOURCES.policies, written, {
      type: 'Warning',
      reason: enforcement.reason,
      message: (enforcement.problems ?? []).join('; '),
    });
  }
}

/** Returns the milliseconds until the objects are compared again. */
function nextLook({ inForce, policies, unmatchedEntries = [] }: EnforcementStatus): number {
  if (inForce < policies) return statusInterval;
  return unmatchedEntries.length > 0 ? shortInterval : resync;
}

/** Returns the enforced checks, each with its severity in the policy. */
function severitiesOf({ spec }: SecurityPolicy, { controls }: CompiledPolicy, enforced: readonly string[]): EnforcedChecks {
  const severities = [
    ...controls.map(({ control, severity }) => [control.id, severity] as const),
    ...(spec.rules ?? []).map(({ name, severity }) => [name, severity ?? 'medium'] as const),
  ];
  return new Map(severities.filter(([check]) => enforced.includes(check)));
}
