import { expect } from 'chai';
import { FIELD_MANAGERS, fieldOwner } from '../../../operator/api/field-managers.ts';
import type { FieldsV1, KubeObject, ManagedFields } from '../../../operator/api/metadata.ts';
import { handOver } from '../../../operator/kube/client/legacy-fields.ts';

const applied = (manager: string, fieldsV1: FieldsV1, subresource?: string): ManagedFields => ({
  manager,
  operation: 'Apply',
  fieldsV1,
  ...(subresource === undefined ? {} : { subresource }),
});
const object = (managedFields: readonly ManagedFields[], status: object = {}): KubeObject & { status: object } => ({
  metadata: { name: 'a', managedFields },
  status,
});
const legacy = applied('vigil', { 'f:status': { 'f:summary': {} } }, 'status');

describe('the fields of the legacy field manager', () => {
  it('are removed if no current manager owns them, after the current manager applied its fields', () => {
    const scan = object([legacy], { phase: 'Running', conditions: [] });
    expect(handOver(scan, { resource: 'scans', sub: 'status', manager: FIELD_MANAGERS.scans })).to.deep.equal([
      { manager: 'vigil', fields: {} },
    ]);
  });

  it("of a policy's status are first applied by their current managers", () => {
    const policy = object([legacy], { summary: 1, conditions: [2], images: 3, frameworks: 4, configuration: 5 });
    expect(handOver(policy, { resource: 'securitypolicies', sub: 'status', manager: FIELD_MANAGERS.images })).to.deep.equal([
      { manager: 'vigil-policies', fields: { status: { summary: 1, conditions: [2] } } },
      { manager: 'vigil-scans', fields: { status: { frameworks: 4, configuration: 5 } } },
      { manager: 'vigil', fields: {} },
    ]);
  });

  it('are removed from an object without a status', () => {
    const report = object([applied('vigil', { 'f:results': {} })]);
    expect(handOver(report, { resource: 'policyreports', manager: FIELD_MANAGERS.reports })).to.deep.equal([
      { manager: 'vigil', fields: {} },
    ]);
  });

  it('are not moved if it owns none, or owns them by another operation or subresource', () => {
    const others: ManagedFields[] = [
      { ...applied('vigil', { 'f:spec': {} }), operation: 'Update' },
      applied('vigil', { 'f:spec': {} }),
      applied('vigil', {}, 'status'),
      applied('kubectl', { 'f:status': {} }, 'status'),
    ];
    const request = { resource: 'scans', sub: 'status', manager: FIELD_MANAGERS.scans } as const;
    expect([handOver(object(others), request), handOver({}, request)]).to.deep.equal([[], []]);
  });

  it('have one manager each', () => {
    const owners = ['configuration', 'frameworks', 'images', 'conditions', 'summary', 'observedGeneration'];
    expect(owners.map((field) => fieldOwner('securitypolicies', field, FIELD_MANAGERS.images))).to.deep.equal([
      ...['vigil-scans', 'vigil-scans', 'vigil-images', 'vigil-policies', 'vigil-policies', 'vigil-policies'],
    ]);
    expect(fieldOwner('scans', 'conditions', FIELD_MANAGERS.scans)).to.equal('vigil-scans');
  });
});
