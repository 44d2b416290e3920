import { expect } from 'chai';
import table from '../../../operator/engine/rbac/default-objects.json' with { type: 'json' };
import { covers, defaultObject, defaultRules, isDefaultBinding, isDefaultRole } from '../../../operator/engine/rbac/default-objects.ts';
import { policyRules } from '../../../operator/engine/rbac/policy-rule.ts';
import { type Projection, projectionsOf } from '../../../operator/engine/snapshot/snapshot.ts';
import type { RuleFields } from './rbac-objects.ts';

const apiVersion = 'rbac.authorization.k8s.io/v1';
const objects = table.objects as readonly { kind: string; namespace?: string; name: string; selectors?: unknown; roleRef?: unknown }[];
const projected = ({ kind, namespace, name, selectors, ...rest }: (typeof objects)[number]): Projection =>
  projectionsOf({
    apiVersion,
    kind,
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
    ...(selectors === undefined ? {} : { aggregationRule: { clusterRoleSelectors: selectors } }),
    ...rest,
  })[0] as Projection;
const covered = (own: readonly RuleFields[], wanted: RuleFields): boolean => covers(policyRules(own), policyRules([wanted])[0]!);

describe('the default roles and bindings', () => {
  it('are those of five versions of the API server and of kubeadm', () => {
    expect(table.versions).to.have.length(5);
    expect(objects.map(({ kind, name }) => `${kind}/${name}`)).to.include.members([
      'ClusterRole/cluster-admin',
      'ClusterRole/system:controller:ttl-controller',
      'ClusterRoleBinding/system:discovery',
      'ClusterRoleBinding/kubeadm:cluster-admins',
      'RoleBinding/kubeadm:bootstrap-signer-clusterinfo',
    ]);
  });

  it('are exempt as they are, each of them', () => {
    for (const object of objects) {
      const isDefault = object.kind.endsWith('Binding') ? isDefaultBinding : isDefaultRole;
      expect(isDefault(projected(object)), `${object.kind} ${object.name}`).to.equal(true);
    }
  });

  it('are not exempt with one rule or one subject more, each of them', () => {
    for (const object of objects) {
      const { rules = [], subjects = [] } = object as { rules?: readonly object[]; subjects?: readonly object[] };
      const isBinding = object.kind.endsWith('Binding');
      // The rules of an aggregated role are overwritten, and nothing can be added to cluster-admin.
      if (object.selectors !== undefined || object.name === 'cluster-admin') continue;
      const more = isBinding
        ? { ...object, subjects: [...subjects, { kind: 'User', name: 'jane' }] }
        : { ...object, rules: [...rules, { apiGroups: ['example.org'], resources: ['orders'], verbs: ['approve'] }] };
      const isDefault = isBinding ? isDefaultBinding : isDefaultRole;
      expect(isDefault(projected(more)), `${object.kind} ${object.name}`).to.equal(false);
    }
  });

  it('have the rules that their selectors gather', () => {
    const rules = (name: string) => defaultRules(defaultObject('ClusterRole', undefined, name)!);
    const reads = (name: string, resource: string): boolean =>
      covers(rules(name), policyRules([{ apiGroups: [''], resources: [resource], verbs: ['get'] }])[0]!);
    expect(reads('view', 'pods')).to.equal(true);
    expect(reads('view', 'secrets')).to.equal(false);
    expect(reads('edit', 'secrets')).to.equal(true);
    expect(reads('admin', 'secrets')).to.equal(true);
  });

  it('cover a rule if they grant each of its combinations', () => {
    const own = [
      { apiGroups: ['', 'apps'], resources: ['pods'], verbs: ['get', 'list'] },
      { apiGroups: [''], resources: ['configmaps'], verbs: ['*'], resourceNames: ['a', 'b'] },
    ];
    expect(covered(own, { apiGroups: ['apps'], resources: ['pods'], verbs: ['list'] })).to.equal(true);
    expect(covered(own, { apiGroups: ['apps'], resources: ['pods', 'configmaps'], verbs: ['list'] })).to.equal(false);
    expect(covered(own, { apiGroups: ['*'], resources: ['pods'], verbs: ['get'] })).to.equal(false);
    expect(covered(own, { apiGroups: [''], resources: ['*'], verbs: ['get'] })).to.equal(false);
    expect(covered(own, { apiGroups: [''], resources: ['configmaps'], verbs: ['get'] })).to.equal(false);
    expect(covered(own, { apiGroups: [''], resources: ['configmaps'], verbs: ['get', '*'], resourceNames: ['b'] })).to.equal(true);
    expect(covered(own, { apiGroups: [''], resources: ['configmaps'], verbs: ['get'], resourceNames: ['b', 'c'] })).to.equal(false);
    expect(covered(own, { nonResourceURLs: ['/metrics'], verbs: ['get'] })).to.equal(false);
  });

  it('do not cover a rule with too many combinations', () => {
    const many = Array.from({ length: 200 }, (_, index) => `r${index}`);
    expect(covered([{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }], { apiGroups: many, resources: many, verbs: ['get'] })).to.equal(
      false,
    );
  });
});
