import type { SecurityPolicy } from '../../api/kinds/security-policy.ts';
import { anomalySettings } from '../../engine/controls/detection-settings.ts';
import { bareNamespace, policyScope } from '../../engine/objects/policy-scope.ts';
import type { FindingSubject } from '../results/anomaly-finding.ts';
import type { ReportingPolicy } from '../results/report-content.ts';

/** A policy with `spec.anomalies`, and what it reports. */
export interface ObservedPolicy {
  readonly policy: SecurityPolicy;
  readonly reporting: ReportingPolicy;
}

/** What {@link observedPolicies} needs to know of the cluster. */
export interface ScopeContext {
  readonly systemNamespaces: readonly string[];
  /** Undefined: the namespace does not exist, or is not known yet. */
  readonly namespaceLabels: (name: string) => Readonly<Record<string, string>> | undefined;
}

/**
 * Returns the policies with `spec.anomalies` that are not being deleted. System namespaces are in scope unless the policy excludes them by
 * name, since attacks prefer them. Users, groups and other cluster-scoped objects are in the scope of every policy, whatever namespaces it
 * includes: who does something belongs to no namespace.
 */
export const observedPolicies = (
  policies: readonly SecurityPolicy[],
  { systemNamespaces, namespaceLabels }: ScopeContext,
): readonly ObservedPolicy[] =>
  policies.flatMap((policy) => {
    const settings = anomalySettings(policy.spec);
    if (settings === undefined || policy.metadata.deletionTimestamp !== undefined) return [];
    const { objectSelector: _labels, ...namespaces } = policy.spec.scope ?? {};
    const scope = policyScope(namespaces, systemNamespaces);
    const includes = ({ kind, namespace, name }: FindingSubject): boolean => {
      const place = kind === 'Namespace' ? name : namespace;
      if (place === undefined) return true;
      const labels = namespaceLabels(place);
      return scope.includes({ namespace: labels ? { name: place, labels } : bareNamespace(place), labels: {} }, true);
    };
    return [{ policy, reporting: { name: policy.metadata.name, settings, includes } }];
  });
