import { RESOURCES, type ApiResource } from '../api/api-resource.ts';
import { LABELS, MANAGED_BY } from '../api/group.ts';
import type { KubeObject } from '../api/metadata.ts';
import type { KubeClient } from '../kube/client/kube-client.ts';
import { ListWatch } from '../kube/watch/list-watch.ts';

const watched = [RESOURCES.admissionPolicies, RESOURCES.admissionBindings, RESOURCES.admissionParameters] as const;

/**
 * Watches the objects that enforce policies, and reports the policy of each change. It is started when a policy has been enforced: only then
 * is it known that the operator may watch them.
 */
export class EnforcementWatch {
  readonly #watches: readonly ListWatch<KubeObject>[];
  #stopped = false;

  /** `onChange` gets the name of the policy, for every change by anyone. */
  constructor(client: KubeClient, onChange: (policy: string) => void, onError: (error: unknown, resource: ApiResource) => void) {
    const report = (object: KubeObject): void => {
      const owner = object.metadata.ownerReferences?.find(({ kind }) => kind === RESOURCES.policies.kind);
      if (owner) onChange(owner.name);
    };
    this.#watches = watched.map(
      (resource) =>
        new ListWatch<KubeObject>(
          client,
          resource,
          { labelSelector: `${LABELS.managedBy}=${MANAGED_BY}`, metadataOnly: false, onError: (error) => onError(error, resource) },
          { begin: () => undefined, listed: report, complete: () => undefined, changed: (_type, object) => report(object) },
        ),
    );
  }

  /** Starts the watches. A second call does nothing, nor does a call by a reconcile that ends after {@link stop}. */
  start(): void {
    if (this.#stopped) return;
    for (const watch of this.#watches) watch.start();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#watches.map((watch) => watch.stop()));
  }
}
