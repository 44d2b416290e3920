import { RESOURCES } from '../../operator/api/api-resource.ts';
import type { SecurityException } from '../../operator/api/kinds/security-exception.ts';
import { kubectl } from '../../test/integration/cluster-access.ts';
import { type EnforcementBench, eventually } from '../../test/integration/admission/enforcement-bench.ts';
import { ExceptionsFixture } from '../../test/integration/exceptions/exceptions-fixture.ts';
import { bareDeployment, deployments } from './admission-objects.ts';
import { quantile } from './quantile.ts';

const [policy, namespace] = ['bench-waived', 'bench-waived'];
const changes = 20;
const allowed = 1000;

const exception: SecurityException = {
  metadata: { name: 'legacy', namespace },
  spec: { reason: 'a benchmark needs it', checks: [{ name: 'host-pid' }] },
};

/** Creates and deletes an exception, and measures until the API server admits and refuses. Returns what is not as allowed. */
export async function changedWaivers(bench: EnforcementBench): Promise<readonly string[]> {
  const { client } = bench;
  const fixture = new ExceptionsFixture();
  bench.readWaivers = (...args) => fixture.store.admissionWaivers(...args);
  fixture.onChange = () => bench.enqueue(policy);
  const violation = bareDeployment(namespace, { hostPID: true });
  const until = async (isAdmitted: boolean): Promise<number> => {
    const started = performance.now();
    await eventually(isAdmitted ? 'the violation is admitted' : 'the violation is refused', async () => {
      const { status } = await bench.send('POST', deployments, violation);
      return (status === 201) === isAdmitted ? true : undefined;
    });
    return performance.now() - started;
  };
  kubectl(['create', 'namespace', namespace]);
  await fixture.start();
  try {
    await bench.apply(policy, {
      controls: [{ name: 'host-pid' }],
      exceptions: { allow: 'All' },
      enforcement: [{ actions: ['Deny'], namespaces: { include: [namespace] } }],
    });
    await until(false);
    const [created, deleted]: [number[], number[]] = [[], []];
    for (let change = 0; change < changes; change += 1) {
      await client.create(RESOURCES.exceptions, exception);
      created.push(await until(true));
      await client.delete(RESOURCES.exceptions, exception.metadata);
      deleted.push(await until(false));
    }
    const text = (times: readonly number[]): string =>
      `median ${quantile(times, 0.5).toFixed(0)} ms, longest ${Math.max(...times).toFixed(0)} ms`;
    console.log(
      `an exception is in force after ${text(created)}; ended by its deletion after ${text(deleted)} (allowed: ${allowed} ms, ${changes} times)`,
    );
    const longest = Math.max(...created, ...deleted);
    return longest > allowed ? [`a change of an exception took ${longest.toFixed(0)} ms`] : [];
  } finally {
    await fixture.stop();
    kubectl(['delete', 'securitypolicy', policy, '--ignore-not-found']);
    kubectl(['delete', 'namespace', namespace, '--wait=false']);
  }
}
