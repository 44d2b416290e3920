import { builtinKindOf } from '../schema/builtin-kind.ts';
import { derivedDefaults, derivePodSpec } from '../schema/derived-defaults.ts';
import { nodeOfField } from '../schema/schema-node.ts';
import { completeNode, type Draft, draftOf, draftsOf } from '../schema/server-defaults.ts';
import { type Fields, groupKindOf, groupOf, isFields, textOf, versionOf } from '../objects/kubernetes-object.ts';
import { templatePathOf } from '../objects/workload-kind.ts';

function templateOf(object: Fields, path: readonly string[]): Draft | undefined {
  let current: unknown = object;
  for (const name of [...path, 'spec']) current = isFields(current) ? current[name] : undefined;
  return draftOf(current);
}

/** Webhooks of the first version have another default. */
function earlyWebhooks(object: Draft): void {
  if (object['apiVersion'] !== 'admissionregistration.k8s.io/v1beta1' || !Array.isArray(object['webhooks'])) return;
  for (const webhook of draftsOf(object['webhooks'])) {
    webhook['failurePolicy'] ??= 'Ignore';
    webhook['timeoutSeconds'] ??= 30;
  }
}

/**
 * Completes an object from a file as the API server shows it to a ValidatingAdmissionPolicy: with all defaults, quantities in canonical
 * form, and without null fields and empty values. The file and the live object then get the same verdict. Changes the object. Not for
 * objects that the server returned. Of custom resources only the namespace is set. `namespaced`: sets the namespace `default` if the object
 * has none.
 */
export function applyManifestDefaults(object: Record<string, unknown>, { namespaced }: { namespaced: boolean }): void {
  const metadata = draftOf(object['metadata']);
  if (namespaced && metadata !== undefined && (metadata['namespace'] ?? '') === '') metadata['namespace'] = 'default';
  const kind = builtinKindOf(groupOf(object['apiVersion']), versionOf(object['apiVersion']), textOf(object['kind']) ?? '');
  if (kind === undefined) return;
  const path = templatePathOf(object);
  const spec = path === undefined ? undefined : templateOf(object, path);
  if (spec !== undefined) derivePodSpec(spec);
  earlyWebhooks(object);
  completeNode(object, kind.node);
  derivedDefaults.get(groupKindOf(object))?.(object);
}

const podNode = (): number => {
  const deployment = builtinKindOf('apps', 'v1', 'Deployment')?.node ?? -1;
  return ['spec', 'template', 'spec'].reduce((node, field) => nodeOfField(node, field) ?? -1, deployment);
};

/** Completes the pod's spec of a custom kind as the server will complete the Pods that are made of it. Changes the spec. */
export function applyPodSpecDefaults(spec: Draft): void {
  derivePodSpec(spec);
  completeNode(spec, podNode());
}
