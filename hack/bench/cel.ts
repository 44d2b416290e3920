/**
 * Benchmarks typical CEL rules on pods against the same checks in JavaScript: node hack/bench/cel.ts [PODS]
 * Prints the ratio of each rule, the median, the worst, and the time to compile a rule.
 */
import { compile, type Program } from '../../operator/cel/compile.ts';

/* eslint-disable @typescript-eslint/no-explicit-any, @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-call, @typescript-eslint/no-unsafe-return, @typescript-eslint/no-unsafe-argument */
type Check = (o: any) => boolean;
const some = <T>(list: readonly T[] | undefined, test: (item: T) => boolean): boolean => (list ?? []).some(test);
const every = <T>(list: readonly T[] | undefined, test: (item: T) => boolean): boolean => (list ?? []).every(test);

const rules: readonly (readonly [string, Check])[] = [
  ['!has(object.spec.hostNetwork) || !object.spec.hostNetwork', (o) => !o.spec.hostNetwork],
  ['!has(object.spec.hostPID) || !object.spec.hostPID', (o) => !o.spec.hostPID],
  ['!has(object.spec.hostIPC) || object.spec.hostIPC == false', (o) => !o.spec.hostIPC],
  [
    "has(object.metadata.labels) && 'team' in object.metadata.labels",
    (o) => o.metadata.labels !== undefined && Object.hasOwn(o.metadata.labels, 'team'),
  ],
  [
    "object.metadata.?labels.orValue({}).exists(k, k.startsWith('app'))",
    (o) => Object.keys(o.metadata.labels ?? {}).some((k) => k.startsWith('app')),
  ],
  ["object.metadata.namespace != 'default'", (o) => o.metadata.namespace !== 'default'],
  ['size(object.metadata.name) <= 63', (o) => Array.from(o.metadata.name as string).length <= 63],
  ["object.metadata.name.matches('^[a-z0-9-]+$')", (o) => /^[a-z0-9-]+$/.test(o.metadata.name)],
  [
    "object.spec.containers.all(c, c.image.startsWith('registry.example.com/'))",
    (o) => every(o.spec.containers, (c: any) => c.image.startsWith('registry.example.com/')),
  ],
  [
    "object.spec.containers.all(c, !c.image.endsWith(':latest'))",
    (o) => every(o.spec.containers, (c: any) => !c.image.endsWith(':latest')),
  ],
  [
    "object.spec.containers.all(c, c.image.contains('@sha256:') || c.image.contains(':'))",
    (o) => every(o.spec.containers, (c: any) => c.image.includes('@sha256:') || c.image.includes(':')),
  ],
  [
    'object.spec.containers.all(c, has(c.resources) && has(c.resources.limits))',
    (o) => every(o.spec.containers, (c: any) => c.resources?.limits !== undefined),
  ],
  [
    "object.spec.containers.all(c, has(c.resources) && has(c.resources.limits) && 'memory' in c.resources.limits)",
    (o) => every(o.spec.containers, (c: any) => c.resources?.limits !== undefined && 'memory' in c.resources.limits),
  ],
  [
    "object.spec.containers.all(c, has(c.resources) && has(c.resources.requests) && 'cpu' in c.resources.requests)",
    (o) => every(o.spec.containers, (c: any) => c.resources?.requests !== undefined && 'cpu' in c.resources.requests),
  ],
  [
    'object.spec.containers.all(c, has(c.securityContext) && has(c.securityContext.runAsNonRoot) && c.securityContext.runAsNonRoot)',
    (o) => every(o.spec.containers, (c: any) => c.securityContext?.runAsNonRoot === true),
  ],
  [
    'object.spec.containers.all(c, has(c.securityContext) && has(c.securityContext.allowPrivilegeEscalation) && c.securityContext.allowPrivilegeEscalation == false)',
    (o) => every(o.spec.containers, (c: any) => c.securityContext?.allowPrivilegeEscalation === false),
  ],
  [
    'object.spec.containers.all(c, !has(c.securityContext) || !has(c.securityContext.privileged) || c.securityContext.privileged == false)',
    (o) => every(o.spec.containers, (c: any) => !c.securityContext?.privileged),
  ],
  [
    'object.spec.containers.all(c, c.?securityContext.?readOnlyRootFilesystem.orValue(false))',
    (o) => every(o.spec.containers, (c: any) => c.securityContext?.readOnlyRootFilesystem ?? false),
  ],
  [
    "object.spec.containers.all(c, c.?securityContext.?capabilities.?drop.orValue([]).exists(d, d == 'ALL'))",
    (o) => every(o.spec.containers, (c: any) => some(c.securityContext?.capabilities?.drop, (d) => d === 'ALL')),
  ],
  [
    "object.spec.containers.all(c, !has(c.securityContext) || !has(c.securityContext.capabilities) || !has(c.securityContext.capabilities.add) || c.securityContext.capabilities.add.all(a, a in ['NET_BIND_SERVICE']))",
    (o) =>
      every(o.spec.containers, (c: any) => every(c.securityContext?.capabilities?.add, (a) => ['NET_BIND_SERVICE'].includes(a as string))),
  ],
  [
    '!has(object.spec.volumes) || object.spec.volumes.all(v, !has(v.hostPath))',
    (o) => every(o.spec.volumes, (v: any) => v.hostPath === undefined),
  ],
  [
    "!has(object.spec.volumes) || object.spec.volumes.all(v, !has(v.hostPath) || !(v.hostPath.path in ['/', '/etc', '/var/run']))",
    (o) => every(o.spec.volumes, (v: any) => v.hostPath === undefined || !['/', '/etc', '/var/run'].includes(v.hostPath.path)),
  ],
  [
    'object.spec.containers.all(c, !has(c.ports) || c.ports.all(p, !has(p.hostPort) || p.hostPort == 0))',
    (o) => every(o.spec.containers, (c: any) => every(c.ports, (p: any) => !p.hostPort)),
  ],
  [
    'object.spec.containers.all(c, !has(c.ports) || c.ports.all(p, p.containerPort != 22))',
    (o) => every(o.spec.containers, (c: any) => every(c.ports, (p: any) => p.containerPort !== 22)),
  ],
  [
    "has(object.spec.serviceAccountName) && object.spec.serviceAccountName != 'default'",
    (o) => o.spec.serviceAccountName !== undefined && o.spec.serviceAccountName !== 'default',
  ],
  [
    'has(object.spec.automountServiceAccountToken) && object.spec.automountServiceAccountToken == false',
    (o) => o.spec.automountServiceAccountToken === false,
  ],
  ['object.spec.containers.all(c, has(c.livenessProbe))', (o) => every(o.spec.containers, (c: any) => c.livenessProbe !== undefined)],
  ['object.spec.containers.all(c, has(c.readinessProbe))', (o) => every(o.spec.containers, (c: any) => c.readinessProbe !== undefined)],
  [
    "object.spec.containers.all(c, !has(c.env) || c.env.all(e, !has(e.value) || !e.name.contains('PASSWORD')))",
    (o) => every(o.spec.containers, (c: any) => every(c.env, (e: any) => e.value === undefined || !e.name.includes('PASSWORD'))),
  ],
  [
    "object.spec.containers.all(c, !has(c.env) || c.env.all(e, e.name.matches('^[A-Z_0-9]+$')))",
    (o) => every(o.spec.containers, (c: any) => every(c.env, (e: any) => /^[A-Z_0-9]+$/.test(e.name))),
  ],
  ['size(object.spec.containers) < 10', (o) => o.spec.containers.length < 10],
  ['object.spec.containers.exists(c, c.name == "main")', (o) => some(o.spec.containers, (c: any) => c.name === 'main')],
  ['object.spec.containers.exists_one(c, c.name == "main")', (o) => o.spec.containers.filter((c: any) => c.name === 'main').length === 1],
  [
    'object.spec.containers.map(c, c.name).size() == object.spec.containers.size()',
    (o) => o.spec.containers.map((c: any) => c.name).length === o.spec.containers.length,
  ],
  [
    "object.spec.containers.filter(c, c.image.contains('side')).size() <= 1",
    (o) => o.spec.containers.filter((c: any) => c.image.includes('side')).length <= 1,
  ],
  ['!has(object.spec.hostAliases)', (o) => o.spec.hostAliases === undefined],
  [
    "!has(object.spec.priorityClassName) || object.spec.priorityClassName in ['low', 'normal']",
    (o) => o.spec.priorityClassName === undefined || ['low', 'normal'].includes(o.spec.priorityClassName),
  ],
  ["!has(object.spec.nodeName) || object.spec.nodeName == ''", (o) => (o.spec.nodeName ?? '') === ''],
  [
    'has(object.spec.terminationGracePeriodSeconds) && object.spec.terminationGracePeriodSeconds <= 60',
    (o) => o.spec.terminationGracePeriodSeconds !== undefined && o.spec.terminationGracePeriodSeconds <= 60,
  ],
  [
    'object.spec.containers.all(c, !has(c.resources) || !has(c.resources.limits) || !has(c.resources.limits.memory) || quantity(c.resources.limits.memory).isLessThan(quantity("8Gi")))',
    (o) =>
      every(o.spec.containers, (c: any) => {
        const m = c.resources?.limits?.memory as string | undefined;
        return m === undefined || memory(m) < 8 * 2 ** 30;
      }),
  ],
  [
    'has(object.metadata.annotations) ? object.metadata.annotations.all(k, size(object.metadata.annotations[k]) < 1000) : true',
    (o) => Object.values(o.metadata.annotations ?? {}).every((v) => Array.from(v as string).length < 1000),
  ],
  [
    "!('sidecar.istio.io/inject' in object.metadata.?annotations.orValue({})) || object.metadata.annotations['sidecar.istio.io/inject'] == 'true'",
    (o) =>
      !Object.hasOwn(o.metadata.annotations ?? {}, 'sidecar.istio.io/inject') ||
      o.metadata.annotations['sidecar.istio.io/inject'] === 'true',
  ],
  [
    '!has(object.spec.initContainers) || object.spec.initContainers.all(c, has(c.resources))',
    (o) => every(o.spec.initContainers, (c: any) => c.resources !== undefined),
  ],
  [
    'has(object.spec.securityContext) && has(object.spec.securityContext.seccompProfile) && object.spec.securityContext.seccompProfile.type == "RuntimeDefault"',
    (o) => o.spec.securityContext?.seccompProfile?.type === 'RuntimeDefault',
  ],
  [
    '!has(object.spec.securityContext) || !has(object.spec.securityContext.sysctls) || object.spec.securityContext.sysctls.all(s, s.name.startsWith("net."))',
    (o) => every(o.spec.securityContext?.sysctls, (s: any) => s.name.startsWith('net.')),
  ],
  [
    'object.spec.containers.all(c, c.image.split("/").size() >= 2)',
    (o) => every(o.spec.containers, (c: any) => c.image.split('/').length >= 2),
  ],
  [
    'object.spec.containers.all(c, c.image.lowerAscii() == c.image)',
    (o) => every(o.spec.containers, (c: any) => c.image.toLowerCase() === c.image),
  ],
  [
    "'app' in object.metadata.?labels.orValue({}) && object.metadata.labels['app'] == object.metadata.labels['app'].trim()",
    (o) => Object.hasOwn(o.metadata.labels ?? {}, 'app') && o.metadata.labels.app === o.metadata.labels.app.trim(),
  ],
  [
    'object.spec.containers.all(c, !has(c.imagePullPolicy) || c.imagePullPolicy != "Never") && object.spec.restartPolicy != "Never"',
    (o) => every(o.spec.containers, (c: any) => c.imagePullPolicy !== 'Never') && o.spec.restartPolicy !== 'Never',
  ],
  [
    '(has(object.spec.tolerations) ? object.spec.tolerations : []).all(t, !has(t.operator) || t.operator != "Exists" || has(t.key))',
    (o) => every(o.spec.tolerations, (t: any) => t.operator !== 'Exists' || t.key !== undefined),
  ],
];
/* eslint-enable */

const units: Readonly<Record<string, number>> = { '': 1, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, k: 1e3, M: 1e6, G: 1e9 };
function memory(text: string): number {
  const [, digits = '0', unit = ''] = /^(\d+)(\w*)$/.exec(text) ?? [];
  return Number(digits) * (units[unit] ?? 1);
}

function pod(index: number): unknown {
  const env = Array.from({ length: 20 }, (_, at) => ({ name: `SETTING_${at}`, value: `value-${index}-${at}` }));
  const container = (name: string): unknown => ({
    name,
    image: `registry.example.com/team/${name}:v1.${index % 7}`,
    env,
    ports: [{ containerPort: 8080, protocol: 'TCP' }],
    resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { memory: '256Mi' } },
    securityContext: { runAsNonRoot: true, allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
    livenessProbe: { httpGet: { path: '/', port: 8080 } },
    readinessProbe: { httpGet: { path: '/', port: 8080 } },
  });
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `pod-${index}`,
      namespace: `team-${index % 12}`,
      labels: { app: 'web', team: 'a' },
      annotations: { note: 'x'.repeat(100) },
    },
    spec: {
      serviceAccountName: 'web',
      automountServiceAccountToken: false,
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
      containers: [container('main'), container('side')],
      volumes: [
        { name: 'tmp', emptyDir: {} },
        { name: 'config', configMap: { name: 'c' } },
      ],
      tolerations: [{ key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' }],
    },
  };
}

const count = Number(process.argv[2] ?? 10_000);
const pods = JSON.parse(JSON.stringify(Array.from({ length: count }, (_, index) => pod(index)))) as unknown[];
const rounds = 15;
const median = (all: readonly number[]): number => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? 0;

/** One pass over all pods. Counts the pods that pass, so that the engine cannot optimize the checks away. */
function pass(check: (pod: unknown) => boolean): { ms: number; passed: number } {
  let passed = 0;
  const started = performance.now();
  for (const one of pods) if (check(one)) passed++;
  return { ms: performance.now() - started, passed };
}

/** Returns the fastest pass of each, alternating, after as many warm-up passes. The fastest is the one with the least noise. */
function race(byHand: (pod: unknown) => boolean, byRule: (pod: unknown) => boolean): { js: number; cel: number } {
  const best = { js: Infinity, cel: Infinity };
  for (let round = 0; round < 2 * rounds; round++) {
    const [js, cel] = [pass(byHand), pass(byRule)];
    if (js.passed !== cel.passed) throw new Error(`${cel.passed} of ${count} pass, by hand ${js.passed}`);
    if (round < rounds) continue;
    best.js = Math.min(best.js, js.ms);
    best.cel = Math.min(best.cel, cel.ms);
  }
  return best;
}

const rows: { source: string; ratio: number; js: number; cel: number }[] = [];
for (const [source, check] of rules) {
  const compiled = compile(source, { resultType: 'bool' });
  if (!compiled.ok) throw new Error(`${source}: ${compiled.errors[0]?.message ?? ''}`);
  const program: Program = compiled.program;
  const bindings = { object: undefined as unknown };
  const byRule = (object: unknown): boolean => {
    bindings.object = object;
    return program.test(bindings) === true;
  };
  const { js, cel } = race(check, byRule);
  rows.push({ source, ratio: cel / js, js, cel });
}
const compiling = rules.map(([source]) => {
  const started = performance.now();
  for (let round = 0; round < 50; round++) compile(source);
  return (performance.now() - started) / 50;
});
for (const { source, ratio, js, cel } of rows.toSorted((a, b) => b.ratio - a.ratio))
  process.stdout.write(
    `${ratio.toFixed(1).padStart(6)}x  ${cel.toFixed(2).padStart(7)} ms  by hand ${js.toFixed(2).padStart(6)} ms  ${source.slice(0, 90)}\n`,
  );
const sum = (pick: (row: (typeof rows)[number]) => number): number => rows.reduce((total, row) => total + pick(row), 0);
process.stdout.write(
  `${rules.length} rules over ${count} pods: median ${median(rows.map(({ ratio }) => ratio)).toFixed(1)}x, worst ${Math.max(...rows.map(({ ratio }) => ratio)).toFixed(1)}x, all together ${(sum(({ cel }) => cel) / sum(({ js }) => js)).toFixed(1)}x; compile ${median(compiling).toFixed(3)} ms a rule at the median\n`,
);
