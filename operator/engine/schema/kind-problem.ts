import { apiVersionOf } from '../../api/api-resource.ts';
import { suggestion } from '../../catalogue/suggestion.ts';
import { formerKinds, type KindLifecycle, lifecycleOf } from './former-kinds.ts';
import { type BuiltinKind, builtinKinds } from './schema-node.ts';

/** Why the API server has no such kind. */
export interface KindProblem {
  readonly message: string;
  /** Another Kubernetes serves the kind in this version: what the object means is known. */
  readonly isFormer: boolean;
}

/** Kinds of the core group that are no resources, but requests to subresources, and configuration files of kubectl. */
const requests: ReadonlySet<string> = new Set(
  ['Config', 'DeleteOptions', 'Eviction', 'PodAttachOptions', 'PodExecOptions', 'PodLogOptions', 'PodPortForwardOptions', 'PodProxyOptions']
    .concat(['NodeProxyOptions', 'ServiceProxyOptions', 'SerializedReference', 'RangeAllocation', 'Scale', 'Status', 'TokenRequest'])
    .concat(['APIGroup', 'APIGroupList', 'APIResourceList', 'APIVersions', 'Preferences', 'WatchEvent', 'List']),
);

interface KnownKinds {
  /** The groups that only Kubernetes serves, also those that it no longer serves. */
  readonly groups: ReadonlySet<string>;
  /** By kind in lower case. Preferred versions first. */
  readonly byKind: ReadonlyMap<string, readonly BuiltinKind[]>;
  readonly exact: ReadonlySet<string>;
}

let knownKinds: KnownKinds | undefined;

const groupOf = (apiVersion: string): string => (apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '');

/** Stable versions sort first, then by group: the group of the core, and then apps. */
const rank = ({ version, group }: BuiltinKind): string =>
  `${/^v\d+$/.test(version) ? 0 : 1}${['', 'apps', 'batch'].includes(group) ? 0 : 1}${9 - Number(/\d+/.exec(version)?.[0] ?? 0)}${group}`;

function readKnown(): KnownKinds {
  const kinds = builtinKinds().toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1));
  return {
    groups: new Set([...kinds.map(({ group }) => group), ...formerKinds.map(({ group }) => group)]),
    byKind: Map.groupBy(kinds, ({ kind }) => kind.toLowerCase()),
    exact: new Set(kinds.map((kind) => `${apiVersionOf(kind)} ${kind.kind}`)),
  };
}

/** What to use for a version that is removed. `stable`: the kinds of that name, preferred versions first. */
function replacementFor({ group, replacement }: KindLifecycle, stable: readonly BuiltinKind[]): string {
  const same = stable.find((found) => found.group === group && /^v\d+$/.test(found.version));
  const instead = same === undefined ? replacement : apiVersionOf(same);
  return instead === undefined ? 'nothing is in its place' : `use ${instead}`;
}

/** Why the server does not have a version that another Kubernetes has. The message is empty for one that only a later Kubernetes removes. */
function lifecycleProblem(all: KnownKinds, apiVersion: string, kind: string, minor: number): KindProblem | undefined {
  const found = lifecycleOf(groupOf(apiVersion), apiVersion.slice(apiVersion.indexOf('/') + 1), kind);
  if (found === undefined) return undefined;
  const { removed, introduced } = found;
  if (introduced > minor)
    return {
      message: `Kubernetes 1.${minor} has no ${kind} in ${apiVersion}: 1.${introduced} is the first version with it`,
      isFormer: true,
    };
  if (removed === undefined || (removed > minor && all.exact.has(`${apiVersion} ${kind}`))) return undefined;
  const message = `Kubernetes 1.${removed} removed ${kind} from ${apiVersion}: ${replacementFor(found, all.byKind.get(kind.toLowerCase()) ?? [])}`;
  return { message: removed > minor ? '' : message, isFormer: true };
}

/** Returns the built-in kinds of a name, as written or in other letters, also in its plural. */
function named({ byKind }: KnownKinds, kind: string): readonly BuiltinKind[] {
  const name = kind.toLowerCase();
  return byKind.get(name) ?? byKind.get(name.replace(/s$/, '')) ?? [];
}

/** Whether a group that Kubernetes does not serve is a mistyped one of a kind: in other letters, similar, or without a domain. */
function isMistyped(group: string, kinds: readonly BuiltinKind[]): boolean {
  if (kinds.length === 0) return false;
  const groups = new Set(kinds.map((kind) => kind.group).filter((name) => name !== ''));
  if (groups.has(group.toLowerCase()) || [...groups].some((name) => name.split('.')[0] === group.toLowerCase())) return true;
  if (!group.includes('.')) return true;
  const similar = suggestion(group, groups);
  return similar !== undefined && Math.abs(similar.length - group.length) <= 2 && sharesMost(group, similar);
}

/** Whether two names differ in at most two letters in one place. */
function sharesMost(a: string, b: string): boolean {
  let head = 0;
  while (head < a.length && a[head] === b[head]) head += 1;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a.at(-1 - tail) === b.at(-1 - tail)) tail += 1;
  return Math.max(a.length, b.length) - head - tail <= 2;
}

const written = (found: BuiltinKind): string => `${found.kind} is in ${apiVersionOf(found)}`;

/** Returns where the kind is, or the kind of the group that is most similar. */
function hint(all: KnownKinds, group: string, kind: string): string {
  const same = named(all, kind);
  const found = same.find((item) => item.group === group) ?? same[0];
  if (found !== undefined) return `: ${written(found)}`;
  const every = [...all.byKind.values()].flat();
  const inGroup = every.filter((item) => item.group === group);
  for (const candidates of [inGroup, every]) {
    const name = suggestion(
      kind,
      candidates.map((item) => item.kind.toLowerCase()),
    );
    const similar = candidates.find((item) => item.kind.toLowerCase() === name);
    if (similar !== undefined) return ` (did you mean '${similar.kind}' in ${apiVersionOf(similar)}?)`;
  }
  return '';
}

/** Whether a kind of a group of Kubernetes exists, but is no resource. */
const isNoResource = (all: KnownKinds, group: string, kind: string): boolean =>
  (requests.has(kind) && group !== 'apps') || isListOf(all, kind);

const isListOf = ({ byKind }: KnownKinds, kind: string): boolean => kind.endsWith('List') && byKind.has(kind.slice(0, -4).toLowerCase());

/**
 * Returns why no API server has a kind in a version, as far as Kubernetes itself is concerned: the kind is mistyped, in another group or
 * version, was removed, or came later. Returns undefined for kinds that exist, and for those of other groups. `minor`: the version of Kubernetes 1 that
 * is meant. For a version that a later Kubernetes removes, the message is empty.
 */
export function kindProblem(apiVersion: string, kind: string, minor: number): KindProblem | undefined {
  const all = (knownKinds ??= readKnown());
  const known = lifecycleProblem(all, apiVersion, kind, minor);
  if (known !== undefined || all.exact.has(`${apiVersion} ${kind}`)) return known;
  const group = groupOf(apiVersion);
  if (all.groups.has(group) ? isNoResource(all, group, kind) : !isMistyped(group, named(all, kind))) return undefined;
  const place = apiVersion === 'v1' ? 'the core API (v1)' : apiVersion;
  return { message: `Kubernetes has no kind ${kind} in ${place}${hint(all, group, kind)}`, isFormer: false };
}

/**
 * Returns what is to be changed in an object before Kubernetes removes its version: the message of {@link kindProblem} if it is removed,
 * else when it will be. Undefined if Kubernetes 1.`minor` does not warn of the version.
 */
export function deprecationOf(apiVersion: string, kind: string, minor: number): string | undefined {
  const found = lifecycleOf(groupOf(apiVersion), apiVersion.slice(apiVersion.indexOf('/') + 1), kind);
  if (found === undefined || found.introduced > minor) return undefined;
  const removal = kindProblem(apiVersion, kind, minor)?.message ?? '';
  if (removal !== '') return removal;
  return (found.deprecated ?? Infinity) > minor ? undefined : warningOf(found, apiVersion);
}

function warningOf(found: KindLifecycle, apiVersion: string): string {
  const instead = replacementFor(found, knownKinds?.byKind.get(found.kind.toLowerCase()) ?? []);
  const end = found.removed === undefined ? 'is deprecated' : `will be removed in Kubernetes 1.${found.removed}`;
  return `${apiVersion} ${found.kind} ${end}: ${instead}`;
}
