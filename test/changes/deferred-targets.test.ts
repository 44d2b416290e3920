import { expect } from 'chai';
import { ChangeBacklog } from '../../operator/changes/change-backlog.ts';
import { DeferredTargets } from '../../operator/changes/deferred-targets.ts';
import { PendingChanges } from '../../operator/changes/pending-changes.ts';
import { builtinResources } from '../../operator/engine/objects/builtin-resources.ts';
import { compilePolicies } from '../../operator/engine/policy-set.ts';

describe('the targets that are left to a Scan', () => {
  const of = (...namespaces: readonly string[]): DeferredTargets => {
    const deferred = new DeferredTargets();
    for (const namespace of namespaces) deferred.add(namespace);
    return deferred;
  };

  it('are gone from where they were taken', () => {
    const deferred = of('b', 'a');
    expect([deferred.take().namespaces, deferred.isEmpty, deferred.namespaces]).to.deep.equal([['a', 'b'], true, []]);
    deferred.add('c');
    expect(deferred.take().namespaces).to.deep.equal(['c']);
  });

  it('are some namespaces again after those of the whole cluster were taken', () => {
    const deferred = of('');
    expect(deferred.take().namespaces).to.equal(undefined);
    expect(deferred.isEmpty).to.equal(true);
    deferred.add('c');
    expect(deferred.namespaces).to.deep.equal(['c']);
  });

  it('are handed over to one Scan at a time, and only if there are some', () => {
    const set = compilePolicies([], { kubernetesVersion: '1.36', resources: builtinResources, systemNamespaces: [] });
    const backlog = new ChangeBacklog(new PendingChanges({ set, indexes: new Map() }, 9), 9);
    expect(backlog.handOver('s0', new Set())).to.equal(undefined);
    backlog.pending.deferred.add('a');
    expect(backlog.handOver('s1', new Set())?.namespaces).to.deep.equal(['a']);
    backlog.pending.deferred.add('b');
    expect(backlog.handOver('s2', new Set())).to.equal(undefined);
    expect(backlog.settle('complete')).to.equal(false);
    expect(backlog.handOver('s3', new Set())?.namespaces).to.deep.equal(['b']);
  });
});
