import { expect } from 'chai';
import { RESOURCES } from '../../../operator/api/api-resource.ts';
import type { KubeObject } from '../../../operator/api/metadata.ts';
import { Credentials } from '../../../operator/kube/client/credentials.ts';
import { lacksPermission, isNamespaceTerminating } from '../../../operator/kube/client/kube-api-error.ts';
import { KubeClient } from '../../../operator/kube/client/kube-client.ts';
import { Lease, type LeaseOptions } from '../../../operator/kube/lease.ts';
import { kubectl, testClient, uniqueName } from '../cluster-access.ts';

interface LeaseObject extends KubeObject {
  readonly spec: { readonly holderIdentity: string; readonly leaseTransitions: number };
}

/** Credentials of the administrator that impersonate another user. */
class Impersonated extends Credentials {
  readonly #user: string;

  constructor(user: string) {
    super();
    this.#user = user;
  }

  override async current(): ReturnType<Credentials['current']> {
    const own = await super.current();
    return { ...own, headers: { ...own.headers, 'impersonate-user': this.#user } };
  }
}

describe('a lease on a real API server', function () {
  this.timeout(60_000);
  const namespace = uniqueName('lease');
  const client = testClient();
  const leaseOf = (identity: string, options: Partial<LeaseOptions> = {}, through = client): Lease =>
    new Lease(through, { namespace, name: 'l', identity, duration: 2, renewDeadline: 1.5, retryPeriod: 0.2, ...options });
  const read = (): Promise<LeaseObject> => client.get<LeaseObject>(RESOURCES.leases, { namespace, name: 'l' });

  before(() => void kubectl(['create', 'namespace', namespace]));
  after(() => void kubectl(['delete', 'namespace', namespace, '--wait=false']));

  it('passes from a holder that vanishes to a waiting process, and keeps the labels and annotations', async () => {
    const [first, second] = [leaseOf('first'), leaseOf('second')];
    const signal = new AbortController().signal;
    await first.acquire(signal);
    kubectl(['-n', namespace, 'label', 'lease', 'l', 'team=x']);
    kubectl(['-n', namespace, 'annotate', 'lease', 'l', 'note=y']);
    await second.acquire(signal);
    const lease = await read();
    expect(lease.spec).to.include({ holderIdentity: 'second', leaseTransitions: 2 });
    expect(lease.metadata).to.deep.include({ labels: { team: 'x' }, annotations: { note: 'y' } });
    // The fence of the holder that vanished is closed, and the server refuses its writes.
    expect(first.closed()).to.include('has not renewed its lease');
    await second.release();
    expect((await read()).spec.holderIdentity).to.equal('');
  });

  it('reports that it cannot be acquired without permission, or in a missing namespace', async () => {
    const stranger = new KubeClient(new Impersonated(`system:serviceaccount:${namespace}:nobody`), { retries: 0 });
    for (const lease of [leaseOf('x', {}, stranger), leaseOf('x', { namespace: uniqueName('missing') })]) {
      const stop = new AbortController();
      const acquired = lease.acquire(stop.signal).catch(() => 'stopped');
      while (lease.refusal === undefined) await new Promise((resolve) => setTimeout(resolve, 20));
      stop.abort();
      expect(await acquired).to.equal('stopped');
      expect(lease.refusal).to.match(/cannot be acquired: .*(is forbidden|not found).*--namespace or VIGIL_NAMESPACE/);
    }
  });

  it('is refused with errors that the error predicates recognize', async () => {
    const refusal = async (call: Promise<unknown>): Promise<unknown> =>
      call.then(
        () => undefined,
        (error: unknown) => error,
      );
    const map = { metadata: { namespace, name: 'a' } };
    const stranger = new KubeClient(new Impersonated(`system:serviceaccount:${namespace}:nobody`), { retries: 0 });
    const denied = await refusal(stranger.create(RESOURCES.configMaps, map));
    expect([lacksPermission(denied), isNamespaceTerminating(denied)]).to.deep.equal([true, false]);
    kubectl(['-n', namespace, 'create', 'quota', 'none', '--hard=count/configmaps=0']);
    let quota: unknown;
    // The quota is enforced once the controller-manager has computed its status.
    while (!/exceeded quota/.test(String(quota))) {
      quota = await refusal(client.create(RESOURCES.configMaps, map));
      if (quota === undefined) await client.delete(RESOURCES.configMaps, map.metadata);
    }
    expect([lacksPermission(quota), isNamespaceTerminating(quota)]).to.deep.equal([false, false]);
    const missing = await refusal(client.create(RESOURCES.configMaps, { metadata: { namespace: uniqueName('missing'), name: 'a' } }));
    expect([lacksPermission(missing), isNamespaceTerminating(missing)]).to.deep.equal([false, true]);
    const going = uniqueName('going');
    kubectl(['create', 'namespace', going]);
    kubectl(['-n', going, 'create', 'configmap', 'held']);
    kubectl(['-n', going, 'patch', 'configmap', 'held', '--type=merge', '-p', '{"metadata":{"finalizers":["vigil.dev/test"]}}']);
    kubectl(['delete', 'namespace', going, '--wait=false']);
    try {
      const refused = await refusal(client.create(RESOURCES.configMaps, { metadata: { namespace: going, name: 'a' } }));
      expect([lacksPermission(refused), isNamespaceTerminating(refused)]).to.deep.equal([false, true]);
    } finally {
      kubectl(['-n', going, 'patch', 'configmap', 'held', '--type=merge', '-p', '{"metadata":{"finalizers":null}}']);
    }
  });
});
