import { API_VERSION } from '../../api/group.ts';
import { RESOURCES } from '../../api/api-resource.ts';
import { fieldsOf, nameOf } from '../../engine/objects/kubernetes-object.ts';
import { errorAt, type Manifest, type ManifestError } from '../../manifests/manifest.ts';
import { dottedPath, pathAndMessage } from './dotted-path.ts';

/** What is wrong with the ImageApprovals among the scanned files. */
export interface ApprovalFiles {
  /** Entries with an error approve nothing. */
  readonly errors: readonly ManifestError[];
  /** Approvals that have ended. */
  readonly warnings: readonly string[];
}

const isApproval = ({ object }: Manifest): boolean =>
  object['apiVersion'] === API_VERSION && object['kind'] === RESOURCES.imageApprovals.kind;

/** Inspects the ImageApprovals among manifests. The scan itself reads them as objects. `now`: milliseconds since the epoch. */
export async function inspectApprovals(manifests: readonly Manifest[], now: number): Promise<ApprovalFiles> {
  const found = manifests.filter(isApproval);
  if (found.length === 0) return { errors: [], warnings: [] };
  const [{ imageApprovalSpec }, { endOfApproval, inspectApproval }] = await Promise.all([
    import('../../api/kinds/image-approval.ts'),
    import('../../findings/approvals/image-approvals.ts'),
  ]);
  const [errors, warnings]: [ManifestError[], string[]] = [[], []];
  for (const manifest of found) {
    const id = `ImageApproval/${nameOf(manifest.object) ?? ''}`;
    const parsed = imageApprovalSpec.safeParse(fieldsOf(manifest.object['spec']));
    const problems = parsed.success
      ? inspectApproval({ spec: parsed.data }).problems.map(pathAndMessage)
      : parsed.error.issues.map(({ path, message }) => [dottedPath(['spec', ...path]), message] as const);
    for (const [path, message] of problems) errors.push(errorAt(manifest, path, `${id}: ${path}: ${message}`));
    if (parsed.success && endOfApproval(parsed.data) <= now)
      warnings.push(`${manifest.file}:${manifest.lineOf()}: ${id} approves nothing: it ended at ${parsed.data.expiresAt ?? ''}`);
  }
  return { errors, warnings };
}
