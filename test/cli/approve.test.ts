import { expect } from 'chai';
import { run as approve } from '../../operator/cli/approve.ts';
import { run as scan } from '../../operator/cli/scan.ts';
import { Folder, runCommand } from './command-fixture.ts';

const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;
const image = `registry.example.com/shop/web@${digest}`;
const reference = ['--reference', 'https://git.example.com/shop/web/pull/412'];

describe('vigil approve', () => {
  it('prints an ImageApproval', async () => {
    const args = [
      `registry.example.com/shop/web:1.2@${digest}`,
      ...reference,
      '--reviewed-by',
      'release-pipeline',
      '--until',
      '2099-02-28',
    ];
    const { code, out } = await runCommand(approve, args);
    expect(code).to.equal(0);
    expect(out).to.equal(`apiVersion: vigil.dev/v1alpha1
kind: ImageApproval
metadata:
  name: web-0123456789ab
spec:
  images:
    - repository: registry.example.com/shop/web
      digest: ${digest}
  reviewedBy: release-pipeline
  reference: https://git.example.com/shop/web/pull/412
  expiresAt: "2099-02-28T00:00:00Z"
`);
  });

  const wrong: readonly (readonly [title: string, args: readonly string[], error: string])[] = [
    ['no image', reference, 'name an image'],
    [
      'a tag',
      ['registry.example.com/web:1', ...reference],
      "'registry.example.com/web:1' has no digest: write registry.example.com/web:1@sha256:DIGEST",
    ],
    ['a short digest', ['web@sha256:abc', ...reference], "'sha256:abc' is not sha256: and 64 hexadecimal digits"],
    ['a scheme', [`https://${image}`, ...reference], 'has a scheme'],
    ['no reference', [image], '--reference is required'],
    ['an end in the past', [image, ...reference, '--until', '2020-01-01'], 'is in the past'],
    ['an unknown flag', [image, ...reference, '--until-then', 'x'], 'until-then'],
  ];
  for (const [title, args, text] of wrong)
    it(`refuses ${title}`, async () => {
      const { code, out, error } = await runCommand(approve, args);
      expect(code).to.equal(2);
      expect(out).to.equal('');
      expect(error).to.contain(text);
    });
});

describe('vigil scan with approvals', () => {
  const folder = new Folder();
  after(() => {
    folder.remove();
  });
  const pod = (reference: string, namespace = 'shop'): string =>
    `apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: ${namespace}}\nspec: {containers: [{name: app, image: "${reference}"}]}\n`;
  const approval = (repository: string, end = ''): string =>
    `---\napiVersion: vigil.dev/v1alpha1\nkind: ImageApproval\nmetadata: {name: web}\nspec:\n  reference: https://git.example.com/1\n${end}  images: [{repository: "${repository}", digest: "${digest}"}]\n`;
  const policy = folder.file(
    'policy.yaml',
    'apiVersion: vigil.dev/v1alpha1\nkind: SecurityPolicy\nmetadata: {name: reviewed}\nspec: {images: {approval: {required: true, severity: critical, namespaces: {include: [shop]}}}}\n',
  );
  const run = async (input: string) => {
    const { code, out, error } = await runCommand(scan, ['--policy', policy, '-o', 'json', '-'], input);
    const { results, errors } = JSON.parse(out) as {
      readonly results: readonly { verdict: string; severity: string; message: string; path?: string }[];
      readonly errors: readonly { message: string; source: { line: number } }[];
    };
    return { code, error, results, errors };
  };

  it('passes an image that an ImageApproval among the files approves', async () => {
    const { code, results, errors } = await run(pod(image) + approval('registry.example.com/shop/web'));
    expect({ code, results, errors }).to.deep.equal({ code: 0, results: [], errors: [] });
  });

  it('fails without approval, with the severity of the policy, and says how to pin an image', async () => {
    const { code, results } = await run(pod('registry.example.com/shop/web:1'));
    expect(code).to.equal(1);
    expect(results).to.have.length(1);
    expect(results[0]).to.include({
      verdict: 'fail',
      severity: 'critical',
      path: 'spec.containers[0].image',
      message:
        "container app: the image 'registry.example.com/shop/web:1' is not pinned to a digest: write registry.example.com/shop/web:1@sha256:DIGEST",
    });
  });

  it('evaluates only the namespaces of the approval', async () => {
    expect((await run(pod('registry.example.com/shop/web:1', 'other'))).results).to.deep.equal([]);
  });

  it('reports a mistake in an approval with its line, and approves nothing with it', async () => {
    const { code, results, errors } = await run(pod(image) + approval('registry.example.com/shop/web:1'));
    expect(code).to.equal(2);
    expect(results.map(({ verdict }) => verdict)).to.deep.equal(['fail']);
    expect(errors.map(({ message }) => message)).to.deep.equal([
      "ImageApproval/web: spec.images[0].repository: 'registry.example.com/shop/web:1' has a tag: remove it, since the digest identifies the image",
    ]);
    expect(errors[0]?.source.line).to.equal(11);
  });

  it('warns about an approval that has ended', async () => {
    const { code, results, error } = await run(
      pod(image) + approval('registry.example.com/shop/web', '  expiresAt: "2020-01-01T00:00:00Z"\n'),
    );
    expect(code).to.equal(1);
    expect(results[0]?.message).to.contain('ended at 2020-01-01T00:00:00Z');
    expect(error).to.contain('ImageApproval/web approves nothing: it ended at 2020-01-01T00:00:00Z');
  });
});
