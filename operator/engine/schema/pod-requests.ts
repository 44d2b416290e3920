import { parseQuantity } from '../../cel/library/quantity.ts';
import { canonicalQuantity } from './canonical-quantity.ts';
import { type Draft, draftOf, draftsOf } from './server-defaults.ts';

/** Copies quantities that a map lacks from another. Creates the map. */
function fill(owner: Draft, name: string, source: Draft | undefined): void {
  if (source === undefined) return;
  const target = draftOf(owner[name]) ?? {};
  for (const key of Object.keys(source)) if (canonicalQuantity(source[key], true) !== undefined) target[key] ??= source[key];
  owner[name] = target;
}

/** Sets the requests of a Pod's container to its limits, as the server does for Pods but not for templates. */
function containerRequests(container: Draft): void {
  const resources = draftOf(container['resources']);
  if (resources === undefined || (resources['requests'] !== undefined && draftOf(resources['requests']) === undefined)) return;
  fill(resources, 'requests', draftOf(resources['limits']));
}

/** Returns the request of a container in billionths. Zero if it has none. */
function requestOf(container: Draft, key: string): bigint {
  const value = draftOf(draftOf(container['resources'])?.['requests'])?.[key];
  return typeof value === 'string' ? (parseQuantity(value)?.amount ?? 0n) : 0n;
}

const hasRequest = (container: Draft, key: string): boolean => draftOf(draftOf(container['resources'])?.['requests'])?.[key] !== undefined;

/** The request of all containers together: the running ones, or an init container beside the sidecars before it. */
function aggregated(spec: Draft, key: string): bigint {
  let sidecars = 0n;
  let peak = 0n;
  for (const container of draftsOf(spec['initContainers'])) {
    const isSidecar = container['restartPolicy'] === 'Always';
    const during = sidecars + requestOf(container, key);
    if (isSidecar) sidecars = during;
    if (during > peak) peak = during;
  }
  const running = draftsOf(spec['containers']).reduce((sum, container) => sum + requestOf(container, key), sidecars);
  return running > peak ? running : peak;
}

/** The resources of pods as a whole that some container requests. */
function requestedIn(spec: Draft): readonly string[] {
  const containers = [...draftsOf(spec['initContainers']), ...draftsOf(spec['containers'])];
  return forPods.filter((key) => containers.some((container) => hasRequest(container, key)));
}

/** Resources that can be requested for a pod as a whole, besides huge pages. */
const forPods = ['cpu', 'memory'];

const isForPods = (key: string): boolean => forPods.includes(key) || key.startsWith('hugepages-');

/** Sets the requests of a Pod as a whole, if it has limits as a whole. */
function podRequests(spec: Draft): void {
  const resources = draftOf(spec['resources']);
  const limits = draftOf(resources?.['limits']) ?? {};
  if (resources === undefined || Object.keys(limits).length === 0) return;
  const requests = { ...draftOf(resources['requests']) };
  for (const key of requestedIn(spec)) requests[key] ??= canonicalQuantity(`${aggregated(spec, key)}n`, true);
  for (const key of Object.keys(limits).filter(isForPods)) requests[key] ??= limits[key];
  if (Object.keys(requests).length > 0) resources['requests'] = requests;
}

/** Sets the requests of a Pod and of its containers. */
export function setPodRequests(spec: Draft): void {
  for (const name of ['containers', 'initContainers']) draftsOf(spec[name]).forEach(containerRequests);
  podRequests(spec);
}
