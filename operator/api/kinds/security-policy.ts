import { z } from 'zod';
import { anyObject, duration, field, labelSelector, listMap } from '../field.ts';
import type { Resource } from '../metadata.ts';
import { anomalies } from './policy-anomalies.ts';
import { enforcementEntry } from './policy-enforcement.ts';
import { namespaceScope } from './namespace-scope.ts';
import { exceptionBounds } from './policy-exceptions.ts';
import type { SecurityPolicyStatus } from './policy-status.ts';
import { severity } from './severity.ts';

const name = z
  .string()
  .min(1)
  .max(63)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
const expression = z.string().min(1).max(100_000);

const scope = z.strictObject({
  namespaces: field(
    namespaceScope.optional(),
    'The namespaces in scope: those that match include and selector, without those that match exclude. Cluster-scoped objects are in scope only if include matches every namespace and selector is omitted.',
  ),
  systemNamespaces: field(
    z.enum(['Exclude', 'Include']).optional(),
    "Whether kube-system, kube-public, kube-node-lease and Vigil's namespace are in scope. Omitted: Exclude. A system namespace that include lists by its full name is not excluded.",
  ),
  objectSelector: field(labelSelector.optional(), 'Only objects with these labels.'),
});

const framework = z.strictObject({
  name: field(name, 'The name of the framework, such as pss-restricted, cis or nsa.'),
  version: field(
    z.string().min(1).max(16).optional(),
    'The version of the framework, such as "1.34". Omitted or latest: the version that matches the cluster, or the newest version that Vigil knows if that is older.',
  ),
});

const control = z.strictObject({
  name: field(name, 'The id of a built-in control. `vigil controls` lists all controls.'),
  severity: field(severity.optional(), 'Overrides the severity of the control.'),
  exclude: field(z.boolean().optional(), 'true: excludes a control that one of the frameworks includes.'),
  parameters: field(anyObject().optional(), 'Parameters of the control. `vigil explain` lists the parameters of a control.'),
});

const resourceRule = z.strictObject({
  apiGroups: field(z.array(z.string().max(253)).min(1).max(64), 'API groups. "" is the core group, * matches all groups.'),
  apiVersions: field(z.array(z.string().max(63)).min(1).max(64), 'API versions. * matches all versions.'),
  operations: field(
    z
      .array(z.enum(['CREATE', 'UPDATE', 'DELETE', 'CONNECT', '*']))
      .min(1)
      .max(5),
    'Operations. A scan evaluates every object as a CREATE and skips rules without CREATE.',
  ),
  resources: field(
    z.array(z.string().min(1).max(253)).min(1).max(64),
    'Plural names of resources, such as deployments. * matches all resources.',
  ),
  resourceNames: field(z.array(z.string().max(253)).max(256).optional(), 'Only objects with these names.'),
  scope: field(
    z.enum(['Cluster', 'Namespaced', '*']).optional(),
    'Limits the rule to cluster-scoped or to namespaced resources. Omitted or *: both.',
  ),
});

const matchConstraints = z.strictObject({
  resourceRules: field(
    z.array(resourceRule).min(1).max(64),
    'The objects that the rule applies to: an object must match at least one entry.',
  ),
  excludeResourceRules: field(
    z.array(resourceRule).max(64).optional(),
    'The objects that the rule does not apply to. Takes precedence over resourceRules.',
  ),
  namespaceSelector: field(labelSelector.optional(), 'Only objects in namespaces with these labels.'),
  objectSelector: field(labelSelector.optional(), 'Only objects with these labels.'),
  matchPolicy: field(z.enum(['Exact', 'Equivalent']).optional(), 'As in a ValidatingAdmissionPolicy. Omitted: Equivalent.'),
});

const namedExpression = z.strictObject({
  name: field(z.string().min(1).max(317), 'The name of the expression.'),
  expression: field(expression, 'A CEL expression.'),
});

const validation = z.strictObject({
  expression: field(expression, 'A CEL expression. The object passes if the expression is true.'),
  message: field(z.string().min(1).max(4096).optional(), 'The message of the result if the expression is false.'),
  messageExpression: field(expression.optional(), 'A CEL expression that returns the message of the result.'),
  reason: field(z.enum(['Unauthorized', 'Forbidden', 'Invalid', 'RequestEntityTooLarge']).optional(), 'As in a ValidatingAdmissionPolicy.'),
});

/** A rule of a SecurityPolicy. */
export const securityPolicyRule = z.strictObject({
  name: field(name, 'The name of the rule. Reports contain it as `rule`. It must differ from the ids of built-in controls.'),
  severity: field(severity.optional(), 'The severity of a failure. Omitted: medium.'),
  category: field(z.string().min(1).max(128).optional(), 'The category of the results in reports. Omitted: Custom.'),
  matchConstraints: field(
    matchConstraints,
    'The objects that the rule applies to, matched as the API server does for a ValidatingAdmissionPolicy.',
  ),
  podTemplates: field(
    z.boolean().optional(),
    'true: a rule that matches pods also applies to the pod template of every workload kind. `object` is then a Pod made from that template.',
  ),
  matchConditions: field(
    listMap(namedExpression, ['name'], 64).optional(),
    'CEL expressions. The rule applies to an object only if all of them are true.',
  ),
  params: field(anyObject().optional(), 'Any object. CEL expressions read it as `params`.'),
  variables: field(listMap(namedExpression, ['name'], 64).optional(), 'CEL variables. Expressions read them as `variables.<name>`.'),
  validations: field(z.array(validation).min(1).max(64), 'The validations. An object passes the rule if all of them are true.'),
  failurePolicy: field(
    z.enum(['Fail', 'Ignore']).optional(),
    'Whether admission refuses an object if an expression fails to evaluate. A scan always reports that as an error. Omitted: Fail for new objects, Ignore for updates.',
  ),
});

const admissionPolicySelection = z.strictObject({
  selector: field(
    labelSelector,
    'The labels of the ValidatingAdmissionPolicies. {} selects all of them. Those that Vigil makes are never selected.',
  ),
  severity: field(severity.optional(), 'The severity of a failure. Omitted: medium.'),
});
/** Which ValidatingAdmissionPolicies of others a policy evaluates. */
export type AdmissionPolicySelection = z.infer<typeof admissionPolicySelection>;

const imageApprovalRule = z.strictObject({
  required: field(z.boolean(), 'true: the images of workloads must be pinned to a digest that an ImageApproval approves.'),
  severity: field(severity.optional(), 'The severity of a failure. Omitted: high.'),
  namespaces: field(namespaceScope.optional(), 'Only workloads in these namespaces. Omitted: the scope of the policy.'),
});

/** The spec of a SecurityPolicy. */
export const securityPolicySpec = z.strictObject({
  description: field(z.string().max(4096).optional(), 'The purpose of the policy, for readers.'),
  scope: field(scope.optional(), 'The objects in the scope of the policy. Omitted: all objects except those in system namespaces.'),
  frameworks: field(listMap(framework, ['name'], 16).optional(), 'Frameworks, each with all of its built-in controls.'),
  controls: field(
    listMap(control, ['name'], 256).optional(),
    'Built-in controls by name. An entry adds a control, changes its settings, or excludes it.',
  ),
  rules: field(
    listMap(securityPolicyRule, ['name'], 128).optional(),
    'Custom checks in CEL, with the fields of the spec of a ValidatingAdmissionPolicy.',
  ),
  admissionPolicies: field(
    admissionPolicySelection.optional(),
    'Evaluates existing objects with the ValidatingAdmissionPolicies of the cluster, their bindings and their parameter objects, as if the objects were created. Omitted: none.',
  ),
  images: field(
    z
      .strictObject({
        vulnerabilities: field(
          z
            .strictObject({
              minSeverity: field(severity.optional(), 'The lowest severity that is reported. Omitted: all severities are reported.'),
              ignoreUnfixed: field(z.boolean().optional(), 'true: excludes vulnerabilities without a known fixed version.'),
            })
            .optional(),
          'Reports known vulnerabilities of the packages in images.',
        ),
        secrets: field(z.strictObject({}).optional(), 'Reports secrets in the files of images.'),
        approval: field(
          imageApprovalRule.optional(),
          'Whether images must be approved by an ImageApproval. It becomes the control image-approved of the policy.',
        ),
        mode: field(
          z.enum(['Mount', 'Pull']).optional(),
          'How images are read. Mount: the image is mounted as a volume on a node that runs it. Pull: the image is pulled from its registry without credentials. All policies share one inventory of an image; if their modes differ, Mount is used. Omitted: Mount.',
        ),
      })
      .optional(),
    'The checks for the images of containers in scope. Omitted, or with approval only: images are not scanned.',
  ),
  anomalies: field(
    anomalies.optional(),
    'Reports behaviour in the cluster that is not normal. Omitted: the policy reports none. An empty object reports all detections.',
  ),
  maxAge: field(duration().optional(), 'The maximum age of verdicts. If they are older, the condition Fresh becomes False. Omitted: 26h.'),
  compliance: field(
    z
      .strictObject({
        failOn: field(severity.optional(), 'The lowest severity of a failure that sets the condition Compliant to False. Omitted: low.'),
      })
      .optional(),
    'When the policy counts as compliant.',
  ),
  exceptions: field(
    exceptionBounds.optional(),
    'What exceptions may do to the findings of this policy. Omitted: exceptions change reports only, and last at most 365d.',
  ),
  enforcement: field(
    z.array(enforcementEntry).max(16).optional(),
    'Which checks the API server evaluates when objects are created and updated. Omitted: none. Each entry becomes ValidatingAdmissionPolicies.',
  ),
  reporting: field(
    z
      .strictObject({
        passing: field(
          z.enum(['Count', 'List']).optional(),
          'Count: the summary of a report counts passed checks. List: the report also has a result for each passed check. Omitted: Count.',
        ),
        ownerLabels: field(
          z.array(z.string().min(1).max(317)).max(16).optional(),
          'Keys of labels that are copied from an object to its report.',
        ),
      })
      .optional(),
    'The content of reports.',
  ),
});
export type SecurityPolicySpec = z.infer<typeof securityPolicySpec>;
export type SecurityPolicyRule = z.infer<typeof securityPolicyRule>;
export type SecurityPolicyScope = z.infer<typeof scope>;
export type ResourceRule = z.infer<typeof resourceRule>;

/** A SecurityPolicy: security checks, their scope, and the severity of each failure. */
export type SecurityPolicy = Resource<SecurityPolicySpec, SecurityPolicyStatus>;
