import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { applyManifestDefaults } from '../../../operator/engine/pods/manifest-defaults.ts';
import { builtinKinds } from '../../../operator/engine/schema/schema-node.ts';
import { randomObject, seeded } from '../../engine/schema/random-object.ts';
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
});
