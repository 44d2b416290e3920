import { expect } from 'chai';
import { run as scan } from '../../operator/cli/scan.ts';
import { run as test } from '../../operator/cli/test.ts';
import type { LocatedResult } from '../../operator/output/scan-result.ts';
import { Folder, runCommand } from './command-fixture.ts';

const pod = (metadata = ''): string => `apiVersion: v1
kind: Pod
metadata: {name: cart, namespace: shop, labels: {app: cart}${metadata}}
spec: {hostPID: true, containers: []}
`;
const exception = (
  spec = 'checks: [{name: host-pid}]',
  kind = 'SecurityException',
  metadata = 'name: agent, namespace: shop',
): string => `---
apiVersion: vigil.dev/v1alpha1
kind: ${kind}
metadata: {${metadata}}
spec:
  reason: the agent reads all processes
  ${spec}
`;
const policy = (exceptions: string): string => `apiVersion: vigil.dev/v1alpha1
kind: SecurityPolicy
metadata: {name: baseline}
spec: {controls: [{name: host-pid}], exceptions: ${exceptions}}
`;
const inline = ', annotations: {vigil.dev/except: \'[{"check": "host-pid", "reason": "the agent reads processes", "until": "UNTIL"}]\'}';
const day = 86_400_000;
const inDays = (days: number): string => new Date(Date.now() + days * day).toISOString();

describe('vigil scan with exceptions', () => {
  const folder = new Folder();
  after(() => {
    folder.remove();
  });
  const flags = ['--control', 'host-pid'];
  const json = async (args: readonly string[], input: string) => {
    const { code, out, error } = await runCommand(scan, [...args, '-o', 'json'], input);
    const document = JSON.parse(out) as {
      readonly results: readonly LocatedResult[];
      readonly summary: Record<string, number>;
      readonly errors: readonly { readonly message: string; readonly source: { readonly line?: number } }[];
    };
    return { code, error, ...document };
  };
  const verdict = async (args: readonly string[], input: string): Promise<string> =>
    (await json(args, input)).results.map(({ verdict: text, check }) => `${check} ${text}`).join();

  it('turns a failure that an exception among the files covers into a skip that names the exception', async () => {
    const until = inDays(30).replace(/\.\d+Z/, 'Z');
    const { code, results, summary, error } = await json(
      ['-', ...flags],
      pod() + exception(`checks: [{name: host-pid}]\n  expiresAt: "${until}"`),
    );
    expect({ code, error, summary }).to.deep.equal({
      code: 0,
      error: '',
      summary: { pass: 0, fail: 0, warn: 0, error: 0, skip: 1, excepted: 1 },
    });
    const [{ verdict: text, message, properties } = { verdict: '', message: '', properties: {} }] = results;
    expect([text, message, properties]).to.deep.equal(['skip', 'hostPID is true', { exception: 'shop/agent', until, verdict: 'fail' }]);
  });

  const namespace = `---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {tier: dev}}
`;
  const cluster = (namespaces: string): string =>
    exception(`checks: [{name: host-pid}]\n  namespaces: ${namespaces}`, 'ClusterSecurityException', 'name: agents');
  for (const [what, input, expected] of [
    ['in the namespace of the object', exception(), 'host-pid skip'],
    ['in another namespace', exception(undefined, undefined, 'name: agent, namespace: web'), 'host-pid fail'],
    ['without a namespace, which is then default', exception(undefined, undefined, 'name: agent'), 'host-pid fail'],
    [
      'for the labels of the object',
      exception('checks: [{name: host-pid}]\n  targets: [{selector: {matchLabels: {app: cart}}}]'),
      'host-pid skip',
    ],
    ['for other labels', exception('checks: [{name: host-pid}]\n  targets: [{selector: {matchLabels: {app: web}}}]'), 'host-pid fail'],
    ['for the labels of a Namespace among the files', namespace + cluster('{selector: {matchLabels: {tier: dev}}}'), 'host-pid skip'],
    ['for labels of a Namespace that is not among the files', cluster('{selector: {matchLabels: {tier: dev}}}'), 'host-pid fail'],
    ['for all namespaces', cluster('{}'), 'host-pid skip'],
    ['that has expired', exception('checks: [{name: host-pid}]\n  expiresAt: "2026-01-01T00:00:00Z"'), 'host-pid fail'],
    ['for a policy that the scan does not use', exception('checks: [{name: host-pid}]\n  policies: [baseline]'), 'host-pid fail'],
  ] as const)
    it(`${expected.endsWith('skip') ? 'applies' : 'does not apply'} an exception ${what}`, async () =>
      expect(await verdict(['-', ...flags], pod() + input)).to.equal(expected));

  it('counts the default duration from the creation time of an exception, if it has one', async () => {
    const created = (time: string): string => exception(undefined, undefined, `name: agent, namespace: shop, creationTimestamp: "${time}"`);
    expect(await verdict(['-', ...flags], pod() + created(inDays(-364)))).to.equal('host-pid skip');
    expect(await verdict(['-', ...flags], pod() + created(inDays(-366)))).to.equal('host-pid fail');
    expect(await verdict(['-', ...flags], pod() + created('soon'))).to.equal('host-pid skip');
  });

  it('lets an exception name the rules of a policy of the scan, and of the admission policies that one selects', async () => {
    const rule = `rules: [{name: own-rule, matchConstraints: {resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]}, validations: [{expression: "false"}]}]`;
    const file = folder.file('own.yaml', `apiVersion: vigil.dev/v1alpha1\nkind: SecurityPolicy\nmetadata: {name: own}\nspec: {${rule}}\n`);
    const covering = exception('checks: [{name: own-rule}]\n  policies: [own]');
    expect(await verdict(['-', '--policy', file], pod() + covering)).to.equal('own-rule skip');
    const open = file.replace('own.yaml', 'open.yaml');
    folder.file('open.yaml', policy('{}').replace('spec: {', 'spec: {admissionPolicies: {selector: {}}, '));
    const { errors } = await json(['-', '--policy', open], pod() + exception('checks: [{name: bound-in-the-cluster}]'));
    expect(errors).to.deep.equal([]);
    expect((await json(['-', ...flags], pod() + exception('checks: [{name: bound-in-the-cluster}]'))).errors).to.have.length(1);
  });

  it('uses --namespace as the namespace of exceptions without one', async () => {
    const input = pod().replace(', namespace: shop', '') + exception(undefined, undefined, 'name: agent');
    expect(await verdict(['-', ...flags, '-n', 'web'], input)).to.equal('host-pid skip');
  });

  it('warns about exceptions that cover nothing', async () => {
    const expired = exception('checks: [{name: host-pid}]\n  expiresAt: "2026-01-01T00:00:00Z"');
    const other = exception('checks: [{name: their-rule}]\n  policies: [baseline]', undefined, 'name: other, namespace: shop');
    const { code, error } = await runCommand(scan, ['-', ...flags], pod() + expired + other);
    expect(code).to.equal(1);
    expect(error).to.equal(
      'vigil scan: warning: -:6: SecurityException/agent covers nothing: it expired at 2026-01-01T00:00:00Z\n' +
        'vigil scan: warning: -:14: SecurityException/other covers nothing: it is for SecurityPolicy/baseline, which this scan does not use (--policy FILE)\n',
    );
  });

  it('brings exceptions of other files with --exceptions, and ignores all with --no-exceptions', async () => {
    const file = folder.file('exceptions.yaml', exception());
    expect(await verdict(['-', ...flags], pod())).to.equal('host-pid fail');
    expect(await verdict(['-', ...flags, '--exceptions', file], pod())).to.equal('host-pid skip');
    expect(await verdict(['-', ...flags, '--no-exceptions'], pod() + exception())).to.equal('host-pid fail');
  });

  it('does not evaluate the exceptions of --exceptions', async () => {
    const file = folder.file('other.yaml', exception());
    expect((await json(['-', '--passing', '--exceptions', file, ...flags], pod())).results.length).to.equal(1);
  });

  for (const [what, args, message] of [
    ['both flags', ['--exceptions', 'a', '--no-exceptions'], '--exceptions and --no-exceptions exclude each other'],
    [
      'a file without exceptions',
      ['--exceptions', folder.file('pod.yaml', pod())],
      'no SecurityException and no ClusterSecurityException found',
    ],
  ] as const)
    it(`refuses ${what}`, async () => {
      const { code, error } = await runCommand(scan, ['-', ...args, ...flags], pod());
      expect([code, error]).to.satisfy(([exit, text]: [number, string]) => exit === 2 && text.includes(message));
    });

  it('refuses --exceptions with --cluster', async () => {
    expect((await runCommand(scan, ['--cluster', '--exceptions', 'a'])).error).to.include('--exceptions is for scans of files');
  });

  for (const [what, input, line, message] of [
    [
      'a control that does not exist',
      'checks: [{name: host-pidd}]',
      11,
      "spec.checks[0].name: no control and no rule of a policy has the name 'host-pidd' (did you mean 'host-pid'?)",
    ],
    ['a field that does not exist', 'check: [{name: host-pid}]', 9, 'spec'],
    [
      'two kinds of checks in one entry',
      'checks: [{name: host-pid, framework: nsa}]',
      11,
      'spec.checks[0]: set exactly one of name, framework and vulnerability',
    ],
    [
      'a package without a vulnerability',
      'checks: [{name: host-pid, package: openssl}]',
      11,
      'spec.checks[0]: package and untilFixed require vulnerability',
    ],
    ['an end that is no time', 'checks: [{name: host-pid}]\n  expiresAt: soon', 12, "spec.expiresAt: 'soon' is not a time"],
  ] as const)
    it(`reports ${what} with its line, and does not apply the exception`, async () => {
      const { code, results, errors } = await json(['-', ...flags], pod() + exception(input));
      expect([code, results[0]?.verdict]).to.deep.equal([2, 'fail']);
      expect(errors[0]?.source.line, errors[0]?.message).to.equal(line);
      expect(errors[0]?.message).to.include(`SecurityException/agent: ${message}`);
    });

  it('accepts the rules of policies among the files as checks', async () => {
    const rules = '---\napiVersion: vigil.dev/v1alpha1\nkind: SecurityPolicy\nmetadata: {name: own}\nspec: {rules: [{name: their-rule}]}\n';
    expect((await json(['-', ...flags], pod() + rules + exception('checks: [{name: their-rule}]'))).errors).to.deep.equal([]);
  });

  describe('under the bounds of a policy', () => {
    const refusal = async (exceptions: string, input: string): Promise<string | undefined> => {
      const { code, results } = await json(['-', '--policy', folder.file('policy.yaml', policy(exceptions))], input);
      expect(code).to.equal(results[0]?.verdict === 'skip' ? 0 : 1);
      return results[0]?.verdict === 'skip' ? 'excepted' : results[0]?.properties?.['exceptionRefused'];
    };
    for (const [what, bounds, input, expected] of [
      ['no bounds', '{}', exception(), 'excepted'],
      ['allow: None', '{allow: None}', exception(), 'shop/agent: SecurityPolicy/baseline: exceptions.allow is None'],
      [
        'maxSeverity',
        '{maxSeverity: medium}',
        exception(),
        'shop/agent: SecurityPolicy/baseline: the severity is high; exceptions.maxSeverity is medium',
      ],
      [
        'maxDuration',
        '{maxDuration: 30d}',
        exception(`checks: [{name: host-pid}]\n  expiresAt: "${inDays(40)}"`),
        'shop/agent: SecurityPolicy/baseline: expiresAt is 40d after the creation of the exception; exceptions.maxDuration is 30d',
      ],
      [
        'requireApprovalLabel',
        '{requireApprovalLabel: approved}',
        exception(undefined, undefined, 'name: agent, namespace: shop, labels: {approved: "yes"}'),
        'excepted',
      ],
    ] as const)
      it(`applies ${what}`, async () => expect(await refusal(bounds, pod() + input)).to.equal(expected));

    it('applies the annotation of an object only where inline is Allow', async () => {
      const annotated = pod(inline.replace('UNTIL', inDays(9)));
      expect(await refusal('{inline: Allow}', annotated)).to.equal('excepted');
      expect(await refusal('{}', annotated)).to.equal('inline: SecurityPolicy/baseline: exceptions.inline is Refuse');
      const { results } = await json(['-', ...flags], annotated);
      expect(results[0]?.properties).to.deep.equal({ exceptionRefused: 'inline: without a SecurityPolicy: exceptions.inline is Refuse' });
    });

    it('prints a refused exception at the finding in the table', async () => {
      const file = folder.file('none.yaml', policy('{allow: None}'));
      const { out } = await runCommand(scan, ['-', '--policy', file], pod() + exception());
      expect(out).to.include('hostPID is true (exception refused: shop/agent: SecurityPolicy/baseline: exceptions.allow is None) (line 4)');
    });
  });

  it('applies the exceptions among the objects of a test', async () => {
    const input = (name: string): string => `apiVersion: vigil.dev/v1alpha1
kind: PolicyTest
cases:
- name: excepted
  policy: {controls: [{name: host-pid}], exceptions: {maxSeverity: critical}}
  objects:
  - {apiVersion: v1, kind: Pod, metadata: {name: cart, namespace: shop}, spec: {hostPID: true}}
  - apiVersion: vigil.dev/v1alpha1
    kind: SecurityException
    metadata: {name: agent, namespace: shop}
    spec: {reason: the agent reads all processes, policies: [baseline], checks: [{name: ${name}}]}
  results: [{check: host-pid, verdict: skip}]
`;
    expect((await runCommand(test, ['-'], input('host-pid'))).out).to.equal('1 passed, 0 failed\n');
    expect((await runCommand(test, ['-'], input('host-pidd'))).out).to.include("did you mean 'host-pid'?");
  });
});
