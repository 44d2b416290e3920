import { http } from '../http.ts';
import { node, object, pod, podSpec } from '../objects.ts';
import { account as sa, minute } from '../world.ts';
import { atWork, exec, type Attack } from './trace.ts';

const web = sa('shop', 'web');

/** Attacks with credentials that are stolen, forged or asked for, and by probing what they can do. */
export const credentialsAttacks: readonly Attack[] = [
  [
    'stratus create token for crac',
    (world) => http(world, 'eve', 'POST /api/v1/namespaces/kube-system/serviceaccounts/clusterrole-aggregation-controller/token'),
    ['token-request:high'],
    'eve',
  ],
  [
    'token by dryRun (the server ignores it)',
    (world) => http(world, 'eve', 'POST /api/v1/namespaces/shop/serviceaccounts/web/token?dryRun=All'),
    ['token-request'],
    'eve',
  ],
  [
    'long token',
    (world) =>
      http(world, 'eve', 'POST /api/v1/namespaces/shop/serviceaccounts/web/token', {
        body: { kind: 'TokenRequest', spec: { expirationSeconds: 630720000 } },
      }),
    ['token-request:high'],
    'eve',
  ],
  [
    'token by cert user system:evil',
    (world) => http(world, 'system:evil', 'POST /api/v1/namespaces/kube-system/serviceaccounts/admin/token'),
    ['token-request'],
    'system:evil',
  ],
  [
    'token by fake node user',
    (world) =>
      http(world, 'system:node:evil', 'POST /api/v1/namespaces/kube-system/serviceaccounts/admin/token', {
        groups: ['system:authenticated'],
      }),
    ['token-request'],
    'system:node:evil',
  ],
  [
    'secrets by fake node user without group',
    (world) => http(world, 'system:node:evil', 'GET /api/v1/secrets', { groups: ['system:authenticated'] }),
    ['cluster-wide-secret-list'],
    'system:node:evil',
  ],
  [
    'legacy token',
    (world) => {
      atWork(world, web);
      http(world, web, 'GET /api/v1/pods', { annotations: { 'authentication.k8s.io/legacy-token': web } });
    },
    ['legacy-token-used'],
    web,
  ],
  [
    'token from outside',
    (world) => {
      world.found(node('node-a', '10.0.0.1', { range: '10.244.0.0/24' }));
      world.write(undefined, pod('shop/web-1', podSpec('web', { nodeName: 'node-a' }), { ip: '10.244.0.9' }));
      http(world, web, 'GET /api/v1/pods', { from: '203.0.113.9', extra: { 'authentication.kubernetes.io/pod-name': ['web-1'] } });
    },
    ['token-from-elsewhere'],
    web,
  ],
  [
    'token from other pod while learning',
    (world) => {
      world.found(
        node('node-a', '10.0.0.1', { range: '10.244.0.0/24' }),
        pod('bank/x', podSpec('x', { nodeName: 'node-a' }), { ip: '10.244.0.12' }),
      );
      world.write(undefined, pod('shop/web-1', podSpec('web', { nodeName: 'node-a' }), { ip: '10.244.0.9' }));
      http(world, web, 'GET /api/v1/pods', { from: '10.244.0.12', extra: { 'authentication.kubernetes.io/pod-name': ['web-1'] } });
    },
    ['token-from-elsewhere'],
    web,
  ],
  [
    'node cred elsewhere',
    (world) => {
      world.found(node('node-a', '10.0.0.1'));
      http(world, 'system:node:node-a', 'GET /api/v1/pods', { from: '203.0.113.9', groups: ['system:nodes', 'system:authenticated'] });
    },
    ['node-identity-from-elsewhere'],
    'system:node:node-a',
  ],
  ['as admin', (world) => http(world, 'eve', 'GET /api/v1/pods', { as: 'admin' }), ['impersonation'], 'eve'],
  [
    'as masters',
    (world) => http(world, 'eve', 'GET /api/v1/pods', { as: 'x', asGroups: ['system:masters', 'system:authenticated'] }),
    ['impersonation:critical'],
    'eve',
  ],
  [
    'as group of admins, user known',
    (world) => {
      world.usually(() => http(world, 'alice', 'GET /api/v1/namespaces/shop/pods', { as: 'dev' }));
      http(world, 'alice', 'GET /api/v1/namespaces/shop/pods', { as: 'dev', asGroups: ['platform-admins', 'system:authenticated'] });
    },
    ['impersonation'],
    'alice',
  ],
  [
    'as kube-system SA',
    (world) => http(world, 'eve', 'GET /api/v1/pods', { as: sa('kube-system', 'clusterrole-aggregation-controller') }),
    ['impersonation:critical'],
    'eve',
  ],
  [
    'as node',
    (world) => http(world, 'eve', 'GET /api/v1/pods', { as: 'system:node:node-a', asGroups: ['system:nodes'] }),
    ['impersonation:critical'],
    'eve',
  ],
  ['as denied afterwards', (world) => http(world, 'eve', 'GET /api/v1/pods', { as: 'admin', code: 403 }), ['impersonation'], 'eve'],
  [
    'kubeletctl through api: run',
    (world) => http(world, 'eve', 'POST /api/v1/nodes/node-a/proxy/run/kube-system/x/y?cmd=id'),
    ['node-proxy'],
    'eve',
  ],
  [
    'exec via ws proxy',
    (world) => http(world, 'eve', 'GET /api/v1/nodes/node-a/proxy/exec/kube-system/x/y?command=id&output=1'),
    ['node-proxy'],
    'eve',
  ],
  ['pods via proxy', (world) => http(world, 'eve', 'GET /api/v1/nodes/node-a:10250/proxy/pods'), ['node-proxy'], 'eve'],
  ['logs via proxy', (world) => http(world, 'eve', 'GET /api/v1/nodes/https:node-a:10250/proxy/logs/'), ['node-proxy'], 'eve'],
  ['metrics dotdot', (world) => http(world, 'eve', 'GET /api/v1/nodes/node-a/proxy/metrics/%2e%2e/pods'), ['node-proxy'], 'eve'],
  [
    'node proxy answered 401 by kubelet is not denied request',
    (world) =>
      http(world, 'eve', 'GET /api/v1/nodes/node-a/proxy/pods', { code: 401, annotations: { 'authorization.k8s.io/decision': 'allow' } }),
    ['node-proxy'],
    'eve',
  ],
  [
    'anonymous lists namespaces',
    (world) => http(world, 'system:anonymous', 'GET /api/v1/namespaces', { groups: ['system:unauthenticated'] }),
    ['anonymous-access'],
    'system:anonymous',
  ],
  [
    'anonymous secrets',
    (world) => http(world, 'system:anonymous', 'GET /api/v1/secrets', { groups: ['system:unauthenticated'] }),
    ['anonymous-access:critical'],
    'system:anonymous',
  ],
  [
    'anonymous metrics',
    (world) => http(world, 'system:anonymous', 'GET /metrics', { groups: ['system:unauthenticated'] }),
    ['anonymous-access'],
    'system:anonymous',
  ],
  [
    'kube-hunter anonymous scan',
    (world) => {
      for (const p of [
        '/api/v1/pods',
        '/api/v1/secrets',
        '/api/v1/namespaces',
        '/api/v1/nodes',
        '/apis/rbac.authorization.k8s.io/v1/roles',
        '/apis/rbac.authorization.k8s.io/v1/clusterroles',
        '/api/v1/services',
        '/metrics',
        '/logs',
        '/debug/pprof',
        '/api/v1/configmaps',
        '/api/v1/endpoints',
      ])
        http(world, 'system:anonymous', `GET ${p}`, { code: 403, groups: ['system:unauthenticated'], agent: 'python-requests/2.31' });
    },
    ['denied-requests'],
    'system:anonymous',
  ],
  [
    'SA denied slowly over a day',
    (world) => {
      atWork(world, web);
      const rs =
        'pods secrets services nodes endpoints events configmaps namespaces limitranges resourcequotas serviceaccounts persistentvolumes replicationcontrollers podtemplates'.split(
          ' ',
        );
      for (const n of ['a', 'b', 'c', 'd', 'e'])
        for (const r of rs) {
          world.wait(8 * minute);
          http(world, web, `GET /api/v1/namespaces/${n}x/${r}`, { code: 403 });
        }
    },
    ['denied-requests'],
    web,
  ],
  [
    'can-i list by SA',
    (world) => {
      atWork(world, web);
      http(world, web, 'POST /apis/authorization.k8s.io/v1/selfsubjectrulesreviews');
    },
    ['permission-probing:medium'],
    web,
  ],
  [
    'can-i list with dryRun',
    (world) => {
      atWork(world, web);
      http(world, web, 'POST /apis/authorization.k8s.io/v1/selfsubjectrulesreviews?dryRun=All');
    },
    ['permission-probing:medium'],
    web,
  ],
  [
    'can-i list by node',
    (world) => {
      http(world, 'system:node:node-a', 'POST /apis/authorization.k8s.io/v1/selfsubjectrulesreviews', {
        groups: ['system:nodes', 'system:authenticated'],
      });
    },
    ['permission-probing'],
    'system:node:node-a',
  ],
  [
    'whoami by SA',
    (world) => {
      atWork(world, web);
      http(world, web, 'POST /apis/authentication.k8s.io/v1/selfsubjectreviews');
    },
    ['permission-probing'],
    web,
  ],
  [
    'peirates can-i',
    (world) => {
      atWork(world, web);
      for (let i = 0; i < 8; i += 1) http(world, web, 'POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews');
    },
    ['permission-probing'],
    web,
  ],
  [
    'enumeration',
    (world) => {
      for (const r of ['pods', 'services', 'nodes', 'namespaces', 'configmaps', 'serviceaccounts', 'endpoints'])
        http(world, 'eve', `GET /api/v1/${r}?limit=500`);
      world.wait(minute);
    },
    ['enumeration'],
    'eve',
  ],
  [
    'enumeration slow',
    (world) => {
      for (const r of 'pods services nodes namespaces configmaps serviceaccounts endpoints events limitranges resourcequotas persistentvolumes persistentvolumeclaims replicationcontrollers podtemplates'.split(
        ' ',
      )) {
        http(world, web, `GET /api/v1/${r}?limit=500`);
        world.wait(10 * minute);
      }
      for (const r of 'deployments daemonsets statefulsets replicasets controllerrevisions'.split(' ')) {
        http(world, web, `GET /apis/apps/v1/${r}`);
        world.wait(10 * minute);
      }
      for (const r of 'roles clusterroles rolebindings clusterrolebindings'.split(' ')) {
        http(world, web, `GET /apis/rbac.authorization.k8s.io/v1/${r}`);
        world.wait(10 * minute);
      }
      for (const r of 'jobs cronjobs'.split(' ')) {
        http(world, web, `GET /apis/batch/v1/${r}`);
        world.wait(10 * minute);
      }
      for (const r of 'networkpolicies ingresses'.split(' ')) {
        http(world, web, `GET /apis/networking.k8s.io/v1/${r}`);
        world.wait(10 * minute);
      }
    },
    ['enumeration'],
    web,
  ],
  [
    'kubiscan',
    (world) => {
      for (const r of 'roles clusterroles rolebindings clusterrolebindings'.split(' '))
        http(world, 'eve', `GET /apis/rbac.authorization.k8s.io/v1/${r}`);
      for (const r of ['pods', 'serviceaccounts', 'secrets']) http(world, 'eve', `GET /api/v1/${r}`);
      world.wait(minute);
    },
    ['enumeration', 'cluster-wide-secret-list'],
    'eve',
  ],
  [
    'csr self approved',
    (world) => {
      const c = (cond: readonly unknown[]) =>
        object('CertificateSigningRequest', 'x', {
          spec: { signerName: 'kubernetes.io/kube-apiserver-client', username: 'eve', request: '' },
          status: { conditions: cond },
        });
      world.write('eve', c([]));
      world.write('eve', c([{ type: 'Approved' }]), { of: 'certificatesigningrequests.certificates.k8s.io/approval', verb: 'update' });
    },
    ['certificate-request:critical'],
    'eve',
  ],
  [
    'new certificate user takes secrets',
    (world) => http(world, 'mallory', 'GET /api/v1/secrets', { groups: ['system:masters', 'system:authenticated'] }),
    ['new-principal', 'cluster-wide-secret-list:high'],
    'mallory',
  ],
  [
    'panic stage exec counts once started',
    (world) => exec(world, 'eve', ['sh'], { stages: ['RequestReceived', 'ResponseStarted', 'Panic'] }),
    ['exec-into-pod'],
    'eve',
  ],
];
