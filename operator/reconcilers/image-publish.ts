import { RESOURCES } from '../api/api-resource.ts';
import { ANNOTATIONS, LABELS, MANAGED_BY } from '../api/group.ts';
import type { ImageData, ImageDataReader } from '../images/image-data.ts';
import type { ImageFindings } from '../images/image-finding.ts';
import type { ImageLedger } from '../images/image-ledger.ts';
import { imageName } from '../images/image-name.ts';
import { imageResults, IMAGES_SOURCE, type ImageKnowledge, type ImagesPolicy } from '../images/image-results.ts';
import type { ImageTarget } from '../images/image-targets.ts';
import type { ImageStore } from '../images/image-store.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import { listPages } from '../kube/list.ts';
import { homeOf, type ReportPublisher, type ReportWish } from '../publish/report-publisher.ts';
import { readLedger } from '../report/policy-ledger.ts';
import { reportKey, reportName } from '../report/report-name.ts';
import type { RecordResult } from '../stream/stream-record.ts';
import type { PolicyTargets } from './image-surroundings.ts';

/** What is written to reports about images, and by whom. */
export interface ImagePublishing {
  readonly client: KubeClient;
  readonly publisher: ReportPublisher;
  readonly store: ImageStore;
  readonly ledger: ImageLedger;
  readonly database: string | undefined;
  readonly reader: ImageDataReader;
  readonly policies: readonly PolicyTargets[];
  readonly now: number;
}

/** What publishing came to. */
export interface ImagesPublished {
  readonly written: number;
  readonly withdrawn: number;
  /** Images whose findings are kept no more, or cannot be read: they must be matched again. */
  readonly lost: readonly string[];
  /** What people say of vulnerabilities, and whether it was read anew. */
  readonly said: Awaited<ReturnType<ImageDataReader['read']>>;
}

/** Brings the reports about images up to date, and takes out what no policy asks about any more. */
export async function publishImages(input: ImagePublishing): Promise<ImagesPublished> {
  const { findings, lost } = await readFindings(input);
  const images = input.policies.flatMap(({ targets }) => targets.flatMap(({ containers }) => containers.map(imageName)));
  const said = await input.reader.read(findings.values(), images);
  const wishes = wishesOf(input, findings, said.data);
  const { written } = await input.publisher.publish(wishes);
  return { written, withdrawn: await withdraw(input), lost, said };
}

async function readFindings({ store, ledger, policies }: ImagePublishing): Promise<{
  readonly findings: ReadonlyMap<string, ImageFindings>;
  readonly lost: readonly string[];
}> {
  const findings = new Map<string, ImageFindings>();
  const lost: string[] = [];
  const digests = policies.flatMap(({ targets }) => targets.flatMap(({ containers }) => containers.map(({ image }) => image?.digest)));
  for (const digest of new Set(digests)) {
    const kept = digest === undefined ? undefined : ledger[digest]?.findings;
    if (digest === undefined || !kept) continue;
    const found = (await store.read(kept.configMaps)) as ImageFindings | undefined;
    if (found) findings.set(digest, found);
    else lost.push(digest);
  }
  return { findings, lost };
}

interface Gathered {
  readonly target: ImageTarget;
  readonly policies: ReportWish['policies'][number][];
  readonly results: RecordResult[];
}

function wishesOf(
  { ledger, database, policies, now }: ImagePublishing,
  findings: ReadonlyMap<string, ImageFindings>,
  data: ImageData,
): ReportWish[] {
  const knowledge: ImageKnowledge = {
    entry: (digest) => ledger[digest],
    findings: (digest) => findings.get(digest),
    database: database !== undefined,
    data,
    now,
  };
  const gathered = new Map<string, Gathered>();
  for (const { policy, targets } of policies) {
    const { name, generation = 0 } = policy.metadata;
    const asked: ImagesPolicy = { name, images: policy.spec.images ?? {} };
    const { passing, ownerLabels = [] } = policy.spec.reporting ?? {};
    for (const target of targets) {
      const { results, passes, known } = imageResults(asked, target, knowledge);
      if (!known) continue;
      const key = keyOf(target.workload);
      const all = gathered.get(key) ?? { target, policies: [], results: [] };
      gathered.set(key, all);
      all.policies.push({ name, generation, passes, listPasses: passing === 'List', ownerLabels });
      all.results.push(...results);
    }
  }
  const seconds = Math.floor(now / 1000);
  return [...gathered.values()].map(({ target, policies: asked, results }) => ({
    source: IMAGES_SOURCE,
    target: target.workload,
    policies: asked,
    results,
    seconds,
    scan: `images-${seconds}`,
  }));
}

/** Where the report about a workload's images lies. */
const keyOf = (workload: ImageTarget['workload']): string => reportKey(homeOf(workload).namespace, reportName(IMAGES_SOURCE, workload));

/** Takes a policy out of the reports of workloads that it does not look at any more, or not for their images. */
async function withdraw({ client, publisher, policies }: ImagePublishing): Promise<number> {
  const asked = new Map<string, Set<string>>();
  for (const { policy, targets } of policies) {
    for (const { workload } of targets) asked.set(keyOf(workload), (asked.get(keyOf(workload)) ?? new Set()).add(policy.metadata.name));
  }
  const labelSelector = `${LABELS.managedBy}=${MANAGED_BY},${LABELS.source}=${IMAGES_SOURCE}`;
  let changed = 0;
  for await (const { items } of listPages(client, RESOURCES.reports, { labelSelector, metadataOnly: true })) {
    for (const { metadata } of items) {
      const wanted = asked.get(reportKey(metadata.namespace, metadata.name));
      const stale = Object.keys(readLedger(metadata.annotations?.[ANNOTATIONS.policies])).filter((policy) => wanted?.has(policy) !== true);
      if (stale.length > 0 && (await publisher.withdraw(RESOURCES.reports, metadata, stale))) changed++;
    }
  }
  return changed;
}
