import { appliesObjects, operatorGroups } from '../objects/custom-kinds.ts';
import { isBuiltinGroup } from '../objects/custom-workloads.ts';
import { unevaluatedPods } from '../objects/unevaluated-pods.ts';
import { fieldsOf, groupKindOf, groupOf, type KubernetesObject, nameOf, namespaceOf, textOf } from '../objects/kubernetes-object.ts';
import type { Labels } from '../../api/label-match.ts';

/** Domains of labels that operators set, if they are not those of their groups. */
const otherDomains = ['operator.prometheus.io', 'v1.min.io', 'k8s.elastic.co'];
/** Domains that many projects share. */
const shared = /^([a-z-]+\.)?(k8s|kubernetes)\.io$|^[^.]*$/;

const isWithin = (domain: string, other: string): boolean => domain === other || domain.endsWith(`.${other}`);
/** Whether a label's domain belongs to an API group: `strimzi.io` to `kafka.strimzi.io`. */
const belongsTo = (domain: string, group: string): boolean => !shared.test(domain) && (isWithin(group, domain) || isWithin(domain, group));
const domainOf = (key: string): string => (key.includes('/') ? key.slice(0, key.indexOf('/')) : '');

/** The namespaces in which the controller of a custom resource may create objects, as far as the object names them. */
function homesOf(object: KubernetesObject): readonly string[] {
  const { targetNamespace, destination } = fieldsOf(object['spec']);
  const others = [targetNamespace, fieldsOf(destination)['namespace']].map(textOf).filter((name) => name !== undefined);
  return [...new Set([namespaceOf(object), ...others])];
}

/** A custom resource whose controller creates objects. */
interface Maker {
  readonly text: string;
  readonly group: string;
  /** Words that are in the names and labels of these objects. Undefined: they can have any. */
  readonly words: readonly string[] | undefined;
  /** Whether its pods are not known. */
  readonly hasHiddenPods: boolean;
}

/** Whether a name has a word in it, such as `pg` in `pg-primary`. */
const hasWord = (name: string, word: string): boolean => `-${name}-`.includes(`-${word}-`);

function makerOf(object: KubernetesObject, group: string): Maker {
  const [kind, name] = [textOf(object.kind) ?? '', nameOf(object) ?? ''];
  const words = appliesObjects(groupKindOf(object)) ? undefined : [name, kind.toLowerCase()];
  return { text: `${kind} ${name}`, group, words, hasHiddenPods: unevaluatedPods(object) !== undefined };
}

/**
 * The custom resources of a set of files. Their controllers create pods, Services and other objects that are not among the files: what
 * refers to these is not dangling.
 */
export class OperatorObjects {
  readonly #makers = new Map<string, Maker[]>();

  /** Adds an object. Ignores objects of Kubernetes. */
  add(object: KubernetesObject): void {
    const group = groupOf(object.apiVersion);
    if (isBuiltinGroup(group)) return;
    const maker = makerOf(object, group);
    for (const home of homesOf(object)) {
      const all = this.#makers.get(home) ?? [];
      this.#makers.set(home, all);
      all.push(maker);
    }
  }

  /** Returns why an object with a name may exist in a namespace, although the files do not have it. Undefined: nothing shows that it does. */
  reasonFor(namespace: string, name: string): string | undefined {
    const maker = this.#first(
      namespace,
      ({ words, hasHiddenPods }) => hasHiddenPods && (words ?? [name]).some((word) => hasWord(name, word)),
    );
    return maker && `${name} may be an object that the controller of ${maker.text} creates, which the files do not show`;
  }

  /**
   * Returns why pods with labels may exist in a namespace, although the files have no such workload. `isKnown`: whether the files show the
   * pods of a group's kinds in the namespace. Undefined: nothing shows that they exist.
   */
  reasonForPods(namespace: string, labels: Labels, isKnown: (group: string) => boolean): string | undefined {
    const domains = Object.keys(labels).map(domainOf);
    const values = Object.values(labels);
    const selects = ({ group, words, hasHiddenPods }: Maker): boolean =>
      (!isKnown(group) && domains.some((domain) => belongsTo(domain, group))) ||
      (hasHiddenPods && (words === undefined || values.some((value) => words.some((word) => hasWord(value, word)))));
    const maker = this.#first(namespace, selects);
    if (maker !== undefined) return `it may select pods that the controller of ${maker.text} creates, which the files do not show`;
    const own = domains.find(
      (domain) => isOfOperator(domain) && !this.#has(namespace, (group) => isKnown(group) && belongsTo(domain, group)),
    );
    return own && `it selects pods by labels of ${own}, and no object of that operator is among the files`;
  }

  /** The first custom resource by name that meets a condition, whatever the order in which they were added. */
  #first(namespace: string, meets: (maker: Maker) => boolean): Maker | undefined {
    const found = (this.#makers.get(namespace) ?? []).filter(meets);
    return found.sort((a, b) => (a.text < b.text ? -1 : 1))[0];
  }

  #has(namespace: string, meets: (group: string) => boolean): boolean {
    return (this.#makers.get(namespace) ?? []).some(({ group }) => meets(group));
  }
}

const isOfOperator = (domain: string): boolean =>
  otherDomains.some((other) => isWithin(domain, other)) || operatorGroups.some((group) => belongsTo(domain, group));
