/**
 * Who writes which fields, as `metadata.managedFields` names them. Each writer of a shared object has a manager of its own, so that a
 * server-side apply by one never drops the fields of another.
 */
export const FIELD_MANAGERS = {
  /** Objects that one writer makes and replaces whole: Jobs, ConfigMaps, leases, Scans. */
  operator: 'vigil',
  /** The status of a Scan, and the part of a policy's status that scans and changes bring. */
  scans: 'vigil-scans',
  /** The part of a policy's status that image scanning brings. */
  images: 'vigil-images',
  /** Totals and conditions of a policy. */
  policies: 'vigil-policies',
  /** The status of a ScanSchedule. */
  schedules: 'vigil-schedules',
  /** PolicyReports. */
  reports: 'vigil-reports',
} as const;

/** A field manager of Vigil's. */
export type FieldManager = (typeof FIELD_MANAGERS)[keyof typeof FIELD_MANAGERS];

const own: ReadonlySet<unknown> = new Set(Object.values(FIELD_MANAGERS));

/** Whether a field manager is one of Vigil's, of this version or of an earlier one. */
export const isOwnFieldManager = (manager: unknown): boolean => own.has(manager);

/** The one manager of all server-side applies until each writer got its own: its fields are handed over ({@link fieldOwner}). */
export const LEGACY_FIELD_MANAGER = 'vigil';

/** By resource: who owns a field of the status where it is not who owns the rest of it. */
const parts: Readonly<Record<string, { readonly rest: FieldManager; readonly fields: Readonly<Record<string, FieldManager>> }>> = {
  securitypolicies: {
    rest: FIELD_MANAGERS.policies,
    fields: { configuration: FIELD_MANAGERS.scans, frameworks: FIELD_MANAGERS.scans, images: FIELD_MANAGERS.images },
  },
};

/** Who owns a top-level field of a resource's status; `otherwise`: the only writer of a resource that several do not share. */
export function fieldOwner(resource: string, field: string, otherwise: FieldManager): FieldManager {
  const shared = parts[resource];
  return shared ? (shared.fields[field] ?? shared.rest) : otherwise;
}
