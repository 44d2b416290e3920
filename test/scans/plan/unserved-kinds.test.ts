import { expect } from 'chai';
import { builtinResources } from '../../../operator/engine/objects/builtin-resources.ts';
import { compilePolicies } from '../../../operator/engine/policy-set.ts';
import { kindsNotServed } from '../../../operator/scans/plan/unserved-kinds.ts';

const widgets = { group: 'shop.example.com', version: 'v1', resource: 'widgets', kind: 'Widget', namespaced: true };
const rule = {
  name: 'never',
  matchConstraints: { resourceRules: [{ apiGroups: [widgets.group], apiVersions: ['*'], operations: ['CREATE'], resources: ['widgets'] }] },
  validations: [{ expression: 'false' }],
};
const set = compilePolicies(
  [
    { name: 'shop', spec: { rules: [rule] } as never },
    { name: 'pods', spec: { controls: [{ name: 'host-pid' }] } },
  ],
  { kubernetesVersion: '1.36', resources: [...builtinResources, widgets], systemNamespaces: [], converts: true },
);

describe('a kind that is deleted while a scan runs', () => {
  it('is reported for the policies that select it', () => {
    expect(kindsNotServed(set, builtinResources)).to.deep.equal([
      { message: 'widgets in API group shop.example.com was served when the scan began and is not served now', policies: ['shop'] },
    ]);
  });

  it('is not reported when it is served in another version', () => {
    expect(kindsNotServed(set, [...builtinResources, { ...widgets, version: 'v2' }])).to.deep.equal([]);
  });
});
