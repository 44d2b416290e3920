import { account as sa, hour } from '../world.ts';
import { http } from '../http.ts';
import { atWork, exec, named, type Attack } from './trace.ts';

const web = sa('shop', 'web');

/** Attacks that read Secrets, or hide behind a reused audit ID. */
export const secretsAttacks: readonly Attack[] = [
  ['stratus dump secrets', (world) => http(world, 'eve', 'GET /api/v1/secrets?limit=500'), ['cluster-wide-secret-list:high'], 'eve'],
  [
    'list secrets continue pages',
    (world) => {
      http(world, 'eve', 'GET /api/v1/secrets?limit=500');
      http(world, 'eve', 'GET /api/v1/secrets?continue=abc&limit=500');
    },
    ['cluster-wide-secret-list'],
    'eve',
  ],
  [
    'list one secret by field selector, all namespaces',
    (world) => http(world, 'eve', 'GET /api/v1/secrets?fieldSelector=metadata.name%3Ddb'),
    ['cluster-wide-secret-list'],
    'eve',
  ],
  [
    'list one secret by field selector in ns',
    (world) => http(world, 'eve', 'GET /api/v1/namespaces/shop/secrets?fieldSelector=metadata.name%3Ddb'),
    ['secret-read'],
    'eve',
  ],
  [
    'many by field selector',
    (world) => {
      for (let i = 0; i < 12; i += 1) http(world, web, `GET /api/v1/namespaces/shop/secrets?fieldSelector=metadata.name%3Ds${named(i)}`);
    },
    ['secret-spread'],
    web,
  ],
  ['watch path old', (world) => http(world, 'eve', 'GET /api/v1/watch/secrets'), ['cluster-wide-secret-list'], 'eve'],
  ['watch secrets in ns', (world) => http(world, 'eve', 'GET /api/v1/namespaces/shop/secrets?watch=true'), ['secret-read'], 'eve'],
  [
    'secret by dry-run patch',
    (world) => http(world, 'eve', 'PATCH /api/v1/namespaces/shop/secrets/db?dryRun=All&fieldManager=kubectl-label'),
    ['secret-read'],
    'eve',
  ],
  [
    'secrets by dry-run deletecollection',
    (world) => http(world, 'eve', 'DELETE /api/v1/namespaces/shop/secrets?dryRun=All'),
    ['secret-read'],
    'eve',
  ],
  [
    'default SA other ns secrets',
    (world) => {
      atWork(world, sa('shop', 'default'));
      http(world, sa('shop', 'default'), 'GET /api/v1/namespaces/bank/secrets');
    },
    ['secret-read'],
    sa('shop', 'default'),
  ],
  [
    'slow secrets one an hour, other ns',
    (world) => {
      atWork(world, web);
      for (const n of ['bank', 'crm', 'ml']) {
        world.wait(25 * hour);
        http(world, web, `GET /api/v1/namespaces/${n}/secrets/db`);
      }
    },
    ['secret-read'],
    web,
  ],
  [
    'slow: one secret an hour own ns, usually two a day',
    (world) => {
      world.usually(() => {
        http(world, web, 'GET /api/v1/namespaces/shop/secrets/db');
        http(world, web, 'GET /api/v1/namespaces/shop/secrets/tls');
      });
      for (let i = 0; i < 48; i += 1) {
        world.wait(hour);
        http(world, web, `GET /api/v1/namespaces/shop/secrets/${named(i)}`);
      }
    },
    ['secret-spread'],
    web,
  ],
  [
    'slow: person one an hour same ns',
    (world) => {
      world.usually(() => http(world, 'alice', 'GET /api/v1/namespaces/shop/secrets/db'));
      for (let i = 0; i < 72; i += 1) {
        world.wait(hour);
        http(world, 'alice', `GET /api/v1/namespaces/shop/secrets/${named(i)}`);
      }
    },
    ['secret-spread'],
    'alice',
  ],
  [
    'a read with the audit ID of a watch that goes on',
    (world) => {
      http(world, 'eve', 'GET /api/v1/namespaces/shop/pods?watch=true', { id: 'chosen' });
      http(world, 'eve', 'GET /api/v1/secrets', { id: 'chosen' });
    },
    ['cluster-wide-secret-list'],
    'eve',
  ],
  [
    'several steps with one audit ID',
    (world) => {
      http(world, 'eve', 'GET /api/v1/secrets', { id: 'chosen' });
      exec(world, 'eve', ['sh'], { id: 'chosen', pod: 'kube-system/pods/kube-proxy-abcde' });
      http(world, 'eve', 'POST /api/v1/namespaces/kube-system/serviceaccounts/admin/token', { id: 'chosen' });
    },
    ['attack-sequence'],
    'eve',
  ],
];
