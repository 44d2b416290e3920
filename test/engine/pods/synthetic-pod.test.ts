import { expect } from 'chai';
import { syntheticPod } from '../../../operator/engine/pods/synthetic-pod.ts';

type Json = Record<string, unknown>;
const metadata = { name: 'web', namespace: 'shop', labels: { own: 'x' } };
const deployment = (template: unknown): Json => ({ apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: { template } });
const specOf = (spec: Json): unknown => syntheticPod(deployment({ spec }))?.pod?.spec;
const containersOf = (container: Json, spec: Json = {}): unknown =>
  (specOf({ ...spec, containers: [container] }) as { readonly containers: readonly unknown[] }).containers[0];

describe('syntheticPod', () => {
  it('is a Pod with the template, and the name and namespace of the workload', () => {
    const template = { metadata: { labels: { app: 'a' }, name: 'ignored' }, spec: { containers: [] } };
    expect(syntheticPod(deployment(template))).to.deep.equal({
      pod: {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { labels: { app: 'a' }, name: 'web', namespace: 'shop' },
        spec: { containers: [] },
      },
      prefix: 'spec.template.',
    });
    expect(syntheticPod(deployment({ spec: {} }))?.pod?.metadata).to.deep.equal({ name: 'web', namespace: 'shop' });
    expect(syntheticPod({ ...deployment({ spec: {} }), metadata: undefined })?.pod?.metadata).to.deep.equal({
      name: '',
      namespace: 'default',
    });
  });

  it('is the object itself for a Pod without defaults to set', () => {
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [{ name: 'a' }] } };
    const found = syntheticPod(pod);
    expect([found?.pod, found && 'prefix' in found && found.prefix]).to.deep.equal([pod, '']);
    expect(found?.pod).to.equal(pod);
    const limited = { ...pod, spec: { containers: [{ resources: { limits: { cpu: 1 } } }] } };
    const changed = syntheticPod(limited)?.pod;
    expect(changed).to.deep.include({ metadata, spec: { containers: [{ resources: { limits: { cpu: 1 }, requests: { cpu: 1 } } }] } });
    expect(limited.spec.containers[0]).to.deep.equal({ resources: { limits: { cpu: 1 } } });
  });

  it('is undefined for kinds without pods', () =>
    expect(syntheticPod({ apiVersion: 'v1', kind: 'Service', spec: {} })).to.equal(undefined));

  const faults: readonly [title: string, object: Json, path: string, found: string][] = [
    ['no spec', { ...deployment({}), spec: undefined }, 'spec', 'nothing'],
    ['a null template', deployment(null), 'spec.template', 'nothing'],
    ['a list as template', deployment([]), 'spec.template', 'a list'],
    ['a template without a spec', deployment({}), 'spec.template.spec', 'nothing'],
    ['a text as spec', deployment({ spec: 'x' }), 'spec.template.spec', 'a string'],
    ['a number as metadata', deployment({ metadata: 1, spec: {} }), 'spec.template.metadata', 'a number'],
    ['a Pod without a spec', { apiVersion: 'v1', kind: 'Pod' }, 'spec', 'nothing'],
    ['a CronJob without a template', { apiVersion: 'batch/v1', kind: 'CronJob', spec: { jobTemplate: { spec: {} } } }, 'spec.jobTemplate.spec.template', 'nothing'],
  ]; // prettier-ignore
  for (const [title, object, path, found] of faults)
    it(`has a fault at ${path} for ${title}`, () =>
      expect(syntheticPod(object)).to.deep.equal({ pod: undefined, path, problem: `expected a map, found ${found}` }));

  it('requests what is limited and not requested', () => {
    const requests = (limits: unknown, own?: unknown): unknown => containersOf({ resources: { limits, ...(own === undefined ? {} : { requests: own }) } });
    expect(requests({ cpu: 1, memory: 2 }, { cpu: 3 })).to.deep.equal({ resources: { limits: { cpu: 1, memory: 2 }, requests: { cpu: 3, memory: 2 } } });
    expect(requests({ cpu: 1 }, { cpu: 3 })).to.deep.equal({ resources: { limits: { cpu: 1 }, requests: { cpu: 3 } } });
    expect(requests({ cpu: 1 }, 'wrong')).to.deep.equal({ resources: { limits: { cpu: 1 }, requests: 'wrong' } });
    expect(requests({}, { cpu: 3 })).to.deep.equal({ resources: { limits: {}, requests: { cpu: 3 } } });
    expect([containersOf({ resources: 'x' }), containersOf({ resources: { limits: 'x' } })]).to.deep.equal([{ resources: 'x' }, { resources: { limits: 'x' } }]);
  }); // prettier-ignore

  it('sets the host ports of a pod in the network of the node, for init containers too', () => {
    const ports = [{ containerPort: 80 }, { containerPort: 81, hostPort: 0 }, { containerPort: 82, hostPort: 9 }, 'wrong'];
    const expected = [{ containerPort: 80, hostPort: 80 }, { containerPort: 81, hostPort: 81 }, ports[2], 'wrong'];
    expect(containersOf({ ports }, { hostNetwork: true })).to.deep.equal({ ports: expected });
    expect(containersOf({ ports }, { hostNetwork: false })).to.deep.equal({ ports });
    expect(containersOf({ ports: 'wrong' }, { hostNetwork: true })).to.deep.equal({ ports: 'wrong' });
    expect(containersOf({ ports: [ports[2]] }, { hostNetwork: true })).to.deep.equal({ ports: [ports[2]] });
    expect(specOf({ hostNetwork: true, initContainers: [{ ports }, 'wrong'], containers: 'wrong' })).to.deep.equal({
      hostNetwork: true,
      initContainers: [{ ports: expected }, 'wrong'],
      containers: 'wrong',
    });
  });
});
