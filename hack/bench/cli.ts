import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { serverPod } from './server-pod.ts';

const [work = '', roundsText = '7', kubeScore = '', trivy = ''] = process.argv.slice(2);
const rounds = Number(roundsText);
/** The node binary. node_modules/.bin/node is a wrapper script. */
const node = join(dirname(createRequire(import.meta.url).resolve('node/package.json')), 'bin', 'node');

/** A typical Deployment. Every second one is secure. */
function deployment(index: number): string {
  const careful = `          limits:
            cpu: 500m
            memory: 256Mi
        securityContext:
          allowPrivilegeEscalation: false
          readOnlyRootFilesystem: true
          capabilities:
            drop:
            - ALL
`;
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web-${index}
  namespace: team-${index % 20}
  labels:
    app: web-${index}
spec:
  replicas: 2
  selector:
    matchLabels:
      app: web-${index}
  template:
    metadata:
      labels:
        app: web-${index}
    spec:
      containers:
      - name: app
        image: registry.example.com/team/app:1.${index}
        ports:
        - name: http
          containerPort: 8080
        env:
        - name: LOG_LEVEL
          value: info
        resources:
          requests:
            cpu: 100m
            memory: 128Mi
${index % 2 === 0 ? '' : careful}        livenessProbe:
          httpGet:
            path: /healthz
            port: 8080
      - name: proxy
        image: envoyproxy/envoy:v1.30
        volumeMounts:
        - name: config
          mountPath: /etc/envoy
      volumes:
      - name: config
        configMap:
          name: envoy
`;
}

function deployments(count: number): string {
  const folder = join(work, String(count));
  mkdirSync(folder);
  for (let index = 0; index < count; index += 1) writeFileSync(join(folder, `web-${index}.yaml`), deployment(index));
  return folder;
}

interface Contestant {
  readonly name: string;
  readonly command: readonly string[];
  readonly times: number[];
}

const contestant = (name: string, ...command: readonly string[]): Contestant => ({ name, command, times: [] });

/** Runs all programs in each round, so that other load affects them equally. */
function race(title: string, contestants: readonly Contestant[]): void {
  for (let round = 0; round <= rounds; round += 1) {
    for (const { command, times } of contestants) {
      const [program = '', ...args] = command;
      const started = performance.now();
      const { status } = spawnSync(program, args, { stdio: 'ignore' });
      if (status === null || status > 1) throw new Error(`${command.slice(0, 4).join(' ')} ended with ${status ?? 'a signal'}`);
      if (round > 0) times.push((performance.now() - started) / 1000);
    }
  }
  const best = contestants.map(({ times }) => Math.min(...times));
  process.stdout.write(`${title}\n`);
  for (const [index, { name }] of contestants.entries()) {
    const seconds = best[index] ?? 0;
    process.stdout.write(`  ${name.padEnd(34)}${seconds.toFixed(3)} s   ${(seconds / (best[0] ?? 1)).toFixed(2)} x\n`);
  }
}

const bundle = [node, 'dist/vigil/vigil.mjs'];
const sources = [node, 'operator/main.ts'];
const thousand = deployments(1000);
const files = readdirSync(thousand).map((name) => join(thousand, name));
race('1,000 Deployments as YAML files (goal: not slower than kube-score)', [
  ...(existsSync(kubeScore) ? [contestant('kube-score', kubeScore, 'score', ...files)] : []),
  contestant('vigil scan, bundled', ...bundle, 'scan', thousand),
  contestant('vigil scan, node operator/main.ts', ...sources, 'scan', thousand),
]);
if (trivy !== '') {
  // Once: it takes a hundred times as long as the others.
  const started = performance.now();
  const { status } = spawnSync(trivy, ['config', '--quiet', '--skip-check-update', thousand], { stdio: 'ignore' });
  const seconds = (performance.now() - started) / 1000;
  process.stdout.write(
    `  trivy config, once                ${seconds.toFixed(3)} s   ${status === 0 ? '' : `it ended with ${status ?? 'a signal'}`}\n`,
  );
}
const hundred = deployments(100);
race('100 Deployments as YAML files (goal: under 0.4 s)', [
  contestant('vigil scan, bundled', ...bundle, 'scan', hundred),
  contestant('vigil scan, node operator/main.ts', ...sources, 'scan', hundred),
]);

const cases = Array.from({ length: 10_000 }, (_, index) => ({
  name: `case ${index}`,
  policy: {
    frameworks: [{ name: index % 2 === 0 ? 'pss-restricted' : 'vigil', ...(index % 2 === 0 ? { version: `1.${20 + (index % 17)}` } : {}) }],
  },
  objects: [serverPod(index)],
  expect: 'fail',
}));
const tests = join(work, 'tests.json');
writeFileSync(tests, JSON.stringify({ apiVersion: 'vigil.dev/v1alpha1', kind: 'PolicyTest', cases }));
race('10,000 cases of vigil test, one pod of 5 KiB each (goal: under 20 s)', [
  contestant('vigil test, bundled', ...bundle, 'test', tests),
  contestant('vigil test, node operator/main.ts', ...sources, 'test', tests, '-o', 'json'),
]);
