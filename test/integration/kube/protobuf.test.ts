import { expect } from 'chai';
import type { KubeObject } from '../../../operator/api/metadata.ts';
import { discoverResources } from '../../../operator/kube/discovery.ts';
import { METADATA_LIST } from '../../../operator/kube/protobuf/response-body.ts';
import { resourcePath } from '../../../operator/kube/client/resource-path.ts';
import { testClient } from '../cluster-access.ts';

/** The part of metadata that `ObjectMeta` describes. Lists in JSON have a few fields more. */
function known({ metadata }: KubeObject): unknown {
  const { selfLink: _, deletionGracePeriodSeconds: __, managedFields, ...rest } = metadata as typeof metadata & Record<string, unknown>;
  const owners = managedFields?.map(({ manager, operation, subresource, fieldsV1 }) => ({ manager, operation, subresource, fieldsV1 }));
  return JSON.parse(JSON.stringify({ ...rest, managedFields: owners }));
}

describe('metadata in protobuf from a real API server', function () {
  this.timeout(60_000);
  // An object may change between the two reads.
  this.retries(3);

  it('is the same as in JSON, for every resource', async () => {
    const client = testClient();
    let compared = 0;
    for (const resource of await discoverResources(client)) {
      if (['events', 'leases', 'componentstatuses'].includes(resource.resource)) continue;
      const path = resourcePath(resource);
      const [json, protobuf] = await Promise.all(
        ['application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1', METADATA_LIST].map((accept) =>
          client.call<{ items: readonly KubeObject[] | null }>({ path, query: { limit: 50 }, accept }),
        ),
      );
      expect((protobuf?.items ?? []).map(known), path).to.deep.equal((json?.items ?? []).map(known));
      compared += json?.items?.length ?? 0;
    }
    expect(compared).to.be.greaterThan(50);
  });
});
