import { expect } from 'chai';
import { randomBytes } from 'node:crypto';
import type { BaselineDocument } from '../../operator/anomalies/anomaly-detector.ts';
import { BASELINE_NAME, BaselineStore } from '../../operator/anomalies/baseline-store.ts';
import { DocumentConflict } from '../../operator/kube/documents/document-error.ts';
import { collectOrphans, ORPHAN_AGE } from '../../operator/kube/documents/document-collector.ts';
import { DocumentStore } from '../../operator/kube/documents/document-store.ts';
import { MemoryApi } from '../kube/memory-api.ts';

const home = 'vigil-system';
const path = `/api/v1/namespaces/${home}/configmaps/${BASELINE_NAME}`;
/** A baseline in several pieces: random, so that it stays large after compression. */
const baseline = (name: string): readonly BaselineDocument[] => [
  { name, formatVersion: 1, content: { text: randomBytes(800_000).toString('base64') } },
];
const small = (name: string): readonly BaselineDocument[] => [{ name, formatVersion: 1, content: {} }];
const killed = new Error('the process was killed');

describe('BaselineStore', () => {
  let api: MemoryApi;
  beforeEach(() => {
    api = new MemoryApi();
  });
  const next = (): BaselineStore => new BaselineStore(api, home);
  const namesIn = async (): Promise<readonly string[]> => (await next().load()).documents.map(({ name }) => name);
  /** Lets a process write `count` times. Everything that it does after that fails, as if it were killed. */
  const killAfter = (count: number): void => {
    let writes = 0;
    api.onCall = ({ method = 'GET' }) => {
      if (method !== 'GET') writes += 1;
      if (writes > count) throw killed;
    };
  };

  it('has the old or the new state after a kill between any two writes, and goes on', async () => {
    const seen: string[] = [];
    for (let writes = 0; seen.at(-1) !== 'all'; writes += 1) {
      api = new MemoryApi();
      const store = next();
      await store.load();
      await store.save(baseline('old'));
      const pieces = api.objects.size;
      killAfter(writes);
      const isComplete = await store.save(baseline('new')).then(
        () => true,
        () => false,
      );
      const all = api.writes.length;
      api.onCall = () => undefined;
      const [name = ''] = await namesIn();
      expect(['old', 'new']).to.include(name);
      if (isComplete) expect(name).to.equal('new');
      // The process after it learns more, and what the killed one left behind goes.
      const later = next();
      await later.load();
      await later.save(baseline('later'));
      await collectOrphans(new DocumentStore(api, home), Date.now() + 2 * ORPHAN_AGE, 0);
      expect([await namesIn(), api.objects.size]).to.deep.equal([['later'], pieces]);
      seen.push(name, ...(writes >= all ? ['all'] : []));
    }
    expect(seen.filter((name) => name === 'old').length).to.be.greaterThan(2);
    expect(seen.filter((name) => name === 'new').length).to.be.greaterThan(1);
  });

  it('is not overwritten by a leader that has not noticed that another one leads', async () => {
    const [old, leader] = [next(), next()];
    await old.load();
    await old.save(small('first'));
    await leader.load();
    await leader.save(small('second'));
    for (const name of ['third', 'fourth']) {
      expect(
        await old.save(small('old')).then(
          () => undefined,
          (error: unknown) => error,
        ),
      ).to.be.instanceOf(DocumentConflict);
      await leader.save(small(name));
    }
    expect(await namesIn()).to.deep.equal(['fourth']);
  });

  it('is stored again after somebody edited or deleted it', async () => {
    const store = next();
    await store.load();
    await store.save(small('first'));
    await api.call({ method: 'PATCH', path, body: { metadata: { labels: { edited: 'yes' } } } });
    expect(
      await store.save(small('second')).then(
        () => undefined,
        (error: unknown) => error,
      ),
    ).to.be.instanceOf(DocumentConflict);
    await store.save(small('third'));
    expect(await namesIn()).to.deep.equal(['third']);
    await api.call({ method: 'DELETE', path });
    await store.save(small('fourth'));
    expect(await namesIn()).to.deep.equal(['fourth']);
  });

  for (const [title, damage] of [
    ['torn', { data: null, binaryData: { document: Buffer.from('{"vigil":1,"document":"anomaly-baseline"').toString('base64') } }],
    ['emptied', { data: null, binaryData: null }],
    ['of a newer version', { binaryData: { document: Buffer.from('{"vigil":2}\n').toString('base64') } }],
  ] as const)
    it(`says that it is ${title}, and is learned and stored again`, async () => {
      const store = next();
      await store.load();
      await store.save(small('first'));
      await api.call({ method: 'PATCH', path, body: damage });
      const later = next();
      const { documents, problem } = await later.load();
      expect([documents, problem]).to.satisfy(
        ([read, text]: [readonly BaselineDocument[], string]) =>
          read.length === 0 && text.startsWith('what was normal cannot be read and is learned again: '),
      );
      await later.save(small('again'));
      expect(await namesIn()).to.deep.equal(['again']);
    });
});
