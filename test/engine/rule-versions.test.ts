import { expect } from 'chai';
import type { SecurityPolicyRule } from '../../operator/api/kinds/security-policy.ts';
import { builtinResources } from '../../operator/engine/objects/builtin-resources.ts';
import type { KubernetesObject } from '../../operator/engine/objects/kubernetes-object.ts';
import { compilePolicies, type PolicySet } from '../../operator/engine/policy-set.ts';

const autoscaler = (version: string, spec: object): KubernetesObject => ({
  apiVersion: `autoscaling/${version}`,
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: 'web', namespace: 'shop' },
  spec,
});
const stored = autoscaler('v2', { metrics: [] });
const converted = autoscaler('v1', { targetCPUUtilizationPercentage: 95 });
const [v2, v1] = builtinResources.filter(({ kind }) => kind === 'HorizontalPodAutoscaler');
if (!v1 || !v2) throw new Error('no HorizontalPodAutoscaler');

type Constraints = SecurityPolicyRule['matchConstraints'];
function setOf(
  apiVersions: readonly string[],
  { matchPolicy, converts = true }: { matchPolicy?: Constraints['matchPolicy']; converts?: boolean } = {},
): PolicySet {
  const rule = {
    name: 'cpu',
    matchConstraints: {
      ...(matchPolicy === undefined ? {} : { matchPolicy }),
      resourceRules: [{ apiGroups: ['autoscaling'], apiVersions, operations: ['CREATE'], resources: ['horizontalpodautoscalers'] }],
    },
    validations: [
      {
        expression: '!has(object.spec.targetCPUUtilizationPercentage) || object.spec.targetCPUUtilizationPercentage < 90',
        messageExpression: "request.kind.version + ' for ' + request.requestKind.version",
      },
    ],
  };
  const set = compilePolicies([{ name: 'p', spec: { rules: [rule] } as never }], {
    kubernetesVersion: '1.36',
    resources: builtinResources,
    systemNamespaces: [],
    converts,
  });
  expect(set.problems).to.deep.equal([]);
  return set;
}

const verdicts = (set: PolicySet, object: KubernetesObject, given: KubernetesObject | Error | undefined = converted): unknown =>
  set.evaluate(object, { converted: () => given }).results.map(({ verdict, message }) => [verdict, message]);

describe('a rule about a version of a resource', () => {
  for (const matchPolicy of ['Equivalent', 'Exact', undefined] as const) {
    it(`evaluates objects of a cluster in a version that is not preferred, with matchPolicy ${matchPolicy ?? 'unset'}`, () => {
      const set = setOf(['v1'], matchPolicy === undefined ? {} : { matchPolicy });
      expect(set.targets).to.deep.equal([v2]);
      expect(set.requiredVersions(v2)).to.deep.equal([v1]);
      expect(verdicts(set, stored)).to.deep.equal([['fail', 'v1 for v2']]);
    });
  }

  it('evaluates objects as they are listed when it matches the preferred version or all versions', () => {
    for (const versions of [['v2'], ['*'], ['v1', 'v2']]) {
      const set = setOf(versions);
      expect([set.requiredVersions(v2), verdicts(set, stored)]).to.deep.equal([[], []]);
    }
  });

  it('results in an error when the server does not convert the object to the version', () => {
    expect(verdicts(setOf(['v1']), stored, new Error('the conversion webhook does not answer'))).to.deep.equal([
      ['error', 'the object cannot be read as autoscaling/v1: the conversion webhook does not answer'],
    ]);
  });

  it('is skipped for a file in another version', () => {
    const set = setOf(['v1'], { converts: false });
    expect(set.evaluate(stored).results.map(({ verdict, message }) => [verdict, message])).to.deep.equal([
      ['skip', 'the rule is about autoscaling/v1, and the object is written in autoscaling/v2: only a cluster converts it'],
    ]);
  });

  it('does not match a file in another version with matchPolicy Exact', () => {
    const set = setOf(['v1'], { matchPolicy: 'Exact', converts: false });
    expect([set.evaluate(stored).policies, set.evaluate(converted).results.length]).to.deep.equal([[], 1]);
  });
});
