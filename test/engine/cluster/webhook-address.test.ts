import { expect } from 'chai';
import { webhookOutside } from '../../../operator/engine/cluster/webhook-address.ts';

const webhook = (clientConfig: unknown, name?: unknown): object => ({ ...(name === undefined ? {} : { name }), clientConfig });
const configuration = (webhooks: unknown) => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingWebhookConfiguration',
  webhooks,
});
const definition = (conversion: unknown) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  spec: { conversion },
});

describe('a webhook outside of the cluster', () => {
  const urls: readonly (readonly [url: string, isInside: boolean])[] = [
    ['https://localhost:8443/check', true],
    ['https://127.0.0.1:8443/check', true],
    ['https://127.1.2.3/check', true],
    ['https://[::1]:8443/check', true],
    ['https://policy.security.svc/check', true],
    ['https://policy.security.svc:443', true],
    ['https://POLICY.security.svc.cluster.local/check', true],
    ['https://policy.security.svc.corp.internal', true],
    ['', true],
    ['https://policy.example.com/check', false],
    ['https://policy.security.svc.example.com/check', false],
    ['https://localhost.example.com', false],
    ['https://127.0.0.1.example.com', false],
    ['https://policy.security.svc@evil.example.com/check', false],
    ['https://user:policy.security.svc@evil.example.com', false],
    ['https://evil.example.com/policy.security.svc', false],
    ['https://evil.example.com?policy.security.svc', false],
    ['https://10.0.0.1/check', false],
    ['https://[2001:db8::1]/check', false],
    ['policy.security.svc', false],
  ];
  for (const [url, isInside] of urls)
    it(`${isInside ? 'is not' : 'is'} one with the URL '${url}'`, () => {
      expect(webhookOutside(configuration([webhook({ url })]))).to.deep.equal({
        violations: isInside ? [] : [{ path: 'webhooks[0].clientConfig.url' }],
        faults: [],
      });
    });

  it('is named, with its place', () => {
    const url = 'https://policy.example.com';
    expect(webhookOutside(configuration([webhook({ service: {} }), webhook({ url }, 'a'), webhook({ url }, 5)]))).to.deep.equal({
      violations: [{ path: 'webhooks[1].clientConfig.url', label: 'a' }, { path: 'webhooks[2].clientConfig.url' }],
      faults: [],
    });
  });

  it('may be that of a conversion, if the strategy is Webhook', () => {
    const conversion = { strategy: 'Webhook', webhook: { clientConfig: { url: 'https://convert.example.com' } } };
    expect(webhookOutside(definition(conversion))).to.deep.equal({
      violations: [{ path: 'spec.conversion.webhook.clientConfig.url' }],
      faults: [],
    });
    for (const other of [{ ...conversion, strategy: 'None' }, { strategy: 'Webhook' }, undefined])
      expect(webhookOutside(definition(other))).to.deep.equal({ violations: [], faults: [] });
  });

  it('cannot be told from values of a wrong type', () => {
    expect(webhookOutside(configuration('none')).faults).to.deep.equal([{ path: 'webhooks', problem: 'expected a list' }]);
    expect(webhookOutside(configuration([webhook('none'), webhook({ url: 5 }), webhook(null), 'x'])).faults).to.deep.equal([
      { path: 'webhooks[0].clientConfig', problem: 'expected a map' },
      { path: 'webhooks[1].clientConfig.url', problem: 'expected a string' },
    ]);
    for (const nothing of [undefined, null, []])
      expect(webhookOutside(configuration(nothing))).to.deep.equal({ violations: [], faults: [] });
  });
});
