import { expect } from 'chai';
import fc from 'fast-check';
import type { ReportResult } from '../../operator/api/kinds/policy-report.ts';
import { catalogue } from '../../operator/catalogue/controls/catalogue.ts';
import { requirementOutcomes } from '../../operator/catalogue/frameworks/framework-rows.ts';
import { frameworkVersions, resolveFramework, type Framework } from '../../operator/catalogue/frameworks/framework.ts';
import { builtinResources } from '../../operator/engine/objects/builtin-resources.ts';
import { compilePolicies } from '../../operator/engine/policy-set.ts';
import { Snapshot } from '../../operator/engine/snapshot/snapshot.ts';
import type { ImageEntry } from '../../operator/images/ledger/image-ledger.ts';
import type { ImageFindings } from '../../operator/images/matching/image-finding.ts';
import { imageResults } from '../../operator/images/results/image-results.ts';
import type { ImageTarget } from '../../operator/images/targets/image-targets.ts';
import { buildEvidence } from '../../operator/reports/building/evidence.ts';
import { reportResult } from '../../operator/reports/building/report-result.ts';
import { notice } from '../../operator/reports/identity/report-notice.ts';

const severities = ['critical', 'high', 'medium', 'low', 'info'];

/** Expects a severity and a category in every result, which consumers filter by. */
function expectComplete(results: readonly ReportResult[]): void {
  for (const result of results) {
    expect(severities).to.include(result.severity, JSON.stringify(result));
    expect(result.category).to.match(/\S/, JSON.stringify(result));
  }
}

const resourceRules = [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['CREATE' as const], resources: ['*'] }];
const rules = ['true', 'false', 'object.spec.nothing > 1', "request.userInfo.username == 'a'"].map((expression, index) => ({
  name: `rule-${index}`,
  matchConstraints: { resourceRules },
  validations: [{ expression }],
}));
const set = compilePolicies(
  [
    {
      name: 'all',
      spec: {
        reporting: { passing: 'List' },
        scope: { systemNamespaces: 'Include' },
        rules,
        controls: catalogue.map(({ id }) => ({
          name: id,
          ...(id === 'trusted-registries' ? { parameters: { registries: ['registry.example.com'] } } : {}),
        })),
      },
    },
  ],
  { kubernetesVersion: '1.37', resources: builtinResources, systemNamespaces: [] },
);

const podSpec = fc.record(
  {
    hostNetwork: fc.constantFrom(true, false, 'yes'),
    containers: fc.array(fc.record({ name: fc.constant('c'), securityContext: fc.constantFrom(null, 7, { privileged: true }) }), {
      maxLength: 2,
    }),
    volumes: fc.constantFrom([], 'x', [{ name: 'v', hostPath: { path: '/' } }]),
  },
  { requiredKeys: [] },
);

describe('every result of a report has a severity and a category', () => {
  it('about objects, by every control and by rules, with every verdict', () => {
    expect(set.problems).to.deep.equal([]);
    const verdicts = new Set<string>();
    const kinds = ['Pod', 'Deployment', 'CronJob', 'Service', 'Namespace', 'ClusterRole', 'RoleBinding', 'NetworkPolicy'].map((name) =>
      builtinResources.find(({ kind }) => kind === name)!,
    );
    const check = (kind: (typeof kinds)[number], pod: unknown): void => {
      const template = { template: { spec: pod } };
      const spec = { Pod: pod, Deployment: template, CronJob: { jobTemplate: { spec: template } } }[kind.kind] ?? {};
      const apiVersion = kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
      const object = { apiVersion, kind: kind.kind, metadata: { name: 'a', ...(kind.namespaced ? { namespace: 'n' } : {}) }, spec };
      const snapshot = new Snapshot();
      snapshot.add(object, false);
      const results = [set.evaluate(object), ...set.evaluateSnapshot(snapshot, { now: 0 })].flatMap((evaluation) => evaluation.results);
      for (const { verdict } of results) verdicts.add(verdict);
      expectComplete(results.map((result) => reportResult('vigil', result, 1)));
    };
    fc.assert(fc.property(fc.constantFrom(...kinds), podSpec, check), { numRuns: 200 });
    expect([...verdicts].toSorted()).to.include.members(['error', 'fail', 'pass', 'skip']);
  });

  it('about images, whatever is known of them', () => {
    const image = { digest: 'd', reference: 'r/web@d' };
    const workload = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
    const severity = fc.constantFrom('critical', 'high', 'medium', 'low', 'UNKNOWN', '', 'negligible');
    const found = fc.record({
      vulnerabilities: fc.array(fc.record({ id: fc.string(), package: fc.string(), installed: fc.string(), severity })),
      secrets: fc.array(fc.record({ rule: fc.string(), title: fc.string(), severity, path: fc.string(), line: fc.nat() })),
    });
    const stored = { configMaps: [], database: 'db', databaseBuilt: '', at: 0 };
    const entry = fc.constantFrom<ImageEntry | undefined>(
      undefined,
      { seen: 0, findings: stored },
      { seen: 0, findings: { ...stored, database: '' } },
      { seen: 0, waiting: 'no node fits' },
      { seen: 0, failure: { reason: 'no manifest', attempts: 1, at: 0 } } as unknown as ImageEntry,
    );
    const check = (findings: unknown, known: ImageEntry | undefined, database: boolean, runs: boolean): void => {
      const container = { container: 'main', reference: 'web:1', ...(runs ? { image } : {}) };
      const target: ImageTarget = { workload, containers: [container] };
      const knowledge = { entry: () => known, findings: () => findings as ImageFindings, database, now: 1 };
      const { results } = imageResults({ name: 'p', images: { vulnerabilities: {}, secrets: {} } }, target, knowledge);
      expectComplete(results.map((result) => reportResult('vigil-images', result, 1)));
    };
    fc.assert(fc.property(found, entry, fc.boolean(), fc.boolean(), check), { numRuns: 300 });
  });

  it('in the evidence of every framework, with any counts', () => {
    const frameworks = frameworkVersions().flatMap(({ name, versions }) =>
      versions.map((version) => {
        const resolved = resolveFramework(name, version, undefined);
        if (!resolved.ok) throw new Error(resolved.message);
        return resolved.framework;
      }),
    );
    const count = fc.nat({ max: 2 });
    const tally = fc.record({ pass: count, fail: count, error: count, skip: count, excepted: count });
    const check = (
      framework: Framework,
      counts: Parameters<typeof requirementOutcomes>[1] extends ReadonlyMap<string, infer T> ? T : never,
    ): void => {
      const tallies = new Map(framework.controls.map(({ id }) => [id, counts]));
      const outcomes = requirementOutcomes(framework, tallies);
      const report = buildEvidence({ policy: { name: 'p', uid: 'u' }, framework, outcomes, seconds: 1, existing: undefined });
      expect(report?.results).to.have.length(framework.requirements.length);
      expectComplete(report?.results ?? []);
    };
    for (const framework of frameworks) fc.assert(fc.property(fc.constant(framework), tally, check), { numRuns: 10 });
  });

  it('in the notice about results that are not listed', () => {
    const ledger = { p: { omitted: 3 } } as unknown as Parameters<typeof notice>[1];
    const results = notice('vigil', ledger);
    expect(results).to.have.length(1);
    expectComplete(results);
  });
});
