import { parseIp } from '../../cel/library/ip.ts';
import { type Interval, IntervalSet } from './interval-set.ts';

/** A set of IPv4 and IPv6 addresses. IPv6 addresses are the points after those of IPv4. */
export type AddressSet = IntervalSet<bigint>;

const firstIpv6 = 1n << 32n;
const mappedIpv4 = 0xffffn << 32n;

const point = (family: 4 | 6, bits: bigint): bigint => (family === 4 ? bits : firstIpv6 + bits);

/** Go's parser, which the API server uses for these fields, reads leading zeros of IPv4 as decimal. */
const withoutLeadingZeros = (text: string): string => (text.includes(':') ? text : text.replace(/(^|\.)0+(?=\d)/g, '$1'));

function familyAndBits(text: string): { readonly family: 4 | 6; readonly bits: bigint } | undefined {
  const parsed = parseIp(withoutLeadingZeros(text));
  if (parsed !== undefined) return { family: parsed.ipFamily, bits: parsed.bits };
  const mapped = /^(?:0*:)*:?(?:0*:)*ffff:(\d+(?:\.\d+){3})$/i.exec(text)?.[1];
  const inner = mapped === undefined ? undefined : parseIp(withoutLeadingZeros(mapped));
  return inner === undefined ? undefined : { family: 6, bits: mappedIpv4 + inner.bits };
}

/** Returns the point of an address, or undefined if the text is no IP address. */
export function addressOf(text: string): bigint | undefined {
  const found = familyAndBits(text);
  return found === undefined ? undefined : point(found.family, found.bits);
}

/** Returns the interval of a network such as `10.1.2.3/8`. The bits after the prefix do not count. Undefined if the text is no CIDR. */
function intervalOf(cidr: string): Interval<bigint> | undefined {
  const slash = cidr.lastIndexOf('/');
  if (slash < 0) return undefined;
  const address = familyAndBits(cidr.slice(0, slash));
  const prefix = /^\d{1,3}$/.exec(cidr.slice(slash + 1)) === null ? NaN : Number(cidr.slice(slash + 1));
  if (address === undefined || !(prefix <= (address.family === 4 ? 32 : 128))) return undefined;
  const { family, bits } = address;
  // An IPv4 address in IPv6 notation is the IPv4 address.
  if (family === 6 && bits >> 32n === 0xffffn && prefix >= 96) return block(4, bits - mappedIpv4, prefix - 96);
  return block(family, bits, prefix);
}

function block(family: 4 | 6, bits: bigint, prefix: number): Interval<bigint> {
  const rest = BigInt((family === 4 ? 32 : 128) - prefix);
  const start = point(family, (bits >> rest) << rest);
  return { start, end: start + (1n << rest) };
}

/** Returns the addresses of a network. Undefined if the text is no CIDR. */
export function networkOf(cidr: string): AddressSet | undefined {
  const interval = intervalOf(cidr);
  return interval === undefined ? undefined : IntervalSet.of([interval]);
}

const networks = (...cidrs: readonly string[]): AddressSet =>
  IntervalSet.of(
    cidrs.map((cidr) => {
      const interval = intervalOf(cidr);
      if (interval === undefined) throw new Error(`no network: ${cidr}`);
      return interval;
    }),
  );

/** The addresses that no host has: unspecified, loopback, multicast, reserved and for documentation (IANA special-purpose registries). */
const nobodyIpv4 = networks(
  '0.0.0.0/8', '127.0.0.0/8', '192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4',
); // prettier-ignore
const nobodyIpv6 = networks('2001:db8::/32', '3fff::/20');

/** The addresses that hosts can have, by family. The allocated part of IPv6: global unicast, unique local and link-local. */
export const everyAddress: Readonly<Record<'ipv4' | 'ipv6', AddressSet>> = {
  ipv4: networks('0.0.0.0/0').without(nobodyIpv4),
  ipv6: networks('2000::/3', 'fc00::/7', 'fe80::/10', '64:ff9b::/96').without(nobodyIpv6),
};

const private4 = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '169.254.0.0/16', '198.18.0.0/15', '192.0.0.0/24'];

/** The addresses that are routed on the Internet, by family. */
export const internet: Readonly<Record<'ipv4' | 'ipv6', AddressSet>> = {
  ipv4: everyAddress.ipv4.without(networks(...private4)),
  ipv6: networks('2000::/3', '64:ff9b::/96').without(nobodyIpv6),
};

/** The addresses of the own host. */
export const loopback: AddressSet = networks('127.0.0.0/8', '::1/128');

/** Whether two sets have an address in common. */
export const meets = (a: AddressSet, b: AddressSet): boolean =>
  a.intervals.some(({ start, end }) => b.intervals.some((other) => start < other.end && other.start < end));
