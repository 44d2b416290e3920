import { expect } from 'chai';
import { RESOURCES, type ApiResource } from '../../../operator/api/api-resource.ts';
import type { AdmissionWaiver } from '../../../operator/api/kinds/admission-parameters.ts';
import type { KubeObject } from '../../../operator/api/metadata.ts';
import type { SecurityPolicy, SecurityPolicyRule, SecurityPolicySpec } from '../../../operator/api/kinds/security-policy.ts';
import { enforcementConditions } from '../../../operator/policies/enforcement-condition.ts';
import { kubectl, uniqueName } from '../cluster-access.ts';
import { type Answer, EnforcementBench, eventually } from './enforcement-bench.ts';

const pods: ApiResource = RESOURCES.pods;

describe('enforcement with bad input', function () {
  this.timeout(180_000);
  const bench = new EnforcementBench();
  const [namespace, policy, other] = [uniqueName('bad'), uniqueName('bad'), uniqueName('other')];
  const deny = { actions: ['Deny' as const], namespaces: { include: [namespace] } };
  const controls = [{ name: 'host-pid' }];

  const pod = (spec: object = {}, place = namespace, name = 'probe'): KubeObject =>
    ({
      metadata: { name, namespace: place },
      spec: { containers: [{ name: 'app', image: 'example.com/app:1' }], ...spec },
    }) as unknown as KubeObject;
  const create = (object: KubeObject): Promise<Answer> => bench.send('POST', pods, object);
  const violation = pod({ hostPID: true });
  const configMap = (place: string): Promise<Answer> =>
    bench.send('POST', RESOURCES.configMaps, { metadata: { name: uniqueName('probe'), namespace: place } });
  const answers = (what: string, status: number, object = violation): Promise<Answer> =>
    eventually(what, async () => {
      const answer = await create(object);
      return answer.status === status ? answer : undefined;
    });
  const rule = (name: string, parts: Partial<SecurityPolicyRule> = {}, resource = 'pods', group = ''): SecurityPolicyRule => ({
    name,
    matchConstraints: {
      resourceRules: [{ apiGroups: [group], apiVersions: ['*'], operations: ['CREATE', 'UPDATE'], resources: [resource] }],
    },
    validations: [{ expression: 'false', message: 'never' }],
    ...parts,
  });
  /** Applies a policy, and returns condition Enforced as one line. */
  const enforcedAs = async (spec: SecurityPolicySpec, name = policy): Promise<string> => {
    const { metadata, status } = await bench.apply(name, spec);
    const [condition] = enforcementConditions({ metadata, spec, status } as SecurityPolicy);
    return [condition?.status, condition?.reason, condition?.message].join(' ');
  };

  before(async () => {
    EnforcementBench.install();
    kubectl(['create', 'namespace', namespace]);
    kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'vigil-system' } }));
    await bench.start();
  });

  after(async () => {
    await bench.stop();
    kubectl(['delete', 'securitypolicy', policy, other, '--ignore-not-found']);
    kubectl(['label', 'namespace', 'kube-system', 'vigil-enforce-']);
    kubectl(['delete', 'namespace', namespace, '--wait=false']);
  });

  it('enforces the rest if the API server refuses one admission policy, and has its reason', async () => {
    // ValidatingAdmissionPolicies have rules that the CRD of SecurityPolicies does not have.
    const resources = ['pods', '*/*'];
    const unusable = rule('unusable', {
      matchConstraints: { resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources }] },
    });
    const condition = await enforcedAs({ controls, rules: [unusable], enforcement: [deny] });
    expect(condition).to.match(
      /^False Refused ValidatingAdmissionPolicy vigil-.*-rule-unusable-.*resources.*must not specify other resources/,
    );
    await answers('the control is enforced', 403);
    expect((await create(pod())).status).to.equal(201);
  });

  it('says so if an entry names no namespace, and refuses nothing', async () => {
    const scope = { namespaces: { exclude: [namespace] } };
    expect(await enforcedAs({ controls, scope, enforcement: [deny] })).to.equal(
      'False InvalidEntry spec.enforcement[0].namespaces: it names no namespace in which this entry applies',
    );
    await answers('nothing is refused', 201);
  });

  it('never locks out kube-system or Vigil, also if an entry names or selects them', async () => {
    kubectl(['label', 'namespace', 'kube-system', 'vigil-enforce=true', '--overwrite']);
    const everything = rule('nothing-at-all', {}, '*', '*');
    const named = { actions: ['Deny' as const], namespaces: { include: ['kube-system', 'vigil-system', namespace] } };
    const selected = { actions: ['Deny' as const], namespaces: { selector: { matchLabels: { 'vigil-enforce': 'true' } } } };
    const condition = await enforcedAs({ rules: [everything], enforcement: [named, selected, { actions: ['Deny'] }] });
    expect(condition).to.contain('False InvalidEntry');
    for (const system of ['kube-system', 'vigil-system'])
      expect(condition).to.contain(`spec.enforcement[0].namespaces: Deny never applies in the system namespace ${system}`);
    await eventually('everything else is refused', async () => ((await configMap(namespace)).status === 403 ? true : undefined));
    for (const system of ['kube-system', 'kube-public', 'kube-node-lease', 'vigil-system'])
      expect((await configMap(system)).status, system).to.equal(201);
    // The policy itself can be mended: objects of Vigil are never refused.
    expect(await enforcedAs({ controls, enforcement: [deny] })).to.match(/^True Enforced /);
    await eventually('a ConfigMap is admitted', async () => ((await configMap(namespace)).status === 201 ? true : undefined));
  });

  it('lets two policies disagree: the one that denies is named, and each says what it enforces', async () => {
    expect(await enforcedAs({ controls, enforcement: [{ ...deny, actions: ['Warn'] }] })).to.match(/^True Enforced 1 check is/);
    expect(await enforcedAs({ controls, enforcement: [deny] }, other)).to.match(/^True Enforced 1 check is/);
    const { message, warnings } = await eventually('one of them denies, and the other one warns', async () => {
      const answer = await create(violation);
      return answer.status === 403 && answer.warnings.length > 0 ? answer : undefined;
    });
    expect(message).to.contain(`breaks SecurityPolicy/${other}: host-pid.`);
    expect(warnings).to.have.length(1);
    expect(warnings[0]).to.contain(`breaks SecurityPolicy/${policy}: host-pid.`);
    kubectl(['delete', 'securitypolicy', other]);
    await answers('only the warning is left', 201);
  });

  describe('of its parameters', () => {
    const waiver = (index: number, parts: Partial<AdmissionWaiver> = {}): AdmissionWaiver => ({
      exception: `${namespace}/legacy-${String(index).padStart(5, '0')}`,
      checks: ['host-pid'],
      namespaces: [`^${namespace}$`],
      names: [`^legacy-${index}$`],
      ...parts,
    });
    const spec: SecurityPolicySpec = { controls, exceptions: { allow: 'All' }, enforcement: [deny] };
    const inForce = (waivers: readonly AdmissionWaiver[]): void => {
      bench.waivers = { waivers };
      bench.enqueue(policy);
    };
    /** Waits until the status, which is written after the parameters, has a problem that begins with this text. */
    const limitReached = (text: string) =>
      eventually(`the status has ${text}`, async () => {
        const { reason, problems: [problem = ''] = [] } = (await bench.enforced(policy)).status?.enforcement ?? {};
        return problem.startsWith(text) ? { reason, problem } : undefined;
      });
    const legacy = (index: number): KubeObject => pod({ hostPID: true }, namespace, `legacy-${index}`);

    before(async () => {
      inForce([waiver(1)]);
      await bench.apply(policy, spec);
      await answers('a violation is refused', 403);
      await answers('the exception is in force', 201, legacy(1));
    });

    it('that somebody edits, does not last', async () => {
      const wide = { waivers: [{ exception: 'mine', checks: ['host-pid'] }] };
      kubectl(['patch', 'admissionparameters', policy, '--type=merge', '-p', JSON.stringify(wide)]);
      await eventually(
        'the parameters are restored',
        async () => {
          const { waivers = [] } = await bench.client.get<KubeObject & { waivers?: AdmissionWaiver[] }>(RESOURCES.admissionParameters, {
            name: policy,
          });
          return String(waivers.map(({ exception }) => exception)) === `${namespace}/legacy-00001` ? true : undefined;
        },
        5000,
      );
      await answers('a violation is refused', 403);
    });

    it('that are gone while no operator runs, refuse no write, and are there again seconds after it starts', async () => {
      await bench.stop();
      kubectl(['delete', 'admissionparameters', policy]);
      await answers('nothing is refused', 201);
      expect((await create(pod())).status).to.equal(201);
      await bench.start();
      await eventually('a violation is refused', async () => ((await create(violation)).status === 403 ? true : undefined), 5000);
    });

    it('that are full, name the exceptions that are left out, and still admit and refuse', async () => {
      const many = Array.from({ length: 2100 }, (_, index) => waiver(index));
      inForce(many);
      await answers('the last exception with room is in force', 201, legacy(1999));
      await answers('an exception without room is not in force', 403, legacy(2000));
      await answers('a violation is refused', 403);
      const { reason, problem } = await limitReached('2100 entries');
      expect(reason).to.equal('LimitReached');
      expect(problem)
        .to.contain(`2100 entries of exceptions are in force, and admission applies 2000 of them`)
        .and.to.contain(`${namespace}/legacy-02000`);
    });

    it('with more patterns than the API server can evaluate, leave out exceptions, and do not switch off enforcement', async () => {
      const names = Array.from({ length: 256 }, (_, index) => `^${'a.*'.repeat(20)}${index}$`);
      inForce([waiver(0, { names: ['^marker$'] }), ...Array.from({ length: 70 }, (_, index) => waiver(index + 1, { names }))]);
      await answers('the first exception is in force', 201, pod({ hostPID: true }, namespace, 'marker'));
      expect((await create(pod({ hostPID: true }, namespace, 'a'.repeat(253)))).status).to.equal(403);
      expect((await limitReached('71 entries')).problem).to.contain('71 entries of exceptions are in force, and admission applies');
    });

    it('with more exceptions for one object than the API server can evaluate, do not switch off enforcement', async () => {
      const containers = Array.from({ length: 64 }, (_, index) => ({
        name: `app-${index}`,
        image: 'example.com/app:1',
        securityContext: { privileged: true, allowPrivilegeEscalation: true, runAsNonRoot: false, seccompProfile: { type: 'Unconfined' } },
      }));
      const restricted: SecurityPolicySpec = { ...spec, frameworks: [{ name: 'pss-restricted' }] };
      await bench.apply(policy, restricted);
      await answers('the framework is in force', 403, pod());
      const checks = [
        'privileged-container',
        'privilege-escalation',
        'run-as-non-root',
        'seccomp',
        'seccomp-required',
        'capabilities-drop-all',
      ];
      const broad = { names: ['^many$'], checks, containers: containers.map(({ name }) => `other-${name}`) };
      inForce([
        ...Array.from({ length: 400 }, (_, index) => waiver(index, broad)),
        waiver(400, { names: ['^many$'], checks }),
        waiver(401, { names: ['^last$'] }),
      ]);
      await eventually('the exceptions are in force', async () => {
        const { message } = await create(pod({ hostPID: true }, namespace, 'last'));
        return message.includes('host-pid') ? undefined : true;
      });
      const { status: code, message } = await create(pod({ hostPID: true, containers }, namespace, 'many'));
      expect(code).to.equal(403);
      expect(message).to.contain('no exception applies, because more than 100 match the object');
    });
  });
});
