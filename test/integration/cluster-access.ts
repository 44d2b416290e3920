import { randomUUID } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { Credentials } from '../../operator/kube/credentials.ts';
import { KubeClient } from '../../operator/kube/kube-client.ts';

/** A client for the cluster that hack/test started. Throws when there is none: these tests never pass without a server. */
export function testClient(): KubeClient {
  if (!process.env['KUBECONFIG']) throw new Error('KUBECONFIG is not set: run hack/test --only integration');
  return new KubeClient(new Credentials());
}

/** A name that no other test has. */
export const uniqueName = (prefix: string): string => `${prefix}-${randomUUID().slice(0, 8)}`;

/** Runs kubectl, with the text on its standard input. Returns its standard output; throws with its standard error. */
export function kubectl(args: readonly string[], input = ''): string {
  return execFileSync('kubectl', args, {
    input,
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'pipe'],
    env: process.env,
    maxBuffer: 64 * 1024 * 1024,
  });
}

/** The minor version, such as `1.36`, that the server tells kubectl. */
export function serverMinor(): string {
  const { serverVersion } = JSON.parse(kubectl(['version', '-o', 'json'])) as { serverVersion: { major: string; minor: string } };
  return `${serverVersion.major}.${serverVersion.minor.replace(/\D/g, '')}`;
}
