import { expect } from 'chai';
import type { SecurityPolicySpec } from '../../../operator/api/kinds/security-policy.ts';
import { securityPolicySpec } from '../../../operator/api/kinds/security-policy.ts';
import { anomalySettings } from '../../../operator/engine/controls/detection-settings.ts';
import { builtinResources } from '../../../operator/engine/objects/builtin-resources.ts';
import { inspectPolicy } from '../../../operator/engine/policy-inspection.ts';

const options = { kubernetesVersion: '1.36', resources: builtinResources, systemNamespaces: [] };
type Entries = NonNullable<NonNullable<SecurityPolicySpec['anomalies']>['detections']>;
const problems = (detections: Entries): readonly string[] =>
  inspectPolicy({ name: 'p', spec: { anomalies: { detections } } }, options).problems.map(
    ({ path, reason, message }) => `${path}: ${reason}: ${message}`,
  );

describe('anomalySettings', () => {
  it('reports nothing without spec.anomalies, and every detection with an empty one', () => {
    expect(anomalySettings({})).to.equal(undefined);
    const settings = anomalySettings({ anomalies: {} });
    expect(settings?.detections.size).to.equal(45);
    expect([settings?.learningPeriod, settings?.keepFor]).to.deep.equal([604_800_000, 604_800_000]);
    expect(settings?.detections.get('secret-spread')).to.deep.equal({ severity: 'high', severityIsSet: false, parameters: { floor: 10 } });
  });

  it('applies severities, exclusions and parameters', () => {
    const detections = [
      { name: 'secret-spread', severity: 'critical' as const, parameters: { floor: 50 } },
      { name: 'workload-by-nobody' },
      { name: 'unowned-pod', exclude: true },
    ];
    const settings = anomalySettings({ anomalies: { detections, learningPeriod: '24h', keepFor: '2d' } });
    expect(settings?.detections.get('secret-spread')).to.deep.equal({
      severity: 'critical',
      severityIsSet: true,
      parameters: { floor: 50 },
    });
    expect(settings?.detections.has('unowned-pod')).to.equal(false);
    expect([settings?.learningPeriod, settings?.keepFor, settings?.detections.size]).to.deep.equal([86_400_000, 172_800_000, 44]);
  });
});

describe('the problems of spec.anomalies.detections', () => {
  const at = 'spec.anomalies.detections[0]';
  for (const [title, entries, expected] of [
    ['no problem', [{ name: 'secret-spread', parameters: { floor: 5 } }], []],
    [
      'an unknown name',
      [{ name: 'secret-spred' }],
      [`${at}.name: UnknownDetection: no detection 'secret-spred' (did you mean 'secret-spread'?); vigil controls lists all detections`],
    ],
    ['a control', [{ name: 'host-pid' }], [`${at}.name: UnknownDetection: 'host-pid' is a control: name it in spec.controls`]],
    [
      'a parameter that does not exist',
      [{ name: 'secret-spread', parameters: { flor: 1 } }],
      [
        `${at}.parameters.flor: InvalidParameter: detection 'secret-spread' has no parameter 'flor' (did you mean 'floor'?); it takes floor`,
      ],
    ],
    [
      'a parameter of the wrong type',
      [{ name: 'secret-spread', parameters: { floor: 'ten' } }],
      [`${at}.parameters.floor: InvalidParameter: parameter 'floor' of detection 'secret-spread' must be a whole number`],
    ],
    [
      'a limit of 0',
      [{ name: 'secret-spread', parameters: { floor: 0 } }],
      [`${at}.parameters.floor: InvalidParameter: parameter 'floor' of detection 'secret-spread' must be at least 1 and at most 1000000`],
    ],
  ] as const)
    it(`finds ${title}`, () => expect(problems([...entries])).to.deep.equal(expected));

  it('tells a policy that names a detection as a control where it belongs', () => {
    const { problems: found } = inspectPolicy({ name: 'p', spec: { controls: [{ name: 'secret-spread' }] } }, options);
    expect(found.map(({ message }) => message)).to.deep.equal(["'secret-spread' is a detection: name it in spec.anomalies.detections"]);
  });

  it('are not a matter of the schema: names are checked against the catalogue', () => {
    expect(securityPolicySpec.safeParse({ anomalies: { detections: [{ name: 'whatever' }], keepFor: '7d' } }).success).to.equal(true);
    expect(securityPolicySpec.safeParse({ anomalies: { keepFor: 'a week' } }).success).to.equal(false);
  });
});
