import { ownEntry } from '../../api/own-entry.ts';
import { quantityNumber } from '../../engine/schema/quantity-number.ts';
import { listAt, recordAt, textAt, textsAt, type Json } from './json.ts';

/** How much an object protects. A lower strength than before, or its deletion, loosens it. */
export interface Guardrail {
  /** What it is, in words: `Pod Security`, `admission policy`, … */
  readonly what: string;
  /** Named parts with their strength. A part that is gone has strength 0. */
  readonly parts: Readonly<Record<string, number>>;
}

const levels: Readonly<Record<string, number>> = { privileged: 0, baseline: 1, restricted: 2 };
const label = 'pod-security.kubernetes.io/';

/** The strength of something of which each one more protects less. */
const fewer = (count: number): number => 1 / (1 + count);

const requirements = (selector: Json): number =>
  Object.keys(recordAt(selector, 'matchLabels')).length + listAt(selector, 'matchExpressions').length;

/** How much an admission policy or its binding matches. */
const matched = (resources: Json): Readonly<Record<string, number>> => ({
  'excluded rules': fewer(listAt(resources, 'excludeResourceRules').length),
  'namespace selector': fewer(requirements(recordAt(resources, 'namespaceSelector'))),
  'object selector': fewer(requirements(recordAt(resources, 'objectSelector'))),
});

const readers: Readonly<Record<string, (object: Json) => Guardrail | undefined>> = {
  Namespace: podSecurity,
  NetworkPolicy: denyAll,
  ResourceQuota: (object) => ({
    what: 'quota',
    parts: Object.fromEntries(Object.entries(recordAt(object, 'spec', 'hard')).map(([name, value]) => [name, limitStrength(value)])),
  }),
  ValidatingAdmissionPolicy: (object) => ({
    what: 'admission policy',
    parts: {
      // An expression that is always true validates nothing.
      validations: listAt(object, 'spec', 'validations').filter((each) => textAt(each, 'expression').trim() !== 'true').length,
      failurePolicy: textAt(object, 'spec', 'failurePolicy') === 'Ignore' ? 1 : 2,
      'match conditions': fewer(listAt(object, 'spec', 'matchConditions').length),
      ...matched(recordAt(object, 'spec', 'matchConstraints')),
    },
  }),
  ValidatingAdmissionPolicyBinding: (object) => ({
    what: 'binding of an admission policy',
    parts: {
      actions: textsAt(object, 'spec', 'validationActions').includes('Deny') ? 2 : 1,
      ...matched(recordAt(object, 'spec', 'matchResources')),
    },
  }),
};

/** Returns what an object protects, or undefined if it is no protection. */
export const guardrailOf = (kind: string, object: Json): Guardrail | undefined => ownEntry(readers, kind)?.(object);

function podSecurity(namespace: Json): Guardrail | undefined {
  const labels = recordAt(namespace, 'metadata', 'labels');
  const level = textAt(labels, `${label}enforce`);
  return level === '' ? { what: 'Pod Security', parts: {} } : { what: 'Pod Security', parts: { enforce: ownEntry(levels, level) ?? 2 } };
}

/** A policy that selects all pods and allows nothing, for each direction. */
function denyAll(policy: Json): Guardrail | undefined {
  const spec = recordAt(policy, 'spec');
  const selector = recordAt(spec, 'podSelector');
  const all = requirements(selector) === 0;
  const types = textsAt(spec, 'policyTypes');
  const parts: Record<string, number> = {};
  if (all && types.includes('Ingress') && listAt(spec, 'ingress').length === 0) parts['ingress'] = 1;
  if (all && types.includes('Egress') && listAt(spec, 'egress').length === 0) parts['egress'] = 1;
  return { what: 'default-deny NetworkPolicy', parts };
}

/** A limit that is ten times as high protects ten times less. */
function limitStrength(value: unknown): number {
  const amount = quantityNumber(value) ?? 0;
  return amount > 0 ? 1 / amount : 1e9;
}

/** Returns the parts that protect less than before. A quota may double: growth is usual. */
export function loosened(before: Guardrail, after: Guardrail | undefined): readonly string[] {
  const tolerance = before.what === 'quota' ? 0.1 : 1;
  return Object.entries(before.parts).flatMap(([part, strength]) => {
    const now = after?.parts[part] ?? 0;
    return strength > 0 && now < strength * tolerance ? [part] : [];
  });
}
