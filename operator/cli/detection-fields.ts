import { BEHAVIOUR, type Detection, type DetectionInput, type DetectionNormal } from '../catalogue/detections/detection.ts';

/** Returns the fields of a detection for `vigil controls -o json` and `vigil explain -o json`. */
export function detectionFields(detection: Detection): Record<string, unknown> {
  const { id, title, severity, description, why, next, techniques, needs, adds, normal, sensitive, parameters } = detection;
  return {
    id,
    title,
    severity,
    category: BEHAVIOUR,
    description,
    why,
    next,
    techniques,
    needs,
    adds: adds ?? [],
    normal,
    sensitive,
    parameters: parameters ?? {},
  };
}

const inputTexts: Readonly<Record<DetectionInput, string>> = {
  watch: 'changes of objects',
  audit: 'audit events',
  'audit-request': 'audit events with the request for a token',
};
const normalTexts: Readonly<Record<DetectionNormal, string>> = {
  invariant: 'The behaviour is never normal: reported from the first moment on.',
  'first-seen': 'What the same user or workload did before is normal.',
  rate: 'What the same user or workload did in ten minutes of the last 14 days is normal.',
};

const inputs = (names: readonly DetectionInput[]): string => names.map((name) => inputTexts[name]).join(', ');

/** The text of `vigil explain` about a detection. `parameters` is the text about its parameters. */
export function detectionExplanation(detection: Detection, parameters: string): string {
  const { id, title, severity, description, why, next, techniques, needs, adds = [], normal, sensitive } = detection;
  const adding = adds.length === 0 ? '' : ` (better with ${inputs(adds)})`;
  const learning = sensitive
    ? ' It is reported while Vigil learns if the user is new, and becomes normal only by an exception.'
    : ' It becomes normal after three quiet days.';
  return [
    `${id}: ${title}\n`,
    `Severity: ${severity}\nCategory: ${BEHAVIOUR} (spec.anomalies)\nNeeds:    ${inputs(needs)}${adding}\nMITRE:    ${techniques.join(', ')}\n`,
    `Reports: ${description}\n`,
    `Why:     ${why}\n`,
    `Next:    ${next}\n`,
    `Normal:  ${normalTexts[normal]}${normal === 'first-seen' ? learning : ''}\n`,
    ...(parameters === '' ? [] : [parameters.trimStart()]),
  ].join('\n');
}
