import { isDeepStrictEqual } from 'node:util';
import type { ApiResource } from '../api/api-resource.ts';
import type { FieldManager } from '../api/field-managers.ts';
import type { Resource } from '../api/metadata.ts';
import { isConflict, isNotFound } from '../kube/kube-api-error.ts';
import type { World } from './world.ts';

/** Milliseconds after which an object is looked at again whose status could not be written: the cache was behind. */
export const LOOK_AGAIN = 1000;

/** Writes an object's status where it is another one. Returns whether it is now as it should be: not where the object changed or went since it was read. */
export async function writeStatus<Spec, Status>(
  { client, log }: World,
  resource: ApiResource,
  { metadata: { name, resourceVersion = '' }, status: before }: Resource<Spec, Status>,
  { status, manager }: { readonly status: Status; readonly manager: FieldManager },
): Promise<boolean> {
  if (isDeepStrictEqual(before, status)) return true;
  try {
    await client.apply(resource, { metadata: { name, resourceVersion }, status } as unknown as Resource<Spec, Status>, {
      sub: 'status',
      manager,
    });
    return true;
  } catch (error) {
    if (!isConflict(error) && !isNotFound(error)) throw error;
    log.debug({ [resource.kind]: name }, 'the object changed while its status was written');
    return false;
  }
}
