import { expect } from 'chai';
import {
  apiServiceFacts,
  mutationBindingFacts,
  mutationFacts,
  webhookFacts,
} from '../../../operator/anomalies/facts/interception-facts.ts';

const service = (name: string): object => ({ clientConfig: { service: { namespace: 'shop', name } } });
const url = (text: string): object => ({ clientConfig: { url: text } });
const rule = (resource: string, group = ''): object => ({ rules: [{ apiGroups: [group], resources: [resource] }] });

describe('the facts of a webhook configuration', () => {
  const rows: readonly (readonly [title: string, webhooks: readonly object[], targets: readonly string[], external: boolean])[] = [
    ['of services', [service('b'), service('a'), service('a')], ['shop/a', 'shop/b'], false],
    ['of a URL', [url('https://example.com:8443/path?x')], ['https://example.com:8443'], true],
    ['of a URL and a service', [service('a'), url('http://example.com')], ['http://example.com', 'shop/a'], true],
    ['of a text that is no URL', [url('none')], ['URL'], true],
    ['without webhooks', [], [], false],
  ];
  for (const [title, webhooks, targets, external] of rows)
    it(`${title} name ${targets.join(', ') || 'nothing'}`, () => {
      const facts = webhookFacts({ webhooks });
      expect(facts).to.deep.include({ targets, external, broad: false, does: `sends objects to ${targets.join(', ')}` });
    });

  const broad: readonly (readonly [resource: string, group: string, expected: boolean])[] = [
    ['*', 'apps', true],
    ['*/*', '', true],
    ['secrets', '', true],
    ['secrets', '*', true],
    ['secrets', 'example.com', false],
    ['pods', '', false],
    ['pods/*', '', false],
  ];
  for (const [resource, group, expected] of broad)
    it(`say ${expected ? 'that it sees everything' : 'nothing'} of ${resource} in '${group}'`, () => {
      const facts = webhookFacts({
        webhooks: [
          { ...service('a'), ...rule('pods') },
          { ...service('a'), ...rule(resource, group) },
        ],
      });
      expect([facts.broad, facts.does]).to.deep.equal([
        expected,
        `sends objects to shop/a${expected ? ' and sees Secrets or all resources' : ''}`,
      ]);
      const mutation = { matchConstraints: { resourceRules: [{ apiGroups: [group], resources: [resource] }] } };
      expect(mutationFacts({ spec: mutation }).broad).to.equal(expected);
    });

  it('have at most sixteen targets, and another digest for another selector', () => {
    const many = Array.from({ length: 20 }, (_, index) => service(`s${index}`));
    expect(webhookFacts({ webhooks: many }).targets).to.have.length(16);
    const digests = ['namespaceSelector', 'objectSelector', 'failurePolicy', 'matchConditions', 'rules'].map(
      (field) => webhookFacts({ webhooks: [{ ...service('a'), [field]: ['x'] }] }).rules,
    );
    expect(new Set([webhookFacts({ webhooks: [service('a')] }).rules, ...digests]).size).to.equal(6);
    const [long, other] = ['a', 'b'].map((end) => webhookFacts({ webhooks: [{ rules: ['x'.repeat(5000), end] }] }).rules);
    expect(long).to.have.length(16).and.not.equal(other);
    const renamed = many.map((each, index) => (index === 9 ? service('s99') : each));
    expect(webhookFacts({ webhooks: renamed }).rules).to.not.equal(webhookFacts({ webhooks: many }).rules);
  });
});

describe('the facts of a mutation', () => {
  it('name the resources that it changes', () => {
    const resourceRules = [{ apiGroups: ['apps'], resources: ['deployments', 'daemonsets'] }];
    expect(mutationFacts({ spec: { matchConstraints: { resourceRules } } })).to.deep.include({
      targets: ['daemonsets', 'deployments'],
      does: 'changes objects that are written: daemonsets, deployments',
      external: false,
    });
  });

  it('name the policy that a binding puts in force, with a digest of where', () => {
    const bound = (spec: object): ReturnType<typeof mutationBindingFacts> => mutationBindingFacts({ spec: { policyName: 'p', ...spec } });
    expect(bound({})).to.deep.include({ targets: ['p'], does: 'puts MutatingAdmissionPolicy p in force', external: false, broad: false });
    expect(new Set([bound({}), bound({ matchResources: {} }), bound({ paramRef: {} })].map(({ rules }) => rules)).size).to.equal(3);
  });
});

describe('the facts of an API of another server', () => {
  it('name its service, and are none for an API that the API server serves itself', () => {
    const spec = { group: 'example.com', version: 'v1', service: { namespace: 'shop', name: 'api' } };
    expect(apiServiceFacts({ spec })).to.deep.include({
      targets: ['shop/api'],
      does: 'sends the requests for the API example.com/v1 to shop/api',
      external: false,
      broad: false,
    });
    expect(apiServiceFacts({ spec: { group: 'example.com', version: 'v1' } })).to.equal(undefined);
    expect(apiServiceFacts({ spec: { ...spec, insecureSkipTLSVerify: true } })?.rules).to.not.equal(apiServiceFacts({ spec })?.rules);
  });
});
