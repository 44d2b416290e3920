import { expect } from 'chai';
import { catalogue, controlById } from '../../operator/catalogue/controls/catalogue.ts';
import { onePerFact } from '../../operator/output/same-facts.ts';
import type { LocatedResult, ScanResult } from '../../operator/output/scan-result.ts';

const failure = (check: string, paths: readonly string[], more: Partial<LocatedResult> = {}): LocatedResult => ({
  verdict: 'fail',
  policy: null,
  check,
  severity: 'medium',
  category: 'c',
  frameworks: ['vigil@1'],
  resource: { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: 'web' },
  message: 'm',
  ...(paths[0] === undefined ? {} : { path: paths[0] }),
  ...(paths.length > 1 ? { paths } : {}),
  ...more,
});
const scanOf = (...results: readonly LocatedResult[]): ScanResult => ({
  results,
  summary: { pass: 3, fail: results.filter(({ verdict }) => verdict === 'fail').length, warn: 0, error: 0, skip: 0 },
  errors: [],
});
const left = (...results: readonly LocatedResult[]): string[] =>
  onePerFact(scanOf(...results)).results.map(({ check, properties }) =>
    properties?.['also'] === undefined ? check : `${check} (${properties['also']})`,
  );

describe('one finding for a fact', () => {
  const seccomp = 'spec.containers[0].securityContext.seccompProfile.type';

  it('folds a failure into another one at the same place, and names it there', () => {
    expect(left(failure('seccomp-required', [seccomp]), failure('seccomp-unconfined', [seccomp]))).to.deep.equal([
      'seccomp-unconfined (seccomp-required)',
    ]);
  });

  it('keeps a failure with a place of its own', () => {
    expect(left(failure('seccomp-required', [seccomp, 'spec.securityContext']), failure('seccomp-unconfined', [seccomp]))).to.deep.equal([
      'seccomp-required',
      'seccomp-unconfined',
    ]);
  });

  it('takes a field and a field inside it for one place, but not a sibling', () => {
    const socket = failure('container-runtime-socket', ['spec.volumes[1].hostPath.path']);
    expect(left(socket, failure('host-path-volume', ['spec.volumes[1].hostPath']))).to.deep.equal([
      'container-runtime-socket (host-path-volume)',
    ]);
    expect(left(socket, failure('host-path-volume', ['spec.volumes[10].hostPath']))).to.have.length(2);
  });

  it('folds a failure into several others that have all of its places', () => {
    const found = left(
      failure('volume-types', ['spec.volumes[0]', 'spec.volumes[1]']),
      failure('host-path-sensitive', ['spec.volumes[1].hostPath.path']),
      failure('container-runtime-socket', ['spec.volumes[0].hostPath.path']),
    );
    expect(found).to.deep.equal(['host-path-sensitive', 'container-runtime-socket (volume-types)']);
  });

  it('counts the remaining failures, and joins the frameworks', () => {
    const { results, summary } = onePerFact(
      scanOf(failure('seccomp-required', [seccomp], { frameworks: ['pss-restricted@1.36'] }), failure('seccomp-unconfined', [seccomp])),
    );
    expect(summary).to.deep.include({ fail: 1, pass: 3 });
    expect(results[0]?.frameworks).to.have.members(['vigil@1', 'pss-restricted@1.36']);
  });

  it('keeps a failure if the other one is of another object, is no failure, or is excepted', () => {
    const other = { resource: { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: 'cart' } };
    const required = failure('seccomp-required', [seccomp]);
    expect(left(required, failure('seccomp-unconfined', [seccomp], other))).to.have.length(2);
    expect(left(required, failure('seccomp-unconfined', [seccomp], { verdict: 'skip' }))).to.deep.equal([
      'seccomp-required',
      'seccomp-unconfined',
    ]);
    expect(left(required, failure('seccomp-unconfined', [seccomp], { verdict: 'error' }))).to.have.length(2);
  });

  it('folds every right of a role into all rights in the same rule', () => {
    const found = left(
      failure('rbac-wildcard-all', ['rules[0]']),
      failure('rbac-read-secrets', ['rules[0]']),
      failure('rbac-pod-exec', ['rules[0]', 'rules[1]']),
    );
    expect(found).to.deep.equal(['rbac-wildcard-all (rbac-read-secrets)', 'rbac-pod-exec']);
  });

  it('folds a missing default policy of a Namespace into the lack of any policy', () => {
    const none = failure('netpol-namespace-policy', ['metadata.name']);
    const open = failure('netpol-default-deny', ['metadata.name']);
    expect(left(none, open)).to.deep.equal(['netpol-namespace-policy (netpol-default-deny)']);
    expect(left(open)).to.deep.equal(['netpol-default-deny']);
  });

  it('refers to controls that exist and never back to the control itself', () => {
    const reaches = (id: string, seen: readonly string[] = []): readonly string[] =>
      (controlById(id)?.sameFactAs ?? []).flatMap((next) => (seen.includes(next) ? [next] : [next, ...reaches(next, [...seen, next])]));
    for (const { id, sameFactAs = [] } of catalogue) {
      for (const other of sameFactAs) expect(controlById(other), `${id}: ${other}`).not.to.equal(undefined);
      expect(reaches(id), id).not.to.include(id);
    }
  });
});
