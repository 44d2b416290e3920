import type { Detection, DetectionInput, DetectionNormal } from '../../../operator/catalogue/detections/detection.ts';

/**
 * One detection in the table of the specification. Inputs: `W` watches, `A` audit events, `R` the requests for tokens; after `;` those that
 * only add something. Normal: `I` never, `N` what was seen before, `Q` a rate.
 */
export type DetectionRow = readonly [id: string, inputs: string, normal: string, severity: string, sensitive: string, parameters: string];

const letters: Readonly<Record<DetectionInput, string>> = { watch: 'W', audit: 'A', 'audit-request': 'R' };
const normals: Readonly<Record<DetectionNormal, string>> = { invariant: 'I', 'first-seen': 'N', rate: 'Q' };

/** Returns the row of a detection. */
export function detectionRow({ id, needs, adds = [], normal, severity, sensitive, parameters = {} }: Detection): DetectionRow {
  const inputs = [needs, adds].filter((some) => some.length > 0).map((some) => some.map((input) => letters[input]).join('+'));
  const set = Object.entries(parameters).map(([name, parameter]) => `${name} ${String(parameter.default)}`);
  return [id, inputs.join(';'), normals[normal], severity, sensitive ? 'sensitive' : '', set.join(' ')];
}

/** Every detection. */
// prettier-ignore
export const specifiedDetections: readonly DetectionRow[] = [
  ['token-from-elsewhere', 'A+W', 'I', 'high', 'sensitive', ''],
  ['node-identity-from-elsewhere', 'A+W', 'I', 'high', 'sensitive', ''],
  ['anonymous-access', 'A', 'I', 'high', 'sensitive', ''],
  ['impersonation', 'A', 'N', 'high', 'sensitive', ''],
  ['certificate-request', 'W;A', 'N', 'high', 'sensitive', ''],
  ['token-request', 'A;R', 'N', 'medium', 'sensitive', ''],
  ['legacy-token-used', 'A', 'N', 'high', 'sensitive', 'unusedDays 30'],
  ['new-principal', 'A', 'N', 'low', '', ''],
  ['unused-binding-used', 'A', 'N', 'low', '', ''],
  ['binding-to-everybody', 'W;A', 'I', 'critical', 'sensitive', ''],
  ['new-admin-binding', 'W;A', 'N', 'high', 'sensitive', ''],
  ['role-gains-power', 'W;A', 'N', 'high', 'sensitive', ''],
  ['system-role-changed', 'W;A', 'I', 'high', 'sensitive', ''],
  ['account-switched', 'W;A', 'N', 'high', 'sensitive', ''],
  ['denied-requests', 'A', 'Q', 'medium', 'sensitive', 'floor 10'],
  ['permission-probing', 'A', 'N', 'low', 'sensitive', 'floor 5'],
  ['enumeration', 'A', 'Q', 'medium', 'sensitive', 'floor 5'],
  ['new-api-use', 'A', 'N', 'medium', '', ''],
  ['cluster-wide-secret-list', 'A', 'N', 'high', 'sensitive', ''],
  ['secret-spread', 'A', 'Q', 'high', 'sensitive', 'floor 10'],
  ['secret-read', 'A', 'N', 'medium', 'sensitive', ''],
  ['exec-into-pod', 'A;W', 'N', 'medium', 'sensitive', ''],
  ['suspicious-exec', 'A', 'I', 'high', 'sensitive', ''],
  ['ephemeral-container-added', 'W;A', 'N', 'medium', 'sensitive', ''],
  ['node-proxy', 'A', 'N', 'high', 'sensitive', ''],
  ['events-deleted', 'A', 'I', 'medium', 'sensitive', ''],
  ['mass-deletion', 'W;A', 'Q', 'high', 'sensitive', 'floor 10'],
  ['new-host-access', 'W;A', 'N', 'high', 'sensitive', ''],
  ['host-takeover-pod', 'W;A', 'I', 'critical', 'sensitive', ''],
  ['static-pod', 'W', 'N', 'high', 'sensitive', ''],
  ['unowned-pod', 'W;A', 'N', 'low', '', ''],
  ['system-namespace-newcomer', 'W;A', 'N', 'medium', 'sensitive', ''],
  ['new-image-source', 'W;A', 'N', 'low', '', ''],
  ['miner-or-tool', 'W;A', 'I', 'high', 'sensitive', ''],
  ['changed-by-new-actor', 'W;A', 'N', 'medium', 'sensitive', ''],
  ['daemonset-by-new-actor', 'W;A', 'N', 'medium', 'sensitive', ''],
  ['job-by-new-actor', 'W;A', 'N', 'low', '', ''],
  ['resource-jump', 'W', 'Q', 'low', '', 'floor 32'],
  ['attack-sequence', 'W;A', 'I', 'critical', 'sensitive', ''],
  ['webhook-configuration', 'W;A', 'N', 'high', 'sensitive', ''],
  ['guardrail-loosened', 'W;A', 'I', 'high', 'sensitive', ''],
  ['cluster-dns-or-auth-changed', 'W;A', 'N', 'high', 'sensitive', ''],
  ['new-exposure', 'W;A', 'N', 'medium', '', ''],
  ['unknown-node', 'W', 'N', 'medium', 'sensitive', ''],
  ['audit-gap', 'A+W', 'I', 'medium', 'sensitive', ''],
];
