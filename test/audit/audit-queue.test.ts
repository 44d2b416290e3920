import { expect } from 'chai';
import { AuditQueue } from '../../operator/audit/receiving/audit-queue.ts';
import { EventOrder } from '../../operator/audit/receiving/event-order.ts';
import { SeenEvents } from '../../operator/audit/receiving/seen-events.ts';
import { parseAuditEvent } from '../../operator/audit/parsing/audit-event-parser.ts';
import type { AuditEvent } from '../../operator/audit/audit-event.ts';
import { auditJson } from './sample-events.ts';

const NOW = Date.UTC(2026, 2, 1, 10);
const at = (seconds: number): string => new Date(NOW + seconds * 1000).toISOString();
const json = (auditID: string, seconds = 0, changes: Record<string, unknown> = {}): Record<string, unknown> =>
  auditJson({ auditID, stageTimestamp: at(seconds), requestReceivedTimestamp: at(seconds), ...changes });
const event = (auditID: string, seconds: number, server = 'a'): AuditEvent => {
  const parsed = parseAuditEvent(json(auditID, seconds), server);
  if ('problem' in parsed) throw new Error(parsed.problem.message);
  return parsed.event;
};
const idsOf = (events: readonly AuditEvent[]): string => events.map(({ auditID }) => auditID).join('');

/** A queue whose clocks stand still, and what it did. */
const queueWith = (options: { queueLimit?: number; order?: EventOrder } = {}) => {
  const passed: AuditEvent[] = [];
  const counts = new Map<string, number>();
  const count = (name: string, add: number): void => void counts.set(name, (counts.get(name) ?? 0) + add);
  const messages: string[] = [];
  const observer = {
    received: (events: number) => count('received', events),
    dropped: count,
    problem: (_: string, message: string) => void messages.push(message),
  };
  const subject = new AuditQueue({
    observer,
    consume: (events) => void passed.push(...events),
    now: () => NOW,
    steady: () => 0,
    ...options,
  });
  const offer = (...events: Record<string, unknown>[]): void =>
    subject.offer({ bytes: Buffer.from(JSON.stringify({ kind: 'EventList', apiVersion: 'audit.k8s.io/v1', items: events })), server: 'a' });
  return { subject, offer, passed, counts, messages };
};

describe('AuditQueue', () => {
  it('passes events on in the order of their time', () => {
    const { subject, offer, passed, counts } = queueWith();
    offer(json('c', 3), json('a', 1));
    offer(json('b', 2));
    subject.stop();
    expect([idsOf(passed), counts.get('received')]).to.deep.equal(['abc', 3]);
  });

  it('reads after the sender was answered', async () => {
    const order = new EventOrder();
    const { subject, offer } = queueWith({ order });
    offer(json('a'));
    expect([subject.queued > 0, order.size]).to.deep.equal([true, 0]);
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    expect([subject.queued, order.size]).to.deep.equal([0, 1]);
    subject.stop();
  });

  it('drops a batch that is sent again, and counts it', () => {
    const { subject, offer, passed, counts, messages } = queueWith();
    offer(json('a', 1), json('b', 2));
    offer(json('a', 1), json('b', 2));
    subject.stop();
    expect([idsOf(passed), counts.get('duplicate'), messages]).to.deep.equal(['ab', 2, []]);
  });

  it('keeps requests of a client that gives all of them the same audit ID', () => {
    const { subject, offer, passed, counts } = queueWith();
    offer(
      json('x', 1),
      json('x', 1, { verb: 'list' }),
      json('x', 1, { requestURI: '/api/v1/secrets' }),
      json('x', 2),
      json('x', 1, { stage: 'ResponseStarted' }),
    );
    subject.stop();
    expect([passed.length, counts.get('duplicate')]).to.deep.equal([5, undefined]);
  });

  it('drops what is from the future or from long ago, and says so', () => {
    const { subject, offer, passed, counts, messages } = queueWith();
    offer(json('a', 299), json('b', 301), json('c', -86_399), json('d', -86_401));
    subject.stop();
    expect([idsOf(passed), counts.get('future'), counts.get('old')]).to.deep.equal(['ca', 1, 1]);
    expect(messages).to.deep.equal([
      "an event of a is 5 minutes ahead of the operator's clock: compare the clocks of both nodes",
      'an event of a is 1440 minutes old: vigil audit-replay reads old logs',
    ]);
  });

  it('drops bodies for which there is no room, and counts their events', () => {
    const { subject, offer, passed, counts, messages } = queueWith({ queueLimit: 4000 });
    offer(json('a'), json('b'));
    offer(json('c'), json('d'), json('e'));
    subject.stop();
    expect([idsOf(passed), counts.get('queue'), messages.length]).to.deep.equal(['ab', 3, 1]);
  });

  it('passes events on early if too many wait for their order, and loses none', () => {
    const { subject, offer, passed, counts } = queueWith({ order: new EventOrder(2000, 2) });
    offer(json('a'), json('b'), json('c'), json('d'), json('e'));
    subject.stop();
    expect([idsOf(passed), counts.get('queue'), counts.get('received')]).to.deep.equal(['abcde', undefined, 5]);
  });

  it('counts what is no event', () => {
    const { subject, counts, messages } = queueWith();
    subject.offer({ bytes: Buffer.from('no JSON'), server: 'a' });
    subject.offer({ bytes: Buffer.from(JSON.stringify(auditJson({ apiVersion: 'audit.k8s.io/v1beta1' }))), server: 'a' });
    subject.offer({ bytes: Buffer.from(JSON.stringify({ messageType: 'CONTROL_MESSAGE' })), server: 'a' });
    subject.stop();
    expect([...counts]).to.deep.equal([
      ['malformed', 1],
      ['version', 1],
      ['other', 1],
    ]);
    expect(messages).to.have.length(2);
  });
});

describe('EventOrder', () => {
  it('holds events for the window, and releases earlier ones of the same server with them', () => {
    const order = new EventOrder(2000);
    order.add(event('b', 2), 0);
    order.add(event('a', 1), 1000);
    order.add(event('c', 3), 1000);
    expect([idsOf(order.take(1999)), idsOf(order.take(2000)), idsOf(order.take(3000))]).to.deep.equal(['', 'ab', 'c']);
    expect(order.late).to.equal(0);
  });

  it('does not let the clock of one server hold back or hurry another', () => {
    const order = new EventOrder(2000);
    order.add(event('x', 300, 'ahead'), 0);
    order.add(event('a', 1, 'a'), 1000);
    expect(idsOf(order.take(2000))).to.equal('x');
    expect(idsOf(order.take(3000))).to.equal('a');
    expect(order.late).to.equal(0);
  });

  it('lets the first half and what is earlier leave if too many wait', () => {
    const order = new EventOrder(2000, 4);
    for (const [index, name] of ['c', 'b', 'a', 'z'].entries())
      expect(order.add(event(name, name === 'z' ? 9 : 3 - index), index)).to.have.length(0);
    expect([idsOf(order.add(event('d', 4), 20)), order.size]).to.deep.equal(['abc', 2]);
  });

  it('counts an event that comes after later ones have left', () => {
    const order = new EventOrder(2000);
    order.add(event('b', 2), 0);
    order.take(2000);
    order.add(event('a', 1), 2500);
    expect([idsOf(order.take(5000)), order.late]).to.deep.equal(['a', 1]);
  });

  it('forgets servers beyond a bound', () => {
    const order = new EventOrder(0);
    for (let index = 0; index < 1000; index += 1) order.add(event('a', index, `server-${index}`), 0);
    expect(order.take(0)).to.have.length(1000);
    order.add(event('b', -1, 'server-0'), 0);
    order.add(event('b', -1, 'server-999'), 0);
    order.take(0);
    expect(order.late).to.equal(1);
  });
});

describe('SeenEvents', () => {
  it('remembers at least its capacity, and forgets what is older than twice that', () => {
    const seen = new SeenEvents(10);
    const events = Array.from({ length: 30 }, (_, index) => event(`e${index}`, index));
    for (const one of events) expect(seen.add(one)).to.equal(false);
    expect(events.slice(20).map((one) => seen.add(one))).to.deep.equal(Array(10).fill(true));
    expect(seen.add(events[0]!)).to.equal(false);
  });
});
