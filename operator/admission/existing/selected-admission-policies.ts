import { setTimeout as sleep } from 'node:timers/promises';
import { RESOURCES } from '../../api/api-resource.ts';
import type { SecurityPolicy } from '../../api/kinds/security-policy.ts';
import { labelMatch } from '../../api/label-match.ts';
import { Controller, type ControllerBasics, type ReconcileResult } from '../../controller/controller.ts';
import { objectChanges } from '../../controller/object-changes.ts';
import { watches } from '../../controller/watched-resource.ts';
import {
  type ExistingPolicies,
  noSelectedRules,
  selectedRules,
  type SelectedRules,
  type SelectedRulesOf,
} from '../../engine/admission-policies/selected-rules.ts';
import type { ReadClusterInfo } from '../../kube/cluster-info.ts';
import type { Lister } from '../../kube/watch/lister.ts';
import type { WatchClient } from '../../kube/watch/watch-stream.ts';
import { existingOf } from './existing-objects.ts';
import { ObjectCache } from './object-cache.ts';
import { ParameterCaches, wantedParameters } from './parameter-caches.ts';

/** The dependencies of {@link SelectedAdmissionPolicies}. */
export interface SelectedAdmissionPoliciesDependencies extends ControllerBasics {
  readonly client: WatchClient;
  readonly policies: Pick<Lister<SecurityPolicy>, 'list'>;
  readonly clusterInfo: ReadClusterInfo;
  /** Milliseconds without data after which a watch counts as broken. */
  readonly watchSilence: number;
  /** Milliseconds between two changes of what policies are evaluated by: each change is followed by Scans. Default: 5000. */
  readonly changeInterval?: number;
  /** Called after the selected policies, their bindings or parameters have changed, with the names of the SecurityPolicies that select some. */
  readonly onSelectionChange: (policies: readonly string[]) => void;
}

/** What was read of the cluster. */
interface Known {
  /** The selectors whose policies were read, as JSON. */
  readonly selectors: ReadonlySet<string>;
  readonly fingerprint: string;
  readonly kubernetesVersion: string;
  readonly existing: ExistingPolicies;
  readonly selections: Map<string, SelectedRules>;
}

interface PolicyCaches {
  readonly policies: ObjectCache;
  readonly bindings: ObjectCache;
}

const KEY = 'selection';
/** Milliseconds until objects are looked at again that were not read completely yet. */
const firstRead = 100;
/** The most milliseconds that the start waits. */
const longestStart = 60_000;
const defaultChangeInterval = 5000;
/** Whether policies or bindings cannot be read at all. */
const isRefused = ({ unread }: Pick<ExistingPolicies, 'unread'>): boolean => unread.some(({ labels }) => labels === undefined);

/** Milliseconds until discovery is read again if a kind of parameters cannot be read. */
const retry = 30_000;

/**
 * Watches the ValidatingAdmissionPolicies of others with their bindings and the parameter objects that these name, as far as SecurityPolicies
 * select them with `spec.admissionPolicies`. Watches nothing if none does.
 */
export class SelectedAdmissionPolicies {
  readonly controller: Controller;
  readonly #own: SelectedAdmissionPoliciesDependencies;
  readonly #parameters: ParameterCaches;
  #caches: PolicyCaches | undefined;
  #known: Known | undefined;
  #restUntil = 0;
  #isStopped = false;

  constructor(own: SelectedAdmissionPoliciesDependencies) {
    this.#own = own;
    const hasChanged = objectChanges<SecurityPolicy>(({ spec }) => JSON.stringify([spec.admissionPolicies]));
    this.controller = new Controller({
      name: 'admissionpolicies',
      log: own.log,
      observe: own.observe,
      watches: [watches(RESOURCES.policies, (policy, type) => (hasChanged(policy as SecurityPolicy, type) ? [KEY] : []))],
      reconcile: () => this.#reconcile(),
    });
    this.#parameters = new ParameterCaches(own.client, this.#cacheOptions());
  }

  /** See {@link SelectedRulesOf}. */
  readonly rulesOf: SelectedRulesOf = ({ spec: { admissionPolicies: selection, rules = [] } }) => {
    if (selection === undefined) return noSelectedRules;
    if (this.#known?.selectors.has(JSON.stringify(selection.selector)) !== true) return undefined;
    const { kubernetesVersion, existing, selections } = this.#known;
    const ruleNames = rules.map(({ name }) => name);
    const key = JSON.stringify([selection, ruleNames]);
    const known = selections.get(key) ?? selectedRules(selection, existing, { kubernetesVersion, ruleNames });
    selections.set(key, known);
    return known;
  };

  /**
   * Waits until the selected policies are known, so that no controller takes them for changed. Gives up after a minute: everything else must not wait
   * for a server that does not respond.
   */
  async start(signal: AbortSignal): Promise<void> {
    const end = performance.now() + longestStart;
    while (!signal.aborted && performance.now() < end && (await this.#readOrLog()) === undefined)
      await sleep(firstRead, undefined, { signal }).catch(() => undefined);
  }

  async #readOrLog(): Promise<ReconcileResult | undefined> {
    try {
      return await this.#read();
    } catch (error) {
      this.#own.log.warn({ err: error }, 'the selected admission policies cannot be read; retrying');
      return undefined;
    }
  }

  /** Stops all watches. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#unfollow();
  }

  #cacheOptions(): { silence: number; onChange: () => void; onError: (error: unknown) => void } {
    return {
      silence: this.#own.watchSilence,
      onChange: () => this.controller.queue.add(KEY),
      onError: (error) => this.#own.log.warn({ err: error }, 'watch of selected admission policies failed; retrying'),
    };
  }

  /** A policy that is being deleted counts until it is gone: the exceptions of its rules are still judged. */
  get #selecting(): readonly SecurityPolicy[] {
    return this.#own.policies.list().filter(({ spec }) => spec.admissionPolicies !== undefined);
  }

  async #reconcile(): Promise<ReconcileResult> {
    const wait = this.#restUntil - performance.now();
    if (wait > 0) return { requeueAfter: wait };
    return (await this.#read()) ?? { requeueAfter: firstRead };
  }

  /** Reads what is selected. Returns undefined if it is not complete yet: what was known before holds until then. */
  async #read(): Promise<ReconcileResult | undefined> {
    const selecting = this.#selecting;
    if (selecting.length === 0 || this.#isStopped) {
      await this.#unfollow();
      this.#known = undefined;
      return {};
    }
    const caches = (this.#caches ??= this.#follow());
    if (!caches.policies.isReady || !caches.bindings.isReady) return undefined;
    return this.#readWith(caches, selecting);
  }

  async #readWith(caches: PolicyCaches, selecting: readonly SecurityPolicy[]): Promise<ReconcileResult | undefined> {
    const { kubernetesVersion, resources } = await this.#own.clusterInfo();
    // A stop has closed them meanwhile, and no watch may be opened after it.
    if (this.#caches !== caches) return {};
    const selectors = selecting.map(({ spec }) => labelMatch(spec.admissionPolicies?.selector));
    const read = this.#keepIfRefused(existingOf(caches, (labels) => selectors.some((selects) => selects(labels))));
    await this.#parameters.follow(wantedParameters(read.policies, read.bindings), resources);
    if (this.#caches !== caches) return this.#read();
    if (!this.#parameters.isReady) return undefined;
    this.#learn(read, kubernetesVersion, selecting);
    return this.#parameters.hasProblems || isRefused(read) ? { requeueAfter: retry } : {};
  }

  /** If the rights are lost, the policies that were known are still evaluated, and the reason is reported. */
  #keepIfRefused(read: Omit<ExistingPolicies, 'parameters'>): Omit<ExistingPolicies, 'parameters'> {
    if (!isRefused(read) || !this.#known) return read;
    const { policies, bindings } = this.#known.existing;
    return { policies, bindings, unread: read.unread };
  }

  #learn(read: Omit<ExistingPolicies, 'parameters'>, kubernetesVersion: string, selecting: readonly SecurityPolicy[]): void {
    const parameters = wantedParameters(read.policies, read.bindings).map(({ kind }) => [kind, this.#parameters.read(kind)] as const);
    const selectors = new Set(selecting.map(({ spec }) => JSON.stringify(spec.admissionPolicies?.selector)));
    const fingerprint = JSON.stringify([kubernetesVersion, [...selectors].toSorted(), read, parameters]);
    if (this.#known?.fingerprint === fingerprint) return;
    const byKind = new Map(parameters.map(([{ apiVersion, kind }, objects]) => [`${apiVersion}/${kind}`, objects]));
    const existing = {
      ...read,
      parameters: ({ apiVersion, kind }: { apiVersion: string; kind: string }) => byKind.get(`${apiVersion}/${kind}`) ?? { objects: [] },
    };
    this.#known = { fingerprint, selectors, kubernetesVersion, existing, selections: new Map() };
    this.#restUntil = performance.now() + (this.#own.changeInterval ?? defaultChangeInterval);
    this.#own.onSelectionChange(selecting.map(({ metadata }) => metadata.name));
  }

  #follow(): PolicyCaches {
    const { client } = this.#own;
    const policies = new ObjectCache(client, RESOURCES.admissionPolicies, this.#cacheOptions());
    const bindings = new ObjectCache(client, RESOURCES.admissionBindings, this.#cacheOptions());
    policies.start();
    bindings.start();
    return { policies, bindings };
  }

  async #unfollow(): Promise<void> {
    const caches = this.#caches;
    this.#caches = undefined;
    await Promise.all([caches?.policies.stop(), caches?.bindings.stop(), this.#parameters.stop()]);
  }
}
