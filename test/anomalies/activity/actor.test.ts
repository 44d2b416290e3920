import { expect } from 'chai';
import { actorOf, isControlPlane, isPerson, isSystem, managerActor, tokenOf } from '../../../operator/anomalies/activity/actor.ts';

const of = (username: string, groups: readonly string[] = [], extra: Readonly<Record<string, readonly string[]>> = {}) =>
  actorOf({ username, groups, extra });

describe('the actor of a request', () => {
  const rows: readonly (readonly [username: string, groups: readonly string[], kind: string, key: string, traits: string])[] = [
    ['', [], 'anonymous', 'anonymous', ''],
    ['system:anonymous', [], 'anonymous', 'anonymous', ''],
    ['alice', [], 'user', 'user:alice', 'person'],
    ['system:serviceaccount:shop:web', [], 'account', 'account:shop/web', ''],
    ['system:serviceaccount:kube-system:job-controller', [], 'account', 'account:kube-system/job-controller', 'system'],
    ['system:serviceaccount:shop', [], 'account', 'account:shop/', ''],
    ['system:node:n1', ['system:nodes'], 'node', 'nodes', 'system control'],
    ['system:node:n1', [], 'node', 'nodes', 'system control'],
    ['system:node:n1', ['system:authenticated'], 'component', 'component:system:node:n1', 'system'],
    ['system:kube-scheduler', [], 'component', 'component:system:kube-scheduler', 'system control'],
    ['system:kube-schedulers', [], 'component', 'component:system:kube-schedulers', 'system'],
    ['system:apiserver', [], 'component', 'component:system:apiserver', 'system control'],
    ['system:k3s-supervisor', [], 'component', 'component:system:k3s-supervisor', 'system control'],
    ['asystem:node:n1', [], 'user', 'user:asystem:node:n1', 'person'],
  ];
  for (const [username, groups, kind, key, traits] of rows)
    it(`'${username}' of ${groups.join() || 'no group'} is ${kind}`, () => {
      const actor = of(username, groups);
      expect([actor.kind, actor.key, actor.groups]).to.deep.equal([kind, key, groups]);
      const found = { system: isSystem(actor), control: isControlPlane(actor), person: isPerson(actor) };
      expect(
        Object.entries(found)
          .flatMap(([trait, has]) => (has ? [trait] : []))
          .join(' '),
      ).to.equal(traits);
    });

  it('has the name of its node, and the parts of its service account', () => {
    expect(of('system:node:n1')).to.include({ node: 'n1', name: 'system:node:n1' });
    expect(of('system:serviceaccount:shop:web')).to.deep.include({
      name: 'system:serviceaccount:shop:web',
      account: { namespace: 'shop', name: 'web' },
    });
    expect(of('')).to.include({ name: 'system:anonymous' });
  });

  it('has the pod and the node that its token is bound to', () => {
    const [pod, node] = ['authentication.kubernetes.io/pod-name', 'authentication.kubernetes.io/node-name'];
    expect(tokenOf({})).to.equal(undefined);
    expect(tokenOf({ [pod]: ['web-1'] })).to.deep.equal({ pod: 'web-1' });
    expect(tokenOf({ [node]: ['n1'] })).to.deep.equal({ node: 'n1' });
    expect(of('system:serviceaccount:shop:web', [], { [pod]: ['web-1'], [node]: ['n1'] }).token).to.deep.equal({
      pod: 'web-1',
      node: 'n1',
    });
    expect(of('system:serviceaccount:shop:web')).to.not.have.property('token');
    expect(of('alice', [], { [pod]: ['web-1'] })).to.not.have.property('token');
  });

  it('is a field manager if only that is known', () => {
    expect(managerActor('helm')).to.deep.equal({ kind: 'manager', name: 'helm', key: 'manager:helm', groups: [] });
  });
});
