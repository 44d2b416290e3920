import { expect } from 'chai';
import { mergePlacement, placementOf, preferNode, type Placement } from '../../../operator/jobs/template/placement.ts';
import { scanJob, type ScanJobInput } from '../../../operator/scans/attempts/scan-job.ts';
import { inventoryJob } from '../../../operator/images/jobs/inventory-job.ts';
import { matchingJob } from '../../../operator/images/jobs/matching-job.ts';

describe('the placement of the pods of Jobs', () => {
  const notReady = { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 };
  const tainted = { key: 'dedicated', operator: 'Equal', value: 'security', effect: 'NoSchedule' };
  const nodeAffinity = {
    requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'pool', operator: 'Exists' }] }] },
  };
  const own = {
    nodeSelector: { pool: 'security' },
    tolerations: [tainted, notReady, { ...notReady, key: 'node.kubernetes.io/unreachable' }],
    affinity: { nodeAffinity, podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [] } },
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: 'zone',
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: { a: 'b' } },
        matchLabelKeys: ['h'],
      },
    ],
    priorityClassName: 'high',
    containers: [],
  };
  const spread = {
    maxSkew: 1,
    topologyKey: 'zone',
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector: { matchLabels: { 'app.kubernetes.io/managed-by': 'vigil' } },
  };
  const placement: Placement = {
    nodeSelector: { pool: 'security' },
    tolerations: [tainted],
    affinity: { nodeAffinity },
    topologySpreadConstraints: [spread],
    priorityClassName: 'high',
  };
  const linux = { 'kubernetes.io/os': 'linux' };

  it('is that of the operator’s own pod, without its pod affinity', () => {
    expect(placementOf(own)).to.deep.equal(placement);
    expect(placementOf(undefined)).to.deep.equal({});
    expect(placementOf({ tolerations: [notReady], topologySpreadConstraints: [] })).to.deep.equal({});
  });

  it('is overridden by the schedule field by field', () => {
    expect(mergePlacement({}, placement)).to.deep.equal({ ...placement, nodeSelector: { pool: 'security', ...linux } });
    const given = { tolerations: [], nodeSelector: { pool: 'batch' }, priorityClassName: 'low' };
    expect(mergePlacement(given, placement)).to.deep.equal({ ...placement, ...given, nodeSelector: { pool: 'batch', ...linux } });
    const more = { affinity: {}, topologySpreadConstraints: [] };
    expect(mergePlacement(more, placement)).to.deep.include(more);
    expect(mergePlacement({}, {})).to.deep.equal({ nodeSelector: linux });
  });

  it('prefers a node in addition to the given affinity', () => {
    const preference = { weight: 100, preference: { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n'] }] } };
    expect(preferNode({}, 'n')).to.deep.equal({
      affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [preference] } },
    });
    const known = { nodeAffinity: { ...nodeAffinity, preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1 }] } };
    expect(preferNode({ affinity: known, priorityClassName: 'high' }, 'n')).to.deep.equal({
      priorityClassName: 'high',
      affinity: { nodeAffinity: { ...nodeAffinity, preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1 }, preference] } },
    });
    expect(preferNode(placement, undefined)).to.deep.equal(placement);
  });

  interface Pod extends Placement {
    readonly securityContext: Readonly<Record<string, unknown>>;
    readonly containers: readonly {
      readonly env?: readonly { readonly name: string; readonly value: string }[];
      readonly resources: unknown;
    }[];
  }
  const podOf = (job: unknown): Pod => (job as { spec: { template: { spec: Pod } } }).spec.template.spec;
  const placementIn = (job: unknown): Placement => {
    const { nodeSelector, tolerations, affinity, topologySpreadConstraints, priorityClassName } = podOf(job);
    return { nodeSelector, tolerations, affinity, topologySpreadConstraints, priorityClassName } as Placement;
  };
  const settings = { namespace: 'v', image: 'i', imagePullPolicy: 'IfNotPresent', imagePullSecrets: [], scanner: 't' } as const;
  const scanOf = (template: ScanJobInput['template'], memoryFactor = 1): unknown =>
    scanJob({
      ...settings,
      scan: { name: 's', uid: 'u' },
      attempt: 1,
      shards: 2,
      serviceAccount: 'vigil-scanner',
      configMaps: ['c'],
      template,
      placement,
      memoryFactor,
      deadlineFactor: 1,
    });
  const image = { digest: 'sha256:a', reference: 'r/a:1', platform: 'linux/arm64' };
  const placed = { ...placement, nodeSelector: { pool: 'security', ...linux } };

  it('is the same for scans, inventories and matching', () => {
    expect(placementIn(scanOf({}))).to.deep.equal(placed);
    const inventory = placementIn(inventoryJob({ ...settings, placement }, { image }));
    expect(inventory).to.deep.equal({ ...placed, nodeSelector: { ...placed.nodeSelector, 'kubernetes.io/arch': 'arm64' } });
    const matching = { database: { image: 'd:1' }, images: ['a'], configMaps: ['c'] };
    expect(placementIn(matchingJob({ ...settings, placement }, matching))).to.deep.equal(placed);
  });

  it('is left to the scheduler in other namespaces', () => {
    const away = inventoryJob(
      { ...settings, placement },
      { image: { digest: 'sha256:a', reference: 'r/a:1' }, scanIn: { namespace: 'shop', pullSecrets: [] } },
    );
    expect(Object.entries(placementIn(away)).filter(([, value]) => value !== undefined)).to.deep.equal([['nodeSelector', linux]]);
  });

  it('is taken from the schedule before the operator', () => {
    const job = {
      tolerations: [],
      affinity: { nodeAffinity: {} },
      topologySpreadConstraints: [],
      priorityClassName: 'low',
      nodeSelector: { a: 'b' },
    };
    expect(placementIn(scanOf({ job }))).to.deep.equal({ ...job, nodeSelector: { a: 'b', ...linux } });
  });

  it('sets no user: the image or the platform decides', () => {
    expect(podOf(scanOf({})).securityContext).to.deep.equal({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    expect(JSON.stringify(scanOf({}))).not.to.contain('65532');
  });

  it('sets the heap by the memory limit of the template, and more for another attempt', () => {
    const heap = (job: unknown): string | undefined =>
      /--max-old-space-size=\d+/.exec(podOf(job).containers[0]?.env?.[0]?.value ?? '')?.[0];
    const large = { job: { resources: { limits: { memory: '1Gi' } } } };
    expect(heap(scanOf({}))).to.equal('--max-old-space-size=110');
    expect(heap(scanOf(large))).to.equal('--max-old-space-size=768');
    expect(heap(scanOf(large, 2))).to.equal('--max-old-space-size=1536');
    expect(heap(scanOf({ job: { resources: { limits: {} } } }))).to.equal(undefined);
    expect(podOf(scanOf(large, 2)).containers[0]?.resources).to.deep.equal({
      requests: { cpu: '50m', memory: '128Mi' },
      limits: { memory: '2Gi' },
    });
  });

  it('creates a Job whose failed pods do not wait for replacements: a terminating namespace allows none', () => {
    const { spec } = scanOf({}) as { spec: Readonly<Record<string, unknown>> };
    expect(spec['backoffLimitPerIndex']).to.equal(0);
    const inventory = inventoryJob(settings, { image }) as unknown as { spec: Readonly<Record<string, unknown>> };
    expect(inventory.spec['backoffLimit']).to.equal(0);
  });
});
