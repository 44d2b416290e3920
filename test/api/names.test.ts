import { expect } from 'chai';
import { apiVersionOf, type ApiResource, RESOURCES } from '../../operator/api/api-resource.ts';
import { ownKinds } from '../../operator/api/crds/own-kinds.ts';
import { reportKinds } from '../../operator/api/crds/report-kinds.ts';
import { definedEntries } from '../../operator/api/defined-entries.ts';
import { FIELD_MANAGERS, fieldOwner, isOwnFieldManager, LEGACY_FIELD_MANAGER } from '../../operator/api/field-managers.ts';
import { ANNOTATIONS, API_VERSION, GROUP, LABELS, MANAGED_BY } from '../../operator/api/group.ts';
import { shortHash } from '../../operator/api/short-hash.ts';
import { timestampOf } from '../../operator/api/timestamp.ts';

describe('the resources of Vigil', () => {
  const line = ({ group, version, resource, kind, namespaced }: ApiResource): string =>
    `${apiVersionOf({ group, version })} ${resource} ${kind} ${namespaced ? 'Namespaced' : 'Cluster'}`;

  it('include every kind with a CRD, with the same names and scope', () => {
    const known = Object.values<ApiResource>(RESOURCES).map(line);
    const kinds = [...ownKinds, ...reportKinds].map(({ plural, ...kind }) => line({ ...kind, resource: plural }));
    expect(kinds.filter((kind) => !known.includes(kind))).to.deep.equal([]);
  });

  it('have the names of the Kubernetes API', () => {
    const { admissionPolicies, admissionBindings, jobs, pods, configMaps, namespaces, nodes, events, leases } = RESOURCES;
    expect([admissionPolicies, admissionBindings, jobs, pods, configMaps, namespaces, nodes, events, leases].map(line)).to.deep.equal([
      'admissionregistration.k8s.io/v1 validatingadmissionpolicies ValidatingAdmissionPolicy Cluster',
      'admissionregistration.k8s.io/v1 validatingadmissionpolicybindings ValidatingAdmissionPolicyBinding Cluster',
      'batch/v1 jobs Job Namespaced',
      'v1 pods Pod Namespaced',
      'v1 configmaps ConfigMap Namespaced',
      'v1 namespaces Namespace Cluster',
      'v1 nodes Node Cluster',
      'v1 events Event Namespaced',
      'coordination.k8s.io/v1 leases Lease Namespaced',
    ]);
  });
});

describe('names that objects in clusters carry', () => {
  it('are the same in every version, because objects of older versions are found by them', () => {
    expect([API_VERSION, MANAGED_BY]).to.deep.equal(['vigil.dev/v1alpha1', 'vigil']);
    const { managedBy, ...labels } = LABELS;
    expect(managedBy).to.equal('app.kubernetes.io/managed-by');
    const suffixes = (names: Readonly<Record<string, string>>): Record<string, string> =>
      Object.fromEntries(Object.entries(names).map(([purpose, name]) => [purpose, name.replace(GROUP, '')]));
    expect(suffixes(labels)).to.deep.equal({
      source: '/source',
      policyPrefix: 'policy./',
      scan: '/scan',
      schedule: '/schedule',
      part: '/part',
      trigger: '/trigger',
      enforces: '/enforces',
      document: '/document',
      documentPiece: '/document-piece',
      documentHead: '/document-head',
      imageData: '/image-data',
    });
    expect(suffixes(ANNOTATIONS)).to.deep.equal({
      policies: '/policies',
      change: '/change',
      changes: '/changes',
      exceptionChanges: '/exception-changes',
      resourceVersion: '/resource-version',
      digest: '/digest',
      bootstrap: '/bootstrap',
      scan: '/scan',
      generations: '/generations',
      images: '/images',
      except: '/except',
      jobInputs: '/job-inputs',
      imageJob: '/image-job',
    });
  });
});

describe('field managers', () => {
  it('are one for each writer', () => {
    expect(FIELD_MANAGERS).to.deep.equal({
      operator: 'vigil',
      anomalies: 'vigil-anomalies',
      approvals: 'vigil-approvals',
      audit: 'vigil-audit',
      scans: 'vigil-scans',
      images: 'vigil-images',
      policies: 'vigil-policies',
      schedules: 'vigil-schedules',
      exceptions: 'vigil-exceptions',
      admission: 'vigil-admission',
      reports: 'vigil-reports',
    });
    expect(['vigil-scans', LEGACY_FIELD_MANAGER, 'kubectl', 'vigil-', undefined].map(isOwnFieldManager)).to.deep.equal([
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  it('share the status of a policy by field, and no other status', () => {
    const fields = ['configuration', 'frameworks', 'images', 'enforcement', 'conditions'];
    expect(fields.map((field) => fieldOwner('securitypolicies', field, 'vigil-reports'))).to.deep.equal([
      'vigil-scans',
      'vigil-scans',
      'vigil-images',
      'vigil-admission',
      'vigil-policies',
    ]);
    expect(fieldOwner('scans', 'images', 'vigil-scans')).to.equal('vigil-scans');
  });
});

describe('small values', () => {
  it('definedEntries leaves out undefined alone', () => {
    expect(definedEntries({ a: undefined, b: null, c: 0, d: '', e: false })).to.deep.equal({ b: null, c: 0, d: '', e: false });
  });

  it('shortHash is the start of the SHA-256 hash', () => {
    expect(shortHash('abc', 12)).to.equal('ba7816bf8f01');
  });

  it('timestampOf cuts milliseconds', () => {
    expect([0, 999, 1000, 1_769_860_800_123].map(timestampOf)).to.deep.equal([
      '1970-01-01T00:00:00Z',
      '1970-01-01T00:00:00Z',
      '1970-01-01T00:00:01Z',
      '2026-01-31T12:00:00Z',
    ]);
  });
});
