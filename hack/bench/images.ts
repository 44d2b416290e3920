import { execFileSync } from 'node:child_process';
import { createReadStream, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { MatchRecord } from '../../operator/images/matching/image-finding.ts';
import type { InventoryBody } from '../../operator/images/inventory/inventory.ts';
import { acceptStream } from '../../operator/stream/stream-reader.ts';
import { advisoryFacts, runVerb, writeInventories } from './image-verbs.ts';
import { writeTrivyReport } from './trivy-report.ts';

const trivy = join(dirname(process.env['KUBECONFIG'] ?? ''), 'images/trivy');
const folder = mkdtempSync(join(tmpdir(), 'vigil-bench-'));
process.once('exit', () => rmSync(folder, { recursive: true }));
const say = (text: string): unknown => process.stdout.write(`${text}\n`);
const streamOf = <T>(file: string): ReturnType<typeof acceptStream<T>> => acceptStream<T>(createInterface(createReadStream(file)));

async function normalize(packages: number): Promise<void> {
  const report = join(folder, 'report.json');
  const megabytes = (await writeTrivyReport(report, packages)) / 1e6;
  const { seconds, peakMebibytes, output } = await runVerb(['normalize', report], folder);
  const { trailer } = await streamOf<InventoryBody>(output);
  rmSync(report);
  const rate = `${(megabytes / seconds).toFixed(0)} MB/s`;
  say(
    `normalize: ${trailer.body.packages} packages in ${megabytes.toFixed(0)} MB: ${seconds.toFixed(2)} s, ${rate}, ${peakMebibytes.toFixed(0)} MiB at most`,
  );
}

async function match(images: number, perJob: number): Promise<void> {
  const known = 10_000;
  const [facts, database] = [join(folder, 'facts.json'), join(folder, 'database')];
  writeFileSync(facts, JSON.stringify(advisoryFacts(known)));
  mkdirSync(join(database, 'db'), { recursive: true });
  execFileSync(join(dirname(execFileSync('readlink', ['-f', trivy], { encoding: 'utf8' }).trim()), 'trivy-database'), [
    facts,
    join(database, 'db'),
  ]);
  let [seconds, cpu, peak, jobs, found, done] = [0, 0, 0, 0, 0, 0];
  for (let from = 0; from < images; from += perJob) {
    const [input, work] = [join(folder, `input-${from}`), join(folder, `work-${from}`)];
    writeInventories(input, from, Math.min(from + perJob, images), known);
    mkdirSync(work);
    const run = await runVerb(['match', '--input', input, '--work', work, '--scanner', trivy, '--database', database], folder);
    for (const record of (await streamOf(run.output)).records() as Iterable<MatchRecord>) {
      if (record.type === 'failed') throw new Error(record.message);
      if (record.type === 'done') done++;
      else found++;
    }
    [seconds, cpu, peak, jobs] = [seconds + run.seconds, cpu + run.cpuSeconds, Math.max(peak, run.peakMebibytes), jobs + 1];
    for (const made of [input, work]) rmSync(made, { recursive: true });
  }
  say(
    `match: ${done} inventories of 400 packages in ${jobs} Jobs, ${known * 8} advisories: ${seconds.toFixed(1)} s, ${cpu.toFixed(1)} CPU seconds, ${found} found, ${peak.toFixed(0)} MiB at most`,
  );
}

await normalize(100_000);
await match(500, 100);
