import { expect } from 'chai';
import type { Condition } from '../../operator/api/condition.ts';
import type { SecurityPolicy } from '../../operator/api/kinds/security-policy.ts';
import { isCurrent, isPresent, type KnownPolicies } from '../../operator/policies/policy-presence.ts';

const evaluated = { name: 'web', uid: 'u', revision: '1-a' };
const policy = (generation = 1, metadata: Partial<SecurityPolicy['metadata']> = {}): SecurityPolicy => ({
  metadata: { name: 'web', uid: 'u', generation, ...metadata },
  spec: {},
});
/** A policy of generation 2 with a condition that was observed at a generation. */
const observed = (observedGeneration: number, type: Condition['type'], status: Condition['status']): SecurityPolicy => ({
  ...policy(2),
  status: { observedGeneration, conditions: [{ type, status, reason: 'InvalidRule', message: '', lastTransitionTime: '' }] },
});
const known = (live: SecurityPolicy | undefined): KnownPolicies => ({
  revisionOf: ({ metadata }) => `${metadata.generation ?? 0}-a`,
  policies: { get: (name) => (live?.metadata.name === name ? live : undefined) },
});

const cases: readonly (readonly [what: string, live: SecurityPolicy | undefined, present: boolean, current: boolean])[] = [
  ['a policy in the evaluated revision', policy(), true, true],
  ['a deleted policy', undefined, false, false],
  ['a policy that is being deleted', policy(1, { deletionTimestamp: '2026-01-01T00:00:00Z' }), false, false],
  ['another policy of the same name', policy(1, { uid: 'v' }), false, false],
  ['a policy in a newer revision', policy(2), false, false],
  ['a policy whose newer generation cannot be evaluated', observed(2, 'Stalled', 'True'), false, true],
  ['a policy whose newer generation can be evaluated', observed(2, 'Stalled', 'False'), false, false],
  ['a policy whose newer generation is only not Ready', observed(2, 'Ready', 'True'), false, false],
  ['a policy whose newer generation was not looked at yet', observed(1, 'Stalled', 'True'), false, false],
];

describe('isPresent and isCurrent', () => {
  for (const [what, live, present, current] of cases)
    it(`return ${String(present)} and ${String(current)} for ${what}`, () =>
      expect([isPresent(known(live), evaluated), isCurrent(known(live), evaluated)]).to.deep.equal([present, current]));
});
