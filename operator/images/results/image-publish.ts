import { RESOURCES } from '../../api/api-resource.ts';
import type { ImagesStatus, SecurityPolicy } from '../../api/security-policy.ts';
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
import type { KubeClient } from '../../kube/kube-client.ts';
import { listPages } from '../../kube/list.ts';
import type { PublishResult, ReportPublisher, DesiredReport } from '../../reports/publishing/report-publisher.ts';
import { addTotals, type PolicyTotals } from '../../findings/policy-totals.ts';
import { readLedger, type PolicyLedger } from '../../reports/identity/policy-ledger.ts';
import { IMAGES_SOURCE, alternativeReportName, reportKey, reportName, reportSelector } from '../../reports/identity/report-name.ts';
import type { Finding } from '../../findings/finding.ts';
import { countedIn } from '../../reports/identity/report-ownership.ts';
import type { PolicyTargets } from '../targets/image-scope.ts';
import { reportLocation } from '../../reports/building/report-location.ts';

/** What is written to reports about images, and by whom. */
export interface ImagePublishInput {
  readonly client: KubeClient;
  readonly publisher: ReportPublisher;
  readonly store: ImageStore;
  readonly ledger: ImageLedger;
  readonly access: ImageAccess;
  readonly database: string | undefined;
  readonly reader: ImageDataReader;
  readonly policies: readonly PolicyTargets[];
  readonly now: number;
}

/** What publishing came to. */
export interface ImagesPublished {
  readonly written: number;
  readonly withdrawn: number;
  /** By policy, what the reports about images hold. */
  readonly totals: ReadonlyMap<string, PolicyTotals>;
  /** Reports that the server refused, by whose word, and why. */
  readonly refused: readonly { readonly policies: readonly string[]; readonly message: string }[];
  /** Images whose findings are kept no more, or cannot be read: they must be matched again. */
  readonly lost: readonly string[];
  /** What people say of vulnerabilities, and whether it was read anew. */
  readonly imageData: Awaited<ReturnType<ImageDataReader['read']>>;
}

/** Results that are held at the same time, and findings besides. */
const mostHeld = 10_000;

/** Brings the reports about images up to date, and takes out what no policy asks about any more. */
export async function publishImages(input: ImagePublishInput): Promise<ImagesPublished> {
  const findings = new KnownFindings(input);
  const asked = askedOf(input);
  let written = 0;
  let wishes: DesiredReport[] = [];
  let held = 0;
  const images = [...asked.values()].flatMap(({ target }) => target.containers.map(imageName));
  const said = await input.reader.read(findings.all(), images);
  const refused: { policies: string[]; message: string }[] = [];
  const flush = async (): Promise<void> => {
    const published = await input.publisher.publish(wishes);
    written += published.written;
    refused.push(...published.refused.map(refusal));
    [wishes, held] = [[], 0];
  };
  // One namespace after the other: the publisher reads what is there by namespace.
  for (const { target, policies } of [...asked.values()].toSorted(byNamespace)) {
    const wish = wishOf(input, { target, policies }, { found: await findings.of(target), data: said.data });
    if (!wish) continue;
    wishes.push(wish);
    held += wish.results.length;
    if (held > mostHeld) await flush();
  }
  await flush();
  return { written, ...(await withdraw(input, asked)), refused, lost: [...findings.lost], imageData: said };
}

const refusal = ({
  desired: { target, policies },
  message,
}: PublishResult['refused'][number]): ImagesPublished['refused'][number] & { policies: string[] } => ({
  policies: policies.map(({ name }) => name),
  message: `the report about the images of ${target.kind} ${target.namespace ?? ''}/${target.name} was refused: ${message}`,
});

/** What was found in images, read as it is needed and held as long as there is room. */
class KnownFindings {
  /** Images whose findings are kept no more, or cannot be read. */
  readonly lost = new Set<string>();
  readonly #input: ImagePublishInput;
  readonly #held = new Map<string, ImageFindings | undefined>();
  #size = 0;

  constructor(input: ImagePublishInput) {
    this.#input = input;
  }

  /** By what they are kept under, what was found in the images of a target. */
  async of({ containers, workload }: ImageTarget): Promise<ReadonlyMap<string, ImageFindings>> {
    const found = new Map<string, ImageFindings>();
    for (const { image } of containers) {
      const findings = image && (await this.#findingsOf(this.#keyOf(keyOf(image), workload)));
      if (findings) found.set(keyOf(image), findings);
    }
    return found;
  }

  /** What was found in every image that runs, one after the other. */
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
    if (this.#size > mostHeld) {
      this.#held.clear();
      this.#size = 0;
    }
    this.#held.set(key, findings);
    this.#size += (findings?.vulnerabilities.length ?? 0) + 1;
    return findings;
  }
}

/** A workload with the policies that ask about its images. */
interface Asked {
  readonly target: ImageTarget;
  readonly policies: SecurityPolicy[];
}

/** By the key of the report. */
function askedOf({ policies }: ImagePublishInput): Map<string, Asked> {
  const asked = new Map<string, Asked>();
  for (const { policy, targets } of policies) {
    for (const target of targets) {
      const key = placeOf(target.workload);
      const known = asked.get(key) ?? { target, policies: [] };
      known.policies.push(policy);
      asked.set(key, known);
    }
  }
  return asked;
}

function byNamespace({ target: a }: Asked, { target: b }: Asked): number {
  const [one, other] = [a.workload.namespace ?? '', b.workload.namespace ?? ''];
  return one < other ? -1 : Number(one > other);
}

/** The report about a workload's images; none while nothing is known. */
function wishOf(
  { ledger, access, database, now }: ImagePublishInput,
  { target, policies }: Asked,
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
  const stays = pending.size > 0 ? { stays: carriedOverResults(pending) } : {};
  return { source: IMAGES_SOURCE, target: target.workload, policies: evaluated, results: all, seconds: Math.floor(now / 1000), ...stays };
}

/** What a policy has evaluated. The catalogue plays no part in what is found in images: its generation is all that it is judged by. */
function evaluatedBy({ metadata, spec, status }: SecurityPolicy, passes: number): DesiredReport['policies'][number] {
  const { name, generation = 0 } = metadata;
  const { passing, ownerLabels = [] } = spec.reporting ?? {};
  const evaluated = { name, revision: String(generation), passes, listPasses: passing === 'List', ownerLabels };
  const since = sinceWhen(generation, status?.images);
  return since === undefined ? evaluated : { ...evaluated, evaluatedSince: since };
}

/** Since when a generation has looked into all images, in seconds since the epoch; undefined if it never has. */
function sinceWhen(generation: number, images: ImagesStatus | undefined): number | undefined {
  const since = Date.parse(images?.evaluatedSince ?? '');
  return images?.evaluatedGeneration !== generation || Number.isNaN(since) ? undefined : since / 1000;
}

/** Where the report about a workload's images lies. */
const placeOf = (workload: ImageTarget['workload']): string =>
  reportKey(reportLocation(workload).namespace, reportName(IMAGES_SOURCE, workload));

/** Where it lies beside another's report. */
const otherPlaceOf = (workload: ImageTarget['workload']): string =>
  reportKey(reportLocation(workload).namespace, alternativeReportName(IMAGES_SOURCE, workload));

/** What a report counts; what somebody has edited is right again with the next write. */
const ledgerOf = (report: KubeObject): PolicyLedger => countedIn(report) ?? readLedger(report.metadata.annotations?.[ANNOTATIONS.policies]);

/** Takes a policy out of the reports of workloads that it does not look at any more, or not for their images; adds up what stays. */
async function withdraw(
  { client, publisher }: ImagePublishInput,
  asked: ReadonlyMap<string, Asked>,
): Promise<Pick<ImagesPublished, 'withdrawn' | 'totals'>> {
  const labelSelector = reportSelector(IMAGES_SOURCE);
  const others = new Map([...asked.values()].map((each) => [otherPlaceOf(each.target.workload), each]));
  const totals = new Map<string, PolicyTotals>();
  let withdrawn = 0;
  for await (const { items } of listPages(client, RESOURCES.reports, { labelSelector, metadataOnly: true })) {
    for (const { metadata } of items) {
      const key = reportKey(metadata.namespace, metadata.name);
      const wanted = new Set((asked.get(key) ?? others.get(key))?.policies.map((policy) => policy.metadata.name));
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
