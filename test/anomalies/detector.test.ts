import { expect } from 'chai';
import type { BaselineDocument } from '../../operator/anomalies/anomaly-detector.ts';
import { timestampOf } from '../../operator/api/timestamp.ts';
import { binding, managedBy, object, podSpec, pod, rule, workload } from './objects.ts';
import { account, auditEvent, day, hour, minute, World } from './world.ts';

const shop = account('shop', 'web');
const argo = account('argocd', 'argocd-application-controller');
const copy = (documents: readonly BaselineDocument[] | undefined): BaselineDocument[] =>
  JSON.parse(JSON.stringify(documents)) as BaselineDocument[];
/** Another process that has read what a world has saved. */
const restarted = (
  world: World,
  change: (documents: BaselineDocument[]) => BaselineDocument[] = (all) => all,
): { readonly world: World; readonly problems: readonly string[] } => {
  const next = new World({}, world.now);
  const { problems } = next.detector.load(change(copy(world.detector.save(world.now))), world.now);
  return { world: next, problems };
};
const readsSecret = (world: World, user: string, namespace: string): void =>
  world.request(user, { of: 'secrets', in: namespace, name: 'db' });

describe('a request for a group of an API', () => {
  for (const group of ['constructor', '__proto__', 'toString'])
    it(`is judged if the group is named ${group}`, () => {
      const world = new World();
      world.request('eve', { verb: 'delete', of: `policies.${group}`, name: 'x' });
      readsSecret(world, 'eve', 'shop');
      expect(world.findings().map(({ detection }) => detection)).to.deep.equal(['secret-read']);
    });
});

describe('learning', () => {
  it('reports nothing of known users while it learns, and sensitive behaviour of new users at once', () => {
    const world = new World({ learningPeriod: 7 * day }, Date.UTC(2026, 10, 2, 9) - 9 * day);
    world.wait(10 * day - 9 * day);
    readsSecret(world, 'stranger', 'shop');
    const [found] = world.of('secret-read');
    expect(found).to.deep.include({ actor: 'stranger', whileLearning: true });
    expect(world.of('new-principal')).to.deep.equal([]);
  });

  it('learns what users do on the days after their first', () => {
    const world = new World({ learningPeriod: 20 * day });
    world.request('bob', { of: 'pods', in: 'shop' });
    world.wait(2 * day);
    readsSecret(world, 'bob', 'shop');
    world.wait(day);
    readsSecret(world, 'bob', 'shop');
    expect(world.of('secret-read')).to.deep.equal([]);
    world.wait(20 * day);
    readsSecret(world, 'bob', 'shop');
    expect(world.of('secret-read')).to.deep.equal([]);
    readsSecret(world, 'bob', 'bank');
    expect(world.of('secret-read')).to.have.length(1);
  });

  it('knows the users that exist before it starts', () => {
    const world = new World({ learningPeriod: 7 * day });
    world.found(binding('RoleBinding', 'shop/team', 'ClusterRole/view', ['User/carol']), object('ServiceAccount', 'shop/web'));
    readsSecret(world, 'carol', 'shop');
    readsSecret(world, shop, 'bank');
    expect(world.of('secret-read')).to.deep.equal([]);
  });

  it('knows the components of the control plane, but not every name that begins like them', () => {
    const world = new World({ learningPeriod: 20 * day });
    for (const user of ['system:apiserver', 'system:kube-controller-manager', 'system:node:a', 'system:kube-impostor'])
      world.request(user, { verb: 'list', of: 'secrets' });
    expect(world.of('cluster-wide-secret-list').map(({ actor }) => actor)).to.deep.equal(['system:kube-impostor']);
  });

  it('says that names of subjects were cut', () => {
    const world = new World();
    world.found(binding('ClusterRoleBinding', 'x', 'ClusterRole/view', [`User/${'x'.repeat(2000)}`]));
    expect(world.detector.status(world.now).problems).to.deep.equal([
      '1 name of a subject in bindings is too long or has control characters: a part and a hash stand for it',
    ]);
  });

  it('tells how far it is', () => {
    const world = new World({ learningPeriod: 20 * day });
    const [, audit] = world.detector.status(world.now).learning;
    expect(audit).to.deep.include({ input: 'audit', learning: true });
    expect(audit?.progress).to.be.within(0.01, 0.6);
  });
});

describe('poisoning', () => {
  it('keeps reporting a sensitive key until an exception covers it', () => {
    const world = new World();
    for (let days = 0; days < 20; days += 1) {
      readsSecret(world, 'eve', 'bank');
      world.wait(day);
    }
    const [found] = world.of('secret-read');
    expect(found?.count).to.equal(20);
    world.detector.accept([found?.id ?? ''], world.now);
    world.wait(30 * day);
    world.wait(hour);
    readsSecret(world, 'eve', 'bank');
    expect(world.of('secret-read')).to.deep.equal([]);
  });

  it('takes another key for normal after three quiet days', () => {
    const world = new World();
    const job = (index: number): void => world.write('eve', workload('Job', `shop/job-${'abcdefghijklmnopq'[index] ?? ''}`, podSpec('x')));
    for (let days = 0; days < 5; days += 1) {
      job(days);
      world.wait(day);
    }
    expect(world.of('job-by-new-actor').reduce((sum, { count }) => sum + count, 0)).to.equal(3);
  });

  it('finds who steals slowly', () => {
    const world = new World();
    world.usually(() => world.request(shop, { of: 'configmaps', in: 'shop' }));
    for (const namespace of ['bank', 'crm', 'hr', 'ops']) {
      readsSecret(world, shop, namespace);
      world.wait(10 * hour);
    }
    expect(world.of('secret-read').every(({ actor }) => actor === shop)).to.equal(true);
    expect(world.of('secret-read').reduce((sum, { count }) => sum + count, 0)).to.equal(4);
  });
});

describe('noise', () => {
  it('makes one finding of much of the same', () => {
    const world = new World();
    world.usually(() =>
      world.each('abcdefghij'.split(''), (name) =>
        world.write('deployer', workload('Deployment', `shop/${name}`, podSpec(`web:${world.now}`))),
      ),
    );
    world.each('abcdefghij'.split(''), (name) => world.write(argo, workload('Deployment', `shop/${name}`, podSpec('web:argo'))));
    const found = world.of('changed-by-new-actor');
    expect(found.length).to.be.at.most(4);
    expect(found.reduce((sum, { count }) => sum + count, 0)).to.equal(10);
  });

  it('lowers the severity of what several others do', () => {
    const world = new World();
    world.usually(() => world.each(['alice', 'admin'], (user) => readsSecret(world, user, 'shop')));
    readsSecret(world, 'eve', 'shop');
    expect(world.of('secret-read')[0]).to.deep.include({ severity: 'low' });
    expect(world.of('secret-read')[0]?.normal).to.match(/2 others do the same/);
  });

  it('expects nothing new of who does everything, but still what is never normal', () => {
    const world = new World();
    world.usually(() => {
      for (let index = 0; index < 30; index += 1) {
        const name = `app-${'abcdefghijklmnopqrstuvwxyzäöüß'[index] ?? ''}`;
        for (const kind of ['Deployment', 'Job', 'CronJob', 'DaemonSet'])
          world.write(argo, workload(kind, `${name}/${kind.toLowerCase()}`, podSpec(`web:${world.now}`)));
        world.request(argo, { verb: 'patch', of: `kind${index}.example.com`, in: name, name: 'x' });
        readsSecret(world, argo, name);
      }
    });
    world.write(argo, workload('CronJob', 'fresh/nightly', podSpec('other')));
    readsSecret(world, argo, 'fresh');
    expect(world.findings().map(({ detection }) => detection)).to.deep.equal([]);
    world.write(argo, pod('fresh/x', podSpec('alpine', { volumes: [{ name: 'h', hostPath: { path: '/' } }] })));
    world.request(argo, { verb: 'create', of: 'pods/exec', in: 'fresh', name: 'x', code: 101, stage: 'ResponseStarted' });
    expect(world.findings().map(({ detection }) => detection)).to.include.members(['host-takeover-pod', 'exec-into-pod']);
  });

  it('learns system users for two hours after an upgrade', () => {
    const world = new World();
    const component = 'system:kube-controller-manager';
    world.usually(() => world.request(component, { of: 'pods' }));
    world.detector.serverVersion('v1.36.0', world.now);
    world.detector.serverVersion('v1.37.0', world.now);
    world.request(component, { verb: 'list', of: 'secrets' });
    expect(world.of('cluster-wide-secret-list')).to.deep.equal([]);
    world.wait(3 * hour);
    readsSecret(world, component, 'shop');
    expect(world.of('secret-read')).to.have.length(1);
  });

  it('takes the own work of Vigil for normal, but not its token elsewhere', () => {
    const vigil = account('vigil-system', 'vigil');
    const world = new World({ ownUser: vigil });
    world.found(pod('vigil-system/vigil-1', podSpec('vigil', { nodeName: 'n' }), { ip: '10.244.0.9' }));
    world.usually(() => undefined);
    readsSecret(world, vigil, 'shop');
    expect(world.findings()).to.deep.equal([]);
    world.request(vigil, { of: 'pods', from: '203.0.113.9', extra: { 'authentication.kubernetes.io/pod-name': ['vigil-1'] } });
    expect(world.findings().map(({ detection }) => detection)).to.deep.equal(['token-from-elsewhere']);
  });
});

describe('a restart', () => {
  const attacked = (): World => {
    const world = new World();
    world.usually(() => {
      readsSecret(world, 'alice', 'shop');
      world.request('alice', { of: 'pods' });
    });
    readsSecret(world, 'eve', 'bank');
    return world;
  };

  it('keeps what is normal, what is open and what was counted', () => {
    const { world, problems } = restarted(attacked());
    expect(problems).to.deep.equal([]);
    readsSecret(world, 'alice', 'shop');
    readsSecret(world, 'eve', 'bank');
    expect(world.of('secret-read').map(({ actor, count }) => [actor, count])).to.deep.equal([['eve', 2]]);
  });

  it('does not report a change again by the field manager that the first list shows', () => {
    const dns = object('ConfigMap', 'kube-system/coredns', { data: { Corefile: 'a' } }, managedBy('curl'));
    const before = new World();
    before.usually(() => undefined);
    before.write('eve', dns);
    const { world } = restarted(before);
    world.found(dns);
    expect(world.of('cluster-dns-or-auth-changed').map(({ actor, count }) => [actor, count])).to.deep.equal([['eve', 1]]);
  });

  it('finds what happened to objects while nothing was running', () => {
    const before = new World();
    before.found(binding('ClusterRoleBinding', 'admins', 'ClusterRole/cluster-admin', ['User/admin']));
    before.usually(() => undefined);
    const { world } = restarted(before);
    world.found(
      binding('ClusterRoleBinding', 'admins', 'ClusterRole/cluster-admin', ['User/admin']),
      binding('ClusterRoleBinding', 'made', 'ClusterRole/cluster-admin', ['User/mallory']),
    );
    world.detector.synced(world.now);
    expect(world.of('new-admin-binding').map(({ about }) => about.name)).to.deep.equal(['made']);
  });

  it('does not report again what it reported before, and waits for audit events as before', () => {
    const before = new World();
    before.usually(() => before.request('alice', { of: 'pods' }));
    const agent = workload('DaemonSet', 'shop/agent', podSpec('agent', { hostPID: true }));
    before.write('eve', agent);
    const { world } = restarted(before);
    world.found(agent);
    world.detector.synced(world.now);
    expect(world.of('new-host-access').map(({ actor, count }) => [actor, count])).to.deep.equal([['eve', 1]]);
    world.write(undefined, workload('DaemonSet', 'shop/other', podSpec('other')));
    expect(world.detector.findings().filter(({ about }) => about.name === 'other')).to.deep.equal([]);
    expect(world.of('daemonset-by-new-actor').map(({ about }) => about.name)).to.have.members(['agent', 'other']);
  });

  it('saves nothing if nothing has changed', () => {
    const world = attacked();
    expect(world.detector.save(world.now)).not.to.equal(undefined);
    expect(world.detector.save(world.now + minute)).to.equal(undefined);
  });

  for (const [title, change] of [
    ['torn', (all: BaselineDocument[]) => all.map((each) => (each.name.startsWith('keys') ? { ...each, content: { sum: 'x' } } : each))],
    ['missing', (all: BaselineDocument[]) => all.filter(({ name }) => !name.startsWith('keys'))],
    ['of a newer version', (all: BaselineDocument[]) => all.map((each) => ({ ...each, formatVersion: 99 }))],
  ] as const)
    it(`says that a baseline is ${title}, and learns again`, () => {
      const next = new World({ learningPeriod: 7 * day });
      const { problems } = next.detector.load(change(copy(attacked().detector.save(0))), next.now);
      expect(problems.length).to.be.greaterThan(0);
      const status = next.detector.status(next.now);
      expect(status.problems).to.deep.equal(problems);
      expect(status.learning.map(({ learning }) => learning)).to.deep.equal([true, true]);
      // It never means that all is normal: a new user is reported at once.
      readsSecret(next, 'stranger', 'bank');
      expect(next.of('secret-read').map(({ actor }) => actor)).to.include('stranger');
    });
});

describe('what is never normal', () => {
  it('is certain while Vigil learns, and a request without a user agent says so', () => {
    const world = new World({ learningPeriod: 7 * day });
    world.request('eve', { of: 'pods', in: 'shop' });
    world.write('eve', binding('ClusterRoleBinding', 'open', 'ClusterRole/view', ['User/system:anonymous']), { agent: '' });
    readsSecret(world, 'stranger', 'bank');
    const found = (detection: string): object => {
      const [{ whileLearning, source = '' } = { whileLearning: undefined }] = world.of(detection);
      return { whileLearning, source };
    };
    expect(found('binding-to-everybody')).to.deep.equal({ whileLearning: false, source: '192.0.2.10 without the name of a program' });
    expect(found('secret-read')).to.deep.equal({ whileLearning: true, source: '192.0.2.10 with kubectl' });
  });
});

describe('a time in which Vigil did not run', () => {
  /** What is found after a process has ended, and another one has started later. */
  const gaps = (down: number, isLast: boolean, meanwhile: (world: World, stopped: number) => void = () => undefined): readonly string[] => {
    const world = new World();
    world.usually(() => world.request('alice', { of: 'pods' }));
    world.request('alice', { of: 'pods' });
    const next = new World({}, world.now + down);
    next.detector.load(copy(world.detector.save(world.now, { isLast })), next.now);
    meanwhile(next, world.now);
    next.request('alice', { of: 'pods' });
    next.wait(2 * minute);
    next.wait(2 * minute);
    return next.of('audit-gap').map(({ seen, count }) => `${count} ${seen}`);
  };

  it('is one finding with its start and end', () => {
    const [found, ...more] = gaps(10 * minute, true);
    expect(more).to.deep.equal([]);
    expect(found).to.match(/^1 no audit events came from 2026-11-02T09:00:0\dZ to 2026-11-02T09:10:0\dZ, in which Vigil was stopped/);
  });

  it('is none if it is as short as an API server keeps events, or may have been', () => {
    expect(gaps(minute, true)).to.deep.equal([]);
    expect(gaps(10 * minute, false)).to.deep.equal([]);
    expect(gaps(15 * minute, false)).to.have.length(1);
  });

  it('ends with the first event that an API server has kept', () => {
    const kept = (world: World, stopped: number): void => {
      world.event(auditEvent('alice', stopped + 9.5 * minute, { of: 'pods' }));
    };
    expect(gaps(10 * minute, true, kept)[0]).to.match(/to 2026-11-02T09:09:3\dZ/);
  });

  it('is none if the events of the time come later', () => {
    const late = (world: World, stopped: number): void => {
      for (let back = 0; back < 10; back += 1) world.event(auditEvent('alice', stopped + back * minute, { of: 'pods' }));
    };
    expect(gaps(10 * minute, true, late)).to.deep.equal([]);
  });
});

describe('the first lists', () => {
  const role = object('ClusterRole', 'minters', { rules: [rule('create', 'serviceaccounts/token')] });
  const bound = binding('ClusterRoleBinding', 'minters', 'ClusterRole/minters', ['User/carol']);

  it('may come in any order: a binding that comes before its role is not new after a restart', () => {
    const world = new World();
    world.found(bound, role);
    world.detector.synced(world.now);
    const next = restarted(world).world;
    next.found(role, bound);
    expect(next.findings()).to.deep.equal([]);
  });

  it('show a binding that was made while Vigil was not running, whichever comes first', () => {
    for (const order of [[role, bound] as const, [bound, role] as const]) {
      const world = new World();
      world.usually(() => world.request('alice', { of: 'pods' }));
      const next = restarted(world).world;
      next.found(...order);
      expect(next.findings().map(({ detection }) => detection)).to.include('new-admin-binding');
    }
  });
});

describe('what still holds', () => {
  const open = binding('ClusterRoleBinding', 'open', 'ClusterRole/view', ['User/system:anonymous']);

  it('stays open, and goes a while after it is over', () => {
    const world = new World({ keepFor: 2 * day });
    world.usually(() => undefined);
    world.write('eve', open);
    world.wait(30 * day);
    expect(world.of('binding-to-everybody')).to.have.length(1);
    world.remove('admin', open);
    expect(world.of('binding-to-everybody')).to.have.length(1);
    world.wait(3 * day);
    world.wait(hour);
    expect(world.of('binding-to-everybody')).to.have.length(0);
  });

  it('ends if the object is gone after a restart', () => {
    const before = new World();
    before.usually(() => undefined);
    before.write('eve', open);
    const { world } = restarted(before);
    world.detector.synced(world.now);
    world.wait(8 * day);
    world.wait(hour);
    expect(world.of('binding-to-everybody')).to.have.length(0);
  });
});

describe('an audit event that comes late', () => {
  it('names the actor of a finding that was made without it', () => {
    const world = new World();
    world.usually(() => world.request('alice', { of: 'pods' }));
    world.request('alice', { of: 'pods' });
    world.write(undefined, workload('DaemonSet', 'shop/agent', podSpec('agent')));
    world.wait(2 * minute);
    expect(world.of('daemonset-by-new-actor')[0]?.actorIsCertain).to.equal(false);
    const { now } = world;
    world.now -= 2 * minute;
    world.request('eve', { verb: 'create', of: 'daemonsets.apps', in: 'shop', name: 'agent', id: 'late' });
    world.now = now;
    expect(world.of('daemonset-by-new-actor')[0]).to.deep.include({ actor: 'eve', actorIsCertain: true, audit: ['late'] });
  });
});

describe('the user of a change', () => {
  const namespace = (labels: Readonly<Record<string, string>>): ReturnType<typeof object> => object('Namespace', 'shop', {}, { labels });
  const strict = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  /** Alice makes the namespace, and a minute later somebody loosens it. */
  const loosened = (): World => {
    const world = new World();
    world.usually(() => world.request('alice', { of: 'pods' }));
    world.request('alice', { of: 'pods' });
    world.write('alice', namespace(strict));
    world.wait(minute);
    world.write(undefined, namespace({}));
    return world;
  };

  it('is not who wrote the object a minute before, if the audit event comes after the change', () => {
    const world = loosened();
    world.now += 3_000;
    // The API server gives such a request the name of the Namespace as its namespace, too.
    world.request('eve', { verb: 'patch', of: 'namespaces', in: 'shop', name: 'shop', id: 'after' });
    expect(world.of('guardrail-loosened').map(({ actor }) => actor)).to.deep.equal(['eve']);
  });

  it('is nobody, if its audit event never comes', () => {
    const world = loosened();
    world.wait(2 * minute);
    expect(world.of('guardrail-loosened').map(({ actorIsCertain }) => actorIsCertain)).to.deep.equal([false]);
  });
});

describe('the status', () => {
  it('names the detections that see nothing, and what they need', () => {
    const world = new World();
    world.wait(hour);
    const { blind } = world.detector.status(world.now);
    expect(blind).to.deep.include({ detection: 'secret-read', needs: 'audit events' });
    expect(blind.map(({ detection }) => detection)).to.include('new-admin-binding');
    world.request('alice', { of: 'pods' });
    world.found(object('Namespace', 'shop'));
    expect(world.detector.status(world.now).blind).to.deep.equal([]);
  });

  it('counts events and open findings', () => {
    const world = new World();
    for (let index = 0; index < 60; index += 1) world.request('alice', { of: 'pods' });
    world.request('eve', { verb: 'list', of: 'secrets' });
    expect(world.detector.status(world.now)).to.deep.include({ eventsPerSecond: 1, open: 1, droppedFindings: 0 });
    expect(world.detector.status(world.now).openBySeverity.high).to.equal(1);
  });
});

describe('hostile input', () => {
  it('bounds what names and addresses of an attacker take', () => {
    const world = new World();
    for (let index = 0; index < 1200; index += 1)
      world.request(`\u202eeve${index}${'x'.repeat(200)}`, {
        of: 'secrets',
        in: `n${index}`,
        name: `${index}`,
        from: `not an address ${index}`,
      });
    const findings = world.findings();
    expect(findings.length).to.be.at.most(101);
    expect(findings.at(-1)?.detection).to.equal('more-anomalies');
    expect(world.detector.status(world.now).droppedFindings).to.be.greaterThan(0);
  });

  describe('when the clock jumps', () => {
    const usual = (world: World): void =>
      world.each(['a', 'b', 'c'], (name) => world.request('alice', { of: 'secrets', in: 'shop', name }));
    const openOf = (world: World): string[] => world.detector.findings().map(({ id }) => id);

    it('forgets nothing if it is ahead for some minutes', () => {
      const world = new World();
      world.usually(() => usual(world));
      readsSecret(world, 'eve', 'bank');
      const before = openOf(world);
      world.wait(60 * day);
      world.wait(minute);
      world.wait(-60 * day);
      world.wait(8 * minute);
      expect([before.length > 0, openOf(world)]).to.deep.equal([true, before]);
      usual(world);
      expect(openOf(world)).to.deep.equal(before);
    });

    it('says that it was set back, and judges and counts as before', () => {
      const world = new World();
      world.usually(() => usual(world));
      world.wait(365 * day);
      readsSecret(world, 'eve', 'bank');
      world.each('abcdefgh'.split(''), (name) => world.request('alice', { of: 'secrets', in: 'shop', name }));
      const [found] = world.of('secret-read');
      world.wait(-365 * day);
      const { now } = world;
      expect(world.detector.status(now).problems).to.deep.equal([
        `the clock of the operator was set back from ${timestampOf(now + 365 * day + minute)} to ${timestampOf(now)}: what was seen in between has the time ${timestampOf(now)}`,
      ]);
      expect(world.detector.findings().map(({ id, lastSeen }) => [id, lastSeen])).to.deep.equal([[found?.id, now]]);
      // A burst that was counted a year ahead does not count for what comes now.
      world.each('ijklmnop'.split(''), (name) => world.request('alice', { of: 'secrets', in: 'shop', name }));
      expect(world.of('secret-spread')).to.deep.equal([]);
      world.each('0123456789abcdef'.split(''), (name) => world.request('eve', { of: 'secrets', in: 'shop', name }));
      expect(world.of('secret-spread')).to.have.length(1);
      world.wait(8 * day);
      world.wait(hour);
      expect(world.detector.findings()).to.deep.equal([]);
      expect(world.detector.status(world.now).problems).to.deep.equal([]);
    });

    it('sets back what was saved by a process whose clock was ahead', () => {
      const [ahead, later] = [new World({}, Date.UTC(2030, 0, 1)), new World()];
      readsSecret(ahead, 'eve', 'bank');
      const saved = JSON.parse(JSON.stringify(ahead.detector.save(ahead.now) ?? [])) as BaselineDocument[];
      expect(later.detector.load(saved, later.now).problems).to.deep.equal([]);
      expect(later.detector.status(later.now).problems).to.have.length(1);
      expect(later.detector.findings().map(({ lastSeen }) => lastSeen)).to.deep.equal([later.now]);
    });
  });
});

describe('findings', () => {
  it('are bounded, however long the names of an object are', () => {
    const world = new World();
    const volumes = Array.from({ length: 40 }, (_, index) => ({
      name: `v${index}`,
      hostPath: { path: `/etc/${index}/${'x'.repeat(1000)}` },
    }));
    world.write('eve', workload('Deployment', 'shop/web', podSpec('web', { volumes })));
    const [found] = world.of('new-host-access');
    expect(found?.seen.length).to.be.within(1000, 2001);
    world.request('eve', {
      of: 'pods',
      in: 'shop',
      as: 'bob',
      asGroups: Array.from({ length: 64 }, (_, index) => `${index}${'g'.repeat(200)}`),
    });
    const [acted] = world.of('impersonation');
    expect(acted?.seen.length).to.be.within(1000, 2001);
  });
});
