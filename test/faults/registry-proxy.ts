import { FaultProxy, type FaultAction, type FaultRule } from './fault-proxy.ts';

/** What may be wrong with an image: the process that tests start in the cluster's network is told by image, as `{image: fault}`. */
export const registryFaults = {
  denied: {
    on: '/manifests/',
    action: { kind: 'answer', status: 401, body: { errors: [{ code: 'UNAUTHORIZED', message: 'password required' }] } },
  },
  limited: { on: '/manifests/', action: { kind: 'answer', status: 429, body: { errors: [{ code: 'TOOMANYREQUESTS' }] }, retryAfter: 1 } },
  gone: { on: '/manifests/', action: { kind: 'answer', status: 404, body: { errors: [{ code: 'MANIFEST_UNKNOWN' }] } } },
  down: { on: '/', action: { kind: 'cut', when: 'before' } },
  slow: { on: '/blobs/', action: { kind: 'stall', when: 'after' } },
  corrupt: { on: '/blobs/', action: { kind: 'corrupt' } },
} as const satisfies Readonly<Record<string, { readonly on: string; readonly action: FaultAction }>>;

/** By image, what is wrong with it. */
export type RegistryFaults = Readonly<Record<string, keyof typeof registryFaults>>;

const [, , server, port] = process.argv;
if (import.meta.main && server !== undefined) {
  const proxy = new FaultProxy({ server });
  process.on('message', (faults: RegistryFaults) => {
    const rules = Object.entries(faults).map(([image, fault]): FaultRule => {
      const { on, action } = registryFaults[fault];
      return { match: ({ path }) => path.startsWith(`/v2/${image}/`) && path.includes(on), times: Number.POSITIVE_INFINITY, action };
    });
    proxy.arm(...rules);
    // Those that wait for an answer try again.
    proxy.cutAll();
    process.send?.('armed');
  });
  process.on('disconnect', () => void proxy.stop());
  await proxy.start(Number(port));
  process.send?.('started');
}
