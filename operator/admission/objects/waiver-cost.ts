import type { AdmissionWaiver } from '../../api/kinds/admission-parameters.ts';

/** The cost of the evaluation of an exception, in units of CEL: for every object, and only for the objects of its own namespace. */
export interface WaiverCost {
  readonly everywhere: number;
  readonly inNamespace: number;
}

/** The longest name of an object, and of a namespace. */
const longest = { object: 253, namespace: 63 } as const;
/** One step through a list, and the comparisons of one exception, besides its lists. */
const [step, fixed] = [8, 40];

/** cel-go: a match costs a tenth of the length of the text times a quarter of that of the expression. */
const matchCost =
  (textLength: number) =>
  (expression: string): number =>
    Math.ceil((textLength + 1) / 10) * Math.ceil(expression.length / 4) + step;
const [nameCost, namespaceCost] = [matchCost(longest.object), matchCost(longest.namespace)];

const sum = (costs: readonly number[]): number => costs.reduce((total, cost) => total + cost, 0);
const labelCost = (labels: AdmissionWaiver['labels'] = []): number => sum(labels.map(({ values }) => values.length + 2 * step));

/** Returns the highest cost of an exception for one object. One of a single namespace is compared with names and labels only there. Pure. */
export function waiverCost({ exception, ...waiver }: AdmissionWaiver): WaiverCost {
  const { namespaces = [], excludedNamespaces = [], namespaceLabels, names = [], labels } = waiver;
  const place = fixed + sum([...namespaces, ...excludedNamespaces].map(namespaceCost)) + labelCost(namespaceLabels);
  const objects = sum(names.map(nameCost)) + labelCost(labels);
  return exception.includes('/') ? { everywhere: place, inNamespace: objects } : { everywhere: place + objects, inNamespace: 0 };
}

/**
 * Adds up what exceptions cost. The API server stops an evaluation after 1,000,000 units, and admits the object: exceptions past the limits would
 * switch off enforcement, and must be left out. One namespace cannot use up what others need.
 */
export class WaiverBudget {
  #everywhere = 0;
  readonly #namespaces = new Map<string, number>();

  /** Adds an exception if it fits. Returns whether it does. */
  take(waiver: AdmissionWaiver): boolean {
    const { everywhere, inNamespace } = waiverCost(waiver);
    const [namespace = ''] = waiver.exception.split('/');
    const own = (this.#namespaces.get(namespace) ?? 0) + inNamespace;
    if (this.#everywhere + everywhere > mostEverywhere || own > mostInNamespace) return false;
    this.#everywhere += everywhere;
    this.#namespaces.set(namespace, own);
    return true;
  }
}

const [mostEverywhere, mostInNamespace] = [500_000, 300_000];
