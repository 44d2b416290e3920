import { supportOf } from '../cluster/kubernetes-version.ts';
import type { CrossObjectCheck } from './cross-object-check.ts';

const nodePath = 'status.nodeInfo.kubeletVersion';

const supportedVersion: CrossObjectCheck = ({ groupKind, body: { version } }, { now }) =>
  supportOf(version, groupKind === 'Node' ? nodePath : 'kubernetesVersion', now);

/** The checks of versions, by the names that controls use. */
export const versionChecks: Readonly<Record<string, CrossObjectCheck>> = { supportedVersion };
