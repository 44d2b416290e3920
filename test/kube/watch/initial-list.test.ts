import { expect } from 'chai';
import { RESOURCES } from '../../../operator/api/api-resource.ts';
import { KubeApiError } from '../../../operator/kube/client/kube-api-error.ts';
import type { KubeRequest } from '../../../operator/kube/client/kube-request.ts';
import { InitialLists } from '../../../operator/kube/watch/initial-list.ts';
import type { WatchClient } from '../../../operator/kube/watch/watch-stream.ts';

describe('an initial list in pages', () => {
  const calls: KubeRequest[] = [];
  const client = {
    call: (call: KubeRequest) => {
      calls.push(call);
      const isFirst = call.query?.['continue'] === undefined;
      const page = { resourceVersion: isFirst ? '5' : '9', ...(isFirst ? { continue: 't' } : {}) };
      return Promise.resolve({ metadata: page, items: [{ metadata: { name: isFirst ? 'a' : 'b' } }] });
    },
    stream: () => Promise.reject(new KubeApiError('no streams', { status: 400 })),
  } as unknown as WatchClient;
  beforeEach(() => void (calls.length = 0));

  async function read(
    labelSelector?: string,
    fromNow = false,
    streams = false,
  ): Promise<readonly [version: string | undefined, names: readonly string[]]> {
    const names: string[] = [];
    const list = {
      begin: () => void (names.length = 0),
      listed: ({ metadata }: { metadata: { name: string } }) => void names.push(metadata.name),
      removed: () => undefined,
    };
    const selection = { namespace: 'n', labelSelector, metadataOnly: true };
    const version = await new InitialLists(client, { streams }).read(RESOURCES.pods, list, {
      ...{ selection, fromNow, silence: 1000 },
      signal: new AbortController().signal,
    });
    return [version, names];
  }
  const queries = (): unknown[] => calls.map(({ path, query }) => [path, query?.['limit'], query?.['labelSelector']]);
  const path = '/api/v1/namespaces/n/pods';

  it('has all objects, and the resourceVersion of its first page', async () => {
    expect(await read('app')).to.deep.equal(['5', ['a', 'b']]);
    expect(queries()).to.deep.equal([
      [path, 250, 'app'],
      [path, 250, 'app'],
    ]);
    expect(calls[0]?.accept).to.include('PartialObjectMetadata');
  });

  it('has one object and is not read further if only the resourceVersion is wanted', async () => {
    expect(await read(undefined, true, true)).to.deep.equal(['5', []]);
    expect(queries()).to.deep.equal([[path, 1, undefined]]);
  });

  it('is read if the server does not support streams', async () => {
    expect(await read(undefined, false, true)).to.deep.equal(['5', ['a', 'b']]);
  });
});
