import { expect } from 'chai';
import { FIELD_MANAGERS, fieldOwner } from '../../operator/api/field-managers.ts';
import type { FieldsV1, ManagedFields } from '../../operator/api/metadata.ts';
import { withoutLegacyManager } from '../../operator/kube/legacy-fields.ts';

const applied = (manager: string, fieldsV1: FieldsV1, subresource?: string): ManagedFields => ({
  manager,
  operation: 'Apply',
  fieldsV1,
  ...(subresource === undefined ? {} : { subresource }),
});
const status = (fields: FieldsV1): FieldsV1 => ({ 'f:status': fields });

describe('the fields of the manager of an older version', () => {
  it('go to the writer of the resource, joined with what it owns already', () => {
    const before = [
      applied('vigil', status({ 'f:conditions': { 'k:{"type":"Old"}': { '.': {} } }, 'f:phase': {} }), 'status'),
      applied('vigil-scans', status({ 'f:conditions': { 'k:{"type":"New"}': { '.': {} } } }), 'status'),
    ];
    expect(withoutLegacyManager(before, { resource: 'scans', sub: 'status', manager: FIELD_MANAGERS.scans })).to.deep.equal([
      applied(
        'vigil-scans',
        status({ 'f:conditions': { 'k:{"type":"New"}': { '.': {} }, 'k:{"type":"Old"}': { '.': {} } }, 'f:phase': {} }),
        'status',
      ),
    ]);
  });

  it("of a policy's status go each to its owner, whoever applies first", () => {
    const legacy = applied(
      'vigil',
      status({ 'f:summary': { 'f:pass': {} }, 'f:images': { 'f:summary': {} }, 'f:frameworks': {} }),
      'status',
    );
    const request = { resource: 'securitypolicies', sub: 'status', manager: FIELD_MANAGERS.images } as const;
    const after = withoutLegacyManager([legacy], request) ?? [];
    expect(Object.fromEntries(after.map(({ manager = '', fieldsV1 = {} }) => [manager, fieldsV1]))).to.deep.equal({
      'vigil-policies': status({ 'f:summary': { 'f:pass': {} } }),
      'vigil-images': status({ 'f:images': { 'f:summary': {} } }),
      'vigil-scans': status({ 'f:frameworks': {} }),
    });
    expect(after.every(({ operation, subresource }) => operation === 'Apply' && subresource === 'status')).to.equal(true);
  });

  it('stay where they are for what is written otherwise, or elsewhere', () => {
    const entries: ManagedFields[] = [
      { ...applied('vigil', { 'f:spec': {} }), operation: 'Update' },
      applied('vigil', { 'f:spec': {} }),
      applied('kubectl', status({ 'f:phase': {} }), 'status'),
    ];
    expect(withoutLegacyManager(entries, { resource: 'scans', sub: 'status', manager: FIELD_MANAGERS.scans })).to.equal(undefined);
  });

  it('of an object without a status of its own go to who applies it', () => {
    const before = [applied('vigil', { 'f:results': {}, 'f:metadata': { 'f:labels': { 'f:old': {} } } })];
    expect(withoutLegacyManager(before, { resource: 'policyreports', manager: FIELD_MANAGERS.reports })).to.deep.equal([
      applied('vigil-reports', { 'f:results': {}, 'f:metadata': { 'f:labels': { 'f:old': {} } } }),
    ]);
  });

  it('have one owner each', () => {
    const owners = ['configuration', 'frameworks', 'images', 'conditions', 'summary', 'observedGeneration'];
    expect(owners.map((field) => fieldOwner('securitypolicies', field, FIELD_MANAGERS.images))).to.deep.equal([
      ...['vigil-scans', 'vigil-scans', 'vigil-images', 'vigil-policies', 'vigil-policies', 'vigil-policies'],
    ]);
    expect(fieldOwner('scans', 'conditions', FIELD_MANAGERS.scans)).to.equal('vigil-scans');
  });
});
