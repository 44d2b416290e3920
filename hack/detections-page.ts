import { detections } from '../operator/catalogue/detections/detections.ts';
import type { Detection, DetectionInput } from '../operator/catalogue/detections/detection.ts';

const inputs: Readonly<Record<DetectionInput, string>> = {
  watch: 'changes',
  audit: 'audit events',
  'audit-request': 'token requests in audit events',
};
const normals: Readonly<Record<Detection['normal'], string>> = {
  invariant: 'Never normal.',
  'first-seen': 'Compared with what the same user or workload did before.',
  rate: 'Compared with the last 14 days.',
};

const names = (list: readonly DetectionInput[]): string => list.map((input) => inputs[input]).join(' and ');

function section({
  id,
  title,
  severity,
  description,
  why,
  next,
  techniques,
  needs,
  adds = [],
  normal,
  sensitive,
  parameters = {},
}: Detection): string {
  const more = adds.length === 0 ? '' : `, better with ${names(adds)}`;
  const learning =
    normal === 'first-seen' ? (sensitive ? ' Becomes normal only by an exception.' : ' Becomes normal after three quiet days.') : '';
  const settings = Object.entries(parameters).map(
    ([name, parameter]) => `\`${name}\` (default ${String(parameter.default)}): ${parameter.description}`,
  );
  return [
    `## ${id}\n`,
    `**${title}** (${severity}; ${techniques.join(', ')}). Needs ${names(needs)}${more}. ${normals[normal]}${learning}\n`,
    `${description} ${why}\n`,
    `**Next:** ${next}\n`,
    ...(settings.length === 0 ? [] : [`**Parameters:** ${settings.join(' ')}\n`]),
  ].join('\n');
}

/** The page about all detections, in Markdown. */
export const detectionsPage = (): string =>
  `# Detections\n\nWhat each detection reports, and what to do next. [anomalies.md](anomalies.md) explains how to read a finding.\n\n${detections.map(section).join('\n')}`;
