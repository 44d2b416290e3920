import { expect } from 'chai';
import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { RESOURCES } from '../../../operator/api/api-resource.ts';
import { LABELS } from '../../../operator/api/group.ts';
import type { KubeObject } from '../../../operator/api/metadata.ts';
import { collectGarbage, collectOrphans, documentHeads, ORPHAN_AGE } from '../../../operator/kube/documents/document-collector.ts';
import { DocumentConflict, DocumentDamaged } from '../../../operator/kube/documents/document-error.ts';
import { hasFields, jsonKind } from '../../../operator/kube/documents/document-kind.ts';
import { DocumentStore } from '../../../operator/kube/documents/document-store.ts';
import { says } from '../api-double.ts';
import { ConfigMapApi } from './config-map-api.ts';

interface Basket {
  readonly text: string;
}

describe('the document store', () => {
  const kind = jsonKind<Basket>('basket', 1, hasFields('text'));
  const place = { name: 'vigil-basket', labels: { 'vigil.dev/scan': 's' } };
  const small: Basket = { text: 'apple' };
  /** Random content, so that it is larger than one ConfigMap after compression. */
  const large = (): Basket => ({ text: randomBytes(1_200_000).toString('base64') });
  let api: ConfigMapApi;
  let store: DocumentStore;
  let leftovers: unknown[];

  beforeEach(async () => {
    api = new ConfigMapApi();
    leftovers = [];
    store = new DocumentStore(await api.double.start({ retries: 0 }), 'vigil-system', (error) => leftovers.push(error));
  });
  afterEach(() => api.double.stop());
  const rejected = async (promise: Promise<unknown>): Promise<Error> =>
    promise.then(
      () => expect.fail('it was not rejected'),
      (error: unknown) => error as Error,
    );

  const damageOf = (error: unknown): string | undefined => (error instanceof DocumentDamaged ? error.damage : undefined);

  it('returns undefined if a document does not exist', async () => expect(await store.read('vigil-basket', kind)).to.equal(undefined));

  it('writes a small document into its head, with one request', async () => {
    const { resourceVersion } = await store.write(place, kind, small);
    expect(api.names).to.deep.equal(['vigil-basket']);
    expect(await store.read('vigil-basket', kind)).to.deep.equal({ content: small, formatVersion: 1, resourceVersion, pieces: [] });
    expect(api.kept.get('vigil-basket')?.metadata.labels).to.deep.equal({
      'vigil.dev/scan': 's',
      'app.kubernetes.io/managed-by': 'vigil',
      'vigil.dev/document': 'basket',
    });
  });

  it('writes a large document into immutable pieces that the head names, and removes the previous pieces', async () => {
    const first = await store.write(place, kind, large());
    const content = large();
    const second = await store.write(place, kind, content, first);
    expect(second.pieces.length).to.equal(2);
    expect(api.names).to.deep.equal(['vigil-basket', ...second.pieces]);
    expect((await store.read('vigil-basket', kind))?.content.text === content.text).to.equal(true);
    const piece = api.kept.get(second.pieces[0] ?? '');
    expect([piece?.immutable, piece?.metadata.labels?.[LABELS.documentHead]]).to.deep.equal([true, 'vigil-basket']);
    await store.write(place, kind, small, second);
    expect(api.names).to.deep.equal(['vigil-basket']);
  });

  it('throws a conflict and removes its pieces if the document changed since it was read', async () => {
    const first = await store.write(place, kind, small);
    await store.write(place, kind, { text: 'pear' }, first);
    expect(await rejected(store.write(place, kind, large(), first))).to.be.instanceOf(DocumentConflict);
    expect(await rejected(store.write(place, kind, large()))).to.be.instanceOf(DocumentConflict);
    expect(api.names).to.deep.equal(['vigil-basket']);
    expect((await store.read('vigil-basket', kind))?.content).to.deep.equal({ text: 'pear' });
  });

  it('throws a conflict if the document was removed since it was read', async () => {
    const first = await store.write(place, kind, small);
    await store.remove('vigil-basket');
    expect(await rejected(store.write(place, kind, small, first))).to.be.instanceOf(DocumentConflict);
    expect(api.names).to.deep.equal([]);
  });

  it('accepts its own write when a retry conflicts with it after a lost response', async () => {
    store = new DocumentStore(api.double.client({ retries: 1 }), 'vigil-system');
    const first = await store.write(place, kind, small);
    let lost = 0;
    api.interfere = ({ method }) => (method === 'PUT' && lost++ === 0 ? 'after' : undefined);
    const content = large();
    const second = await store.write(place, kind, content, first);
    expect(lost).to.equal(2);
    expect(second.resourceVersion).to.equal(api.kept.get('vigil-basket')?.metadata.resourceVersion);
    expect((await store.read('vigil-basket', kind))?.content.text === content.text).to.equal(true);
  });

  it('keeps the pieces of a write with an unknown result until they are old', async () => {
    const first = await store.write(place, kind, small);
    api.interfere = ({ method }) => (method === 'PUT' ? says({ message: 'down' }, 503) : undefined);
    await rejected(store.write(place, kind, large(), first));
    api.interfere = () => undefined;
    expect(api.names.length).to.equal(3);
    expect(await collectOrphans(store, Date.now())).to.equal(0);
    expect(await collectOrphans(store, Date.now() + ORPHAN_AGE + 2000)).to.equal(2);
    expect(api.names).to.deep.equal(['vigil-basket']);
  });

  it('does not collect pieces that a head names', async () => {
    const { pieces } = await store.write(place, kind, large());
    expect(await collectOrphans(store, Date.now() + 10 * ORPHAN_AGE)).to.equal(0);
    expect(api.names).to.deep.equal(['vigil-basket', ...pieces]);
  });

  it('reports previous pieces that cannot be removed, and completes the write', async () => {
    const first = await store.write(place, kind, large());
    api.interfere = ({ method }) => (method === 'DELETE' ? says({ message: 'no' }, 403) : undefined);
    const second = await store.write(place, kind, small, first);
    expect(second.content).to.deep.equal(small);
    expect(leftovers.length).to.equal(1);
    api.interfere = () => undefined;
    expect(await collectOrphans(store, Date.now(), 0)).to.equal(2);
  });

  it('removes the other pieces if the server refuses one', async () => {
    let posts = 0;
    api.interfere = ({ method }) => (method === 'POST' && ++posts === 2 ? says({ message: 'exceeded quota' }, 403) : undefined);
    expect((await rejected(store.write(place, kind, large()))).message).to.contain('exceeded quota');
    posts = 0;
    expect((await rejected(store.keep(place, kind, large()))).message).to.contain('exceeded quota');
    expect(api.names).to.deep.equal([]);
  });

  it('names the piece of a document that does not exist', async () => {
    const { pieces } = await store.write(place, kind, large());
    api.kept.delete(pieces[0] ?? '');
    const error = await rejected(store.read('vigil-basket', kind));
    expect(damageOf(error)).to.equal('PieceMissing');
    expect(error.message).to.equal(`document vigil-basket is damaged: ConfigMap ${pieces[0] ?? ''} does not exist`);
  });

  it('repeats a read if the document was written meanwhile', async () => {
    const { pieces } = await store.write(place, kind, large());
    let rewritten = false;
    api.interfere = ({ method, url }) => {
      const head = api.kept.get('vigil-basket');
      if (!rewritten && head && method === 'GET' && url.includes(pieces[0] ?? '')) {
        rewritten = true;
        for (const name of pieces) api.kept.delete(name);
        const metadata = { ...head.metadata, resourceVersion: '999' };
        api.kept.set('vigil-basket', { ...head, metadata, data: {}, binaryData: { document: old(small) } });
      }
      return undefined;
    };
    expect((await store.read('vigil-basket', kind))?.content).to.deep.equal(small);
    expect(rewritten).to.equal(true);
  });
  const old = (content: unknown): string => gzipSync(JSON.stringify(content)).toString('base64');

  it('reads documents of versions of Vigil without format versions', async () => {
    const metadata = { name: 'vigil-basket', namespace: 'vigil-system' };
    await store.client.create(RESOURCES.configMaps, { metadata, binaryData: { 'ledger.json.gz': old(small) } } as KubeObject);
    const found = await store.read('vigil-basket', kind);
    expect([found?.content, found?.formatVersion]).to.deep.equal([small, 0]);
    await store.write(place, kind, small, found);
    expect((await store.read('vigil-basket', kind))?.formatVersion).to.equal(1);
  });

  for (const [what, change] of [
    ['emptied', { data: {}, binaryData: {} }],
    ['edited to have names that are not a list', { data: { pieces: '{"a":1}' }, binaryData: {} }],
    ['edited to have pieces that do not exist', { data: { pieces: '["vigil-other"]' }, binaryData: {} }],
    ['edited to have no pieces', { data: { pieces: '[]' }, binaryData: {} }],
    ['edited to have another text', { binaryData: { document: Buffer.from('hello').toString('base64') } }],
  ] as const) {
    it(`reports a damaged head that was ${what}`, async () => {
      await store.write(place, kind, small);
      const head = api.kept.get('vigil-basket');
      if (head) api.kept.set('vigil-basket', { ...head, ...change });
      expect(await rejected(store.read('vigil-basket', kind))).to.be.instanceOf(DocumentDamaged);
    });
  }

  it('writes documents without a head, under ordered file names', async () => {
    const content = large();
    const names = await store.keep(place, kind, content, 'input');
    expect(names.length).to.equal(2);
    expect(names.flatMap((name) => Object.keys(api.kept.get(name)?.binaryData ?? {}))).to.deep.equal(['input-000000', 'input-000001']);
    expect((await store.load(kind, names)).content.text === content.text).to.equal(true);
    api.kept.delete(names[1] ?? '');
    expect(damageOf(await rejected(store.load(kind, names)))).to.equal('PieceMissing');
    expect(damageOf(await rejected(store.load(kind, names.slice(0, 1))))).to.equal('Truncated');
  });

  it('removes unreferenced ConfigMaps of one owner that are older than an age', async () => {
    const kept = await store.keep(place, kind, small);
    const lost = await store.keep(place, kind, small);
    const others = await store.keep({ ...place, labels: { 'vigil.dev/scan': 'other' } }, kind, small);
    const selection = { labelSelector: 'vigil.dev/scan=s', keep: new Set(kept), now: Date.now() };
    expect(await collectGarbage(store, { ...selection, olderThan: 60_000 })).to.equal(0);
    expect(await collectGarbage(store, selection)).to.equal(1);
    expect(api.names).to.deep.equal([...kept, ...others].toSorted());
    expect(lost.length).to.equal(1);
  });

  it('does not remove ConfigMaps that Vigil does not manage', async () => {
    const kept = await store.keep(place, kind, small);
    const [name = ''] = kept;
    const found = api.kept.get(name);
    if (found) api.kept.set('theirs', { ...found, metadata: { ...found.metadata, name: 'theirs', labels: { 'vigil.dev/scan': 's' } } });
    await collectGarbage(store, { labelSelector: 'vigil.dev/scan=s', keep: new Set(), now: Date.now() });
    expect(api.names).to.deep.equal(['theirs']);
  });

  it('lists heads without pieces', async () => {
    await store.write(place, kind, large());
    await store.write({ ...place, name: 'vigil-other' }, kind, small);
    await store.keep(place, kind, small);
    const heads: string[] = [];
    for await (const page of documentHeads(store, kind)) heads.push(...page.map(({ metadata }) => metadata.name));
    expect(heads.toSorted()).to.deep.equal(['vigil-basket', 'vigil-other']);
  });

  it('removes a document with its pieces', async () => {
    await store.write(place, kind, large());
    await store.remove('vigil-basket');
    await store.remove('vigil-basket');
    expect(api.names).to.deep.equal([]);
  });
});
