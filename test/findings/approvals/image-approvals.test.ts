import { expect } from 'chai';
import { ApprovedImages, inspectApproval, unapproved } from '../../../operator/findings/approvals/image-approvals.ts';
import type { ImageApprovalSpec } from '../../../operator/api/kinds/image-approval.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const approval = (repository: string, more: Partial<ImageApprovalSpec> = {}, of = digest, name = 'a') => ({
  metadata: { name },
  spec: { images: [{ repository, digest: of }], reference: 'https://git.example.com/1', ...more },
});
const at = (time: string): number => Date.parse(time);

describe('the problems of an ImageApproval', () => {
  const wrong: readonly (readonly [repository: string, digest: string, problem: string | undefined])[] = [
    ['registry.example.com/shop/web', digest, undefined],
    ['localhost:5000/web', digest, undefined],
    ['nginx', digest, undefined],
    ['a__b/c-d.e', digest, undefined],
    ['registry.example.com/shop/web:1.2', digest, "spec.images[0].repository: 'registry.example.com/shop/web:1.2' has a tag"],
    [`nginx@${digest}`, digest, 'has a digest: write it in the field digest'],
    ['https://registry.example.com/web', digest, 'has a scheme'],
    ['registry.example.com/Shop/web', digest, 'is not a repository such as'],
    ['registry.example.com//web', digest, 'is not a repository such as'],
    ['', digest, 'is not a repository such as'],
    ['nginx', 'sha256:abc', "spec.images[0].digest: 'sha256:abc' is not sha256: and 64 hexadecimal digits"],
    ['nginx', digest.toUpperCase(), 'is not sha256:'],
    ['nginx', '1.27', 'is not sha256:'],
  ];
  for (const [repository, of, problem] of wrong)
    it(`${repository} ${of.slice(0, 20)}: ${problem ?? 'none'}`, () => {
      const { problems, images } = inspectApproval(approval(repository, {}, of));
      if (problem === undefined) expect(problems).to.deep.equal([]);
      else expect(problems.join()).to.contain(problem);
      expect(images).to.have.length(problem === undefined ? 1 : 0);
    });

  it('approves nothing if the end is no time with a zone', () => {
    const { problems, images } = inspectApproval(approval('nginx', { expiresAt: '2027-02-28' }));
    expect(problems).to.deep.equal(["spec.expiresAt: '2027-02-28' is not a time in RFC 3339, such as 2027-02-28T00:00:00Z"]);
    expect(images).to.deep.equal([]);
  });

  it('cuts long texts', () => {
    expect(inspectApproval(approval(`a b${'c'.repeat(500)}`)).problems[0]?.length).to.be.lessThan(350);
  });
});

describe('approved images', () => {
  const end = '2027-02-28T00:00:00Z';

  it('end with the millisecond of expiresAt', () => {
    const approved = new ApprovedImages([approval('nginx', { expiresAt: end })]);
    const image = `docker.io/library/nginx@${digest}`;
    expect(unapproved(image, approved, { now: at(end) - 1 })).to.equal(undefined);
    expect(unapproved(image, approved, { now: at(end) })).to.equal(
      `ImageApproval a for docker.io/library/nginx@${digest} ended at 2027-02-28T00:00:00Z`,
    );
    expect(approved.nextEnd(at(end) - 1)).to.equal(at(end));
    expect(approved.nextEnd(at(end))).to.equal(Number.POSITIVE_INFINITY);
    expect(approved.inForce(at(end) - 1)).to.deep.equal(new Map([['docker.io/library/nginx', [digest]]]));
    expect(approved.inForce(at(end))).to.deep.equal(new Map());
  });

  it('count until the last of several approvals ends', () => {
    const forever = approval('nginx', {}, digest, 'b');
    for (const list of [
      [approval('nginx', { expiresAt: end }), forever],
      [forever, approval('nginx', { expiresAt: end })],
    ])
      expect(new ApprovedImages(list).approvalOf('docker.io/library/nginx', digest)?.name).to.equal('b');
  });

  it('say how to pin an image', () => {
    const approved = new ApprovedImages([]);
    expect(unapproved('web:1', approved, { now: 0 })).to.equal("the image 'web:1' is not pinned to a digest: write web:1@sha256:DIGEST");
    expect(unapproved('web:1', approved, { now: 0, running: digest })).to.equal(
      `the image 'web:1' is not pinned to a digest: write web:1@${digest}, which runs now`,
    );
    expect(unapproved(`web@${digest}`, approved, { now: 0 })).to.equal(`no ImageApproval has web@${digest}`);
    expect(unapproved(`web@sha512:${'a'.repeat(128)}`, approved, { now: 0 })).to.contain('no ImageApproval has');
  });
});
