import { z } from 'zod';
import { conditions } from './condition.ts';
import { anyObject, count, duration, field, labelSelector, listMap, namePatterns, timestamp } from './field.ts';
import type { Resource } from './metadata.ts';

/** Severities, least first. */
export const severities = ['low', 'medium', 'high', 'critical'] as const;
export const severity = z.enum(severities);
export type PolicySeverity = z.infer<typeof severity>;

const name = z
  .string()
  .min(1)
  .max(63)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
const expression = z.string().min(1).max(100_000);

const scope = z.strictObject({
  namespaces: field(
    z
      .strictObject({
        include: field(namePatterns.optional(), 'Namespaces to look at, with * for any characters. Omitted: all.'),
        exclude: field(namePatterns.optional(), 'Namespaces to leave out; wins over include.'),
        selector: field(labelSelector.optional(), 'Only namespaces with these labels.'),
      })
      .optional(),
    'Which namespaces: include and selector, minus exclude. Cluster-scoped objects are looked at only when include takes everything and there is no selector.',
  ),
  systemNamespaces: field(
    z.enum(['Exclude', 'Include']).optional(),
    "Whether kube-system, kube-public, kube-node-lease and Vigil's own namespace are looked at. Omitted: Exclude; naming one in include asks for it.",
  ),
  objectSelector: field(labelSelector.optional(), 'Only objects with these labels.'),
});

const framework = z.strictObject({
  name: field(name, 'The framework, such as pss-restricted, cis or nsa.'),
  version: field(
    z.string().min(1).max(16).optional(),
    'Its version, such as "1.34". Omitted, or latest: the cluster\'s, at most the newest that Vigil knows.',
  ),
});

const control = z.strictObject({
  name: field(name, 'The id of a built-in control; `vigil controls` lists them.'),
  severity: field(severity.optional(), "Instead of the control's own severity."),
  exclude: field(z.boolean().optional(), 'Leaves out a control that a framework brings.'),
  parameters: field(anyObject().optional(), "Parameters of the control; `vigil explain` shows a control's own."),
});

const resourceRule = z.strictObject({
  apiGroups: field(z.array(z.string().max(253)).min(1).max(64), 'API groups; "" is the core group, * all.'),
  apiVersions: field(z.array(z.string().max(63)).min(1).max(64), 'API versions; * all.'),
  operations: field(
    z
      .array(z.enum(['CREATE', 'UPDATE', 'DELETE', 'CONNECT', '*']))
      .min(1)
      .max(5),
    'Operations. A scan sees every object as a CREATE; rules without CREATE are skipped in scans.',
  ),
  resources: field(z.array(z.string().min(1).max(253)).min(1).max(64), 'Resources by their plural, such as deployments; * all.'),
  resourceNames: field(z.array(z.string().max(253)).max(256).optional(), 'Only objects with these names.'),
  scope: field(z.enum(['Cluster', 'Namespaced', '*']).optional(), 'Cluster-scoped resources, namespaced ones, or both.'),
});

const matchConstraints = z.strictObject({
  resourceRules: field(z.array(resourceRule).min(1).max(64), 'What the rule is about: an object that matches any of these.'),
  excludeResourceRules: field(z.array(resourceRule).max(64).optional(), 'What it is not about; wins over resourceRules.'),
  namespaceSelector: field(labelSelector.optional(), 'Only objects in namespaces with these labels.'),
  objectSelector: field(labelSelector.optional(), 'Only objects with these labels.'),
  matchPolicy: field(z.enum(['Exact', 'Equivalent']).optional(), 'As in a ValidatingAdmissionPolicy. Omitted: Equivalent.'),
});

const namedExpression = z.strictObject({
  name: field(z.string().min(1).max(317), 'Its name.'),
  expression: field(expression, 'A CEL expression.'),
});

const validation = z.strictObject({
  expression: field(expression, 'A CEL expression that is true when the object is as it must be.'),
  message: field(z.string().min(1).max(4096).optional(), 'What is said when it is false.'),
  messageExpression: field(expression.optional(), 'A CEL expression that makes the message.'),
  reason: field(z.enum(['Unauthorized', 'Forbidden', 'Invalid', 'RequestEntityTooLarge']).optional(), 'As in a ValidatingAdmissionPolicy.'),
});

const rule = z.strictObject({
  name: field(name, 'The name of the rule: `rule` in a report. Not the id of a built-in control.'),
  severity: field(severity.optional(), 'How much a failure matters. Omitted: medium.'),
  category: field(z.string().min(1).max(128).optional(), 'The category in reports. Omitted: Custom.'),
  matchConstraints: field(matchConstraints, 'Which objects the rule is about, as the API server matches them.'),
  podTemplates: field(
    z.boolean().optional(),
    'true: `object` is a Pod made from the pod template of every pod-bearing kind; a rule that matches pods then matches all of them.',
  ),
  matchConditions: field(listMap(namedExpression, ['name'], 64).optional(), 'CEL conditions that must all be true for the rule to apply.'),
  params: field(anyObject().optional(), 'Any object, bound as `params`.'),
  variables: field(listMap(namedExpression, ['name'], 64).optional(), 'CEL variables, read as `variables.<name>`.'),
  validations: field(z.array(validation).min(1).max(64), 'What must hold.'),
  failurePolicy: field(z.enum(['Fail', 'Ignore']).optional(), 'Kept for admission; a scan reports an error either way.'),
});

/** The spec of a SecurityPolicy. */
export const securityPolicySpec = z.strictObject({
  description: field(z.string().max(4096).optional(), 'What the policy is for, for people.'),
  scope: field(scope.optional(), 'What the policy looks at. Omitted: every namespace but the system ones.'),
  frameworks: field(listMap(framework, ['name'], 16).optional(), 'Whole frameworks of built-in controls.'),
  controls: field(listMap(control, ['name'], 256).optional(), 'Built-in controls by name: adds one, changes it, or leaves it out.'),
  rules: field(listMap(rule, ['name'], 128).optional(), "Checks of your own in CEL, as in a ValidatingAdmissionPolicy's spec."),
  images: field(
    z
      .strictObject({
        vulnerabilities: field(
          z
            .strictObject({
              minSeverity: field(severity.optional(), 'The least severity that is reported. Omitted: all.'),
              ignoreUnfixed: field(z.boolean().optional(), 'Leaves out what no fixed version is known for.'),
            })
            .optional(),
          'Known vulnerabilities of the packages in images.',
        ),
        secrets: field(z.strictObject({}).optional(), 'Secrets that were left in images.'),
        mode: field(
          z.enum(['Mount', 'Pull']).optional(),
          'How images are looked into. Mount: as a volume, as a node has them. Pull: by pulling them from their registries, without credentials. One inventory serves all policies; where they differ, Mount. Omitted: Mount.',
        ),
      })
      .optional(),
    'What to look for in the images that run in scope. Omitted: images are not looked into.',
  ),
  maxAge: field(duration().optional(), 'Verdicts older than this turn Fresh to False. Omitted: 26h.'),
  compliance: field(
    z.strictObject({ failOn: field(severity.optional(), 'Omitted: low.') }).optional(),
    'failOn: the least severity of a failure that makes Compliant False.',
  ),
  reporting: field(
    z
      .strictObject({
        passing: field(z.enum(['Count', 'List']).optional(), 'Count: passes only in the summary. List: a result each. Omitted: Count.'),
        ownerLabels: field(z.array(z.string().min(1).max(317)).max(16).optional(), 'Labels of the object that its report carries too.'),
      })
      .optional(),
    'How results are written.',
  ),
});
export type SecurityPolicySpec = z.infer<typeof securityPolicySpec>;
export type SecurityPolicyRule = z.infer<typeof rule>;
export type SecurityPolicyScope = z.infer<typeof scope>;
export type ResourceRule = z.infer<typeof resourceRule>;

/** Counts of verdicts. */
export const summary = z.strictObject({
  pass: field(count, 'Checks that passed.'),
  fail: field(count, 'Checks that failed.'),
  warn: field(count, 'Checks that warned.'),
  error: field(count, 'Checks that could not be evaluated.'),
  skip: field(count, 'Checks that do not apply or cannot be judged, with a reason each.'),
});
export type Summary = z.infer<typeof summary>;

/** Counts by severity. */
export const severityCounts = z.strictObject({
  critical: field(count, 'Critical ones.'),
  high: field(count, 'High ones.'),
  medium: field(count, 'Medium ones.'),
  low: field(count, 'Low ones.'),
});
export type SeverityCounts = z.infer<typeof severityCounts>;

/** Counts of targets: scanned + failed + skipped = inScope, but for images that wait to be looked into. */
export const coverage = z.strictObject({
  inScope: field(count, 'Targets in scope.'),
  scanned: field(count, 'Targets that were judged.'),
  failed: field(count, 'Targets that could not be judged.'),
  skipped: field(count, 'Targets left out for a reason that is told.'),
  excludedNamespaces: field(count, 'Namespaces that the scope leaves out.'),
});
export type Coverage = z.infer<typeof coverage>;

const frameworkStatus = z.strictObject({
  name: field(z.string(), 'The framework.'),
  version: field(z.string(), 'Its version, resolved.'),
  passed: field(count, 'Requirements that passed.'),
  failed: field(count, 'Requirements that failed.'),
  manual: field(count, 'Requirements that a person must judge.'),
  notEvaluated: field(count, 'Requirements that were not evaluated.'),
  excepted: field(count, 'Requirements with an excepted failure.'),
  lastEvaluatedTime: field(timestamp.optional(), 'When they were last evaluated.'),
});
export type FrameworkStatus = z.infer<typeof frameworkStatus>;

const imagesStatus = z.strictObject({
  evaluatedGeneration: field(z.int().meta({ format: 'int64' }), 'The generation whose verdicts the reports about images hold.'),
  lastScanTime: field(timestamp, 'When they were last found to be so: renewed when they change, and after half of maxAge.'),
  summary: field(summary, 'Verdicts about images, each for every container that runs it.'),
  failing: field(severityCounts, 'Failures by severity.'),
  coverage: field(
    z.strictObject({
      inScope: field(count, 'Images in scope, each once on each platform.'),
      scanned: field(count, 'Images that were looked into.'),
      failed: field(count, 'Images that could not be looked into.'),
      skipped: field(count, 'Images that no pod has run yet.'),
      waiting: field(count, 'Images that run and wait to be looked into.'),
    }),
    'Images: scanned + failed + skipped + waiting = inScope.',
  ),
  uncovered: field(z.array(z.string()).max(20).optional(), 'What was not looked into, and why.'),
  evaluatedSince: field(
    timestamp.optional(),
    'When no image in scope waited to be looked into for the first time: what fails in workloads that are younger is new.',
  ),
});
/** What a policy's status says of images. */
export type ImagesStatus = z.infer<typeof imagesStatus>;

const evaluatedRevision =
  'What those verdicts were made by, as one word: the generation, the controls of this version of Vigil, and the frameworks as they resolve.';

const configurationStatus = z.strictObject({
  evaluatedGeneration: field(
    z.int().meta({ format: 'int64' }).optional(),
    'The generation whose verdicts the reports hold. Omitted: no scan has evaluated the policy yet.',
  ),
  evaluatedRevision: field(z.string().max(64).optional(), evaluatedRevision),
  lastScan: field(z.string().optional(), 'The Scan that looked at all of it last.'),
  lastScanTime: field(timestamp.optional(), 'When the last Scan that judged anything ended.'),
  summary: field(summary, 'Verdicts of checks on targets.'),
  failing: field(severityCounts, 'Failures by severity.'),
  coverage: field(coverage.optional(), 'Targets.'),
  failure: field(z.string().optional(), 'Why targets could not be scanned.'),
  uncovered: field(z.array(z.string()).max(20).optional(), 'What could not be looked at, and why.'),
  excludedNamespaces: field(z.array(z.string()).max(20).optional(), 'Names of namespaces that the scope leaves out, the first of them.'),
  unmatchedNamespaces: field(
    z.array(z.string()).max(20).optional(),
    'Entries of spec.scope.namespaces.include that matched no namespace in the last scan, the first of them.',
  ),
});
/** What a policy's status says of configuration. */
export type ConfigurationStatus = z.infer<typeof configurationStatus>;

/** The status of a SecurityPolicy: parts that each have a writer of their own, and totals and conditions computed from them. */
export const securityPolicyStatus = z.strictObject({
  observedGeneration: field(z.int().meta({ format: 'int64' }).optional(), 'The generation that the conditions speak of.'),
  conditions,
  evaluatedGeneration: field(z.int().meta({ format: 'int64' }).optional(), 'The generation whose verdicts the reports hold.'),
  evaluatedRevision: field(z.string().max(64).optional(), evaluatedRevision),
  summary: field(summary.optional(), 'Verdicts of checks on targets, those about images among them.'),
  failing: field(severityCounts.optional(), 'Failures by severity, those in images among them.'),
  coverage: field(coverage.optional(), 'Targets, images among them.'),
  coveragePercent: field(z.string().optional(), 'Scanned of in scope, for people. 100% only if all in scope was evaluated.'),
  uncovered: field(z.array(z.string()).max(20).optional(), 'What could not be looked at, and why.'),
  configuration: field(configurationStatus.optional(), 'What of all this scans and changes found in the configuration of objects.'),
  images: field(imagesStatus.optional(), 'What of all this is about images, where the policy asks about them.'),
  frameworks: field(listMap(frameworkStatus, ['name'], 16).optional(), 'Requirements of each framework.'),
  lastScan: field(z.string().optional(), 'The Scan that the figures come from.'),
  lastScanTime: field(timestamp.optional(), 'When it ended.'),
});
export type SecurityPolicyStatus = z.infer<typeof securityPolicyStatus>;

/** What must hold, where, and how severe a failure is. */
export type SecurityPolicy = Resource<SecurityPolicySpec, SecurityPolicyStatus>;
