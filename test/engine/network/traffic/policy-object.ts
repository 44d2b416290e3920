import { addressOf } from '../../../../operator/engine/network/address-set.ts';
import type { Destination, NetworkObject } from '../../../../operator/engine/network/traffic/traffic-policy.ts';

/** A policy object with a spec. Without a namespace, it is about the whole cluster. */
export const policyObject = (kind: string, body: NetworkObject['body'], namespace?: string): NetworkObject => ({
  ...{
    reference: { kind, name: 'p', ...(namespace === undefined ? {} : { namespace }) },
    groupKind: kind,
    labels: {},
    annotations: {},
    body,
  },
});

/** An address, and the names that lead to it. */
export const destination = (address = '169.254.169.254', ...names: readonly string[]): Destination => ({
  address: addressOf(address) ?? -1n,
  names,
});
