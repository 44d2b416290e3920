import { expect } from 'chai';
import { allowsResource, allowsUrl, policyRules, type PolicyRule } from '../../../operator/engine/rbac/policy-rule.ts';
import type { RuleFields } from './rbac-objects.ts';

const ruleOf = (fields: RuleFields): PolicyRule => policyRules([fields])[0] as PolicyRule;
type Request = readonly [verb: string, group: string, resource: string, name?: string];
const allows = (fields: RuleFields, [verb, group, resource, name]: Request): boolean =>
  allowsResource(ruleOf(fields), { verb, group, resource, ...(name === undefined ? {} : { name }) });

describe('a rule of a role', () => {
  const rows: readonly [entry: string, resource: string, allowed: boolean][] = [
    ['*', 'pods', true],
    ['*', 'pods/exec', true],
    ['pods', 'pods', true],
    ['pods', 'pods/exec', false],
    ['pods/exec', 'pods/exec', true],
    ['pods/exec', 'pods', false],
    ['*/exec', 'pods/exec', true],
    ['*/exec', 'exec', false],
    ['*/scale', 'pods/exec', false],
    ['pods/*', 'pods/exec', false],
    ['pods/*', 'pods', false],
    ['*/*', 'pods/exec', false],
    ['*/*', 'pods', false],
    ['po*', 'pods', false],
    ['**', 'pods', false],
    ['Pods', 'pods', false],
    ['', 'pods', false],
  ];
  for (const [entry, resource, allowed] of rows) {
    it(`with the resource '${entry}' ${allowed ? 'allows' : 'does not allow'} ${resource}`, () => {
      expect(allows({ apiGroups: [''], resources: [entry], verbs: ['get'] }, ['get', '', resource])).to.equal(allowed);
    });
  }

  it('holds for its API groups only', () => {
    const fields = { apiGroups: ['apps'], resources: ['*'], verbs: ['*'] };
    expect(allows(fields, ['get', 'apps', 'deployments'])).to.equal(true);
    expect(allows(fields, ['get', '', 'pods'])).to.equal(false);
    expect(allows({ ...fields, apiGroups: ['*'] }, ['get', '', 'pods'])).to.equal(true);
    expect(allows({ ...fields, apiGroups: [] }, ['get', '', 'pods'])).to.equal(false);
    expect(allows({ resources: ['*'], verbs: ['*'] }, ['get', '', 'pods'])).to.equal(false);
  });

  it('holds for the names that it lists, and for all if it lists none', () => {
    const fields = { apiGroups: [''], resources: ['secrets'], verbs: ['*'], resourceNames: ['db'] };
    expect(allows(fields, ['get', '', 'secrets', 'db'])).to.equal(true);
    expect(allows(fields, ['get', '', 'secrets', 'web'])).to.equal(false);
    expect(allows(fields, ['create', '', 'secrets'])).to.equal(false);
    expect(allows({ ...fields, resourceNames: [] }, ['create', '', 'secrets'])).to.equal(true);
    expect(allows({ ...fields, resourceNames: ['*'] }, ['get', '', 'secrets', 'db'])).to.equal(false);
  });

  const urls: readonly [entry: string, url: string, allowed: boolean][] = [
    ['*', '/metrics', true],
    ['/metrics', '/metrics', true],
    ['/metrics', '/metrics/cadvisor', false],
    ['/metrics/*', '/metrics/cadvisor', true],
    ['/metrics/*', '/metrics', false],
    ['/met*', '/metrics', true],
    ['*/metrics', '/metrics', false],
    ['/healthz', '/metrics', false],
  ];
  for (const [entry, url, allowed] of urls) {
    it(`with the URL '${entry}' ${allowed ? 'allows' : 'does not allow'} ${url}`, () => {
      expect(allowsUrl(ruleOf({ nonResourceURLs: [entry], verbs: ['get'] }), 'get', url)).to.equal(allowed);
    });
  }

  it('about resources allows no URLs, and the other way round', () => {
    expect(allowsUrl(ruleOf({ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }), 'get', '/metrics')).to.equal(false);
    expect(allows({ nonResourceURLs: ['*'], verbs: ['*'] }, ['get', '', 'pods'])).to.equal(false);
  });
});
