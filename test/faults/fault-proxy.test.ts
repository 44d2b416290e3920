import { expect } from 'chai';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FaultProxy, statusBody, type FaultAction, type ProxiedCall } from './fault-proxy.ts';

const asks =
  (method: string, path: string) =>
  (call: ProxiedCall): boolean =>
    call.method === method && call.path === path;

describe('the fault proxy', () => {
  const carriedOut: string[] = [];
  let server: Server;
  let proxy: FaultProxy;
  let address: string;

  before(async () => {
    server = createServer((incoming, answer) => {
      carriedOut.push(`${incoming.method ?? ''} ${incoming.url ?? ''} ${incoming.headers.authorization ?? ''}`);
      incoming.resume();
      answer.end('0123456789'.repeat(20));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    proxy = new FaultProxy({ server: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    address = await proxy.start();
  });

  beforeEach(() => {
    carriedOut.length = 0;
    proxy.calls.length = 0;
  });

  after(async () => {
    await proxy.stop();
    server.closeAllConnections();
    server.close();
  });

  const ask = (action: FaultAction, skip = 0): Promise<Response> => {
    proxy.arm({ match: asks('POST', '/x'), action, skip });
    return fetch(`${address}/x?a=b`, { method: 'POST', body: 'text' });
  };
  const fails = async (call: Promise<unknown>): Promise<boolean> =>
    call.then(
      () => false,
      () => true,
    );

  it('forwards and records calls without a rule, with their token', async () => {
    proxy.arm();
    const answer = await fetch(`${address}/x?a=b`, { headers: { authorization: 'Bearer t' } });
    expect([answer.status, (await answer.text()).length]).to.deep.equal([200, 200]);
    expect(carriedOut).to.deep.equal(['GET /x?a=b Bearer t']);
    expect(proxy.calls).to.deep.equal([{ method: 'GET', path: '/x', query: 'a=b', body: '', status: 200, forwarded: true }]);
  });

  it('cuts a call before or after the server has processed it', async () => {
    expect(await fails(ask({ kind: 'cut', when: 'before' }))).to.equal(true);
    expect(carriedOut).to.have.length(0);
    expect(await fails(ask({ kind: 'cut', when: 'after' }))).to.equal(true);
    expect(carriedOut).to.have.length(1);
  });

  it('breaks an answer off, ends it early without an error, or changes its bytes', async () => {
    expect(await fails(ask({ kind: 'truncate' }).then((answer) => answer.text()))).to.equal(true);
    expect(await (await ask({ kind: 'truncate', clean: true })).text()).to.have.length(100);
    const corrupt = await (await ask({ kind: 'corrupt' })).text();
    expect([corrupt.length, corrupt === '0123456789'.repeat(20)]).to.deep.equal([200, false]);
  });

  it('answers instead of the server', async () => {
    const body = statusBody(429, 'TooManyRequests', 'slowly');
    const answer = await ask({ kind: 'answer', status: 429, body, retryAfter: 2 });
    expect([answer.status, answer.headers.get('retry-after'), await answer.json()]).to.deep.equal([429, '2', body]);
    expect(carriedOut).to.have.length(0);
  });

  it('stalls before the answer, or within it', async () => {
    proxy.arm({ match: asks('GET', '/x'), action: { kind: 'stall', when: 'before' } });
    expect(await fails(fetch(`${address}/x`, { signal: AbortSignal.timeout(100) }))).to.equal(true);
    expect(carriedOut).to.have.length(0);
    proxy.arm({ match: asks('GET', '/x'), action: { kind: 'stall', when: 'after' } });
    const answer = await fetch(`${address}/x`, { signal: AbortSignal.timeout(200) });
    expect(answer.status).to.equal(200);
    expect(await fails(answer.text())).to.equal(true);
  });

  it('applies a rule to matching calls, for the given number of times', async () => {
    proxy.arm({ match: asks('GET', '/x'), skip: 1, times: 2, action: { kind: 'answer', status: 500, body: {} } });
    const statuses: number[] = [];
    for (let count = 0; count < 5; count++) statuses.push((await fetch(`${address}/x`)).status);
    expect(statuses).to.deep.equal([200, 500, 500, 200, 200]);
    expect(proxy.taken).to.equal(2);
  });

  it('runs a function before or after a call', async () => {
    const order: string[] = [];
    const work = (): void => void order.push(`after ${carriedOut.length}`);
    await (await ask({ kind: 'run', when: 'before', work })).text();
    await (await ask({ kind: 'run', when: 'after', work })).text();
    expect(order).to.deep.equal(['after 0', 'after 2']);
    expect(await fails(ask({ kind: 'run', when: 'before', cut: true, work }))).to.equal(true);
    expect(carriedOut).to.have.length(2);
  });
});
