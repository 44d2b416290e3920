import { expect } from 'chai';
import fc from 'fast-check';
import type { ServerResponse } from 'node:http';
import { RESOURCES } from '../../../operator/api/api-resource.ts';
import { isNotFound, lacksPermission } from '../../../operator/kube/client/kube-api-error.ts';
import { listAll } from '../../../operator/kube/list.ts';
import { ProtobufError } from '../../../operator/kube/protobuf/message-reader.ts';
import { parseBody } from '../../../operator/kube/protobuf/response-body.ts';
import { ApiDouble } from '../api-double.ts';
import { message, response, type FieldValue } from './protobuf-double.ts';

const type = 'application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
const fields = '{"f:metadata":{"f:labels":{"f:app":{}}}}';
const metadata: readonly (readonly [number, FieldValue])[] = [
  [1, 'web'],
  [2, ''],
  [3, 'shop'],
  [5, 'uid-1'],
  [6, '42'],
  [7, 3],
  [8, message([1, 1_795_951_192], [2, 0])],
  [9, message()],
  [11, message([1, 'app'], [2, 'wéb'])],
  [11, message([1, 'empty'], [2, ''])],
  [12, message([1, 'note'], [2, 'x'.repeat(300)])],
  [13, message([1, 'Deployment'], [3, 'web'], [4, 'uid-0'], [5, 'apps/v1'], [6, 1], [7, 0])],
  [14, 'a'],
  [14, 'b'],
  [17, message([1, 'kubectl'], [2, 'Apply'], [3, 'v1'], [6, 'FieldsV1'], [7, message([1, fields])], [8, 'status'])],
];
const list = response(
  'PartialObjectMetadataList',
  message([1, message([1, ''], [2, '77'], [3, 'next'], [4, 9])], [2, message([1, message(...metadata)])]),
);
const managedFields = [{ manager: 'kubectl', operation: 'Apply', subresource: 'status', fieldsV1: JSON.parse(fields) as unknown }];
const parsed = {
  name: 'web',
  namespace: 'shop',
  uid: 'uid-1',
  resourceVersion: '42',
  generation: 3,
  creationTimestamp: '2026-11-29T11:19:52Z',
  labels: { app: 'wéb', empty: '' },
  annotations: { note: 'x'.repeat(300) },
  ownerReferences: [{ kind: 'Deployment', name: 'web', uid: 'uid-0', apiVersion: 'apps/v1', controller: true, blockOwnerDeletion: false }],
  finalizers: ['a', 'b'],
};

describe('a response in protobuf', () => {
  it('is a list of metadata as in JSON', () => {
    const body = parseBody(type, list);
    expect(body).to.deep.equal({
      metadata: { resourceVersion: '77', continue: 'next', remainingItemCount: 9 },
      items: [{ metadata: { ...parsed, managedFields } }],
    });
  });

  it('is a list without managed fields if the caller does not read them', () => {
    const { items } = parseBody(type, list, { omitManagedFields: true }) as { items: unknown };
    expect(items).to.deep.equal([{ metadata: parsed }]);
  });

  it('is an error of the API server as in JSON', () => {
    const causes = [
      [1, 'NamespaceTerminating'],
      [2, 'being terminated'],
      [3, 'metadata'],
    ] as const;
    const details = message([1, 'web'], [2, ''], [3, 'pods'], [4, message(...causes)], [4, message([1, 'Other'])], [6, 'uid']);
    const status = message([1, message([2, '5'])], [2, 'Failure'], [3, 'no'], [4, 'Forbidden'], [5, details], [6, 403]);
    expect(parseBody(type, response('Status', status))).to.deep.equal({
      ...{ kind: 'Status', apiVersion: 'v1', metadata: { resourceVersion: '5' }, message: 'no', reason: 'Forbidden', code: 403 },
      details: {
        ...{ name: 'web', kind: 'pods' },
        causes: [
          { reason: 'NamespaceTerminating', message: 'being terminated' },
          { reason: 'Other', message: '' },
        ],
      },
    });
    expect(parseBody(type, response('Status', message([5, message([3, 'pods'], [2, 'apps'])])))).to.deep.equal({
      ...{ kind: 'Status', apiVersion: 'v1', details: { kind: 'pods', group: 'apps' } },
    });
  });

  it('is refused if an object has no metadata, or the response has no message', () => {
    expect(() => parseBody(type, response('PartialObjectMetadataList', message([2, message([2, 'x'])])))).to.throw(
      ProtobufError,
      'an object has no metadata',
    );
    const empty = Buffer.concat([Buffer.from('k8s\0'), message([1, message([1, 'v1'], [2, 'Status'])])]);
    expect(() => parseBody(type, empty)).to.throw(ProtobufError, 'the response has no message');
  });

  it('has owners that are controllers, or not, or do not say, and times of the epoch', () => {
    const owner = (...fields: readonly (readonly [number, FieldValue])[]): Buffer =>
      message([1, message([1, 'x'], [13, message(...fields)], [8, message([1, 0])])]);
    const body = response(
      'PartialObjectMetadataList',
      message([2, owner([1, 'A'], [6, 0], [7, 1])], [2, owner([3, 'n'])], [2, message([1, message([1, 'y'], [2, 'generated-'])])]),
    );
    const { items } = parseBody(type, body) as { items: { metadata: { ownerReferences?: unknown; creationTimestamp?: string } }[] };
    expect(items.map(({ metadata: each }) => each.ownerReferences)).to.deep.equal([
      [{ kind: 'A', name: '', uid: '', apiVersion: '', controller: false, blockOwnerDeletion: true }],
      [{ kind: '', name: 'n', uid: '', apiVersion: '' }],
      undefined,
    ]);
    expect(items[0]?.metadata.creationTimestamp).to.equal('1970-01-01T00:00:00Z');
  });

  it('skips fields that it does not know', () => {
    const unknown = Buffer.concat([
      message([99, 'text'], [98, 7]),
      Buffer.from([8 * 9 + 5, 1, 2, 3, 4, 8 * 9 + 1, 1, 2, 3, 4, 5, 6, 7, 8]),
    ]);
    const body = response('PartialObjectMetadataList', Buffer.concat([unknown, message([1, message([2, '5'])])]));
    expect(parseBody(type, body)).to.deep.equal({ metadata: { resourceVersion: '5' }, items: [] });
  });

  it('is refused if it is cut off anywhere, or of another kind', () => {
    // Two empty fields of two bytes follow the message.
    for (let length = 0; length < list.length - 4; length++)
      expect(() => parseBody(type, list.subarray(0, length)), `after ${length} bytes`).to.throw(ProtobufError);
    expect(() => parseBody(type, response('PodList', message()))).to.throw('the kind PodList is not expected in protobuf');
  });

  it('never fails in another way, whatever its bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          parseBody(type, response('PartialObjectMetadataList', Buffer.from(bytes)));
        } catch (error) {
          expect(error).to.be.instanceOf(ProtobufError);
        }
      }),
    );
  });
});

describe('a list of metadata', () => {
  it('reads protobuf, follows its continue token, and reads errors in protobuf', async () => {
    const double = new ApiDouble();
    const client = await double.start({ retries: 0 });
    const says =
      (bytes: Buffer, status = 200) =>
      (answer: ServerResponse) =>
        void answer.writeHead(status, { 'content-type': type }).end(bytes);
    const last = response('PartialObjectMetadataList', message([1, message([2, '77'])]));
    const details = (...pairs: readonly (readonly [number, FieldValue])[]): Buffer => message([1, message()], [2, 'Failure'], ...pairs);
    const expired = details([1, message([3, 'successor'])], [3, 'too old'], [4, 'Expired'], [6, 410]);
    const forbidden = details([3, 'no'], [4, 'Forbidden'], [5, message([1, ''], [2, ''], [3, 'pods'], [5, 0])], [6, 403]);
    double.answers = [says(list), says(response('Status', expired), 410), says(last)];
    const found = await listAll(client, RESOURCES.pods, { metadataOnly: true });
    expect(found.map(({ metadata: { name } }) => name)).to.deep.equal(['web']);
    expect(double.calls.map(({ url }) => new URL(url, 'http://x').searchParams.get('continue'))).to.deep.equal([null, 'next', 'successor']);
    double.answers = [says(response('Status', forbidden), 403)];
    const refused = await listAll(client, RESOURCES.pods, { metadataOnly: true }).catch((error: unknown) => error);
    expect([lacksPermission(refused), isNotFound(refused), String(refused)]).to.deep.equal([true, false, 'KubeApiError: no']);
    double.answers = [says(list.subarray(0, 40))];
    const cut = await listAll(client, RESOURCES.pods, { metadataOnly: true }).catch((error: unknown) => error);
    expect(String(cut)).to.equal('KubeApiError: the response is not valid protobuf');
    double.stop();
  });
});
