import { ownEntry } from '../../api/own-entry.ts';
import { quantityNumber } from '../../engine/schema/quantity-number.ts';
import { listOf } from '../../engine/objects/kubernetes-object.ts';
import { listAt, recordAt, textAt, textsAt, type Json } from './json.ts';
import { imageRepository } from './template-names.ts';

/** How much an object protects. A lower strength than before, or its deletion, loosens it. */
export interface Guardrail {
  /** What it is, in words: `Pod Security`, `admission policy`, … */
  readonly what: string;
  /** Named parts with their strength. A part that is gone has strength 0. */
  readonly parts: Readonly<Record<string, number>>;
  /** Directions of traffic that it opens for all pods of its namespace. */
  readonly opens?: readonly string[];
  /** It protects more than its namespace. */
  readonly wide?: true;
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
  Deployment: (object) => securityAgent(object, { replicas: Math.min(1, replicasOf(object)) }),
  StatefulSet: (object) => securityAgent(object, { replicas: Math.min(1, replicasOf(object)) }),
  DaemonSet: (object) => securityAgent(object, { 'node selector': fewer(demands(object)) }),
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

/** A policy that selects all pods and allows nothing, or everything, for each direction. */
function denyAll(policy: Json): Guardrail | undefined {
  const spec = recordAt(policy, 'spec');
  const what = 'default-deny NetworkPolicy';
  if (requirements(recordAt(spec, 'podSelector')) > 0) return { what, parts: {} };
  const types = textsAt(spec, 'policyTypes');
  const parts: Record<string, number> = {};
  const opens: string[] = [];
  for (const [direction, type] of [
    ['ingress', 'Ingress'],
    ['egress', 'Egress'],
  ] as const) {
    if (!types.includes(type)) continue;
    const rules = listAt(spec, direction);
    if (rules.length === 0) parts[direction] = 1;
    else if (rules.some(allowsAll)) opens.push(direction);
  }
  return { what, parts, ...(opens.length === 0 ? {} : { opens }) };
}

/** Whether a rule of a policy has no ports, and no peers or all addresses as one. */
function allowsAll(rule: unknown): boolean {
  const { from, to, ...rest } = recordAt(rule);
  const peers = [...listOf(from), ...listOf(to)];
  if (Object.keys(rest).length > 0) return false;
  return (
    peers.length === 0 ||
    peers.some((peer) => wholeNetworks.has(textAt(peer, 'ipBlock', 'cidr')) && listAt(peer, 'ipBlock', 'except').length === 0)
  );
}

const wholeNetworks: ReadonlySet<string> = new Set(['0.0.0.0/0', '::/0']);

/** Names of admission controllers, and of agents that watch nodes. Without them nobody sees or refuses what they did. */
const agents =
  /(?:^|[/-])(?:falco|tetragon|tracee|kubearmor|kyverno|gatekeeper|kubewarden|policy-server|neuvector|stackrox|kubescape|sysdig|twistlock|falcon-sensor|falcon-node-sensor|wazuh|osquery|auditbeat|sentinelone|kspm|trivy-operator)(?:$|[/-])/;

const replicasOf = (workload: Json): number => {
  const { replicas } = recordAt(workload, 'spec');
  return typeof replicas === 'number' ? replicas : 1;
};

/** What a selector of nodes usually demands. Any other value of these labels is a node that is not there. */
const usualNodes: ReadonlySet<string> = new Set(['kubernetes.io/os=linux', 'beta.kubernetes.io/os=linux']);

const templateOf = (workload: Json): Json => recordAt(workload, 'spec', 'template', 'spec');

/** How much a workload demands of its nodes. Each term of an affinity is an alternative: the one that demands least counts. */
function demands(workload: Json): number {
  const spec = templateOf(workload);
  const labels = Object.entries(recordAt(spec, 'nodeSelector')).filter(([label, value]) => !usualNodes.has(`${label}=${String(value)}`));
  const required = recordAt(spec, 'affinity', 'nodeAffinity', 'requiredDuringSchedulingIgnoredDuringExecution');
  const terms = listAt(required, 'nodeSelectorTerms').map(
    (term) => listAt(term, 'matchExpressions').length + listAt(term, 'matchFields').length,
  );
  return labels.length + (terms.length === 0 ? 0 : Math.min(...terms));
}

/** A workload that protects the cluster, by its name or its images. */
function securityAgent(workload: Json, parts: Guardrail['parts']): Guardrail | undefined {
  const images = listAt(templateOf(workload), 'containers').map((container) => imageRepository(textAt(container, 'image')));
  const names = [textAt(workload, 'metadata', 'name'), ...images];
  return names.some((name) => agents.test(name)) ? { what: 'security agent', parts: { ...parts, presence: 1 }, wide: true } : undefined;
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
