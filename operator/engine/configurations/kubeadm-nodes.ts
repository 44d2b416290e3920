import { goDuration } from '../components/go-values.ts';
import { fieldsOf, isFields, type KubernetesObject } from '../objects/kubernetes-object.ts';
import { clean, type Fault, type Outcome, type Violation } from '../outcomes/outcome.ts';

const faulty = (path: string, problem: string): Outcome => ({ violations: [], faults: [{ path, problem }] });

/** The outcome for one token: kubeadm sets no expiration for a ttl of 0 or less. Without ttl and expires it is one day. */
function judgeToken(token: unknown, path: string): { readonly violation?: Violation; readonly fault?: Fault } {
  if (!isFields(token)) return { fault: { path, problem: 'expected a map' } };
  const { ttl, expires } = token;
  if (ttl === undefined || ttl === null || (expires ?? null) !== null) return {};
  const seconds = typeof ttl === 'string' ? goDuration(ttl) : undefined;
  if (seconds === undefined) return { fault: { path: `${path}.ttl`, problem: 'expected a duration' } };
  return seconds > 0 ? {} : { violation: { path: `${path}.ttl` } };
}

/** Fails for bootstrap tokens of an InitConfiguration that never expire. */
export function bootstrapTokens(object: KubernetesObject): Outcome {
  const tokens = object['bootstrapTokens'] ?? [];
  if (!Array.isArray(tokens)) return faulty('bootstrapTokens', 'expected a list');
  const judged = tokens.map((token, index) => judgeToken(token, `bootstrapTokens[${index}]`));
  const violations = judged.flatMap(({ violation }) => violation ?? []);
  const faults = judged.flatMap(({ fault }) => fault ?? []);
  return violations.length + faults.length === 0 ? clean : { violations, faults };
}

/** Fails if a node joins a cluster whose certificate authority it does not verify. */
export function unverifiedJoin(object: KubernetesObject): Outcome {
  const discovery = object['discovery'] ?? {};
  if (!isFields(discovery)) return faulty('discovery', 'expected a map');
  const token = discovery['bootstrapToken'] ?? {};
  if (!isFields(token)) return faulty('discovery.bootstrapToken', 'expected a map');
  const path = 'discovery.bootstrapToken.unsafeSkipCAVerification';
  const skips = fieldsOf(token)['unsafeSkipCAVerification'] ?? false;
  if (typeof skips !== 'boolean') return faulty(path, 'expected true or false');
  return skips ? { violations: [{ path }], faults: [] } : clean;
}
