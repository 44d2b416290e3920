import type { PolicyAnomalies } from '../../api/kinds/policy-anomalies.ts';
import type { SecurityPolicySpec } from '../../api/kinds/security-policy.ts';
import { durationMilliseconds } from '../../api/field.ts';
import { controlById } from '../../catalogue/controls/catalogue.ts';
import type { ControlParameters } from '../../catalogue/controls/control.ts';
import type { Severity } from '../../catalogue/controls/severity.ts';
import type { Detection } from '../../catalogue/detections/detection.ts';
import { detectionById, detectionHint, detections } from '../../catalogue/detections/detections.ts';
import type { ReportProblem } from '../outcomes/policy-problem.ts';
import { parameterProblem } from './parameter-problem.ts';

/** A detection with the settings of one policy. */
export interface DetectionSetting {
  readonly severity: Severity;
  /** Whether the policy sets the severity. The detector does not change it then. */
  readonly severityIsSet: boolean;
  /** The values of all parameters, including defaults. */
  readonly parameters: ControlParameters;
}

/** The detections that a policy reports, by id, and its periods in milliseconds. */
export interface AnomalySettings {
  readonly learningPeriod: number;
  readonly keepFor: number;
  readonly detections: ReadonlyMap<string, DetectionSetting>;
}

const week = 7 * 24 * 3_600_000;
type DetectionEntry = NonNullable<PolicyAnomalies['detections']>[number];

/** Returns what a policy reports about anomalies. Undefined if `spec.anomalies` is not set. Unknown entries are ignored: see {@link reportDetectionProblems}. */
export function anomalySettings({ anomalies }: SecurityPolicySpec): AnomalySettings | undefined {
  if (anomalies === undefined) return undefined;
  const entries = new Map<string, DetectionEntry>((anomalies.detections ?? []).map((entry) => [entry.name, entry]));
  const chosen = detections.filter(({ id }) => entries.get(id)?.exclude !== true);
  return {
    learningPeriod: durationMilliseconds(anomalies.learningPeriod ?? '168h') ?? week,
    keepFor: durationMilliseconds(anomalies.keepFor ?? '168h') ?? week,
    detections: new Map(
      chosen.map(({ id, severity, parameters = {} }) => {
        const entry = entries.get(id);
        const values: Record<string, unknown> = {};
        for (const [name, parameter] of Object.entries(parameters)) values[name] = entry?.parameters?.[name] ?? parameter.default;
        return [id, { severity: entry?.severity ?? severity, severityIsSet: entry?.severity !== undefined, parameters: values }];
      }),
    ),
  };
}

/** Calls `report` for each problem of `spec.anomalies.detections`: an unknown detection, or a wrong parameter. */
export function reportDetectionProblems({ anomalies }: SecurityPolicySpec, report: ReportProblem): void {
  for (const [index, entry] of (anomalies?.detections ?? []).entries()) {
    const path = `spec.anomalies.detections[${index}]`;
    const detection = detectionById(entry.name);
    if (detection === undefined) report({ path: `${path}.name`, reason: 'UnknownDetection', message: unknownDetection(entry.name) });
    else
      reportParameters(detection, entry.parameters ?? {}, (name, message) =>
        report({ path: `${path}.parameters.${name}`, reason: 'InvalidParameter', message }),
      );
  }
}

function reportParameters(
  { id, parameters = {} }: Detection,
  set: ControlParameters,
  report: (name: string, message: string) => void,
): void {
  for (const entry of Object.entries(set)) {
    const message = parameterProblem(`detection '${id}'`, parameters, entry) ?? outOfRange(id, entry);
    if (message !== undefined) report(entry[0], message);
  }
}

/** Parameters of detections are limits. A limit of 0 would report everything. */
const outOfRange = (name: string, [parameter, value]: readonly [string, unknown]): string | undefined =>
  typeof value === 'number' && (value < 1 || value > 1_000_000)
    ? `parameter '${parameter}' of detection '${name}' must be at least 1 and at most 1000000`
    : undefined;

function unknownDetection(name: string): string {
  if (controlById(name)) return `'${name}' is a control: name it in spec.controls`;
  return `no detection '${name}'${detectionHint(name)}; vigil controls lists all detections`;
}
