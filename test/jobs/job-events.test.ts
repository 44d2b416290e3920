import { expect } from 'chai';
import { eventsAbout, isQuota, refusalIn, type JobEvent } from '../../operator/jobs/job-events.ts';
import { KubeApiError } from '../../operator/kube/client/kube-api-error.ts';
import type { KubeClient } from '../../operator/kube/client/kube-client.ts';

const at = (minute: number): string => `2026-01-01T00:${String(minute).padStart(2, '0')}:00Z`;
const event = (name: string, more: Partial<JobEvent> = {}): JobEvent => ({ metadata: { name }, ...more });
const refused = (message: string, minute: number): JobEvent =>
  event(message, { reason: 'FailedCreate', message, lastTimestamp: at(minute) });
const podAt = (minute: number): { readonly metadata: { readonly name: string; readonly creationTimestamp: string } } => ({
  metadata: { name: 'p', creationTimestamp: at(minute) },
});

/** A client whose list of Events is this one, or fails. */
const listing = (found: readonly JobEvent[] | Error, calls: unknown[] = []): KubeClient =>
  ({
    call: (call: { path: string; query: Record<string, string> }) => {
      calls.push([call.path, call.query['fieldSelector']]);
      return found instanceof Error ? Promise.reject(found) : Promise.resolve({ metadata: { resourceVersion: '1' }, items: found });
    },
  }) as unknown as KubeClient;

describe('the Events about a Job', () => {
  const about = { metadata: { name: 'j', uid: 'u' } };

  it('are those of its uid, the latest last, by the first time that they have', async () => {
    const calls: unknown[] = [];
    const events = [
      event('series', { series: { lastObservedTime: at(5) }, lastTimestamp: at(1), eventTime: at(1) }),
      event('created', { metadata: { name: 'created', creationTimestamp: at(2) } }),
      event('last', { lastTimestamp: at(4), eventTime: at(9) }),
      event('time', { series: null, lastTimestamp: null, eventTime: at(3) }),
      event('none'),
    ];
    const found = await eventsAbout(listing(events, calls), 'v', about);
    expect(found.map(({ metadata }) => metadata.name)).to.deep.equal(['none', 'created', 'time', 'last', 'series']);
    expect(calls).to.deep.equal([['/api/v1/namespaces/v/events', 'involvedObject.uid=u']]);
  });

  it('are none if they may not be listed; another error is thrown', async () => {
    expect(await eventsAbout(listing(new KubeApiError('no', { status: 403 })), 'v', about)).to.deep.equal([]);
    const failure = new KubeApiError('etcd', { status: 500 });
    const thrown: unknown = await eventsAbout(listing(failure), 'v', about).catch((error: unknown) => error);
    expect(thrown).to.equal(failure);
  });
});

describe('the refusal of the pods of a Job', () => {
  it('is the latest FailedCreate since the latest pod was created', () => {
    const events = [refused('old', 1), refused('new', 3), event('other', { reason: 'Scheduled', message: 'x', lastTimestamp: at(4) })];
    expect(refusalIn(events, [])).to.equal('new');
    expect(refusalIn(events, [podAt(2)])).to.equal('new');
    expect(refusalIn(events, [podAt(3)])).to.equal('new');
    expect(refusalIn(events, [podAt(1), podAt(4)])).to.equal(undefined);
    expect(refusalIn([event('untimed', { reason: 'FailedCreate', message: 'untimed' })], [podAt(4), { metadata: { name: 'q' } }])).to.equal(
      'untimed',
    );
  });

  it('is by a quota if the message says so', () => {
    expect([isQuota('pods "j-1" is forbidden: exceeded quota: few'), isQuota('violates PodSecurity')]).to.deep.equal([true, false]);
  });
});
