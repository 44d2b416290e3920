import { expect } from 'chai';
import { scanArguments } from '../../../operator/cli/input/scan-arguments.ts';
import { UsageError } from '../../../operator/cli/input/usage-error.ts';
import type { SecurityPolicySpec } from '../../../operator/api/kinds/security-policy.ts';

const specOf = (...args: readonly string[]): SecurityPolicySpec | undefined => scanArguments(['a.yaml', ...args]).spec;

describe('the command line of vigil scan', () => {
  it('has defaults', () => {
    expect(scanArguments(['a.yaml', 'b.yaml'])).to.deep.equal({
      paths: ['a.yaml', 'b.yaml'],
      policyFiles: [],
      spec: { scope: { systemNamespaces: 'Include' }, frameworks: [{ name: 'pss-restricted' }, { name: 'vigil' }], controls: [] },
      chosenNothing: true,
      failOn: 'info',
      passing: false,
      output: 'table',
      cluster: false,
      context: undefined,
      namespace: undefined,
      kubernetesVersion: undefined,
      exceptionFiles: [],
      exceptions: true,
      baseline: undefined,
      writeBaseline: undefined,
      help: false,
    });
  });

  it('has every flag', () => {
    const args = [
      '--policy',
      'p',
      '--policy',
      'q',
      '--fail-on',
      'high',
      '--passing',
      '-o',
      'sarif',
      '--cluster',
      '--context',
      'c',
      '-n',
      'web',
    ];
    const { policyFiles, failOn, passing, output, cluster, context, namespace } = scanArguments(args);
    expect([policyFiles, failOn, passing, output, cluster, context, namespace]).to.deep.equal([
      ['p', 'q'],
      'high',
      true,
      'sarif',
      true,
      'c',
      'web',
    ]);
    const files = ['a.yaml', '--exceptions', 'e', '--exceptions', 'f', '--baseline', 'b', '--write-baseline', 'w'];
    const { exceptionFiles, exceptions, baseline, writeBaseline } = scanArguments(files);
    expect([exceptionFiles, exceptions, baseline, writeBaseline]).to.deep.equal([['e', 'f'], true, 'b', 'w']);
    expect(scanArguments(['--cluster', '--no-exceptions']).exceptions).to.equal(false);
    expect(scanArguments(['-h']).help).to.equal(true);
  });

  it('chooses frameworks and controls, and the defaults only without any', () => {
    expect(specOf('--framework', 'nsa', '--framework', 'pss-baseline@1.34')).to.deep.equal({
      scope: { systemNamespaces: 'Include' },
      frameworks: [{ name: 'nsa' }, { name: 'pss-baseline', version: '1.34' }],
      controls: [],
    });
    expect(specOf('--control', 'host-pid, host-ipc,', '--control', 'host-network')).to.deep.include({
      frameworks: [],
      controls: [{ name: 'host-pid' }, { name: 'host-ipc' }, { name: 'host-network' }],
    });
    expect(specOf('--control', ',')?.frameworks).to.have.length(2);
    expect(specOf('--policy', 'p')).to.equal(undefined);
    expect(specOf('--policy', 'p', '--control', 'host-pid')?.controls).to.deep.equal([{ name: 'host-pid' }]);
    for (const args of [
      ['--framework', 'nsa'],
      ['--control', 'host-pid'],
      ['--policy', 'p'],
    ])
      expect(scanArguments(['a.yaml', ...args]).chosenNothing, args.join(' ')).to.equal(false);
  });

  it('limits a scan of a cluster to a namespace, and leaves out no namespace of files', () => {
    const scope = (...args: readonly string[]): unknown => scanArguments(args).spec?.scope;
    expect(scope('--cluster')).to.deep.equal({});
    expect(scope('--cluster', '-n', 'web')).to.deep.equal({ namespaces: { include: ['web'] } });
    expect(scope('a.yaml', '-n', 'web')).to.deep.equal({ systemNamespaces: 'Include' });
  });

  it('sets parameters of each type, several for one control', () => {
    const parameters = (...params: readonly string[]): unknown =>
      specOf(...params.flatMap((param) => ['--param', param]))?.controls?.map((control) => [control.name, control.parameters]);
    expect(parameters('run-as-high-uid.minimum=10000')).to.deep.equal([['run-as-high-uid', { minimum: 10_000 }]]);
    expect(parameters('run-as-high-uid.minimum=-1')).to.deep.equal([['run-as-high-uid', { minimum: -1 }]]);
    expect(parameters('trusted-registries.registries= a, b ,,c')).to.deep.equal([['trusted-registries', { registries: ['a', 'b', 'c'] }]]);
    expect(parameters('trusted-registries.registries=a=b')).to.deep.equal([['trusted-registries', { registries: ['a=b'] }]]);
    expect(parameters('trusted-registries.registries=a', 'run-as-high-uid.minimum=1', 'trusted-registries.registries=b')).to.deep.equal([
      ['trusted-registries', { registries: ['b'] }],
      ['run-as-high-uid', { minimum: 1 }],
    ]);
    expect(specOf('--control', 'run-as-high-uid', '--param', 'run-as-high-uid.minimum=1')?.controls).to.deep.equal([
      { name: 'run-as-high-uid', parameters: { minimum: 1 } },
    ]);
  });

  const versions: readonly (readonly [text: string, version: string | undefined])[] = [
    ['1.36', '1.36'],
    ['v1.36', '1.36'],
    ['1.36.2', '1.36'],
    ['v1.36.2-gke.1', '1.36'],
    ['latest', undefined],
  ];
  for (const [text, version] of versions)
    it(`takes the Kubernetes version ${text}`, () => {
      expect(scanArguments(['a.yaml', '--kubernetes-version', text]).kubernetesVersion).to.equal(version);
    });

  const refused: readonly (readonly [args: readonly string[], message: string])[] = [
    [[], 'name at least one file or folder, - for standard input, or use --cluster'],
    [['--cluster', 'a.yaml'], '--cluster takes no paths'],
    [['a.yaml', '--kubernetes-version', '2.0'], "--kubernetes-version: '2.0' is not a version such as 1.36"],
    [['a.yaml', '--kubernetes-version', 'x1.36'], "--kubernetes-version: 'x1.36' is not a version such as 1.36"],
    [['a.yaml', '--kubernetes-version', '1'], "--kubernetes-version: '1' is not a version such as 1.36"],
    [['a.yaml', '--param', 'minimum=1'], "--param: 'minimum=1' is not CONTROL.KEY=VALUE"],
    [['a.yaml', '--param', 'run-as-high-uid.minimum'], "--param: 'run-as-high-uid.minimum' is not CONTROL.KEY=VALUE"],
    [['a.yaml', '--param', 'run-as-high-uidd.minimum=1'], "--param: no control 'run-as-high-uidd' (did you mean 'run-as-high-uid'?)"],
    [
      ['a.yaml', '--param', 'run-as-high-uid.minimun=1'],
      "--param: control 'run-as-high-uid' has no parameter 'minimun' (did you mean 'minimum'?)",
    ],
    [['a.yaml', '--param', 'run-as-high-uid.constructor=1'], "--param: control 'run-as-high-uid' has no parameter 'constructor'"],
    [['a.yaml', '--param', 'host-pid.minimum=1'], "--param: control 'host-pid' has no parameter 'minimum'"],
    [['a.yaml', '--param', 'run-as-high-uid.minimum=1.5'], "--param: run-as-high-uid.minimum must be of type int, not '1.5'"],
    [['a.yaml', '--param', 'run-as-high-uid.minimum='], "--param: run-as-high-uid.minimum must be of type int, not ''"],
    [
      ['a.yaml', '--policy', 'p', '--param', 'run-as-high-uid.minimum=1'],
      '--param with --policy needs --control or --framework; in a policy, set spec.controls[].parameters',
    ],
    [['a.yaml', '--exceptions', 'e', '--no-exceptions'], '--exceptions and --no-exceptions exclude each other'],
    [['--cluster', '--exceptions', 'e'], '--exceptions is for scans of files, not for --cluster'],
    [['a.yaml', '--fail-on', 'hihg'], "--fail-on: 'hihg' is not one of critical, high, medium, low, info (did you mean 'high'?)"],
    [['a.yaml', '-o', 'jsn'], "--output: 'jsn' is not one of table, json, yaml, sarif, junit, github (did you mean 'json'?)"],
    [['a.yaml', '--fail-onn', 'high'], "no flag '--fail-onn' (did you mean '--fail-on'?)"],
    [['a.yaml', '--policy'], "Option '--policy <value>' argument missing"],
  ];
  for (const [args, message] of refused)
    it(`refuses '${args.join(' ')}'`, () => expect(() => scanArguments(args)).to.throw(UsageError, message));
});
