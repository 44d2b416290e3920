import { shortHash } from '../../api/short-hash.ts';
import { listAt, recordAt, textAt, textsAt, type Json } from './json.ts';

/** The facts of what sees or changes requests on their way: a webhook, a mutation by the API server, or a server of another API group. */
export interface InterceptionFacts {
  /** Where requests go: `NAMESPACE/SERVICE`, or the origin of a URL. For a mutation, the resources that it changes. */
  readonly targets: readonly string[];
  /** What it does with requests, as the end of a sentence. */
  readonly does: string;
  /** A URL in place of a service. */
  readonly external: boolean;
  /** It sees Secrets, or all resources. */
  readonly broad: boolean;
  /** What it sees and does: a digest without certificates. */
  readonly rules: string;
}

const mostTargets = 16;

const sorted = (texts: readonly string[]): readonly string[] => [...new Set(texts)].toSorted();

/** A change anywhere in it counts: what is long hides no other rule at its end. */
const digest = (parts: readonly unknown[]): string => shortHash(JSON.stringify(parts), 16);

/** Whether a rule matches Secrets, or all resources. */
function isBroad(rule: unknown): boolean {
  const groups = textsAt(rule, 'apiGroups');
  return textsAt(rule, 'resources').some(
    (each) => each === '*' || each === '*/*' || (each === 'secrets' && (groups.includes('') || groups.includes('*'))),
  );
}

const wide = (broad: boolean): string => (broad ? ' and sees Secrets or all resources' : '');
const serviceOf = (config: Json): string => `${textAt(config, 'service', 'namespace')}/${textAt(config, 'service', 'name')}`;

function targetOf(webhook: unknown): string {
  const url = textAt(webhook, 'clientConfig', 'url');
  if (url !== '') return URL.canParse(url) ? new URL(url).origin : 'URL';
  return serviceOf(recordAt(webhook, 'clientConfig'));
}

/** Returns the facts of a webhook configuration. */
export function webhookFacts(configuration: Json): InterceptionFacts {
  const webhooks = listAt(configuration, 'webhooks');
  const all = sorted(webhooks.map(targetOf));
  const targets = all.slice(0, mostTargets);
  const broad = webhooks.flatMap((webhook) => listAt(webhook, 'rules')).some(isBroad);
  return {
    targets,
    does: `sends objects to ${targets.join(', ')}${wide(broad)}`,
    external: all.some((target) => /^https?:|^URL$/.test(target)),
    broad,
    rules: digest([
      // Targets that are not named must not change unseen.
      all.slice(mostTargets),
      ...webhooks.map((webhook) => [
        recordAt(webhook)['rules'],
        recordAt(webhook)['namespaceSelector'],
        recordAt(webhook)['objectSelector'],
        recordAt(webhook)['failurePolicy'],
        recordAt(webhook)['matchConditions'],
      ]),
    ]),
  };
}

/** Returns the facts of a MutatingAdmissionPolicy. */
export function mutationFacts(policy: Json): InterceptionFacts {
  const spec = recordAt(policy, 'spec');
  const rules = listAt(spec, 'matchConstraints', 'resourceRules');
  const targets = sorted(rules.flatMap((rule) => textsAt(rule, 'resources'))).slice(0, mostTargets);
  const broad = rules.some(isBroad);
  return {
    targets,
    does: `changes objects that are written: ${targets.join(', ')}${wide(broad)}`,
    external: false,
    broad,
    rules: digest([spec['matchConstraints'], spec['matchConditions'], spec['mutations'], spec['failurePolicy']]),
  };
}

/** Returns the facts of a MutatingAdmissionPolicyBinding: without one, a policy does nothing. */
export function mutationBindingFacts(binding: Json): InterceptionFacts {
  const spec = recordAt(binding, 'spec');
  const policy = textAt(spec, 'policyName');
  return {
    targets: [policy],
    does: `puts MutatingAdmissionPolicy ${policy} in force`,
    external: false,
    broad: false,
    rules: digest([spec['matchResources'], spec['paramRef']]),
  };
}

/** Returns the facts of an APIService, or undefined for a group that the API server serves itself. */
export function apiServiceFacts(service: Json): InterceptionFacts | undefined {
  const spec = recordAt(service, 'spec');
  if (textAt(spec, 'service', 'name') === '') return undefined;
  const target = serviceOf(spec);
  return {
    targets: [target],
    does: `sends the requests for the API ${textAt(spec, 'group')}/${textAt(spec, 'version')} to ${target}`,
    external: false,
    broad: false,
    rules: digest([spec['group'], spec['version'], spec['insecureSkipTLSVerify'] === true]),
  };
}
