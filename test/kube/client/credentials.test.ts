import { expect } from 'chai';
import { KubeConfig } from '@kubernetes/client-node';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Credentials } from '../../../operator/kube/client/credentials.ts';
import { KubeClient } from '../../../operator/kube/client/kube-client.ts';
import { ApiDouble, says } from '../api-double.ts';

describe('credentials', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'vigil-credentials-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  /** A kubeconfig whose exec plugin records each run and returns the token and certificates of `credential.json`. */
  function plugin(status: object): KubeConfig {
    writeFileSync(
      join(folder, 'credential.json'),
      JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status }),
    );
    const kubeConfig = new KubeConfig();
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: 'sh',
      args: ['-c', `echo run >>${folder}/runs; cat ${folder}/credential.json`],
      interactiveMode: 'Never',
    };
    kubeConfig.loadFromClusterAndUser({ name: 'c', server: 'https://127.0.0.1:1', skipTLSVerify: true }, { name: folder, exec });
    return kubeConfig;
  }
  const runs = (): number => readFileSync(join(folder, 'runs'), 'utf8').trim().split('\n').length;
  /** An expired credential, which client-node does not cache. */
  const passing = { token: 't', expirationTimestamp: '2000-01-01T00:00:00Z' };

  it('are read once for concurrent calls', async () => {
    const credentials = new Credentials({ kubeConfig: plugin(passing) });
    const all = await Promise.all(Array.from({ length: 20 }, () => credentials.current()));
    expect([runs(), new Set(all).size]).to.deep.equal([1, 1]);
    expect(all[0]?.headers).to.deep.equal({ Authorization: 'Bearer t' });
  });

  it('are read again after a minute, and once after any number of 401 responses', async () => {
    const credentials = new Credentials({ kubeConfig: plugin(passing) });
    const first = await credentials.current(0);
    expect(await credentials.current(59_999)).to.equal(first);
    await credentials.current(60_000);
    expect(runs()).to.equal(2);
    const refused = await credentials.current(60_001);
    credentials.expire(refused);
    const renewed = await credentials.current(60_002);
    credentials.expire(refused);
    expect(await credentials.current(60_003)).to.equal(renewed);
    expect(runs()).to.equal(3);
  });

  it('are read again by the next call after a plugin failed', async () => {
    const kubeConfig = plugin(passing);
    writeFileSync(join(folder, 'credential.json'), 'no JSON');
    const credentials = new Credentials({ kubeConfig });
    const failures = await Promise.allSettled([credentials.current(), credentials.current()]);
    expect(failures.map(({ status }) => status)).to.deep.equal(['rejected', 'rejected']);
    plugin(passing);
    expect((await credentials.current()).headers).to.have.property('Authorization');
  });

  it('keep their connections while the certificates are the same, and close the old ones when they change', async () => {
    const credentials = new Credentials({ kubeConfig: plugin({ ...passing, clientCertificateData: 'a', clientKeyData: 'b' }) });
    const first = (await credentials.current(0)).pool('shared');
    plugin({ ...passing, token: 'other', clientCertificateData: 'a', clientKeyData: 'b' });
    expect((await credentials.current(60_000)).pool('shared')).to.equal(first);
    plugin({ ...passing, clientCertificateData: 'c', clientKeyData: 'd' });
    const second = (await credentials.current(120_000)).pool('shared');
    expect(second).to.not.equal(first);
    await new Promise((resolve) => setImmediate(resolve));
    expect([first, second].map((pool) => (pool as unknown as { closed: boolean }).closed)).to.deep.equal([true, false]);
  });

  it('give the lease its own connections, so that it does not wait for calls that use all others', async () => {
    const server = new ApiDouble();
    try {
      const { credentials } = await server.start();
      const { pool } = await credentials.current();
      expect(pool('lease')).to.not.equal(pool('shared'));
      expect(pool('lease')).to.equal(pool('lease'));
      const stop = new AbortController();
      const stuck = new KubeClient(credentials, { retries: 0 });
      // All shared connections are used by calls that never get a response.
      server.answers = [(answer, { url }) => (url === '/lease' ? says({ ok: true })(answer) : undefined)];
      const calls = Array.from({ length: 40 }, (_, index) =>
        stuck.call({ path: `/stuck/${index}`, signal: stop.signal }).catch(() => 'cut'),
      );
      await server.seen(32);
      expect(await new KubeClient(credentials, { pool: 'lease' }).call({ path: '/lease' })).to.deep.equal({ ok: true });
      stop.abort();
      await Promise.all(calls);
    } finally {
      server.stop();
    }
  });
});

describe('the timeout of a call', () => {
  it("is the client's for the response headers of a watch, and is not limited by the pool", async () => {
    const server = new ApiDouble();
    try {
      const client = await server.start({ timeout: 300, retries: 0 });
      server.answers = [(): void => undefined];
      const began = performance.now();
      const failure = await client.stream({ path: '/watch', timeout: 0 }).catch((error: unknown) => error);
      expect(String(failure)).to.include('no response');
      // undici checks its timers every half second.
      expect(performance.now() - began).to.be.within(299, 20_000);
      const options = (await client.credentials.current()).pool('shared') as unknown as Record<symbol, { headersTimeout?: number }>;
      const kept = Object.getOwnPropertySymbols(options).map((symbol) => options[symbol]?.headersTimeout);
      expect(kept).to.include(0);
    } finally {
      server.stop();
    }
  });
});
