import { parseArgs } from 'node:util';
import type { AnomalyDetector, BaselineDocument } from '../../operator/anomalies/anomaly-detector.ts';
import { createDetector } from '../../operator/anomalies/detector.ts';
import type { AnomalyFinding } from '../../operator/anomalies/results/anomaly-finding.ts';
import { ApiServer, day, hour, minute } from './api-server.ts';
import { attacks, type Attack } from './attacks.ts';
import { hiddenAttacks, poisoner } from './hidden-attacks.ts';
import { patientAttacks } from './patient-attacks.ts';
import { UsualWork } from './benign.ts';
import { Cluster } from './cluster.ts';
import { person } from './people.ts';
import { Random } from './random.ts';

const options = {
  seed: { type: 'string', default: '1' },
  days: { type: 'string', default: '14' },
  findings: { type: 'boolean', default: false },
} as const;

function flags(): { readonly seed: string; readonly days: string; readonly findings: boolean } {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    process.stderr.write(`hack/simulate: ${error instanceof Error ? error.message : String(error)} (see --help)\n`);
    process.exit(2);
  }
}

const values = flags();
const seed = Number(values.seed);
const days = Number(values.days);
const learningDays = 7;
const settings = { learningPeriod: learningDays * day, keepFor: 60 * day };
const monday = Date.UTC(2026, 9, 5);

/** A detector in another process: it has only what was saved. */
function successor(
  before: AnomalyDetector,
  now: number,
): { readonly detector: AnomalyDetector; readonly documents: readonly BaselineDocument[] } {
  const documents = JSON.parse(JSON.stringify(before.save(now + 1) ?? [])) as BaselineDocument[];
  const detector = createDetector(settings);
  const { problems } = detector.load(documents, now);
  if (problems.length > 0) throw new Error(problems.join('; '));
  return { detector, documents };
}

interface Played {
  readonly cluster: Cluster;
  /** The findings of usual work after learning, each with the day on which it was first seen. */
  readonly findings: readonly AnomalyFinding[];
  readonly whileLearning: number;
  readonly documents: readonly BaselineDocument[];
}

/** Plays a week of learning and the days after it, with everything that happens in a cluster now and then. */
function playUsualWork(): Played {
  const api = new ApiServer(createDetector(settings), monday);
  const cluster = new Cluster(api, new Random(seed));
  cluster.install();
  api.detector.serverVersion('v1.36.0', monday);
  api.start(api.detector);
  const work = new UsualWork(cluster);
  const admin = person('admin-a', '192.0.2.30', 'helm/v4.0.0');
  const seldom: Readonly<Record<number, () => void>> = {
    0: () => api.call(poisoner, { verb: 'list', of: 'pods', in: 'shop' }),
    2: () => work.upgradeCharts(admin),
    3: () => api.call(poisoner, { verb: 'list', of: 'secrets' }),
    4: () => work.replaceNode(person('admin-a', '192.0.2.30')),
    8: () => work.installChart('loki', admin, { daemon: true }),
    9: () => work.upgradeCharts(admin),
    10: () => work.moveToGitOps('crm'),
    11: () => work.replaceNode(person('admin-a', '192.0.2.30')),
    12: () => api.call(person('fred', '192.0.2.44'), { verb: 'list', of: 'pods', in: 'shop' }),
    14: () => work.upgradeCluster(),
    15: () => work.installChart('keda', admin, { webhook: true }),
    16: () => work.upgradeCharts(admin),
  };
  for (let number = 0; number < learningDays + days; number += 1) {
    api.until(monday + number * day + 11 * hour - 11 * hour);
    seldom[number]?.();
    work.day(number);
    // The operator restarts, or another replica becomes the leader, every third day.
    if (number % 3 === 2) api.start(successor(api.detector, api.now).detector);
  }
  const { detector, documents } = successor(api.detector, api.now);
  const all = detector.findings().filter(({ detection }) => detection !== 'more-anomalies');
  const end = monday + learningDays * day;
  return {
    cluster,
    findings: all.filter(({ firstSeen }) => firstSeen >= end),
    whileLearning: all.filter(({ firstSeen }) => firstSeen < end).length,
    documents,
  };
}

interface Outcome {
  readonly attack: Attack;
  readonly found: readonly AnomalyFinding[];
  readonly missed: readonly string[];
  readonly rightActor: boolean;
}

/** Plays an attack against a detector that has learned what usual work is. */
function playAttack(attack: Attack, documents: readonly BaselineDocument[], known: ReadonlySet<string>): Outcome {
  const now = monday + (learningDays + days) * day;
  const detector = createDetector(settings);
  detector.load(JSON.parse(JSON.stringify(documents)) as BaselineDocument[], now);
  const api = new ApiServer(detector, now);
  const cluster = new Cluster(api, new Random(seed));
  cluster.install();
  api.start(detector);
  // Usual requests of nodes and pods, so that their addresses are known to be their own.
  api.until(now + hour);
  new UsualWork(cluster).installChart('warm', person('admin-a', '192.0.2.30', 'helm/v4.0.0'));
  for (const account of ['external-secrets', 'ingress-nginx', 'cert-manager'])
    api.call(cluster.account(account, account), { verb: 'list', of: 'pods' });
  api.call(cluster.account('monitoring', 'metrics-agent'), { verb: 'list', of: 'pods' });
  api.until(now + 2 * hour);
  const before = new Set([...known, ...detector.findings().map(({ id }) => id)]);
  const counts = new Map(detector.findings().map(({ id, count }) => [id, count]));
  attack.play(cluster);
  api.until(api.now + 10 * minute);
  const found = detector.findings().filter(({ id, count }) => !before.has(id) || count > (counts.get(id) ?? Infinity));
  const missed = attack.finds.filter((name) => !found.some(({ detection }) => detection === name));
  const rightActor = attack.actor === '' || found.some(({ actor }) => actor === attack.actor);
  return { attack, found, missed, rightActor };
}

const started = performance.now();
const played = playUsualWork();
const seconds = (performance.now() - started) / 1000;
const { api } = played.cluster;
const activities = api.events + api.changes;
console.log(
  `usual work: ${learningDays} days of learning and ${days} days after it, ${api.events} requests and ${api.changes} changes in ${seconds.toFixed(1)} s`,
);
console.log(
  `  ${played.findings.length} findings after learning (${(played.findings.length / days).toFixed(2)} a day), ${played.findings.filter(({ severity }) => severity === 'critical').length} critical; ${played.whileLearning} while learning`,
);
console.log(
  `  baseline: ${(played.documents.reduce((sum, each) => sum + JSON.stringify(each).length, 0) / 1024).toFixed(0)} KiB for ${activities} activities`,
);
if (values.findings)
  for (const { detection, severity, seen, normal, firstSeen, count, actor } of played.findings)
    console.log(
      `    ${new Date(firstSeen).toISOString().slice(0, 16)} ${severity.padEnd(8)} ${detection} x${count} [${actor}]: ${seen}. Normal: ${normal}`,
    );

const outcomes = [...attacks, ...patientAttacks, ...hiddenAttacks].map((attack) => playAttack(attack, played.documents, new Set()));
console.log('\nattacks:');
for (const { attack, found, missed, rightActor } of outcomes) {
  const result = missed.length === 0 && rightActor ? 'found ' : found.length > 0 ? 'PARTLY' : 'MISSED';
  console.log(
    `  ${result} ${attack.name}: ${found.map(({ detection, severity }) => `${detection} (${severity})`).join(', ') || 'nothing'}${missed.length > 0 ? `; MISSED ${missed.join(', ')}` : ''}${rightActor ? '' : `; NOT NAMED ${attack.actor}`}`,
  );
}

console.log('\ndetection                      true  false  missed  precision  recall');
const names = [
  ...new Set([
    ...outcomes.flatMap(({ attack, found }) => [...attack.finds, ...found.map(({ detection }) => detection)]),
    ...played.findings.map(({ detection }) => detection),
  ]),
].toSorted();
for (const name of names) {
  const hits = outcomes.filter(({ found }) => found.some(({ detection }) => detection === name)).length;
  const misses = outcomes.filter(({ missed }) => missed.includes(name)).length;
  const wrong = played.findings.filter(({ detection }) => detection === name).length;
  const ratio = (part: number, whole: number): string => (whole === 0 ? '-' : `${Math.round((100 * part) / whole)}%`);
  console.log(
    `${name.padEnd(30)} ${String(hits).padStart(4)} ${String(wrong).padStart(6)} ${String(misses).padStart(7)} ${ratio(hits, hits + wrong).padStart(10)} ${ratio(hits, hits + misses).padStart(7)}`,
  );
}
const failed =
  outcomes.some(({ missed, rightActor }) => missed.length > 0 || !rightActor) ||
  played.findings.length > days ||
  played.findings.some(({ severity }) => severity === 'critical');
process.exitCode = failed ? 1 : 0;
