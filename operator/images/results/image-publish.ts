import { RESOURCES } from '../../api/api-resource.ts';
import type { ImagesStatus } from '../../api/kinds/policy-status.ts';
import type { SecurityPolicy } from '../../api/kinds/security-policy.ts';
import { ANNOTATIONS } from '../../api/group.ts';
import type { KubeObject } from '../../api/metadata.ts';
import type { ImageData, ImageDataReader } from '../statements/image-data.ts';
import { entryInNamespace, findingsKey, type ImageAccess } from '../jobs/image-access.ts';
import type { ImageFindings } from '../matching/image-finding.ts';
import { keyOf } from '../targets/image-key.ts';
import type { ImageLedger } from '../ledger/image-ledger.ts';
import { imageName } from '../statements/image-name.ts';
import { imageResults, type ImageKnowledge } from './image-results.ts';
import type { ImageTarget } from '../targets/image-targets.ts';
import { carriedOverResults, type PendingContainers } from './previous-results.ts';
import type { ImageStore } from '../ledger/image-store.ts';
import { listPages, type ListClient } from '../../kube/list.ts';
import type { PublishResult, ReportPublisher, DesiredReport } from '../../reports/publishing/report-publisher.ts';
import { addTotals, type PolicyTotals } from '../../findings/policy-totals.ts';
import { readLedger, type PolicyLedger } from '../../reports/identity/policy-ledger.ts';
import { IMAGES_SOURCE, alternativeReportName, reportKey, reportName, reportSelector } from '../../reports/identity/report-name.ts';
import type { Finding } from '../../findings/finding.ts';
import { countedIn } from '../../reports/identity/report-ownership.ts';
import type { PolicyTargets } from '../targets/image-scope.ts';
import { reportLocation } from '../../reports/building/report-location.ts';

/** The inputs of {@link publishImages}. */
export interface ImagePublishInput {
  readonly client: ListClient;
  readonly publisher: ReportPublisher;
  readonly store: ImageStore;
  readonly ledger: ImageLedger;
  readonly access: ImageAccess;
  readonly database: string | undefined;
  readonly reader: ImageDataReader;
  readonly policies: readonly PolicyTargets[];
  readonly now: number;
}

/** The result of {@link publishImages}. */
export interface ImagesPublished {
  /** The number of reports that were written, and from which a policy was removed. */
  readonly written: number;
  readonly withdrawn: number;
  /** The totals of the image reports by policy. */
  readonly totals: ReadonlyMap<string, PolicyTotals>;
  /** Reports that the API server refused, with their policies and the reason. */
  readonly refused: readonly { readonly policies: readonly string[]; readonly message: string }[];
  /** Images whose stored findings are missing or cannot be read. They must be matched again. */
  readonly lost: readonly string[];
  /** The vulnerability documents, and whether they were read again. */
  readonly imageData: Awaited<ReturnType<ImageDataReader['read']>>;
}

/** The maximum number of results in memory, and of findings. */
const maxHeld = 10_000;

/** Updates the image reports, and removes policies that no longer select a workload. */
export async function publishImages(input: ImagePublishInput): Promise<ImagesPublished> {
  const findings = new KnownFindings(input);
  const requested = requestedTargets(input);
  let written = 0;
  let desired: DesiredReport[] = [];
  let held = 0;
  const images = [...requested.values()].flatMap(({ target }) => target.containers.map(imageName));
  const imageData = await input.reader.read(findings.all(), images);
  const refused: { policies: string[]; message: string }[] = [];
  const flush = async (): Promise<void> => {
    const published = await input.publisher.publish(desired);
    written += published.written;
    refused.push(...published.refused.map(refusal));
    [desired, held] = [[], 0];
  };
  // Sorted by namespace, since the publisher reads the existing reports of one namespace at a time.
  for (const { target, policies } of [...requested.values()].toSorted(byNamespace)) {
    const report = desiredReport(input, { target, policies }, { found: await findings.of(target), data: imageData.data });
    if (!report) continue;
    desired.push(report);
    held += report.results.length;
    if (held > maxHeld) await flush();
  }
  await flush();
  return { written, ...(await withdraw(input, requested)), refused, lost: [...findings.lost], imageData };
}

const refusal = ({
  desired: { target, policies },
  message,
}: PublishResult['refused'][number]): ImagesPublished['refused'][number] & { policies: string[] } => ({
  policies: policies.map(({ name }) => name),
  message: `the image report of ${target.kind} ${target.namespace ?? ''}/${target.name} was refused: ${message}`,
});

/** The findings of images. Reads them when they are needed and caches a limited number. */
class KnownFindings {
  /** Images whose stored findings are missing or cannot be read. */
  readonly lost = new Set<string>();
  readonly #input: ImagePublishInput;
  readonly #held = new Map<string, ImageFindings | undefined>();
  #size = 0;

  constructor(input: ImagePublishInput) {
    this.#input = input;
  }

  /** Returns the findings of a target's images by image key. */
  async of({ containers, workload }: ImageTarget): Promise<ReadonlyMap<string, ImageFindings>> {
    const found = new Map<string, ImageFindings>();
    for (const { image } of containers) {
      const findings = image && (await this.#findingsOf(this.#keyOf(keyOf(image), workload)));
      if (findings) found.set(keyOf(image), findings);
    }
    return found;
  }

  /** Yields the findings of each running image. */
  async *all(): AsyncGenerator<ImageFindings> {
    const targets = this.#input.policies.flatMap((policy) => policy.targets);
    const keys = targets.flatMap(({ containers, workload }) =>
      containers.flatMap(({ image }) => (image ? this.#keyOf(keyOf(image), workload) : [])),
    );
    for (const key of new Set(keys)) {
      const findings = await this.#findingsOf(key);
      if (findings) yield findings;
    }
  }

  #keyOf(image: string, { namespace = '' }: ImageTarget['workload']): string {
    return findingsKey(this.#input.ledger, image, namespace);
  }

  async #findingsOf(key: string): Promise<ImageFindings | undefined> {
    if (this.#held.has(key)) return this.#held.get(key);
    const kept = this.#input.ledger[key]?.findings;
    const findings = kept && (await this.#input.store.findings(kept.configMaps));
    if (kept && !findings) this.lost.add(key);
    if (this.#size > maxHeld) {
      this.#held.clear();
      this.#size = 0;
    }
    this.#held.set(key, findings);
    this.#size += (findings?.vulnerabilities.length ?? 0) + 1;
    return findings;
  }
}

/** A workload, and the policies that select its images. */
interface RequestedTarget {
  readonly target: ImageTarget;
  readonly policies: SecurityPolicy[];
}

/** Returns the workloads by the key of their report. */
function requestedTargets({ policies }: ImagePublishInput): Map<string, RequestedTarget> {
  const requested = new Map<string, RequestedTarget>();
  for (const { policy, targets } of policies) {
    for (const target of targets) {
      const key = imageReportKey(target.workload);
      const known = requested.get(key) ?? { target, policies: [] };
      known.policies.push(policy);
      requested.set(key, known);
    }
  }
  return requested;
}

function byNamespace({ target: a }: RequestedTarget, { target: b }: RequestedTarget): number {
  const [one, other] = [a.workload.namespace ?? '', b.workload.namespace ?? ''];
  return one < other ? -1 : Number(one > other);
}

/** Returns the report of a workload's images; undefined if none of them has been scanned yet. */
function desiredReport(
  { ledger, access, database, now }: ImagePublishInput,
  { target, policies }: RequestedTarget,
  { found, data }: { readonly found: ReadonlyMap<string, ImageFindings>; readonly data: ImageData },
): DesiredReport | undefined {
  const knowledge: ImageKnowledge = {
    entry: (image) => entryInNamespace(ledger, access, image, target.workload.namespace ?? ''),
    findings: (image) => found.get(image),
    database: database !== undefined,
    data,
    now,
  };
  const evaluated: DesiredReport['policies'][number][] = [];
  const all: Finding[] = [];
  const pending = new Map<string, PendingContainers>();
  for (const policy of policies) {
    const { name } = policy.metadata;
    const { images = {} } = policy.spec;
    const { results, passes, known, pending: containers } = imageResults({ name, images }, target, knowledge);
    if (!known) continue;
    if (containers.size > 0) pending.set(name, { images, containers });
    evaluated.push(evaluatedBy(policy, passes));
    all.push(...results);
  }
  if (evaluated.length === 0) return undefined;
  const carryOver = pending.size > 0 ? { carryOver: carriedOverResults(pending) } : {};
  return {
    source: IMAGES_SOURCE,
    target: target.workload,
    policies: evaluated,
    results: all,
    seconds: Math.floor(now / 1000),
    ...carryOver,
  };
}

/** Returns the policy's entry in a report. Image findings do not depend on the catalogue, so the revision is the policy's generation. */
function evaluatedBy({ metadata, spec, status }: SecurityPolicy, passes: number): DesiredReport['policies'][number] {
  const { name, generation = 0 } = metadata;
  const { passing, ownerLabels = [] } = spec.reporting ?? {};
  const evaluated = { name, revision: String(generation), passes, listPasses: passing === 'List', ownerLabels };
  const since = evaluatedSince(generation, status?.images);
  return since === undefined ? evaluated : { ...evaluated, evaluatedSince: since };
}

/** Returns since when all images are scanned for a generation, in seconds since the epoch; undefined if they never were. */
function evaluatedSince(generation: number, images: ImagesStatus | undefined): number | undefined {
  const since = Date.parse(images?.evaluatedSince ?? '');
  return images?.evaluatedGeneration !== generation || Number.isNaN(since) ? undefined : since / 1000;
}

/** The key of a workload's image report. */
const imageReportKey = (workload: ImageTarget['workload']): string =>
  reportKey(reportLocation(workload).namespace, reportName(IMAGES_SOURCE, workload));

/** The key of a workload's image report if another writer has a report of the usual name. */
const otherImageReportKey = (workload: ImageTarget['workload']): string =>
  reportKey(reportLocation(workload).namespace, alternativeReportName(IMAGES_SOURCE, workload));

/** Returns the counts of a report. The next write corrects a report that a user has edited. */
const ledgerOf = (report: KubeObject): PolicyLedger => countedIn(report) ?? readLedger(report.metadata.annotations?.[ANNOTATIONS.policies]);

/** Removes policies from the reports of workloads whose images they no longer select. Returns the totals of the remaining entries. */
async function withdraw(
  { client, publisher }: ImagePublishInput,
  requested: ReadonlyMap<string, RequestedTarget>,
): Promise<Pick<ImagesPublished, 'withdrawn' | 'totals'>> {
  const labelSelector = reportSelector(IMAGES_SOURCE);
  const others = new Map([...requested.values()].map((each) => [otherImageReportKey(each.target.workload), each]));
  const totals = new Map<string, PolicyTotals>();
  let withdrawn = 0;
  for await (const { items } of listPages(client, RESOURCES.reports, { labelSelector, metadataOnly: true })) {
    for (const { metadata } of items) {
      const key = reportKey(metadata.namespace, metadata.name);
      const wanted = new Set((requested.get(key) ?? others.get(key))?.policies.map((policy) => policy.metadata.name));
      const ledger = Object.entries(ledgerOf({ metadata }));
      const [kept = [], stale = []] = [true, false].map((keep) => ledger.filter(([policy]) => wanted.has(policy) === keep));
      for (const [policy, entry] of kept) addTotals(totals, policy, entry, 1);
      if (stale.length === 0) continue;
      const names = stale.map(([policy]) => policy);
      if (await publisher.withdraw(RESOURCES.reports, metadata, names)) withdrawn++;
    }
  }
  return { withdrawn, totals };
}
