import { expect } from 'chai';
import { ImageTargets, type PreviousImages } from '../../../operator/images/targets/image-targets.ts';
import { runningImage } from '../../../operator/images/targets/image-reference.ts';

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const owner = (kind: string, name: string): object => ({
  ownerReferences: [{ apiVersion: 'apps/v1', kind, name, uid: name, controller: true }],
});

function workload(kind: string, name: string, image: string, metadata: object = {}): Record<string, unknown> {
  const template = { spec: { containers: [{ name: 'main', image }] } };
  return { apiVersion: 'apps/v1', kind, metadata: { namespace: 'shop', name, uid: name, ...metadata }, spec: { template } };
}

function pod(
  name: string,
  metadata: object,
  containers: Record<string, readonly [reference: string, digest: string][]>,
  phase = 'Running',
): Record<string, unknown> {
  const spec: Record<string, unknown> = { nodeName: 'node-1' };
  const status: Record<string, unknown> = { phase };
  for (const [list, items] of Object.entries(containers)) {
    spec[list] = items.map(([image], index) => ({ name: `${list}-${index}`, image }));
    status[list.replace(/s$/, 'Statuses')] = items.map(([image, imageID], index) => ({ name: `${list}-${index}`, image, imageID }));
  }
  return { apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'shop', name, uid: name, ...metadata }, spec, status };
}

function gathered(
  workloads: readonly Record<string, unknown>[],
  pods: readonly Record<string, unknown>[],
  inScope?: ConstructorParameters<typeof ImageTargets>[0],
  platform?: ConstructorParameters<typeof ImageTargets>[1],
  before?: PreviousImages,
): ImageTargets {
  const all = new ImageTargets(inScope, platform, before);
  for (const object of workloads) all.addWorkload(object);
  for (const object of pods) all.addPod(object);
  return all;
}

describe('ImageTargets', () => {
  it('lists the images of init, main and ephemeral containers once for the topmost owner', () => {
    const deployment = workload('Deployment', 'web', 'web:1');
    const replicas = workload('ReplicaSet', 'web-1', 'web:1', owner('Deployment', 'web'));
    const containers = {
      initContainers: [['init:1', `r/init@${digest('a')}`] as [string, string]],
      containers: [['web:1', `r/web@${digest('b')}`] as [string, string]],
      ephemeralContainers: [['debug:1', `r/debug@${digest('c')}`] as [string, string]],
    };
    const pods = [pod('web-1-x', owner('ReplicaSet', 'web-1'), containers), pod('web-1-y', owner('ReplicaSet', 'web-1'), containers)];
    const all = gathered([deployment, replicas], pods);
    const targets = all.targets();
    expect(targets.map(({ workload: { kind, name } }) => `${kind} ${name}`)).to.deep.equal(['Deployment web']);
    expect(targets[0]?.containers.map(({ image }) => image?.reference)).to.deep.equal([
      `r/init@${digest('a')}`,
      `r/web@${digest('b')}`,
      `r/debug@${digest('c')}`,
    ]);
    expect([...all.images(targets)].map(([key, { nodes }]) => [key, ...nodes])).to.deep.equal(
      ['a', 'b', 'c'].map((letter) => [digest(letter), 'node-1']),
    );
  });

  it('lists a reference without an image until a pod has run it', () => {
    const targets = gathered(
      [workload('Deployment', 'idle', 'never:1'), workload('Deployment', 'known', 'web:1')],
      [pod('done', {}, { containers: [['web:1', `r/web@${digest('b')}`]] }, 'Succeeded')],
    ).targets();
    expect(
      targets.map(({ workload: { name }, containers }) => [name, containers[0]?.reference, containers[0]?.image?.digest]),
    ).to.deep.equal([
      ['idle', 'never:1', undefined],
      ['known', 'web:1', digest('b')],
    ]);
  });

  it('lists the image that ran last for a reference while no pod runs it, such as between two pods', () => {
    const deployment = workload('Deployment', 'web', 'web:1');
    const of = (name: string, imageID: string, phase = 'Running'): Record<string, unknown> =>
      pod(name, owner('Deployment', 'web'), { containers: [['web:1', imageID]] }, phase);
    const ranIn = (all: ImageTargets): PreviousImages => all.imagesByReference(all.targets());
    const imagesOf = (all: ImageTargets): unknown => all.targets().map(({ containers }) => containers.map(({ image }) => image?.digest));
    const running = gathered([deployment], [of('x', `r/web@${digest('a')}`)]);
    // The next pod waits, then there is no pod: the image is carried over from sync to sync.
    const waiting = gathered([deployment], [of('y', '', 'Pending')], undefined, undefined, ranIn(running));
    const none = gathered([deployment], [], undefined, undefined, ranIn(waiting));
    const other = gathered([deployment], [of('z', `r/web@${digest('b')}`)], undefined, undefined, ranIn(none));
    expect([running, waiting, none, other].map(imagesOf)).to.deep.equal(['a', 'a', 'a', 'b'].map((letter) => [[digest(letter)]]));
    // A pod that starts beside a running one adds no image. The image of a new reference is unknown.
    const beside = gathered([deployment], [of('x', `r/web@${digest('a')}`), of('y', '', 'Pending')]);
    const rolled = gathered([workload('Deployment', 'web', 'web:2')], [], undefined, undefined, ranIn(running));
    expect([beside, rolled].map(imagesOf)).to.deep.equal([[[digest('a')]], [[undefined]]]);
    expect([...ranIn(rolled)]).to.deep.equal([]);
  });

  it('lists an image once if pods use two references, and several images for one reference', () => {
    const deployment = workload('Deployment', 'web', 'web:1');
    const of = (name: string, reference: string, letter: string): Record<string, unknown> =>
      pod(name, owner('Deployment', 'web'), { containers: [[reference, `r/web@${digest(letter)}`]] });
    const [target] = gathered([deployment], [of('x', 'web:1', 'a'), of('y', 'web:latest', 'a'), of('z', 'web:1', 'b')]).targets();
    expect(target?.containers.map(({ image }) => image?.digest)).to.deep.equal([digest('a'), digest('b')]);
  });

  it('lists an image for each platform of the nodes, also for a workload without pods', () => {
    const on = (name: string, node: string, of: string): Record<string, unknown> => {
      const made = pod(name, owner('Deployment', of), { containers: [['web:1', `r/web@${digest('a')}`]] });
      return { ...made, spec: { ...(made['spec'] as object), nodeName: node } };
    };
    const all = gathered(
      [workload('Deployment', 'web', 'web:1'), workload('Deployment', 'one', 'web:1'), workload('Deployment', 'idle', 'web:1')],
      [on('x', 'n-amd64', 'web'), on('y', 'n-arm64', 'web'), on('z', 'n-arm64', 'web'), on('v', 'n-arm64b', 'one')],
      undefined,
      (node) => node?.replace('n-', 'linux/').replace(/b$/, ''),
    );
    const targets = all.targets();
    expect(targets.map(({ workload: { name }, containers }) => [name, ...containers.map(({ image }) => image?.platform)])).to.deep.equal([
      ['web', 'linux/amd64', 'linux/arm64'],
      ['one', 'linux/arm64'],
      ['idle', 'linux/amd64', 'linux/arm64'],
    ]);
    expect([...all.images(targets)].map(([key, { nodes }]) => [key, ...nodes])).to.deep.equal([
      [`${digest('a')}+linux/amd64`, 'n-amd64'],
      [`${digest('a')}+linux/arm64`, 'n-arm64', 'n-arm64b'],
    ]);
  });

  it('leaves out workloads that are not in scope, with or without pods', () => {
    const workloads = ['a', 'b', 'c', 'd'].map((name) => workload('Deployment', name, 'web:1'));
    const pods = ['a', 'b'].map((name) => pod(`${name}-x`, owner('Deployment', name), { containers: [['web:1', `r/web@${digest('a')}`]] }));
    const names = gathered(workloads, pods, ({ name }) => name !== 'b' && name !== 'd').targets();
    expect(names.map(({ workload: { name } }) => name)).to.deep.equal(['a', 'c']);
  });

  for (const [imageID, found] of [
    ['', undefined],
    ['not a digest', undefined],
    [
      `reg.example:5000/a@${digest('d')}`,
      { digest: digest('d'), reference: `reg.example:5000/a@${digest('d')}`, alias: `a@${digest('d')}` },
    ],
    [`docker-pullable://a@${digest('d')}`, { digest: digest('d'), reference: `a@${digest('d')}` }],
    [digest('e'), { digest: digest('e'), reference: 'a:1' }],
  ] as const) {
    it(`reads the imageID ${JSON.stringify(imageID.slice(0, 30))}`, () => {
      expect(runningImage({ imageID, image: 'a:1' })).to.deep.equal(found);
    });
  }

  for (const [what, requested, from, reference, alias] of [
    [
      'the name in the pod spec if the container status has another name',
      'own.example/web:1',
      'mirror.example/web',
      'own.example/web',
      'mirror.example/web',
    ],
    [
      'the name and the digest in the pod spec',
      `own.example/web@${digest('e')}`,
      'mirror.example/web',
      `own.example/web@${digest('e')}`,
      'mirror.example/web',
    ],
    ['the full name in the container status if it is the same', 'web:1', 'docker.io/library/web', 'docker.io/library/web', undefined],
    [
      'the name in the container status if the pod spec has no registry',
      'team/web:1',
      'own.example/team/web',
      'own.example/team/web',
      'team/web',
    ],
    [
      'the name in the container status if the pod spec has a port and a tag',
      'own.example:5000/web:1',
      'own.example:5000/web',
      'own.example:5000/web',
      undefined,
    ],
  ] as const) {
    it(`uses ${what}`, () => {
      const whole = (name: string): string => (name.includes('@') ? name : `${name}@${digest('d')}`);
      expect(runningImage({ requested, imageID: whole(from), image: `${from}:1` })).to.deep.equal({
        digest: digest('d'),
        reference: whole(reference),
        ...(alias === undefined ? {} : { alias: whole(alias) }),
      });
    });
  }

  it('lists all references of an image in pod specs and statuses, and for a namespace those of its own pods', () => {
    const of = (name: string, namespace: string, requested: string): Record<string, unknown> => {
      const made = pod(name, { namespace }, { containers: [[requested, `mirror.example/web@${digest('b')}`]] });
      return { ...made, spec: { ...(made['spec'] as object), imagePullSecrets: [{ name: 's' }] } };
    };
    const all = gathered(
      [],
      [of('x', 'shop', 'own.example/web:1'), of('y', 'bank', 'bank.example/web:1'), of('z', 'shop', 'own.example/web:1')],
    );
    const named = (...names: string[]): string[] => names.map((name) => `${name}/web@${digest('b')}`);
    expect(all.images(all.targets()).get(digest('b'))?.references).to.deep.equal(named('bank.example', 'own.example', 'mirror.example'));
    expect([...(all.users().get(digest('b')) ?? [])].map(([place, { references }]) => [place, references])).to.deep.equal([
      ['shop', named('own.example', 'mirror.example')],
      ['bank', named('bank.example', 'mirror.example')],
    ]);
  });

  it('lists the imagePullSecrets of pods in scope', () => {
    const secrets = (object: Record<string, unknown>, namespace: string, ...names: string[]): Record<string, unknown> => ({
      ...object,
      metadata: { ...(object['metadata'] as object), namespace },
      spec: { ...(object['spec'] as object), imagePullSecrets: names.map((name) => ({ name })) },
    });
    const one = (name: string): Record<string, unknown> => pod(name, {}, { containers: [['web:1', `r/web@${digest('b')}`]] });
    const all = gathered(
      [],
      [
        secrets(one('a'), 'shop', 'x'),
        secrets(one('b'), 'shop', 'w', 'x'),
        secrets(one('c'), 'bank', 'y'),
        one('d'),
        secrets(one('e'), 'out', 'z'),
      ],
      ({ namespace }) => namespace !== 'out',
    );
    expect([...(all.users().get(digest('b')) ?? [])].map(([place, { pullSecrets }]) => [place, pullSecrets])).to.deep.equal([
      ['shop', ['w', 'x']],
      ['bank', ['y']],
    ]);
  });
});
