import { expect } from 'chai';
import type { SecurityPolicySpec } from '../../../operator/api/kinds/security-policy.ts';
import { imageKeys } from '../../../operator/images/jobs/image-access.ts';
import { imageJobOutcome } from '../../../operator/images/jobs/image-job-outcome.ts';
import { isPull, scannerOf } from '../../../operator/images/jobs/image-job-state.ts';
import { withFailure, type ImageEntry } from '../../../operator/images/ledger/image-ledger.ts';
import { withPullModes } from '../../../operator/images/targets/image-modes.ts';
import { planImages } from '../../../operator/images/image-plan.ts';
import { withRefusal } from '../../../operator/images/jobs/image-jobs.ts';
import type { JobPod } from '../../../operator/jobs/job-pod.ts';
import type { ImageTarget } from '../../../operator/images/targets/image-targets.ts';
import { inventoryJob } from '../../../operator/images/jobs/inventory-job.ts';
import { matchingJob } from '../../../operator/images/jobs/matching-job.ts';

type Mode = NonNullable<SecurityPolicySpec['images']>['mode'];
const settings = { namespace: 'v', image: 'v', imagePullPolicy: 'Never', imagePullSecrets: [], scanner: 't' } as const;
const image = { digest: 'd', reference: 'r/web@d', platform: 'linux/arm64' };
const key = 'd+linux/arm64';
const target: ImageTarget = {
  workload: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
  containers: [{ container: 'main', reference: 'web:1', image }],
};

interface PodSpec {
  readonly initContainers: readonly {
    readonly name: string;
    readonly args: readonly string[];
    readonly volumeMounts: readonly unknown[];
    readonly securityContext: { readonly runAsUser?: number };
  }[];
  readonly containers: readonly { readonly args: readonly string[] }[];
  readonly volumes: readonly object[];
  readonly [field: string]: unknown;
}
/** Returns the pod template of a Job as it is sent to the API server. */
const podOf = (job: ReturnType<typeof inventoryJob>): PodSpec =>
  (JSON.parse(JSON.stringify(job)) as { spec: { template: { spec: PodSpec } } }).spec.template.spec;

describe('an image with mode Pull', () => {
  const job = inventoryJob(settings, { image, node: 'n', pull: true });

  it('is pulled by digest and platform into a bounded emptyDir, as a user who is not root, on any Linux node', () => {
    const pod = podOf(job);
    expect(pod.initContainers[1]?.args.slice(0, 1)).to.deep.equal(['image']);
    expect(pod.initContainers[1]?.args.slice(-5)).to.deep.equal(['--image-src', 'remote', '--platform', 'linux/arm64', 'r/web@d']);
    expect(pod.containers[0]?.args).to.deep.equal(['normalize', '/vigil/work/report.json']);
    expect(pod.volumes).to.deep.equal([{ name: 'work', emptyDir: { sizeLimit: '1Gi' } }]);
    expect(pod).not.to.have.any.keys('hostUsers', 'affinity', 'serviceAccountName');
    expect(pod).to.deep.include({ automountServiceAccountToken: false, nodeSelector: { 'kubernetes.io/os': 'linux' } });
    expect(pod['securityContext']).to.deep.equal({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    // The scanner's image declares no user but root.
    expect(pod.initContainers.map(({ securityContext }) => securityContext.runAsUser)).to.deep.equal([undefined, 65_532]);
  });

  it("is matched without image volumes if the database is in a repository: the scanner's image copies the program", () => {
    const input = { images: [key], configMaps: ['c'], pull: true };
    const pod = podOf(matchingJob(settings, { ...input, database: { repository: 'r/db:2' } }));
    expect(pod.volumes.map((volume) => Object.keys(volume))).to.deep.equal([
      ['name', 'projected'],
      ['name', 'emptyDir'],
    ]);
    expect(pod.initContainers).to.have.length(1);
    expect(pod.initContainers[0]).to.deep.include({ image: 't', command: ['cp', '/usr/local/bin/trivy', '/vigil/work/trivy'] });
    expect(pod.containers[0]?.args).to.deep.equal(['match', '--scanner=/vigil/work/trivy', '--repository=r/db:2']);
    expect(pod).not.to.have.any.keys('hostUsers');
    const withImage = podOf(matchingJob(settings, { ...input, database: { image: 'd:1' } }));
    expect(withImage.volumes.filter((volume) => 'image' in volume)).to.have.length(2);
    expect(scannerOf(matchingJob(settings, { ...input, database: { repository: 'r/db:2' } }))).to.equal('t');
  });

  it('is suggested in the failure if the API server does not support image volumes', () => {
    const reason = 'Job.batch "x" is invalid: spec.template.spec.volumes[0]: Required value: must specify a volume type';
    const textOf = (text: string): string | undefined =>
      withRefusal({}, inventoryJob(settings, { image }), { reason: text, at: 0 })[key]?.failure?.reason;
    expect(textOf(reason)).to.match(
      /^the Job was refused: .*; the cluster does not support image volumes: use images\.mode Pull, .*--database-repository/,
    );
    expect(textOf('exceeded quota')).to.equal('the Job was refused: exceeded quota');
  });

  it('is recognized by its Job', () => {
    expect([isPull(job), isPull(inventoryJob(settings, { image }))]).to.deep.equal([true, false]);
  });

  for (const [what, modes, pull] of [
    ['is pulled if all policies have mode Pull', ['Pull', 'Pull'], true],
    ['is mounted if one policy has no mode', ['Pull', undefined], undefined],
    ['is mounted if one policy has mode Mount', ['Mount', 'Pull'], undefined],
  ] as const) {
    it(what, () => {
      const requests = modes.map((mode: Mode) => ({ images: mode === undefined ? {} : { mode }, targets: [target] }));
      const found = withPullModes(new Map([[key, { image, references: [], nodes: ['n'] }]]), [...requests, { images: {}, targets: [] }]);
      expect(found.get(key)?.pull).to.equal(pull);
      expect(found.get(key)?.nodes).to.deep.equal(pull ? [] : ['n']);
    });
  }

  const failed = (of: typeof job, message: string): unknown => {
    const initContainerStatuses = [{ name: 'trivy', state: { terminated: { exitCode: 1, message } } }];
    const pod: JobPod = { metadata: { name: 'p' }, status: { phase: 'Failed', initContainerStatuses } };
    const ended = { ...of, status: { conditions: [{ type: 'Failed', status: 'True' }] } };
    return imageJobOutcome(ended, { pods: [pod], events: [] }, () => 0);
  };
  const denied = 'remote error: GET http://r/v2/web/manifests/d: UNAUTHORIZED: authentication required';
  const hint = '; images.mode Pull uses no credentials: use images.mode Mount for this image, so that nodes mount it with pull secrets';
  for (const [what, of, message, reason] of [
    ['suggests mode Mount in the failure if the registry requires credentials', job, denied, `trivy exited with code 1: ${denied}${hint}`],
    [
      'suggests no mode if it fails for another reason',
      job,
      'NAME_UNKNOWN: Unknown name',
      'trivy exited with code 1: NAME_UNKNOWN: Unknown name',
    ],
    ['suggests no mode if the image is mounted', inventoryJob(settings, { image }), denied, `trivy exited with code 1: ${denied}`],
  ] as const) {
    it(what, () => expect(failed(of, message)).to.deep.equal({ kind: 'failed', class: 'Crashed', reason }));
  }

  const plan = (entry: ImageEntry, pulled: boolean): readonly string[] =>
    planImages({
      ...{
        ledger: { [key]: entry },
        wanted: new Map([[key, { pull: pulled, references: [], nodes: [] }]]),
        unavailable: new Set(),
        matchRunning: false,
        runningInventories: 0,
        inputs: { scanner: 't' },
        matchAge: 1e9,
        now: 1,
      },
      ...{ busyNodes: [], capacity: 1, perNode: 1 },
    }).inventories.map((each) => each.key);
  it('is retried at once in the other mode after a failure in one mode', () => {
    const pulled = withFailure({ seen: 0 }, { step: 'inventory', reason: 'x', at: 1, pull: true });
    const mounted = withFailure({ seen: 0 }, { step: 'inventory', reason: 'x', at: 1 });
    expect([plan(pulled, true), plan(pulled, false), plan(mounted, false), plan(mounted, true)]).to.deep.equal([[], [key], [], [key]]);
  });

  const access = {
    home: 'v',
    users: new Map([[key, new Map([['shop', { pullSecrets: ['registry'], references: [] }]])]]),
    optedIn: new Set(['shop']),
  };
  const kept = { configMaps: ['c'], at: 0 };
  const refused: ImageEntry = { seen: 0, failure: { step: 'inventory', reason: 'no', at: 0, attempts: 1, denied: true } };
  const inShop = `${key}@shop`;
  for (const [what, ledger, place, places, barred] of [
    ['is not scanned with the pull secrets of a namespace', { [key]: refused }, { image }, [key], []],
    [
      'is matched in a namespace where it was scanned with pull secrets before',
      { [key]: refused, [inShop]: { seen: 0, inventory: kept } },
      { image },
      [key, inShop],
      [],
    ],
    [
      'gets no new inventory with the pull secrets of a namespace',
      { [key]: refused, [inShop]: { seen: 0 } },
      { image },
      [key, inShop],
      [inShop],
    ],
    ['is not tried without a registry digest', {}, { image: { ...image, reference: 'web:1' } }, [key], [key]],
    [
      'is matched without a registry digest if it has an inventory',
      { [key]: { seen: 0, inventory: kept } },
      { image: { ...image, reference: 'web:1' } },
      [key],
      [],
    ],
  ] as const) {
    it(what, () => {
      const keys = imageKeys(ledger, new Map([[key, { ...place, references: [], nodes: [], pull: true }]]), access);
      expect([[...keys.places.keys()], [...keys.blocked]]).to.deep.equal([places, barred]);
    });
  }
});
