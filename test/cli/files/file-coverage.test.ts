import { expect } from 'chai';
import { join } from 'node:path';
import { run } from '../../../operator/cli/scan.ts';
import { type CommandResult, Folder, runCommand } from '../command-fixture.ts';

const encryption =
  'apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources: [{resources: [secrets], providers: [{identity: {}}]}]\n';
const widget = 'apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\n';
const service = 'apiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: shop}\nspec: {ports: [{port: 80}], selector: {app: a}}\n';
const configMap = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: shop}\n';
const unknownPod =
  'apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: shop}\nspec: {containers: [{name: kube-apiserver, image: "a:1", command: [sh, -c, "kube-apiserver $FLAGS"]}]}\n';

describe('what a scan of files says about what it did not evaluate', () => {
  const folder = new Folder();
  after(() => {
    folder.remove();
  });
  const scan = (text: string, ...flags: readonly string[]): Promise<CommandResult> =>
    runCommand(run, [folder.file('a.yaml', text), ...flags]);

  const rows: readonly [title: string, text: string, flags: readonly string[], warning: string][] = [
    [
      'a configuration that other frameworks are about',
      encryption,
      [],
      'no check of pss-restricted and vigil applies to EncryptionConfiguration (FILE:1); --framework cis has checks of it',
    ],
    ['a custom kind without a namespace', widget, [], 'no check of pss-restricted and vigil applies to Widget (FILE:1)'],
    [
      'kinds of no chosen check',
      `${service}---\n${configMap}`,
      ['--control', 'host-ipc,host-pid,run-as-non-root'],
      'no check of host-ipc, host-pid and run-as-non-root applies to Service (FILE:1) and 1 more object',
    ],
    [
      'an object of the right kind that is no target',
      configMap,
      ['--control', 'kubelet-anonymous-auth'],
      'no check of kubelet-anonymous-auth applies to ConfigMap (FILE:1)',
    ],
    ['only skips', unknownPod, ['--control', 'apiserver-anonymous-auth'], 'every check was skipped (reasons: --passing)'],
    [
      'only a configuration of a tool',
      'apiVersion: kind.x-k8s.io/v1alpha4\nkind: Cluster\n',
      [],
      'no object of a cluster is among the files, only Cluster (FILE:1)',
    ],
    [
      'only a kustomization',
      'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [../base]\n',
      [],
      'no object of a cluster is among the files, only Kustomization (FILE:1); scan the output of kustomize build',
    ],
  ];
  for (const [title, text, flags, warning] of rows)
    it(`warns about ${title}, and ends with 0`, async () => {
      const { code, error } = await scan(text, ...flags);
      const lines = error.replaceAll(join(folder.path, 'a.yaml'), 'FILE').trimEnd().split('\n');
      expect(lines).to.deep.equal([`vigil scan: warning: nothing was evaluated: ${warning}`]);
      expect(code).to.equal(0);
    });

  it('says nothing if a check applies', async () => {
    expect((await scan(encryption, '--framework', 'cis')).error).to.equal('');
    expect((await scan(service)).error).to.equal('');
  });

  it('counts objects without checks in the summary, but not those of Vigil', async () => {
    const policy = 'apiVersion: vigil.dev/v1alpha1\nkind: SecurityPolicy\nmetadata: {name: p}\nspec: {}\n';
    expect((await scan([service, widget, policy].join('---\n'))).out).to.match(/, 1 object without checks\n/);
    expect((await scan([service, widget, widget].join('---\n'))).out).to.match(/, 2 objects without checks\n/);
    expect((await scan([service, policy].join('---\n'))).out).not.to.include('without checks');
  });
});
