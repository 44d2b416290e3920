import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { readAuditDocument } from '../../operator/audit/formats/audit-document.ts';
import { auditJson } from './sample-events.ts';

const packed = (value: unknown): string => gzipSync(JSON.stringify(value)).toString('base64');
const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64');
const event = (auditID: string): Record<string, unknown> => auditJson({ auditID });
const line = (auditID: string): string => JSON.stringify(event(auditID));

const cloudWatch = (logStream = 'kube-apiserver-audit-0a1b'): Record<string, unknown> => ({
  messageType: 'DATA_MESSAGE',
  owner: '111122223333',
  logGroup: '/aws/eks/prod/cluster',
  logStream,
  subscriptionFilters: ['vigil'],
  logEvents: [
    { id: '3195', timestamp: 1772359200130, message: line('a') },
    { id: '3196', timestamp: 1772359200131, message: line('b') },
  ],
});
const aks = (category = 'kube-audit'): Record<string, unknown> => ({
  category,
  operationName: 'Microsoft.ContainerService/managedClusters/diagnosticLogs/Read',
  properties: { containerID: '4f1e', log: `${line('a')}\n`, pod: 'kube-apiserver-6d4c9-x2x7q', stream: 'stdout' },
  resourceId: '/SUBSCRIPTIONS/0/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/PROD',
  time: '2026-03-01T10:00:00.0000000Z',
});
const gke = (changes: Record<string, unknown> = {}, entry: Record<string, unknown> = {}): Record<string, unknown> => ({
  insertId: 'a',
  labels: { 'authorization.k8s.io/decision': 'allow', 'authorization.k8s.io/reason': 'access granted by IAM permissions.' },
  logName: 'projects/shop/logs/cloudaudit.googleapis.com%2Factivity',
  operation: { first: true, id: 'a', last: true, producer: 'k8s.io' },
  protoPayload: {
    '@type': 'type.googleapis.com/google.cloud.audit.AuditLog',
    authenticationInfo: { principalEmail: 'alice@example.com' },
    authorizationInfo: [
      { granted: true, permission: 'io.k8s.core.v1.pods.exec.create', resource: 'core/v1/namespaces/shop/pods/cart/exec' },
    ],
    methodName: 'io.k8s.core.v1.pods.exec.create',
    requestMetadata: { callerIp: '203.0.113.9', callerSuppliedUserAgent: 'kubectl/v1.36.0' },
    resourceName: 'core/v1/namespaces/shop/pods/cart/exec',
    serviceName: 'k8s.io',
    status: {},
    ...changes,
  },
  receiveTimestamp: '2026-03-01T10:00:03.5Z',
  resource: { labels: { cluster_name: 'prod', location: 'europe-west1', project_id: 'shop' }, type: 'k8s_cluster' },
  timestamp: '2026-03-01T10:00:00.130Z',
  ...entry,
});

interface Form {
  readonly title: string;
  readonly text: string;
  readonly ids: readonly string[];
  readonly server?: string;
  readonly other?: number;
}
const forms: readonly Form[] = [
  {
    title: 'an EventList',
    text: JSON.stringify({ kind: 'EventList', apiVersion: 'audit.k8s.io/v1', metadata: {}, items: [event('a'), event('b')] }),
    ids: ['a', 'b'],
  },
  { title: 'an indented event', text: JSON.stringify(event('a'), null, 2), ids: ['a'] },
  { title: 'a log with an event in each line', text: `${line('a')}\r\n\n${line('b')}\n`, ids: ['a', 'b'] },
  {
    title: 'a list of events with fields that a forwarder added',
    text: JSON.stringify([{ date: 1772359200.1, ...event('a') }]),
    ids: ['a'],
  },
  {
    title: 'records of Fluent Bit',
    text: JSON.stringify([
      { date: 1772359200.1, log: `${line('a')}\n` },
      { date: 1772359200.1, log: event('b') },
    ]),
    ids: ['a', 'b'],
  },
  {
    title: 'records of Vector',
    text: `${JSON.stringify({ file: '/var/log/audit.log', message: line('a'), timestamp: '2026-03-01T10:00:00Z' })}\n`,
    ids: ['a'],
  },
  { title: 'a CloudWatch subscription', text: JSON.stringify(cloudWatch()), ids: ['a', 'b'], server: 'kube-apiserver-audit-0a1b' },
  { title: 'another log stream of EKS', text: JSON.stringify(cloudWatch('kube-scheduler-0a1b')), ids: [], other: 2 },
  {
    title: 'a control message of CloudWatch',
    text: JSON.stringify({ messageType: 'CONTROL_MESSAGE', logGroup: '', logStream: '' }),
    ids: [],
    other: 1,
  },
  {
    title: 'a CloudWatch subscription as a function receives it',
    text: JSON.stringify({ awslogs: { data: packed(cloudWatch()) } }),
    ids: ['a', 'b'],
    server: 'kube-apiserver-audit-0a1b',
  },
  {
    title: 'a CloudWatch subscription through a data stream',
    text: JSON.stringify({ requestId: 'r', timestamp: 1, records: [{ data: packed(cloudWatch()) }] }),
    ids: ['a', 'b'],
    server: 'kube-apiserver-audit-0a1b',
  },
  {
    title: 'CloudWatch through Vector',
    text: JSON.stringify([
      { log_group: '/aws/eks/prod/cluster', log_stream: 'kube-apiserver-audit-0a1b', message: line('a') },
      { log_stream: 'authenticator-0a1b', message: 'time="…"' },
    ]),
    ids: ['a'],
    server: 'kube-apiserver-audit-0a1b',
    other: 1,
  },
  {
    title: 'Event Hub',
    text: JSON.stringify({ records: [aks(), aks('kube-audit-admin'), aks('guard')] }),
    ids: ['a', 'a'],
    server: 'kube-apiserver-6d4c9-x2x7q',
    other: 1,
  },
  {
    title: 'Event Hub through Vector',
    text: JSON.stringify([{ topic: 'audit', message: JSON.stringify({ records: [aks()] }) }]),
    ids: ['a'],
    server: 'kube-apiserver-6d4c9-x2x7q',
  },
  { title: 'an entry of Cloud Logging', text: JSON.stringify(gke()), ids: ['a'] },
  {
    title: 'Cloud Logging through Pub/Sub',
    text: JSON.stringify({ message: { data: base64(gke()), messageId: '1' }, subscription: 'projects/shop/subscriptions/vigil' }),
    ids: ['a'],
  },
  { title: 'Cloud Logging through Vector', text: JSON.stringify([{ message: JSON.stringify(gke()), message_id: '1' }]), ids: ['a'] },
];

describe('readAuditDocument', () => {
  for (const { title, text, ids, server = 'webhook', other = 0 } of forms) {
    it(`reads ${title}`, () => {
      const batch = readAuditDocument(text, 'webhook');
      expect(batch.problems).to.deep.equal([]);
      expect(batch.events.map(({ auditID }) => auditID)).to.deep.equal(ids);
      expect(new Set(batch.events.map((found) => found.server))).to.deep.equal(new Set(ids.length > 0 ? [server] : []));
      expect(batch.other).to.equal(other);
    });
  }

  it('gives an exec in GKE as an exec of the API server', () => {
    const [found] = readAuditDocument(JSON.stringify(gke()), '').events;
    expect(found).to.deep.include({
      stage: 'ResponseStarted',
      level: 'Metadata',
      verb: 'create',
      code: 200,
      at: Date.UTC(2026, 2, 1, 10, 0, 0, 130),
      user: { username: 'alice@example.com', groups: [], extra: {} },
      sourceIPs: ['203.0.113.9'],
      userAgent: 'kubectl/v1.36.0',
      objectRef: { apiGroup: '', apiVersion: 'v1', resource: 'pods', subresource: 'exec', namespace: 'shop', name: 'cart' },
      requestURI: '/api/v1/namespaces/shop/pods/cart/exec',
      annotations: { 'authorization.k8s.io/decision': 'allow', 'authorization.k8s.io/reason': 'access granted by IAM permissions.' },
    });
  });

  const names: [string, object | undefined, string][] = [
    ['core/v1/secrets', { apiGroup: '', apiVersion: 'v1', resource: 'secrets' }, '/api/v1/secrets'],
    [
      'core/v1/namespaces/shop/secrets',
      { apiGroup: '', apiVersion: 'v1', resource: 'secrets', namespace: 'shop' },
      '/api/v1/namespaces/shop/secrets',
    ],
    [
      'core/v1/namespaces/shop',
      { apiGroup: '', apiVersion: 'v1', resource: 'namespaces', namespace: 'shop', name: 'shop' },
      '/api/v1/namespaces/shop',
    ],
    [
      'core/v1/namespaces/shop/finalize',
      { apiGroup: '', apiVersion: 'v1', resource: 'namespaces', namespace: 'shop', name: 'shop', subresource: 'finalize' },
      '/api/v1/namespaces/shop/finalize',
    ],
    [
      'core/v1/nodes/n1/proxy/run/shop/cart',
      { apiGroup: '', apiVersion: 'v1', resource: 'nodes', name: 'n1', subresource: 'proxy' },
      '/api/v1/nodes/n1/proxy/run/shop/cart',
    ],
    [
      'rbac.authorization.k8s.io/v1/clusterroles/view',
      { apiGroup: 'rbac.authorization.k8s.io', apiVersion: 'v1', resource: 'clusterroles', name: 'view' },
      '/apis/rbac.authorization.k8s.io/v1/clusterroles/view',
    ],
    ['healthz', undefined, '/healthz'],
  ];
  for (const [resourceName, objectRef, requestURI] of names) {
    it(`reads the resource name ${resourceName}`, () => {
      const [found] = readAuditDocument(JSON.stringify(gke({ resourceName })), '').events;
      expect([found?.objectRef, found?.requestURI]).to.deep.equal([objectRef, requestURI]);
    });
  }

  it('reads a refusal in GKE', () => {
    expect(readAuditDocument(JSON.stringify(gke({ status: { code: 7, message: 'forbidden' } })), '').events[0]?.code).to.equal(403);
  });

  const problems: [string, string, string][] = [
    ['text', 'hello', 'malformed'],
    ['a torn line after an event', `${line('a')}\n${line('b').slice(0, 40)}`, 'malformed'],
    ['a JSON value that is no record', '[1]', 'malformed'],
    ['an unknown record', '{"hello":"world"}', 'malformed'],
    ['an older list', JSON.stringify({ kind: 'EventList', apiVersion: 'audit.k8s.io/v1beta1', items: [] }), 'version'],
    ['an older event', JSON.stringify(auditJson({ apiVersion: 'audit.k8s.io/v1alpha1' })), 'version'],
    ['text in an envelope', JSON.stringify({ message: 'I0301 12:00:00 controller started' }), 'malformed'],
    ['damaged base64', JSON.stringify({ data: 'H4sIAAAA' }), 'malformed'],
    ['envelopes without end', JSON.stringify(Array.from({ length: 30 }).reduce<object>((inner) => ({ message: inner }), {})), 'malformed'],
    ['a line that is too long', `${line('a')}\n"${'x'.repeat(5 * 1024 * 1024)}`, 'too-large'],
    ['a body that grows', JSON.stringify({ data: gzipSync(Buffer.alloc(64 * 1024 * 1024)).toString('base64') }), 'malformed'],
  ];
  for (const [title, text, reason] of problems) {
    it(`reports ${title}`, () => {
      const batch = readAuditDocument(text, '');
      expect([...batch.problemCounts]).to.deep.equal([[reason, 1]]);
    });
  }

  const list = (version: string): string =>
    JSON.stringify({ kind: 'EventList', apiVersion: version, items: [auditJson(), auditJson(), auditJson()] });
  const lost: readonly (readonly [string, string, string, number])[] = [
    ['a list of an older version', list('audit.k8s.io/v1beta1'), 'version', 3],
    ['a list that is torn', list('audit.k8s.io/v1').slice(0, -2), 'malformed', 3],
    ['a line with too many events', `${line('a')}\n${list('audit.k8s.io/v1').padEnd(5 * 1024 * 1024)}`, 'too-large', 3],
    ['objects of three characters', `[${'{},'.repeat(600_000)}{}]`, 'too-large', 1],
    ['very many lines', 'x\n'.repeat(700_000), 'too-large', 1],
    [
      'objects of three characters after decompression',
      JSON.stringify({ data: packed(Array.from({ length: 600_000 }, () => ({}))) }),
      'too-large',
      1,
    ],
  ];
  for (const [title, text, reason, count] of lost)
    it(`counts the events of ${title}`, () => {
      const { problemCounts, events } = readAuditDocument(text, '');
      expect([problemCounts.get(reason as 'version'), events.length]).to.deep.equal([count, title.startsWith('a line') ? 1 : 0]);
    });

  it('decompresses no more in all than one text may have', () => {
    const full = gzipSync(Buffer.alloc(6 * 1024 * 1024, 'x')).toString('base64');
    const { problemCounts, problems } = readAuditDocument(
      JSON.stringify({ records: Array.from({ length: 5 }, () => ({ data: full })) }),
      '',
    );
    expect(problemCounts.get('malformed')).to.equal(5);
    expect(problems.map(({ message }) => message.split(':')[0])).to.deep.equal([
      'the text in an envelope is not JSON',
      'the text in an envelope is not JSON',
      'data',
      'data',
      'data',
    ]);
  });

  it('counts every problem and keeps the first messages', () => {
    const batch = readAuditDocument('x\n'.repeat(1000), '');
    expect([batch.problemCounts.get('malformed'), batch.problems.length]).to.deep.equal([1000, 5]);
  });
});
