import { expect } from 'chai';
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { run as scan } from '../../operator/cli/scan.ts';
import type { LocatedResult, VerdictCounts } from '../../operator/output/scan-result.ts';
import type { ManifestError } from '../../operator/manifests/manifest.ts';
import { Folder, runCommand } from './command-fixture.ts';

interface Document {
  readonly results: readonly LocatedResult[];
  readonly summary: VerdictCounts;
  readonly errors: readonly ManifestError[];
}
type Scanned = Document & { readonly code: number; readonly error: string };

async function scanned(args: readonly string[], input?: string): Promise<Scanned> {
  const { code, out, error } = await runCommand(scan, [...args, '-o', 'json'], input);
  const { results, summary, errors } = (out === '' ? { results: [], summary: {}, errors: [] } : JSON.parse(out)) as Document;
  return { code, error, results, summary, errors };
}
const verdicts = ({ results }: Document): string[] =>
  results.map(
    ({ check, verdict, resource: { kind, namespace, name } }) =>
      `${check} ${verdict} ${[kind, namespace, name].filter((part) => part !== undefined).join('/')}`,
  );

const pod = (name: string, spec: string, metadata = ''): string => `apiVersion: v1
kind: Pod
metadata: {name: ${name}, namespace: shop${metadata}}
spec: ${spec}
`;
const bad = pod('bad', '{hostPID: true}');
const good = pod('good', '{}');

describe('vigil scan', () => {
  const folder = new Folder();
  after(() => {
    folder.remove();
  });
  const goodFile = folder.file('good.yaml', good);

  describe('exit codes', () => {
    const rows: readonly [string, readonly string[], string, number][] = [
      ['no check fails', ['-', '--control', 'host-pid'], good, 0],
      ['a check fails', ['-', '--control', 'host-pid'], bad, 1],
      ['the failure has a lower severity than --fail-on', ['-', '--control', 'host-pid', '--fail-on', 'critical'], bad, 0],
      ['the failure has the severity of --fail-on', ['-', '--control', 'host-pid', '--fail-on', 'high'], bad, 1],
      ['a document cannot be read', ['-', '--control', 'host-pid'], `${bad}---\n[`, 2],
      ['a check cannot be evaluated', ['-', '--control', 'host-pid'], pod('odd', '{hostPID: "yes"}'), 2],
      ['the file does not exist', ['nowhere.yaml'], '', 2],
      ['the input has no manifest', ['-'], '# nothing\n', 2],
      ['a flag is unknown', ['-', '--colour'], good, 2],
      ['the severity is unknown', ['-', '--fail-on', 'hihg'], good, 2],
      ['the output format is unknown', ['-', '-o', 'jsn'], good, 2],
      ['a control is unknown', ['-', '--control', 'host-pidd'], good, 2],
      ['the version of a framework is unknown', ['-', '--framework', 'cis@1.7'], good, 2],
      ['a parameter has the wrong type', ['-', '--param', 'run-as-high-uid.minimum=many'], good, 2],
      ['a parameter is unknown', ['-', '--param', 'host-pid.minimum=1'], good, 2],
      ['there is no path', [], '', 2],
      ['--help is set', ['--help'], '', 0],
    ];
    for (const [title, args, input, expected] of rows) {
      it(`exits with ${expected} when ${title}`, async () => {
        expect((await runCommand(scan, args, input)).code).to.equal(expected);
      });
    }
  });

  it('warns about parts of a policy that evaluate nothing, without a change of the exit code', async () => {
    const rule = (name: string, group: string, more = ''): string =>
      `  - name: ${name}
    matchConstraints: {resourceRules: [{apiGroups: ${group}, apiVersions: [v1], operations: [CREATE], resources: [pods]}]${more}}
    validations: [{expression: 'true'}]
`;
    const path = folder.file(
      'silent.yaml',
      `apiVersion: vigil.dev/v1alpha1
kind: SecurityPolicy
metadata: {name: p}
spec:
  rules:
${rule('good', "['']")}${rule('selector', "['']", ', objectSelector: {matchLabels: {app: shpo}}')}${rule('group', "['', appz]")}${rule('other', '[example.org]')}${rule('update', "['']").replace('CREATE', 'UPDATE')}`,
    );
    const { code, error } = await scanned([goodFile, '--policy', path]);
    expect([code, error.split('\n')]).to.deep.equal([
      0,
      [
        "vigil scan: warning: SecurityPolicy/p: spec.rules[2].matchConstraints.resourceRules[0].apiGroups[1]: Kubernetes serves no resources in API group appz (did you mean 'apps'?)",
        'vigil scan: warning: SecurityPolicy/p: rule selector matches none of the objects of its kinds (see its objectSelector)',
        'vigil scan: warning: SecurityPolicy/p: rule update is about UPDATE only: a scan evaluates rules about CREATE',
        '',
      ],
    ]);
  });

  it('suggests a name when a name is unknown', async () => {
    expect((await scanned([goodFile, '--control', 'priviledged-container'])).errors[0]?.message).to.include(
      "did you mean 'privileged-container'?",
    );
    expect((await runCommand(scan, [goodFile, '--fail-on', 'hihg'])).error).to.include("did you mean 'high'?");
  });

  it('prints the object, the file, the document, the line and every path of a failure', async () => {
    const path = folder.file(
      'two.yaml',
      `${good}---\n# a comment\napiVersion: v1\nkind: Pod\nmetadata:\n  generateName: web-\nspec:\n  containers:\n  - name: a\n    securityContext:\n      privileged: true\n  - name: b\n    securityContext: {privileged: true}\n`,
    );
    const { results, summary } = await scanned([path, '--framework', 'pss-baseline@1.34', '--control', 'privileged-container']);
    expect(results).to.deep.equal([
      {
        verdict: 'fail',
        policy: null,
        check: 'privileged-container',
        severity: 'critical',
        category: 'Pod Security Standards, baseline',
        frameworks: ['pss-baseline@1.34'],
        resource: { apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'web-' },
        source: { file: path, document: 1, line: 15 },
        path: 'spec.containers[0].securityContext.privileged',
        paths: ['spec.containers[0].securityContext.privileged', 'spec.containers[1].securityContext.privileged'],
        message: 'containers a, b: securityContext.privileged is true',
        fix: 'Remove securityContext.privileged. Add only the capability that the program needs, if any.',
      },
    ]);
    expect(summary).to.deep.equal({ pass: 27, fail: 1, warn: 0, error: 0, skip: 0 });
  });

  describe('messages of failures', () => {
    const rows: readonly [control: string, spec: string, message: string][] = [
      ['host-network', '{hostNetwork: true}', 'hostNetwork is true'],
      ['privilege-escalation', '{containers: [{name: cart}]}', 'container cart: allowPrivilegeEscalation is not false'],
      [
        'security-context-missing',
        '{initContainers: [{name: init}], containers: [{name: cart}]}',
        'pod, containers init, cart: securityContext is not set',
      ],
      [
        'privilege-escalation',
        `{containers: [${['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => `{name: ${name}}`).join(', ')}]}`,
        'containers a, b, c, d, e and 2 more: allowPrivilegeEscalation is not false',
      ],
      [
        'host-path-volume',
        '{volumes: [{name: data, hostPath: {path: /data}}, {name: tmp, emptyDir: {}}]}',
        'volume data: hostPath volumes are not allowed',
      ],
      [
        'credential-in-env-var',
        '{containers: [{name: cart, env: [{name: DB_PASSWORD, value: S3cr3t-value-1}]}]}',
        'container cart: the value of an environment variable is a credential: DB_PASSWORD',
      ],
    ];
    for (const [control, spec, message] of rows) {
      it(`name the container, the volume and the field: ${message}`, async () => {
        const { results } = await scanned(['-', '--control', control], pod('web', spec));
        expect(results.map((result) => result.message)).to.deep.equal([message]);
      });
    }

    it('name other objects at the end', async () => {
      const service =
        'apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\nspec: {type: NodePort, selector: {app: web}}\n';
      const { results } = await scanned(
        ['-', '--control', 'workload-internet-exposed'],
        `${pod('web', '{containers: [{name: web}]}', ', labels: {app: web}')}---\n${service}`,
      );
      expect(results.map((result) => result.message)).to.deep.equal(['reachable from outside the cluster through: Service web']);
    });
  });

  it('scans the items of lists, and prints lines of JSON', async () => {
    const list = JSON.stringify(
      { apiVersion: 'v1', kind: 'PodList', items: [{ metadata: { name: 'a', namespace: 'shop' }, spec: { hostPID: true } }] },
      null,
      1,
    );
    const nested = JSON.stringify({
      apiVersion: 'v1',
      kind: 'List',
      items: [
        { apiVersion: 'v1', kind: 'List', items: [{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'b' }, spec: { hostPID: true } }] },
      ],
    });
    const document = await scanned([folder.file('list.json', list), folder.file('nested.json', nested), '--control', 'host-pid']);
    expect(verdicts(document)).to.deep.equal(['host-pid fail Pod/shop/a', 'host-pid fail Pod/default/b']);
    expect(document.results[0]?.source?.line).to.equal(11);
  });

  it('counts passes, and lists them with --passing', async () => {
    expect(verdicts(await scanned([goodFile, '--control', 'host-pid,host-ipc']))).to.deep.equal([]);
    expect((await scanned([goodFile, '--control', 'host-pid,host-ipc'])).summary.pass).to.equal(2);
    expect(verdicts(await scanned([goodFile, '--control', 'host-pid', '--passing']))).to.deep.equal(['host-pid pass Pod/shop/good']);
  });

  it('refuses policy files that hold no policy, and fields that a policy does not have', async () => {
    const other = folder.file('deployment.yaml', `---\n${good}`);
    const odd = folder.file(
      'odd.yaml',
      'apiVersion: vigil.dev/v1alpha1\nkind: SecurityPolicy\nmetadata: {name: odd}\nspec:\n  controls: []\n  control: [host-pid]\n',
    );
    const old = folder.file('old.yaml', 'apiVersion: example.com/v1\nkind: SecurityPolicy\nmetadata: {name: old}\nspec: {}\n');
    const { code, errors } = await scanned([goodFile, '--policy', other, '--policy', odd, '--policy', old]);
    expect(code).to.equal(2);
    const found = (kind: string): string => `expected a SecurityPolicy of vigil.dev/v1alpha1 or a ValidatingAdmissionPolicy, found ${kind}`;
    expect(errors.map(({ source, message }) => [source.file, message.split(': Unrecognized')[0]])).to.deep.equal([
      [other, found('Pod')],
      [odd, 'SecurityPolicy/odd: spec'],
      [old, found('SecurityPolicy')],
    ]);
  });

  it('reports the problems of ImageApprovals, and warns about those that have ended', async () => {
    const approvalOf = (name: string, spec: string): string =>
      `apiVersion: vigil.dev/v1alpha1\nkind: ImageApproval\nmetadata: {name: ${name}}\nspec: ${spec}\n`;
    const digest = `sha256:${'a'.repeat(64)}`;
    const image = `{repository: nginx, digest: '${digest}'}`;
    const scan = async (spec: string): Promise<Scanned> =>
      scanned(['-', '--control', 'host-pid'], `${good}---\n${approvalOf('web', spec)}`);
    const reference = "reference: 'https://git.example.com/1'";
    const ended = await scan(`{images: [${image}], ${reference}, expiresAt: '2026-01-01T00:00:00Z'}`);
    expect([ended.code, ended.error]).to.deep.equal([
      0,
      'vigil scan: warning: -:6: ImageApproval/web approves nothing: it ended at 2026-01-01T00:00:00Z\n',
    ]);
    const valid = await scan(`{images: [${image}], ${reference}, expiresAt: '2126-01-01T00:00:00Z'}`);
    expect([valid.code, valid.error, valid.errors]).to.deep.equal([0, '', []]);
    const tagged = await scan(`{images: [{repository: 'nginx:1', digest: '${digest}'}], ${reference}}`);
    expect(tagged.errors.map(({ message }) => message)).to.deep.equal([
      "ImageApproval/web: spec.images[0].repository: 'nginx:1' has a tag: remove it, since the digest identifies the image",
    ]);
    const unreadable = await scan(`{images: nginx, ${reference}}`);
    expect(unreadable.errors.map(({ message }) => message)).to.have.length(1);
    expect(unreadable.errors[0]?.message).to.match(/^ImageApproval\/web: spec\.images: /);
    expect(unreadable.errors[0]?.source.line).to.equal(9);
  });

  it('prints each form of output, and colours only on a terminal without NO_COLOR', async () => {
    const starts = {
      table: '-:\n|Pod',
      json: '{',
      yaml: '---\\napiVersion: wgpolicyk8s',
      sarif: '{',
      junit: '<\\?xml',
      github: '::(error|group)',
    };
    const outs = new Map<string, string>();
    for (const [form, start] of Object.entries(starts)) {
      const { code, out } = await runCommand(scan, ['-', '--control', 'host-pid', '-o', form], bad);
      outs.set(form, out);
      expect([form, code, new RegExp(`^(${start})`).test(out.trimStart()), out.includes('host-pid')]).to.deep.equal([form, 1, true, true]);
    }
    expect(new Set(outs.values()).size).to.equal(6);
    const coloured = async (terminal: boolean, environment: Readonly<Record<string, string>>): Promise<boolean> => {
      let out = '';
      const io = { error: () => undefined, input: () => Promise.resolve(new TextEncoder().encode(bad)), terminal, environment };
      await scan(['-', '--control', 'host-pid'], { ...io, out: (text) => void (out += text) });
      return out.includes('\u001B[');
    };
    expect(
      await Promise.all([coloured(true, {}), coloured(true, { NO_COLOR: '' }), coloured(true, { NO_COLOR: '1' }), coloured(false, {})]),
    ).to.deep.equal([true, true, false, false]);
  });

  it('evaluates all files as one cluster, in any order', async () => {
    const account = folder.file(
      'account.yaml',
      'apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: app, namespace: shop}\nautomountServiceAccountToken: false\n',
    );
    const user = folder.file('user.yaml', pod('user', '{serviceAccountName: app}'));
    const control = ['--control', 'automount-service-account-token'];
    expect((await scanned([user, account, ...control])).code).to.equal(0);
    expect((await scanned([account, user, ...control])).code).to.equal(0);
    expect((await scanned([user, ...control])).code).to.equal(1);
  });

  it('counts objects whose name is a number as neighbours, and has no results about them', async () => {
    const labelled = (name: string): string =>
      `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: ${name}, namespace: shop}\nspec: {selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}}, spec: {containers: [{name: a}]}}}\n`;
    const service = (name: string): string =>
      `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}, namespace: shop}\nspec: {selector: {app: a}}\n`;
    const found = await scanned(
      ['-', '--control', 'service-dangling-selector'],
      `${labelled('5')}---\n${service('web')}---\n${service('6')}`,
    );
    expect([verdicts(found), found.summary.pass, found.errors.length]).to.deep.equal([[], 1, 2]);
  });

  it('uses --namespace for objects without a namespace', async () => {
    const input = 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {}\n';
    expect((await scanned(['-', '--control', 'default-namespace'], input)).code).to.equal(1);
    expect((await scanned(['-', '--control', 'default-namespace', '--namespace', 'shop'], input)).code).to.equal(0);
  });

  it('sets parameters, and uses --kubernetes-version for frameworks without a version', async () => {
    const image = pod('a', '{containers: [{name: a, image: nginx}]}');
    const trusted = ['-', '--control', 'trusted-registries', '--param'];
    expect((await scanned([...trusted, 'trusted-registries.registries=ghcr.io,docker.io'], image)).code).to.equal(0);
    expect((await scanned([...trusted, 'trusted-registries.registries=ghcr.io'], image)).code).to.equal(1);
    const sysctl = pod('a', '{securityContext: {sysctls: [{name: net.ipv4.tcp_rmem, value: "1"}]}}');
    expect((await scanned(['-', '--framework', 'pss-baseline', '--kubernetes-version', '1.31'], sysctl)).code).to.equal(1);
    expect((await scanned(['-', '--framework', 'pss-baseline', '--kubernetes-version', 'v1.32.5'], sysctl)).code).to.equal(0);
  });

  it('uses the scope, severities, rules and names of policies', async () => {
    const policy = folder.file(
      'policy.yml',
      `apiVersion: vigil.dev/v1alpha1
kind: SecurityPolicy
metadata: {name: mine}
spec:
  scope: {namespaces: {exclude: [lab-*]}}
  controls: [{name: host-pid, severity: low}]
  rules:
  - name: team-label
    matchConstraints: {resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]}
    validations: [{expression: "has(object.metadata.labels) && 'team' in object.metadata.labels", message: no team}]
`,
    );
    const document = await scanned(
      ['-', '--policy', policy],
      `${bad}---\n${pod('lab', '{hostPID: true}').replace('namespace: shop', 'namespace: lab-1')}`,
    );
    expect(verdicts(document)).to.deep.equal(['host-pid fail Pod/shop/bad', 'team-label fail Pod/shop/bad']);
    expect(document.results.map(({ policy: name, severity }) => [name, severity])).to.deep.equal([
      ['mine', 'low'],
      ['mine', 'medium'],
    ]);
  });

  it('reports the line of a problem in a policy, and does not use the policy', async () => {
    const policy = folder.file(
      'broken.yml',
      'apiVersion: vigil.dev/v1alpha1\nkind: SecurityPolicy\nmetadata: {name: broken}\nspec:\n  controls:\n  - name: host-pid\n  - name: hots-ipc\n',
    );
    const document = await scanned(['-', '--policy', policy], bad);
    expect(document.code).to.equal(2);
    expect(document.results).to.deep.equal([]);
    expect(document.errors).to.deep.equal([
      {
        source: { file: policy, document: 0, line: 7 },
        message: "SecurityPolicy/broken: spec.controls[1].name: no control 'hots-ipc' (did you mean 'host-ipc'?)",
      },
    ]);
  });

  describe('invalid input: reports an error with its position, and scans the rest', () => {
    const bomb = `a: &a [x, x, x, x, x, x, x, x, x, x]\n${'b c d e f g h i'
      .split(' ')
      .map((letter, index) => `${letter}: &${letter} [${Array.from({ length: 10 }, () => `*${'abcdefgh'[index]}`).join(', ')}]`)
      .join('\n')}\n`;
    const rows: readonly [title: string, text: string | Uint8Array, line: number | undefined, message: RegExp][] = [
      ['a tab', 'apiVersion: v1\nkind: Pod\nmetadata:\n\tname: x\n', 4, /[Tt]ab/],
      ['a duplicate key', 'apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nkind: Secret\n', 4, /duplicate key 'kind'/],
      [
        'a duplicate key in JSON',
        '{"apiVersion": "v1", "kind": "Pod",\n "metadata": {"name": "x",\n "name": "y"}}',
        3,
        /duplicate key 'name'/,
      ],
      ['a billion laughs', `apiVersion: v1\nkind: Pod\nmetadata: {name: x}\n${bomb}`, 4, /more than 1000000 values/],
      ['deep nesting', `apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: ${'['.repeat(5000)}${']'.repeat(5000)}\n`, 4, /nested/],
      [
        'deep nesting in JSON',
        `{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": ${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
        1,
        /nested deeper/,
      ],
      ['no name', 'apiVersion: v1\nkind: Pod\nspec: {}\n', 1, /no metadata.name and no metadata.generateName/],
      ['no kind', 'apiVersion: v1\nmetadata: {name: x}\n', 1, /no kind/],
      ['no apiVersion', 'kind: Pod\nmetadata: {name: x}\n', 1, /no apiVersion/],
      [
        'a name that YAML reads as false',
        'apiVersion: v1\nkind: Pod\nmetadata:\n  name: n\n',
        4,
        /name must be a string, found false\. .* in quotes/,
      ],
      ['a name that is a number', 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: 5\n', 4, /metadata.name must be a string/],
      ['metadata that is a list', 'apiVersion: v1\nkind: Pod\nmetadata: [a]\n', 3, /metadata must be a map/],
      ['a list at the top', '- a\n- b\n', 1, /expected an object, found a list/],
      ['text at the top', 'just words\n', 1, /expected an object, found a string/],
      ['an unknown anchor', 'apiVersion: v1\nkind: Pod\nmetadata: {name: *gone}\n', 3, /gone/],
      ['an unclosed bracket', 'apiVersion: v1\nkind: Pod\nmetadata: {name: x\n', undefined, /./],
      ['binary', new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 0xff, 0xfe, 0, 0]), undefined, /not a text file/],
      ['text with NUL', 'apiVersion: v1\u0000', undefined, /not a text file/],
    ];
    for (const [index, [title, text, line, message]] of rows.entries()) {
      it(title, async () => {
        const broken = folder.file(`broken-${index}.yaml`, text);
        const document = await scanned([broken, folder.file('fine.yaml', bad), '--control', 'host-pid']);
        expect(document.code).to.equal(2);
        expect(verdicts(document)).to.deep.equal(['host-pid fail Pod/shop/bad']);
        expect(document.errors).to.have.length(1);
        expect(document.errors[0]?.source.file).to.equal(broken);
        expect(document.errors[0]?.message).to.match(message);
        if (line !== undefined) expect(document.errors[0]?.source.line).to.equal(line);
      });
      if (typeof text !== 'string' || text.includes('\0') || text.startsWith('{')) continue;
      it(`${title}, in the second of three documents`, async () => {
        const path = folder.file(`middle-${index}.yaml`, `${good}---\n${text}---\n${bad}`);
        const document = await scanned([path, '--control', 'host-pid', '--passing']);
        expect(verdicts(document)).to.deep.equal(['host-pid pass Pod/shop/good', 'host-pid fail Pod/shop/bad']);
        expect(document.errors.map(({ source }) => source.document)).to.deep.equal([1]);
        if (line !== undefined) expect(document.errors[0]?.source.line).to.equal(line + 5);
      });
    }

    it('loops of symbolic links', async () => {
      const loop = join(folder.path, 'loop');
      rmSync(loop, { recursive: true, force: true });
      mkdirSync(loop);
      symlinkSync('b.yaml', join(loop, 'a.yaml'));
      symlinkSync('a.yaml', join(loop, 'b.yaml'));
      symlinkSync('.', join(loop, 'self'));
      symlinkSync(goodFile, join(loop, 'real.yaml'));
      const document = await scanned([loop, '--control', 'host-pid', '--passing']);
      expect(verdicts(document)).to.deep.equal(['host-pid pass Pod/shop/good']);
      expect(document.errors.map(({ message }) => message)).to.deep.equal([
        'too many levels of symbolic links',
        'too many levels of symbolic links',
      ]);
    });

    it('JSON files in a folder: ignores files without Kubernetes objects, reports invalid manifests', async () => {
      const other = join(folder.path, 'mixed');
      mkdirSync(other, { recursive: true });
      folder.file('mixed/package.json', '{"name": "x"}');
      folder.file('mixed/tsconfig.json', '{ // comments\n}');
      folder.file('mixed/pod.json', '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}');
      folder.file('mixed/pod.yaml', bad);
      const document = await scanned([other, '--control', 'host-pid']);
      expect(document.errors.map(({ source }) => source.file)).to.deep.equal([join(other, 'pod.json')]);
    });

    it('reads a file of 50 MiB', async () => {
      const block = `---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: big, namespace: shop}\ndata:\n  a: ${'x'.repeat(100_000)}\n`;
      const path = folder.file('big.yaml', block.repeat(520) + `---\n${bad}`);
      const document = await scanned([path, '--control', 'host-pid']);
      expect(verdicts(document)).to.deep.equal(['host-pid fail Pod/shop/bad']);
      expect(document.errors).to.deep.equal([]);
    }).timeout(30_000);
  });
});
