import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { applyManifestDefaults } from '../../../operator/engine/pods/manifest-defaults.ts';
import { builtinKinds } from '../../../operator/engine/schema/schema-node.ts';
import { schemaProblems } from '../../../operator/engine/validation/schema-problems.ts';
import { randomObject, seeded } from '../../engine/schema/random-object.ts';
import { baseManifests } from './base-manifests.ts';
import { differencesOf } from './object-differences.ts';

type Fields = Record<string, unknown>;

/** Parts of random objects that the server refuses later, or that it takes from a clock. */
const unlike = [
  /^DeviceTaintRule\.spec\.taint\.timeAdded/,
  /\.taints\[\]\.timeAdded/,
  /^CustomResourceDefinition\.(spec\.conversion\.webhook|status\.)/,
  /^(Deployment|DaemonSet)\.spec\.(strategy|updateStrategy)\.rollingUpdate\.max/,
  /^HorizontalPodAutoscaler\.spec\.behavior\.scale(Up|Down)\.policies/,
  /^Service\.spec\.externalTrafficPolicy/,
  /^Node\.spec\.podCIDR/,
  /(Probe|preStop|postStart)\.(tcpSocket|httpGet)\.port/,
  // Vigil leaves the content of Secrets as it is written.
  /^Secret\.(data|stringData)/,
  // Set on creation, not by decoding.
  /^DaemonSet\.metadata\.annotations/,
  /^Pod\.spec\.(serviceAccount|serviceAccountName|tolerations|priority|preemptionPolicy)/,
];

/** What Kubernetes finds in an object. See `validate` in hack/server-schema. */
interface ServerProblem {
  readonly path: string;
  readonly type: string;
}

const oddValues: readonly unknown[] = ['vigil-odd', 4217, true, [], {}, ['vigil-odd'], ''];

/** The places of values in an object: each map or list, and the key in it. */
function placesIn(value: unknown, path: readonly (string | number)[] = []): readonly (readonly (string | number)[])[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, item]) => {
    const step = Array.isArray(value) ? Number(name) : name;
    return [[...path, step], ...placesIn(item, [...path, step])];
  });
}

/** Returns a copy of an object that `change` has changed at a place. */
function changedAt(object: Fields, place: readonly (string | number)[], change: (owner: Fields, key: string) => void): Fields {
  const copy = structuredClone(object);
  const owner = place.slice(0, -1).reduce<Fields>((current, step) => current[step] as Fields, copy);
  change(owner, String(place.at(-1)));
  return copy;
}

/** Returns copies of an object without one of its values, with another value, with another name for it, and with an unknown field. */
function changesOf(object: Fields): readonly Fields[] {
  const places = placesIn(object).filter(([first]) => first !== 'apiVersion' && first !== 'kind');
  return places.flatMap((place) => [
    changedAt(object, place, (owner, key) => (Array.isArray(owner) ? owner.splice(Number(key), 1) : Reflect.deleteProperty(owner, key))),
    ...oddValues.map((value) => changedAt(object, place, (owner, key) => (owner[key] = value))),
    changedAt(object, place, (owner, key) => {
      if (!Array.isArray(owner)) owner[`${key}Odd`] = owner[key];
    }),
  ]);
}

describe("the defaults of manifests compared with Kubernetes' own code", function () {
  this.timeout(300_000);

  it('has the current kinds, fields and defaults', () => {
    execFileSync('hack/schema', ['--check'], { stdio: ['ignore', 'ignore', 'inherit'] });
  });

  it('makes the same of 2,000 random objects of all kinds', () => {
    const program = execFileSync('hack/schema', ['--build'], { encoding: 'utf8' }).trim();
    const random = seeded(20_261_129);
    const kinds = builtinKinds().filter(({ node }) => node >= 0);
    const objects = Array.from({ length: 2000 }, (_, index) => randomObject(random, kinds[index % kinds.length]!));
    const input = objects.map((object) => JSON.stringify(object)).join('\n');
    const answers = execFileSync(program, ['serve'], { input, encoding: 'utf8', maxBuffer: 1 << 30 })
      .trim()
      .split('\n');
    const differences = new Map<string, string>();
    let compared = 0;
    for (const [index, line] of answers.entries()) {
      const { object: served } = JSON.parse(line) as { object?: Fields };
      if (served === undefined) continue;
      compared += 1;
      const ours = structuredClone(objects[index]!);
      applyManifestDefaults(ours, { namespaced: false });
      for (const [path, text] of differencesOf(ours, served, String(served['kind'])))
        if (!unlike.some((pattern) => pattern.test(path))) differences.set(path, text);
    }
    expect([...differences].slice(0, 10)).to.deep.equal([]);
    expect(compared).to.be.greaterThan(1900);
  });

  it('refuses what Kubernetes refuses, and nothing else, if one thing of an object of each kind changes', () => {
    const program = execFileSync('hack/schema', ['--build'], { encoding: 'utf8' }).trim();
    const bases = baseManifests.map((base) => ({ base, changed: [base, ...changesOf(base)] }));
    const input = bases.flatMap(({ changed }) => changed.map((object) => JSON.stringify(object))).join('\n');
    const answers = execFileSync(program, ['validate'], { input, encoding: 'utf8', maxBuffer: 1 << 30, stdio: ['pipe', 'pipe', 'ignore'] });
    const lines = answers.trim().split('\n').values();
    const alarms: string[] = [];
    const agreed: string[] = [];
    for (const { changed } of bases) {
      const [before = [], ...found] = changed.map(() => JSON.parse(lines.next().value ?? '[]') as readonly ServerProblem[]);
      for (const [index, object] of changed.slice(1).entries()) {
        const isRefused = found[index]!.some(({ path, type }) => !before.some((known) => known.path === path && known.type === type));
        const copy = structuredClone(object);
        applyManifestDefaults(copy, { namespaced: false });
        const problems = schemaProblems(copy) ?? [];
        if (isRefused) agreed.push(...problems.map(({ type }) => type));
        else alarms.push(...problems.map(({ path, message }) => `${String(object['kind'])}: ${path}: ${message}`));
      }
    }
    expect(alarms).to.deep.equal([]);
    expect(agreed.filter((type) => type === 'unknown').length).to.be.greaterThan(200);
    expect(agreed.filter((type) => type === 'refused').length).to.be.greaterThan(500);
  });
});
