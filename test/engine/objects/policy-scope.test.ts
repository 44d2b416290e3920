import { expect } from 'chai';
import type { SecurityPolicyScope } from '../../../operator/api/kinds/security-policy.ts';
import { bareNamespace, policyScope, unmatchedPatterns } from '../../../operator/engine/objects/policy-scope.ts';

const namespaces = {
  shop: { name: 'shop', labels: { team: 'a' } },
  cart: { name: 'cart', labels: {} },
  'kube-system': { name: 'kube-system', labels: { team: 'a' } },
};

describe('policyScope', () => {
  /** `in`: the namespaces in scope, `cluster` for cluster-scoped objects, and `whole` for the cluster as a whole. */
  const rows: readonly [title: string, scope: SecurityPolicyScope | undefined, inScope: string][] = [
    ['undefined', undefined, 'shop cart cluster whole'],
    ['empty', {}, 'shop cart cluster whole'],
    ['all namespaces, system namespaces included', { systemNamespaces: 'Include' }, 'shop cart kube-system cluster whole'],
    ['all namespaces, system namespaces excluded', { systemNamespaces: 'Exclude' }, 'shop cart cluster whole'],
    ['one namespace', { namespaces: { include: ['shop'] } }, 'shop'],
    ['a pattern', { namespaces: { include: ['*h*'] } }, 'shop'],
    ['a pattern that matches a system namespace', { namespaces: { include: ['kube-*'] } }, ''],
    ['a system namespace by its name', { namespaces: { include: ['kube-system', 'shop'] } }, 'shop kube-system'],
    ['a system namespace by its name, excluded', { namespaces: { include: ['kube-system', 'shop'], exclude: ['kube-*'] } }, 'shop'],
    ['everything but one', { namespaces: { exclude: ['shop'] } }, 'cart cluster whole'],
    ['everything and a name', { namespaces: { include: ['shop', '*'] } }, 'shop cart cluster whole'],
    ['a selector', { namespaces: { selector: { matchLabels: { team: 'a' } } } }, 'shop'],
    ['an empty selector', { namespaces: { selector: {} } }, 'shop cart cluster whole'],
    ['an object selector that matches', { objectSelector: { matchLabels: { app: 'web' } } }, 'shop cart cluster'],
    ['an object selector that does not match', { objectSelector: { matchLabels: { app: 'db' } } }, ''],
  ];
  for (const [title, scope, inScope] of rows)
    it(`${title}: ${inScope === '' ? 'nothing' : inScope}`, () => {
      const compiled = policyScope(scope, ['kube-system']);
      const labels = { app: 'web' };
      const found = Object.values(namespaces).filter((namespace) => compiled.includes({ namespace, labels }));
      const cluster = compiled.includes({ namespace: undefined, labels }) ? ['cluster'] : [];
      expect([...found.map(({ name }) => name), ...cluster, ...(compiled.wholeCluster ? ['whole'] : [])].join(' ')).to.equal(inScope);
    });

  it('tells whether a namespace is in scope, whatever the labels of its objects', () => {
    const scope = policyScope({ objectSelector: { matchLabels: { app: 'db' } } }, ['kube-system']);
    expect(Object.values(namespaces).map((namespace) => scope.includesNamespace(namespace))).to.deep.equal([true, true, false]);
  });

  it('includes objects of system namespaces for checks about these', () => {
    const place = { namespace: namespaces['kube-system'], labels: {} };
    expect([undefined, false, true].map((withSystem) => policyScope({}, ['kube-system']).includes(place, withSystem))).to.deep.equal([false, false, true]); // prettier-ignore
    expect(policyScope({ namespaces: { exclude: ['kube-system'] } }, ['kube-system']).includes(place, true)).to.equal(false);
  });
});

describe('unmatchedPatterns', () => {
  it('are those that match no name', () => {
    expect(unmatchedPatterns(['shop', 'cart', 'team-*', 's*'], ['shop', 'team-a'])).to.deep.equal(['cart']);
    expect(unmatchedPatterns(['*'], [])).to.deep.equal(['*']);
  });
});

describe('bareNamespace', () => {
  it('has the label of its name', () =>
    expect(bareNamespace('a')).to.deep.equal({ name: 'a', labels: { 'kubernetes.io/metadata.name': 'a' } }));
});
