import { expect } from 'chai';
import pino from 'pino';
import type { ServerResponse } from 'node:http';
import { RESOURCES } from '../../operator/api/api-resource.ts';
import { EventCorrelator, type EventOccurrence } from '../../operator/controller/event-correlator.ts';
import { EventRecorder, type EventRecorderOptions } from '../../operator/controller/event-recorder.ts';
import { ApiDouble, breaks, says, type SeenCall } from '../kube/api-double.ts';

describe('the event correlator', () => {
  const about = (object: string, message: string, reason = 'NewFindings'): EventOccurrence => ({
    object,
    type: 'Warning',
    reason,
    message,
  });
  const kinds = (correlator: EventCorrelator, occurrences: readonly EventOccurrence[], now = 0): string[] =>
    occurrences.map((occurrence) => correlator.decide(occurrence, now).kind);
  const texts = (object: string, count: number): EventOccurrence[] =>
    Array.from({ length: count }, (_, index) => about(object, `text ${index}`));

  it('records the same text about the same object once in ten minutes', () => {
    const correlator = new EventCorrelator();
    expect(kinds(correlator, [about('a', 'x'), about('a', 'x'), about('b', 'x'), about('a', 'y')])).to.deep.equal([
      'new',
      'known',
      'new',
      'new',
    ]);
    expect(correlator.decide(about('a', 'x'), 599_999).kind).to.equal('known');
    expect(correlator.decide(about('a', 'x'), 600_000).kind).to.equal('new');
  });

  it('combines similar Events from the eleventh on, and counts them', () => {
    const correlator = new EventCorrelator();
    const decisions = texts('a', 13).map((occurrence) => correlator.decide(occurrence, 7));
    expect(decisions.map(({ kind }) => kind)).to.deep.equal([...Array<string>(10).fill('new'), 'combined', 'combined', 'combined']);
    const combined = decisions.filter((decision) => decision.kind === 'combined');
    expect(combined.map(({ count }) => count)).to.deep.equal([1, 2, 3]);
    expect(new Set(combined.map(({ group }) => group)).size).to.equal(1);
  });

  it('drops Events above the rate limit of their object and reason, and allows one every five minutes', () => {
    const correlator = new EventCorrelator();
    expect(kinds(correlator, texts('a', 27)).slice(24)).to.deep.equal(['combined', 'dropped', 'dropped']);
    expect(kinds(correlator, [about('a', 'later'), about('a', 'too much')], 300_000)).to.deep.equal(['combined', 'dropped']);
  });

  it('never suppresses a warning because of a burst about other objects or with other reasons', () => {
    const correlator = new EventCorrelator();
    const burst = Array.from({ length: 5000 }, (_, index) => about(`pod-${index}`, 'found'));
    const decided = kinds(correlator, burst);
    expect([decided.filter((kind) => kind === 'new').length, decided.filter((kind) => kind === 'dropped').length]).to.deep.equal([
      1000, 4000,
    ]);
    expect(kinds(correlator, [about('policy', 'bad', 'InvalidSpec'), about('pod-1', 'no pod', 'FailedCreate')])).to.deep.equal([
      'new',
      'new',
    ]);
    expect(kinds(correlator, [about('pod-9', 'found more'), about('pod-8', 'found more')], 1000)).to.deep.equal(['new', 'dropped']);
  });

  it('bounds its cache, and evicts the least recently used entry', () => {
    const correlator = new EventCorrelator({ remembered: 2 });
    expect(kinds(correlator, [about('a', 'x'), about('b', 'x'), about('a', 'x'), about('b', 'x')]).slice(2)).to.deep.equal([
      'known',
      'known',
    ]);
    kinds(correlator, [about('a', 'x'), about('b', 'x'), about('c', 'x')]);
    expect(kinds(correlator, [about('c', 'x'), about('a', 'x')])).to.deep.equal(['known', 'new']);
  });

  it('records an Event again after a failed write', () => {
    const correlator = new EventCorrelator();
    kinds(correlator, [about('a', 'x')]);
    correlator.retract(about('a', 'x'));
    expect(kinds(correlator, [about('a', 'x')])).to.deep.equal(['new']);
    correlator.retract(about('unknown', 'x'));
    expect(kinds(correlator, [about('a', 'x')])).to.deep.equal(['known']);
  });
});

describe('the event recorder', () => {
  let server: ApiDouble;
  const lines: Record<string, unknown>[] = [];
  const log = pino(
    { level: 'warn', base: null },
    { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) },
  );
  const policy = { metadata: { name: 'web', uid: 'u', resourceVersion: '7' } };
  const warning = (message: string, reason = 'InvalidSpec') => ({ type: 'Warning', reason, message }) as const;
  const echo = (answer: ServerResponse, { body }: SeenCall): void => says(JSON.parse(body))(answer);
  const recorderOf = async (options: Partial<EventRecorderOptions> = {}): Promise<EventRecorder> =>
    new EventRecorder(await server.start({ retries: 0 }), log, {
      ...{ instance: 'i', clock: () => Date.parse('2026-01-01T00:00:00Z') },
      ...options,
    });
  const bodies = (): Record<string, unknown>[] => server.calls.map(({ body }) => JSON.parse(body) as Record<string, unknown>);

  beforeEach(() => {
    lines.length = 0;
    server = new ApiDouble();
    server.answers = [echo];
  });
  afterEach(() => server.stop());

  it('writes Events about cluster-scoped objects into the namespace default', async () => {
    const recorder = await recorderOf();
    recorder.record(RESOURCES.policies, policy, warning('spec: no checks'));
    await recorder.flush();
    expect(server.calls[0]).to.include({ method: 'POST', url: '/api/v1/namespaces/default/events?fieldManager=vigil' });
    const [event] = bodies();
    expect(event).to.deep.include({
      ...{ type: 'Warning', reason: 'InvalidSpec', message: 'spec: no checks', count: 1, reportingInstance: 'i' },
      ...{ source: { component: 'vigil' }, reportingComponent: 'vigil.dev/operator' },
      ...{ firstTimestamp: '2026-01-01T00:00:00.000Z', lastTimestamp: '2026-01-01T00:00:00.000Z' },
      involvedObject: { apiVersion: 'vigil.dev/v1alpha1', kind: 'SecurityPolicy', name: 'web', uid: 'u', resourceVersion: '7' },
    });
    expect(event?.['metadata'])
      .to.have.property('name')
      .that.matches(/^web\.[0-9a-f]{24}$/);
  });

  it('distinguishes objects without a uid by kind, namespace and name, and keeps the namespace', async () => {
    const recorder = await recorderOf();
    const about = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'Web_1' };
    for (const change of [{}, {}, { kind: 'DaemonSet' }, { namespace: 'other' }, { name: 'Web_2' }])
      recorder.recordFor({ ...about, ...change }, warning('x'));
    await recorder.flush();
    expect(server.calls.map(({ url }) => url.split('/')[4])).to.have.members(['shop', 'shop', 'other', 'shop']);
    const names = bodies().map(({ metadata }) => (metadata as { name: string }).name);
    expect(new Set(names).size).to.equal(4);
    expect(names[0]).to.match(/^-eb-1\.[0-9a-f]{24}$/);
  });

  it('shortens long names and messages, and gives Events of different texts different names', async () => {
    const recorder = await recorderOf();
    const long = { ...policy, metadata: { ...policy.metadata, name: 'n'.repeat(250) } };
    for (const message of ['m'.repeat(2000), 'other']) recorder.record(RESOURCES.policies, long, warning(message));
    await recorder.flush();
    const [first, second] = bodies() as { message: string; metadata: { name: string } }[];
    expect([first?.message.length, first?.metadata.name.length]).to.deep.equal([1000, 225]);
    expect(first?.metadata.name).not.to.equal(second?.metadata.name);
  });

  it('combines very many similar Events into one, and updates its count in order', async () => {
    const recorder = await recorderOf();
    for (let index = 0; index < 13; index++) recorder.record(RESOURCES.policies, policy, warning(`text ${index}`));
    await recorder.flush();
    expect(server.calls.map(({ method }) => method).filter((method) => method === 'PATCH')).to.have.length(2);
    expect(server.calls.filter(({ method }) => method === 'POST')).to.have.length(11);
    const counted = bodies().filter(({ message }) => String(message).startsWith('(combined from similar events): '));
    expect(counted.map(({ count, message }) => [count, message])).to.deep.equal([
      [1, '(combined from similar events): text 10'],
      [2, '(combined from similar events): text 11'],
      [3, '(combined from similar events): text 12'],
    ]);
  });

  it('counts each dropped Event, and logs its message', async () => {
    const dropped: string[] = [];
    const recorder = await recorderOf({
      onDropped: (reason) => dropped.push(reason),
      limits: { perReason: { burst: 1, refill: 1000 } },
      steady: () => 0,
    });
    recorder.record(RESOURCES.policies, policy, warning('first'));
    recorder.record(RESOURCES.policies, policy, warning('second'));
    recorder.record(RESOURCES.policies, policy, warning('of another reason', 'Other'));
    await recorder.flush();
    expect(server.calls).to.have.length(2);
    expect(dropped).to.deep.equal(['InvalidSpec']);
    expect(lines).to.have.length(1);
    expect(lines[0]).to.include({ kind: 'SecurityPolicy', name: 'web', reason: 'InvalidSpec', message: 'second' });
  });

  it('logs a failed write, and writes the next occurrence', async () => {
    const recorder = await recorderOf();
    server.answers = [breaks, echo];
    recorder.record(RESOURCES.policies, policy, warning('x'));
    await recorder.flush();
    expect(lines[0]).to.include({ msg: 'event write failed', reason: 'InvalidSpec' });
    recorder.record(RESOURCES.policies, policy, warning('x'));
    await recorder.flush();
    expect(server.calls).to.have.length(2);
  });
});
