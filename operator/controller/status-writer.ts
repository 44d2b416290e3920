import { isDeepStrictEqual } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiResource } from '../api/api-resource.ts';
import { fieldOwner, type FieldManager } from '../api/field-managers.ts';
import type { Resource } from '../api/metadata.ts';
import { isConflict, isNotFound } from '../kube/client/kube-api-error.ts';
import type { KubeClient } from '../kube/client/kube-client.ts';
import type { Logger } from '../telemetry/logger.ts';

/** The dependencies of the status writer. */
export interface StatusWriterDependencies {
  readonly client: Pick<KubeClient, 'apply' | 'get'>;
  readonly log: Pick<Logger, 'debug' | 'error'>;
  readonly metrics: { readonly statusRefusals: { inc(labels: { readonly kind: string }): void } };
}

/** Milliseconds until an object is requeued after a status write failed because the cache was stale. */
export const REQUEUE_SOON = 1000;

/** Phases that are final. */
const terminalPhases: ReadonlySet<unknown> = new Set(['Complete', 'Failed', 'Refused']);
/** The retries of {@link updateStatus} after conflicts, and the milliseconds of its first pause. */
const [mostConflicts, firstPause] = [6, 50];

type StatusFields = Readonly<Record<string, unknown>>;

/** Whether a write would change a terminal phase, or its `completionTime`. */
export function leavesTerminalPhase(before: object | undefined, after: object): boolean {
  const [{ phase, completionTime }, next] = [(before ?? {}) as StatusFields, after as StatusFields];
  return terminalPhases.has(phase) && (phase !== next['phase'] || completionTime !== next['completionTime']);
}

/** The fields of a status that a field manager owns. */
export function ownFields(resource: Pick<ApiResource, 'resource'>, manager: FieldManager, status: object | undefined): StatusFields {
  return Object.fromEntries(Object.entries(status ?? {}).filter(([field]) => fieldOwner(resource.resource, field, manager) === manager));
}

/**
 * Writes the status fields of a field manager by server-side apply, if they differ. Fields of other managers are not changed. Refuses to change
 * a terminal phase (Complete, Failed, Refused) or its `completionTime`: it logs an error, increments `vigil_status_writes_refused_total`
 * and does not write. Returns false, without a write, if the object changed or was deleted since it was read: the caller requeues after
 * {@link REQUEUE_SOON}. Throws every other error.
 */
export async function writeStatus<Spec, Status extends object>(
  writing: Pick<StatusWriterDependencies, 'log' | 'metrics'> & { readonly client: Pick<KubeClient, 'apply'> },
  resource: ApiResource,
  object: Resource<Spec, Status>,
  wanted: { readonly status: Status; readonly manager: FieldManager },
): Promise<boolean> {
  try {
    await apply(writing, resource, object, wanted);
    return true;
  } catch (error) {
    if (!isConflict(error) && !isNotFound(error)) throw error;
    writing.log.debug({ [resource.kind]: object.metadata.name }, 'status not written: the object changed since it was read');
    return false;
  }
}

/** How {@link updateStatus} computes a status. */
export interface StatusUpdate<Object, Status> {
  readonly manager: FieldManager;
  /** Returns the new status of the current object. Called again after each conflict. Only the fields of the manager are written. */
  readonly compute: (object: Object) => Status | Promise<Status>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Computes the status of an object and writes it by the rules of {@link writeStatus}. After a conflict it reads the object and computes again,
 * up to six times with growing pauses; then it throws the conflict. Returns the written object, or undefined if the object was deleted, or
 * deleted and created again.
 */
export async function updateStatus<O extends Resource<unknown, object>>(
  writing: StatusWriterDependencies,
  resource: ApiResource,
  object: O,
  { manager, compute, signal }: StatusUpdate<O, object>,
): Promise<O | undefined> {
  const { namespace, name, uid } = object.metadata;
  let current = object;
  for (let conflicts = 0; ; conflicts++) {
    signal?.throwIfAborted();
    try {
      if (current.metadata.uid !== uid) return undefined;
      return await apply(writing, resource, current, { manager, status: await compute(current) });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      if (!isConflict(error) || conflicts >= mostConflicts) throw error;
    }
    await sleep(firstPause * 2 ** conflicts * (0.5 + Math.random()), undefined, { signal });
    const read = await readAgain(writing, resource, { namespace, name });
    if (!read) return undefined;
    current = read as O;
  }
}

async function readAgain(
  { client }: StatusWriterDependencies,
  resource: ApiResource,
  place: { readonly namespace: string | undefined; readonly name: string },
): Promise<Resource<unknown, object> | undefined> {
  try {
    return await client.get<Resource<unknown, object>>(resource, place);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** Applies the status once. Returns the object after the write, or as it is if nothing was written. */
async function apply<O extends Resource<unknown, object>>(
  { client, log, metrics }: Pick<StatusWriterDependencies, 'log' | 'metrics'> & { readonly client: Pick<KubeClient, 'apply'> },
  resource: ApiResource,
  object: O,
  { status, manager }: { readonly status: object; readonly manager: FieldManager },
): Promise<O> {
  const { namespace, name, resourceVersion = '' } = object.metadata;
  const own = ownFields(resource, manager, status);
  if (isDeepStrictEqual(ownFields(resource, manager, object.status), own)) return object;
  if (leavesTerminalPhase(object.status, status)) {
    metrics.statusRefusals.inc({ kind: resource.kind });
    log.error(
      { [resource.kind]: name, from: (object.status as StatusFields)['phase'], to: own['phase'] },
      'status not written: the phase is terminal',
    );
    return object;
  }
  const metadata = { name, ...(namespace === undefined ? {} : { namespace }), resourceVersion };
  const applied = { metadata, status: own } as unknown as O;
  return client.apply<O>(resource, applied, { sub: 'status', manager });
}
