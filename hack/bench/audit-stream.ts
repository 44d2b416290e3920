import { randomUUID } from 'node:crypto';

/** What a principal does: the fields of an event that differ between requests. */
interface Habit {
  readonly verb: string;
  readonly path: string;
  readonly objectRef: Readonly<Record<string, string>>;
  readonly code: number;
  /** The request lasts: its event is that of its start. */
  readonly lasts?: boolean;
}

interface Principal {
  readonly user: object;
  readonly address: string;
  readonly agent: string;
  readonly binding: string;
  readonly habits: readonly Habit[];
}

const namespaces = 1000;
const nodes = 200;
const accounts = 5000;
const people = 100;
const base36 = (index: number, digits: number): string => (index * 7919 + 46_656).toString(36).slice(-digits);

/** A request about an object of the core group or of another. */
function habit(verb: string, place: string, target: { readonly code?: number; readonly lasts?: boolean } = {}): Habit {
  const [resourcePart = '', namespace = '', name = ''] = place.split(' ');
  const [resource = '', subresource] = resourcePart.split('/');
  const [plural = '', ...group] = resource.split('.');
  const apiGroup = group.join('.');
  const root = apiGroup === '' ? '/api/v1' : `/apis/${apiGroup}/v1`;
  const parts = [root, ...(namespace === '' ? [] : ['namespaces', namespace]), plural, name, subresource ?? ''].filter(Boolean);
  const more = { ...(namespace === '' ? {} : { namespace }), ...(name === '' ? {} : { name }), ...(subresource ? { subresource } : {}) };
  const objectRef = { resource: plural, apiVersion: 'v1', ...(apiGroup === '' ? {} : { apiGroup }), ...more };
  return { verb, path: parts.join('/'), objectRef, code: target.code ?? 200, ...(target.lasts ? { lasts: true } : {}) };
}

/** A kubelet: status of pods and of its node, and tokens for its pods. */
function kubelet(index: number): Principal {
  const name = `worker-${index}`;
  const place = `team-${base36(index, 3)} web-7d4b9c6f5d-${base36(index, 5)}`;
  return {
    user: { username: `system:node:${name}`, groups: ['system:nodes', 'system:authenticated'] },
    address: `10.0.${index >> 8}.${index & 255}`,
    agent: 'kubelet/v1.36.3 (linux/amd64) kubernetes/a1b2c3d',
    binding: '',
    habits: [
      habit('patch', `pods/status ${place}`),
      habit('patch', `pods/status ${place}`),
      habit('patch', `nodes/status  ${name}`),
      habit('create', `serviceaccounts/token ${place}`, { code: 201 }),
    ],
  };
}

/** A controller of the control plane: what a rollout writes. */
function controller(index: number): Principal {
  const names = [
    'deployment-controller',
    'replicaset-controller',
    'endpointslice-controller',
    'job-controller',
    'generic-garbage-collector',
  ];
  const name = names[index % names.length] ?? '';
  const namespace = `team-${base36(index, 3)}`;
  return {
    user: { username: `system:serviceaccount:kube-system:${name}`, groups: ['system:serviceaccounts', 'system:authenticated'] },
    address: '10.0.0.2',
    agent: `kube-controller-manager/v1.36.3 (linux/amd64) kubernetes/a1b2c3d/system:serviceaccount:kube-system:${name}`,
    binding: `ClusterRoleBinding "system:controller:${name}" of ClusterRole "system:controller:${name}" to ServiceAccount "${name}/kube-system"`,
    habits: [
      habit('update', `deployments.apps/status ${namespace} web`),
      habit('update', `replicasets.apps/status ${namespace} web-7d4b9c6f5d`),
      habit('create', `pods ${namespace}`, { code: 201 }),
      habit('update', `endpointslices.discovery.k8s.io ${namespace} web-x2x4z`),
      habit('delete', `pods ${namespace} web-7d4b9c6f5d-${base36(index, 5)}`),
    ],
  };
}

/** The account of a workload: most do few things, and always the same. */
function account(index: number): Principal {
  const namespace = `team-${base36(index % namespaces, 3)}`;
  const name = `app-${index % 7}`;
  const pod = `app-${index % 7}-7d4b9c6f5d-${base36(index, 5)}`;
  const own = (resource: string, object = ''): string => `${resource} ${namespace} ${object}`;
  const all = [
    habit('get', own('configmaps', 'settings')),
    habit('list', own('pods')),
    habit('watch', own('endpointslices.discovery.k8s.io'), { lasts: true }),
    habit('patch', own('widgets.example.com/status', 'main')),
    habit('update', own('configmaps', 'election')),
    habit('get', own('secrets', 'database')),
    habit('list', own('ingresses.networking.k8s.io')),
    habit('get', own('deployments.apps', 'web')),
    habit('get', own('pods', 'missing'), { code: 404 }),
    habit('list', own('services')),
  ];
  return {
    user: {
      username: `system:serviceaccount:${namespace}:${name}`,
      uid: randomUUID(),
      groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
      extra: {
        'authentication.kubernetes.io/credential-id': [`JTI=${randomUUID()}`],
        'authentication.kubernetes.io/node-name': [`worker-${index % nodes}`],
        'authentication.kubernetes.io/pod-name': [pod],
        'authentication.kubernetes.io/pod-uid': [randomUUID()],
      },
    },
    address: `10.0.${(index % nodes) >> 8}.${(index % nodes) & 255}`,
    agent: `app/v${index % 9}.2.0 (linux/amd64) kubernetes/$Format`,
    binding: `RoleBinding "${name}/${namespace}" of Role "${name}" to ServiceAccount "${name}/${namespace}"`,
    habits: Array.from({ length: 4 }, (_, step) => all[(index + step * 3) % all.length]!),
  };
}

function person(index: number): Principal {
  const namespace = `team-${base36(index % 40, 3)}`;
  return {
    user: { username: `user-${base36(index, 4)}@example.com`, groups: ['developers', 'system:authenticated'] },
    address: `192.0.2.${index}`,
    agent: 'kubectl/v1.36.1 (darwin/arm64) kubernetes/a1b2c3d',
    binding: 'ClusterRoleBinding "developers" of ClusterRole "view" to Group "developers"',
    habits: [
      habit('list', `pods ${namespace}`),
      habit('get', `pods/log ${namespace} web-7d4b9c6f5d-${base36(index, 5)}`),
      habit('get', `deployments.apps ${namespace} web`),
      habit('list', `events ${namespace}`),
    ],
  };
}

/** The shares of an API server's events under the shipped policy: kubelets, controllers, accounts of workloads, people. */
const crowd: readonly (readonly [share: number, members: readonly Principal[]])[] = [
  [0.3, Array.from({ length: nodes }, (_, index) => kubelet(index))],
  [0.15, Array.from({ length: 200 }, (_, index) => controller(index))],
  [0.5, Array.from({ length: accounts }, (_, index) => account(index))],
  [0.05, Array.from({ length: people }, (_, index) => person(index))],
];

/** The events that an API server would send, always in the same course: bodies of EventLists, with new IDs and the time of the call. */
export class AuditStream {
  #count = 0;
  readonly #turns = crowd.map(() => 0);

  /** A body with this number of events that happened until `now` (milliseconds since 1970). */
  body(events: number, now: number): string {
    const items = Array.from({ length: events }, (_, index) => this.#event(now - events + index));
    return `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[${items.join(',')}]}`;
  }

  #event(at: number): string {
    const { principal, habit: done } = this.#next();
    const time = `${new Date(at).toISOString().slice(0, -1)}${String(this.#count % 1000).padStart(3, '0')}Z`;
    return JSON.stringify({
      level: 'Metadata',
      auditID: randomUUID(),
      stage: done.lasts === true ? 'ResponseStarted' : 'ResponseComplete',
      requestURI: done.path,
      verb: done.verb,
      user: principal.user,
      sourceIPs: [principal.address],
      userAgent: principal.agent,
      objectRef: done.objectRef,
      responseStatus: { metadata: {}, code: done.code },
      requestReceivedTimestamp: time,
      stageTimestamp: time,
      annotations: {
        'authorization.k8s.io/decision': 'allow',
        'authorization.k8s.io/reason': principal.binding === '' ? '' : `RBAC: allowed by ${principal.binding}`,
      },
    });
  }

  /** Low-discrepancy turns in place of random ones: each share is kept in any stretch of the stream. */
  #next(): { readonly principal: Principal; readonly habit: Habit } {
    this.#count += 1;
    let point = (this.#count * 0.618_034) % 1;
    let index = crowd.findIndex(([share]) => (point -= share) < 0);
    if (index < 0) index = crowd.length - 1;
    const members = crowd[index]![1];
    const turn = this.#turns[index]!;
    this.#turns[index] = turn + 1;
    const principal = members[turn % members.length]!;
    return { principal, habit: principal.habits[Math.floor(turn / members.length) % principal.habits.length]! };
  }
}
