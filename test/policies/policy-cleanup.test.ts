import { expect } from 'chai';
import type { SecurityPolicy } from '../../operator/api/kinds/security-policy.ts';
import { PolicyCleanup, type PolicyCleanupDependencies } from '../../operator/policies/policy-cleanup.ts';
import { policyLabel } from '../../operator/reports/identity/report-name.ts';

const lines: object[] = [];
const log = { info: (fields: object) => void lines.push(fields), error: () => undefined, child: (): unknown => log };

interface ListCall {
  readonly path: string;
  readonly query?: Record<string, string>;
  readonly accept?: string;
}

/** A fake cluster with policies and reports, and the policies of the lister. */
class Cluster {
  /** Policies that the server has. */
  readonly live = new Set<string>();
  /** Policies that the lister has. */
  readonly watched = new Set<string>();
  /** The policies of each report. */
  readonly reports = new Map<string, Set<string>>();
  readonly lists: string[] = [];
  /** The media type that each list asks for. */
  readonly accepted: (string | undefined)[] = [];
  readonly writes: string[] = [];
  /** Called before each list, with its path. */
  onList: (path: string) => unknown = () => undefined;
  readonly gone = new PolicyCleanup({
    client: { call: (call: ListCall) => this.#list(call) },
    publisher: {
      withdraw: (_resource: unknown, { name }: { name: string }, said: readonly string[], isGone: (policy: string) => boolean) => {
        const policies = said.filter(isGone);
        for (const policy of policies) this.reports.get(name)?.delete(policy);
        if (policies.length > 0) this.writes.push(`${name}: ${policies.join()}`);
        return Promise.resolve(policies.length > 0);
      },
    },
    policies: { get: (name: string) => (this.watched.has(name) ? ({ metadata: { name }, spec: {} } as SecurityPolicy) : undefined) },
    log,
    observe: () => undefined,
  } as unknown as PolicyCleanupDependencies);

  async #list({ path, query = {}, accept }: ListCall): Promise<unknown> {
    await Promise.resolve();
    this.onList(path);
    const kind = path.slice(path.lastIndexOf('/') + 1);
    this.lists.push(kind);
    this.accepted.push(accept);
    if (kind === 'securitypolicies') return { metadata: {}, items: [...this.live].map((name) => ({ metadata: { name } })) };
    const [, label] = (query['labelSelector'] ?? '').split(',');
    const items = [...this.reports].map(([name, policies]) => ({
      metadata: { name, namespace: 'n', labels: Object.fromEntries([...policies].map((policy) => [policyLabel(policy), 'true'])) },
    }));
    const selected = items.filter(({ metadata: { labels } }) => label === undefined || label in labels);
    return { metadata: {}, items: kind === 'policyreports' ? selected : [] };
  }

  remove(...names: readonly string[]): ReturnType<PolicyCleanup['remove']> {
    for (const name of names) this.gone.enqueue(name);
    return this.gone.remove();
  }
}

describe('PolicyCleanup', () => {
  let cluster: Cluster;
  beforeEach(() => {
    cluster = new Cluster();
    lines.length = 0;
    cluster.reports.set('web', new Set(['a', 'b', 'c']));
    cluster.reports.set('db', new Set(['b']));
    cluster.reports.set('cache', new Set(['c']));
  });

  it('removes all deleted policies from a report in one write', async () => {
    expect(await cluster.remove('a', 'b')).to.deep.equal({});
    expect(cluster.writes.toSorted()).to.deep.equal(['db: b', 'web: a,b']);
    expect(cluster.lists).to.deep.equal(['securitypolicies', 'policyreports', 'clusterpolicyreports']);
  });

  it('logs the removal once, and nothing if no report named the policy', async () => {
    await cluster.remove('a', 'b');
    expect(lines).to.deep.equal([{ policies: 2, names: ['a', 'b'], reports: 2 }]);
    await cluster.remove('unknown');
    expect(lines).to.have.length(1);
  });

  it('asks the API server for the metadata of policies only', async () => {
    await cluster.remove('a');
    expect(cluster.accepted[0]).to.match(/as=PartialObjectMetadataList/);
  });

  it('lists reports by the label of the policy when one policy is deleted', async () => {
    await cluster.remove('a');
    expect(cluster.writes).to.deep.equal(['web: a']);
  });

  it('keeps a policy that the API server still has, and requeues it', async () => {
    cluster.live.add('b');
    expect(await cluster.remove('a', 'b')).to.deep.equal({ requeueAfter: 1000 });
    expect(cluster.writes).to.deep.equal(['web: a']);
    cluster.live.delete('b');
    expect(await cluster.gone.remove()).to.deep.equal({});
    expect(cluster.writes.slice(1).toSorted()).to.deep.equal(['db: b', 'web: b']);
  });

  it('drops a policy that the lister has again', async () => {
    cluster.watched.add('a');
    expect(await cluster.remove('a')).to.deep.equal({});
    expect(cluster.lists).to.deep.equal([]);
    cluster.watched.delete('a');
    expect(await cluster.gone.remove()).to.deep.equal({});
    expect(cluster.writes).to.deep.equal([]);
  });

  it('keeps the results of a policy that is created again before a report is written', async () => {
    cluster.onList = (path) => path.endsWith('/policyreports') && cluster.watched.add('a');
    await cluster.remove('a', 'b');
    expect(cluster.writes.toSorted()).to.deep.equal(['db: b', 'web: b']);
  });

  it('retries all policies after a failure', async () => {
    let failures = 1;
    cluster.onList = (path) => {
      if (path.endsWith('/clusterpolicyreports') && failures-- > 0) throw new Error('the server is away');
    };
    const failed = await cluster.remove('a', 'b').catch((error: unknown) => error);
    expect(failed).to.be.instanceOf(Error);
    cluster.reports.set('late', new Set(['a']));
    expect(await cluster.gone.remove()).to.deep.equal({});
    expect([...cluster.reports].filter(([, policies]) => policies.has('a') || policies.has('b'))).to.deep.equal([]);
  });

  it('enqueues a policy again that is created and deleted while reports are read', async () => {
    cluster.onList = (path) => path.endsWith('/clusterpolicyreports') && cluster.gone.enqueue('a');
    await cluster.remove('a');
    cluster.onList = () => undefined;
    cluster.reports.set('late', new Set(['a']));
    await cluster.gone.remove();
    expect(cluster.writes).to.deep.equal(['web: a', 'late: a']);
  });

  it('waits for further deletions before it reconciles', async () => {
    cluster.gone.controller.start();
    cluster.gone.enqueue('a');
    cluster.gone.enqueue('b');
    while (cluster.writes.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
    await cluster.gone.controller.stop();
    expect(cluster.lists.filter((kind) => kind === 'securitypolicies')).to.have.length(1);
  });
});
