import { isDeepStrictEqual } from 'node:util';
import { RESOURCES, type ApiResource } from '../api/api-resource.ts';
import { FIELD_MANAGERS } from '../api/field-managers.ts';
import { LABELS } from '../api/group.ts';
import type { KubeObject } from '../api/metadata.ts';
import type { SecurityPolicy } from '../api/kinds/security-policy.ts';
import { shortHash } from '../api/short-hash.ts';
import { isConflict, isInvalid, isNotFound } from '../kube/client/kube-api-error.ts';
import type { KubeClient } from '../kube/client/kube-client.ts';
import { messageOf } from '../kube/client/kube-request.ts';
import { listAll } from '../kube/list.ts';
import type { AdmissionPolicy } from './objects/admission-policy.ts';

/** One resource of the objects that enforce a policy, in the order in which they are written. Deletions run in the reverse order. */
const resources = [RESOURCES.admissionParameters, RESOURCES.admissionPolicies, RESOURCES.admissionBindings] as const;

/** The objects that must exist for a policy, by resource. */
export interface DesiredObjects {
  readonly parameters: readonly KubeObject[];
  readonly policies: readonly KubeObject[];
  readonly bindings: readonly KubeObject[];
}

/** One write of {@link syncObjects}. */
export interface EnforcementWrite {
  readonly operation: 'create' | 'replace' | 'delete';
  readonly kind: string;
  readonly name: string;
}

/** The result of {@link syncObjects}. */
export interface SyncResult {
  /** The admission policies that exist now. */
  readonly policies: readonly AdmissionPolicy[];
  readonly writes: readonly EnforcementWrite[];
  /** Objects that the API server refused or that belong to someone else, each with the reason. */
  readonly refused: readonly string[];
}

/** An object was deleted or changed while it was written: try again. */
export class ObjectChanged extends Error {
  override readonly name = 'ObjectChanged';
}

/** The client of {@link syncObjects}. */
export type EnforcementClient = KubeClient;

/** Whether an object has the content that is wanted, besides its status and the metadata that the API server sets. */
function isCurrent(live: KubeObject, wanted: KubeObject): boolean {
  const content = ({ metadata, ...rest }: KubeObject): unknown => {
    const { apiVersion: _apiVersion, kind: _kind, status: _status, ...fields } = rest as Readonly<Record<string, unknown>>;
    return {
      ...fields,
      owners: metadata.ownerReferences?.map(({ kind, name, uid }) => [kind, name, uid]),
      enforces: metadata.labels?.[LABELS.enforces],
    };
  };
  return isDeepStrictEqual(content(live), JSON.parse(JSON.stringify(content(wanted))));
}

const isOwnedBy = ({ metadata }: SecurityPolicy, object: KubeObject): boolean =>
  object.metadata.ownerReferences?.some(({ kind, uid }) => kind === RESOURCES.policies.kind && uid === metadata.uid) === true;

/**
 * Creates, replaces and deletes the objects that enforce a policy, so that exactly the desired ones exist. Never changes an object that the
 * policy does not own. An object that the API server refuses as invalid is reported, and the others are written. Throws {@link ObjectChanged} if an object is deleted
 * meanwhile, and all other errors.
 */
export async function syncObjects(client: EnforcementClient, policy: SecurityPolicy, desired: DesiredObjects): Promise<SyncResult> {
  const wanted = [desired.parameters, desired.policies, desired.bindings] as const;
  const labelSelector = `${LABELS.enforces}=${shortHash(policy.metadata.name, 20)}`;
  const live = await Promise.all(resources.map((resource) => listAll<KubeObject>(client, resource, { labelSelector })));
  const results = resources.map((resource, at) => ({ resource, wanted: wanted[at] ?? [], live: live[at] ?? [] }));
  const made: (Written | string)[] = [];
  const written: KubeObject[] = [];
  for (const { resource, wanted: objects, live: known } of results)
    for (const object of objects) {
      const one = await writeObject(client, resource, { object, live: named(known, object), policy });
      made.push(one);
      if (typeof one !== 'string' && resource === RESOURCES.admissionPolicies) written.push(one.object);
    }
  const deleted: EnforcementWrite[] = [];
  for (const { resource, wanted: objects, live: known } of results.toReversed())
    for (const object of known.filter((one) => isOwnedBy(policy, one) && named(objects, one) === undefined)) {
      const { name, uid } = object.metadata;
      await client.delete(resource, { name }, { uid });
      deleted.push({ operation: 'delete', kind: resource.kind, name });
    }
  return {
    policies: written as unknown as readonly AdmissionPolicy[],
    writes: [...made.flatMap((one) => (typeof one === 'string' ? [] : (one.write ?? []))), ...deleted],
    refused: made.filter((one) => typeof one === 'string'),
  };
}

const named = (objects: readonly KubeObject[], { metadata: { name } }: KubeObject): KubeObject | undefined =>
  objects.find(({ metadata }) => metadata.name === name);

interface Written {
  readonly object: KubeObject;
  /** Undefined: the object was current. */
  readonly write?: EnforcementWrite;
}

/** Writes one object if it differs. Returns the object, or the reason why the API server refuses it. */
async function writeObject(
  client: Pick<KubeClient, 'create' | 'replace' | 'get'>,
  resource: ApiResource,
  { object, live, policy }: { readonly object: KubeObject; readonly live: KubeObject | undefined; readonly policy: SecurityPolicy },
): Promise<Written | string> {
  const manager = FIELD_MANAGERS.admission;
  const { name } = object.metadata;
  try {
    if (live !== undefined)
      return isCurrent(live, object) ? { object: live } : await replaceObject(client, resource, { object, live, policy });
    return { object: await client.create(resource, object, { manager }), write: { operation: 'create', kind: resource.kind, name } };
  } catch (error) {
    if (isInvalid(error)) return `${resource.kind} ${name}: ${messageOf(error)}`.slice(0, 1000);
    if (isNotFound(error)) throw new ObjectChanged(`${resource.kind} ${name} was deleted`, { cause: error });
    // The list does not contain an object of this name whose label was removed.
    if (live === undefined && isConflict(error)) return replaceUnlabelled(client, resource, { object, policy });
    throw error;
  }
}

async function replaceUnlabelled(
  client: Pick<KubeClient, 'replace' | 'get'>,
  resource: ApiResource,
  { object, policy }: { readonly object: KubeObject; readonly policy: SecurityPolicy },
): Promise<Written | string> {
  const { name } = object.metadata;
  try {
    return await replaceObject(client, resource, { object, live: await client.get(resource, { name }), policy });
  } catch (error) {
    if (isNotFound(error)) throw new ObjectChanged(`${resource.kind} ${name} was deleted`, { cause: error });
    throw error;
  }
}

async function replaceObject(
  client: Pick<KubeClient, 'replace'>,
  resource: ApiResource,
  { object, live, policy }: { readonly object: KubeObject; readonly live: KubeObject; readonly policy: SecurityPolicy },
): Promise<Written | string> {
  const { uid, resourceVersion } = live.metadata;
  const isOrphan = (live.metadata.ownerReferences ?? []).length === 0;
  if (!isOwnedBy(policy, live) && !isOrphan)
    return `${resource.kind} ${object.metadata.name} exists and belongs to another owner: delete it`;
  const metadata = {
    ...object.metadata,
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
  const replaced = await client.replace<KubeObject>(resource, { ...object, metadata }, { manager: FIELD_MANAGERS.admission });
  return { object: replaced, write: { operation: 'replace', kind: resource.kind, name: object.metadata.name } };
}
