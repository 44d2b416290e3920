import { z } from 'zod';
import { conditions } from '../condition.ts';
import { count, field, labelSelector, listMap, timestamp } from '../field.ts';
import type { Resource } from '../metadata.ts';
import { namespaceScope } from './namespace-scope.ts';

const policyName = z.string().min(1).max(253);
const objectNames = z
  .array(
    z
      .string()
      .min(1)
      .max(512)
      // Users and groups, which anomalies are about, have names with spaces, slashes and other characters. Other names are checked later.
      .regex(/^\S(?:.*\S)?$/),
  )
  .min(1)
  .max(256);

const exceptionTarget = z.strictObject({
  apiGroup: field(z.string().max(253).optional(), 'The API group of the objects. "" is the core group. Omitted: any group.'),
  kind: field(z.string().min(1).max(63).optional(), 'The kind of the objects, such as Deployment. Omitted: any kind.'),
  names: field(
    objectNames.optional(),
    'The names of the objects, or of users and groups (kind User or Group of rbac.authorization.k8s.io). * matches any characters. Omitted: any name.',
  ),
  selector: field(labelSelector.optional(), 'Only objects with these labels.'),
  containers: field(
    z.array(z.string().min(1).max(63)).min(1).max(64).optional(),
    'Only findings in these containers. A finding in other containers too stays a failure. Omitted: any container.',
  ),
});
export type ExceptionTarget = z.infer<typeof exceptionTarget>;

const exceptionCheck = z.strictObject({
  name: field(
    z.string().min(1).max(253).optional(),
    'The id of a control, the name of a rule, or the name of a ValidatingAdmissionPolicy that a policy selects.',
  ),
  framework: field(z.string().min(1).max(63).optional(), 'The name of a framework: all of its controls.'),
  vulnerability: field(z.string().min(1).max(128).optional(), 'The id of a vulnerability, such as CVE-2026-1234.'),
  package: field(z.string().min(1).max(253).optional(), 'Only the vulnerability in this package.'),
  untilFixed: field(z.boolean().optional(), 'true: the exception ends when a fixed version of the package is known.'),
});
export type ExceptionCheck = z.infer<typeof exceptionCheck>;

const exceptionFields = {
  reason: field(z.string().min(10).max(4096), 'Why the findings are accepted, for readers. At least 10 characters.'),
  expiresAt: field(
    timestamp.optional(),
    'The end of the exception. Required if a policy sets exceptions.maxDuration. Omitted: 365d after the creation.',
  ),
  policies: field(
    z.array(policyName).min(1).max(64).optional(),
    'The SecurityPolicies whose findings are covered. Omitted: every policy that allows it.',
  ),
  targets: field(
    z.array(exceptionTarget).min(1).max(64).optional(),
    'The objects whose findings are covered: those that match at least one entry. Omitted: all objects in scope.',
  ),
  checks: field(
    z
      .array(
        field(exceptionCheck, 'One check, framework or vulnerability.', [
          {
            rule: '[has(self.name), has(self.framework), has(self.vulnerability)].filter(x, x).size() == 1',
            message: 'set exactly one of name, framework and vulnerability',
          },
          {
            rule: 'has(self.vulnerability) || (!has(self.package) && !has(self.untilFixed))',
            message: 'package and untilFixed require vulnerability',
          },
        ]),
      )
      .min(1)
      .max(256),
    'The checks whose failures are covered.',
  ),
};

/** The spec of a SecurityException: accepted findings in its own namespace. */
export const securityExceptionSpec = z.strictObject(exceptionFields);
export type SecurityExceptionSpec = z.infer<typeof securityExceptionSpec>;

/** The spec of a ClusterSecurityException: accepted findings in many namespaces and at cluster-scoped objects. */
export const clusterSecurityExceptionSpec = z.strictObject({
  ...exceptionFields,
  namespaces: field(
    namespaceScope.optional(),
    'The namespaces of the objects. Omitted: all namespaces and cluster-scoped objects. Set: cluster-scoped objects are not covered.',
  ),
});
export type ClusterSecurityExceptionSpec = z.infer<typeof clusterSecurityExceptionSpec>;

/** The status of both kinds of exceptions. */
export const exceptionStatus = z.strictObject({
  observedGeneration: field(z.int().meta({ format: 'int64' }).optional(), 'The metadata.generation that the conditions describe.'),
  conditions,
  matched: field(count.optional(), 'The number of findings that the exception covers now.'),
  policies: field(
    listMap(
      z.strictObject({
        name: field(z.string(), 'The name of the SecurityPolicy.'),
        matched: field(count, 'Findings of this policy that the exception covers now.'),
        refused: field(count, 'Findings of this policy that the exception selects and a bound of the policy refuses.'),
      }),
      ['name'],
      64,
    ).optional(),
    'Counts for each policy.',
  ),
  lastMatchedTime: field(timestamp.optional(), 'The last time at which the exception was seen to cover a finding. Updated once a day.'),
});
export type ExceptionStatus = z.infer<typeof exceptionStatus>;

export type SecurityException = Resource<SecurityExceptionSpec, ExceptionStatus>;
export type ClusterSecurityException = Resource<ClusterSecurityExceptionSpec, ExceptionStatus>;
