import { expect } from 'chai';
import { RESOURCES } from '../../../operator/api/api-resource.ts';
import { FIELD_MANAGERS } from '../../../operator/api/field-managers.ts';
import type { KubeObject, ManagedFields } from '../../../operator/api/metadata.ts';
import type { ImagesStatus, SecurityPolicyStatus } from '../../../operator/api/kinds/policy-status.ts';
import type { SecurityPolicy } from '../../../operator/api/kinds/security-policy.ts';
import type { PolicyFindings } from '../../../operator/policies/configuration-part.ts';
import { updateConfiguration, updateImages, updateTotals, type PolicyStatusDependencies } from '../../../operator/policies/policy-parts.ts';
import { kubectl, testClient, uniqueName } from '../cluster-access.ts';

const summary = { pass: 3, fail: 1, warn: 0, error: 0, skip: 0 };
const failing = { critical: 0, high: 1, medium: 0, low: 0 };
const coverage = { inScope: 2, scanned: 2, failed: 0, skipped: 0, excludedNamespaces: 0 };
const row = { name: 'nsa', version: '1', passed: 1, failed: 0, manual: 0, notEvaluated: 0, excepted: 0 };
const findings: PolicyFindings = {
  summary,
  failing,
  whole: {
    scan: 's',
    generation: 1,
    revision: '1-a',
    time: Date.parse('2026-01-02T00:00:00Z'),
    coverage,
    frameworks: [row],
    uncovered: [],
  },
};
const images: ImagesStatus = {
  evaluatedGeneration: 1,
  lastScanTime: '2026-01-02T00:00:00Z',
  summary: { pass: 1, fail: 2, warn: 0, error: 0, skip: 0 },
  failing: { critical: 2, high: 0, medium: 0, low: 0 },
  coverage: { inScope: 1, scanned: 1, failed: 0, skipped: 0, waiting: 0 },
};
const condition = (type: string): NonNullable<SecurityPolicyStatus['conditions']>[number] => ({
  type,
  status: 'True',
  reason: 'Accepted',
  message: '',
  lastTransitionTime: '2026-01-01T00:00:00Z',
  observedGeneration: 1,
});

describe('the status of a policy on a real API server', function () {
  this.timeout(60_000);
  const client = testClient();
  const events: { readonly type: string; readonly reason: string; readonly message: string }[] = [];
  const deps = {
    revisionOf: ({ metadata }: SecurityPolicy) => `${metadata.generation}-a`,
    client,
    clock: () => Date.parse('2026-01-02T01:00:00Z'),
    log: { debug: () => undefined, error: () => undefined },
    metrics: { statusRefusals: { add: () => undefined } },
    events: { record: (_: unknown, __: unknown, event: { type: string; reason: string; message: string }) => void events.push(event) },
    crdProblems: () => [],
    clusterInfo: () => Promise.resolve({ kubernetesVersion: '1.36', resources: [] }),
    systemNamespaces: [],
    schedules: { list: () => [] },
    scans: { list: () => [] },
  } as unknown as PolicyStatusDependencies;
  const made: string[] = [];

  before(() => {
    kubectl(['apply', '--server-side', '-f', 'crds/']);
    kubectl(['wait', '--for=condition=Established', '--timeout=30s', '-f', 'crds/']);
  });
  beforeEach(() => void (events.length = 0));
  after(async () => {
    for (const name of made) await client.delete(RESOURCES.policies, { name });
  });

  async function makePolicy(spec: SecurityPolicy['spec'] = { controls: [{ name: 'host-pid' }], images: { secrets: {} } }) {
    const name = uniqueName('status');
    made.push(name);
    const policy = await client.create<SecurityPolicy>(RESOURCES.policies, { metadata: { name }, spec } as KubeObject);
    return { name, uid: policy.metadata.uid ?? '', policy };
  }
  const read = (name: string): Promise<SecurityPolicy> => client.get<SecurityPolicy>(RESOURCES.policies, { name });
  /** The top-level fields of the status that each manager owns. */
  const owners = ({ metadata }: KubeObject): Record<string, string[]> =>
    Object.fromEntries(
      (metadata.managedFields ?? [])
        .filter(({ subresource }: ManagedFields) => subresource === 'status')
        .map(({ manager = '', fieldsV1 }) => [manager, Object.keys(fieldsV1?.['f:status'] ?? {}).toSorted()]),
    );

  it('has observedGeneration -1 for a new object of every kind', async () => {
    const { policy } = await makePolicy();
    expect(policy.status).to.deep.equal({ observedGeneration: -1 });
    for (const [kind, spec] of [
      ['scans', {}],
      ['schedules', { schedule: '@daily', suspend: true }],
    ] as const) {
      const name = uniqueName('status');
      const created = await client.create<KubeObject & { status?: unknown }>(RESOURCES[kind], { metadata: { name }, spec } as KubeObject);
      const stored = await client.get<KubeObject & { status?: unknown }>(RESOURCES[kind], { name });
      await client.delete(RESOURCES[kind], { name });
      expect([kind, created.status, stored.status]).to.deep.equal([kind, { observedGeneration: -1 }, { observedGeneration: -1 }]);
    }
  });

  it('has separate parts with separate field managers', async () => {
    const { name, uid } = await makePolicy();
    await updateConfiguration(deps, { name, uid }, findings);
    await updateImages(deps, { name, uid }, images);
    await updateConfiguration(deps, { name, uid }, { summary: { ...summary, pass: 9 }, failing });
    const policy = await read(name);
    expect(policy.status?.images).to.deep.equal(images);
    expect(policy.status?.configuration).to.deep.include({ summary: { ...summary, pass: 9 }, coverage, lastScan: 's' });
    expect([policy.status?.summary, policy.status?.failing, policy.status?.coveragePercent]).to.deep.equal([
      { pass: 10, fail: 3, warn: 0, error: 0, skip: 0 },
      { critical: 2, high: 1, medium: 0, low: 0 },
      '100%',
    ]);
    const { 'vigil-scans': scans, 'vigil-images': looked, 'vigil-policies': policies } = owners(policy);
    expect([scans, looked]).to.deep.equal([['f:configuration', 'f:frameworks'], ['f:images']]);
    expect(policies).to.include.members(['f:conditions', 'f:summary', 'f:observedGeneration']);
    expect(policies).to.not.include.members(['f:configuration']);
  });

  it('keeps both parts when both writers write at the same time', async () => {
    const { name, uid } = await makePolicy();
    await Promise.all([updateConfiguration(deps, { name, uid }, findings), updateImages(deps, { name, uid }, images)]);
    const { status } = await read(name);
    expect([status?.images, status?.configuration?.summary, status?.summary?.fail]).to.deep.equal([images, summary, 3]);
  });

  it('loses the images part when the policy does not select images any more', async () => {
    const { name, uid } = await makePolicy();
    await updateConfiguration(deps, { name, uid }, findings);
    await updateImages(deps, { name, uid }, images);
    kubectl(['patch', 'secpol', name, '--type=json', '-p', '[{"op":"remove","path":"/spec/images"}]']);
    await updateTotals(deps, await read(name));
    const { status } = await read(name);
    expect([status?.images, status?.summary]).to.deep.equal([undefined, summary]);
  });

  it('is not written without a change', async () => {
    const { name, uid } = await makePolicy();
    await updateConfiguration(deps, { name, uid }, findings);
    const { metadata } = await read(name);
    await updateConfiguration(deps, { name, uid }, findings);
    await updateTotals(deps, await read(name));
    expect((await read(name)).metadata.resourceVersion).to.equal(metadata.resourceVersion);
  });

  it('is not written for another policy of the same name', async () => {
    const { name } = await makePolicy();
    await updateConfiguration(deps, { name, uid: 'of-before' }, findings);
    expect((await read(name)).status).to.deep.equal({ observedGeneration: -1 });
  });

  it('takes over the status of an older version: keeps verdicts, and removes obsolete conditions', async () => {
    const { name } = await makePolicy();
    const legacy: SecurityPolicyStatus = {
      observedGeneration: 1,
      evaluatedGeneration: 1,
      lastScan: 's',
      lastScanTime: '2026-01-02T00:00:00Z',
      summary: { pass: 4, fail: 3, warn: 0, error: 0, skip: 0 },
      failing: { critical: 2, high: 1, medium: 0, low: 0 },
      coverage: { inScope: 3, scanned: 3, failed: 0, skipped: 0, excludedNamespaces: 0 },
      coveragePercent: '100%',
      images,
      conditions: [condition('Ready'), condition('Forgotten')],
    };
    await client.call({
      method: 'PATCH',
      path: `/apis/vigil.dev/v1alpha1/securitypolicies/${name}/status`,
      query: { fieldManager: 'vigil', force: true },
      contentType: 'application/apply-patch+yaml',
      body: { apiVersion: 'vigil.dev/v1alpha1', kind: 'SecurityPolicy', metadata: { name }, status: legacy },
    });
    await updateTotals(deps, await read(name));
    await updateTotals(deps, await read(name));
    const policy = await read(name);
    expect(policy.status?.configuration).to.deep.include({ summary, failing, coverage, lastScan: 's', evaluatedGeneration: 1 });
    expect([policy.status?.images, policy.status?.summary, policy.status?.lastScanTime]).to.deep.equal([
      images,
      legacy.summary,
      legacy.lastScanTime,
    ]);
    expect(policy.status?.conditions?.map(({ type }) => type)).to.not.include('Forgotten');
    expect(Object.keys(owners(policy)).toSorted()).to.deep.equal(['vigil-images', 'vigil-policies', 'vigil-scans']);
    await updateImages(deps, { name, uid: policy.metadata.uid ?? '' }, { ...images, uncovered: ['image a: no'] });
    expect((await read(name)).status?.images?.uncovered).to.deep.equal(['image a: no']);
  });

  it('takes over a report of an older version: removes obsolete labels', async () => {
    const name = uniqueName('taken-over');
    const report = (labels: Record<string, string>): KubeObject =>
      ({ metadata: { namespace: 'default', name, labels }, results: [] }) as unknown as KubeObject;
    await client.call({
      method: 'PATCH',
      path: `/apis/wgpolicyk8s.io/v1alpha2/namespaces/default/policyreports/${name}`,
      query: { fieldManager: 'vigil', force: true },
      contentType: 'application/apply-patch+yaml',
      body: { apiVersion: 'wgpolicyk8s.io/v1alpha2', kind: 'PolicyReport', ...report({ old: 'x', kept: 'x' }) },
    });
    const { metadata } = await client.apply<KubeObject>(RESOURCES.reports, report({ kept: 'x' }), { manager: FIELD_MANAGERS.reports });
    await client.delete(RESOURCES.reports, { namespace: 'default', name });
    expect([metadata.labels, metadata.managedFields?.map(({ manager }) => manager)]).to.deep.equal([{ kept: 'x' }, ['vigil-reports']]);
  });

  it('has one Warning Event for a policy that evaluates nothing', async () => {
    const { name, uid } = await makePolicy({});
    const nothing = { pass: 0, fail: 0, warn: 0, error: 0, skip: 0 };
    const none = { critical: 0, high: 0, medium: 0, low: 0 };
    const empty = { ...coverage, inScope: 0, scanned: 0 };
    await updateConfiguration(deps, { name, uid }, { summary: nothing, failing: none, whole: { ...findings.whole!, coverage: empty } });
    await updateTotals(deps, await read(name));
    const { status } = await read(name);
    expect(status?.conditions?.find(({ type }) => type === 'Compliant')).to.deep.include({ status: 'Unknown', reason: 'NoChecks' });
    expect(events.map(({ type, reason }) => `${type} ${reason}`)).to.deep.equal(['Warning NoChecks']);
  });

  it('has one Warning Event for a scope entry that matches no namespace, and is Compliant', async () => {
    const { name, uid } = await makePolicy({ controls: [{ name: 'host-pid' }] });
    const passing = { summary: { ...summary, fail: 0 }, failing: { critical: 0, high: 0, medium: 0, low: 0 } };
    for (const scan of ['s', 't'])
      await updateConfiguration(deps, { name, uid }, { ...passing, whole: { ...findings.whole!, scan, unmatchedNamespaces: ['shpo'] } });
    const { status } = await read(name);
    expect(status?.conditions?.find(({ type }) => type === 'Covered')).to.deep.include({ status: 'True', reason: 'UnmatchedNamespaces' });
    expect(events.map(({ type, reason, message }) => `${type} ${reason}: ${message}`)).to.deep.equal([
      'Warning UnmatchedNamespaces: 2 of 2 targets were scanned; spec.scope.namespaces.include: no namespace matches shpo',
    ]);
  });

  it('has one Warning Event for a rule that evaluates nothing beside other checks, and names it', async () => {
    const { name, uid } = await makePolicy({ controls: [{ name: 'host-pid' }] });
    const passing = { summary: { ...summary, fail: 0 }, failing: { critical: 0, high: 0, medium: 0, low: 0 } };
    const unevaluatedRules = ['rule r matches none of the objects of its kinds (see its objectSelector)'];
    for (const scan of ['s', 't'])
      await updateConfiguration(deps, { name, uid }, { ...passing, whole: { ...findings.whole!, scan, unevaluatedRules } });
    const { status } = await read(name);
    expect(status?.configuration?.unevaluatedRules).to.deep.equal(unevaluatedRules);
    expect(events.map(({ type, reason, message }) => `${type} ${reason}: ${message}`)).to.deep.equal([
      'Warning RulesNotEvaluated: 2 of 2 targets were scanned; rule r matches none of the objects of its kinds (see its objectSelector)',
    ]);
  });

  it('has printer columns with an age, and short names', async () => {
    const { name, uid } = await makePolicy();
    await updateConfiguration(deps, { name, uid }, findings);
    await updateImages(deps, { name, uid }, images);
    const [header = '', row = ''] = kubectl(['get', 'secpol', name, '-o', 'wide']).trim().split('\n');
    expect(
      header
        .split(/\s{2,}/)
        .at(-1)
        ?.trim(),
    ).to.equal('AGE');
    expect(row).to.match(/Failing/);
    expect(kubectl(['get', 'vscan', '--ignore-not-found'])).to.be.a('string');
    for (const crd of ['scans', 'scanschedules', 'securitypolicies']) {
      const path = '{.spec.versions[0].additionalPrinterColumns[-1:].name}';
      expect(kubectl(['get', 'crd', `${crd}.vigil.dev`, '-o', `jsonpath=${path}`])).to.equal('Age');
    }
  });
});
