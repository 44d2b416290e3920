import { expect } from 'chai';
import { keyInNamespace } from '../../../operator/images/targets/image-key.ts';
import type { KubeObject } from '../../../operator/api/metadata.ts';
import { Credentials } from '../../../operator/kube/client/credentials.ts';
import { KubeClient } from '../../../operator/kube/client/kube-client.ts';
import { ImageNamespaces } from '../../../operator/images/jobs/image-namespaces.ts';
import { kubectl, testClient, uniqueName } from '../cluster-access.ts';
import { inventoryJobName } from '../../../operator/images/targets/image-names.ts';
import { inventoryJob } from '../../../operator/images/jobs/inventory-job.ts';

describe('namespaces that opt in to scans with their pull secrets', function () {
  this.timeout(60_000);
  const [home, open, closed] = [uniqueName('home'), uniqueName('open'), uniqueName('closed')];
  const account = `system:serviceaccount:${home}:vigil-operator`;
  const digest = `sha256:${'a'.repeat(64)}`;
  const settings = { namespace: home, image: 'v:1', imagePullPolicy: 'Always', imagePullSecrets: [], scanner: 't:1' } as const;
  const image = { digest, reference: `r/web@${digest}` };
  /** Credentials that impersonate the operator's service account. */
  class Impersonated extends Credentials {
    override async current(): ReturnType<Credentials['current']> {
      const own = await super.current();
      return { ...own, headers: { ...own.headers, 'impersonate-user': account } };
    }
  }
  const operator = new KubeClient(new Impersonated());
  const make = (job: KubeObject): void => void kubectl(['create', '-f', '-'], JSON.stringify(job));
  const fresh = (): ImageNamespaces => new ImageNamespaces(operator, { home, answerLifetime: 1000 });

  before(() => {
    for (const name of [home, open, closed]) kubectl(['create', 'namespace', name]);
    kubectl(['apply', '--server-side', '-f', 'config/base/namespace.yaml', '-f', 'config/base/rbac.yaml']);
    kubectl(['create', 'clusterrolebinding', home, '--clusterrole=vigil-scan', `--user=${account}`]);
    kubectl(['-n', open, 'create', 'rolebinding', 'x', '--clusterrole=vigil-private-images', `--serviceaccount=${home}:vigil-operator`]);
  });
  after(() => {
    kubectl(['delete', 'clusterrolebinding', home, '--ignore-not-found']);
    kubectl(['delete', 'namespace', home, open, closed, '--wait=false']);
  });

  it('are those that allow the operator to create Jobs and read their logs, until the permission is removed', async () => {
    const namespaces = fresh();
    expect([...(await namespaces.optedIn([open, closed, home], 0))]).to.deep.equal([open]);
    kubectl(['-n', open, 'delete', 'rolebinding', 'x']);
    expect([...(await namespaces.optedIn([open], 999))]).to.deep.equal([open]);
    expect([...(await namespaces.optedIn([open], 1000))]).to.deep.equal([]);
  });

  it('are not those that only allow the operator to create Jobs', async () => {
    kubectl(['-n', closed, 'create', 'role', 'jobs', '--verb=create,delete', '--resource=jobs']);
    kubectl(['-n', closed, 'create', 'rolebinding', 'jobs', '--role=jobs', `--serviceaccount=${home}:vigil-operator`]);
    expect([...(await fresh().optedIn([closed], 0))]).to.deep.equal([]);
  });

  it('contain only Jobs of Vigil for their images: not Jobs for other images, with another name or of another part', async () => {
    const own = inventoryJob(settings, { image, scanIn: { namespace: open, pullSecrets: ['s'] } });
    const like = (name: string, images: string, part = 'image-inventory', namespace = open): KubeObject => {
      const metadata = { ...own.metadata, namespace };
      return {
        ...own,
        metadata: {
          ...metadata,
          name,
          labels: { ...metadata.labels, 'vigil.dev/part': part },
          annotations: { 'vigil.dev/images': images },
        },
      };
    };
    const namespaces = fresh();
    expect(await namespaces.jobsIn([open])).to.deep.equal([]);
    for (const job of [
      own,
      like('for-all', digest),
      like('for-others', keyInNamespace(digest, closed)),
      like(inventoryJobName(keyInNamespace(digest, closed)), `${keyInNamespace(digest, closed)} ${digest}`, 'image-inventory', closed),
      like(inventoryJobName(keyInNamespace(digest, open)), keyInNamespace(digest, open), 'image-inventory', closed),
      like('other-name', keyInNamespace(digest, open)),
      like('a-match', keyInNamespace(digest, open), 'image-match'),
    ])
      make(job);
    const found = async (): Promise<string[]> => (await namespaces.jobsIn([open])).map(({ job }) => job.metadata.name);
    // Vigil knows no Job in the namespace until it creates one.
    expect(await found()).to.deep.equal([]);
    namespaces.noteJob(own);
    expect(await found()).to.deep.equal([own.metadata.name]);
    expect(await fresh().jobsIn([closed])).to.deep.equal([]);
    expect((await fresh().jobsIn([open])).map(({ images }) => images)).to.deep.equal([[keyInNamespace(digest, open)]]);
    expect(
      await testClient().get(
        { group: 'batch', version: 'v1', resource: 'jobs', kind: 'Job', namespaced: true },
        { namespace: open, name: 'for-all' },
      ),
    ).to.be.an('object');
  });
});
