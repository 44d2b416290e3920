import type { RequestActivity } from '../activity/activity.ts';
import type { ClusterInventory, KnownPod } from '../inventory/cluster-inventory.ts';
import { nothing, type JudgeContext, type RequestJudge, type Observation } from './judge.ts';
import { actorSubject } from './subjects.ts';

const isLoopback = (address: string): boolean => address.startsWith('127.') || address === '::1';

/** What an address is, for a sentence. */
function described(address: string, inventory: ClusterInventory): string {
  const pod = inventory.podAt(address);
  if (pod !== undefined) return `${address}, the address of Pod ${pod}`;
  return inventory.nodes.isAnyNode(address) ? `${address}, the address of another node` : address;
}

/** A token of a pod that comes from neither the pod nor its node. */
export const tokenFromElsewhere: RequestJudge = (request, context) => {
  const { actor, address } = request;
  const bound = boundTo(request, context);
  if (bound === undefined || address === undefined || isLoopback(address)) return nothing;
  const { namespace, name, pod, node } = bound;
  if (isOwn(address, pod, node, context)) {
    if (node !== undefined) context.inventory.nodes.sawDirect(node);
    return nothing;
  }
  if (!saysAnything(address, pod, node, context) || isTranslated(request, node, `${namespace}/${name}`, context)) return nothing;
  const where = pod === undefined ? '' : ` (${pod.addresses.join(', ')})`;
  return [
    {
      detection: 'token-from-elsewhere',
      about: actorSubject(actor),
      workload: pod?.workload ?? `${namespace}/${name}`,
      seen: `the token of Pod ${namespace}/${name}${where} was used from ${described(address, context.inventory)}`,
      normal: `the token is used by its pod${node === undefined ? '' : ` on node ${node}`} only`,
      compared: { kind: 'invariant' },
    },
  ];
};

/** What the token of a request is bound to. Undefined: it is no token of a pod. */
interface Bound {
  readonly namespace: string;
  readonly name: string;
  readonly pod: KnownPod | undefined;
  readonly node: string | undefined;
}

function boundTo({ actor: { token, account } }: RequestActivity, { inventory }: JudgeContext): Bound | undefined {
  if (token?.pod === undefined || account === undefined) return undefined;
  const pod = inventory.pod(account.namespace, token.pod);
  return { namespace: account.namespace, name: token.pod, pod, node: pod?.node ?? token.node };
}

/** Whether an address says that it is not the pod's. If those of the pod are not known, only an address that is somebody else's does. */
function saysAnything(address: string, pod: KnownPod | undefined, node: string | undefined, { inventory }: JudgeContext): boolean {
  if (pod !== undefined && pod.addresses.length > 0) return true;
  return node !== undefined && (inventory.podAt(address) !== undefined || inventory.nodes.isAnyNode(address));
}

function isOwn(address: string, pod: KnownPod | undefined, node: string | undefined, { inventory }: JudgeContext): boolean {
  if (pod?.addresses.includes(address) === true) return true;
  return node !== undefined && inventory.nodes.owns(node, address) && inventory.podAt(address) === undefined;
}

/**
 * Whether the address is that of a translation between the node and the API server. It is learned while audit events are learned, but not for
 * a node whose requests have arrived from its own addresses.
 */
function isTranslated(
  { address = '' }: RequestActivity,
  node: string | undefined,
  token: string,
  { inventory, learning }: JudgeContext,
): boolean {
  const { nodes } = inventory;
  if (nodes.isTranslation(address)) return true;
  if (!learning.audit || (node !== undefined && nodes.isDirect(node))) return false;
  nodes.learnHop(address, token);
  return true;
}

/** A credential of a node that comes from another machine. */
export const nodeIdentityFromElsewhere: RequestJudge = (request, context) => {
  const { actor, address } = request;
  const { nodes } = context.inventory;
  const { node } = actor;
  if (node === undefined || address === undefined || isLoopback(address) || !nodes.has(node)) return nothing;
  const isOfItself = nodes.gained(node, address, request.at);
  if (nodes.owns(node, address) && context.inventory.podAt(address) === undefined && !isOfItself) {
    nodes.sawDirect(node);
    return nothing;
  }
  if (!isOfItself && isTranslated(request, node, actor.name, context)) return nothing;
  return [
    {
      detection: 'node-identity-from-elsewhere',
      about: actorSubject(actor),
      workload: node,
      seen: isOfItself
        ? `${actor.name} sent a request from ${address}, and added this address to the node with it`
        : `${actor.name} sent a request from ${described(address, context.inventory)}`,
      normal: `node ${node} uses its own addresses only`,
      compared: { kind: 'invariant' },
    },
  ];
};

/** Paths that everybody may read: health, version and discovery. */
const publicPaths = /^\/(?:healthz|livez|readyz|version|openapi|\.well-known|openid)(?:\/|$)|^\/apis?(?:\/[^/]+){0,2}\/?$|^\/?$/;
const clusterInfo = '/api/v1/namespaces/kube-public/configmaps/cluster-info';

/** A request without credentials that was allowed. */
export const anonymousAccess: RequestJudge = (request) => {
  const { actor, decision, path, resource, verb } = request;
  if (actor.kind !== 'anonymous' || decision !== 'allow') return nothing;
  if ((resource === '' && publicPaths.test(path)) || path === clusterInfo) return nothing;
  const what = resource === '' ? path : `${verb} ${resource}${request.namespace === undefined ? '' : ` in ${request.namespace}`}`;
  const isWorse = resource === 'secrets' || !['get', 'list', 'watch'].includes(verb);
  return [
    {
      detection: 'anonymous-access',
      about: actorSubject(actor),
      workload: resource === '' ? path.split('/', 3).join('/') : resource,
      seen: `a request without credentials was allowed: ${what}${request.binding === undefined ? '' : `, by ${request.binding}`}`,
      normal: 'without credentials only health, version and discovery are answered',
      ...(isWorse ? { severity: 'critical' as const } : {}),
      compared: { kind: 'invariant' },
    } satisfies Observation,
  ];
};
