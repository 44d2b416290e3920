import { expect } from 'chai';
import { RESOURCES, type ApiResource } from '../../operator/api/api-resource.ts';
import { CoolDowns } from '../../operator/changes/cool-downs.ts';
import { DeferredTargets } from '../../operator/changes/deferred-targets.ts';
import { ObjectIndex } from '../../operator/changes/watch/object-index.ts';
import { watchingCondition, type WatchingState } from '../../operator/changes/watching-condition.ts';
import { KubeApiError } from '../../operator/kube/client/kube-api-error.ts';

const widgets: ApiResource = { group: 'example.com', version: 'v1', resource: 'widgets', kind: 'Widget', namespaced: true };

describe('watchingCondition', () => {
  const condition = (
    problems: readonly (readonly [ApiResource, unknown])[] = [],
    { ready = true, ...state }: Partial<WatchingState & { ready: boolean }> = {},
  ) => {
    const indexes = new Map([RESOURCES.pods, widgets].map((resource) => [resource, new ObjectIndex()]));
    return watchingCondition({ problems, ready, indexes }, { isStarting: false, problem: undefined, ...state });
  };
  const forbidden = new KubeApiError('widgets is forbidden', { status: 403 });

  it('is True with the number of kinds', () => {
    expect(condition()).to.deep.equal({ type: 'Watching', status: 'True', reason: 'Watching', message: 'watching 2 kinds' });
  });

  it('is Unknown before the first scan, and while the first lists are read', () => {
    const starting = { type: 'Watching', status: 'Unknown', reason: 'Starting', message: 'waiting for the first scan of a policy' };
    expect([condition([], { isStarting: true }), condition([], { ready: false })]).to.deep.equal([starting, starting]);
  });

  it('is False with how to grant what is forbidden, and why anything else cannot be watched', () => {
    expect(
      condition(
        [
          [widgets, forbidden],
          [RESOURCES.pods, new Error('no route')],
        ],
        { problem: 'the Scan failed', isStarting: true },
      ),
    ).to.deep.equal({
      ...{ type: 'Watching', status: 'False', reason: 'Incomplete' },
      message:
        'cannot list and watch widgets in API group example.com: grant it by a ClusterRole labelled vigil.dev/aggregate-to-scan: "true" and ' +
        'vigil.dev/aggregate-to-watch: "true" (widgets is forbidden); pods in the core API group cannot be watched now: no route; the Scan failed',
    });
  });
});

describe('CoolDowns', () => {
  it('return what is left of each, and forget those that have ended', () => {
    const rests = new CoolDowns();
    rests.set('a', 10, 0);
    rests.set('b', 20, 0);
    expect([rests.left('a', 4), rests.left('b', 4), rests.left('c', 4), rests.left('a', 10), rests.left('a', 11)]).to.deep.equal([
      6, 16, 0, 0, 0,
    ]);
    rests.set('c', 5, 10);
    expect(rests.size).to.equal(1);
    rests.set('c', 10, 10);
    rests.set('d', 30, 20);
    expect([rests.size, rests.left('b', 10), rests.left('d', 20)]).to.deep.equal([1, 0, 10]);
  });
});

describe('DeferredTargets', () => {
  const of = (...namespaces: readonly string[]): DeferredTargets => {
    const deferred = new DeferredTargets();
    for (const namespace of namespaces) deferred.add(namespace);
    return deferred;
  };
  const many = Array.from({ length: 201 }, (_, index) => `n-${index}`);

  it('are namespaces in order, or the whole cluster for a cluster-scoped object or very many namespaces', () => {
    expect([of().isEmpty, of().namespaces]).to.deep.equal([true, []]);
    expect([of('b', 'a', 'b').namespaces, of('a').isEmpty]).to.deep.equal([['a', 'b'], false]);
    expect([of('a', '').namespaces, of('').isEmpty]).to.deep.equal([undefined, false]);
    expect([of(...many.slice(1)).namespaces?.length, of(...many).namespaces]).to.deep.equal([200, undefined]);
    expect(of('', 'a').namespaces).to.equal(undefined);
  });

  it('are joined with others, and taken once', () => {
    const deferred = of('a');
    deferred.merge(of('b'));
    expect(deferred.namespaces).to.deep.equal(['a', 'b']);
    const taken = deferred.take();
    expect([taken.namespaces, deferred.isEmpty, deferred.namespaces]).to.deep.equal([['a', 'b'], true, []]);
    deferred.merge(of(''));
    expect([deferred.namespaces, deferred.take().namespaces, deferred.isEmpty]).to.deep.equal([undefined, undefined, true]);
  });
});
