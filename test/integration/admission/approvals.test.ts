import { expect } from 'chai';
import pino from 'pino';
import { RESOURCES } from '../../../operator/api/api-resource.ts';
import type { ImageApproval } from '../../../operator/api/kinds/image-approval.ts';
import type { KubeObject } from '../../../operator/api/metadata.ts';
import { Approvals } from '../../../operator/approvals/approvals.ts';
import { ApprovalStore } from '../../../operator/approvals/approval-store.ts';
import { Reflector } from '../../../operator/kube/watch/reflector.ts';
import { kubectl, uniqueName } from '../cluster-access.ts';
import { EnforcementBench, eventually } from './enforcement-bench.ts';

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const deployments = { group: 'apps', version: 'v1', resource: 'deployments', kind: 'Deployment', namespaced: true };

describe('approved images at admission', function () {
  this.timeout(180_000);
  const bench = new EnforcementBench();
  const namespace = uniqueName('approvals');
  const repository = `registry.example.com/${namespace}/web`;
  let ahead = 0;
  let ended = 0;
  const clock = (): number => Date.now() + ahead;
  const watch: Reflector<ImageApproval> = new Reflector<ImageApproval>(bench.client, RESOURCES.imageApprovals, {
    onChange: (type, approval) => {
      store.invalidate();
      bench.approvals = store.inForce(clock());
      approvals.controller.changed(RESOURCES.imageApprovals, approval, type);
      bench.enqueue(namespace);
    },
  });
  const store = new ApprovalStore({ approvals: watch, isComplete: () => true });
  const approvals: Approvals = new Approvals({
    client: bench.client,
    log: pino({ level: 'silent' }),
    observe: undefined,
    metrics: { statusRefusals: { inc: () => undefined } },
    store,
    events: { record: () => undefined },
    clock,
    onEnded: () => {
      ended += 1;
    },
  });

  before(async () => {
    EnforcementBench.install();
    kubectl(['create', 'namespace', namespace]);
    watch.start();
    await watch.whenSynced(AbortSignal.timeout(10_000));
    approvals.controller.start();
    await bench.start();
    await bench.apply(namespace, {
      images: { approval: { required: true } },
      enforcement: [{ actions: ['Deny'], namespaces: { include: [namespace] } }],
    });
  });

  after(async () => {
    await bench.stop();
    await approvals.controller.stop();
    await watch.stop();
    kubectl(['delete', 'securitypolicy', namespace, '--ignore-not-found']);
    kubectl(['delete', 'imageapproval', '--all']);
    kubectl(['delete', 'namespace', namespace, '--wait=false']);
  });

  const deployment = (image: string, name = 'web'): KubeObject => {
    const labels = { app: name };
    const template = { metadata: { labels }, spec: { containers: [{ name: 'app', image }] } };
    return { metadata: { name, namespace }, spec: { selector: { matchLabels: labels }, template } } as KubeObject;
  };
  const create = (image: string) => bench.send('POST', deployments, deployment(image));
  const approve = (name: string, images: readonly object[], more: object = {}): void => {
    const spec = { images, reference: 'https://git.example.com/1', ...more };
    kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'vigil.dev/v1alpha1', kind: 'ImageApproval', metadata: { name }, spec }));
  };
  const admitted = (image: string, isAdmitted: boolean) =>
    eventually(`${image} is ${isAdmitted ? 'admitted' : 'refused'}`, async () =>
      (await create(image)).status < 300 === isAdmitted ? true : undefined,
    );

  it('refuses an image without approval, with all containers in one message', async () => {
    await admitted(`${repository}:1`, false);
    const { status, message } = await create(`${repository}:1`);
    expect(status).to.equal(403);
    expect(message).to.contain(
      `Deployment web breaks SecurityPolicy/${namespace}: image-approved (container app: ${repository}:1 is not pinned to a digest)`,
    );
  });

  it('admits an image after its approval is applied, and refuses it after the approval is deleted', async () => {
    const image = `${repository}:1@${digest('a')}`;
    await admitted(image, false);
    approve('web', [{ repository, digest: digest('a') }]);
    await admitted(image, true);
    expect((await create(`${repository}@${digest('b')}`)).status).to.equal(403);
    kubectl(['wait', '--for=condition=Active', '--timeout=20s', 'imageapproval/web']);
    kubectl(['delete', 'imageapproval', 'web']);
    await admitted(image, false);
  });

  it('reports a mistake in an approval, and approves its other entries', async () => {
    approve('wrong', [
      { repository: `${repository}:1`, digest: digest('c') },
      { repository, digest: digest('c') },
    ]);
    await admitted(`${repository}@${digest('c')}`, true);
    kubectl(['wait', '--for=condition=Ready=False', '--timeout=20s', 'imageapproval/wrong']);
    const row = kubectl(['get', 'imgappr', 'wrong', '-o', 'wide']);
    expect(row).to.match(/NAME\s+READY\s+ACTIVE\s+RUNNING\s+EXPIRES\s+REVIEWED BY\s+REFERENCE/);
    expect(row).to.match(/wrong\s+False\s+True/);
  });

  it('keeps an image that runs already, and refuses another one in its place', async () => {
    approve('first', [{ repository, digest: digest('d') }]);
    const old = deployment(`${repository}@${digest('d')}`, 'kept');
    await admitted(`${repository}@${digest('d')}`, true);
    expect((await bench.send('POST', deployments, old, { persist: true })).status).to.equal(201);
    kubectl(['delete', 'imageapproval', 'first']);
    await admitted(`${repository}@${digest('d')}`, false);
    const patch = (body: object) => bench.send('PATCH', deployments, old, { body });
    expect((await patch({ spec: { replicas: 3 }, metadata: { labels: { team: 'shop' } } })).status).to.equal(200);
    const another = { spec: { template: { spec: { containers: [{ name: 'app', image: `${repository}@${digest('e')}` }] } } } };
    expect((await patch(another)).message).to.contain('is not approved');
  });

  it('refuses an image from the second on at which its approval ends', async () => {
    const end = new Date(Math.ceil(Date.now() / 1000) * 1000 + 3_600_000).toISOString().replace('.000Z', 'Z');
    approve('ending', [{ repository, digest: digest('f') }], { expiresAt: end });
    await admitted(`${repository}@${digest('f')}`, true);
    await eventually('the status is written', () => store.get('ending')?.status?.conditions);
    ahead = Date.parse(end) - Date.now();
    bench.approvals = store.inForce(clock());
    bench.enqueue(namespace);
    approvals.controller.queue.add('ending');
    await admitted(`${repository}@${digest('f')}`, false);
    kubectl(['wait', '--for=condition=Active=False', '--timeout=20s', 'imageapproval/ending']);
    expect(ended).to.be.at.least(1);
    ahead = 0;
  });

  it('has room for 15,000 digests, and still admits within the limits of the API server', async () => {
    const hex = (index: number): string => `sha256:${index.toString(16).padStart(64, '0')}`;
    const many = Array.from({ length: 15_000 }, (_, index) => hex(index));
    bench.approvals = { images: new Map([[repository, many]]), until: Infinity };
    bench.enqueue(namespace);
    await admitted(`${repository}@${hex(14_999)}`, true);
    expect((await create(`${repository}@${hex(15_000)}`)).status).to.equal(403);
    // The status is written after the parameters.
    const enforcement = await eventually('the status counts them', async () => {
      const { status } = await bench.enforced(namespace);
      return status?.enforcement?.approvedDigests === 15_000 ? status.enforcement : undefined;
    });
    expect(enforcement).to.include({ inForce: 1 });
    expect(enforcement.reason).to.equal(undefined);
  });
});
