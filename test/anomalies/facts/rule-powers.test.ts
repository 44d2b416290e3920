import { expect } from 'chai';
import { policyRules } from '../../../operator/engine/rbac/policy-rule.ts';
import { rulePowers } from '../../../operator/anomalies/facts/rbac-facts.ts';
import { rule } from '../objects.ts';

const rbac = 'rbac.authorization.k8s.io';
const write = ['create', 'update', 'patch'];
/** Each power: the group, the resources and the verbs that give it, and whether a rule for named objects gives it as well. */
const table: readonly (readonly [power: string, group: string, resources: readonly string[], verbs: readonly string[], named: boolean])[] =
  [
    ['escalate', rbac, ['roles', 'clusterroles'], ['escalate'], true],
    ['bind', rbac, ['roles', 'clusterroles'], ['bind'], true],
    ['impersonate', '', ['users', 'groups', 'serviceaccounts'], ['impersonate'], true],
    [
      'impersonate',
      'authentication.k8s.io',
      ['users', 'serviceaccounts', 'userextras', 'uids'],
      ['impersonate', 'impersonate:user-info'],
      true,
    ],
    ['create tokens', '', ['serviceaccounts/token'], ['create'], true],
    ['reach kubelets', '', ['nodes/proxy'], ['get', ...write], false],
    ['exec into pods', '', ['pods/exec', 'pods/attach'], ['create', 'get'], false],
    ['exec into pods', '', ['pods/ephemeralcontainers'], ['update', 'patch'], false],
    ['approve certificates', 'certificates.k8s.io', ['signers'], ['approve'], false],
    ['approve certificates', 'certificates.k8s.io', ['certificatesigningrequests/approval'], write, false],
    ['read secrets', '', ['secrets'], ['get', 'list', 'watch'], false],
    ['write roles', rbac, ['roles', 'clusterroles', 'rolebindings', 'clusterrolebindings'], write, false],
    [
      'write webhooks',
      'admissionregistration.k8s.io',
      ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations', 'mutatingadmissionpolicies'],
      write,
      false,
    ],
    ['write webhooks', 'apiregistration.k8s.io', ['apiservices'], write, false],
  ];
const powersOf = (verb: string, resource: string, group: string, names: readonly string[] = []): readonly string[] =>
  policyRules([{ ...rule(verb, resource, group), ...(names.length > 0 ? { resourceNames: names } : {}) }]).flatMap(rulePowers);

describe('the powers of a rule', () => {
  for (const [power, group, resources, verbs, named] of table)
    it(`include ${power} by ${resources.join(', ')} of ${group || 'the core group'}`, () => {
      for (const resource of resources)
        for (const verb of verbs) {
          expect(powersOf(verb, resource, group), `${verb} ${resource}`).to.deep.equal([power]);
          expect(powersOf(verb, resource, group, ['x']), `${verb} ${resource} x`).to.deep.equal(named ? [power] : []);
          expect(powersOf('delete', resource, group), `delete ${resource}`).to.deep.equal([]);
          expect(powersOf(verb, `${resource}s`, group), `${verb} ${resource}s`).to.not.include(
            verb.startsWith('impersonate:') ? '' : power,
          );
        }
    });

  it('are all if everything is granted', () => {
    expect(powersOf('*', '*', '*')).to.include.members(['everything']);
    expect(powersOf('*', 'pods', 'example.com')).to.deep.equal(['all verbs']);
    expect(powersOf('get', '*', 'apps')).to.deep.equal(['all resources']);
    expect(powersOf('get', '*', 'example.com')).to.deep.equal([]);
  });
});
