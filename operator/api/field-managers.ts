/**
 * The field managers of Vigil, as `metadata.managedFields` names them. Each writer of a shared object has its own field manager.
 * Thus a server-side apply by one writer never removes the fields of another writer.
 */
export const FIELD_MANAGERS = {
  /** Objects that one writer creates and replaces as a whole: Jobs, ConfigMaps, Leases, Scans. */
  operator: 'vigil',
  /** The status of a Scan, and the part of a policy's status with the results of scans and on-change evaluations. */
  scans: 'vigil-scans',
  /** The part of a policy's status with the results of image scans. */
  images: 'vigil-images',
  /** The totals and conditions of a policy's status. */
  policies: 'vigil-policies',
  /** The status of a ScanSchedule. */
  schedules: 'vigil-schedules',
  /** The status of a SecurityException or a ClusterSecurityException. */
  exceptions: 'vigil-exceptions',
  /** The status of an ImageApproval. */
  approvals: 'vigil-approvals',
  /** ValidatingAdmissionPolicies, their bindings and parameters, and the part of a policy's status about them. */
  admission: 'vigil-admission',
  /** The part of a policy's status with the results of the detections. */
  anomalies: 'vigil-anomalies',
  /** PolicyReports. */
  reports: 'vigil-reports',
  /** The EndpointSlice and the certificate authority of the audit endpoint. */
  audit: 'vigil-audit',
} as const;

/** A field manager of Vigil. */
export type FieldManager = (typeof FIELD_MANAGERS)[keyof typeof FIELD_MANAGERS];

const own: ReadonlySet<unknown> = new Set(Object.values(FIELD_MANAGERS));

/** Whether a field manager belongs to Vigil, in this version or an earlier one. */
export const isOwnFieldManager = (manager: unknown): boolean => own.has(manager);

/** The field manager of every server-side apply in older versions. Its fields are transferred to the new field managers (see {@link fieldOwner}). */
export const LEGACY_FIELD_MANAGER = 'vigil';

/** By resource, the field managers of a status with several writers: of the listed fields, and of all other fields (`rest`). */
const parts: Readonly<Record<string, { readonly rest: FieldManager; readonly fields: Readonly<Record<string, FieldManager>> }>> = {
  securitypolicies: {
    rest: FIELD_MANAGERS.policies,
    fields: {
      configuration: FIELD_MANAGERS.scans,
      frameworks: FIELD_MANAGERS.scans,
      images: FIELD_MANAGERS.images,
      enforcement: FIELD_MANAGERS.admission,
      anomalies: FIELD_MANAGERS.anomalies,
    },
  },
};

/** Returns the field manager of a top-level status field. Returns `otherwise` for a resource whose status has one writer. */
export function fieldOwner(resource: string, field: string, otherwise: FieldManager): FieldManager {
  const shared = parts[resource];
  return shared ? (shared.fields[field] ?? shared.rest) : otherwise;
}
