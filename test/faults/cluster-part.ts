import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const cluster = (verb: string, part: ClusterPart): Promise<unknown> =>
  run('hack/cluster', [verb, part, '--name', process.env['VIGIL_TEST_CLUSTER'] ?? '']);

/** A part of the test's cluster that can be stopped by itself. */
export type ClusterPart = 'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kubelet';

/** Kills a part, and starts it again. Returns when it serves. Tests and proxies go on meanwhile. */
export async function restartPart(part: ClusterPart): Promise<void> {
  await cluster('restart', part);
}

/** Kills a part. What a kubelet runs runs on. */
export async function stopPart(part: ClusterPart): Promise<void> {
  await cluster('stop', part);
}
