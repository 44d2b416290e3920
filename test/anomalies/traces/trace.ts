import { http, type HttpOptions } from '../http.ts';
import { object } from '../objects.ts';
import type { World } from '../world.ts';

/** What attackers do, with the detections that must report it (`DETECTION` or `DETECTION:SEVERITY`) and the user whom a finding names. */
export type Attack = readonly [title: string, play: (world: World) => void, finds: readonly string[], actor?: string];

/** What happens in clusters every day: no finding is more severe than `low`, or than the severity that is given. */
export type UsualWork = readonly [title: string, play: (world: World) => void, most?: 'medium'];

/** A session with a command in a container, as kubectl opens it. */
export function exec(
  world: World,
  user: string,
  command: readonly string[],
  options: HttpOptions & { readonly pod?: string; readonly method?: string } = {},
): void {
  const { pod = 'shop/pods/web-5d4f8c7b9-x2k4v', method = 'POST', ...rest } = options;
  const query = command.map((each) => `command=${encodeURIComponent(each)}`).join('&');
  http(world, user, `${method} /api/v1/namespaces/${pod}/exec?${query}&container=main&stdin=true&stdout=true&tty=true`, rest);
}

/** A Role (`NAMESPACE/NAME`) or a ClusterRole. */
export const role = (
  path: string,
  rules: readonly unknown[],
  metadata: Readonly<Record<string, unknown>> = {},
): ReturnType<typeof object> => object(path.includes('/') ? 'Role' : 'ClusterRole', path, { rules }, metadata);

/** The label of roles that Kubernetes makes at its start. */
export const bootstrapping = { labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' } };

/** A volume with a path of the host. */
export const hostPath = (path: string): Readonly<Record<string, unknown>> => ({ volumes: [{ name: 'h', hostPath: { path } }] });

/** The name of a certain number, without digits: names with digits at their end are templates. */
export const named = (index: number): string =>
  `${'abcdefghijklmnopqrstuvwxyz'[index % 26] ?? ''}${'klmnopqr'[Math.floor(index / 26)] ?? ''}x`;

/** What the API server sends about an account that has been at work. */
export const atWork = (world: World, user: string): void =>
  world.usually(() => http(world, user, 'GET /api/v1/namespaces/shop/configmaps/a'));
