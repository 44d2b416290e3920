import { expect } from 'chai';
import { hostname } from 'node:os';
import { KubeApiError } from '../../../operator/kube/client/kube-api-error.ts';
import type { KubeClient } from '../../../operator/kube/client/kube-client.ts';
import { workerSettings } from '../../../operator/jobs/template/worker-settings.ts';

const nodeSelector = { pool: 'security' };
const pod = (container: object): object => ({
  spec: { nodeSelector, imagePullSecrets: [{ name: 'pull' }], containers: [{ name: 'proxy', image: 'proxy:1' }, container] },
});

/** A client that returns the operator's own pod, or fails. Counts the reads. */
class OwnPod {
  readonly asked: unknown[] = [];
  readonly client: KubeClient;

  constructor(found: object) {
    const get = (_resource: unknown, target: unknown): Promise<object> => {
      this.asked.push(target);
      return found instanceof Error ? Promise.reject(found) : Promise.resolve(found);
    };
    this.client = { get } as unknown as KubeClient;
  }
}
const failing = (status: number): OwnPod => new OwnPod(new KubeApiError('no', { status }));
const errorOf = (reading: Promise<unknown>): Promise<unknown> => reading.catch((error: unknown) => error);

describe('workerSettings', () => {
  it('are the image, pull secrets and placement of the container operator of its own pod, read once', async () => {
    const own = new OwnPod(pod({ name: 'operator', image: 'vigil:1', imagePullPolicy: 'Always' }));
    const settings = workerSettings(own.client, { namespace: 'v' });
    const expected = {
      ...{ image: 'vigil:1', imagePullPolicy: 'Always', imagePullSecrets: [{ name: 'pull' }], serviceAccount: 'vigil-scanner' },
      placement: { nodeSelector },
    };
    expect([await settings(), await settings()]).to.deep.equal([expected, expected]);
    expect(own.asked).to.deep.equal([{ namespace: 'v', name: hostname() }]);
  });

  it('pull the image only if it is not present by default', async () => {
    const own = new OwnPod({ spec: { containers: [{ name: 'operator', image: 'vigil:1' }] } });
    expect(await workerSettings(own.client, { namespace: 'v' })()).to.deep.equal({
      ...{ image: 'vigil:1', imagePullPolicy: 'IfNotPresent', imagePullSecrets: [], serviceAccount: 'vigil-scanner', placement: {} },
    });
  });

  it('are not known if its own pod has no container operator, with the flag that helps', async () => {
    for (const own of [new OwnPod(pod({ name: 'other', image: 'x' })), new OwnPod({})])
      expect(String(await errorOf(workerSettings(own.client, { namespace: 'v' })()))).to.equal(
        `Error: pod v/${hostname()} has no container operator: give --worker-image`,
      );
  });

  it('are the configured image, and the placement of its own pod', async () => {
    const configured = (own: OwnPod): Promise<unknown> => errorOf(workerSettings(own.client, { namespace: 'v', workerImage: 'mine:2' })());
    const expected = { image: 'mine:2', imagePullPolicy: 'IfNotPresent', imagePullSecrets: [], serviceAccount: 'vigil-scanner' };
    expect(await configured(new OwnPod(pod({ name: 'operator', image: 'vigil:1' })))).to.deep.equal({
      ...expected,
      placement: { nodeSelector },
    });
    for (const status of [403, 404]) expect(await configured(failing(status))).to.deep.equal({ ...expected, placement: {} });
    expect(await configured(failing(500))).to.be.instanceOf(KubeApiError);
  });
});
