import { z } from 'zod';
import { anyObject } from '../../api/field.ts';
import { securityPolicySpec } from '../../api/kinds/security-policy.ts';

const verdict = z.enum(['pass', 'fail', 'warn', 'error', 'skip']);

const expectedResult = z.strictObject({
  resource: z.string().optional(),
  check: z.string().optional(),
  verdict: verdict.optional(),
  severity: z.string().optional(),
  policy: z.string().nullable().optional(),
  path: z.string().optional(),
  message: z.string().optional(),
});

const testCase = z
  .strictObject({
    name: z.string().min(1),
    policy: z.unknown().optional(),
    policyFile: z.string().optional(),
    objects: z.array(z.unknown()).optional(),
    files: z.array(z.string()).optional(),
    expect: z.enum(['fail', 'pass', 'skip', 'error']).optional(),
    results: z.array(expectedResult).optional(),
    description: z.string().optional(),
  })
  .refine((value) => (value.policy === undefined) !== (value.policyFile === undefined), { message: 'set either policy or policyFile' })
  .refine((value) => value.expect !== undefined || value.results !== undefined, { message: 'set expect, results, or both' });

/** The PolicyTest document of `vigil test`. It is only read from files, and is not a resource of the cluster. */
export const policyTest = z.strictObject({
  apiVersion: z.literal('vigil.dev/v1alpha1'),
  kind: z.literal('PolicyTest'),
  metadata: anyObject().optional(),
  cases: z.array(z.unknown()),
});
export { securityPolicySpec, testCase };

/** One case of a PolicyTest. */
export type TestCase = z.infer<typeof testCase>;
/** A result that a case expects. */
export type ExpectedResult = z.infer<typeof expectedResult>;
