import { expect } from 'chai';
import { writeFileSync } from 'node:fs';
import type { ApiResource } from '../../../operator/api/api-resource.ts';
import type { KubeObject } from '../../../operator/api/metadata.ts';
import type { SecurityPolicySpec } from '../../../operator/api/kinds/security-policy.ts';
import { applyManifestDefaults } from '../../../operator/engine/pods/manifest-defaults.ts';
import { compilePolicies, type PolicySet } from '../../../operator/engine/policy-set.ts';
import { discoverResources, serverVersion } from '../../../operator/kube/discovery.ts';
import { concurrently } from '../../../operator/reports/publishing/concurrently.ts';
import { kubectl, uniqueName } from '../cluster-access.ts';
import { SeededRandom, mutatedPod } from '../scans/pod-mutations.ts';
import { type Answer, EnforcementBench, eventually } from './enforcement-bench.ts';
import {
  enforceable,
  enforcedInPart,
  goodPod,
  objectRows,
  podRows,
  type WorkloadKind,
  workloadKinds,
  workloadOf,
} from './parity-corpus.ts';

/** Controls that one policy enforces in its own namespace. The message of a refusal then names every failing check. */
const groupSize = 8;
const parallel = 12;

interface Group {
  readonly name: string;
  readonly controls: readonly string[];
  readonly set: PolicySet;
}

/** What a scan and the API server say about a set of checks. */
interface Verdicts {
  readonly scan: ReadonlySet<string>;
  readonly server: ReadonlySet<string>;
}

/** The checks that a refusal or a warning of the API server names. */
function failingIn(texts: readonly string[]): ReadonlySet<string> {
  const lists = texts.map((text) => / breaks SecurityPolicy\/[^:]+: (.*?)[.] kubectl vigil explain CHECK/.exec(text)?.[1] ?? '');
  return new Set(lists.flatMap((list) => list.replaceAll(/ \([^)]*\)/g, '').split(', ')).filter((check) => check !== ''));
}

describe('the verdicts of a scan compared with those of the API server at admission', function () {
  this.timeout(600_000);
  const bench = new EnforcementBench();
  const prefix = uniqueName('parity');
  const groups: Group[] = [];
  const differences: string[] = [];
  const triples = new Map<string, number>();
  const counted = { pass: 0, fail: 0, invalid: 0 };
  const random = new SeededRandom(20_261_129);

  const required: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
    'trusted-registries': { registries: ['registry.example.com'] },
    'required-labels': { labels: ['app.kubernetes.io/name', 'team'] },
  };
  const controlsOf = (ids: readonly string[]): SecurityPolicySpec['controls'] =>
    ids.map((name) => ({ name, ...(required[name] && { parameters: required[name] }) }));

  before(async () => {
    EnforcementBench.install();
    await bench.start();
    const [kubernetesVersion, resources] = await Promise.all([serverVersion(bench.client), discoverResources(bench.client)]);
    const ids = enforceable.map(({ id }) => id).filter((id) => id !== 'default-namespace');
    const chunks = Array.from({ length: Math.ceil(ids.length / groupSize) }, (_, at) => ids.slice(at * groupSize, (at + 1) * groupSize));
    for (const [at, controls] of [...chunks, ['default-namespace']].entries()) {
      const name = controls[0] === 'default-namespace' ? 'default' : `${prefix}-${at}`;
      if (name !== 'default') kubectl(['create', 'namespace', name]);
      const spec: SecurityPolicySpec = { controls: controlsOf(controls) };
      const set = compilePolicies([{ name: 'p', spec }], { kubernetesVersion, resources, systemNamespaces: [] });
      expect(set.problems).to.deep.equal([]);
      groups.push({ name, controls, set });
      const enforcement: SecurityPolicySpec['enforcement'] = [
        { actions: ['Deny'], namespaces: { include: [name] } },
        // Cluster-scoped objects are in no namespace. A warning does not disturb other tests.
        { actions: ['Warn'], controls: controls.filter((id) => /^(namespace-psa|webhook-)/.test(id)) },
      ].filter((entry) => entry.controls?.length !== 0) as never;
      const applied = await bench.apply(`${prefix}-${at}`, { ...spec, enforcement });
      expect(applied.status?.enforcement?.problems).to.equal(undefined);
      expect(applied.status?.enforcement?.enforcedChecks).to.equal(controls.length);
    }
    await eventually('the last policy is in force', async () => {
      const account = { metadata: { name: 'probe', namespace: 'default' } };
      return (await bench.send('POST', accounts, account)).status === 403 ? true : undefined;
    });
  });

  after(async () => {
    await bench.stop();
    kubectl(['delete', 'securitypolicy', ...groups.map((_, at) => `${prefix}-${at}`), '--ignore-not-found']);
    kubectl(['delete', 'namespace', '--wait=false', ...groups.map(({ name }) => name).filter((name) => name !== 'default')]);
  });

  function scanned({ set, name }: Group, object: object): { readonly failing: ReadonlySet<string>; readonly errors: readonly string[] } {
    const manifest = structuredClone(object) as Record<string, unknown>;
    applyManifestDefaults(manifest, { namespaced: true });
    const { results } = set.evaluate(manifest, { namespace: { name, labels: {} } });
    const of = (verdict: string): readonly string[] => results.filter((one) => one.verdict === verdict).map(({ check }) => check);
    return { failing: new Set(of('fail')), errors: of('error') };
  }

  /** Compares the verdicts of all checks of a group on one request. `skipped` are checks that the old object failed already. */
  function compare(
    group: Group,
    object: object,
    { answer, what, skipped = new Set() }: { answer: Answer; what: string; skipped?: ReadonlySet<string> },
  ): void {
    const denied = answer.status === 403 && answer.message.includes('ValidatingAdmissionPolicy');
    if (!denied && answer.status >= 300) {
      counted.invalid += 1;
      return;
    }
    const { failing, errors } = scanned(group, object);
    const verdicts: Verdicts = { scan: failing, server: failingIn([answer.message, ...answer.warnings]) };
    const kind = (object as { readonly kind?: string }).kind ?? '';
    for (const check of group.controls) {
      if (skipped.has(check)) continue;
      triples.set(`${check} ${kind} ${what}`, (triples.get(`${check} ${kind} ${what}`) ?? 0) + 1);
      counted[verdicts.scan.has(check) ? 'fail' : 'pass'] += 1;
      if (verdicts.scan.has(check) === verdicts.server.has(check) && !errors.includes(check)) continue;
      if (enforcedInPart.has(check) && !verdicts.server.has(check)) continue;
      differences.push(
        `${check} at ${what}: scan ${errors.includes(check) ? 'error' : verdicts.scan.has(check) ? 'fail' : 'pass'}, server ${verdicts.server.has(check) ? 'fail' : 'pass'}: ${JSON.stringify(object)}: ${answer.message}`,
      );
    }
  }

  const groupOf = (control: string): Group => groups.find(({ controls }) => controls.includes(control)) as Group;
  let number = 0;
  const nextName = (): string => `p${(number += 1)}`;

  async function created(group: Group, resource: ApiResource, object: object): Promise<void> {
    compare(group, object, { answer: await bench.send('POST', resource, object as KubeObject), what: 'create' });
  }

  it('agree on creations of every kind with a pod template', async () => {
    const rows = podRows().flatMap(({ control, template }) => workloadKinds.map((kind) => ({ control, template, kind })));
    const mutated = Array.from({ length: 60 * groups.length }, (_, at) => ({
      control: groups[at % groups.length]?.controls[0] ?? '',
      template: mutatedPod(random) as never,
      kind: random.pick(workloadKinds),
    }));
    await concurrently([...rows, ...mutated], parallel, async ({ control, template, kind }) => {
      const group = groupOf(control);
      await created(group, kind.resource, workloadOf(kind, template, { name: nextName(), namespace: group.name }));
    });
  });

  it('agree on updates of objects that passed', async () => {
    // The spec of a Pod and the template of a Job cannot be changed.
    const kinds = workloadKinds.filter(({ resource: { kind } }) => kind !== 'Pod' && kind !== 'Job');
    const existing = new Map<string, object>();
    const bases = groups.filter(({ name }) => name !== 'default').flatMap((group) => kinds.map((kind) => ({ group, kind })));
    const baseOf = (group: Group, { resource }: WorkloadKind): string => `${group.name} ${resource.kind}`;
    await concurrently(bases, parallel, async ({ group, kind }) => {
      const template = { metadata: { labels: { 'app.kubernetes.io/name': 'base', team: 'a' } }, spec: goodPod };
      const base = workloadOf(kind, template, { name: 'base', namespace: group.name });
      const { status, message } = await bench.send('POST', kind.resource, base as never, { persist: true });
      expect(status, message).to.equal(201);
      existing.set(baseOf(group, kind), base);
    });
    const rows = podRows().flatMap(({ control, template }) => [1, 2, 3].map(() => ({ control, template, kind: random.pick(kinds) })));
    await concurrently(rows, parallel, async ({ control, template, kind }) => {
      const group = groupOf(control);
      const object = workloadOf(kind, template, { name: 'base', namespace: group.name });
      const skipped = scanned(group, existing.get(baseOf(group, kind)) ?? {}).failing;
      compare(group, object, { answer: await bench.send('PUT', kind.resource, object as never), what: 'update', skipped });
    });
  });

  it('agree on other objects', async () => {
    await concurrently(objectRows(), parallel, async ({ control, resource, make }) => {
      const group = groupOf(control);
      await created(group, resource, make(nextName(), group.name));
    });
  });

  it('agree on at least 3,000 checks, without a difference', () => {
    const { pass, fail, invalid } = counted;
    process.stdout.write(
      `      ${pass + fail} verdicts (${fail} failures) on ${number} objects, ${triples.size} triples of check, kind and operation; ${invalid} invalid requests\n`,
    );
    if (process.env['VIGIL_PARITY_LOG'] !== undefined) writeFileSync(process.env['VIGIL_PARITY_LOG'], differences.join('\n'));
    expect(differences.slice(0, 20), `${differences.length} differences`).to.deep.equal([]);
    expect(pass + fail).to.be.at.least(3000);
    expect(fail).to.be.at.least(500);
    const checks = new Set([...triples.keys()].map((triple) => triple.split(' ')[0]));
    expect(enforceable.map(({ id }) => id).filter((id) => !checks.has(id))).to.deep.equal([]);
  });
});

const accounts: ApiResource = { group: '', version: 'v1', resource: 'serviceaccounts', kind: 'ServiceAccount', namespaced: true };
