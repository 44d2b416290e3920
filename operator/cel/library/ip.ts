import { CelFault } from '../values/cel-fault.ts';
import { opaque } from '../values/cel-type.ts';
import type { CelType } from '../values/cel-type.ts';
import { fn, library, method } from './overload.ts';
import { Boxed } from '../values/value.ts';

const IP_TYPE = opaque('net.IP');
const CIDR_TYPE = opaque('net.CIDR');

/** An IP address: IPv4 (32 bits) or IPv6 (128 bits). */
export class IpAddress extends Boxed {
  readonly ipFamily: 4 | 6;
  readonly bits: bigint;
  constructor(ipFamily: 4 | 6, bits: bigint) {
    super();
    this.ipFamily = ipFamily;
    this.bits = bits;
  }
  get celType(): CelType {
    return IP_TYPE;
  }
  equalTo(other: unknown): boolean {
    return other instanceof IpAddress && other.ipFamily === this.ipFamily && other.bits === this.bits;
  }
}

/** A network: an address, including the bits after the prefix, and the length of the prefix. */
export class Cidr extends Boxed {
  readonly address: IpAddress;
  readonly prefix: number;
  constructor(address: IpAddress, prefix: number) {
    super();
    this.address = address;
    this.prefix = prefix;
  }
  get celType(): CelType {
    return CIDR_TYPE;
  }
  equalTo(other: unknown): boolean {
    return other instanceof Cidr && other.prefix === this.prefix && other.address.equalTo(this.address);
  }
}

const V4 = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/;

function parseV4(text: string): bigint | undefined {
  const parts = V4.exec(text)?.slice(1).map(Number);
  if (parts === undefined || parts.some((part) => part > 255)) return undefined;
  return parts.reduce((bits, part) => (bits << 8n) | BigInt(part), 0n);
}

/** Parses the 16-bit groups of a part of an IPv6 address. An IPv4 tail has two groups. */
function groups(text: string): bigint[] | undefined {
  if (text === '') return [];
  const parts = text.split(':');
  const out: bigint[] = [];
  for (const [i, part] of parts.entries()) {
    const tail = i === parts.length - 1 ? parseV4(part) : undefined;
    if (tail !== undefined) out.push(tail >> 16n, tail & 0xffffn);
    else if (/^[0-9a-fA-F]{1,4}$/.test(part)) out.push(BigInt(`0x${part}`));
    else return undefined;
  }
  return out;
}

/** Returns all eight groups of an IPv6 address from its parts before and after `::`. Returns undefined if there are too many groups. */
function spread(head: bigint[] | undefined, tail: bigint[] | undefined): bigint[] | undefined {
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  return missing < 1 ? undefined : [...head, ...new Array<bigint>(missing).fill(0n), ...tail];
}

function parseV6(text: string): bigint | undefined {
  const [before = '', after, more] = text.split('::');
  if (more !== undefined || (after !== undefined && before.includes('.'))) return undefined;
  const all = after === undefined ? groups(before) : spread(groups(before), groups(after));
  return all?.length === 8 ? all.reduce((bits, group) => (bits << 16n) | group, 0n) : undefined;
}

/** Parses an IP address. Returns undefined if it is not valid, has a zone, or is an IPv4-mapped IPv6 address. */
export function parseIp(text: string): IpAddress | undefined {
  if (!text.includes(':')) {
    const bits = parseV4(text);
    return bits === undefined ? undefined : new IpAddress(4, bits);
  }
  const bits = parseV6(text);
  return bits === undefined || bits >> 32n === 0xffffn ? undefined : new IpAddress(6, bits);
}

/** Parses a network in CIDR notation. Returns undefined if it is not valid. */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.lastIndexOf('/');
  const address = slash < 0 ? undefined : parseIp(text.slice(0, slash));
  const length = text.slice(slash + 1);
  if (address === undefined || !/^(0|[1-9]\d{0,2})$/.test(length)) return undefined;
  return Number(length) > width(address) ? undefined : new Cidr(address, Number(length));
}

const width = (address: IpAddress): number => (address.ipFamily === 4 ? 32 : 128);

/** Returns the bits of the network. The bits after the prefix are 0. */
function network(address: IpAddress, prefix: number): bigint {
  const rest = BigInt(width(address) - prefix);
  return (address.bits >> rest) << rest;
}

/** Returns the start and the length of the longest run of at least two zero groups. */
function zeroRun(parts: readonly string[]): { start: number; length: number } {
  let best = { start: -1, length: 1 };
  for (let i = 0; i < parts.length; i++) {
    let end = i;
    while (parts[end] === '0') end++;
    if (end - i > best.length) best = { start: i, length: end - i };
  }
  return best;
}

/** Returns the canonical text of an IP address. */
export function showIp(address: IpAddress): string {
  const size = address.ipFamily === 4 ? 8 : 16;
  const count = address.ipFamily === 4 ? 4 : 8;
  const mask = (1n << BigInt(size)) - 1n;
  const parts = Array.from({ length: count }, (_, i) =>
    ((address.bits >> BigInt((count - 1 - i) * size)) & mask).toString(size === 8 ? 10 : 16),
  );
  if (address.ipFamily === 4) return parts.join('.');
  const run = zeroRun(parts);
  if (run.start < 0) return parts.join(':');
  return `${parts.slice(0, run.start).join(':')}::${parts.slice(run.start + run.length).join(':')}`;
}

function ip(text: string): IpAddress {
  const parsed = parseIp(text);
  if (parsed === undefined) throw new CelFault('invalid_argument', `IP Address "${text}" parse error during conversion from string`);
  return parsed;
}

function cidr(text: string): Cidr {
  const parsed = parseCidr(text);
  if (parsed === undefined) throw new CelFault('invalid_argument', `network address parse error during conversion from string: "${text}"`);
  return parsed;
}

const within = (address: IpAddress, text: string): boolean => containsIp(cidr(text), address);

function containsIp(net: Cidr, address: IpAddress): boolean {
  return net.address.ipFamily === address.ipFamily && network(net.address, net.prefix) === network(address, net.prefix);
}

const containsCidr = (net: Cidr, other: Cidr): boolean => net.prefix <= other.prefix && containsIp(net, other.address);
const isUnspecified = (address: IpAddress): boolean => address.bits === 0n;
const isLoopback = (address: IpAddress): boolean => within(address, '127.0.0.0/8') || within(address, '::1/128');
const isLinkLocalUnicast = (address: IpAddress): boolean => within(address, '169.254.0.0/16') || within(address, 'fe80::/10');
const isMulticast = (address: IpAddress): boolean => within(address, '224.0.0.0/4') || within(address, 'ff00::/8');

function isLinkLocalMulticast(address: IpAddress): boolean {
  return (
    within(address, '224.0.0.0/24') ||
    (address.ipFamily === 6 && (address.bits >> 112n) % 0x10000n === ((address.bits >> 112n) & 0xf0n) + 0xff02n)
  );
}

function isGlobalUnicast(address: IpAddress): boolean {
  const isBroadcast = address.ipFamily === 4 && address.bits === 0xffffffffn;
  return !isBroadcast && ![isUnspecified, isLoopback, isMulticast, isLinkLocalUnicast].some((test) => test(address));
}

const masked = (net: Cidr): Cidr => new Cidr(new IpAddress(net.address.ipFamily, network(net.address, net.prefix)), net.prefix);

/** The functions of IP addresses and networks. */
export const IPS = library('1.30', [
  fn('ip', 'string_to_ip', 'string -> net.IP', ip),
  fn('isIP', 'is_ip', 'string -> bool', (text: string) => parseIp(text) !== undefined),
  fn('ip.isCanonical', 'ip_is_canonical', 'string -> bool', (text: string) => showIp(ip(text)) === text),
  fn('string', 'ip_to_string', 'net.IP -> string', showIp),
  method('family', 'ip_family', 'net.IP -> int', (address: IpAddress) => address.ipFamily),
  method('isUnspecified', 'ip_is_unspecified', 'net.IP -> bool', isUnspecified),
  method('isLoopback', 'ip_is_loopback', 'net.IP -> bool', isLoopback),
  method('isLinkLocalMulticast', 'ip_is_link_local_multicast', 'net.IP -> bool', isLinkLocalMulticast),
  method('isLinkLocalUnicast', 'ip_is_link_local_unicast', 'net.IP -> bool', isLinkLocalUnicast),
  method('isGlobalUnicast', 'ip_is_global_unicast', 'net.IP -> bool', isGlobalUnicast),
  fn('cidr', 'string_to_cidr', 'string -> net.CIDR', cidr),
  fn('isCIDR', 'is_cidr', 'string -> bool', (text: string) => parseCidr(text) !== undefined),
  fn('string', 'cidr_to_string', 'net.CIDR -> string', (net: Cidr) => `${showIp(net.address)}/${String(net.prefix)}`),
  method('containsIP', 'cidr_contains_ip_string', 'net.CIDR, string -> bool', (net: Cidr, text: string) => containsIp(net, ip(text))),
  method('containsIP', 'cidr_contains_ip_ip', 'net.CIDR, net.IP -> bool', containsIp),
  method('containsCIDR', 'cidr_contains_cidr_string', 'net.CIDR, string -> bool', (net: Cidr, text: string) =>
    containsCidr(net, cidr(text)),
  ),
  method('containsCIDR', 'cidr_contains_cidr', 'net.CIDR, net.CIDR -> bool', containsCidr),
  method('ip', 'cidr_ip', 'net.CIDR -> net.IP', (net: Cidr) => net.address),
  method('prefixLength', 'cidr_prefix_length', 'net.CIDR -> int', (net: Cidr) => net.prefix),
  method('masked', 'cidr_masked', 'net.CIDR -> net.CIDR', masked),
]);
