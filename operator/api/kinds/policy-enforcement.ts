import { z } from 'zod';
import { count, field } from '../field.ts';
import { namespaceScope } from './namespace-scope.ts';
import { severity } from './severity.ts';

const names = z.array(z.string().min(1).max(63)).min(1).max(256);

/** One entry of `spec.enforcement`: what the API server does if checks fail. */
export const enforcementEntry = z.strictObject({
  actions: field(
    z
      .array(z.enum(['Deny', 'Warn', 'Audit']))
      .min(1)
      .max(2),
    'What the API server does with a request that adds a violation. Deny refuses it, Warn returns a warning, Audit adds an audit annotation. Deny and Warn exclude each other.',
    [{ rule: "!(self.exists(a, a == 'Deny') && self.exists(a, a == 'Warn'))", message: 'actions must not contain both Deny and Warn' }],
  ),
  minSeverity: field(severity.optional(), 'Only checks of this severity or a higher one. Omitted: all checks.'),
  namespaces: field(
    namespaceScope.optional(),
    "Only objects in these namespaces. Omitted: the scope of the policy. Deny never applies in system namespaces and in Vigil's namespace.",
  ),
  frameworks: field(names.optional(), 'Only checks of these frameworks of the policy.'),
  controls: field(
    names.optional(),
    'Only these controls and rules of the policy. With frameworks: these besides the checks of the frameworks.',
  ),
});
export type EnforcementEntry = z.infer<typeof enforcementEntry>;

/** The part of a policy's status about its admission policies. */
export const enforcementStatus = z.strictObject({
  observedGeneration: field(z.int().meta({ format: 'int64' }).optional(), 'The metadata.generation that the admission policies enforce.'),
  policies: field(count, 'ValidatingAdmissionPolicies that exist for this policy.'),
  inForce: field(count, 'ValidatingAdmissionPolicies that the API server has accepted and type checked.'),
  enforcedChecks: field(count, 'Checks that at least one entry enforces.'),
  parametersBytes: field(count.optional(), 'The size of the AdmissionParameters, of at most 1500000 bytes.'),
  approvedDigests: field(count.optional(), 'Approved digests in the AdmissionParameters. Set if spec.images.approval is enforced.'),
  notEnforced: field(
    z
      .array(
        z.strictObject({
          check: field(z.string(), 'The control or rule.'),
          reason: field(z.string(), 'Why the API server cannot evaluate it.'),
        }),
      )
      .max(256)
      .optional(),
    'Checks that an entry selects and the API server cannot evaluate, each with the reason.',
  ),
  unmatchedEntries: field(
    z.array(z.string()).max(20).optional(),
    'The paths of entries whose namespaces match no namespace that exists now. At most 20.',
  ),
  reason: field(
    z.enum(['MissingRights', 'MissingKind', 'InvalidPolicy', 'InvalidEntry', 'LimitReached', 'Refused', 'TypeWarnings']).optional(),
    'Why the policy is not enforced as it says. Omitted: it is.',
  ),
  problems: field(
    z.array(z.string()).max(20).optional(),
    'What is wrong: with the rights of the operator, with entries, or with expressions. At most 20.',
  ),
});
export type EnforcementStatus = z.infer<typeof enforcementStatus>;
