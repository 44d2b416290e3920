import { expect } from 'chai';
import type { ImagesStatus } from '../../../operator/api/kinds/policy-status.ts';
import type { SecurityPolicy } from '../../../operator/api/kinds/security-policy.ts';
import type { ImageFindings } from '../../../operator/images/matching/image-finding.ts';
import type { ImageLedger } from '../../../operator/images/ledger/image-ledger.ts';
import { ImageTargets } from '../../../operator/images/targets/image-targets.ts';
import { VexIndex } from '../../../operator/images/statements/vex.ts';
import type { DesiredReport } from '../../../operator/reports/publishing/report-publisher.ts';
import { publishImages, type ImagePublishInput } from '../../../operator/images/results/image-publish.ts';
import { changeWithin, readHistory } from '../../../operator/reports/building/change-history.ts';
import { buildReport, comparedPolicies } from '../../../operator/reports/building/report-builder.ts';
import { newFailures } from '../../../operator/reports/building/report-change.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const at = (minute: number): string => `2026-01-01T10:${String(minute).padStart(2, '0')}:00Z`;
const now = Date.parse(at(40));
const findings: ImageFindings = {
  vulnerabilities: [{ id: 'CVE-1', package: 'curl', installed: '1', severity: 'high' }],
  secrets: [],
};
/** An image that is not scanned yet. */
const next = `sha256:${'b'.repeat(64)}`;
const ledger: ImageLedger = {
  [next]: { seen: 0, waiting: 'its Job is pending' },
  [digest]: { seen: 0, findings: { configMaps: [], database: 'db', databaseBuilt: '', at: 0 } },
};
const policyWith = (images: Partial<ImagesStatus> | undefined): SecurityPolicy =>
  ({
    metadata: { name: 'p', uid: 'u', generation: 2 },
    spec: { images: { vulnerabilities: {} } },
    ...(images ? { status: { images: { evaluatedGeneration: 2, evaluatedSince: at(30), ...images } } } : {}),
  }) as unknown as SecurityPolicy;

/** A workload created at the given minute, and the pod that runs an image of it. */
function targetsMadeAt(minute: number, image: string): ReturnType<ImageTargets['targets']> {
  const all = new ImageTargets();
  const metadata = { namespace: 'shop', name: 'web', uid: 'web', creationTimestamp: at(minute) };
  const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web', uid: 'web', controller: true }];
  const containers = [{ name: 'main', image: 'web:1' }];
  all.addWorkload({
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata,
    spec: { template: { spec: { containers } } },
  });
  all.addPod({
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name: 'web-0', uid: 'web-0', ownerReferences }, spec: { containers } },
    status: { phase: 'Running', containerStatuses: [{ name: 'main', image: 'web:1', imageID: `r/web@${image}` }] },
  });
  return all.targets();
}

/** Returns the desired report of a workload of this age that runs an image, for a policy with this image status. */
async function wanted(minute: number, images: Partial<ImagesStatus> | undefined, image = digest): Promise<DesiredReport> {
  const desiredReports: DesiredReport[] = [];
  await publishImages({
    client: { call: () => Promise.resolve({ metadata: {}, items: [] }) },
    publisher: { publish: (some: readonly DesiredReport[]) => Promise.resolve({ written: desiredReports.push(...some), refused: [] }) },
    store: { findings: () => Promise.resolve(findings) },
    reader: { read: () => Promise.resolve({ data: { vex: new VexIndex([]), exploitation: new Map(), problems: [] }, isNew: false }) },
    ledger,
    access: { home: 'vigil-system', users: new Map(), optedIn: new Set() },
    database: 'db',
    policies: [{ policy: policyWith(images), targets: targetsMadeAt(minute, image) }],
    now,
  } as unknown as ImagePublishInput);
  expect(desiredReports).to.have.length(1);
  return desiredReports[0]!;
}

describe('a failure of a workload because of its image', () => {
  const news = async (minute: number, images: Partial<ImagesStatus> | undefined): Promise<readonly [number, number]> => {
    const desired = await wanted(minute, images);
    const report = buildReport({ ...desired, existing: undefined });
    const history = readHistory(report?.metadata.annotations?.['vigil.dev/changes']);
    const counted = changeWithin(history, 'p', { from: 0, until: now });
    return [newFailures(undefined, report, comparedPolicies(desired)).length, counted.new.high];
  };

  it('is new if the workload was created after all images in scope were scanned', async () => {
    expect(await news(35, {})).to.deep.equal([1, 1]);
  });

  it('is not new if the workload existed before, or if this generation of the policy has not scanned all images yet', async () => {
    expect(await news(25, {})).to.deep.equal([0, 0]);
    expect(await news(35, { evaluatedGeneration: 1 })).to.deep.equal([0, 0]);
    expect(await news(35, { evaluatedSince: undefined })).to.deep.equal([0, 0]);
    expect(await news(35, undefined)).to.deep.equal([0, 0]);
  });
});

describe('the report of a workload whose image changes', () => {
  it('keeps the previous findings until the new image is scanned', async () => {
    const before = buildReport({ ...(await wanted(25, {})), existing: undefined });
    const after = buildReport({ ...(await wanted(25, {}, next)), existing: before });
    const results = after?.results?.map(({ rule, result }) => `${rule ?? ''} ${result ?? ''}`);
    expect(results?.toSorted()).to.deep.equal(['CVE-1 fail', 'image-scan warn']);
  });
});
