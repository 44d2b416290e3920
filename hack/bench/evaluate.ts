/**
 * Benchmarks the engine: all essential controls on pods of about 4 KB, as a server returns them, against JSON.parse of the same bytes.
 * Prints the ratio and the memory. In files, the fields are checked too; on a cluster the API server did that.
 *   node hack/bench/evaluate.ts [PODS]      default 10000
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compilePolicies, type PolicySet } from '../../operator/engine/policy-set.ts';
import { builtinResources } from '../../operator/engine/objects/builtin-resources.ts';
import { Snapshot } from '../../operator/engine/snapshot/snapshot.ts';
import { serverPod } from './server-pod.ts';

const count = Number(process.argv[2] ?? 10_000);
const pageSize = 500;
/** The fastest of several rounds: the one with the least noise. */
const rounds = 5;

const folder = mkdtempSync(join(tmpdir(), 'vigil-bench-'));
process.on('exit', () => {
  rmSync(folder, { recursive: true });
});
let bytes = 0;
const pages: string[] = [];
for (let first = 0; first < count; first += pageSize) {
  const page = JSON.stringify({ items: Array.from({ length: Math.min(pageSize, count - first) }, (_, at) => serverPod(first + at)) });
  const path = join(folder, `${first}.json`);
  writeFileSync(path, page);
  pages.push(path);
  bytes += page.length;
}

interface Page {
  readonly items: readonly Record<string, unknown>[];
}
const seconds = (from: number): number => (performance.now() - from) / 1000;

/** One round: parses and evaluates each page and releases it, as a worker does. */
function round(): { own: number; files: number; cross: number; verdicts: number } {
  const compile = (converts: boolean): PolicySet =>
    compilePolicies([{ name: 'bench', spec: { frameworks: [{ name: 'vigil' }] } }], {
      ...{ kubernetesVersion: '1.36', resources: builtinResources, systemNamespaces: [], converts },
    });
  const [set, filesSet] = [compile(true), compile(false)];
  const times = { own: 0, files: 0, cross: 0, verdicts: 0 };
  const snapshot = new Snapshot();
  for (const path of pages) {
    const page = readFileSync(path, 'utf8');
    const { items } = JSON.parse(page) as Page;
    let started = performance.now();
    for (const pod of items) {
      const { results, passes } = set.evaluate(pod);
      times.verdicts += results.length + (passes.get('bench') ?? 0);
    }
    times.own += seconds(started);
    started = performance.now();
    for (const pod of items) filesSet.evaluate(pod);
    times.files += seconds(started);
    started = performance.now();
    for (const pod of items) snapshot.add(pod);
    times.cross += seconds(started);
  }
  const started = performance.now();
  for (const { results, passes } of set.evaluateSnapshot(snapshot, { now: 0 }))
    times.verdicts += results.length + (passes.get('bench') ?? 0);
  times.cross += seconds(started);
  return times;
}

/** JSON.parse of the same bytes. */
function parseAlone(): number {
  let time = 0;
  for (const path of pages) {
    const page = readFileSync(path, 'utf8');
    const started = performance.now();
    JSON.parse(page);
    time += seconds(started);
  }
  return time;
}

round();
parseAlone();
const alone = Math.min(...Array.from({ length: rounds }, parseAlone));
const all = Array.from({ length: rounds }, round);
const best = (field: 'own' | 'files' | 'cross'): number => Math.min(...all.map((times) => times[field]));
const [parse, own, files, cross] = [alone, best('own'), best('files'), best('cross')];
process.stdout.write(
  [
    `${count} pods, ${(bytes / count / 1024).toFixed(1)} KiB each, ${all[0]?.verdicts ?? 0} verdicts`,
    `JSON.parse                    ${parse.toFixed(3)} s`,
    `checks of single objects      ${own.toFixed(3)} s   ${(own / parse).toFixed(2)} x`,
    `the same in files, with schema ${files.toFixed(3)} s   ${(files / parse).toFixed(2)} x`,
    `checks among objects          ${cross.toFixed(3)} s   ${(cross / parse).toFixed(2)} x`,
    `all essential controls        ${(own + cross).toFixed(3)} s   ${((own + cross) / parse).toFixed(2)} x   (goal: at most 2 x)`,
    `peak memory                   ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB, over ${Math.round(bytes / 1024 / 1024)} MiB of JSON   (goal: under 150 MiB)`,
    '',
  ].join('\n'),
);
