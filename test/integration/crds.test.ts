import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { RESOURCES } from '../../operator/api/api-resource.ts';
import type { KubeObject } from '../../operator/api/metadata.ts';
import { KubeApiError } from '../../operator/kube/client/kube-api-error.ts';
import { kubectl, testClient, uniqueName } from './cluster-access.ts';

describe('the CRDs on a real API server', function () {
  this.timeout(60_000);
  const client = testClient();

  before(() => {
    kubectl(['apply', '--server-side', '-f', 'crds/']);
    kubectl(['wait', '--for=condition=Established', '--timeout=30s', '-f', 'crds/']);
  });

  /** Creates an invalid object. Returns the message of the server. */
  async function refusal(kind: 'policies' | 'schedules' | 'scans', spec: unknown, name = uniqueName('crd')): Promise<string> {
    try {
      await client.create(RESOURCES[kind], { metadata: { name }, spec } as KubeObject, { dryRun: 'All' });
    } catch (error) {
      if (error instanceof KubeApiError && error.status === 422) return error.message;
      throw error;
    }
    return 'accepted';
  }

  it('accept a minimal policy and schedule', async () => {
    expect(await refusal('policies', { frameworks: [{ name: 'pss-restricted' }] })).to.equal('accepted');
    expect(await refusal('schedules', { schedule: '0 3 * * *' })).to.equal('accepted');
    expect(await refusal('schedules', { onChange: {} })).to.equal('accepted');
    expect(await refusal('schedules', { schedule: '@every 1h30m', concurrencyPolicy: 'Allow' })).to.equal('accepted');
    expect(await refusal('scans', {})).to.equal('accepted');
  });

  const refused: readonly (readonly [string, 'policies' | 'schedules' | 'scans', unknown, RegExp])[] = [
    ['a schedule that is not cron', 'schedules', { schedule: 'every day' }, /spec\.schedule: .*must have five fields/],
    ['a schedule with seconds', 'schedules', { schedule: '0 0 1 * * *' }, /spec\.schedule: .*must have five fields .*without seconds/],
    ['a schedule with a time zone in it', 'schedules', { schedule: 'TZ=UTC 0 3 * * *' }, /spec\.schedule: .*spec\.timeZone/],
    ['a schedule without schedule and without onChange', 'schedules', {}, /set spec\.schedule, spec\.onChange, or both/],
    ['a time zone that cannot be one', 'schedules', { schedule: '@daily', timeZone: 'Europe Lisbon' }, /spec\.timeZone/],
    ['a debounce that is no duration', 'schedules', { onChange: { debounce: 'soon' } }, /spec\.onChange\.debounce/],
    ['a negative jitter', 'schedules', { schedule: '@daily', jitterSeconds: -1 }, /spec\.jitterSeconds/],
    ['an unknown concurrency policy', 'schedules', { schedule: '@daily', concurrencyPolicy: 'Queue' }, /"Allow", "Forbid", "Replace"/],
    [
      'a selector operator that does not exist',
      'scans',
      { policySelector: { matchExpressions: [{ key: 'a', operator: 'Is' }] } },
      /operator/,
    ],
    [
      'In without values',
      'scans',
      { policySelector: { matchExpressions: [{ key: 'a', operator: 'In' }] } },
      /values must not be empty for In and NotIn/,
    ],
    ['a severity that does not exist', 'policies', { controls: [{ name: 'host-pid', severity: 'huge' }] }, /severity/],
    ['a control twice', 'policies', { controls: [{ name: 'host-pid' }, { name: 'host-pid' }] }, /Duplicate value/],
    [
      'a rule without validations',
      'policies',
      { rules: [{ name: 'a', matchConstraints: { resourceRules: [] } }] },
      /validations: Required/,
    ],
    ['a maxAge that is no duration', 'policies', { maxAge: 'a day' }, /spec\.maxAge/],
  ];
  for (const [what, kind, spec, message] of refused) {
    it(`refuse ${what}, naming the field`, async () => {
      expect(await refusal(kind, spec)).to.match(message);
    });
  }

  it('refuse a schedule whose name is too long for the names of its scans', async () => {
    expect(await refusal('schedules', { schedule: '@daily' }, 'a'.repeat(53))).to.match(/at most 52 characters/);
    expect(await refusal('schedules', { schedule: '@daily' }, 'a'.repeat(52))).to.equal('accepted');
  });

  it('refuse an unknown field when kubectl applies it', () => {
    const manifest = JSON.stringify({
      apiVersion: 'vigil.dev/v1alpha1',
      kind: 'Scan',
      metadata: { name: uniqueName('crd') },
      spec: { namespace: 'web' },
    });
    expect(() => kubectl(['create', '--dry-run=server', '-f', '-'], manifest)).to.throw(/unknown field "spec\.namespace"/);
  });

  it('refuse changes of a Scan', async () => {
    const name = uniqueName('crd');
    await client.create(RESOURCES.scans, { metadata: { name }, spec: {} } as KubeObject);
    try {
      await client.patch(RESOURCES.scans, { name }, { spec: { policies: ['other'] } });
      expect.fail('the change was accepted');
    } catch (error) {
      expect(error).to.be.instanceOf(KubeApiError);
      expect((error as KubeApiError).message).to.match(/create another Scan/);
    } finally {
      await client.delete(RESOURCES.scans, { name });
    }
  });

  it('set no defaults, so that a GitOps tool finds no difference', async () => {
    const spec = {
      rules: [
        {
          name: 'a',
          matchConstraints: { resourceRules: [{ apiGroups: [''], apiVersions: ['*'], operations: ['CREATE'], resources: ['pods'] }] },
          params: { any: { thing: [1] } },
          validations: [{ expression: 'true' }],
        },
      ],
    };
    const made = await client.create<KubeObject & { spec: unknown }>(
      RESOURCES.policies,
      { metadata: { name: uniqueName('crd') }, spec } as KubeObject,
      { dryRun: 'All' },
    );
    expect(made.spec).to.deep.equal(spec);
  });

  it('describe every field', () => {
    const undescribed: string[] = [];
    const visit = (schema: Record<string, unknown>, path: string): void => {
      for (const [name, child] of Object.entries((schema['properties'] ?? {}) as Record<string, Record<string, unknown>>)) {
        if (child['description'] === undefined && path !== '') undescribed.push(`${path}.${name}`);
        visit(child, `${path}.${name}`);
      }
      if (schema['items']) visit(schema['items'] as Record<string, unknown>, `${path}[]`);
    };
    for (const file of readdirSync('crds').filter((name) => name.startsWith('vigil.dev'))) {
      const crd = parse(readFileSync(`crds/${file}`, 'utf8')) as {
        spec: { versions: { schema: { openAPIV3Schema: Record<string, unknown> } }[] };
      };
      visit(crd.spec.versions[0]!.schema.openAPIV3Schema, '');
    }
    expect(undescribed).to.deep.equal([]);
  });
});
