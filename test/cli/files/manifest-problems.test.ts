import { expect } from 'chai';
import { hasMisreadName, isConfiguration, nameAsText, problemOf, unservedKind } from '../../../operator/cli/files/manifest-problems.ts';

const quoteIt = '. In YAML, unquoted numbers, yes, no, on and off are not strings: put the value in quotes';
const named = (metadata: unknown, more: object = {}): Readonly<Record<string, unknown>> => ({
  ...{ apiVersion: 'v1', kind: 'Pod', metadata },
  ...more,
});

describe('the problem of a document', () => {
  const rows: readonly [what: string, object: Readonly<Record<string, unknown>>, problem: readonly [string, string] | undefined][] = [
    ['an object with a name', named({ name: 'a' }), undefined],
    ['an object whose name the server generates', named({ generateName: 'a-' }), undefined],
    ['an object with a namespace of null', named({ name: 'a', namespace: null }), undefined],
    ['no apiVersion', { kind: 'Pod', metadata: { name: 'a' } }, ['the object has no apiVersion', '']],
    ['an empty apiVersion', named({ name: 'a' }, { apiVersion: '' }), ['the object has no apiVersion', '']],
    ['an apiVersion of null', named({ name: 'a' }, { apiVersion: null }), ['the object has no apiVersion', '']],
    ['no kind', { apiVersion: 'v1', metadata: { name: 'a' } }, ['the object has no kind', '']],
    [
      'an apiVersion that is a number',
      named({ name: 'a' }, { apiVersion: 1 }),
      [`apiVersion must be a string, found 1${quoteIt}`, 'apiVersion'],
    ],
    ['a kind that is a boolean', named({ name: 'a' }, { kind: true }), [`kind must be a string, found true${quoteIt}`, 'kind']],
    ['a kind that is a map', named({ name: 'a' }, { kind: {} }), ['kind must be a string', 'kind']],
    ['metadata that is a text', named('a'), ['metadata must be a map', 'metadata']],
    ['metadata that is a list', named([]), ['metadata must be a map', 'metadata']],
    ['no metadata', named(undefined), ['the object has no metadata.name and no metadata.generateName', 'metadata']],
    ['metadata of null', named(null), ['the object has no metadata.name and no metadata.generateName', 'metadata']],
    ['an empty name', named({ name: '' }), ['the object has no metadata.name and no metadata.generateName', 'metadata']],
    ['a name that is false', named({ name: false }), [`metadata.name must be a string, found false${quoteIt}`, 'metadata.name']],
    ['a name that is a list', named({ name: [] }), ['metadata.name must be a string', 'metadata.name']],
    [
      'a namespace that is a number',
      named({ name: 'a', namespace: 7 }),
      [`metadata.namespace must be a string, found 7${quoteIt}`, 'metadata.namespace'],
    ],
    ['a name before a namespace', named({ name: 1, namespace: 7 }), [`metadata.name must be a string, found 1${quoteIt}`, 'metadata.name']],
  ];
  for (const [what, object, problem] of rows) it(`of ${what}`, () => expect(problemOf(object)).to.deep.equal(problem));
});

describe('a name that YAML does not read as a text', () => {
  const rows: readonly [metadata: unknown, expected: boolean][] = [
    [{ name: 1 }, true],
    [{ name: false, namespace: 'shop' }, true],
    [{ name: 1, namespace: 7 }, false],
    [{ name: ['a'] }, false],
  ];
  for (const [metadata, expected] of rows)
    it(`${expected ? 'is' : 'is not'} the only problem of ${JSON.stringify(metadata)}`, () =>
      expect(hasMisreadName(named(metadata), ['', 'metadata.name'])).to.equal(expected));

  it('is not the problem if another field is', () => expect(hasMisreadName(named({ name: 1 }), ['', 'kind'])).to.equal(false));

  it('is replaced by its text', () => {
    const object = named({ name: false, namespace: 'shop' });
    nameAsText(object);
    expect(object).to.deep.equal(named({ name: 'false', namespace: 'shop' }));
  });
});

describe('the configuration of a program', () => {
  const rows: readonly [apiVersion: unknown, kind: string, name: string | undefined, expected: boolean][] = [
    ['kustomize.config.k8s.io/v1beta1', 'Kustomization', 'a', true],
    ['kind.x-k8s.io/v1alpha4', 'Cluster', 'a', true],
    ['skaffold/v4beta1', 'Config', 'a', true],
    ['my.skaffold/v1', 'Config', 'a', false],
    ['v1', 'Config', undefined, true],
    ['v1', 'ConfigMap', undefined, false],
    ['v2', 'Config', undefined, false],
    ['kubelet.config.k8s.io/v1beta1', 'SerializedNodeConfigSource', undefined, true],
    ['kubelet.config.k8s.io/v1beta1', 'SerializedNodeConfigSource', 'a', false],
    ['kubelet.config.k8s.io/v1beta1', 'SerializedNodeConfigSource', '', true],
    ['config.k8s.io/v1', 'Some', undefined, true],
    ['a.b.config.k8s.io/v1', 'Some', undefined, true],
    ['kubeadm.k8s.io/v1beta4', 'ResetConfiguration', undefined, true],
    ['audit.k8s.io/v1', 'EventList', undefined, true],
    ['audit.k8s.io/v1', 'Policy', undefined, false],
    ['client.authentication.k8s.io/v1', 'ExecCredential', undefined, true],
    ['credentialprovider.kubelet.k8s.io/v1', 'CredentialProviderRequest', undefined, true],
    ['x-config.k8s.io/v1', 'Some', undefined, false],
    ['config.k8s.io.example.org/v1', 'Some', undefined, false],
    [1, 'Config', undefined, false],
  ];
  for (const [apiVersion, kind, name, expected] of rows)
    it(`${expected ? 'is' : 'is not'} ${kind} in ${String(apiVersion)}${name === undefined ? '' : ` named '${name}'`}`, () =>
      expect(isConfiguration({ apiVersion, kind, metadata: name === undefined ? {} : { name } })).to.equal(expected));
});

describe('a kind that Kubernetes does not have', () => {
  const of = (apiVersion: unknown, kind: unknown, version = '1.36'): unknown => {
    const found = unservedKind({ apiVersion, kind }, version);
    return found && [found.problem, found.isFormer];
  };
  it('is reported at the apiVersion, and whether it was served once', () => {
    expect(of('v1', 'Pod')).to.equal(undefined);
    expect(of('v1', 'Deployment')).to.deep.equal([
      ['Kubernetes has no kind Deployment in the core API (v1): Deployment is in apps/v1', 'apiVersion'],
      false,
    ]);
    expect((of('batch/v1beta1', 'CronJob') as [unknown, boolean])[1]).to.equal(true);
  });

  it('depends on the minor version, with and without a v; an unknown version counts as the newest', () => {
    const served = (version: string): boolean => of('batch/v1beta1', 'CronJob', version) === undefined;
    expect(['1.24', 'v1.24.3', '1.25', 'v1.25', 'x1.24', ''].map(served)).to.deep.equal([true, true, false, false, false, false]);
  });
});
