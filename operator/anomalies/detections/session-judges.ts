import { definedEntries } from '../../api/defined-entries.ts';
import { suspiciousSession } from '../facts/suspicious-text.ts';
import type { RequestActivity } from '../activity/activity.ts';
import { nameTemplate } from '../facts/template-names.ts';
import { nothing, type JudgeContext, type Observation, type RequestJudge } from './judge.ts';
import { actorSubject, podSubject } from './subjects.ts';

const sessions: ReadonlySet<string> = new Set(['exec', 'attach', 'portforward']);
/** Clients open sessions by SPDY (create) or by websocket (get). */
const isSession = ({ resource, subresource = '', verb }: RequestActivity): boolean =>
  resource === 'pods' && sessions.has(subresource) && (verb === 'get' || verb === 'create');

const isProxied = ({ resource, subresource }: RequestActivity): boolean =>
  subresource === 'proxy' && (resource === 'pods' || resource === 'services');

/** The name in a path of a proxy, which may have a scheme and a port: `https:web:8443`. */
const proxied = (name: string): string => name.replace(/^https?:/, '').replace(/:[^:]*$/, '');

/** What listens inside of a pod or behind a Service, reached through the API server. */
function proxyIntoPod(request: RequestActivity, { inventory }: JudgeContext): readonly Observation[] {
  const { actor, namespace = '', resource, decision } = request;
  if (decision !== 'allow') return nothing;
  const name = proxied(request.name ?? '');
  const isPod = resource === 'pods';
  const workload = isPod ? inventory.workloadOfPod(namespace, name) : `Service/${nameTemplate(namespace)}/${nameTemplate(name)}`;
  return [
    {
      detection: 'exec-into-pod',
      about: isPod ? podSubject({ ...request, name }) : { apiVersion: 'v1', kind: 'Service', namespace, name },
      workload,
      seen: `${actor.name} reached ${isPod ? 'Pod' : 'Service'} ${namespace}/${name} through the API server`,
      severity: 'low',
      compared: { kind: 'first-seen', owner: actor.key, key: `forward ${workload}`, habit: `${actor.name} has opened` },
    },
  ];
}

/** The workload of a pod in words. A pod of its own is its workload. */
const ofWorkload = (workload: string): string => (workload.startsWith('Pod/') ? '' : ` of ${workload}`);

/** A session in a container. */
export const execIntoPod: RequestJudge = (request, context) => {
  const { inventory } = context;
  if (isProxied(request)) return proxyIntoPod(request, context);
  const { actor, namespace = '', name = '', subresource = '', succeeded } = request;
  if (!isSession(request) || !succeeded) return nothing;
  const workload = inventory.workloadOfPod(namespace, name);
  const isPowerful = namespace === 'kube-system' || inventory.pod(namespace, name)?.privileged === true;
  const isForward = subresource === 'portforward';
  const verb = isForward ? 'forwarded a port of' : `used ${subresource} in`;
  return [
    {
      detection: 'exec-into-pod',
      about: podSubject(request),
      workload,
      seen: `${actor.name} ${verb} Pod ${namespace}/${name}${ofWorkload(workload)}`,
      ...definedEntries({ severity: isForward ? ('low' as const) : isPowerful ? ('high' as const) : undefined }),
      compared: {
        kind: 'first-seen',
        owner: actor.key,
        key: `${isForward ? 'forward' : 'session'} ${workload}`,
        habit: `${actor.name} has opened`,
      },
    },
  ];
};

/** A session whose command is that of an attacker. The command itself is not kept. */
export const suspiciousExec: RequestJudge = (request, { inventory }) => {
  const { actor, namespace = '', name = '', decision, succeeded } = request;
  if (!isSession(request) || decision !== 'allow') return nothing;
  const found = suspiciousSession(request.command);
  if (found === undefined) return nothing;
  const workload = inventory.workloadOfPod(namespace, name);
  return [
    {
      detection: 'suspicious-exec',
      about: podSubject(request),
      workload,
      // The authorizer allowed it, but admission or the kubelet refused it: it was tried.
      seen: `${actor.name} ${succeeded ? 'ran' : 'tried to run'} a command in Pod ${namespace}/${name}${ofWorkload(workload)}: ${found}`,
      normal: 'no workload needs such a command in a session',
      compared: { kind: 'invariant' },
    },
  ];
};

/** Paths of the kubelet that monitoring reads. */
const monitored: ReadonlySet<string> = new Set(['metrics', 'healthz', 'stats', 'configz', 'spec']);

/** The API of a kubelet, through the API server. */
export const nodeProxy: RequestJudge = (request) => {
  const { actor, resource, subresource, decision, path, name = '' } = request;
  if (resource !== 'nodes' || subresource !== 'proxy' || decision !== 'allow' || actor.kind === 'node') return nothing;
  const behind = path.replace(/^.*?\/nodes\/[^/]*\/proxy/, '');
  const steps = decoded(behind)
    .split('/')
    .filter((step) => step !== '' && step !== '.');
  if (steps.length > 0 && monitored.has(steps[0] ?? '') && !steps.includes('..')) return nothing;
  const first = steps[0] ?? '/';
  return [
    {
      detection: 'node-proxy',
      about: actorSubject(actor),
      seen: `${actor.name} called /${first} of the kubelet of node ${name} through the API server`,
      compared: { kind: 'first-seen', owner: actor.key, key: first.slice(0, 32), habit: `${actor.name} has called` },
    },
  ];
};

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** Events that somebody deletes. The controller of namespaces deletes those of a namespace that ends. */
export const eventsDeleted: RequestJudge = (request) => {
  const { actor, resource, verb, succeeded, namespace } = request;
  if (resource !== 'events' || !verb.startsWith('delete') || !succeeded) return nothing;
  if (actor.account?.namespace === 'kube-system' && actor.account.name === 'namespace-controller') return nothing;
  return [
    {
      detection: 'events-deleted',
      about: actorSubject(actor),
      workload: 'events',
      seen: `${actor.name} deleted Events${namespace === undefined ? '' : ` in ${namespace}`}`,
      normal: 'Events are left to expire',
      compared: { kind: 'invariant' },
    },
  ];
};
