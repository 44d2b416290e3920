import { FaultProxy, type FaultAction, type FaultRule } from './fault-proxy.ts';

/** Faults by name. The registry proxy runs in the cluster's network and reads them by image, as `{image: fault}`. */
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

/** The fault of each image. */
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
    // Waiting clients retry.
    proxy.cutAll();
    process.send?.('armed');
  });
  process.on('disconnect', () => void proxy.stop());
  await proxy.start(Number(port));
  process.send?.('started');
}
