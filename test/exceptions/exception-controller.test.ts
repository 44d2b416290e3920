import { expect } from 'chai';
import pino from 'pino';
import type { ApiResource } from '../../operator/api/api-resource.ts';
import type { ExceptionStatus } from '../../operator/api/kinds/security-exception.ts';
import { exceptionController, type ExceptionDependencies } from '../../operator/exceptions/exception-controller.ts';
import type { PolicyMatches } from '../../operator/exceptions/exception-counts.ts';
import type { Exception } from '../../operator/exceptions/exception.ts';
import { waiverId } from '../../operator/findings/waivers/waiver.ts';
import { KubeApiError } from '../../operator/kube/client/kube-api-error.ts';
import { reconcileOnce, type ReconcileOutcome } from '../controller/reconcile-once.ts';
import { clusterException, exception, now } from '../findings/waivers/samples.ts';

const day = 86_400_000;
const time = (milliseconds: number): string => new Date(milliseconds).toISOString().replace('.000Z', 'Z');
const matched = new Map([['baseline', { matched: 3, refused: 0 }]]);

interface Written {
  readonly kind: string;
  readonly manager: string;
  readonly status: ExceptionStatus;
}

/** What the controller did with one exception. */
interface Outcome extends ReconcileOutcome {
  readonly written: readonly Written[];
  readonly events: readonly string[];
}

interface Given {
  readonly exception: Exception;
  readonly key?: string;
  readonly matches?: readonly ReadonlyMap<string, PolicyMatches>[] | undefined;
  readonly problems?: readonly string[];
  readonly isUsable?: boolean;
  readonly denying?: readonly string[];
  readonly policies?: readonly string[];
  /** The status with which the API server refuses the write. */
  readonly refused?: number;
}

async function sync(given: Given): Promise<Outcome> {
  const { exception: object, problems = [], denying = [], policies = ['baseline'], refused } = given;
  const id = waiverId(object);
  const written: Written[] = [];
  const events: string[] = [];
  const controller = exceptionController({
    log: pino({ level: 'silent' }),
    observe: undefined,
    metrics: { statusRefusals: { inc: () => undefined } },
    client: {
      apply: ({ kind }: ApiResource, { status }: { status: ExceptionStatus }, { manager }: { manager: string }) => {
        if (refused !== undefined) return Promise.reject(new KubeApiError('refused', { status: refused }));
        written.push({ kind, manager, status });
        return Promise.resolve(object);
      },
    },
    store: {
      all: () => new Map([[id, object]]),
      problemsOf: () => problems,
      isUsable: () => given.isUsable ?? problems.length === 0,
      policyBounds: () => new Map(policies.map((name) => [name, undefined])),
      denyingPolicies: () => new Set(denying),
    },
    matchesOf: (asked: string) => (asked === id && 'matches' in given ? given.matches : [matched]),
    events: {
      record: ({ kind }: ApiResource, { metadata }: Exception, event: { type: string; reason: string; message: string }) =>
        void events.push(`${kind}/${metadata.name} ${event.type} ${event.reason} ${event.message}`),
    },
    clock: () => now,
  } as unknown as ExceptionDependencies);
  expect(controller.name).to.equal('exceptions');
  return { ...(await reconcileOnce(controller, given.key ?? id)), written, events };
}

/** An exception whose status has a reason of condition Active. */
const withReason = (object: Exception, reason: string): Exception => ({
  ...object,
  status: { conditions: [{ type: 'Active', status: 'True', reason, message: '', lastTransitionTime: time(now) }] },
});

describe('the controller of exceptions', () => {
  it('writes the status of either kind with its own field manager, and waits for the next change by time', async () => {
    const namespaced = await sync({ exception: exception({ expiresAt: time(now + 10 * day) }) });
    const clusterWide = await sync({ exception: clusterException({ expiresAt: time(now + 8 * day) }) });
    expect([namespaced, clusterWide].map(({ written }) => written.map(({ kind, manager }) => `${kind} ${manager}`))).to.deep.equal([
      ['SecurityException vigil-exceptions'],
      ['ClusterSecurityException vigil-exceptions'],
    ]);
    expect([namespaced.requeueAfter, clusterWide.requeueAfter]).to.deep.equal([3 * day, day]);
    expect([namespaced.failed, clusterWide.failed]).to.deep.equal([false, false]);
  });

  it('adds up the findings of all parts of the cluster by policy', async () => {
    const matches = [
      new Map([
        ['baseline', { matched: 3, refused: 0 }],
        ['strict', { matched: 1, refused: 2 }],
      ]),
      new Map([['baseline', { matched: 4, refused: 1 }]]),
    ];
    const { written } = await sync({ exception: exception(), matches });
    expect(written[0]?.status).to.deep.include({
      matched: 8,
      policies: [
        { name: 'baseline', matched: 7, refused: 1 },
        { name: 'strict', matched: 1, refused: 2 },
      ],
    });
  });

  it('keeps the counts as long as the reports were not read', async () => {
    const { written } = await sync({ exception: { ...exception(), status: { matched: 5 } }, matches: undefined });
    expect(written[0]?.status.matched).to.equal(5);
  });

  it('tells problems, unknown policies and policies that deny at admission in conditions', async () => {
    const { written } = await sync({
      exception: exception({ policies: ['strikt', 'baseline'] }),
      policies: ['strict', 'baseline'],
      problems: ['spec.checks[1].name: unknown'],
      isUsable: true,
      denying: ['baseline'],
    });
    const messages = written[0]?.status.conditions?.filter(({ type }) => type === 'Ready' || type === 'Active');
    expect(messages?.map(({ message }) => message)).to.have.members([
      "spec.checks[1].name: unknown; spec.policies[0]: no SecurityPolicy 'strikt' (did you mean 'strict'?)",
      `in force, until ${time(now + 364 * day)}; not at admission: exceptions.allow is ReportOnly in SecurityPolicy baseline; some entries cover nothing: see condition Ready`,
    ]);
  });

  for (const [what, given] of [
    ['does not exist', { exception: exception(), key: 'web/other' }],
    ['is being deleted', { exception: exception({}, { deletionTimestamp: time(now) } as object) }],
  ] satisfies readonly (readonly [string, Given])[])
    it(`writes nothing for an exception that ${what}`, async () => {
      expect(await sync(given)).to.deep.equal({ requeueAfter: undefined, failed: false, written: [], events: [] });
    });

  it('does not wait after the end of an exception', async () => {
    expect(await sync({ exception: exception({ expiresAt: time(now) }) })).to.include({ requeueAfter: undefined, failed: false });
  });

  it('comes back soon, without an Event, if the exception changed since it was read', async () => {
    const ended = { exception: exception({ expiresAt: time(now) }), refused: 409 };
    expect(await sync(ended)).to.deep.include({ requeueAfter: 1000, failed: false, events: [] });
    expect(await sync({ ...ended, refused: 500 })).to.deep.include({ requeueAfter: undefined, failed: true, events: [] });
  });

  const ended = `the exception ended at ${time(now)}: its findings are failures again`;
  const soon = time(now + day / 2);
  for (const [what, given, events] of [
    ['ends', { exception: exception({ expiresAt: time(now) }) }, [`SecurityException/legacy Warning ExceptionExpired ${ended}`]],
    [
      'ends soon',
      { exception: exception({ expiresAt: soon }) },
      [`SecurityException/legacy Warning ExceptionExpiring ends within a day, until ${soon}`],
    ],
    [
      'ends within a day after it ended within 7 days',
      { exception: withReason(exception({ expiresAt: soon }), 'EndsWithin7Days') },
      [`SecurityException/legacy Warning ExceptionExpiring ends within a day, until ${soon}`],
    ],
    [
      'of the whole cluster is refused',
      {
        exception: withReason(clusterException(), 'InForce'),
        matches: [new Map([['baseline', { matched: 0, refused: 1, reason: 'too severe' }]])],
      },
      ['ClusterSecurityException/legacy Warning ExceptionRefused 1 findings: too severe'],
    ],
    ['has the same reason as before', { exception: withReason(exception({ expiresAt: time(now) }), 'Expired') }, []],
    ['comes into force', { exception: exception() }, []],
    ['is invalid', { exception: exception(), problems: ['spec.checks[0]: wrong'] }, []],
  ] satisfies readonly (readonly [string, Given, readonly string[]])[])
    it(`records ${events.length === 0 ? 'no Event' : 'an Event'} when an exception ${what}`, async () => {
      expect((await sync(given)).events).to.deep.equal(events);
    });
});
