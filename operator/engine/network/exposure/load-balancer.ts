import { type Fields, isFields, textMapOf, textsOf } from '../../objects/kubernetes-object.ts';
import type { Fault } from '../../outcomes/outcome.ts';
import { type AddressSet, internet, meets, networkOf } from '../address-set.ts';
import { IntervalSet } from '../interval-set.ts';

/** The annotation that clouds read if `spec.loadBalancerSourceRanges` is empty. */
export const sourceRangesAnnotation = 'service.beta.kubernetes.io/load-balancer-source-ranges';

type Annotations = Readonly<Record<string, unknown>>;

/**
 * Whether an annotation makes a load balancer internal. Each of `internal` is `key=value`, or a key: then every value counts except the empty
 * string and `false`.
 */
export function isInternal(annotations: Annotations, internal: readonly string[]): boolean {
  return internal.some((entry) => {
    const at = entry.indexOf('=');
    const value = annotations[at < 0 ? entry : entry.slice(0, at)];
    if (typeof value !== 'string' || !Object.hasOwn(annotations, at < 0 ? entry : entry.slice(0, at))) return false;
    return at < 0 ? value !== '' && value !== 'false' : value === entry.slice(at + 1);
  });
}

/** The classes of the load balancers of AWS that are internal unless an annotation says otherwise, and that of a private network. */
const awsClasses: ReadonlySet<unknown> = new Set(['service.k8s.aws/nlb', 'eks.amazonaws.com/nlb']);
const privateClasses: ReadonlySet<unknown> = new Set(['tailscale']);
const aws = 'service.beta.kubernetes.io/aws-load-balancer';

/** Whether the class of a load balancer makes it internal. */
export function isInternalClass({ loadBalancerClass }: Fields, annotations: Annotations): boolean {
  if (privateClasses.has(loadBalancerClass)) return true;
  const isFacing = annotations[`${aws}-scheme`] === 'internet-facing' || annotations[`${aws}-internal`] === 'false';
  return awsClasses.has(loadBalancerClass) && !isFacing;
}

/** The sources that a load balancer accepts. Undefined: all. `path` is where they are set. */
export interface LoadBalancerSources {
  readonly path: string;
  readonly addresses: AddressSet | undefined;
  readonly faults: readonly Fault[];
}

function union(texts: readonly string[], pathOf: (index: number) => string): Pick<LoadBalancerSources, 'addresses' | 'faults'> {
  const faults: Fault[] = [];
  const networks = texts.flatMap((text, index) => {
    const network = networkOf(text.trim());
    if (network === undefined) faults.push({ path: pathOf(index), problem: 'expected a network in CIDR notation' });
    return network ?? [];
  });
  return { addresses: IntervalSet.union(networks), faults };
}

/** Reads the sources of a load balancer as clouds do: from the field, else from the annotation, else all. */
export function loadBalancerSources(spec: Fields, annotations: Annotations): LoadBalancerSources {
  const field = 'spec.loadBalancerSourceRanges';
  const ranges = spec['loadBalancerSourceRanges'] ?? [];
  if (!Array.isArray(ranges)) return { path: field, addresses: undefined, faults: [{ path: field, problem: 'expected a list' }] };
  const broken = ranges.findIndex((range) => typeof range !== 'string');
  if (broken >= 0) return { path: field, addresses: undefined, faults: [{ path: `${field}[${broken}]`, problem: 'expected a string' }] };
  if (ranges.length > 0) return { path: field, ...union(textsOf(ranges), (index) => `${field}[${index}]`) };
  const path = `metadata.annotations['${sourceRangesAnnotation}']`;
  const note = textMapOf(annotations)[sourceRangesAnnotation]?.trim() ?? '';
  if (note === '') return { path: 'spec.type', addresses: undefined, faults: [] };
  return { path, ...union(note.split(','), () => path) };
}

/** Whether addresses are everyone on the Internet, of one family. */
export function isWholeInternet(addresses: AddressSet | undefined): boolean {
  return addresses === undefined || addresses.covers(internet.ipv4) || addresses.covers(internet.ipv6);
}

/** Whether a load balancer can be reached from the Internet. */
export function isPublic(spec: Fields, annotations: Annotations, internal: readonly string[]): boolean {
  if (isInternal(annotations, internal) || isInternalClass(spec, annotations)) return false;
  const { addresses } = loadBalancerSources(spec, annotations);
  return addresses === undefined || meets(addresses, internet.ipv4) || meets(addresses, internet.ipv6);
}

/** The annotations of an object that is not known to be well-formed. */
export const annotationsOf = (metadata: unknown): Annotations => {
  const annotations = isFields(metadata) ? metadata['annotations'] : undefined;
  return isFields(annotations) ? annotations : {};
};
