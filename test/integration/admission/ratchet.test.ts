import { expect } from 'chai';
import type { SecurityPolicySpec } from '../../../operator/api/kinds/security-policy.ts';
import { type CompiledPolicy, compilePolicy } from '../../../operator/engine/compiled-policy.ts';
import { evaluateControl } from '../../../operator/engine/controls/control-check.ts';
import { KindWalk } from '../../../operator/engine/controls/kind-walk.ts';
import { subjectOf } from '../../../operator/engine/controls/subject.ts';
import { groupKindOf } from '../../../operator/engine/objects/kubernetes-object.ts';
import { ResourceIndex } from '../../../operator/engine/objects/resource-index.ts';
import { applyManifestDefaults } from '../../../operator/engine/pods/manifest-defaults.ts';
import { discoverResources, serverVersion } from '../../../operator/kube/discovery.ts';
import { concurrently } from '../../../operator/reports/publishing/concurrently.ts';
import { kubectl, uniqueName } from '../cluster-access.ts';
import { mutatedPod, SeededRandom } from '../scans/pod-mutations.ts';
import { EnforcementBench, eventually } from './enforcement-bench.ts';
import { workloadKinds, workloadOf } from './parity-corpus.ts';

const objects = 60;
const updates = 10;

describe('the ratchet at admission', function () {
  this.timeout(180_000);
  const bench = new EnforcementBench();
  const namespace = uniqueName('ratchet');
  const random = new SeededRandom(20_261_130);
  const spec = (action: 'Audit' | 'Deny'): SecurityPolicySpec => ({
    frameworks: [{ name: 'pss-restricted' }],
    enforcement: [{ actions: [action], namespaces: { include: [namespace] } }],
  });
  const kinds = workloadKinds.filter(({ resource: { kind } }) => kind !== 'Pod' && kind !== 'Job');
  let compiled: CompiledPolicy;

  before(async () => {
    EnforcementBench.install();
    kubectl(['create', 'namespace', namespace]);
    await bench.start();
    const [kubernetesVersion, resources] = await Promise.all([serverVersion(bench.client), discoverResources(bench.client)]);
    const result = compilePolicy(
      { name: 'p', spec: spec('Deny') },
      { kubernetesVersion, resources, systemNamespaces: [] },
      new ResourceIndex(resources),
    );
    if (!('owner' in result)) throw new Error('the policy does not compile');
    compiled = result;
  });

  after(async () => {
    await bench.stop();
    kubectl(['delete', 'securitypolicy', namespace, '--ignore-not-found']);
    kubectl(['delete', 'namespace', namespace, '--wait=false']);
  });

  /** The violations that the engine finds: check, and container or volume. */
  function violations(object: object): ReadonlySet<string> {
    const manifest = structuredClone(object) as Record<string, unknown>;
    applyManifestDefaults(manifest, { namespaced: true });
    const controls = compiled.controls.filter(({ programs }) => programs.length > 0);
    const subject = subjectOf(manifest);
    new KindWalk(groupKindOf(manifest), controls).through(subject);
    const found = controls.flatMap((check) =>
      evaluateControl(check, subject).violations.map(({ path, label, container }) => {
        const place = container !== undefined ? `container ${container}` : /spec[.]volumes\[/.test(path) ? `volume ${label}` : '';
        return `${check.control.id} ${place}`;
      }),
    );
    return new Set(found);
  }

  it(`refuses an update exactly if it adds a violation (${objects} objects, ${updates} random updates each)`, async () => {
    await bench.apply(namespace, spec('Audit'));
    const existing = Array.from({ length: objects }, (_, number) => {
      const kind = random.pick(kinds);
      return { kind, object: workloadOf(kind, mutatedPod(random), { name: `w${number}`, namespace }) };
    });
    const stored: typeof existing = [];
    await concurrently(existing, 8, async (one) => {
      const { status } = await bench.send('POST', one.kind.resource, one.object as never, { persist: true });
      if (status === 201) stored.push(one);
    });
    await bench.apply(namespace, spec('Deny'));
    await eventually('a violation is refused', async () => {
      const [kind = workloadKinds[3]] = kinds;
      const probe = workloadOf(kind as never, { spec: { hostPID: true } }, { name: 'probe', namespace });
      return (await bench.send('POST', (kind as never as (typeof kinds)[0]).resource, probe as never)).status === 403 ? true : undefined;
    });
    const differences: string[] = [];
    const counted = { refused: 0, admitted: 0, invalid: 0 };
    await concurrently(stored, 8, async ({ kind, object }) => {
      const before = violations(object);
      const { name = '' } = object['metadata'] as { readonly name?: string };
      const same = await bench.send('PATCH', kind.resource, object as never, { body: { metadata: { labels: { team: 'a' } } } });
      if (same.status !== 200) differences.push(`a label of ${name}: ${same.message}`);
      for (let update = 0; update < updates; update += 1) {
        const next = workloadOf(kind, mutatedPod(random), { name, namespace });
        const added = [...violations(next)].filter((violation) => !before.has(violation));
        const { status, message } = await bench.send('PUT', kind.resource, next as never);
        const isRefused = status === 403 && message.includes('breaks SecurityPolicy');
        if (!isRefused && status !== 200) {
          counted.invalid += 1;
          continue;
        }
        counted[isRefused ? 'refused' : 'admitted'] += 1;
        if (isRefused !== added.length > 0) differences.push(`${name}: added ${added.join()}: ${message}: ${JSON.stringify(next)}`);
      }
    });
    process.stdout.write(`      ${counted.refused} refused, ${counted.admitted} admitted, ${counted.invalid} invalid\n`);
    expect(differences.slice(0, 5), `${differences.length} differences`).to.deep.equal([]);
    expect(counted.refused).to.be.at.least(50);
    expect(counted.admitted).to.be.at.least(50);
  });
});
