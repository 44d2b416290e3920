import { type BuiltinKind, builtinKinds } from './schema-node.ts';
import { formerKinds } from './former-kinds.ts';

let byName: ReadonlyMap<string, BuiltinKind> | undefined;
const key = (group: string, version: string, kind: string): string => `${group}/${version}/${kind}`;

/** Kinds that moved to another group and kept their form. */
const movedGroups: Readonly<Record<string, string>> = {
  'extensions/Deployment': 'apps',
  'extensions/DaemonSet': 'apps',
  'extensions/ReplicaSet': 'apps',
  'extensions/NetworkPolicy': 'networking.k8s.io',
  'extensions/Ingress': 'networking.k8s.io',
};

function indexed(): ReadonlyMap<string, BuiltinKind> {
  const index = new Map(builtinKinds().map((found) => [key(found.group, found.version, found.kind), found]));
  // A version that is no longer served has the fields of the oldest one that is.
  for (const { group, version, kind } of formerKinds) {
    const home = movedGroups[`${group}/${kind}`] ?? group;
    const now = builtinKinds().find((found) => found.group === home && found.kind === kind && found.node >= 0);
    const former = key(group, version, kind);
    if (now !== undefined && !index.has(former)) index.set(former, { ...now, group, version });
  }
  return index;
}

/** Returns a built-in kind in a version, also in one that is no longer served. Undefined if there is none. */
export function builtinKindOf(group: string, version: string, kind: string): BuiltinKind | undefined {
  return (byName ??= indexed()).get(key(group, version, kind));
}
