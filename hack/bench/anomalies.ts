/** Benchmarks the detector of anomalies: node --expose-gc hack/bench/anomalies.ts [EVENTS]. */
import type { RequestActivity } from '../../operator/anomalies/activity/activity.ts';
import { actorOf } from '../../operator/anomalies/activity/actor.ts';
import { createDetector } from '../../operator/anomalies/detector.ts';

const total = Number(process.argv[2] ?? 200_000);
const principals = 5000;
const namespaces = 1000;
const second = 1000;
const day = 86_400 * second;
const resources = ['pods', 'services', 'configmaps', 'secrets', 'deployments', 'jobs', 'endpoints', 'events', 'nodes', 'ingresses'];
const verbs = ['get', 'list', 'watch', 'patch', 'create', 'delete'];

const actors = Array.from({ length: principals }, (_, index) =>
  index % 10 === 0
    ? actorOf({ username: `user-${index.toString(36)}@example.com`, groups: [], extra: {} })
    : actorOf({
        username: `system:serviceaccount:team${(index % namespaces).toString(36)}:app${index.toString(36)}`,
        groups: [],
        extra: {},
      }),
);

/** The request of a number: most principals do few things, and always the same. */
function request(index: number, at: number): RequestActivity {
  const principal = (index * 7919) % principals;
  const step = Math.floor(index / principals) % 10;
  const actor = actors[principal]!;
  const resource = resources[(principal + step) % resources.length]!;
  return {
    type: 'request',
    at,
    id: `a${index}`,
    actor,
    verb: verbs[(principal * 3 + step) % verbs.length]!,
    group: '',
    resource,
    namespace: actor.account?.namespace ?? `team${((principal + step) % namespaces).toString(36)}`,
    name: `name${step}`,
    path: '/api/v1/x',
    command: [],
    decision: 'allow',
    succeeded: true,
    binding: `ClusterRoleBinding "binding-${principal % 50}"`,
    address: `10.0.${principal % 250}.1`,
    agent: 'app',
  };
}

const heap = (): number => {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 1024 / 1024;
};

const before = heap();
const detector = createDetector({ learningPeriod: 7 * day, keepFor: 7 * day });
const start = Date.UTC(2026, 0, 5);
// Ten days, in which every principal does everything it does.
const learning = principals * 10;
for (let index = 0; index < learning; index += 1) detector.observe(request(index, start + Math.floor((index / learning) * 10 * day)));

const from = start + 10 * day;
const started = process.cpuUsage();
const clock = performance.now();
for (let index = 0; index < total; index += 1) {
  const at = from + index * 2;
  detector.observe(request(index, at));
  if (index % 5000 === 0) detector.tick(at);
}
const seconds = (performance.now() - clock) / 1000;
const { user, system } = process.cpuUsage(started);
const cpu = (user + system) / 1_000_000;
const end = from + total * 2;
const status = detector.status(end);
const documents = detector.save(end) ?? [];
const sizes = documents.map((document) => Buffer.byteLength(JSON.stringify(document)) / 1024 / 1024);
console.log(`${total} events: ${Math.round(total / cpu)} in a second of CPU (${Math.round(total / seconds)} by the clock)`);
console.log(`500 events in a second take ${((500 * cpu * 100) / total).toFixed(1)} % of a core`);
console.log(
  `${status.baselineKeys} keys of ${principals} principals in ${namespaces} namespaces, ${status.forgottenKeys} forgotten, ${status.open} findings open`,
);
console.log(`heap: ${(heap() - before).toFixed(1)} MiB more`);
console.log(
  `documents: ${sizes.reduce((sum, size) => sum + size, 0).toFixed(2)} MiB in ${documents.length}, the largest ${Math.max(...sizes).toFixed(2)} MiB`,
);
