import { expect } from 'chai';
import { newestMinor } from '../../../operator/catalogue/frameworks/framework.ts';
import { componentsOf } from '../../../operator/engine/components/components-of.ts';
import { readArguments } from '../../../operator/engine/components/program-arguments.ts';
import { subjectOf } from '../../../operator/engine/controls/subject.ts';
import type { KubernetesObject } from '../../../operator/engine/objects/kubernetes-object.ts';
import { builtinResources } from '../../../operator/engine/objects/builtin-resources.ts';
import { compilePolicies, type PolicySet } from '../../../operator/engine/policy-set.ts';

const pod = (container: object, metadata: object = {}): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'it', namespace: 'kube-system', ...metadata },
  spec: { containers: [{ name: 'it', image: 'a', ...container }] },
});
const shown = (object: KubernetesObject): readonly string[] => componentsOf(subjectOf(object)).map(({ component }) => component);

describe('componentsOf', () => {
  const rows: readonly [title: string, object: KubernetesObject, components: readonly string[]][] = [
    ['a command', pod({ command: ['kube-apiserver'] }), ['kube-apiserver']],
    ['a path', pod({ command: ['/usr/local/bin/kube-scheduler', '--v=2'] }), ['kube-scheduler']],
    ['a wrapper', pod({ command: ['/go-runner', '--also-stdout', 'kube-controller-manager'] }), ['kube-controller-manager']],
    ['an image with arguments', pod({ image: 'registry.k8s.io/kube-apiserver-amd64:v1.34.0', args: ['--v=2'] }), ['kube-apiserver']],
    ['an image without arguments', pod({ image: 'registry.k8s.io/kube-proxy@sha256:abc' }), ['kube-proxy']],
    ['a script', pod({ command: ['sh', '-c', 'sleep 1; exec /bin/kube-apiserver --v=2'] }), ['kube-apiserver']],
    ['a script that only names a program', pod({ command: ['sh', '-c', 'curl https://kube-apiserver/healthz'] }), []],
    ['an argument that names a program', pod({ command: ['proxy', 'kube-apiserver'] }), []],
    ['an image that begins alike', pod({ image: 'kube-apiserver-proxy:1', args: ['--v=2'] }), []],
    ['the etcd of the cluster', pod({ command: ['etcd'] }), ['etcd']],
    ['a static pod with etcd', pod({ command: ['etcd'] }, { namespace: 'x', labels: { tier: 'control-plane' } }), ['etcd']],
    ['the etcd of an application', pod({ command: ['etcd'] }, { namespace: 'shop' }), []],
    ['an application', pod({ command: ['app', '--anonymous-auth=true'] }), []],
    ['no command', pod({}), []],
    ['a ConfigMap', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { kubelet: 'kind: KubeletConfiguration' } }, []],
    [
      'a ConfigMap of the same name in another namespace',
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'kubelet-config', namespace: 'shop' }, data: { kubelet: 'kind: X' } },
      [],
    ],
    [
      'kubeadm',
      { apiVersion: 'kubeadm.k8s.io/v1beta4', kind: 'ClusterConfiguration' },
      ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'etcd'],
    ],
    [
      'kubeadm with an external etcd',
      { apiVersion: 'kubeadm.k8s.io/v1beta4', kind: 'ClusterConfiguration', etcd: { external: { endpoints: [] } } },
      ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'],
    ],
  ];
  for (const [title, object, components] of rows)
    it(`finds ${components.length === 0 ? 'nothing' : components.join(', ')} in ${title}`, () =>
      expect(shown(object)).to.deep.equal(components));
});

describe('readArguments', () => {
  const read = (...texts: readonly string[]): Record<string, readonly unknown[]> => {
    const words = texts.map((text, index) => ({ text, path: String(index) }));
    return Object.fromEntries([...readArguments(words, 'kube-apiserver').arguments].map(([name, { values }]) => [name, values]));
  };

  it('reads every spelling, and keeps all values', () => {
    expect(read('--a=1', '--b', '2', '--c', '--profiling', '--a=3', '-v=4', '--d=x=y')).to.deep.equal({
      a: ['1', '3'],
      b: ['2'],
      c: ['true'],
      profiling: ['true'],
      v: ['4'],
      d: ['x=y'],
    });
  });

  it('reads underscores as dashes, except for etcd', () => {
    expect(Object.keys(read('--audit_log_path=/a'))).to.deep.equal(['audit-log-path']);
    expect([...readArguments([{ text: '--cert_file=/a', path: '' }], 'etcd').arguments.keys()]).to.deep.equal(['cert_file']);
  });

  it('reads a word that is a map', () => {
    const object = pod({ command: ['kube-apiserver', { toString: 'a' }] });
    expect(componentsOf(subjectOf(object)).map(({ faults }) => faults?.[0]?.path)).to.deep.equal(['spec.containers[0].command[1]']);
  });

  it('ends at two dashes', () => expect(Object.keys(read('--a=1', '--', '--b=2'))).to.deep.equal(['a']));
});

describe('a policy with the CIS benchmark', () => {
  const set: PolicySet = compilePolicies([{ name: 'cis', spec: { frameworks: [{ name: 'cis' }] } }], {
    kubernetesVersion: `1.${newestMinor}`,
    resources: builtinResources,
    systemNamespaces: ['kube-system'],
  });
  const checks = (object: KubernetesObject): readonly string[] => {
    const found: string[] = [];
    const { results } = set.evaluate(object, { onPass: (_, check) => found.push(check) });
    return [...new Set([...found, ...results.map(({ check }) => check)])];
  };

  it('evaluates only the controls about programs on the control plane in system namespaces that the scope leaves out', () => {
    const found = checks(pod({ command: ['kube-apiserver'] }, { name: 'kube-apiserver-a' }));
    expect(found).to.have.length(29);
    expect(found.every((check) => check.startsWith('apiserver-'))).to.equal(true);
    expect(set.inScope(pod({ command: ['kube-apiserver'] }, { name: 'kube-apiserver-a' }))).to.deep.equal(['cis']);
    expect(set.inScope(pod({}, { name: 'a', labels: { component: 'etcd' } }))).to.deep.equal(['cis']);
  });

  it('leaves out other pods of these namespaces', () => {
    expect(checks(pod({ command: ['coredns'] }, { name: 'coredns-a' }))).to.deep.equal([]);
    expect(set.inScope(pod({ command: ['coredns'] }, { name: 'coredns-a' }))).to.deep.equal([]);
  });

  it('does not evaluate them on pods that show no program', () => {
    const found = checks(pod({ command: ['app'] }, { namespace: 'shop' }));
    expect(found).to.include('host-network');
    expect(found.filter((check) => /^(apiserver|controller-manager|scheduler|etcd|kubelet|kube-proxy)-/.test(check))).to.deep.equal([]);
  });
});
