import { expect } from 'chai';
import type { SecurityPolicy } from '../../../operator/api/kinds/security-policy.ts';
import { desiredReports } from '../../../operator/anomalies/reporting/anomaly-reports.ts';
import { detectorSettings } from '../../../operator/anomalies/reporting/detector-settings.ts';
import { observedPolicies } from '../../../operator/anomalies/reporting/observed-policy.ts';
import type { AnomalyFinding, FindingSubject } from '../../../operator/anomalies/results/anomaly-finding.ts';

const NOW = Date.UTC(2026, 2, 1);
const finding = (about: FindingSubject, changes: Partial<AnomalyFinding> = {}): AnomalyFinding => ({
  id: 'f1',
  detection: 'secret-read',
  severity: 'medium',
  about,
  seen: 'seen',
  normal: 'normal',
  actor: 'alice',
  actorIsCertain: true,
  count: 1,
  firstSeen: NOW,
  lastSeen: NOW,
  audit: [],
  techniques: [],
  next: 'next',
  whileLearning: false,
  ...changes,
});
const pod = (namespace: string): FindingSubject => ({ apiVersion: 'v1', kind: 'Pod', namespace, name: 'cart', uid: 'u1' });
const user: FindingSubject = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'User', name: 'alice' };
const policy = (name: string, spec: SecurityPolicy['spec'] = {}): SecurityPolicy => ({
  metadata: { name, generation: 2 },
  spec: { anomalies: {}, ...spec },
});
const observed = (...policies: readonly SecurityPolicy[]) =>
  observedPolicies(policies, {
    systemNamespaces: ['kube-system'],
    namespaceLabels: (name) => (name === 'shop' ? { team: 'web' } : undefined),
  });
const reported = (about: FindingSubject, ...policies: readonly SecurityPolicy[]): readonly string[] =>
  desiredReports({ policies: observed(...policies), findings: [finding(about)], now: NOW }).flatMap((report) =>
    report.policies.map(({ name }) => name),
  );

describe('the reports about anomalies', () => {
  it('have no uid, so that they outlive their object', () => {
    const [report] = desiredReports({ policies: observed(policy('web')), findings: [finding(pod('shop'))], now: NOW });
    expect(report?.target).to.deep.equal({ apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: 'cart' });
    expect(report?.policies).to.deep.equal([{ name: 'web', revision: '2', passes: 0, listPasses: false, ownerLabels: [] }]);
  });

  const scopes: readonly (readonly [title: string, FindingSubject, SecurityPolicy['spec'], boolean])[] = [
    ['a policy without a scope', pod('shop'), {}, true],
    ['a system namespace, unless it is excluded', pod('kube-system'), {}, true],
    ['an excluded system namespace', pod('kube-system'), { scope: { namespaces: { exclude: ['kube-system'] } } }, false],
    ['a namespace that is not included', pod('shop'), { scope: { namespaces: { include: ['bank'] } } }, false],
    [
      'a namespace that is selected by its labels',
      pod('shop'),
      { scope: { namespaces: { selector: { matchLabels: { team: 'web' } } } } },
      true,
    ],
    ['a namespace with other labels', pod('bank'), { scope: { namespaces: { selector: { matchLabels: { team: 'web' } } } } }, false],
    ['a user, whatever namespaces the policy includes', user, { scope: { namespaces: { include: ['bank'] } } }, true],
    ['an excluded detection', pod('shop'), { anomalies: { detections: [{ name: 'secret-read', exclude: true }] } }, false],
    ['a policy that does not ask', pod('shop'), { anomalies: undefined }, false],
  ];
  for (const [title, about, spec, expected] of scopes)
    it(`${expected ? 'include' : 'leave out'} ${title}`, () =>
      expect(reported(about, policy('web', spec))).to.deep.equal(expected ? ['web'] : []));

  it('leave out a policy that is being deleted', () => {
    const deleted = { ...policy('web'), metadata: { name: 'web', deletionTimestamp: '2026-03-01T00:00:00Z' } };
    expect(reported(pod('shop'), deleted, policy('other'))).to.deep.equal(['other']);
  });
});

describe('detectorSettings', () => {
  it('takes the longest periods and the lowest limits of all policies', () => {
    const policies = observed(
      policy('one', { anomalies: { learningPeriod: '48h', detections: [{ name: 'secret-spread', parameters: { floor: 30 } }] } }),
      policy('two', { anomalies: { keepFor: '300h', detections: [{ name: 'secret-spread', parameters: { floor: 20 } }] } }),
    );
    const { learningPeriod, keepFor, parameters, ownUser } = detectorSettings(
      policies.map(({ reporting }) => reporting.settings),
      'me',
    );
    expect([learningPeriod, keepFor, parameters?.['secret-spread'], ownUser]).to.deep.equal([
      168 * 3_600_000,
      300 * 3_600_000,
      { floor: 20 },
      'me',
    ]);
  });
});
