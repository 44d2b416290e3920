import { expect } from 'chai';
import type { ApiResource } from '../../operator/api/api-resource.ts';
import type { KubeObject } from '../../operator/api/metadata.ts';
import type { SecurityPolicy } from '../../operator/api/kinds/security-policy.ts';
import { ObjectChanged, syncObjects } from '../../operator/admission/enforcement-sync.ts';
import { KubeApiError } from '../../operator/kube/client/kube-api-error.ts';
import type { KubeClient } from '../../operator/kube/client/kube-client.ts';

const policy = { metadata: { name: 'p', uid: 'u' }, spec: {} } as SecurityPolicy;
const owners = [{ apiVersion: 'vigil.dev/v1alpha1', kind: 'SecurityPolicy', name: 'p', uid: 'u', controller: true }];
const wanted = (name: string, spec: object = { a: 1 }): KubeObject =>
  ({ metadata: { name, labels: { 'vigil.dev/enforces': 'x' }, ownerReferences: owners }, spec }) as unknown as KubeObject;
const failure = (status: number, message = 'no'): KubeApiError => new KubeApiError(message, { status });

/** An API server with admission policies. */
class Server {
  readonly objects = new Map<string, KubeObject>();
  readonly calls: string[] = [];
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
      call: ({ path }: { readonly path: string }) =>
        Promise.resolve({ metadata: {}, items: path.endsWith('policies') ? [...this.objects.values()] : [] }),
      create: async (resource: ApiResource, object: KubeObject) => {
        act('create', resource, object.metadata.name);
        this.objects.set(object.metadata.name, stored(object));
        return Promise.resolve(stored(object));
      },
      replace: async (resource: ApiResource, object: KubeObject) => {
        act('replace', resource, object.metadata.name);
        this.objects.set(object.metadata.name, stored(object));
        return Promise.resolve(stored(object));
      },
      get: async (resource: ApiResource, { name }: { readonly name: string }) => {
        act('get', resource, name);
        return Promise.resolve(stored(wanted(name)));
      },
      delete: async (resource: ApiResource, { name }: { readonly name: string }) => {
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
});
