import { expect } from 'chai';
import { containerProgram, seemsProgram } from '../../../operator/engine/components/container-command.ts';

/** The program of a container: its name, its arguments, and why they are not known or wrong. */
function programOf(container: object): unknown {
  const found = containerProgram(container as Record<string, unknown>, 'c');
  if (found === undefined) return undefined;
  const { component, arguments: all, unknown, fault } = found;
  if (unknown !== undefined) return `${component}: ${unknown}`;
  if (fault !== undefined) return `${component}: ${fault.path}: ${fault.problem}`;
  return [component, Object.fromEntries([...all].map(([name, { values }]) => [name, values]))];
}
const given = { profiling: ['false'] };
const flag = '--profiling=false';

describe('the program of the control plane that a container runs', () => {
  const rows: readonly (readonly [what: string, container: object, expected: unknown])[] = [
    ['by its command', { command: ['kube-apiserver', flag] }, ['kube-apiserver', given]],
    ['by the path of its command', { command: ['/usr/local/bin/kube-scheduler', flag] }, ['kube-scheduler', given]],
    ['by its arguments', { args: ['kube-proxy', flag] }, ['kube-proxy', given]],
    ['by its command with arguments', { command: ['kube-controller-manager'], args: [flag] }, ['kube-controller-manager', given]],
    ['after a wrapper', { command: ['/go-runner', '--log-file=/a', '/usr/bin/kube-apiserver', flag] }, ['kube-apiserver', given]],
    ['after several wrappers', { command: ['tini', '--', 'nice', 'kube-apiserver', flag] }, ['kube-apiserver', given]],
    ['after the settings of env', { command: ['env', 'A=b', 'kube-apiserver', flag] }, ['kube-apiserver', given]],
    ['not after another program', { command: ['my-tool', 'kube-apiserver', flag] }, undefined],
    ['not after a word of a wrapper', { command: ['tini', 'my-tool', 'kube-apiserver'] }, undefined],
    ['by its image with only arguments', { image: 'registry.k8s.io/etcd:3.5.1-0', args: ['--auto-tls'] }, ['etcd', { 'auto-tls': ['true'] }]],
    ['by its image with a digest', { image: 'kube-apiserver-amd64@sha256:abc', args: [flag] }, ['kube-apiserver', given]],
    ['not by its image with another program', { image: 'etcd:3', command: ['etcdctl', '--x'] }, undefined],
    ['not by another image', { image: 'etcd-backup:3', args: ['--auto-tls'] }, undefined],
    ['not without words', { image: 'nginx' }, undefined],
    ['not without anything', {}, undefined],
    ['by its image alone', { image: 'registry:5000/kube-proxy' }, 'kube-proxy: its arguments are in the image'],
    ['by its image with a broken command', { image: 'etcd:3', command: 'etcd' }, 'etcd: c.command: expected a list'],
    ['by its image with broken arguments', { image: 'etcd:3', args: {} }, 'etcd: c.args: expected a list'],
    ['in a script', { command: ['sh', '-c', 'exec kube-apiserver --a=b'] }, 'kube-apiserver: its arguments are in a script'],
    ['in a script with a path', { command: ['/bin/bash', '-c', '/usr/bin/kube-proxy $ARGS'] }, 'kube-proxy: its arguments are in a script'],
    ['in a line of a script', { command: ['ash', '-c'], args: ['set -e\nkube-scheduler\n'] }, 'kube-scheduler: its arguments are in a script'],
    ['not if a script only names it', { command: ['sh', '-c', 'echo kube-apiserver starts'] }, undefined],
    ['not if a script runs another one', { command: ['sh', '-c', 'etcdctl --endpoints=a'] }, undefined],
    ['with a word too many', { command: ['kube-apiserver', '--profiling', 'false'] }, "kube-apiserver: c.command[2]: kube-apiserver takes no word 'false': the value of a switch follows ="],
    ['with a configuration file of etcd', { command: ['etcd', '--config-file=/a'] }, 'etcd: its configuration is in the file of --config-file'],
    ['with variables of etcd', { command: ['etcd', '--auto-tls'], env: [{ name: 'ETCD_AUTO_TLS', value: 'false' }, { name: 'ETCD_CERT_FILE', value: '/c' }, { name: 'OTHER', value: '1' }] }, ['etcd', { 'auto-tls': ['true'], 'cert-file': ['/c'] }]],
    ['without variables for other programs', { command: ['kube-proxy'], env: [{ name: 'ETCD_CERT_FILE', value: '/c' }] }, ['kube-proxy', {}]],
    ['with references to variables', { command: ['kube-proxy', '--profiling=$(P)'], env: [{ name: 'P', value: 'false' }] }, ['kube-proxy', given]],
    ['with arguments in a variable that is not there', { command: ['kube-proxy', '$(ARGS)'] }, 'kube-proxy: some of its arguments are in a variable that the object does not show'],
    ['with underscores, except for etcd', { command: ['kube-proxy', '--bind_address=a'] }, ['kube-proxy', { 'bind-address': ['a'] }]],
    ['with underscores of etcd', { command: ['etcd', '--cert_file=a'] }, ['etcd', { cert_file: ['a'] }]],
    ['with a value in the next word', { command: ['kube-proxy', '--bind-address', 'a', '-v', '2'] }, ['kube-proxy', { 'bind-address': ['a'], v: ['2'] }]],
    ['with an argument twice', { command: ['kube-proxy', '--a=1', '--a=2'] }, ['kube-proxy', { a: ['1', '2'] }]],
    ['without what follows --', { command: ['kube-proxy', '--a=1', '--', '--b=2'] }, ['kube-proxy', { a: ['1'] }]],
    ['with a word that is no text', { command: ['kube-proxy', true] }, "kube-proxy: c.command[1]: kube-proxy takes no word 'true': the value of a switch follows ="],
  ]; // prettier-ignore
  for (const [what, container, expected] of rows)
    it(`is known ${what}`, () => {
      expect(programOf(container)).to.deep.equal(expected);
      // The quick look never leaves out a program.
      if (expected !== undefined) expect(seemsProgram(container as Record<string, unknown>)).to.equal(true);
    });

  it('is not looked for in most containers', () => {
    for (const container of [{ image: 'nginx' }, { command: ['my-tool'] }, { args: ['--a'], image: 'web:1' }, { command: [5] }, {}])
      expect(seemsProgram(container), JSON.stringify(container)).to.equal(false);
  });

  it('is known also if each of its variables is twice the one before', () => {
    const names = Array.from({ length: 60 }, (_, index) => index);
    const env = names.map((index) => ({ name: `V${index}`, value: index === 0 ? 'text' : `$(V${index - 1})$(V${index - 1})` }));
    const program = containerProgram({ command: ['kube-proxy', '--a=$(V2)', '--b=x$(V59)'], env }, 'c');
    expect(program?.arguments.get('a')).to.deep.equal({ values: ['texttexttexttext'], path: 'c.command[1]' });
    expect(program?.arguments.get('b')).to.deep.include({ hidden: 'partly' });
  });

  // Expressions that looked for an end from each of these places took minutes.
  it('is looked for in long texts', () => {
    const named = (image: string): boolean => seemsProgram({ image, args: ['--a'] });
    expect([named(`${':'.repeat(300_000)}/etcd`), named(`etcd@${'@'.repeat(300_000)}\n`)]).to.deep.equal([true, true]);
    const references = programOf({ command: ['kube-proxy', `--a=${'$('.repeat(300_000)}$$`] });
    expect(references).to.deep.equal(['kube-proxy', { a: [`${'$('.repeat(300_000)}$`] }]);
  }).timeout(10_000);
});
