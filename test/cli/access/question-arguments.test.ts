import { expect } from 'chai';
import { questionArguments, targetOf, verbWarning } from '../../../operator/cli/access/question-arguments.ts';
import { UsageError } from '../../../operator/cli/input/usage-error.ts';
import { builtinResources } from '../../../operator/engine/objects/builtin-resources.ts';

describe('the target of a question', () => {
  const core = (resource: string, namespaced = true): object => ({ group: '', resource, namespaced });
  const rows: readonly [text: string, target: object][] = [
    ['/metrics', { url: '/metrics' }],
    ['/', { url: '/' }],
    ['*', { group: '*', resource: '*', namespaced: true }],
    ['*.apps', { group: 'apps', resource: '*', namespaced: true }],
    ['*/scale', { group: '*', resource: '*/scale', namespaced: true }],
    ['secrets', core('secrets')],
    ['Secret', core('secrets')],
    ['SECRETS', core('secrets')],
    ['pods/exec', core('pods/exec')],
    ['pods.', core('pods')],
    ['nodes', core('nodes', false)],
    ['Namespace', core('namespaces')],
    ['deployments.apps/scale', { group: 'apps', resource: 'deployments/scale', namespaced: true }],
    ['events.events.k8s.io', { group: 'events.k8s.io', resource: 'events', namespaced: true }],
    ['widgets.example.org', { group: 'example.org', resource: 'widgets', namespaced: true }],
    ['pods.example.org/log', { group: 'example.org', resource: 'pods/log', namespaced: true }],
    ['users', core('users', false)],
    ['groups', core('groups', false)],
    ['uids', { group: 'authentication.k8s.io', resource: 'uids', namespaced: false }],
    ['userextras/scopes', { group: 'authentication.k8s.io', resource: 'userextras/scopes', namespaced: false }],
    ['signers', { group: 'certificates.k8s.io', resource: 'signers', namespaced: false }],
    ['users.example.org', { group: 'example.org', resource: 'users', namespaced: false }],
  ];
  for (const [text, target] of rows) it(text, () => expect(targetOf(text, builtinResources)).to.deep.equal(target));

  const short: readonly [name: string, resource: string][] = [
    ['cj', 'cronjobs'],
    ['cm', 'configmaps'],
    ['crd', 'customresourcedefinitions'],
    ['crds', 'customresourcedefinitions'],
    ['csr', 'certificatesigningrequests'],
    ['deploy', 'deployments'],
    ['ds', 'daemonsets'],
    ['ing', 'ingresses'],
    ['netpol', 'networkpolicies'],
    ['no', 'nodes'],
    ['ns', 'namespaces'],
    ['po', 'pods'],
    ['pv', 'persistentvolumes'],
    ['pvc', 'persistentvolumeclaims'],
    ['rc', 'replicationcontrollers'],
    ['rs', 'replicasets'],
    ['sa', 'serviceaccounts'],
    ['sts', 'statefulsets'],
    ['svc', 'services'],
  ];
  for (const [name, resource] of short)
    it(`the short name ${name}`, () => expect(targetOf(name, builtinResources)).to.deep.include({ resource }));

  const unknown: readonly [text: string, message: string][] = [
    ['sekrets', "no resource 'sekrets' (did you mean 'secrets'?); name the group of another one, as in sekrets.example.org"],
    ['signer', "no resource 'signer' (did you mean 'signers'?); name the group of another one, as in signer.example.org"],
    ['constructor', "no resource 'constructor'; name the group of another one, as in constructor.example.org"],
    ['Zzzzzz/log', "no resource 'Zzzzzz'; name the group of another one, as in zzzzzz.example.org"],
  ];
  for (const [text, message] of unknown)
    it(`refuses ${text}`, () => expect(() => targetOf(text, builtinResources)).to.throw(UsageError, new RegExp(`^${escaped(message)}$`)));
});

const escaped = (text: string): string => text.replaceAll(/[()?.]/g, '\\$&');

describe('a verb', () => {
  const known = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection', '*', 'bind', 'escalate'];
  const special = ['impersonate', 'approve', 'sign', 'attest', 'use', 'proxy', 'head', 'post', 'put', 'options', 'impersonate:user-info'];
  for (const verb of [...known, ...special]) it(`${verb} is known`, () => expect(verbWarning(verb)).to.equal(undefined));
  for (const [verb, hint] of [
    ['gett', " (did you mean 'get'?)"],
    ['xyz-unknown', ''],
    ['no-impersonate:x', ''],
  ] as const)
    it(`'${verb}' is not`, () => expect(verbWarning(verb)).to.equal(`'${verb}' is not a verb of Kubernetes${hint}`));
});

describe('the command line of who-can', () => {
  it('has a verb, a resource and paths', () => {
    expect(questionArguments(['get', 'secrets', 'a', 'b'])).to.deep.equal({
      ...{ verb: 'get', resource: 'secrets', paths: ['a', 'b'], namespace: undefined, name: undefined },
      ...{ cluster: false, context: undefined, output: 'table', help: false },
    });
    expect(questionArguments(['get', 'po', '--cluster', '--context', 'c', '-n', 's', '--name', 'x', '-o', 'json'])).to.deep.include({
      ...{ paths: [], cluster: true, context: 'c', namespace: 's', name: 'x', output: 'json' },
    });
  });

  it('may be only --help', () => expect(questionArguments(['-h'])).to.deep.include({ help: true, verb: '', resource: '' }));

  const refused: readonly [args: readonly string[], message: string][] = [
    [[], 'name a verb and a resource, such as vigil who-can get secrets manifests/'],
    [['get'], 'name a verb and a resource, such as vigil who-can get secrets manifests/'],
    [['get', 'secrets'], 'name at least one file or folder, - for standard input, or use --cluster'],
    [['get', 'secrets', 'a', '--cluster'], '--cluster takes no paths'],
    [['get', 'secrets', 'a', '-o', 'text'], "--output: 'text' is not one of table, json"],
  ];
  for (const [args, message] of refused)
    it(`is refused: ${args.join(' ')}`, () =>
      expect(() => questionArguments(args))
        .to.throw(UsageError)
        .with.property('message', message));
});
