import { expect } from 'chai';
import { approvalStatus, nextStatusChange } from '../../operator/approvals/approval-status.ts';
import type { ImageApproval, ImageApprovalSpec, ImageApprovalStatus } from '../../operator/api/kinds/image-approval.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const end = '2027-02-28T00:00:00Z';
const day = 86_400_000;
const approval = (spec: Partial<ImageApprovalSpec> = {}, status?: ImageApprovalStatus): ImageApproval => ({
  metadata: { name: 'a', generation: 3 },
  spec: { images: [{ repository: 'nginx', digest }], reference: 'x', ...spec },
  ...(status ? { status } : {}),
});
const conditions = (input: Parameters<typeof approvalStatus>[0]): readonly string[] =>
  (approvalStatus(input).conditions ?? []).map(({ type, status, reason, message }) => `${type}=${status} ${reason} ${message}`.trim());

describe('the status of an ImageApproval', () => {
  const now = Date.parse(end);

  it('is in force without an end', () => {
    expect(conditions({ approval: approval(), running: undefined, now })).to.deep.equal([
      'Ready=True Accepted the approval is valid',
      'Reconciling=False Accepted',
      'Stalled=False Accepted',
      'Active=True InForce the approval is in force',
    ]);
    expect(nextStatusChange({ approval: approval(), now })).to.equal(undefined);
  });

  const times: readonly (readonly [before: number, reason: string, next: number | undefined])[] = [
    [8 * day, 'True InForce', day],
    [7 * day, 'True EndsWithin7Days', 6 * day],
    [day, 'True EndsWithinADay', day],
    [1, 'True EndsWithinADay', 1],
    [0, 'False Expired', undefined],
  ];
  for (const [before, reason, next] of times)
    it(`is ${reason} ${before} ms before its end`, () => {
      const ending = { approval: approval({ expiresAt: end }), running: undefined, now: now - before };
      expect(conditions(ending).at(-1)).to.match(new RegExp(`^Active=${reason} `));
      expect(nextStatusChange(ending)).to.equal(next);
    });

  it('names each entry with a mistake, and is in force with the others', () => {
    const images = [
      { repository: 'nginx:1', digest },
      { repository: 'nginx', digest },
    ];
    const found = conditions({ approval: approval({ images }), running: undefined, now });
    expect(found[0]).to.contain("Ready=False Invalid spec.images[0].repository: 'nginx:1' has a tag");
    expect(found.at(-1)).to.equal('Active=True InForce the approval is in force; 1 of 2 images are not approved: see condition Ready');
    expect(conditions({ approval: approval({ images: images.slice(0, 1) }), running: undefined, now }).at(-1)).to.contain(
      'Active=False Invalid',
    );
  });

  it('keeps the running workloads until pods were read, and the first time of each', () => {
    const status = { running: 1, workloads: [{ name: 'shop/Deployment/web', since: '2026-01-01T00:00:00Z' }] };
    expect(approvalStatus({ approval: approval({}, status), running: undefined, now })).to.include({ running: 1 });
    const running = new Map([
      ['shop/Deployment/web', now],
      ['shop/CronJob/cart', now],
    ]);
    expect(approvalStatus({ approval: approval({}, status), running, now })).to.deep.include({
      running: 2,
      workloads: [
        { name: 'shop/CronJob/cart', since: end },
        { name: 'shop/Deployment/web', since: '2026-01-01T00:00:00Z' },
      ],
    });
  });

  it('tells its end, and until when its conditions were the same', () => {
    const at = now - 8 * day;
    expect(conditions({ approval: approval({ expiresAt: end }), running: undefined, now: at }).at(-1)).to.equal(
      `Active=True InForce the approval is in force, until ${end}`,
    );
    expect(conditions({ approval: approval({ expiresAt: end }), running: undefined, now }).at(-1)).to.equal(
      `Active=False Expired the approval ended at ${end}: its images are not approved any more`,
    );
    const status = approvalStatus({ approval: approval({ expiresAt: end }), running: undefined, now });
    expect([status.observedGeneration, status.running, status.workloads]).to.deep.equal([3, undefined, undefined]);
    expect(status.conditions?.map(({ lastTransitionTime, observedGeneration }) => [lastTransitionTime, observedGeneration])).to.deep.equal(
      status.conditions?.map(() => [end, 3]),
    );
  });

  it('lists 20 workloads by name, and counts all', () => {
    const names = Array.from({ length: 21 }, (_, index) => `shop/Deployment/w${10 + index}`);
    for (const order of [names, names.toReversed()]) {
      const { running, workloads } = approvalStatus({ approval: approval(), running: new Map(order.map((name) => [name, now])), now });
      expect([running, workloads?.map(({ name }) => name)]).to.deep.equal([21, names.slice(0, 20)]);
    }
  });
});
