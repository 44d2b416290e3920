import { expect } from 'chai';
import type { ChangeActivity, RequestActivity } from '../../../operator/anomalies/activity/activity.ts';
import { changeActivity } from '../../../operator/anomalies/activity/change-activity.ts';
import { requestActivity } from '../../../operator/anomalies/activity/request-activity.ts';
import { GAP_AFTER, JOIN_WAIT, WriteJoin } from '../../../operator/anomalies/activity/write-join.ts';
import { object } from '../objects.ts';
import { auditEvent, type Request } from '../world.ts';

const start = Date.UTC(2026, 10, 2);
const write = (user: string, at: number, request: Request = {}): RequestActivity =>
  requestActivity(auditEvent(user, at, { verb: 'patch', of: 'deployments.apps', in: 'shop', name: 'web', ...request }));
const change = (at: number, operation: ChangeActivity['operation'] = 'update', name = 'web', generateName = ''): ChangeActivity => {
  const made = changeActivity({
    operation,
    object: object('Deployment', `shop/${name}`, {}, generateName === '' ? {} : { generateName }),
    at,
  });
  if (made === undefined) throw new Error('Deployment is not watched');
  return made;
};
/** A join to which audit events of others have come for ten minutes. */
const active = (): WriteJoin => {
  const join = new WriteJoin();
  for (let at = start - 600_000; at <= start; at += 60_000) join.request(write('other', at, { name: 'other' }), at);
  return join;
};
const userOf = (joined: ChangeActivity | undefined): string | undefined => joined?.request?.actor.name;

describe('WriteJoin', () => {
  it('joins a change with the request before it', () => {
    const join = active();
    join.request(write('alice', start), start);
    expect(userOf(join.change(change(start + 1000), start + 1000))).to.equal('alice');
  });

  it('lets a change wait for its request', () => {
    const join = active();
    expect(join.change(change(start), start)).to.equal(undefined);
    expect(join.request(write('alice', start + 500), start + 20_000).judged.map(userOf)).to.deep.equal(['alice']);
    expect(join.due(start + JOIN_WAIT + 1)).to.deep.equal({ judged: [], missing: [], outages: [] });
  });

  it('judges a change without its request after a while', () => {
    const join = active();
    join.change(change(start), start);
    expect(join.due(start + JOIN_WAIT - 1).judged).to.have.length(0);
    expect(join.due(start + JOIN_WAIT).judged.map(userOf)).to.deep.equal([undefined]);
    expect(join.due(start + JOIN_WAIT + 1).judged).to.have.length(0);
    const late = join.request(write('alice', start), start + 90_000);
    expect([late.judged, late.late.map(userOf)]).to.deep.equal([[], ['alice']]);
  });

  it('does not let changes wait if no audit events come', () => {
    expect(new WriteJoin().change(change(start), start)?.object.name).to.equal('web');
    const stopped = active();
    expect(stopped.change(change(start + 48 * 3_600_000), start + 48 * 3_600_000)?.object.name).to.equal('web');
  });

  for (const [title, request] of [
    ['of another object', { name: 'other' }],
    ['of another namespace', { in: 'bank' }],
    ['of another kind', { of: 'statefulsets.apps' }],
    ['that was denied', { code: 403 }],
    ['that reads', { verb: 'get' }],
    ['of the status', { of: 'deployments/status' }],
    ['that is a dry run', { uri: '/apis/apps/v1/namespaces/shop/deployments/web?dryRun=All' }],
  ] as const)
    it(`does not join a request ${title}`, () => {
      const join = active();
      join.change(change(start), start);
      expect(join.request(write('eve', start, request), start)).to.deep.equal({ judged: [], late: [] });
    });

  it('does not join a request of long before', () => {
    const join = active();
    join.request(write('eve', start), start);
    for (let at = start; at < start + 200_000; at += 60_000) join.request(write('other', at, { name: 'x' }), at);
    expect(join.change(change(start + 200_000), start + 200_000)).to.equal(undefined);
  });

  it('joins what has a name that the API server made, and deletions of many', () => {
    const join = active();
    join.request(requestActivity(auditEvent('rs', start, { verb: 'create', of: 'deployments.apps', in: 'shop' })), start);
    expect(userOf(join.change(change(start, 'create', 'web-x', 'web-'), start))).to.equal('rs');
    expect(join.change(change(start, 'create', 'web-y'), start)).to.equal(undefined);
    join.request(requestActivity(auditEvent('eve', start, { verb: 'deletecollection', of: 'deployments.apps', in: 'shop' })), start);
    expect(userOf(join.change(change(start, 'delete', 'db'), start))).to.equal('eve');
  });

  it('joins a change of the replicas with a request for the scale, and a deleted pod with its eviction', () => {
    const join = active();
    join.request(write('hpa', start, { of: 'deployments.apps/scale', verb: 'update' }), start);
    expect(userOf(join.change(change(start), start))).to.equal('hpa');
    join.request(requestActivity(auditEvent('alice', start, { verb: 'create', of: 'pods/eviction', in: 'shop', name: 'web' })), start);
    const evicted = changeActivity({ operation: 'delete', object: object('Pod', 'shop/web'), at: start });
    expect(evicted && userOf(join.change(evicted, start))).to.equal('alice');
  });

  it('takes the nearest of several requests, in whatever order they come', () => {
    for (const [manager, attacker] of [
      [-3000, 400],
      [3000, 400],
      [-4000, -1500],
      [4500, -1500],
    ] as const) {
      const join = active();
      join.change(change(start), start);
      const judged = [write('argocd', start + manager), write('eve', start + attacker)].flatMap(
        (request) => join.request(request, request.at).judged,
      );
      expect([...judged, ...join.due(start + 6000).judged].map(userOf), `${manager} ${attacker}`).to.deep.equal(['eve']);
      const early = active();
      for (const request of [write('argocd', start + manager), write('eve', start + attacker)]) early.request(request, request.at);
      const joined = early.change(change(start), start);
      expect(userOf(joined ?? early.due(start + 6000).judged[0]), `${manager} ${attacker} before`).to.equal('eve');
    }
  });

  it('does not wait for a request of a change that a controller writes to the status', () => {
    const refused = { status: { conditions: [{ type: 'ReplicaFailure', status: 'True', message: 'exceeded quota' }] } };
    const before = changeActivity({ operation: 'create', object: object('Deployment', 'shop/web'), at: start })?.after;
    const observed = changeActivity({ operation: 'update', object: object('Deployment', 'shop/web', refused), before, at: start });
    expect(observed && active().change(observed, start)?.after?.refusedByQuota).to.equal(true);
  });

  it('tells a change whose request never came, if requests came before and after it', () => {
    const join = active();
    join.change(change(start), start);
    join.due(start + JOIN_WAIT);
    join.request(write('other', start + 60_000, { name: 'x' }), start + 60_000);
    expect(join.due(start + GAP_AFTER).missing.map(({ object: { name } }) => name)).to.deep.equal(['web']);
  });

  it('tells changes in a time without any audit event together, and once', () => {
    const join = active();
    for (let index = 1; index <= 3; index += 1) join.change(change(start + index * 1000, 'update', `web-${index}`), start + index * 1000);
    const silent = join.due(start + GAP_AFTER + 10_000);
    expect([silent.missing, silent.outages.map(({ outage, count }) => [outage, count])]).to.deep.equal([[], [[{ from: start }, 3]]]);
    join.change(change(start + 590_000), start + 590_000);
    join.request(write('other', start + 600_000, { name: 'x' }), start + 600_000);
    const { missing, outages } = join.due(start + 590_000 + GAP_AFTER);
    expect([missing, outages.map(({ outage, count }) => [outage, count])]).to.deep.equal([[], [[{ from: start, to: start + 600_000 }, 4]]]);
  });

  it('takes events that the API server sends late for what they are', () => {
    const join = active();
    join.request(write('other', start + 600_000, { name: 'x' }), start + 600_000);
    for (let at = start + 60_000; at < start + 600_000; at += 60_000) join.request(write('other', at, { name: 'x' }), at);
    join.change(change(start + 300_000), start + 600_000);
    const { missing, outages } = join.due(start + 300_000 + GAP_AFTER);
    expect([missing.length, outages]).to.deep.equal([1, []]);
  });
});
