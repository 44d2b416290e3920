import { expect } from 'chai';
import { createHash, randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { DocumentDamaged, DocumentVersionUnknown } from '../../../operator/kube/documents/document-error.ts';
import { packDocument, PIECE_BYTES, piecesOf, unpackDocument } from '../../../operator/kube/documents/document-format.ts';
import { hasFields, jsonKind, type DocumentKind } from '../../../operator/kube/documents/document-kind.ts';

interface Fruit {
  readonly fruit: string;
}

describe('the format of documents', () => {
  const fruits = jsonKind<Fruit>('fruits', 2, hasFields('fruit'));
  const apple: Fruit = { fruit: 'apple' };
  const damaged = (bytes: readonly Buffer[], kind: DocumentKind<unknown> = fruits): string => {
    try {
      unpackDocument(kind, bytes, 'basket');
      return 'whole';
    } catch (error) {
      if (error instanceof DocumentDamaged) return error.damage;
      if (error instanceof DocumentVersionUnknown) return `version ${String(error.formatVersion)}`;
      throw error;
    }
  };
  const headed = (fields: Readonly<Record<string, unknown>>, content: Buffer): Buffer =>
    Buffer.concat([Buffer.from(`${JSON.stringify(fields)}\n`), content]);
  const withHeader = (fields: Readonly<Record<string, unknown>>): Buffer => {
    const bytes = packDocument(fruits, apple);
    const end = bytes.indexOf('\n');
    const header = JSON.parse(bytes.subarray(0, end).toString()) as Readonly<Record<string, unknown>>;
    return headed({ ...header, ...fields }, bytes.subarray(end + 1));
  };

  it('returns the content that was packed, with its version', () => {
    expect(unpackDocument(fruits, [packDocument(fruits, apple)], 'basket')).to.deep.equal({ content: apple, formatVersion: 2 });
  });

  it('returns bytes unchanged', () => {
    const bytes: DocumentKind<Uint8Array> = {
      name: 'bytes',
      formatVersion: 1,
      read: (content) => (content instanceof Uint8Array ? content : undefined),
    };
    const noise = randomBytes(3 * PIECE_BYTES);
    const pieces = piecesOf(packDocument(bytes, noise));
    expect(pieces.length).to.equal(4);
    expect(Buffer.compare(Buffer.from(unpackDocument(bytes, pieces, 'noise').content), noise)).to.equal(0);
  });

  it('splits documents into pieces that fit into a ConfigMap', () => {
    const pieces = piecesOf(randomBytes(2 * PIECE_BYTES + 1));
    expect(pieces.map(({ length }) => length)).to.deep.equal([PIECE_BYTES, PIECE_BYTES, 1]);
    expect(pieces[0]?.toString('base64').length).to.be.at.most(900 * 1024);
    expect(piecesOf(Buffer.alloc(0)).length).to.equal(1);
  });

  it('reads a document without a header as version 0', () => {
    const seen: number[] = [];
    const kind: DocumentKind<Fruit> = { ...fruits, read: (content, version) => (seen.push(version), fruits.read(content, version)) };
    expect(unpackDocument(kind, [gzipSync(JSON.stringify(apple))], 'basket')).to.deep.equal({ content: apple, formatVersion: 0 });
    expect(seen).to.deep.equal([0]);
  });

  it('converts older versions by their kind, and refuses unsupported ones', () => {
    const bytes = packDocument({ ...fruits, formatVersion: 1 }, { name: 'apple' } as unknown as Fruit);
    const taking: DocumentKind<Fruit> = {
      ...fruits,
      read: (content, version) => (version === 1 ? { fruit: (content as { name: string }).name } : (content as Fruit)),
    };
    expect(unpackDocument(taking, [bytes], 'basket')).to.deep.equal({ content: apple, formatVersion: 1 });
    expect(damaged([bytes])).to.equal('Unreadable');
  });

  const whole = packDocument(fruits, apple);
  const ways: readonly (readonly [what: string, bytes: readonly Buffer[], damage: string])[] = [
    ['nothing', [], 'Unreadable'],
    ['a text', [Buffer.from('hello')], 'Unreadable'],
    ['JSON that is not a header', [Buffer.from('null\n')], 'Unreadable'],
    ['a header without an end', [whole.subarray(0, 20)], 'Unreadable'],
    ['the first half', [whole.subarray(0, whole.length - 10)], 'Truncated'],
    ['a header alone', [whole.subarray(0, whole.indexOf('\n') + 1)], 'Truncated'],
    ['a byte more', [whole, Buffer.from('x')], 'Changed'],
    ['another byte', [Buffer.from(whole).fill(255, whole.length - 10, whole.length - 9)], 'Changed'],
    ['pieces in the wrong order', [whole.subarray(150), whole.subarray(0, 150)], 'Unreadable'],
    ['another kind', [packDocument({ ...fruits, name: 'stones' }, apple)], 'Unreadable'],
    ['another shape', [packDocument(fruits, { stone: 'flint' } as unknown as Fruit)], 'Unreadable'],
    ['a version that was edited', [withHeader({ formatVersion: 1 })], 'Changed'],
    ['a newer version', [packDocument({ ...fruits, formatVersion: 3 }, apple)], 'version 3'],
    ['version 0 with a header', [packDocument({ ...fruits, formatVersion: 0 }, apple)], 'version 0'],
    ['a newer header', [withHeader({ vigil: 2 })], 'version 2'],
    ['an older document that is truncated', [gzipSync(JSON.stringify(apple)).subarray(0, 20)], 'Truncated'],
    ['an older document that is not JSON', [gzipSync('{')], 'Unreadable'],
  ];
  for (const [what, bytes, damage] of ways) it(`refuses ${what}`, () => expect(damaged(bytes)).to.equal(damage));

  it('limits the size of the decompressed content', () => {
    const bomb = gzipSync(Buffer.alloc(257 * 1024 * 1024), { level: 1 });
    const identity = { document: 'fruits', formatVersion: 2, encoding: 'json' };
    const sha256 = createHash('sha256').update('fruits\n2\njson\n').update(bomb).digest('hex');
    expect(damaged([headed({ vigil: 1, ...identity, bytes: bomb.length, sha256 }, bomb)])).to.equal('Unreadable');
  });

  it('names the document and the damage in the error', () => {
    expect(() => unpackDocument(fruits, [Buffer.from('hello')], 'basket')).to.throw('document basket is damaged: it has no valid header');
    expect(() => unpackDocument(fruits, [packDocument({ ...fruits, formatVersion: 7 }, apple)], 'basket')).to.throw(
      'document basket has format version 7; this version of Vigil reads versions up to 2',
    );
  });
});
