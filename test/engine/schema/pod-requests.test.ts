import { expect } from 'chai';
import { setPodRequests } from '../../../operator/engine/schema/pod-requests.ts';

type Spec = Record<string, unknown>;
/** The spec of a pod after the API server has set its requests. */
const completed = (spec: Spec): Spec => {
  const copy = structuredClone(spec);
  setPodRequests(copy);
  return copy;
};
const container = (resources: unknown): Spec => ({ containers: [{ name: 'a', resources }] });

describe('the requests of containers of a pod', () => {
  const rows: readonly (readonly [what: string, resources: unknown, expected: unknown])[] = [
    [
      'are the limits',
      { limits: { cpu: '1', memory: '64Mi' } },
      { limits: { cpu: '1', memory: '64Mi' }, requests: { cpu: '1', memory: '64Mi' } },
    ],
    [
      'keep what they have',
      { limits: { cpu: '1', memory: '64Mi' }, requests: { cpu: '100m' } },
      { limits: { cpu: '1', memory: '64Mi' }, requests: { cpu: '100m', memory: '64Mi' } },
    ],
    ['stay without limits', { requests: { cpu: '100m' } }, { requests: { cpu: '100m' } }],
    ['are none without limits and requests', {}, {}],
    [
      'leave out what is no quantity',
      { limits: { cpu: 'much', memory: 5 } },
      { limits: { cpu: 'much', memory: 5 }, requests: { memory: 5 } },
    ],
    ['stay if they are no map', { limits: { cpu: '1' }, requests: 'all' }, { limits: { cpu: '1' }, requests: 'all' }],
    ['stay if the limits are no map', { limits: 'none' }, { limits: 'none' }],
    ['stay if the resources are no map', 'none', 'none'],
  ];
  for (const [what, resources, expected] of rows)
    it(what, () => expect(completed(container(resources))).to.deep.equal(container(expected)));

  it('are set for init containers too', () => {
    const resources = { limits: { cpu: '1' } };
    const set = { ...resources, requests: { cpu: '1' } };
    expect(completed({ initContainers: [{ resources }], containers: [{ resources }, { name: 'b' }, 'no container'] })).to.deep.equal({
      initContainers: [{ resources: set }],
      containers: [{ resources: set }, { name: 'b' }, 'no container'],
    });
  });
});

describe('the requests of a pod as a whole', () => {
  const requests = (resources: unknown, more: Spec = {}): unknown =>
    (completed({ containers: [], ...more, resources })['resources'] as Spec | undefined)?.['requests'];
  const asking = (cpu: string, more: Spec = {}): Spec => ({ resources: { requests: { cpu } }, ...more });

  it('do not exist without limits as a whole', () => {
    expect(requests({}, { containers: [asking('1')] })).to.equal(undefined);
    expect(requests({ limits: {} }, { containers: [asking('1')] })).to.equal(undefined);
    expect(completed({ containers: [asking('1')] })).to.deep.equal({ containers: [asking('1')] });
  });

  it('are the sum of what containers request, and the limits for the rest', () => {
    const limits = { cpu: '4', memory: '1Gi', 'hugepages-2Mi': '4Mi', 'example.com/gpu': '1' };
    expect(requests({ limits }, { containers: [asking('1500m'), asking('0.5'), {}] })).to.deep.equal({
      cpu: '2',
      memory: '1Gi',
      'hugepages-2Mi': '4Mi',
    });
    expect(requests({ limits, requests: { cpu: '3' } }, { containers: [asking('1')] })).to.deep.include({ cpu: '3' });
    expect(requests({ limits: { 'example.com/gpu': '1' } })).to.equal(undefined);
  });

  it('count an init container beside the sidecars before it, and sidecars beside the containers', () => {
    const cpu = (initContainers: readonly Spec[], containers: readonly Spec[]): unknown =>
      (requests({ limits: { cpu: '90' } }, { initContainers, containers }) as Spec)['cpu'];
    const sidecar = { restartPolicy: 'Always' };
    expect(cpu([asking('5')], [asking('1'), asking('2')])).to.equal('5');
    expect(cpu([asking('2')], [asking('1'), asking('2')])).to.equal('3');
    expect(cpu([asking('4', sidecar)], [asking('1')])).to.equal('5');
    expect(cpu([asking('4', sidecar), asking('7')], [asking('1')])).to.equal('11');
    expect(cpu([asking('7'), asking('4', sidecar)], [asking('1')])).to.equal('7');
    expect(cpu([asking('2', sidecar), asking('2', sidecar), asking('2')], [asking('1')])).to.equal('6');
    expect(cpu([asking('no quantity')], [asking('1')])).to.equal('1');
  });
});
