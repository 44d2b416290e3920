import { expect } from 'chai';
import type { ApiResource } from '../../operator/api/api-resource.ts';
import type { KubeObject } from '../../operator/api/metadata.ts';
import type { SecurityPolicy } from '../../operator/api/kinds/security-policy.ts';
import { shortHash } from '../../operator/api/short-hash.ts';
import { ObjectChanged, syncObjects } from '../../operator/admission/enforcement-sync.ts';
import { KubeApiError } from '../../operator/kube/client/kube-api-error.ts';
import type { KubeClient, WriteOptions } from '../../operator/kube/client/kube-client.ts';

const policy = { metadata: { name: 'p', uid: 'u' }, spec: {} } as SecurityPolicy;
const owners = [{ apiVersion: 'vigil.dev/v1alpha1', kind: 'SecurityPolicy', name: 'p', uid: 'u', controller: true }];
const wanted = (name: string, spec: object = { a: 1 }): KubeObject =>
  ({ metadata: { name, labels: { 'vigil.dev/enforces': 'x' }, ownerReferences: owners }, spec }) as unknown as KubeObject;
const failure = (status: number, message = 'no'): KubeApiError => new KubeApiError(message, { status });

/** An API server with admission policies. */
class Server {
  readonly objects = new Map<string, KubeObject>();
  readonly calls: string[] = [];
  readonly selectors: unknown[] = [];
  readonly managers: unknown[] = [];
  readonly replaced: KubeObject[] = [];
  readonly preconditions: unknown[] = [];
  fail: (call: string) => Error | undefined = () => undefined;

  get client(): KubeClient {
    const stored = (object: KubeObject): KubeObject => ({ ...object, metadata: { ...object.metadata, uid: 'o', resourceVersion: '7' } });
    const act = (verb: string, resource: ApiResource, name: string): void => {
      const call = `${verb} ${resource.kind} ${name}`;
      this.calls.push(call);
      const error = this.fail(call);
      if (error) throw error;
    };
    return {
      call: ({ path, query }: { readonly path: string; readonly query?: { readonly labelSelector?: string } }) => {
        this.selectors.push(query?.labelSelector);
        return Promise.resolve({ metadata: {}, items: path.endsWith('policies') ? [...this.objects.values()] : [] });
      },
      create: async (resource: ApiResource, object: KubeObject, { manager }: WriteOptions) => {
        this.managers.push(manager);
        act('create', resource, object.metadata.name);
        this.objects.set(object.metadata.name, stored(object));
        return Promise.resolve(stored(object));
      },
      replace: async (resource: ApiResource, object: KubeObject, { manager }: WriteOptions) => {
        this.managers.push(manager);
        this.replaced.push(object);
        act('replace', resource, object.metadata.name);
        this.objects.set(object.metadata.name, stored(object));
        return Promise.resolve(stored(object));
      },
      get: async (resource: ApiResource, { name }: { readonly name: string }) => {
        act('get', resource, name);
        return Promise.resolve(stored(wanted(name)));
      },
      delete: async (resource: ApiResource, { name }: { readonly name: string }, preconditions: object) => {
        this.preconditions.push(preconditions);
        act('delete', resource, name);
        this.objects.delete(name);
        return Promise.resolve();
      },
    } as unknown as KubeClient;
  }
}

describe('the objects that enforce a policy', () => {
  const sync = (server: Server, policies: readonly KubeObject[]): ReturnType<typeof syncObjects> =>
    syncObjects(server.client, policy, { parameters: [], policies, bindings: [] });
  const kind = 'ValidatingAdmissionPolicy';

  it('are created, left alone, replaced and deleted', async () => {
    const server = new Server();
    expect((await sync(server, [wanted('a'), wanted('b')])).writes.map(({ operation }) => operation)).to.deep.equal(['create', 'create']);
    expect((await sync(server, [wanted('a'), wanted('b')])).writes).to.deep.equal([]);
    expect((await sync(server, [wanted('a', { a: 2 })])).writes).to.deep.equal([
      { operation: 'replace', kind, name: 'a' },
      { operation: 'delete', kind, name: 'b' },
    ]);
  });

  it('are replaced if someone adds a field', async () => {
    const server = new Server();
    await sync(server, [wanted('a')]);
    server.objects.set('a', { ...wanted('a', { a: 1, excludeResourceRules: [] }) });
    expect((await sync(server, [wanted('a')])).writes.map(({ operation }) => operation)).to.deep.equal(['replace']);
  });

  it('are not touched if another owner has one of that name', async () => {
    const server = new Server();
    const other = { ...wanted('a', { a: 9 }), metadata: { ...wanted('a').metadata, ownerReferences: [{ ...owners[0]!, uid: 'v' }] } };
    server.objects.set('a', other);
    const { refused, writes } = await sync(server, [wanted('a')]);
    expect(refused).to.deep.equal([`${kind} a exists and belongs to another owner: delete it`]);
    expect(writes).to.deep.equal([]);
    expect((await sync(server, [])).writes).to.deep.equal([]);
  });

  it('are written although the API server refuses one of them', async () => {
    const server = new Server();
    server.fail = (call) => (call === `create ${kind} a` ? failure(422, 'spec.validations[0].expression: syntax') : undefined);
    const { refused, policies } = await sync(server, [wanted('a'), wanted('b')]);
    expect(refused).to.deep.equal([`${kind} a: spec.validations[0].expression: syntax`]);
    expect(policies.map(({ metadata }) => metadata.name)).to.deep.equal(['b']);
  });

  it('are tried again if one is deleted while it is written, and are not taken for a missing right', async () => {
    const server = new Server();
    server.fail = (call) => (call === `create ${kind} a` ? failure(409) : call === `get ${kind} a` ? failure(404) : undefined);
    const error = await sync(server, [wanted('a')]).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).to.be.instanceOf(ObjectChanged);
  });

  it('are found by their name if someone removed their label', async () => {
    const server = new Server();
    server.fail = (call) => (call === `create ${kind} a` ? failure(409) : undefined);
    expect((await sync(server, [wanted('a', { a: 2 })])).writes).to.deep.equal([{ operation: 'replace', kind, name: 'a' }]);
  });

  it('are found by the label of the policy, and written as the field manager of enforcement', async () => {
    const server = new Server();
    server.objects.set('b', wanted('b', { a: 2 }));
    await sync(server, [wanted('a'), wanted('b')]);
    expect(server.selectors).to.deep.equal(Array(3).fill(`vigil.dev/enforces=${shortHash('p', 20)}`));
    expect(server.managers).to.deep.equal(['vigil-admission', 'vigil-admission']);
  });

  it('are replaced if their owner or their label differs, and not for what the API server adds', async () => {
    const stored = (metadata: object, more: object = {}): KubeObject => ({
      ...wanted('a'),
      ...more,
      metadata: { ...wanted('a').metadata, ...metadata },
    });
    const after = async (live: KubeObject): Promise<readonly string[]> => {
      const server = new Server();
      server.objects.set('a', live);
      return (await sync(server, [wanted('a')])).writes.map(({ operation }) => operation);
    };
    const added = { apiVersion: 'v1', kind: 'X', status: { observedGeneration: 1 } };
    expect(await after(stored({ creationTimestamp: 'x', generation: 4, annotations: { a: 'b' } }, added))).to.deep.equal([]);
    expect(await after(stored({ labels: { 'vigil.dev/enforces': 'y' } }))).to.deep.equal(['replace']);
    expect(await after(stored({ ownerReferences: [] })), 'without an owner').to.deep.equal(['replace']);
    expect(await after(stored({ ownerReferences: [...owners, { ...owners[0], uid: 'v' }] })), 'with another one').to.deep.equal([
      'replace',
    ]);
  });

  it('keep the identity that was read when they are replaced', async () => {
    const server = new Server();
    server.objects.set('a', { ...wanted('a', { a: 2 }), metadata: { ...wanted('a').metadata, uid: 'o', resourceVersion: '3' } });
    await sync(server, [wanted('a')]);
    expect(server.replaced.map(({ metadata }) => [metadata.uid, metadata.resourceVersion])).to.deep.equal([['o', '3']]);
  });

  it('are deleted only if the policy owns them, with their uid', async () => {
    const server = new Server();
    const live = (name: string, uid: string, kind: string): KubeObject =>
      ({ metadata: { name, uid: `uid-${name}`, ownerReferences: [{ ...owners[0], kind, uid }] } }) as unknown as KubeObject;
    for (const object of [live('own', 'u', 'SecurityPolicy'), live('other', 'v', 'SecurityPolicy'), live('kind', 'u', 'Scan')])
      server.objects.set(object.metadata.name, object);
    server.objects.set('none', { metadata: { name: 'none' } });
    await sync(server, []);
    expect([server.calls, server.preconditions]).to.deep.equal([[`delete ${kind} own`], [{ uid: 'uid-own' }]]);
  });

  it('throw what is not about one object', async () => {
    const errors: readonly (readonly [string, string, number, boolean])[] = [
      ['of a create', `create ${kind} a`, 500, false],
      ['of a create of what is deleted', `create ${kind} a`, 404, true],
      ['of a replace', `replace ${kind} b`, 409, false],
      ['of a replace of what is deleted', `replace ${kind} b`, 404, true],
    ];
    for (const [title, call, status, isChange] of errors) {
      const server = new Server();
      server.objects.set('b', wanted('b', { a: 2 }));
      server.fail = (made) => (made === call ? failure(status) : undefined);
      const error: unknown = await sync(server, [wanted('a'), wanted('b')]).catch((thrown: unknown) => thrown);
      expect(error instanceof ObjectChanged, title).to.equal(isChange);
      expect((error as Error).message, title).to.equal(isChange ? `${kind} ${call.slice(-1)} was deleted` : 'no');
    }
    const server = new Server();
    server.fail = (made) => (made === `create ${kind} a` ? failure(409) : made === `replace ${kind} a` ? failure(409) : undefined);
    expect(await sync(server, [wanted('a')]).catch((thrown: unknown) => thrown)).to.be.instanceOf(KubeApiError);
  });

  it('are refused in at most 1,000 characters', async () => {
    const server = new Server();
    server.fail = () => failure(422, 'x'.repeat(3000));
    const { refused, writes } = await sync(server, [wanted('a')]);
    expect([refused[0]?.length, refused[0]?.startsWith(`${kind} a: x`), writes]).to.deep.equal([1000, true, []]);
  });
});
