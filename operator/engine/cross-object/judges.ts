import { accessJudges } from './access.ts';
import { admissionJudges } from './admission-presence.ts';
import { availabilityJudges } from './availability.ts';
import type { CrossObjectJudge } from './judge.ts';
import { networkJudges } from './network.ts';

/** Every cross-object judge by the name that controls call it. */
export const crossObjectJudges: Readonly<Record<string, CrossObjectJudge>> = {
  ...accessJudges,
  ...networkJudges,
  ...availabilityJudges,
  ...admissionJudges,
};
