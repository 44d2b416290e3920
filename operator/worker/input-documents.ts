import type { AttemptInput, ScanInput } from './scan-input.ts';
import { hasFields, jsonKind } from '../kube/documents/document-kind.ts';

/** The documents that the pods of a scan mount. Version 1 has the content that was written before documents had a version. */

/** The input that is the same for all pods of a scan. They mount it as `input`. */
export const INPUT = jsonKind<ScanInput>(
  'scan-input',
  1,
  hasFields('scan', 'kubernetesVersion', 'systemNamespaces', 'policies', 'resources', 'namespaces'),
);

/** The shards of one attempt. Its pods mount the document as `shards`. */
export const SHARDS = jsonKind<AttemptInput>('scan-shards', 1, (content) =>
  Array.isArray((content as Partial<AttemptInput> | null)?.shards),
);

/** The prefixes of the file names of these documents. */
export const INPUT_FILE = 'input';
export const SHARDS_FILE = 'shards';

/** The path at which a worker mounts the ConfigMaps. */
export const INPUT_PATH = '/vigil/input';
