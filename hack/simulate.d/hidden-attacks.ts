import { day } from './api-server.ts';
import type { Attack } from './attacks.ts';
import { make, podSpec, workload } from './objects.ts';
import { person } from './people.ts';

const dan = person('dan');
/** Did once while Vigil learned what they do now. */
export const poisoner = person('gus');
const ingress = 'system:serviceaccount:ingress-nginx:ingress-nginx';
const kinds = 'pods services nodes namespaces configmaps serviceaccounts endpoints persistentvolumes limitranges'.split(' ');

/** Attacks that change what sees requests or protects, that take a call a day, or that were made normal first. */
export const hiddenAttacks: readonly Attack[] = [
  {
    name: 'containers are added to pods by a mutation of the API server',
    finds: ['webhook-configuration'],
    actor: dan.user,
    play: ({ api }) =>
      api.write(
        dan,
        make('MutatingAdmissionPolicy', '', 'inject', {
          spec: {
            matchConstraints: { resourceRules: [{ apiGroups: [''], resources: ['pods'] }] },
            mutations: [{ patchType: 'JSONPatch' }],
          },
        }),
      ),
  },
  {
    name: 'an API group is answered by a Service of the intruder',
    finds: ['webhook-configuration'],
    actor: dan.user,
    play: ({ api }) =>
      api.write(
        dan,
        make('APIService', '', 'v1beta1.metrics.k8s.io', {
          spec: { group: 'metrics.k8s.io', version: 'v1beta1', service: { namespace: 'shop', name: 'metrics' } },
        }),
      ),
  },
  {
    name: 'the agent that watches nodes is scheduled to none',
    finds: ['guardrail-loosened'],
    actor: dan.user,
    play: ({ api }) => {
      const falco = (more: object) =>
        workload('DaemonSet', 'falco', 'falco', podSpec('docker.io/falcosecurity/falco', 'falco', { ...more }));
      api.exists(falco({}), 'helm');
      api.start(api.detector);
      api.write(dan, falco({ nodeSelector: { 'no-such-node': 'true' } }));
    },
  },
  {
    name: 'an exemption of another admission controller',
    finds: ['guardrail-loosened'],
    actor: dan.user,
    play: ({ api }) => api.call(dan, { verb: 'create', of: 'policyexceptions.kyverno.io', in: 'kyverno', name: 'all' }),
  },
  {
    name: 'a bootstrap token, to join a machine later',
    finds: ['token-request'],
    actor: dan.user,
    play: ({ api }) => api.call(dan, { verb: 'create', of: 'secrets', in: 'kube-system', name: 'bootstrap-token-abcdef' }),
  },
  {
    name: 'the address of a Service is written to its status',
    finds: ['new-exposure'],
    actor: dan.user,
    play: ({ api }) => api.call(dan, { verb: 'patch', of: 'services/status', in: 'shop', name: 'web' }),
  },
  {
    name: 'list one kind a day in all namespaces',
    finds: ['enumeration'],
    actor: ingress,
    play: (cluster) => {
      for (const kind of kinds) {
        cluster.api.call(cluster.account('ingress-nginx', 'ingress-nginx'), { verb: 'list', of: kind });
        cluster.api.until(cluster.api.now + day);
      }
    },
  },
  {
    name: 'list all Secrets, as once while Vigil learned',
    finds: ['cluster-wide-secret-list'],
    actor: poisoner.user,
    play: ({ api }) => api.call(poisoner, { verb: 'list', of: 'secrets' }),
  },
];
