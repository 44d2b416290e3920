import { expect } from 'chai';
import { actorOf } from '../../../operator/anomalies/activity/actor.ts';
import { RecentActors } from '../../../operator/anomalies/activity/recent-actors.ts';

const user = (username: string, groups: readonly string[] = [], pod?: string) => ({
  username,
  groups,
  extra: pod === undefined ? {} : { 'authentication.kubernetes.io/pod-name': [pod] },
});

describe('RecentActors', () => {
  it('gives equal users one actor, and others their own', () => {
    const actors = new RecentActors();
    const cart = 'system:serviceaccount:shop:cart';
    const users = [user('alice'), user('alice', ['admins']), user(cart), user(cart, [], 'cart-1'), user(cart, [], 'cart-2')];
    expect(users.map((each) => actors.of(each))).to.deep.equal(users.map(actorOf));
    expect(actors.of(user(cart, [], 'cart-1'))).to.equal(actors.of(user(cart, [], 'cart-1')));
  });

  it('forgets actors that were not seen for a while', () => {
    const actors = new RecentActors(2);
    const [first, second] = [actors.of(user('a')), actors.of(user('b'))];
    for (const name of ['c', 'b', 'd', 'e']) actors.of(user(name));
    expect(actors.of(user('b'))).to.equal(second);
    expect(actors.of(user('a'))).to.not.equal(first);
  });
});
