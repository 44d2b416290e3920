import { isDeepStrictEqual } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiResource } from '../api/api-resource.ts';
import { fieldOwner, type FieldManager } from '../api/field-managers.ts';
import type { Resource } from '../api/metadata.ts';
import { isConflict, isNotFound } from '../kube/kube-api-error.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import type { Logger } from '../telemetry/logger.ts';

/** What the status writer needs. */
export interface StatusWriterDependencies {
  readonly client: Pick<KubeClient, 'apply' | 'get'>;
  readonly log: Pick<Logger, 'debug' | 'error'>;
  readonly metrics: { readonly statusRefusals: { inc(labels: { readonly kind: string }): void } };
}

/** Milliseconds after which an object is reconciled again if its status could not be written because the cache was behind. */
export const REQUEUE_SOON = 1000;

/** Phases that an object never leaves. */
const terminalPhases: ReadonlySet<unknown> = new Set(['Complete', 'Failed', 'Refused']);
/** Conflicts after which {@link updateStatus} gives up, and the milliseconds of its first pause. */
const [mostConflicts, firstPause] = [6, 50];

type StatusFields = Readonly<Record<string, unknown>>;

/** Whether the second status leaves the terminal phase of the first, or changes when it was reached. */
export function leavesTerminalPhase(before: object | undefined, after: object): boolean {
  const [{ phase, completionTime }, next] = [(before ?? {}) as StatusFields, after as StatusFields];
  return terminalPhases.has(phase) && (phase !== next['phase'] || completionTime !== next['completionTime']);
}

/** The fields of a status that a manager owns. */
export function ownFields(resource: Pick<ApiResource, 'resource'>, manager: FieldManager, status: object | undefined): StatusFields {
  return Object.fromEntries(Object.entries(status ?? {}).filter(([field]) => fieldOwner(resource.resource, field, manager) === manager));
}

/**
 * Writes the manager's fields of a status by server-side apply, if they differ: fields of other managers stay. Refuses to leave a
 * terminal phase (Complete, Failed, Refused) or to move `completionTime`: it logs an error, counts it in
 * `vigil_status_writes_refused_total` and leaves the object as it is. Returns false if the object changed or was deleted since it was read:
 * then nothing is written, and the caller reconciles again after {@link REQUEUE_SOON}. Throws every other error.
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
    writing.log.debug({ [resource.kind]: object.metadata.name }, 'the object changed while its status was written');
    return false;
  }
}

/** How {@link updateStatus} comes to a status. */
export interface StatusUpdate<Object, Status> {
  readonly manager: FieldManager;
  /** The status for the object as it is now; called again after each conflict. Only the manager's own fields are written. */
  readonly compute: (object: Object) => Status | Promise<Status>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes the status that is computed from the object, by the rules of {@link writeStatus}. Reads the object and computes again after a
 * conflict, with growing pauses, up to six times; then throws the conflict. Returns the object as it is now, or undefined if it was
 * deleted, or replaced by another of its name.
 */
export async function updateStatus<O extends Resource<unknown, object>>(
  writing: StatusWriterDependencies,
  resource: ApiResource,
  object: O,
  { manager, compute, signal }: StatusUpdate<O, object>,
): Promise<O | undefined> {
  const { name, uid } = object.metadata;
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
    const read = await readAgain(writing, resource, name);
    if (!read) return undefined;
    current = read as O;
  }
}

async function readAgain(
  { client }: StatusWriterDependencies,
  resource: ApiResource,
  name: string,
): Promise<Resource<unknown, object> | undefined> {
  try {
    return await client.get<Resource<unknown, object>>(resource, { name });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** One try. Returns the object as it is after it. */
async function apply<O extends Resource<unknown, object>>(
  { client, log, metrics }: Pick<StatusWriterDependencies, 'log' | 'metrics'> & { readonly client: Pick<KubeClient, 'apply'> },
  resource: ApiResource,
  object: O,
  { status, manager }: { readonly status: object; readonly manager: FieldManager },
): Promise<O> {
  const { name, resourceVersion = '' } = object.metadata;
  const own = ownFields(resource, manager, status);
  if (isDeepStrictEqual(ownFields(resource, manager, object.status), own)) return object;
  if (leavesTerminalPhase(object.status, status)) {
    metrics.statusRefusals.inc({ kind: resource.kind });
    log.error(
      { [resource.kind]: name, from: (object.status as StatusFields)['phase'], to: own['phase'] },
      'a terminal phase is never left: the status was not written',
    );
    return object;
  }
  const applied = { metadata: { name, resourceVersion }, status: own } as unknown as O;
  return client.apply<O>(resource, applied, { sub: 'status', manager });
}
