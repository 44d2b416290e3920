import { managedBy, object, podSpec, workload } from '../objects.ts';
import { account, day, type World } from '../world.ts';
import type { Tables } from './table.ts';

const argo = account('argocd', 'argocd-application-controller');
const web = (image: string, spec: Readonly<Record<string, unknown>> = {}) => workload('Deployment', 'shop/web', podSpec(image, spec));
/** A workload that one user has made and changes every day. */
const known = (world: World, user = 'deployer'): void => {
  world.usually(() => world.write(user, web(`registry.example/web:${world.now}`)));
};
const system =
  (kind: string, name: string) =>
  (world: World): void => {
    world.found(
      workload('DaemonSet', 'kube-system/kube-proxy', podSpec('kube-proxy')),
      workload('Deployment', 'kube-system/coredns', podSpec('coredns')),
    );
    world.usually(() => undefined);
    world.write(
      'eve',
      kind === 'ServiceAccount' ? object(kind, `kube-system/${name}`) : workload(kind, `kube-system/${name}`, podSpec('x')),
    );
  };
const big = (cpu: string, replicas: number, name = 'web') =>
  workload('Deployment', `shop/${name}`, podSpec('web', {}, { resources: { requests: { cpu } } }), { replicas });

/** Detections about workloads. */
export const workloadTables: Tables = {
  'system-namespace-newcomer': {
    fires: [
      [
        'a new DaemonSet',
        system('DaemonSet', 'node-helper'),
        { actor: 'eve', severity: 'medium', seen: /DaemonSet kube-system\/node-helper is new in kube-system/ },
      ],
      ['a name like that of a component', system('DaemonSet', 'kube-proxxy'), { severity: 'high', seen: /a name like kube-proxy/ }],
      ['a Deployment with the name of a static pod', system('Deployment', 'kube-apiserver-proxy'), { severity: 'high' }],
      ['a new account', system('ServiceAccount', 'helper')],
    ],
    quiet: [
      ['a new version of what is there', system('DaemonSet', 'kube-proxy')],
      ['something new in another namespace', (world) => world.write('alice', web('registry.example/web:1'))],
      [
        'what is deleted',
        (world) => {
          world.found(workload('Deployment', 'kube-system/old', podSpec('old')));
          world.usually(() => undefined);
          world.remove('alice', workload('Deployment', 'kube-system/old', podSpec('old')));
        },
      ],
    ],
  },
  'new-image-source': {
    fires: [
      [
        'an image from another registry',
        (world) => {
          known(world);
          world.write('eve', web('evil.example/web:1'));
        },
        { actor: 'eve', severity: 'low', seen: /evil\.example\/web, from a registry that no namespace uses/ },
      ],
      [
        'another repository in a new workload',
        (world) => {
          known(world);
          world.write('deployer', workload('Deployment', 'shop/tool', podSpec('registry.example/tool:1')));
        },
      ],
      [
        'a sidecar',
        (world) => {
          known(world);
          world.write(
            'deployer',
            workload('Deployment', 'shop/web', {
              containers: [
                { name: 'main', image: 'registry.example/web:1' },
                { name: 'log', image: 'busybox' },
              ],
            }),
          );
        },
      ],
    ],
    quiet: [
      [
        'another tag',
        (world) => {
          known(world);
          world.write('deployer', web('registry.example/web:next'));
        },
      ],
      [
        'a digest',
        (world) => {
          known(world);
          world.write('deployer', web(`registry.example/web@sha256:${'0'.repeat(64)}`));
        },
      ],
      [
        'the first image of a new namespace',
        (world) => world.write('deployer', workload('Deployment', 'fresh/web', podSpec('docker.io/library/nginx'))),
      ],
    ],
  },
  'changed-by-new-actor': {
    fires: [
      [
        'another user',
        (world) => {
          known(world);
          world.write('eve', web('registry.example/web:evil'));
        },
        {
          actor: 'eve',
          severity: 'medium',
          seen: /eve changed the image tag, command, hooks, probes, environment or volumes of Deployment shop\/web/,
        },
      ],
      [
        'another field manager, without audit events',
        (world) => {
          world.usually(() =>
            world.write(undefined, workload('Deployment', 'shop/web', podSpec(`web:${world.now}`), { metadata: managedBy('helm') })),
          );
          world.write(
            undefined,
            workload('Deployment', 'shop/web', podSpec('web:evil'), { metadata: managedBy('kubectl-edit', '2026-11-02T09:00:00Z') }),
          );
        },
        { seen: /kubectl-edit/ },
      ],
      [
        'another user who calls itself like the trusted manager',
        (world) => {
          world.usually(() =>
            world.write('deployer', workload('Deployment', 'shop/web', podSpec(`web:${world.now}`), { metadata: managedBy('helm') })),
          );
          world.write(
            'eve',
            workload('Deployment', 'shop/web', podSpec('web:evil'), { metadata: managedBy('helm', '2026-11-02T09:00:00Z') }),
          );
        },
        { actor: 'eve' },
      ],
      [
        'a sidecar that another user adds',
        (world) => {
          known(world);
          world.write(
            'eve',
            workload('Deployment', 'shop/web', {
              containers: [
                { name: 'main', image: 'x' },
                { name: 'b', image: 'y' },
              ],
            }),
          );
        },
        { seen: /containers \(b, main\)/ },
      ],
    ],
    quiet: [
      [
        'the user who always changes it',
        (world) => {
          known(world);
          world.write('deployer', web('registry.example/web:next'));
        },
      ],
      [
        'replicas',
        (world) => {
          known(world);
          world.write('deployer', web('registry.example/web:a'));
          world.write(
            'system:kube-controller-manager',
            workload('Deployment', 'shop/web', podSpec('registry.example/web:a'), { replicas: 9 }),
          );
        },
      ],
      [
        'a new workload',
        (world) => {
          known(world);
          world.write('alice', workload('Deployment', 'shop/other', podSpec('registry.example/web:1')));
        },
      ],
      [
        'the manager of the trusted user while no audit events come',
        (world) => {
          world.usually(() =>
            world.write('deployer', workload('Deployment', 'shop/web', podSpec(`web:${world.now}`), { metadata: managedBy('helm') })),
          );
          world.wait(day);
          world.write(
            undefined,
            workload('Deployment', 'shop/web', podSpec('web:next'), { metadata: managedBy('helm', '2026-11-03T09:00:00Z') }),
          );
        },
      ],
    ],
  },
  'daemonset-by-new-actor': {
    fires: [
      [
        'the first DaemonSet of a user',
        (world) => world.write('eve', workload('DaemonSet', 'shop/agent', podSpec('agent'))),
        { actor: 'eve', severity: 'medium' },
      ],
      [
        'the first DaemonSet of a field manager',
        (world) => world.write(undefined, workload('DaemonSet', 'shop/agent', podSpec('agent'), { metadata: managedBy('kubectl-create') })),
      ],
      [
        'a DaemonSet of a user who makes Deployments',
        (world) => {
          known(world);
          world.write('deployer', workload('DaemonSet', 'shop/agent', podSpec('agent')));
        },
      ],
    ],
    quiet: [
      [
        'a user who makes DaemonSets',
        (world) => {
          world.usually(() => world.write(argo, workload('DaemonSet', `a${world.now}/agent`, podSpec('agent'))));
          world.write(argo, workload('DaemonSet', 'shop/agent', podSpec('agent')));
        },
      ],
      [
        'a change of a DaemonSet',
        (world) => {
          world.found(workload('DaemonSet', 'shop/agent', podSpec('agent')));
          world.usually(() => undefined);
          world.write('alice', workload('DaemonSet', 'shop/agent', podSpec('agent:2')));
        },
      ],
      ['a Deployment', (world) => world.write('alice', web('x'))],
    ],
  },
  'job-by-new-actor': {
    fires: [
      [
        'the first CronJob of a user',
        (world) => world.write('eve', workload('CronJob', 'shop/nightly', podSpec('x'))),
        { actor: 'eve', severity: 'low' },
      ],
      ['the first Job of a user', (world) => world.write('eve', workload('Job', 'shop/once', podSpec('x')))],
      [
        'a Job in another namespace than usual',
        (world) => {
          world.usually(() => world.write('ci', workload('Job', `build/job-${world.now}`, podSpec('x'))));
          world.write('ci', workload('Job', 'bank/job', podSpec('x')));
        },
      ],
    ],
    quiet: [
      [
        'the next Job of a build',
        (world) => {
          world.usually(() => world.write('ci', workload('Job', `build/job-${world.now}`, podSpec('x'))));
          world.write('ci', workload('Job', 'build/job-next', podSpec('x')));
        },
      ],
      [
        'the Job of a CronJob',
        (world) => {
          const owner = { ownerReferences: [{ apiVersion: 'batch/v1', kind: 'CronJob', name: 'nightly', uid: 'u', controller: true }] };
          world.write(
            account('kube-system', 'cronjob-controller'),
            workload('Job', 'shop/nightly-29018880', podSpec('x'), { metadata: owner }),
          );
        },
      ],
      [
        'the next preview namespace',
        (world) => {
          world.usually(() => world.write('ci', workload('Job', `pr-${4000 + (world.now % 7)}/job`, podSpec('x'))));
          world.write('ci', workload('Job', 'pr-4999/job', podSpec('x')));
        },
      ],
    ],
  },
  'resource-jump': {
    fires: [
      ['forty cores at once', (world) => world.write('eve', big('4', 10)), { severity: 'low', seen: /request 40 more CPU cores/ }],
      [
        'many workloads',
        (world) => {
          for (const name of 'abcdefghi') world.write('eve', big('4', 1, name));
        },
      ],
      [
        'a workload that is scaled up',
        (world) => {
          world.found(big('500m', 2));
          world.usually(() => undefined);
          world.write('eve', big('500m', 100));
        },
      ],
      [
        'a quota that refuses pods',
        (world) => {
          const set = (refused: boolean) =>
            object('ReplicaSet', 'shop/web-5d4f8c7b9', {
              spec: { template: { spec: podSpec('web') } },
              status: {
                conditions: refused
                  ? [{ type: 'ReplicaFailure', status: 'True', message: 'pods "web" is forbidden: exceeded quota: small' }]
                  : [],
              },
            });
          world.found(set(false));
          world.usually(() => undefined);
          world.write(undefined, set(true));
        },
        { seen: /quota/ },
      ],
    ],
    quiet: [
      ['thirty cores', (world) => world.write('alice', big('3', 10))],
      [
        'a workload that is scaled down',
        (world) => {
          world.found(big('4', 100));
          world.usually(() => undefined);
          world.write('alice', big('4', 1));
        },
      ],
      [
        'as much as every day',
        (world) => {
          world.usually(() => world.write('ci', big('4', 20, `job-${world.now}`)));
          world.write('ci', big('4', 20, 'job-next'));
        },
      ],
    ],
  },
};
