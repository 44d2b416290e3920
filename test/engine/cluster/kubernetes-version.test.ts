import { expect } from 'chai';
import { supportOf } from '../../../operator/engine/cluster/kubernetes-version.ts';

describe('the support of a version of Kubernetes', () => {
  /** The outcome, as text. */
  const judged = (version: unknown, day: string): string => {
    const { violations, faults, skip, message } = supportOf(version, 'v', Date.parse(day));
    if (skip !== undefined) return `skip: ${skip}`;
    if (faults.length > 0) return `error: ${faults[0]?.path}: ${faults[0]?.problem}`;
    return violations.length === 0 ? 'pass' : `fail ${violations[0]?.path}: ${message}`;
  };
  const fails = (minor: number, day: string): string => `fail v: Kubernetes 1.${minor} gets no more patches since ${day}`;

  const rows: readonly (readonly [version: unknown, day: string, expected: string])[] = [
    ['v1.34.2', '2026-10-27T23:59:59.999Z', 'pass'],
    ['v1.34.2', '2026-10-28T00:00:00Z', fails(34, '2026-10-27')],
    ['1.34', '2026-10-28T00:00:00Z', fails(34, '2026-10-27')],
    ['1.34+', '2026-10-28T00:00:00Z', fails(34, '2026-10-27')],
    ['v1.34.2+k3s1', '2026-10-28T00:00:00Z', fails(34, '2026-10-27')],
    ['v1.34.2-eks-1234', '2026-10-28T00:00:00Z', 'skip: Kubernetes 1.34 ended on 2026-10-27; the cloud may still give it patches'],
    ['v1.34.2-gke.100', '2027-10-27T23:59:59Z', 'skip: Kubernetes 1.34 ended on 2026-10-27; the cloud may still give it patches'],
    ['v1.34.2-gke.100', '2027-10-28T00:00:00Z', fails(34, '2026-10-27')],
    ['v1.34.2-gke.100', '2026-10-01', 'pass'],
    ['v1.34.2-eksd', '2026-10-28T00:00:00Z', fails(34, '2026-10-27')],
    // Before the first version of the list.
    ['v1.19.0', '2026-01-01', fails(19, '2022-02-28')],
    ['v1.9.0', '2026-01-01', fails(9, '2022-02-28')],
    ['v1.99.0', '2026-01-01', 'skip: the end of support of Kubernetes 1.99 is not known'],
    ['v2.0.0', '2026-01-01', 'skip: v is no version of Kubernetes 1'],
    ['latest', '2026-01-01', 'skip: v is no version of Kubernetes 1'],
    ['x1.34', '2026-01-01', 'skip: v is no version of Kubernetes 1'],
    ['v1.34x', '2026-01-01', 'skip: v is no version of Kubernetes 1'],
    ['', '2026-01-01', 'skip: v is not set'],
    [undefined, '2026-01-01', 'skip: v is not set'],
    [null, '2026-01-01', 'skip: v is not set'],
    [1.34, '2026-01-01', 'error: v: expected a string'],
  ];
  for (const [version, day, expected] of rows)
    it(`${JSON.stringify(version)} on ${day}: ${expected}`, () => expect(judged(version, day)).to.equal(expected));
});
