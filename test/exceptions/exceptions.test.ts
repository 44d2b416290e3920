import { expect } from 'chai';
import pino from 'pino';
import { RESOURCES, type ApiResource } from '../../operator/api/api-resource.ts';
import type { SecurityPolicy } from '../../operator/api/kinds/security-policy.ts';
import type { KubeObject } from '../../operator/api/metadata.ts';
import type { Controller } from '../../operator/controller/controller.ts';
import { Exceptions, type ExceptionsDependencies } from '../../operator/exceptions/exceptions.ts';
import { ExceptionStore } from '../../operator/exceptions/exception-store.ts';
import type { Exception } from '../../operator/exceptions/exception.ts';
import type { ChangeType } from '../../operator/kube/watch/list-watch.ts';
import type { RecordTarget } from '../../operator/stream/stream-record.ts';
import { takeKeys } from '../controller/queued-keys.ts';
import { ControllerRunner } from '../controller/reconcile-once.ts';
import { clusterException, exception, now } from '../findings/waivers/samples.ts';

const policy = (spec: Partial<SecurityPolicy['spec']> = {}, metadata: Partial<KubeObject['metadata']> = {}): SecurityPolicy => ({
  metadata: { name: 'baseline', uid: 'p', ...metadata },
  spec,
});
const namespace = (labels: Readonly<Record<string, string>> | undefined, name = 'web'): KubeObject => ({
  metadata: { name, uid: `n-${name}`, ...(labels ? { labels } : {}) },
});

/** The controllers of exceptions with caches that a test fills. Nothing runs unless a test starts a controller. */
class Fixture {
  exceptions: Exception[] = [exception()];
  clusterExceptions: Exception[] = [clusterException()];
  policies: SecurityPolicy[] = [policy({ frameworks: [{ name: 'cis' }] })];
  /** The calls of `invalidate`. */
  invalidated = 0;
  /** The namespaces that exceptions were applied to, each with the labels of a Pod. */
  readonly applied: (readonly [namespace: string | undefined, labels: RecordTarget['labels']])[] = [];
  readonly incomplete: string[] = [];
  readonly listed: string[] = [];
  readonly subject: Exceptions;
  /** The keys that were queued with a delay, as `namespace milliseconds`. */
  readonly delayed: string[] = [];
  readonly evidence: string[] = [];

  constructor() {
    const store = new ExceptionStore({
      exceptions: { list: () => this.exceptions },
      clusterExceptions: { list: () => this.clusterExceptions },
      policies: { list: () => this.policies },
      namespaces: { list: () => [namespace({}), namespace({}, 'shop')] },
      clock: () => now,
      isComplete: () => true,
    });
    const invalidate = store.invalidate.bind(store);
    store.invalidate = () => {
      this.invalidated += 1;
      invalidate();
    };
    const { pods } = RESOURCES;
    this.subject = new Exceptions({
      log: pino({ level: 'silent' }),
      observe: undefined,
      client: {
        call: ({ path }: { path: string }) => {
          this.listed.push(path);
          const items = path.includes('/pods') ? [{ metadata: { name: 'a', namespace: 'web', labels: { app: 'api' } } }] : [];
          return Promise.resolve({ metadata: {}, items });
        },
      },
      clusterInfo: () => Promise.resolve({ kubernetesVersion: '1.36', resources: [pods] }),
      publisher: {
        applyWaivers: async (...[request, calls]: Parameters<ExceptionsDependencies['publisher']['applyWaivers']>) => {
          const target = { apiVersion: 'v1', kind: 'Pod', namespace: 'web', name: 'a' };
          this.applied.push([request.namespace, await calls.labelsOf(target, request.signal)]);
          calls.onIncomplete(target);
          return { written: 1, policies: new Set(['baseline']) };
        },
      },
      policies: { get: (name: string) => this.policies.find(({ metadata }) => metadata.name === name) },
      store,
      clock: () => now,
      onIncomplete: ({ name }: { name: string }) => void this.incomplete.push(name),
    } as unknown as ExceptionsDependencies);
    const [reports, , evidence] = this.controllers;
    reports.queue.addAfter = (key, milliseconds) => void this.delayed.push(`${key} ${milliseconds}`);
    evidence.queue.addAfter = (key, milliseconds) => void this.evidence.push(`${key} ${milliseconds}`);
  }

  get controllers(): readonly [Controller, Controller, Controller] {
    return this.subject.controllers as never;
  }

  /** Returns and forgets what was queued: the keys of reports with their delays, and the ids of exceptions. */
  async queued(): Promise<{ readonly reports: readonly string[]; readonly statuses: readonly string[]; readonly invalidated: number }> {
    const [, { queue }] = this.controllers;
    const statuses = await takeKeys(queue);
    const found = { reports: this.delayed.splice(0), statuses, invalidated: this.invalidated };
    this.invalidated = 0;
    return found;
  }
}

const nothing = { reports: [], statuses: [], invalidated: 0 };
const all = { reports: ['* 200', 'web 200', 'shop 200'], statuses: ['web/legacy', 'legacy'], invalidated: 1 };

describe('the controllers of exceptions', () => {
  it('are those of reports, of the status and of evidence', () => {
    expect(new Fixture().controllers.map(({ name }) => name)).to.deep.equal(['report-exceptions', 'exceptions', 'exception-evidence']);
  });

  type Change = readonly [resource: ApiResource, object: KubeObject, type: ChangeType];
  interface Case {
    readonly what: string;
    readonly before?: Change;
    readonly change: Change;
    readonly queued: typeof all | typeof nothing;
  }
  const { exceptions, clusterExceptions, policies, namespaces } = RESOURCES;
  const own = (spec: Parameters<typeof exception>[0] = {}, metadata: object = {}): KubeObject =>
    exception(spec, { uid: 'e', ...metadata } as never);
  const status = { reports: [], statuses: ['web/legacy'], invalidated: 0 };
  const inWeb = { reports: ['web 200'], statuses: ['web/legacy'], invalidated: 1 };
  const ruled = (names: readonly string[], more: object = {}): SecurityPolicy =>
    policy({ rules: names.map((name) => ({ name })) as never, ...more });
  const denying = { enforcement: [{ actions: ['Deny'] }] } as never;
  const cases: readonly Case[] = [
    { what: 'a new exception', change: [exceptions, own(), 'ADDED'], queued: inWeb },
    {
      what: 'a new exception for the cluster',
      change: [clusterExceptions, clusterException(), 'ADDED'],
      queued: { ...all, statuses: ['legacy'] },
    },
    { what: 'a deleted exception', before: [exceptions, own(), 'ADDED'], change: [exceptions, own(), 'DELETED'], queued: inWeb },
    {
      what: 'another spec of an exception',
      before: [exceptions, own(), 'ADDED'],
      change: [exceptions, own({ expiresAt: '2026-07-01T00:00:00Z' }), 'MODIFIED'],
      queued: inWeb,
    },
    {
      what: 'another label of an exception, which a policy may require',
      before: [exceptions, own(), 'ADDED'],
      change: [exceptions, own({}, { labels: { approved: 'yes' } }), 'MODIFIED'],
      queued: inWeb,
    },
    {
      what: 'an exception that was made again',
      before: [exceptions, own(), 'ADDED'],
      change: [exceptions, own({}, { creationTimestamp: '2026-05-31T10:00:00Z' }), 'MODIFIED'],
      queued: inWeb,
    },
    {
      what: 'another status of an exception',
      before: [exceptions, own(), 'ADDED'],
      change: [exceptions, { ...own({}, { resourceVersion: '2' }), status: {} } as KubeObject, 'MODIFIED'],
      queued: status,
    },
    {
      what: 'the first labels of an exception, if these are none',
      before: [exceptions, own(), 'ADDED'],
      change: [exceptions, own({}, { labels: {} }), 'MODIFIED'],
      queued: status,
    },
    { what: 'a new policy', change: [policies, policy(), 'ADDED'], queued: all },
    {
      what: 'other bounds of a policy',
      before: [policies, policy(), 'ADDED'],
      change: [policies, policy({ exceptions: { allow: 'None' } }), 'MODIFIED'],
      queued: all,
    },
    {
      what: 'another selection of admission policies',
      before: [policies, policy(), 'ADDED'],
      change: [policies, policy({ admissionPolicies: { selector: {} } }), 'MODIFIED'],
      queued: all,
    },
    {
      what: 'another rule of a policy',
      before: [policies, ruled(['a']), 'ADDED'],
      change: [policies, ruled(['a', 'b']), 'MODIFIED'],
      queued: all,
    },
    { what: 'a policy that denies', before: [policies, policy(), 'ADDED'], change: [policies, policy(denying), 'MODIFIED'], queued: all },
    {
      what: 'another severity of a rule of a policy',
      before: [policies, ruled(['a']), 'ADDED'],
      change: [policies, ruled(['a'], { description: 'other' }), 'MODIFIED'],
      queued: nothing,
    },
    {
      what: 'the first rules of a policy, if these are none',
      before: [policies, policy(), 'ADDED'],
      change: [policies, ruled([]), 'MODIFIED'],
      queued: nothing,
    },
    {
      what: 'other labels of a Namespace',
      before: [namespaces, namespace({}), 'ADDED'],
      change: [namespaces, namespace({ tier: 'prod' }), 'MODIFIED'],
      queued: { reports: ['web 200'], statuses: [], invalidated: 1 },
    },
    {
      what: 'an annotation of a Namespace',
      before: [namespaces, namespace(undefined), 'ADDED'],
      change: [namespaces, { metadata: { ...namespace({}).metadata, annotations: { a: 'b' } } }, 'MODIFIED'],
      queued: nothing,
    },
    { what: 'a new Namespace, which has no reports', change: [namespaces, namespace({}), 'ADDED'], queued: { ...nothing, invalidated: 1 } },
    {
      what: 'a deleted Namespace',
      before: [namespaces, namespace({}), 'ADDED'],
      change: [namespaces, namespace({}), 'DELETED'],
      queued: { ...nothing, invalidated: 1 },
    },
  ];
  for (const { what, before, change, queued } of cases)
    it(`${queued === nothing ? 'do nothing' : 'apply again what is concerned'} after ${what}`, async () => {
      const fixture = new Fixture();
      if (before) fixture.subject.changed(...before);
      await fixture.queued();
      fixture.subject.changed(...change);
      expect(await fixture.queued()).to.deep.equal(queued);
    });

  it('keep what changed of each resource apart', () => {
    const fixture = new Fixture();
    fixture.subject.changed(namespaces, { metadata: { name: 'web', uid: 'same' } }, 'ADDED');
    fixture.subject.changed(policies, policy({}, { uid: 'same' }), 'ADDED');
    fixture.invalidated = 0;
    fixture.subject.changed(namespaces, { metadata: { name: 'web', uid: 'same' } }, 'MODIFIED');
    expect(fixture.invalidated).to.equal(0);
  });

  it('apply everything again after policies select other admission policies', async () => {
    const fixture = new Fixture();
    fixture.subject.selectionChanged();
    expect(await fixture.queued()).to.deep.equal(all);
  });

  it('count the findings of a namespace again after one of its reports changed', async () => {
    const fixture = new Fixture();
    fixture.subject.reportChanged('web');
    fixture.subject.reportChanged(undefined);
    expect(await fixture.queued()).to.deep.equal({ reports: ['web 2000', '* 2000'], statuses: [], invalidated: 0 });
  });

  it('apply exceptions with the labels of objects, and pass on what follows from it', async () => {
    const fixture = new Fixture();
    const [reports] = fixture.controllers;
    expect(await takeKeys(reports.queue)).to.deep.equal(['*start', '*clock']);
    const runner = new ControllerRunner(reports);
    await runner.reconcile('web');
    await runner.reconcile('web');
    await runner.stop();
    const once = ['web', { app: 'api' }];
    expect(fixture.applied).to.deep.equal([once, once]);
    // The labels may have changed: they are read again each time.
    expect(fixture.listed.filter((path) => path === '/api/v1/namespaces/web/pods')).to.have.length(2);
    expect([fixture.incomplete, fixture.evidence]).to.deep.equal([
      ['a', 'a'],
      ['baseline 500', 'baseline 500'],
    ]);
    expect((await fixture.queued()).statuses).to.deep.equal(['web/legacy', 'legacy']);
  });
});
