import { expect } from 'chai';
import { decided, exception, type Case } from './samples.ts';

const cases: readonly Case[] = [
  {
    what: 'nothing if the policy allows no exceptions',
    exceptions: [exception()],
    bounds: { allow: 'None' },
    decision: 'web/legacy: SecurityPolicy/baseline: exceptions.allow is None',
  },
  {
    what: 'no finding above the highest severity',
    exceptions: [exception()],
    bounds: { maxSeverity: 'low' },
    decision: 'web/legacy: SecurityPolicy/baseline: the severity is medium; exceptions.maxSeverity is low',
  },
  { what: 'a finding of the highest severity', exceptions: [exception()], bounds: { maxSeverity: 'medium' }, decision: 'web/legacy' },
  {
    what: 'nothing without an end if the policy sets a duration',
    exceptions: [exception()],
    bounds: { maxDuration: '90d' },
    decision: 'web/legacy: SecurityPolicy/baseline: the exception has no expiresAt, which exceptions.maxDuration 90d requires',
  },
  {
    what: 'nothing with a longer duration than the policy allows, counted from its creation',
    exceptions: [exception({ expiresAt: '2026-08-30T00:00:00Z' })],
    bounds: { maxDuration: '90d' },
    decision: 'web/legacy: SecurityPolicy/baseline: expiresAt is 91d after the creation of the exception; exceptions.maxDuration is 90d',
  },
  {
    what: 'a failure with the longest duration',
    exceptions: [exception({ expiresAt: '2026-08-29T00:00:00Z' })],
    bounds: { maxDuration: '90d' },
    decision: 'web/legacy',
  },
  {
    what: 'nothing with a duration of more than 365 days by default',
    exceptions: [exception({ expiresAt: '2027-06-01T00:00:00Z' })],
    decision:
      'web/legacy: SecurityPolicy/baseline: expiresAt is 366d after the creation of the exception; the default of exceptions.maxDuration is 365d',
  },
  {
    what: 'nothing without the required label',
    exceptions: [exception()],
    bounds: { requireApprovalLabel: 'approved-by=security' },
    decision:
      'web/legacy: SecurityPolicy/baseline: the exception lacks the label approved-by=security, which exceptions.requireApprovalLabel requires',
  },
  {
    what: 'a failure with a duration of 365 days by default',
    exceptions: [exception({ expiresAt: '2027-05-31T00:00:00Z' })],
    decision: 'web/legacy',
  },
  {
    what: 'nothing with a longer duration from now, if it has no creation time',
    exceptions: [exception({ expiresAt: '2026-08-30T00:00:01Z' }, { creationTimestamp: undefined } as never)],
    bounds: { maxDuration: '90d' },
    decision: 'web/legacy: SecurityPolicy/baseline: expiresAt is 91d after the creation of the exception; exceptions.maxDuration is 90d',
  },
  {
    what: 'nothing with a longer duration from now, if it was created in the future',
    exceptions: [exception({ expiresAt: '2026-08-30T00:00:01Z' }, { creationTimestamp: '2026-08-01T00:00:00Z' })],
    bounds: { maxDuration: '90d' },
    decision: 'web/legacy: SecurityPolicy/baseline: expiresAt is 91d after the creation of the exception; exceptions.maxDuration is 90d',
  },
  {
    what: 'nothing under a duration that cannot be read',
    exceptions: [exception({ expiresAt: '2026-06-02T00:00:00Z' })],
    bounds: { maxDuration: 'long' },
    decision: 'web/legacy: SecurityPolicy/baseline: expiresAt is 2d after the creation of the exception; exceptions.maxDuration is long',
  },
  {
    what: 'a lower severity than the policy names',
    exceptions: [exception()],
    subject: { severity: 'info' },
    bounds: { maxSeverity: 'medium' },
    decision: 'web/legacy',
  },
  {
    what: 'nothing of another policy that it does not cover, and names the first of two that are refused',
    exceptions: [exception({}, { name: 'b' }), exception({}, { name: 'a' })],
    bounds: { allow: 'None' },
    decision: 'web/a: SecurityPolicy/baseline: exceptions.allow is None',
  },
  {
    what: 'a failure of a policy without an entry for bounds',
    exceptions: [exception()],
    subject: { policy: 'other' },
    bounds: { allow: 'None' },
    decision: 'web/legacy',
  },
  {
    what: 'nothing with another value of the required label',
    exceptions: [exception({}, { labels: { 'approved-by': 'me', security: 'approved-by' } })],
    bounds: { requireApprovalLabel: 'approved-by=security' },
    decision:
      'web/legacy: SecurityPolicy/baseline: the exception lacks the label approved-by=security, which exceptions.requireApprovalLabel requires',
  },
  {
    what: 'a failure with a required label of any value',
    exceptions: [exception({}, { labels: { 'approved-by': 'me' } })],
    bounds: { requireApprovalLabel: 'approved-by' },
    decision: 'web/legacy',
  },
  {
    what: 'a failure with a required label of an empty value',
    exceptions: [exception({}, { labels: { approved: '' } })],
    bounds: { requireApprovalLabel: 'approved=' },
    decision: 'web/legacy',
  },
  {
    what: 'a failure with the required label',
    exceptions: [exception({}, { labels: { 'approved-by': 'security' } })],
    bounds: { requireApprovalLabel: 'approved-by=security' },
    decision: 'web/legacy',
  },
];

describe('Under the bounds of a policy, an exception covers', () => {
  for (const each of cases) it(each.what, () => expect(decided(each)).to.equal(each.decision));
});
