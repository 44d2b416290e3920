import { expect } from 'chai';
import { RequestActivities, requestActivity } from '../../../operator/anomalies/activity/request-activity.ts';
import { account, auditEvent, type Request } from '../world.ts';

const at = Date.UTC(2026, 10, 2);
const of = (user: string, request: Request): ReturnType<typeof requestActivity> => requestActivity(auditEvent(user, at, request));

describe('requestActivity', () => {
  it('tells who a user is', () => {
    const kinds = [account('a', 'b'), 'system:node:n', 'system:kube-scheduler', 'system:anonymous', '', 'alice'].map(
      (user) => of(user, {}).actor,
    );
    expect(kinds.map(({ kind, key }) => `${kind} ${key}`)).to.deep.equal([
      'account account:a/b',
      'node nodes',
      'component component:system:kube-scheduler',
      'anonymous anonymous',
      'anonymous anonymous',
      'user user:alice',
    ]);
  });

  it('takes the last hop, which the client cannot invent', () => {
    const event = { ...auditEvent('alice', at, {}), sourceIPs: ['10.0.0.1', '203.0.113.9'] };
    expect(requestActivity(event).address).to.equal('203.0.113.9');
  });

  for (const [code, expected] of [
    [200, 'allow'],
    [403, 'forbid'],
    [401, 'unauthenticated'],
  ] as const)
    it(`takes the status ${code} of an event without a decision for ${expected}`, () =>
      expect(requestActivity({ ...auditEvent('alice', at, { code }), annotations: {} }).decision).to.equal(expected));

  for (const [request, expected] of [
    [{ code: 200 }, 'allow true'],
    [{ code: 404 }, 'allow false'],
    [{ code: 403 }, 'forbid false'],
    [{ code: 401 }, 'unauthenticated false'],
    [{ code: 101 }, 'allow true'],
    [{ code: 403, annotations: { 'authorization.k8s.io/decision': 'allow' } }, 'allow false'],
    [{ code: 401, annotations: { 'authorization.k8s.io/decision': 'allow' } }, 'allow false'],
  ] as const)
    it(`reads ${JSON.stringify(request)} as ${expected}`, () => {
      const { decision, succeeded } = of('alice', request);
      expect(`${decision} ${succeeded}`).to.equal(expected);
    });

  for (const [verb, target, query, expected] of [
    ['patch', 'deployments.apps', 'dryRun=All', true],
    ['deletecollection', 'secrets', 'a=b&dryRun=All', true],
    ['create', 'pods/eviction', 'dryRun=All', true],
    ['patch', 'deployments.apps', '', undefined],
    // The API server leaves these out, and writes.
    ['patch', 'deployments.apps', 'dryRun=All;', undefined],
    ['patch', 'deployments.apps', 'a=;&dryRun=All', true],
    // It reads the options of a deletion of its body, if there is one.
    ['delete', 'configmaps', 'dryRun=All', undefined],
    ['get', 'secrets', 'dryRun=All', undefined],
    ['create', 'serviceaccounts/token', 'dryRun=All', undefined],
    ['create', 'selfsubjectrulesreviews.authorization.k8s.io', 'dryRun=All', undefined],
  ] as const)
    it(`takes ${verb} of ${target} with '${query}' ${expected === true ? 'for a dry run' : 'as it is'}`, () =>
      expect(of('alice', { verb, of: target, in: 'shop', name: 'x', uri: `/x?${query}` }).dryRun).to.equal(expected));

  for (const [selector, expected] of [
    ['owner=helm', true],
    ['name%3Dcart%2Cowner%3Dhelm', true],
    ['owner=other', undefined],
    // The API server leaves these out, and lists all Secrets.
    ['owner=helm,;', undefined],
    ['owner=helm,%zz', undefined],
  ] as const)
    it(`takes a list with labelSelector=${selector} ${expected === true ? 'for one of releases of Helm' : 'as it is'}`, () => {
      const uri = `/api/v1/namespaces/shop/secrets?labelSelector=${selector}`;
      expect(of('eve', { verb: 'list', of: 'secrets', in: 'shop', uri }).helmReleases).to.equal(expected);
    });

  it('takes a user for a node only as a member of the group of nodes', () => {
    expect(of('system:node:n', { groups: ['system:nodes', 'system:authenticated'] }).actor.kind).to.equal('node');
    expect(of('system:node:n', { groups: ['system:authenticated'] }).actor.kind).to.equal('component');
  });

  it('reads the command of an exec, the binding and the product of the program', () => {
    const activity = of('alice', {
      of: 'pods/exec',
      in: 'shop',
      name: 'web',
      uri: '/api/v1/namespaces/shop/pods/web/exec?command=sh&command=-c&command=ls%20%2F&container=main',
      annotations: {
        'authorization.k8s.io/reason': 'RBAC: allowed by ClusterRoleBinding "admins" of ClusterRole "cluster-admin" to Group "ops"',
      },
    });
    expect([activity.command, activity.binding, activity.agent, activity.path]).to.deep.equal([
      ['sh', '-c', 'ls /'],
      'ClusterRoleBinding "admins"',
      'kubectl',
      '/api/v1/namespaces/shop/pods/web/exec',
    ]);
  });
});

describe('RequestActivities', () => {
  it('counts a session once, by its start', () => {
    const activities = new RequestActivities();
    const event = (stage: Request['stage']) =>
      auditEvent('alice', at, { of: 'pods/exec', in: 'a', name: 'b', id: 'same', ...(stage === undefined ? {} : { stage }) });
    const made = (['RequestReceived', 'ResponseStarted', 'ResponseComplete'] as const).map(
      (stage) => activities.activity(event(stage))?.id,
    );
    expect(made).to.deep.equal([undefined, 'same', undefined]);
  });

  it('counts a session by its end if the start is not in the log', () => {
    expect(new RequestActivities().activity(auditEvent('alice', at, { of: 'pods/exec', id: 'x' }))?.id).to.equal('x');
  });

  it('takes the same ID of two requests as two: the client may choose it', () => {
    const activities = new RequestActivities();
    const made = [1, 2].map(() => activities.activity(auditEvent('eve', at, { of: 'secrets', id: 'chosen' }))?.id);
    expect(made).to.deep.equal(['chosen', 'chosen']);
  });

  it('does not take a request for the end of a watch with the same ID', () => {
    const activities = new RequestActivities();
    const event = (verb: string, target: string, stage: NonNullable<Request['stage']>) =>
      auditEvent('eve', at, { verb, of: target, id: 'chosen', stage });
    const made = [
      event('watch', 'pods', 'ResponseStarted'),
      event('list', 'secrets', 'ResponseComplete'),
      event('watch', 'pods', 'ResponseComplete'),
    ];
    expect(made.map((each) => activities.activity(each)?.resource)).to.deep.equal(['pods', 'secrets', undefined]);
  });

  it('leaves out leases', () => {
    expect(new RequestActivities().activity(auditEvent('alice', at, { verb: 'update', of: 'leases.coordination.k8s.io' }))).to.equal(
      undefined,
    );
  });
});
