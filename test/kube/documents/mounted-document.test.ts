import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { headConfigMap, headContentOf, pieceConfigMap, pieceKey, piecesIn } from '../../../operator/kube/documents/document-config-map.ts';
import { DocumentConflict, DocumentDamaged, DocumentVersionUnknown, isUnusable } from '../../../operator/kube/documents/document-error.ts';
import { jsonKind } from '../../../operator/kube/documents/document-kind.ts';
import { documentFiles, readMountedDocument } from '../../../operator/kube/documents/mounted-document.ts';

describe('a mounted document', () => {
  let folder = '';
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'vigil-documents-'))));
  afterEach(() => rmSync(folder, { recursive: true }));
  const kind = jsonKind<readonly string[]>('basket', 1, Array.isArray);
  /** Content that does not compress, so that it needs several pieces. */
  const large = Array.from({ length: 60_000 }, (_, index) => `${Math.sin(index)}${Math.cos(index)}`);
  const put = (name: string, bytes: Buffer | string): void => writeFileSync(join(folder, name), bytes);

  it('is read from its files, in their order, among the files of others', () => {
    const files = documentFiles('basket', kind, large);
    expect(files.length).to.be.greaterThan(1);
    expect(files.map(([name]) => name)).to.deep.equal(files.map((_, index) => `basket-${String(index).padStart(6, '0')}`));
    for (const [name, bytes] of files.toReversed()) put(name, bytes);
    for (const name of ['basket', 'basket-1', 'basket-000000.tmp', 'basket-two-000000', '..data', 'other-000000']) put(name, 'x');
    expect(readMountedDocument(folder, 'basket', kind)).to.deep.equal(large);
  });

  it('is damaged without one of its files', () => {
    const files = documentFiles('basket', kind, large);
    for (const [name, bytes] of files.slice(0, -1)) put(name, bytes);
    const read = (): unknown => readMountedDocument(folder, 'basket', kind);
    expect(read).to.throw(DocumentDamaged).with.property('document', 'basket');
    expect(() => readMountedDocument(folder, 'none', kind)).to.throw(DocumentDamaged);
  });
});

describe('the ConfigMaps of a document', () => {
  const place = {
    name: 'd',
    labels: { a: 'b' },
    annotations: { c: 'd' },
    ownerReferences: [{ apiVersion: 'v1', kind: 'X', name: 'o', uid: 'u' }],
  };
  const labels = { a: 'b', 'app.kubernetes.io/managed-by': 'vigil', 'vigil.dev/document': 'basket' };
  const { labels: _, ...rest } = place;
  const { a: __, ...own } = labels;

  it('are a head with the document, or with the names of its pieces', () => {
    const at = { namespace: 'n', kind: 'basket' };
    expect(headConfigMap(place, { whole: Buffer.from('x') }, at)).to.deep.equal({
      metadata: { ...rest, namespace: 'n', labels },
      binaryData: { document: Buffer.from('x').toString('base64') },
    });
    expect(headConfigMap({ name: 'd' }, { pieces: ['p', 'q'] }, { ...at, resourceVersion: '7' })).to.deep.equal({
      metadata: { name: 'd', namespace: 'n', resourceVersion: '7', labels: own },
      data: { pieces: '["p","q"]' },
    });
  });

  it('are immutable pieces that name their head', () => {
    const piece = { name: 'd-1', piece: Buffer.from('x'), key: pieceKey('d', 3) };
    const { metadata, ...content } = pieceConfigMap(piece, 'n', { kind: 'basket', head: 'd', place });
    expect(content).to.deep.equal({ immutable: true, binaryData: { 'd-000003': Buffer.from('x').toString('base64') } });
    expect(metadata.labels).to.deep.equal({ ...labels, 'vigil.dev/document-piece': 'true', 'vigil.dev/document-head': 'd' });
    expect(pieceConfigMap(piece, 'n', { kind: 'basket', place }).metadata.labels).not.to.have.property('vigil.dev/document-head');
  });

  for (const [what, configMap, content] of [
    ['pieces', { data: { pieces: '["p"]' } }, { pieces: ['p'] }],
    ['a document', { binaryData: { document: 'eA==' } }, { whole: Buffer.from('x') }],
    ['the only value of an old version', { binaryData: { 'ledger.json.gz': 'eA==' } }, { whole: Buffer.from('x') }],
    ['nothing', {}, undefined],
    ['nothing for pieces that are not JSON', { data: { pieces: '[' } }, undefined],
    ['nothing for pieces that are no list', { data: { pieces: '{}' } }, undefined],
    ['nothing for pieces that are no names', { data: { pieces: '["p", 7]' } }, undefined],
  ] as const)
    it(`contain ${what}`, () => expect(headContentOf({ metadata: { name: 'd' }, ...configMap })).to.deep.equal(content));

  it('have their pieces in the order of the keys', () => {
    const of = (key: string, text: string) => ({ metadata: { name: key }, binaryData: { [key]: Buffer.from(text).toString('base64') } });
    expect(
      piecesIn([of('d-000002', 'c'), of('d-000000', 'a'), of('d-000001', 'b'), { metadata: { name: 'x' } }]).map(String),
    ).to.deep.equal(['a', 'b', 'c']);
  });
});

describe('the errors of documents', () => {
  it('name the document and the reason, and say whether it has to be made again', () => {
    const errors = [
      new DocumentDamaged('d', 'Changed', 'why'),
      new DocumentVersionUnknown('d', 9, 2),
      new DocumentConflict('d'),
      new Error('x'),
    ];
    expect(errors.map((error) => [error.name, error.message, isUnusable(error)])).to.deep.equal([
      ['DocumentDamaged', 'document d is damaged: why', true],
      ['DocumentVersionUnknown', 'document d has format version 9; this version of Vigil reads versions up to 2', true],
      ['DocumentConflict', 'document d was changed by another writer', false],
      ['Error', 'x', false],
    ]);
    const cause = new Error('c');
    expect([new DocumentDamaged('d', 'Changed', 'why', cause).cause, new DocumentConflict('d', cause).cause]).to.deep.equal([cause, cause]);
  });
});
