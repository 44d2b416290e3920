import { expect } from 'chai';
import type { AuditEvent } from '../../operator/audit/audit-event.ts';
import { parseAuditEvent } from '../../operator/audit/parsing/audit-event-parser.ts';
import { auditJson } from './sample-events.ts';

const parsed = (changes: Record<string, unknown> = {}): AuditEvent => {
  const result = parseAuditEvent(auditJson(changes), 'api-1');
  if ('problem' in result) throw new Error(result.problem.message);
  return result.event;
};
const problemOf = (json: unknown): string => {
  const result = parseAuditEvent(json);
  return 'problem' in result ? `${result.problem.reason}: ${result.problem.message}` : 'none';
};

describe('parseAuditEvent', () => {
  it('reads every field that detections use', () => {
    expect(parsed()).to.deep.equal({
      auditID: '0c2e9a0e-8f2b-4f0c-9d0b-0f2f3b1c1a11',
      stage: 'ResponseComplete',
      level: 'Metadata',
      at: Date.UTC(2026, 2, 1, 10, 0, 0, 130),
      receivedAt: Date.UTC(2026, 2, 1, 10, 0, 0, 123),
      verb: 'get',
      user: {
        username: 'system:serviceaccount:shop:cart',
        uid: 'b0d6a1c2',
        groups: ['system:serviceaccounts', 'system:serviceaccounts:shop', 'system:authenticated'],
        extra: { 'authentication.kubernetes.io/pod-name': ['cart-7d4b9'], 'authentication.kubernetes.io/node-name': ['worker-1'] },
      },
      sourceIPs: ['10.244.1.7'],
      userAgent: 'curl/8.5.0',
      objectRef: { apiGroup: '', apiVersion: 'v1', resource: 'secrets', namespace: 'shop', name: 'db' },
      requestURI: '/api/v1/namespaces/shop/secrets/db',
      code: 200,
      annotations: {
        'authorization.k8s.io/decision': 'allow',
        'authorization.k8s.io/reason': 'RBAC: allowed by RoleBinding "cart/shop" of Role "cart" to ServiceAccount "cart/shop"',
      },
      server: 'api-1',
      cut: [],
    });
  });

  it('reads the items of a list, which have no apiVersion and kind', () => {
    expect(parsed({ apiVersion: undefined, kind: undefined }).verb).to.equal('get');
  });

  it('reads an impersonated user', () => {
    const { impersonatedUser, user } = parsed({ impersonatedUser: { username: 'alice', groups: ['system:masters'] } });
    expect(impersonatedUser).to.deep.equal({ username: 'alice', groups: ['system:masters'], extra: {} });
    expect(user.username).to.equal('system:serviceaccount:shop:cart');
  });

  it('reads what a token request asks for, and no other body', () => {
    const body = {
      spec: { expirationSeconds: 604800, audiences: ['vault'], boundObjectRef: { kind: 'Pod', name: 'cart-7d4b9' } },
      status: { token: 'never' },
    };
    const objectRef = { resource: 'serviceaccounts', namespace: 'shop', name: 'cart', apiVersion: 'v1', subresource: 'token' };
    expect(parsed({ objectRef, requestObject: body }).tokenRequest).to.deep.equal({
      expirationSeconds: 604800,
      audiences: ['vault'],
      boundTo: { kind: 'Pod', name: 'cart-7d4b9' },
    });
    expect(parsed({ objectRef: { ...objectRef, subresource: undefined }, requestObject: body }).tokenRequest).to.equal(undefined);
    expect(JSON.stringify(parsed({ objectRef, requestObject: body, responseObject: body }))).not.to.include('never');
  });

  it('keeps no content of bodies, tokens, or what an identity provider added', () => {
    const token = 'eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.eyJpc3MiOiJrdWJlcm5ldGVzIn0.c2lnbmF0dXJl';
    const text = JSON.stringify(
      parsed({
        level: 'RequestResponse',
        requestObject: { data: { password: 'aHVudGVyMg==' } },
        responseObject: { data: { password: 'aHVudGVyMg==' } },
        userAgent: `curl ${token}`,
        requestURI: `/api/v1/namespaces/shop/pods/x/exec?command=curl&command=Bearer%20${token}&access_token=hunter2`,
        user: { username: 'alice', extra: { 'example.com/refresh': ['hunter2'] } },
        annotations: { 'example.com/note': 'hunter2' },
      }),
    );
    for (const secret of ['hunter2', 'aHVudGVyMg', 'eyJpc3Mi', 'c2lnbmF0dXJl']) expect(text).not.to.include(secret);
    expect(text).to.include('command=curl');
    expect(text).to.include('access_token=REDACTED');
  });

  it('bounds texts and lists, names what it cut, and keeps different names different', () => {
    const long = 'a'.repeat(10_000);
    const groups = Array.from({ length: 500 }, (_, index) => `group-${index}`);
    const event = parsed({
      user: { username: long, groups },
      requestURI: `/api?command=${long}`,
      sourceIPs: Array.from({ length: 40 }, (_, index) => `10.0.0.${index}`),
    });
    expect(event.cut).to.have.members(['user.username', 'user.groups', 'requestURI', 'sourceIPs']);
    expect([event.user.username.length, event.user.groups.length, event.requestURI.length, event.sourceIPs.length]).to.deep.equal([
      512, 64, 4096, 16,
    ]);
    expect(event.sourceIPs.at(-1)).to.equal('10.0.0.39');
    expect(parsed({ user: { username: `${long}b` } }).user.username).not.to.equal(event.user.username);
    expect(JSON.stringify(event).length).to.be.lessThan(16_000);
  });

  it('replaces control characters, characters that turn text, and halves of characters', () => {
    const names = ['root\nlevel=info', 'adm\u202enim', 'admin\u200b', '\ud800x'].map(
      (username) => parsed({ user: { username } }).user.username,
    );
    for (const name of names) expect(name).to.match(/^[^\p{Cc}\p{Cf}\p{Cs}]*\ufffd[^\p{Cc}\p{Cf}\p{Cs}]*~[0-9a-f]{12}$/u);
    expect(parsed({ user: { username: 'admin' } }).user.username).to.equal('admin');
    expect(new Set(names).size).to.equal(4);
  });

  it('ignores fields of another type', () => {
    const event = parsed({
      sourceIPs: 'x',
      userAgent: 7,
      objectRef: [],
      responseStatus: { code: '200' },
      annotations: null,
      impersonatedUser: 'root',
    });
    expect(event).to.include({ userAgent: '' });
    expect(event).not.to.have.any.keys('code', 'objectRef', 'impersonatedUser');
    expect(event.sourceIPs).to.deep.equal([]);
  });

  const refused: [string, unknown, string][] = [
    ['a text', 'Event', 'malformed: an audit event is a JSON object'],
    ['null', null, 'malformed: an audit event is a JSON object'],
    ['another kind', auditJson({ kind: 'Policy' }), 'malformed: kind: is not Event'],
    ['no audit ID', auditJson({ auditID: undefined }), 'malformed: auditID: a text is required'],
    [
      'an unknown stage',
      auditJson({ stage: 'Later' }),
      'malformed: stage: is none of RequestReceived, ResponseStarted, ResponseComplete, Panic',
    ],
    ['no verb', auditJson({ verb: '' }), 'malformed: verb: a text is required'],
    ['no time', auditJson({ stageTimestamp: 'yesterday' }), 'malformed: stageTimestamp: a time (RFC 3339) is required'],
    ['no user', auditJson({ user: undefined }), 'malformed: user: an object is required'],
    [
      'an older version',
      auditJson({ apiVersion: 'audit.k8s.io/v1beta1' }),
      'version: apiVersion: "audit.k8s.io/v1beta1" is not read. Set --audit-webhook-version=audit.k8s.io/v1 (or --audit-log-version) of the API server',
    ],
  ];
  for (const [title, json, problem] of refused) {
    it(`refuses ${title}`, () => expect(problemOf(json)).to.equal(problem));
  }
});
