import { compareEngines, Oracle } from '../test/cel/differential.ts';

const [version = '', path = '', seconds = '600', seed = String(Date.now() % 1_000_000)] = process.argv.slice(2);
const oracle = new Oracle(path);
const { differences, counts, sameCost } = await compareEngines(oracle, {
  version,
  seed: Number(seed),
  wanted: Number.MAX_SAFE_INTEGER,
  milliseconds: Number(seconds) * 1000,
});
oracle.close();
for (const difference of differences) process.stdout.write(`${difference}\n`);
process.stdout.write(`${JSON.stringify({ seed: Number(seed), differences: differences.length, ...counts, sameCost })}\n`);
process.exitCode = differences.length > 0 ? 1 : 0;
