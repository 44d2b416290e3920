import { expect } from 'chai';
import { type KubernetesObject, nameOf } from '../../../operator/engine/objects/kubernetes-object.ts';
import { Snapshot } from '../../../operator/engine/snapshot/snapshot.ts';
import { type Holder, whoCan } from '../../../operator/engine/rbac/who-can.ts';
import type { ApiResource } from '../../../operator/api/api-resource.ts';
import { listPages } from '../../../operator/kube/list.ts';
import { builtinResources } from '../../../operator/engine/objects/builtin-resources.ts';
import { seeded } from '../../engine/schema/random-object.ts';
import { testClient, uniqueName } from '../cluster-access.ts';
import { type AccessCase, type Identity, RandomAccess } from './random-access.ts';

const client = testClient();
const resources = builtinResources.filter(({ group }) => group === 'rbac.authorization.k8s.io');
const namespaces = builtinResources.find(({ kind }) => kind === 'Namespace') as ApiResource;
const resourceOf = ({ kind }: KubernetesObject): ApiResource => resources.find((one) => one.kind === kind) as ApiResource;

const keyOf = (object: KubernetesObject): string => `${String(object.kind)} ${nameOf(object) ?? ''}`;

/** Calls a function for each item, with at most 20 calls at once. */
async function inParallel<Item, Result>(items: readonly Item[], run: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  const entries = [...items.entries()];
  const work = async (): Promise<void> => {
    for (let next = entries.shift(); next !== undefined; next = entries.shift()) results[next[0]] = await run(next[1]);
  };
  await Promise.all(Array.from({ length: 20 }, work));
  return results;
}

async function objectsOfCluster(): Promise<KubernetesObject[]> {
  const found: KubernetesObject[] = [];
  for (const resource of resources)
    for await (const { items } of listPages(client, resource))
      for (const item of items) found.push({ ...item, apiVersion: `${resource.group}/${resource.version}`, kind: resource.kind });
  return found;
}

function snapshotOf(objects: readonly KubernetesObject[]): Snapshot {
  const snapshot = new Snapshot();
  for (const object of objects) snapshot.add(object);
  return snapshot;
}

function isSubject({ kind, name, namespace }: Holder['subject'], { user, groups }: Identity): boolean {
  if (kind === 'ServiceAccount') return user === `system:serviceaccount:${namespace ?? ''}:${name}`;
  return kind === 'User' ? name === user : groups.includes(name);
}

/** The answer of the engine: the identity is one of the holders, for all objects or for the name that is asked for. */
const answer = (snapshot: Snapshot, { identity, question }: AccessCase): boolean =>
  whoCan(snapshot, question).holders.some(({ subject, names }) => names === undefined && isSubject(subject, identity));

/** The answer of the authorizer. */
async function authorized({ identity, question: { verb, target, namespace = '', name = '' } }: AccessCase): Promise<boolean> {
  const [resource = '', subresource = ''] = 'url' in target ? [] : target.resource.split('/');
  const attributes =
    'url' in target
      ? { nonResourceAttributes: { verb, path: target.url } }
      : { resourceAttributes: { verb, group: target.group, resource, subresource, namespace, name } };
  const review = await client.call<{ status: { allowed: boolean } }>({
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
    body: { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec: { ...identity, ...attributes } },
  });
  return review.status.allowed;
}

const text = (one: AccessCase, allowed: boolean): string => `${JSON.stringify(one)}: the server answers ${allowed}`;

/** The questions to which the engine and the authorizer answer differently. */
async function differences(snapshot: Snapshot, cases: readonly AccessCase[]): Promise<readonly AccessCase[]> {
  const allowed = await inParallel(cases, authorized);
  return cases.filter((one, index) => answer(snapshot, one) !== allowed[index]);
}

describe('who can, compared with the authorizer', function () {
  this.timeout(60_000);
  const access = new RandomAccess(seeded(20_261_129), uniqueName('who'));
  const cases = Array.from({ length: 600 }, () => access.case());

  before(async () => {
    for (const name of access.namespaces) await client.create(namespaces, { metadata: { name } });
    await inParallel([...access.roles, ...access.bindings], (object) => client.create(resourceOf(object), object as never));
  });

  after(async () => {
    const all = [...access.roles, ...access.bindings].filter(({ kind }) => String(kind).startsWith('Cluster'));
    await inParallel(all, (object) => client.delete(resourceOf(object), { name: nameOf(object) ?? '' }));
    for (const name of access.namespaces) await client.delete(namespaces, { name });
  });

  /** Asks again about what differs: the authorizer and the controller of aggregated roles follow the objects within seconds. */
  async function lasting(snapshot: () => Promise<Snapshot>): Promise<readonly string[]> {
    let open: readonly AccessCase[] = cases;
    for (let attempt = 0; attempt < 20 && open.length > 0; attempt += 1) {
      if (attempt > 0) await new Promise((resolve) => setTimeout(resolve, 500));
      open = await differences(await snapshot(), open);
    }
    return Promise.all(open.map(async (one) => text(one, await authorized(one))));
  }

  it('gives the same answers for the objects of the cluster', async () => {
    expect(await lasting(async () => snapshotOf(await objectsOfCluster()))).to.deep.equal([]);
    const given = snapshotOf([...access.roles, ...access.bindings]);
    const allowed = cases.filter((one) => answer(given, one)).length;
    expect(allowed).to.be.within(100, cases.length - 100);
  });

  it('gives the same answers for manifests, in which the rules of aggregated roles are missing', async () => {
    const own = new Set([...access.roles, ...access.bindings].map(keyOf));
    const others = (await objectsOfCluster()).filter((object) => !own.has(keyOf(object)));
    const snapshot = snapshotOf([...others, ...access.roles, ...access.bindings]);
    expect(await lasting(() => Promise.resolve(snapshot))).to.deep.equal([]);
  });
});
