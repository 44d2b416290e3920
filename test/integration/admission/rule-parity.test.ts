import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiResource } from '../../../operator/api/api-resource.ts';
import type { SecurityPolicyRule } from '../../../operator/api/kinds/security-policy.ts';
import { compile } from '../../../operator/cel/compile.ts';
import { showType } from '../../../operator/cel/values/cel-type.ts';
import { compilePolicies } from '../../../operator/engine/policy-set.ts';
import { discoverResources } from '../../../operator/kube/discovery.ts';
import { concurrently } from '../../../operator/reports/publishing/concurrently.ts';
import { corpus, specs } from '../cel/corpus.ts';
import { kubectl, serverMinor, uniqueName } from '../cluster-access.ts';
import { EnforcementBench } from './enforcement-bench.ts';

const group = 'rules.test';
const cases: ApiResource = { group, version: 'v1', resource: 'cases', kind: 'Case', namespaced: true };
/** Rules of one policy, and how many of the expressions of the corpus are evaluated on the API server. */
const rulesOfPolicy = 60;
const most = process.env['VIGIL_TEST_ALL'] === '1' ? Infinity : 240;

/** Expressions whose verdict differs by design, with the reason. */
const exceptions: readonly { readonly about: RegExp; readonly reason: string }[] = [
  { about: /authorizer/, reason: 'a scan has no authorizer' },
  { about: /request[.]|namespaceObject/, reason: 'the request of this test differs from that of a scan' },
];

describe('the verdicts of rules compared with those of their admission policies', function () {
  this.timeout(400_000);
  const bench = new EnforcementBench();
  const prefix = uniqueName('rules');
  const version = serverMinor();
  const all = corpus().filter((expression) => {
    const compiled = compile(expression, { kubernetesVersion: version });
    return compiled.ok && showType(compiled.program.resultType) === 'bool' && !exceptions.some(({ about }) => about.test(expression));
  });
  const expressions = all.filter((_, index) => index % Math.max(1, Math.ceil(all.length / most)) === 0);
  const rules = expressions.map((expression, index): SecurityPolicyRule => ({
    name: `r${index}`,
    matchConstraints: {
      resourceRules: [
        { apiGroups: [group], apiVersions: ['v1'], operations: ['CREATE'], resources: ['cases'], resourceNames: [`c${index}`] },
      ],
    },
    validations: [{ expression }],
  }));
  const policies = Array.from({ length: Math.ceil(rules.length / rulesOfPolicy) }, (_, at) => ({
    name: `${prefix}-${at}`,
    spec: {
      rules: rules.slice(at * rulesOfPolicy, (at + 1) * rulesOfPolicy),
      enforcement: [{ actions: ['Deny' as const], namespaces: { include: [prefix] } }],
    },
  }));

  before(async () => {
    EnforcementBench.install();
    const definition = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `cases.${group}` },
      spec: {
        group,
        scope: 'Namespaced',
        names: { plural: 'cases', singular: 'case', kind: 'Case' },
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
          },
        ],
      },
    };
    kubectl(['apply', '-f', '-'], JSON.stringify(definition));
    kubectl(['wait', '--for=condition=Established', '--timeout=30s', `crd/cases.${group}`]);
    kubectl(['create', 'namespace', prefix]);
    await bench.start();
    for (const { name, spec } of policies) {
      const { status } = await bench.apply(name, spec);
      expect(status?.enforcement?.problems ?? []).to.deep.equal([]);
    }
    await sleep(2000);
  });

  after(async () => {
    await bench.stop();
    kubectl(['delete', 'securitypolicy', ...policies.map(({ name }) => name), '--ignore-not-found']);
    kubectl(['delete', 'namespace', prefix, '--wait=false']);
    kubectl(['delete', 'crd', `cases.${group}`, '--wait=false']);
  });

  it(`agree on ${expressions.length} of ${all.length} expressions of the corpus and ${specs.length} objects`, async () => {
    const resources = await discoverResources(bench.client);
    const set = compilePolicies(
      policies.map(({ name, spec: { rules: some } }) => ({ name, spec: { rules: some } })),
      { kubernetesVersion: version, resources, systemNamespaces: [] },
    );
    expect(set.problems).to.deep.equal([]);
    const differences: string[] = [];
    const counted = { pass: 0, fail: 0, error: 0 };
    await concurrently([...expressions.entries()], 8, async ([index, expression]) => {
      for (const spec of specs) {
        const object = { apiVersion: `${group}/v1`, kind: 'Case', metadata: { name: `c${index}`, namespace: prefix }, spec };
        const { results } = set.evaluate(object, { namespace: { name: prefix, labels: {} } });
        const scan = results.find(({ check }) => check === `r${index}`)?.verdict ?? 'pass';
        const { status, message } = await bench.send('POST', cases, object);
        const server = status === 201 ? 'pass' : message.includes('breaks SecurityPolicy') ? 'fail' : 'error';
        counted[server] += 1;
        if (scan !== server)
          differences.push(`${expression} on ${JSON.stringify(spec).slice(0, 40)}: scan ${scan}, server ${server}: ${message}`);
      }
    });
    process.stdout.write(`      ${JSON.stringify(counted)}\n`);
    expect(differences.slice(0, 10), `${differences.length} differences`).to.deep.equal([]);
    expect(counted.pass + counted.fail).to.be.at.least(200);
  });
});
