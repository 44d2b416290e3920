import { expect } from 'chai';
import { existsSync, readFileSync } from 'node:fs';
import { resolveFramework } from '../../operator/catalogue/frameworks/framework.ts';
import { builtinResources } from '../../operator/engine/objects/builtin-resources.ts';
import type { KubernetesObject } from '../../operator/engine/objects/kubernetes-object.ts';
import { applyManifestDefaults } from '../../operator/engine/pods/manifest-defaults.ts';
import { compilePolicies } from '../../operator/engine/policy-set.ts';
import { Snapshot } from '../../operator/engine/snapshot/snapshot.ts';
import type { ObjectFinding } from '../../operator/findings/finding.ts';

interface Case {
  readonly id: string;
  readonly expected: 'pass' | 'fail';
  readonly controls?: readonly string[];
  readonly level?: string;
  readonly version?: string;
  readonly object?: KubernetesObject;
  readonly objects?: readonly KubernetesObject[];
  readonly rule?: string;
  readonly params?: Record<string, unknown>;
}
interface Suite {
  readonly cases: readonly Case[];
  readonly rules?: Record<string, never>;
}

/** Public cases next to a checkout. The project's tests do not depend on them. */
const folder = '../shared/cases';

function failures(
  spec: Parameters<typeof compilePolicies>[0][number]['spec'],
  objects: readonly KubernetesObject[],
): readonly ObjectFinding[] {
  const set = compilePolicies([{ name: 'case', spec }], {
    kubernetesVersion: '1.37',
    resources: builtinResources,
    systemNamespaces: [],
  });
  expect(set.problems).to.deep.equal([]);
  const snapshot = new Snapshot();
  const results: ObjectFinding[] = [];
  for (const original of objects) {
    const object = structuredClone(original) as Record<string, unknown>;
    applyManifestDefaults(object, { namespaced: true });
    snapshot.add(object);
    results.push(...set.evaluate(object).results);
  }
  results.push(...set.evaluateSnapshot(snapshot, { now: 0 }).flatMap((evaluation) => evaluation.results));
  expect(results.filter(({ verdict }) => verdict === 'error')).to.deep.equal([]);
  return results.filter(({ verdict }) => verdict === 'fail');
}

function controlsOf({ level, version, controls, expected }: Case): readonly string[] {
  if (level === undefined || expected === 'fail') return controls ?? [];
  const standard = resolveFramework(`pss-${level}`, version, undefined);
  return standard.ok ? standard.framework.controls.map(({ id }) => id) : [];
}

for (const name of ['psa-v1.25', 'trivy-examples']) {
  const path = `${folder}/${name}.json`;
  describe(`the shared cases ${name}`, () => {
    if (!existsSync(path)) return;
    const suite = JSON.parse(readFileSync(path, 'utf8')) as Suite;
    for (const kase of suite.cases) {
      it(`${kase.id} is ${kase.expected}`, () => {
        const frameworks = kase.version === undefined ? [] : [{ name: `pss-${kase.level ?? ''}`, version: kase.version }];
        const wanted = new Set(controlsOf(kase));
        const controls = [...wanted].map((id) => ({ name: id }));
        const failed = failures({ frameworks, controls }, kase.objects ?? [kase.object ?? {}]).filter(({ check }) => wanted.has(check));
        expect(failed.length > 0 ? 'fail' : 'pass').to.equal(kase.expected);
      });
    }
  });
}

describe('the shared cases cel-sample', () => {
  const path = `${folder}/cel-sample.json`;
  if (!existsSync(path)) return;
  const suite = JSON.parse(readFileSync(path, 'utf8')) as Suite;
  for (const kase of suite.cases) {
    it(`${kase.id} is ${kase.expected}`, () => {
      const body = suite.rules?.[kase.rule ?? ''] as unknown as Record<string, unknown>;
      const rule = { name: 'the-rule', ...body, ...(kase.params === undefined ? {} : { params: kase.params }) } as never;
      expect(failures({ rules: [rule] }, [kase.object ?? {}]).length > 0 ? 'fail' : 'pass').to.equal(kase.expected);
    });
  }
});
