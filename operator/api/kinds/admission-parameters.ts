import { z } from 'zod';
import { field } from '../field.ts';
import type { KubeObject } from '../metadata.ts';

/** A pattern of 253 characters is an expression of at most twice as many. */
const names = z.array(z.string().max(512)).max(512);

const labelRequirement = z.strictObject({
  key: field(z.string().max(317), 'The key of the label.'),
  operator: field(z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']), 'The relation between the label and the values.'),
  values: field(z.array(z.string().max(63)).max(64), 'The values. Empty for Exists and DoesNotExist.'),
});

/** One exception in force, as the admission policies evaluate it. An omitted field matches everything. */
const admissionWaiver = z.strictObject({
  exception: field(z.string().max(317), 'The exception, as namespace/name, or the name of a ClusterSecurityException.'),
  checks: field(names, 'The controls and rules that are covered.'),
  namespaces: field(names.optional(), 'The namespaces of the objects, as regular expressions.'),
  excludedNamespaces: field(names.optional(), 'Namespaces that are not covered, as regular expressions.'),
  clusterScoped: field(z.boolean().optional(), 'true: cluster-scoped objects are covered too.'),
  apiGroup: field(z.string().max(253).optional(), 'The API group of the objects.'),
  kind: field(z.string().max(63).optional(), 'The kind of the objects.'),
  names: field(names.optional(), 'The names of the objects, as regular expressions.'),
  labels: field(z.array(labelRequirement).max(96).optional(), 'What the labels of the objects must satisfy.'),
  namespaceLabels: field(z.array(labelRequirement).max(96).optional(), 'What the labels of the namespaces must satisfy.'),
  containers: field(names.optional(), 'The containers whose findings are covered.'),
});
export type AdmissionWaiver = z.infer<typeof admissionWaiver>;

/** The fields of an AdmissionParameters object besides its metadata. The operator writes one for each SecurityPolicy with enforcement. */
export const admissionParametersBody = z.strictObject({
  waivers: field(z.array(admissionWaiver).max(2000).optional(), 'The exceptions in force.'),
  approvedImages: field(
    z
      .record(z.string().max(512), z.record(z.string().max(64), z.boolean()))
      .meta({ 'x-kubernetes-map-type': 'atomic' })
      .optional(),
    'The approved digests in force, by repository with its registry. A digest is a key without sha256:.',
  ),
});
export type AdmissionParameters = KubeObject & z.infer<typeof admissionParametersBody>;
