import { fieldsOf, namespaceOf, textsOf } from '../../objects/kubernetes-object.ts';
import { clean } from '../../outcomes/outcome.ts';
import { annotationsOf, isInternal, isInternalClass, isWholeInternet, loadBalancerSources } from '../exposure/load-balancer.ts';
import { directions, policyRules } from '../network-policy.ts';
import { openRulePaths } from '../open-rules.ts';
import type { NetworkJudge } from './network-judge.ts';
import { plainGateway } from './plain-gateway.ts';

/** Fails for the rules of a NetworkPolicy that allow traffic with everyone on every port. */
const allowsEverything: NetworkJudge = (object) => {
  const { rules, faults } = policyRules(object['spec'], namespaceOf(object));
  if (faults.length > 0) return { violations: [], faults };
  const paths = directions.flatMap((direction) => openRulePaths(rules[direction] ?? [], `spec.${direction.toLowerCase()}`));
  return { violations: paths.map((path) => ({ path })), faults: [] };
};

/** Fails for a load balancer that accepts traffic from everyone on the Internet. */
const loadBalancerSourcesJudge: NetworkJudge = (object, parameters) => {
  const spec = fieldsOf(object['spec']);
  const { type } = spec;
  if (type !== undefined && typeof type !== 'string')
    return { violations: [], faults: [{ path: 'spec.type', problem: 'expected a string' }] };
  const annotations = annotationsOf(object.metadata);
  const { path, addresses, faults } = loadBalancerSources(spec, annotations);
  if (faults.length > 0) return { violations: [], faults };
  const isOutside = !isInternal(annotations, textsOf(parameters['internalAnnotations'])) && !isInternalClass(spec, annotations);
  const isKnown = type !== 'LoadBalancer' || !isWholeInternet(addresses) || !isOutside;
  return isKnown ? clean : { violations: [{ path }], faults: [] };
};

/** The judges of single objects, by the names that controls use. */
export const networkJudges: Readonly<Record<string, NetworkJudge>> = {
  allowsEverything,
  loadBalancerSources: loadBalancerSourcesJudge,
  plainGateway,
};
