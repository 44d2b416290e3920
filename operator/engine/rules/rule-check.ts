import { apiVersionOf, type ApiResource } from '../../api/api-resource.ts';
import type { ResourceRule, SecurityPolicyRule } from '../../api/kinds/security-policy.ts';
import { controlById } from '../../catalogue/controls/catalogue.ts';
import type { Severity } from '../../catalogue/controls/severity.ts';
import { suggestion } from '../../catalogue/suggestion.ts';
import { fieldsOf, type KubernetesObject, nameOf, textMapOf } from '../objects/kubernetes-object.ts';
import { type LabelMatch, labelMatch } from '../../api/label-match.ts';
import type { ReportProblem } from '../outcomes/policy-problem.ts';
import type { NamespaceFacts } from '../objects/policy-scope.ts';
import type { ResourceIndex } from '../objects/resource-index.ts';
import { ResourceMatch, type ResourceVerdict } from '../objects/resource-match.ts';
import { type RuleOutcome, RuleProgram } from './rule-program.ts';
import { isFragment } from '../pods/incomplete-pod.ts';
import type { Subject } from '../controls/subject.ts';
import type { BoundRule } from './bound-rule.ts';

/** Returns an object in another version. Returns an error if the server does not return it, and undefined without a cluster. */
export type ConvertedObject = (form: ApiResource) => KubernetesObject | Error | undefined;

/** The context in which a rule evaluates one object. */
export interface RuleContext {
  readonly resource: ApiResource;
  readonly namespace: NamespaceFacts | undefined;
  readonly converted?: ConvertedObject | undefined;
}

/** A compiled rule of a user. */
export class RuleCheck {
  readonly name: string;
  readonly severity: Severity;
  readonly category: string;
  readonly #rule: SecurityPolicyRule;
  readonly #match: ResourceMatch;
  readonly #namespaces: LabelMatch;
  readonly #objects: LabelMatch;
  readonly #program: RuleProgram;
  readonly #bound: BoundRule | undefined;
  readonly #within: Within;

  private constructor(
    rule: SecurityPolicyRule,
    index: ResourceIndex,
    { program, bound }: { program: RuleProgram; bound: BoundRule | undefined },
  ) {
    this.name = rule.name;
    this.severity = rule.severity ?? 'medium';
    this.category = rule.category ?? 'Custom';
    this.#rule = rule;
    this.#match = new ResourceMatch(rule.matchConstraints, rule.podTemplates === true, index);
    this.#namespaces = labelMatch(rule.matchConstraints.namespaceSelector);
    this.#objects = labelMatch(rule.matchConstraints.objectSelector);
    this.#program = program;
    this.#bound = bound;
    this.#within = withinOf(bound, index);
  }

  /** The properties of its results. Undefined for a rule of a SecurityPolicy. */
  get properties(): BoundRule['properties'] | undefined {
    return this.#bound?.properties;
  }

  /** Compiles a rule. Returns undefined and reports problems below `path` if it does not compile. */
  static compile(
    rule: SecurityPolicyRule,
    path: string,
    options: { kubernetesVersion: string; index: ResourceIndex; report: ReportProblem; bound?: BoundRule },
  ): RuleCheck | undefined {
    if (options.bound === undefined && controlById(rule.name) !== undefined) {
      options.report({
        path: `${path}.name`,
        reason: 'InvalidRule',
        message: `'${rule.name}' is the id of a built-in control: give the rule another name`,
      });
      return undefined;
    }
    reportCapitals(rule, path, options);
    const program = RuleProgram.compile(rule, path, { ...options, skipsOldObject: options.bound !== undefined });
    return program === undefined ? undefined : new RuleCheck(rule, options.index, { program, bound: options.bound });
  }

  /** Whether the rule can match objects of the resource. `isWorkload`: whether they have a pod template. */
  appliesTo(resource: ApiResource, isWorkload?: boolean): boolean {
    return this.#match.match(resource, undefined, isWorkload) !== 'no';
  }

  /** Returns the version in which the rule evaluates objects of a resource. */
  versionFor(resource: ApiResource): ApiResource {
    return this.#match.versionFor(resource);
  }

  /**
   * Evaluates one object. Returns undefined if the rule does not match it. `converted` returns the object in another version. Without it, a
   * rule about another version is skipped.
   */
  evaluate(subject: Subject, { resource, namespace, converted }: RuleContext): RuleOutcome | undefined {
    const matched = this.#matches(subject, resource, namespace);
    if (matched === 'no' || !this.#within(subject, resource, namespace)) return undefined;
    if (matched === 'other-operations')
      return { kind: 'skip', message: `the rule is about ${this.#operations()} only: a scan evaluates rules about CREATE` };
    if (this.#bound?.outcome !== undefined) return this.#bound.outcome;
    if (this.#rule.podTemplates === true && subject.skip !== undefined) return { kind: 'skip', message: subject.skip };
    if (this.#rule.podTemplates === true && subject.fault !== undefined)
      return { kind: 'error', message: subject.fault.problem, path: subject.fault.path };
    return this.#evaluated(subject, { resource, namespace, converted });
  }

  #evaluated(subject: Subject, { resource, namespace, converted }: RuleContext): RuleOutcome {
    const rest = { namespace: resource.namespaced ? namespace : undefined, params: this.#rule.params ?? null };
    if (this.#rule.podTemplates === true)
      return ofIncomplete(this.#program.evaluate({ object: subject.input.object, resource: podResource, ...rest }), subject);
    const form = this.versionFor(resource);
    if (apiVersionOf(form) === apiVersionOf(resource)) return this.#program.evaluate({ object: subject.object, resource, ...rest });
    const object = converted === undefined ? undefined : converted(form);
    if (!(object instanceof Error) && object !== undefined)
      return this.#program.evaluate({ object, resource: form, requested: resource, ...rest });
    return unconverted(form, resource, object);
  }

  #matches(subject: Subject, resource: ApiResource, namespace: NamespaceFacts | undefined): ResourceVerdict {
    const matched = (this.#rule.podTemplates === true ? subject.input.object : subject.object) as KubernetesObject;
    if (!this.#objects(textMapOf(fieldsOf(matched.metadata)['labels']))) return 'no';
    if (namespace !== undefined && !this.#namespaces(namespace.labels)) return 'no';
    return this.#match.match(resource, nameOf(subject.object) ?? '', subject.isWorkload);
  }

  #operations(): string {
    return [...new Set(this.#rule.matchConstraints.resourceRules.flatMap(({ operations }) => operations))].join(', ');
  }
}

/** The outcome of a rule about a pod that is not known in full. Of what a rule finds, it is not known which field it read. */
function ofIncomplete(outcome: RuleOutcome, { incomplete }: Subject): RuleOutcome {
  if (incomplete === undefined || !['pass', 'fail', 'error'].includes(outcome.kind)) return outcome;
  if (outcome.kind !== 'pass' && !isFragment(incomplete)) return outcome;
  const passes = outcome.kind === 'pass' && incomplete.reason === undefined;
  return passes ? outcome : { kind: 'skip', message: incomplete.reason ?? 'only what the object sets in its pods is known' };
}

type Within = (subject: Subject, resource: ApiResource, namespace: NamespaceFacts | undefined) => boolean;

/** Returns whether a binding selects an object, and whether its parameter object holds in the namespace. */
function withinOf(bound: BoundRule | undefined, index: ResourceIndex): Within {
  if (bound === undefined) return () => true;
  const { resourceRules = [], excludeResourceRules = [], namespaceSelector, objectSelector } = bound.within ?? {};
  const anything: ResourceRule = { apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*'] };
  const wanted = resourceRules.length > 0 ? resourceRules : [anything];
  const match = new ResourceMatch({ resourceRules: wanted, excludeResourceRules }, false, index);
  const [namespaces, objects] = [labelMatch(namespaceSelector), labelMatch(objectSelector)];
  return ({ object }, resource, namespace) =>
    objects(textMapOf(fieldsOf(object.metadata)['labels'])) &&
    (namespace === undefined || namespaces(namespace.labels)) &&
    holdsIn(bound, resource.namespaced || isNamespace(resource) ? namespace?.name : undefined) &&
    match.match(resource, nameOf(object) ?? '') === 'yes';
}

/** A request for a Namespace is in that namespace. */
const isNamespace = ({ group, kind }: ApiResource): boolean => group === '' && kind === 'Namespace';

function holdsIn({ namespaces }: BoundRule, namespace: string | undefined): boolean {
  if (namespaces === undefined) return true;
  if ('only' in namespaces) return namespaces.only === (namespace ?? null);
  return namespace !== undefined && !namespaces.except.includes(namespace);
}

/** Reports a resource with capital letters, such as a kind. It would match nothing, because the names of resources are lower case. */
function reportCapitals(
  { matchConstraints: { resourceRules, excludeResourceRules = [] } }: SecurityPolicyRule,
  path: string,
  { index, report }: { readonly index: ResourceIndex; readonly report: ReportProblem },
): void {
  for (const [field, rules] of Object.entries({ resourceRules, excludeResourceRules }))
    for (const [position, { apiGroups, resources }] of rules.entries()) {
      const served = index.all.toSorted((a, b) => Number(apiGroups.includes(b.group)) - Number(apiGroups.includes(a.group)));
      resources.forEach((resource, entry) => {
        if (!/[A-Z]/.test(resource)) return;
        report({
          path: `${path}.matchConstraints.${field}[${position}].resources[${entry}]`,
          reason: 'InvalidRule',
          message: capitalsMessage(resource, served),
        });
      });
    }
}

/** Returns the message about a resource with capital letters. It suggests a served resource, the first of those that are equally similar. */
function capitalsMessage(entry: string, served: readonly ApiResource[]): string {
  const [word = '', ...subresource] = entry.toLowerCase().split('/');
  const written = (resource: string): string => [resource, ...subresource].join('/');
  const kind = served.find((resource) => resource.kind.toLowerCase() === word);
  if (kind !== undefined) return `'${entry}' is a kind: write the resource, '${written(kind.resource)}'`;
  const known = new Set(served.map(({ resource }) => resource));
  if (word === '*' || known.has(word)) return `'${entry}' has capital letters: write '${written(word)}'`;
  const hint = suggestion(word, known);
  return `'${entry}' is not a resource${hint === undefined ? '' : ` (did you mean '${written(hint)}'?)`}: the names of resources are plural and lower case`;
}

function unconverted(form: ApiResource, resource: ApiResource, problem: Error | undefined): RuleOutcome {
  const [wanted, written] = [apiVersionOf(form), apiVersionOf(resource)];
  if (problem) return { kind: 'error', message: `the object cannot be read as ${wanted}: ${problem.message}` };
  return {
    kind: 'skip',
    message: `the rule is about ${wanted}, and the object is written in ${written}: only a cluster converts it`,
  };
}

const podResource: ApiResource = { group: '', version: 'v1', resource: 'pods', kind: 'Pod', namespaced: true };
