import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import { RESOURCES } from '../../../operator/api/api-resource.ts';
import type { KubeObject } from '../../../operator/api/metadata.ts';
import { isNotFound } from '../../../operator/kube/client/kube-api-error.ts';
import { listAll } from '../../../operator/kube/list.ts';
import { scanJob } from '../../../operator/scans/attempts/scan-job.ts';
import { testClient, uniqueName } from '../cluster-access.ts';
import { inventoryJob } from '../../../operator/images/jobs/inventory-job.ts';

describe('a namespace that is deleted while pods of Jobs are pending', function () {
  this.timeout(240_000);
  const client = testClient();
  const settings = { image: 'vigil.dev/vigil:dev', imagePullPolicy: 'Never', imagePullSecrets: [], scanner: 't' } as const;
  // No node has this label, so that the pods stay pending.
  const placement = { nodeSelector: { 'vigil.dev/no-such-node': 'true' } };

  /** Waits for a condition. The timeout of the test bounds the wait. */
  async function until(what: () => Promise<boolean>): Promise<void> {
    while (!(await what())) await sleep(500);
  }
  async function isGone(name: string): Promise<boolean> {
    try {
      await client.get(RESOURCES.namespaces, { name });
      return false;
    } catch (error) {
      return isNotFound(error);
    }
  }

  const scanning = (namespace: string): KubeObject => {
    const { metadata, ...job } = scanJob({
      ...settings,
      scan: { name: 's', uid: 'u' },
      namespace,
      attempt: 1,
      shards: 2,
      serviceAccount: 'default',
      configMaps: ['c'],
      template: {},
      placement,
      memoryFactor: 1,
      deadlineFactor: 1,
    });
    // The owner does not exist: the garbage collector would delete the Job, so that the test would prove nothing.
    const { ownerReferences, ...own } = metadata;
    return { ...job, metadata: own };
  };
  const inventory = (namespace: string): KubeObject =>
    inventoryJob({ ...settings, namespace, placement }, { image: { digest: 'sha256:a', reference: 'r/a:1' } });

  for (const [what, make] of [
    ['a scan', scanning],
    ['an inventory', inventory],
  ] as const) {
    it(`is removed by Kubernetes: ${what}`, async () => {
      const name = uniqueName('going');
      await client.create(RESOURCES.namespaces, { metadata: { name } });
      await until(
        async () =>
          (
            await listAll(
              client,
              { group: '', version: 'v1', resource: 'serviceaccounts', kind: 'ServiceAccount', namespaced: true },
              { namespace: name },
            )
          ).length > 0,
      );
      await client.create(RESOURCES.jobs, make(name));
      await until(async () => (await listAll(client, RESOURCES.pods, { namespace: name })).length > 0);
      await client.delete(RESOURCES.namespaces, { name });
      await until(() => isGone(name));
      expect(await isGone(name)).to.equal(true);
    });
  }
});
