import { http } from '../../http.ts';
import { podSpec, rule, workload } from '../../objects.ts';
import { account as sa, day, hour, minute } from '../../world.ts';
import { atWork, exec, role, type Attack } from '../trace.ts';

const web = sa('shop', 'web');

/** Attacks that take days, with a call or two a day. */
export const slowAttacks: readonly Attack[] = [
  [
    'slow: a session a day in another workload',
    (world) => {
      for (const name of ['web', 'cart', 'pay', 'mail']) {
        exec(world, 'alice', ['sh'], { pod: `shop/pods/${name}-5d4f8c7b9-x2k4v` });
        world.wait(day);
      }
    },
    ['exec-into-pod'],
    'alice',
  ],
  [
    'slow: Secrets of one namespace a day',
    (world) => {
      atWork(world, web);
      for (const name of ['bank', 'crm', 'pay', 'mail']) {
        http(world, web, `GET /api/v1/namespaces/${name}/secrets/db`);
        world.wait(day);
      }
    },
    ['secret-read'],
    web,
  ],
  [
    'slow: another Secret of the own namespace each day',
    (world) => {
      world.usually(() => http(world, web, 'GET /api/v1/namespaces/shop/secrets/web-db'));
      for (const name of 'alpha bravo charlie delta echo foxtrot golf hotel india juliett kilo lima'.split(' ')) {
        http(world, web, `GET /api/v1/namespaces/shop/secrets/${name}`);
        world.wait(day);
      }
    },
    ['secret-spread'],
    web,
  ],
  [
    'slow: another kind is listed in all namespaces each day',
    (world) => {
      atWork(world, web);
      for (const resource of [
        'pods',
        'services',
        'nodes',
        'namespaces',
        'configmaps',
        'serviceaccounts',
        'endpoints',
        'persistentvolumes',
      ]) {
        http(world, web, `GET /api/v1/${resource}?limit=500`);
        world.wait(day);
      }
    },
    ['enumeration'],
    web,
  ],
  [
    'slow: one denied request a day, each another one',
    (world) => {
      atWork(world, web);
      for (const resource of 'pods secrets nodes namespaces configmaps serviceaccounts endpoints events limitranges services resourcequotas persistentvolumes'.split(
        ' ',
      )) {
        http(world, web, `GET /api/v1/${resource}`, { code: 403 });
        world.wait(day);
      }
    },
    ['denied-requests'],
    web,
  ],
  [
    'slow: one question about the own rights a day',
    (world) => {
      atWork(world, web);
      for (let index = 0; index < 5; index += 1) {
        http(world, web, 'POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews');
        world.wait(day);
      }
    },
    ['permission-probing'],
    web,
  ],
  [
    'slow: a deletion of a workload an hour',
    (world) => {
      for (const name of 'alpha bravo charlie delta echo foxtrot golf hotel india juliett kilo lima mike november oscar papa quebec romeo sierra tango uniform victor whiskey xray yankee'.split(
        ' ',
      )) {
        for (const tail of ['web', 'db', 'api']) {
          const one = workload('Deployment', `shop/${name}-${tail}`, podSpec('web'));
          world.found(one);
          world.remove('eve', one);
          world.wait(10 * minute);
        }
      }
    },
    ['mass-deletion'],
    'eve',
  ],
  [
    'slow: rights come one after the other, a day each',
    (world) => {
      world.write('eve', role('shop-tools', [rule('get', 'pods')]));
      world.wait(day);
      world.write('eve', role('shop-tools', [rule('get', 'pods'), rule('create', 'pods/exec')]));
      world.wait(day);
      world.write(
        'eve',
        role('shop-tools', [rule('get', 'pods'), rule('create', 'pods/exec'), rule('bind', 'clusterroles', 'rbac.authorization.k8s.io')]),
      );
      world.wait(hour);
    },
    ['role-gains-power:high'],
    'eve',
  ],
];
