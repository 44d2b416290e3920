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
    ['registry.example.com/', digest, 'is not a repository such as'],
    ['/web', digest, 'is not a repository such as'],
    ['registry.example.com/shop/-web', digest, 'is not a repository such as'],
    ['registry.example.com/shop/web-', digest, 'is not a repository such as'],
    ['-registry.example.com/web', digest, 'is not a repository such as'],
    ['registry.example.com-/web', digest, 'is not a repository such as'],
    ['registry.example.com:/web', digest, 'is not a repository such as'],
    ['registry.example.com:123456/web', digest, 'is not a repository such as'],
    ['registry.example.com:80a/web', digest, 'is not a repository such as'],
    ['registry.example.com:65535/web', digest, undefined],
    ['r/web', digest, undefined],
    ['r:80/web', digest, undefined],
    ['-:80/web', digest, 'is not a repository such as'],
    ['a_b/web', digest, undefined],
    ['Registry.example.com/web', digest, 'is not a repository such as'],
    ['shop web', digest, 'is not a repository such as'],
    ['shop/we b/api', digest, 'is not a repository such as'],
    ['shop/web/b@', digest, 'has a digest'],
    ['nginx:', digest, 'has a tag: remove it, since the digest identifies the image'],
    ['nginx', `${digest}a`, 'is not sha256:'],
    ['nginx', ` ${digest}`, 'is not sha256:'],
    ['nginx', digest.slice(0, -1), 'is not sha256:'],
    ['nginx', `${digest.slice(0, -1)}g`, 'is not sha256:'],
    ['nginx', `sha512:${'a'.repeat(64)}`, 'is not sha256:'],
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

  const ends: readonly (readonly [expiresAt: string, isTime: boolean])[] = [
    ['2027-02-28T00:00:00Z', true],
    ['2027-02-28T00:00:00.5Z', true],
    ['2027-02-28T00:00:00.123456Z', true],
    ['2027-02-28T00:00:00+02:00', true],
    ['2027-02-28T00:00:00-02:30', true],
    ['2027-02-28T00:00:00', false],
    ['2027-02-28T00:00Z', false],
    ['2027-02-28T00:00:00.Z', false],
    ['2027-02-28T00:00:00+0200', false],
    ['2027-13-28T00:00:00Z', false],
    ['2027-02-28T25:00:00Z', false],
    ['2027-02-28 00:00:00Z', false],
    [' 2027-02-28T00:00:00Z', false],
    ['2027-02-28T00:00:00Z.', false],
    ['02027-02-28T00:00:00Z', false],
    ['soon', false],
    ['', false],
  ];
  for (const [expiresAt, isTime] of ends)
    it(`${isTime ? 'none' : 'one'} with the end '${expiresAt}'`, () => {
      const { problems, images } = inspectApproval(approval('nginx', { expiresAt }));
      expect(problems).to.deep.equal(
        isTime ? [] : [`spec.expiresAt: '${expiresAt}' is not a time in RFC 3339, such as 2027-02-28T00:00:00Z`],
      );
      expect(images).to.have.length(isTime ? 1 : 0);
    });

  it('are those of each entry, and the other entries count', () => {
    const images = [
      { repository: 'nginx:1', digest: '1.27' },
      { repository: 'nginx', digest },
      { repository: 'http://web', digest },
    ];
    const inspected = inspectApproval(approval('unused', { images }));
    expect(inspected.problems).to.deep.equal([
      "spec.images[0].repository: 'nginx:1' has a tag: remove it, since the digest identifies the image",
      "spec.images[0].digest: '1.27' is not sha256: and 64 hexadecimal digits",
      "spec.images[2].repository: 'http://web' has a scheme: remove it, such as registry.example.com/shop/web",
    ]);
    expect(inspected.images).to.deep.equal([images[1]]);
    expect(inspectApproval(approval('unused', { images, expiresAt: 'soon' })).problems).to.deep.equal([
      "spec.expiresAt: 'soon' is not a time in RFC 3339, such as 2027-02-28T00:00:00Z",
      ...inspected.problems,
    ]);
  });

  it('repeat 200 characters of a text, and mark a longer one as cut', () => {
    const problemOf = (repository: string): string | undefined => inspectApproval(approval(repository)).problems[0];
    const whole = ` ${'c'.repeat(199)}`;
    const rest = 'is not a repository such as registry.example.com/shop/web';
    expect(problemOf(whole)).to.equal(`spec.images[0].repository: '${whole}' ${rest}`);
    expect(problemOf(`${whole}d`)).to.equal(`spec.images[0].repository: '${whole}…' ${rest}`);
    // A character of two units is not cut in half.
    expect(problemOf(`${whole.slice(1)} 😀`)).to.equal(`spec.images[0].repository: '${whole.slice(1)} …' ${rest}`);
    expect(problemOf(` ${whole.slice(2)}😀`)).to.contain('\uFFFD…');
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

  it('that end at the same time count by name', () => {
    for (const names of [
      ['a', 'b'],
      ['b', 'a'],
    ]) {
      const approved = new ApprovedImages(names.map((name) => approval('nginx', { expiresAt: end }, digest, name)));
      expect(approved.approvalOf('docker.io/library/nginx', digest)).to.deep.equal({ end: at(end), name: 'a' });
    }
  });

  it('are only those of the entries without a problem', () => {
    const images = [
      { repository: 'nginx:1', digest },
      { repository: 'web', digest },
    ];
    expect(new ApprovedImages([approval('unused', { images })]).inForce(0)).to.deep.equal(new Map([['docker.io/library/web', [digest]]]));
  });

  it('in force are sorted by repository and by digest, and leave out what has ended', () => {
    const digestOf = (letter: string): string => `sha256:${letter.repeat(64)}`;
    const earlier = '2027-01-01T00:00:00Z';
    const approved = new ApprovedImages([
      approval('web', {}, digestOf('c')),
      approval('web', {}, digestOf('a')),
      approval('web', { expiresAt: earlier }, digestOf('b')),
      approval('registry.example.com/a', { expiresAt: end }, digestOf('a')),
      approval('api', {}, digestOf('a')),
      approval('api', { expiresAt: end }, digestOf('b')),
    ]);
    const rows = (now: string): unknown => [...approved.inForce(at(now))];
    const web = ['docker.io/library/web', [digestOf('a'), digestOf('c')]];
    expect(rows(earlier)).to.deep.equal([
      ['docker.io/library/api', [digestOf('a'), digestOf('b')]],
      web,
      ['registry.example.com/a', [digestOf('a')]],
    ]);
    expect(rows(end)).to.deep.equal([['docker.io/library/api', [digestOf('a')]], web]);
    expect(['2026-12-31T00:00:00Z', earlier, end].map((now) => approved.nextEnd(at(now)))).to.deep.equal([
      at(earlier),
      at(end),
      Number.POSITIVE_INFINITY,
    ]);
  });

  it('are found under each name of a repository', () => {
    const approved = new ApprovedImages([approval('index.docker.io/nginx')]);
    for (const image of ['nginx', 'nginx:1.27', 'library/nginx', 'docker.io/nginx'])
      expect(unapproved(`${image}@${digest}`, approved, { now: 0 }), image).to.equal(undefined);
    expect(unapproved(`shop/nginx@${digest}`, approved, { now: 0 })).to.equal(`no ImageApproval has shop/nginx@${digest}`);
    expect(unapproved(`nginx:1.27@sha256:${'b'.repeat(64)}`, approved, { now: 0 })).to.equal(
      `no ImageApproval has nginx@sha256:${'b'.repeat(64)}`,
    );
    expect(approved.approvalOf('docker.io/library/nginx', digest)).to.deep.equal({ end: Number.POSITIVE_INFINITY, name: 'a' });
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
