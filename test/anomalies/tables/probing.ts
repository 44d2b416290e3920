import { account, minute, type World } from '../world.ts';
import type { Tables } from './table.ts';

const shop = account('shop', 'web');
const operator = account('ops', 'operator');
const kinds = ['pods', 'services', 'configmaps', 'deployments.apps', 'jobs.batch', 'nodes', 'ingresses.networking.k8s.io', 'secrets'];
const denied =
  (user: string, count: number, gap = 1000, code = 403) =>
  (world: World): void => {
    for (let index = 0; index < count; index += 1) {
      world.wait(gap);
      world.request(user, {
        verb: 'list',
        of: `kind${'abcdefghijklmnopqrstuvwxyz'[index % 26] ?? ''}${'abcdefgh'[Math.floor(index / 26)] ?? ''}`,
        in: 'shop',
        code,
      });
    }
  };
const list =
  (user: string, count: number, gap = 1000, watch = false) =>
  (world: World): void => {
    for (const of of kinds.slice(0, count)) {
      world.wait(gap);
      world.request(user, { verb: 'list', of });
    }
    if (watch) for (const of of kinds.slice(0, count)) world.request(user, { verb: 'watch', of, stage: 'ResponseStarted' });
  };
const reviews =
  (user: string, count: number) =>
  (world: World): void => {
    for (let index = 0; index < count; index += 1)
      world.request(user, { verb: 'create', of: 'selfsubjectaccessreviews.authorization.k8s.io', code: 201 });
  };
const rules =
  (user: string) =>
  (world: World): void =>
    world.request(user, { verb: 'create', of: 'selfsubjectrulesreviews.authorization.k8s.io', code: 201 });

/** Detections about somebody who looks around. */
export const probingTables: Tables = {
  'denied-requests': {
    fires: [
      ['eleven denied requests', denied(shop, 11), { actor: shop, severity: 'medium', seen: /denied 11 different requests/ }],
      ['a credential that is not accepted', denied('', 12, 1000, 401), { seen: /without accepted credentials/ }],
      [
        'more than every day',
        (world) => {
          world.usually(() => denied(operator, 12)(world));
          denied(operator, 60)(world);
        },
      ],
    ],
    quiet: [
      ['ten denied requests', denied(shop, 10)],
      ['one request that is denied a hundred times', (world) => kinds.forEach(() => denied(shop, 1)(world))],
      ['eleven denied requests over an hour', denied(shop, 11, 6 * minute)],
      ['allowed requests', denied(shop, 40, 1000, 200)],
    ],
  },
  'permission-probing': {
    fires: [
      ['an account that lists its rights', rules(shop), { actor: shop, severity: 'medium' }],
      ['a person who lists the own rights', rules('alice'), { severity: 'low' }],
      ['six access reviews', reviews(shop, 6), { seen: /asked 6 times/ }],
    ],
    quiet: [
      ['five access reviews', reviews(shop, 5)],
      [
        'a dashboard that asks for every user',
        (world) => {
          world.usually(() => rules(operator)(world));
          rules(operator)(world);
        },
      ],
      [
        'a component that checks the rights of others',
        (world) => kinds.forEach(() => world.request(operator, { verb: 'create', of: 'subjectaccessreviews.authorization.k8s.io' })),
      ],
      ['the scheduler', rules('system:kube-scheduler')],
    ],
  },
  enumeration: {
    fires: [
      ['six kinds within a minute', list('eve', 6), { actor: 'eve', severity: 'medium', seen: /listed 6 kinds/ }],
      ['an account', list(shop, 8), { actor: shop }],
      [
        'more than every day',
        (world) => {
          world.usually(() => list(operator, 2)(world));
          list(operator, 8)(world);
        },
      ],
    ],
    quiet: [
      ['five kinds', list('alice', 5)],
      ['six kinds within six minutes', list('alice', 6, minute + 1000)],
      ['a controller that starts: it watches what it lists', list(operator, 8, 1000, true)],
      ['lists in one namespace', (world) => kinds.forEach((of) => world.request('alice', { verb: 'list', of, in: 'shop' }))],
    ],
  },
};
