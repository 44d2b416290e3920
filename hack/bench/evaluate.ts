/**
 * Benchmarks the engine: all controls on pods of about 4 KB, as a server returns them, against JSON.parse of the same bytes.
 * Prints the ratios and the memory. In files, the fields are checked too; on a cluster the API server did that.
 *   node hack/bench/evaluate.ts [PODS]      default 10000
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SecurityPolicySpec } from '../../operator/api/kinds/security-policy.ts';
import { catalogue } from '../../operator/catalogue/controls/catalogue.ts';
import { compilePolicies, type Evaluation, type PolicySet } from '../../operator/engine/policy-set.ts';
import { builtinResources } from '../../operator/engine/objects/builtin-resources.ts';
import type { KubernetesObject } from '../../operator/engine/objects/kubernetes-object.ts';
import { Snapshot } from '../../operator/engine/snapshot/snapshot.ts';
import { serverPod } from './server-pod.ts';

const count = Number(process.argv[2] ?? 10_000);
const pageSize = 500;
const rounds = 8;

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
  readonly items: readonly KubernetesObject[];
}

/** Seconds of processor time of all threads, garbage collection included. Other load on the machine affects it less than the time that passes. */
const now = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000_000;
};

type Part = 'parse' | 'own' | 'files' | 'cross';

const compile = (spec: SecurityPolicySpec, converts: boolean): PolicySet =>
  compilePolicies([{ name: 'bench', spec }], { kubernetesVersion: '1.36', resources: builtinResources, systemNamespaces: [], converts });

/** Evaluates pages with the controls of one policy, as a worker does: parses a page, evaluates it, and releases it. */
class Contestant {
  readonly #cluster: PolicySet;
  readonly #files: PolicySet;
  verdicts = 0;
  /** By part, the least time of each page over all rounds. The checks among objects of all pages count as another page. */
  readonly #least: Record<Part, number[]> = { parse: [], own: [], files: [], cross: [] };

  constructor(spec: SecurityPolicySpec) {
    this.#cluster = compile(spec, true);
    this.#files = compile(spec, false);
  }

  /**
   * Each part gets objects that nothing has read before, and no others are in memory. Parsing is measured beside each part, so that the
   * machine is equally fast for both.
   */
  round(): void {
    const timed = <Result>(part: Part, page: number, run: () => Result): Result => {
      const started = now();
      const result = run();
      this.#least[part][page] = Math.min(this.#least[part][page] ?? Infinity, now() - started);
      return result;
    };
    this.verdicts = 0;
    const count = ({ results, passes }: Evaluation): number => results.length + (passes.get('bench') ?? 0);
    const snapshot = new Snapshot();
    for (const [page, path] of pages.entries()) {
      const text = readFileSync(path, 'utf8');
      const each = (part: Part, evaluate: (pod: KubernetesObject) => unknown): void => {
        const { items } = timed('parse', page, () => JSON.parse(text) as Page);
        timed(part, page, () => {
          for (const pod of items) evaluate(pod);
        });
      };
      each('own', (pod) => (this.verdicts += count(this.#cluster.evaluate(pod))));
      each('files', (pod) => this.#files.evaluate(pod));
      each('cross', (pod) => snapshot.add(pod));
    }
    timed('cross', pages.length, () => {
      for (const result of this.#cluster.evaluateSnapshot(snapshot, { now: 0 })) this.verdicts += count(result);
    });
  }

  /** The time of all pages. */
  get times(): Readonly<Record<Part, number>> {
    const sum = (part: Part): number => this.#least[part].reduce((total, time) => total + time, 0);
    return { parse: sum('parse'), own: sum('own'), files: sum('files'), cross: sum('cross') };
  }
}

const contestants = {
  'essential controls (framework vigil)': new Contestant({ frameworks: [{ name: 'vigil' }] }),
  'the whole catalogue': new Contestant({ controls: catalogue.map(({ id }) => ({ name: id })) }),
};

for (let at = 0; at <= rounds; at += 1) for (const contestant of Object.values(contestants)) contestant.round();

const line = (title: string, time: number, parse: number, goal = ''): string =>
  `  ${title.padEnd(32)}${time.toFixed(3)} s   ${(time / parse).toFixed(2)} x${goal}`;
process.stdout.write(
  `${count} pods, ${(bytes / count / 1024).toFixed(1)} KiB each; processor time, for each page the least of ${rounds} rounds\n`,
);
for (const [title, { times, verdicts }] of Object.entries(contestants)) {
  const { parse, own, files, cross } = times;
  process.stdout.write(
    [
      `${title}: ${verdicts} verdicts`,
      line('JSON.parse', parse, parse),
      line('checks of single objects', own, parse, '   (goal: at most 1.5 x)'),
      line('the same in files, with schema', files, parse),
      line('checks among objects', cross, parse),
      '',
    ].join('\n'),
  );
}
const peak = Math.round(process.resourceUsage().maxRSS / 1024);
process.stdout.write(`peak memory ${peak} MiB, over ${Math.round(bytes / 1024 / 1024)} MiB of JSON   (goal: under 150 MiB)\n`);
