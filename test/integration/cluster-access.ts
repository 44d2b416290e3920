import { randomUUID } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { Credentials } from '../../operator/kube/client/credentials.ts';
import { KubeClient } from '../../operator/kube/client/kube-client.ts';

/** A client for the test cluster. Throws if there is none: these tests never pass without a server. */
export function testClient(): KubeClient {
  if (!process.env['KUBECONFIG']) throw new Error('KUBECONFIG is not set: run hack/test --only integration');
  return new KubeClient(new Credentials());
}

/** Returns a unique name. */
export const uniqueName = (prefix: string): string => `${prefix}-${randomUUID().slice(0, 8)}`;

/** Runs kubectl with the text on its standard input. Returns its standard output. Throws its standard error. */
export function kubectl(args: readonly string[], input = ''): string {
  return execFileSync('kubectl', args, {
    input,
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'pipe'],
    env: process.env,
    maxBuffer: 64 * 1024 * 1024,
  });
}

/** The minor version of the server, such as `1.36`. */
export function serverMinor(): string {
  const { serverVersion } = JSON.parse(kubectl(['version', '-o', 'json'])) as { serverVersion: { major: string; minor: string } };
  return `${serverVersion.major}.${serverVersion.minor.replace(/\D/g, '')}`;
}
