import type { SecurityPolicyRule, SecurityPolicySpec } from '../../operator/api/kinds/security-policy.ts';
import { kubectl } from '../../test/integration/cluster-access.ts';
import { EnforcementBench, eventually } from '../../test/integration/admission/enforcement-bench.ts';
import { enforceable } from '../../test/integration/admission/parity-corpus.ts';
import { deployments, fourContainers } from './admission-objects.ts';
import { manyPolicies } from './admission-policies.ts';
import { changedWaivers } from './admission-waivers.ts';
import { quantile } from './quantile.ts';

const modes = ['latency', 'exceptions', 'policies'] as const;
const [mode = 'all', requests = '600'] = /^\d+$/.test(process.argv[2] ?? '') ? ['all', process.argv[2]] : process.argv.slice(2);
if (mode !== 'all' && !modes.some((one) => one === mode)) throw new Error(`unknown mode ${mode}: ${modes.join(', ')}`);

const [checked, unchecked] = ['bench-checked', 'bench-unchecked'];
const checks = 60;
const allowed = 1.5;

/** The controls about Deployments that need no parameters. */
const controls = enforceable
  .filter(({ kinds, parameters = {} }) => {
    const isAbout = kinds === 'workloads' || kinds === 'longRunning' || kinds === 'namespaced';
    return isAbout && Object.values(parameters).every((one) => one.default !== undefined);
  })
  .map(({ id }) => ({ name: id }))
  .slice(0, checks);
/** The validations of a rule make up the number of checks. */
const validations = Array.from({ length: checks - controls.length }, (_, at) => ({
  expression: `object.spec.containers.all(container, container.name != 'forbidden-${at}')`,
}));
const rule: SecurityPolicyRule = {
  name: 'bench-rule',
  podTemplates: true,
  matchConstraints: { resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['pods'] }] },
  validations,
};
const spec: SecurityPolicySpec = { controls, rules: [rule], enforcement: [{ actions: ['Deny'], namespaces: { include: [checked] } }] };

/** Measures a request with 60 checks beside one without any. Returns what is not as allowed. */
async function latency(bench: EnforcementBench): Promise<readonly string[]> {
  const timed = async (namespace: string): Promise<number> => {
    const started = performance.now();
    const { status, message } = await bench.send('POST', deployments, fourContainers(namespace));
    if (status !== 201) throw new Error(message);
    return performance.now() - started;
  };
  for (const namespace of [checked, unchecked]) kubectl(['create', 'namespace', namespace]);
  try {
    await bench.apply('bench', spec);
    await eventually('a violation is refused', async () => {
      const { status } = await bench.send('POST', deployments, fourContainers(checked, { hostPID: true }));
      return status === 403 ? true : undefined;
    });
    for (let warm = 0; warm < 100; warm += 1) await timed(warm % 2 === 0 ? checked : unchecked);
    const [withChecks, without]: [number[], number[]] = [[], []];
    for (let request = 0; request < Number(requests); request += 1) {
      without.push(await timed(unchecked));
      withChecks.push(await timed(checked));
    }
    const line = (title: string, values: readonly number[]): string =>
      `${title.padEnd(28)} 10 % ${quantile(values, 0.1).toFixed(2)} ms, median ${quantile(values, 0.5).toFixed(2)} ms, 95 % ${quantile(values, 0.95).toFixed(2)} ms`;
    console.log(line('no checks', without));
    console.log(line(`${checks} checks, 4 containers`, withChecks));
    const added = quantile(withChecks, 0.5) - quantile(without, 0.5);
    // The fastest requests show the cost on a machine that does other work.
    const least = quantile(withChecks, 0.1) - quantile(without, 0.1);
    console.log(
      `added by ${controls.length} controls and a rule with ${validations.length} validations: ${added.toFixed(2)} ms at the median, ${least.toFixed(2)} ms at 10 % (allowed: ${allowed} ms)`,
    );
    return Math.min(added, least) < allowed ? [] : [`${checks} checks add ${added.toFixed(2)} ms`];
  } finally {
    kubectl(['delete', 'securitypolicy', 'bench', '--ignore-not-found']);
    kubectl(['delete', 'namespace', checked, unchecked, '--wait=false', '--ignore-not-found']);
  }
}

const measurements = { latency, exceptions: changedWaivers, policies: manyPolicies };
EnforcementBench.install();
const bench = new EnforcementBench();
await bench.start();
const problems: string[] = [];
try {
  for (const one of modes) if (mode === 'all' || mode === one) problems.push(...(await measurements[one](bench)));
} finally {
  await bench.stop();
}
for (const problem of problems) console.error(`not as allowed: ${problem}`);
process.exit(problems.length > 0 ? 1 : 0);
