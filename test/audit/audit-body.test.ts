import fc from 'fast-check';
import { expect } from 'chai';
import { readAuditBody } from '../../operator/audit/formats/audit-body.ts';
import { readAuditDocument } from '../../operator/audit/formats/audit-document.ts';
import { eventListItems } from '../../operator/audit/formats/event-list-items.ts';
import { auditJson } from './sample-events.ts';

const list = (items: unknown, more: object = {}): string =>
  JSON.stringify({ kind: 'EventList', apiVersion: 'audit.k8s.io/v1', metadata: { items: [{}] }, ...more, items });
const read = (text: string): unknown[] => {
  const { events, problemCounts, other } = readAuditBody(Buffer.from(text), 'a');
  return [events, [...problemCounts], other];
};
const readWhole = (text: string): unknown[] => {
  const { events, problemCounts, other } = readAuditDocument(text, 'a');
  return [events, [...problemCounts], other];
};

describe('readAuditBody', () => {
  const odd = auditJson({ verb: 'get "]}{[\\', userAgent: 'ü€😀 \\" \\\\', annotations: { 'authorization.k8s.io/reason': '"items":[{' } });
  const texts: Readonly<Record<string, string>> = {
    'a list': list([auditJson(), odd, auditJson({ auditID: 'b' })]),
    'a list with spaces': JSON.stringify(JSON.parse(list([auditJson(), odd])), undefined, 2),
    'an empty list': list([]),
    'a list with fields after its items': `{"items":[${JSON.stringify(odd)}],"apiVersion":"audit.k8s.io/v1","kind":"EventList"}`,
    'a list of an older version': list([auditJson(), odd], { apiVersion: 'audit.k8s.io/v1beta1' }),
    'a list of another kind': list([auditJson()], { kind: 'PodList' }),
    'items that are no objects': list([1, 'a', [auditJson()], null, auditJson()]),
    'items that are no list': list({ a: auditJson() }),
    'one event': JSON.stringify(odd),
    'an event that has items': JSON.stringify(auditJson({ items: [] })),
    'two lists in lines': `${list([auditJson()])}\n${list([odd])}`,
    'a list and text': `${list([auditJson()])} text`,
    'a list twice in one': `{"items":[${JSON.stringify(odd)}],"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[]}`,
    'a list without commas': list([auditJson(), auditJson()]).replace('},{', '}{'),
    'a torn list': list([auditJson(), odd]).slice(0, -30),
    nothing: '',
    text: 'hello',
  };
  for (const [title, text] of Object.entries(texts))
    it(`reads ${title} as a document is read`, () => expect(read(text)).to.deep.equal(readWhole(text)));

  it('finds the items of any list', () => {
    fc.assert(
      fc.property(fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { minLength: 1 }), fc.boolean(), (items, isIndented) => {
        const bytes = Buffer.from(JSON.stringify({ a: ['{', { items }], items, b: '"]' }, undefined, isIndented ? 1 : 0));
        const found = eventListItems(bytes);
        expect(JSON.parse(found?.list ?? '')).to.deep.equal({
          a: ['{', { items: JSON.parse(JSON.stringify(items)) as unknown }],
          items: [],
          b: '"]',
        });
        expect(found?.items.map(([start, end]) => JSON.parse(bytes.toString('utf8', start, end)) as unknown)).to.deep.equal(
          JSON.parse(JSON.stringify(items)),
        );
      }),
      { numRuns: 200 },
    );
  });

  it('refuses a list of very many small items, and one item with very many values', () => {
    const many = readAuditBody(
      Buffer.from(`{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[${'{},'.repeat(600_000)}{}]}`),
      'a',
    );
    expect([...many.problemCounts]).to.deep.equal([['too-large', 1]]);
    const large = readAuditBody(
      Buffer.from(list([auditJson({ requestObject: Array.from({ length: 600_000 }, () => 1) }), auditJson()])),
      'a',
    );
    expect([[...large.problemCounts], large.events.length]).to.deep.equal([[['too-large', 1]], 1]);
  });
});
