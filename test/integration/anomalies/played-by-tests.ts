/** Detections that are in no list of attacks, with the test that plays them, and why it is another one. */
export const playedByTests: Readonly<Record<string, string>> = {
  'anonymous-access': 'attacks.test.ts: another attack must have allowed it first',
  'attack-sequence': 'attacks.test.ts: it is made of the findings of other attacks',
  'audit-gap': 'audit-gap.test.ts, with hack/test --all: a change must be without its audit event for five minutes',
};
