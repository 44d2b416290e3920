import { z } from 'zod';
import { labelSelector } from '../field.ts';
import { securityPolicyRule } from './security-policy.ts';

/** The spec of a ValidatingAdmissionPolicy of others: the fields of a rule, and the kind of its parameters. */
export const admissionPolicySpec = securityPolicyRule
  .omit({ name: true, severity: true, category: true, podTemplates: true, params: true })
  .extend({
    paramKind: z.strictObject({ apiVersion: z.string(), kind: z.string() }).optional(),
    auditAnnotations: z.array(z.unknown()).optional(),
    // A policy may have audit annotations only.
    validations: securityPolicyRule.shape.validations.min(0).optional(),
  });
export type OtherAdmissionPolicySpec = z.infer<typeof admissionPolicySpec>;

/** The spec of a ValidatingAdmissionPolicyBinding of others. */
export const admissionBindingSpec = z.strictObject({
  policyName: z.string().min(1),
  validationActions: z.array(z.enum(['Deny', 'Warn', 'Audit'])).optional(),
  paramRef: z
    .strictObject({
      name: z.string().optional(),
      namespace: z.string().optional(),
      selector: labelSelector.optional(),
      parameterNotFoundAction: z.enum(['Allow', 'Deny']).optional(),
    })
    .optional(),
  matchResources: securityPolicyRule.shape.matchConstraints.partial().optional(),
});
export type OtherAdmissionBindingSpec = z.infer<typeof admissionBindingSpec>;
