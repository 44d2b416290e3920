import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const cluster = (verb: string, part: ClusterPart): Promise<unknown> =>
  run('hack/cluster', [verb, part, '--name', process.env['VIGIL_TEST_CLUSTER'] ?? '']);

/** A component of the test cluster that can be stopped separately. */
export type ClusterPart = 'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kubelet';

/** Kills a component and starts it again. Returns when it serves. */
export async function restartPart(part: ClusterPart): Promise<void> {
  await cluster('restart', part);
}

/** Kills a component. The containers of a kubelet keep running. */
export async function stopPart(part: ClusterPart): Promise<void> {
  await cluster('stop', part);
}
