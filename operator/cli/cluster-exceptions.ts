import { RESOURCES, type ApiResource } from '../api/api-resource.ts';
import type { PolicySource } from '../engine/policy-set.ts';
import { exceptionProblems, validPart } from '../findings/waivers/exception-problems.ts';
import { compileWaiver, waiverId, type ExceptionObject } from '../findings/waivers/waiver.ts';
import type { WaiverInputs } from '../findings/waivers/waiver-set.ts';
import { listAll } from '../kube/list.ts';
import type { Cluster } from './cluster-scan.ts';
import { nameInResults } from './input/exception-files.ts';

/** The exceptions of a cluster under the bounds of the policies of a scan, and why some cover nothing. */
export interface ClusterExceptions {
  readonly inputs: Omit<WaiverInputs, 'namespaceLabels'>;
  readonly warnings: readonly string[];
}

const kinds = [RESOURCES.exceptions, RESOURCES.clusterExceptions];

/**
 * Lists the exceptions of a cluster. A cluster without their CRDs has none. An entry of an exception that has a problem covers nothing, and
 * a warning names it.
 */
export async function readClusterExceptions(
  { client, resources }: Pick<Cluster, 'client' | 'resources'>,
  policies: readonly PolicySource[],
): Promise<ClusterExceptions> {
  const warnings: string[] = [];
  const valid: ExceptionObject[] = [];
  const served = kinds.filter((kind) => resources.some(({ group, resource }) => group === kind.group && resource === kind.resource));
  for (const resource of served) {
    for (const exception of await listed(client, resource, warnings)) {
      const names = new Set(namesOf(exception));
      const part = validPart(exception, names);
      if (part) valid.push(part);
      const covers = part ? 'covers only what its other entries name' : 'covers nothing';
      const [problem] = exceptionProblems(exception, names);
      if (problem !== undefined) warnings.push(`${resource.kind}/${waiverId(exception)} ${covers}: ${problem}`);
    }
  }
  const bounds = new Map(policies.map((policy) => [nameInResults(policy), policy.spec.exceptions]));
  return { inputs: { waivers: valid.map(compileWaiver), bounds }, warnings };
}

/** The names of checks are those of the policies in the cluster, which this scan need not use: the operator says if one does not exist. */
const namesOf = ({ spec }: ExceptionObject): readonly string[] => spec.checks.flatMap(({ name }) => name ?? []);

async function listed(client: Cluster['client'], resource: ApiResource, warnings: string[]): Promise<readonly ExceptionObject[]> {
  try {
    return await listAll<ExceptionObject>(client, resource);
  } catch (error) {
    warnings.push(
      `cannot list ${resource.resource}: no ${resource.kind} applies: ${error instanceof Error ? error.message : String(error)}`,
    );
    return [];
  }
}
