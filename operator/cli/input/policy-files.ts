import type { PolicySource } from '../../engine/policy-set.ts';
import { fieldsOf, nameOf } from '../../engine/objects/kubernetes-object.ts';
import { errorAt, sourceAt, type Manifest, type ManifestError } from '../../manifests/manifest.ts';
import type { Io } from './io.ts';
import { readAdmissionPolicies } from './admission-policy-files.ts';
import { dottedPath } from './dotted-path.ts';
import { readManifestFiles } from './manifest-files.ts';

/** The policies and errors from policy files. */
export interface PolicyFiles {
  readonly policies: readonly PolicySource[];
  readonly errors: readonly ManifestError[];
  /** Returns the file and the line of a path in a policy. */
  placeOf(policy: string, path: string): ManifestError['source'];
}

const isPolicy = ({ object }: Manifest): boolean =>
  object['kind'] === 'SecurityPolicy' && String(object['apiVersion']).startsWith('vigil.dev/');

/** Reads the SecurityPolicies in files, and the ValidatingAdmissionPolicies with their bindings and parameters. Reports the problems of the schema with file and line. */
export async function readPolicyFiles(paths: readonly string[], io: Io): Promise<PolicyFiles> {
  if (paths.length === 0) return { policies: [], errors: [], placeOf: () => ({ file: '' }) };
  const { securityPolicySpec } = await import('../../api/kinds/security-policy.ts');
  const { manifests, errors } = await readManifestFiles(paths, io);
  const others = await readAdmissionPolicies(manifests);
  const problems = [...errors, ...others.errors];
  const policies: PolicySource[] = [...others.policies];
  const places = new Map<string, Manifest>(others.places);
  for (const manifest of manifests.filter((each) => !others.used.has(each))) {
    if (!isPolicy(manifest)) {
      problems.push(
        errorAt(
          manifest,
          'kind',
          `expected a SecurityPolicy of vigil.dev/v1alpha1 or a ValidatingAdmissionPolicy, found ${String(manifest.object['kind'])}`,
        ),
      );
      continue;
    }
    const parsed = securityPolicySpec.safeParse(fieldsOf(manifest.object['spec']));
    const name = nameOf(manifest.object) ?? manifest.file;
    for (const { path, message } of parsed.error?.issues ?? []) {
      const at = dottedPath(['spec', ...path]);
      problems.push(errorAt(manifest, at, `SecurityPolicy/${name}: ${at}: ${message}`));
    }
    if (parsed.success) policies.push({ name, spec: parsed.data });
    places.set(name, manifest);
  }
  return {
    policies,
    errors: problems,
    placeOf: (policy, path) => {
      const manifest = places.get(policy);
      return manifest === undefined ? { file: paths[0] ?? '' } : sourceAt(manifest, path);
    },
  };
}
