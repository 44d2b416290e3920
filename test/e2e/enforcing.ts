import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { RESOURCES } from '../../operator/api/api-resource.ts';
import type { KubeObject } from '../../operator/api/metadata.ts';
import { listAll } from '../../operator/kube/list.ts';
import { kubectl, testClient } from '../integration/cluster-access.ts';

/** An image of the cluster's registry, which its node can run. */
export const runnable = '127.0.0.1:5000/pause:1';

/** The result of a command: its exit code, and its standard output followed by its standard error. */
export interface CommandResult {
  readonly code: number;
  readonly output: string;
}

/** Runs a command. Does not throw if it fails. */
export function run(command: string, args: readonly string[], input = ''): CommandResult {
  const { status, stdout, stderr } = spawnSync(command, args, { input, encoding: 'utf8', env: process.env });
  return { code: status ?? -1, output: `${stdout}${stderr}` };
}

/** Runs the command line of Vigil from the sources. */
export const vigil = (...args: readonly string[]): CommandResult => run(process.execPath, ['operator/main.ts', ...args]);

/** Creates an object. With `dryRun`, the API server only says what it would do. */
export const create = (object: object, dryRun = false): CommandResult =>
  run('kubectl', ['create', '-f', '-', ...(dryRun ? ['--dry-run=server'] : [])], JSON.stringify(object));

/** The YAML blocks of a page in docs, in their order and without their indentation. */
export function yamlBlocks(page: string): readonly string[] {
  const text = readFileSync(`docs/${page}`, 'utf8');
  return [...text.matchAll(/^( *)```yaml\n([\s\S]*?)^\1```/gm)].map(([, indentation = '', block = '']) =>
    block.replaceAll(new RegExp(`^${indentation}`, 'gm'), ''),
  );
}

/** Applies the kustomization of docs/enforcement.md, which gives the operator the rights that it needs. */
export function grantEnforcement(): void {
  const [kustomization = ''] = yamlBlocks('enforcement.md');
  mkdirSync('dist/enforcing', { recursive: true });
  writeFileSync('dist/enforcing/kustomization.yaml', kustomization.replaceAll('.../', '../../'));
  kubectl(['apply', '--server-side', '-k', 'dist/enforcing']);
}

/** Deletes the rights, as docs/enforcement.md describes. */
export function revokeEnforcement(): void {
  kubectl(['delete', '--ignore-not-found', '-f', 'config/components/enforcement/rbac.yaml']);
}

/** The names of all objects that enforce policies. */
export async function enforcingObjects(): Promise<readonly string[]> {
  const resources = [RESOURCES.admissionPolicies, RESOURCES.admissionBindings, RESOURCES.admissionParameters];
  const lists = await Promise.all(
    resources.map((resource) => listAll<KubeObject>(testClient(), resource, { labelSelector: 'vigil.dev/enforces' })),
  );
  return lists.flat().map(({ metadata }) => metadata.name);
}

/** The part of a container or pod that a Deployment of these tests differs in. */
export interface DeploymentParts {
  readonly namespace: string;
  readonly image?: string;
  readonly privileged?: boolean;
  readonly hostPID?: boolean;
  readonly replicas?: number;
}

/** A Deployment with one container. */
export function deployment(
  name: string,
  { namespace, image = runnable, privileged = false, hostPID = false, replicas = 0 }: DeploymentParts,
): object {
  const labels = { app: name };
  const container = { name: 'app', image, securityContext: { privileged } };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { hostPID, terminationGracePeriodSeconds: 1, containers: [container] } },
    },
  };
}
