import type { Labels } from '../../../api/label-match.ts';
import { type PodIdentity, selectsPod, type TrafficPolicy } from './traffic-policy.ts';

/** A label that every pod that the policy selects has, as one text. Undefined if there is no such label. */
function requiredLabel({ selection }: TrafficPolicy): string | undefined {
  const found = selection.pod.find(({ operator, values }) => operator === 'In' && values.length === 1);
  return found === undefined ? undefined : labelText(found.key, found.values[0] ?? '');
}

const labelText = (key: string, value: string): string => `${key}\u0000${value}`;

/** Policies by a label that the selected pods must have, so that thousands of policies are not tried for each pod. */
export class PolicyIndex {
  readonly #general: readonly TrafficPolicy[];
  readonly #byLabel = new Map<string, TrafficPolicy[]>();

  constructor(policies: readonly TrafficPolicy[]) {
    const general: TrafficPolicy[] = [];
    for (const policy of policies) {
      const label = requiredLabel(policy);
      const list = label === undefined ? general : (this.#byLabel.get(label) ?? []);
      list.push(policy);
      if (label !== undefined) this.#byLabel.set(label, list);
    }
    this.#general = general;
  }

  /** Returns a policy that selects the pod and meets the test. Undefined if there is none. */
  find(pod: PodIdentity, test: (policy: TrafficPolicy) => boolean = (): boolean => true): TrafficPolicy | undefined {
    for (const list of this.#lists(pod.labels)) {
      const found = list.find((policy) => test(policy) && selectsPod(policy, pod));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Returns all policies that select the pod. */
  selecting(pod: PodIdentity): readonly TrafficPolicy[] {
    return this.#lists(pod.labels).flatMap((list) => list.filter((policy) => selectsPod(policy, pod)));
  }

  #lists(labels: Labels): readonly (readonly TrafficPolicy[])[] {
    const lists: (readonly TrafficPolicy[])[] = [this.#general];
    if (this.#byLabel.size > 0)
      for (const key in labels) {
        const list = this.#byLabel.get(labelText(key, labels[key] ?? ''));
        if (list !== undefined) lists.push(list);
      }
    return lists;
  }
}
