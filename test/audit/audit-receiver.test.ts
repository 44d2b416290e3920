import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { RESOURCES } from '../../operator/api/api-resource.ts';
import type { KubeObject } from '../../operator/api/metadata.ts';
import type { AuditEvent } from '../../operator/audit/audit-event.ts';
import { AuditReceiver } from '../../operator/audit/audit-receiver.ts';
import { OwnCertificates } from '../../operator/audit/tls/own-certificates.ts';
import { KubeApiError } from '../../operator/kube/client/kube-api-error.ts';
import { createLogger } from '../../operator/telemetry/logger.ts';
import { auditJson } from './sample-events.ts';

const seed = '0f'.repeat(32);
const token = 'a-token-of-twenty-characters';

/** A client that has these objects and remembers what is applied. */
const fakeClient = (authority?: string) => {
  const applied: [string, KubeObject][] = [];
  return {
    applied,
    get: () =>
      authority === undefined
        ? Promise.reject(new KubeApiError('not found', { status: 404 }))
        : Promise.resolve({ metadata: {}, data: { 'ca.crt': authority } } as never),
    apply: (resource: { resource: string }, object: KubeObject) => {
      applied.push([resource.resource, object]);
      return Promise.resolve(object as never);
    },
  };
};

describe('AuditReceiver', () => {
  let folder = '';
  let receiver: AuditReceiver | undefined;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vigil-receiver-'));
    writeFileSync(join(folder, 'token'), token);
  });
  afterEach(async () => {
    await receiver?.stop();
    rmSync(folder, { recursive: true });
  });
  const create = (client: ReturnType<typeof fakeClient>, events: AuditEvent[] = []): AuditReceiver => {
    receiver = new AuditReceiver({
      client,
      log: createLogger('error'),
      namespace: 'vigil-system',
      port: 0,
      address: '10.0.0.7',
      files: { seed: join(folder, 'seed'), tokens: join(folder, 'token'), clientNames: [], serverNames: ['vigil-audit'] },
      consume: (more) => void events.push(...more),
      observer: { received: () => undefined, dropped: () => undefined, refused: () => undefined },
      clock: Date.now,
    });
    return receiver;
  };
  const send = (port: number, body: string): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}` };
      const call = request(
        {
          host: '127.0.0.1',
          port,
          servername: 'vigil-audit',
          ca: new OwnCertificates(Buffer.from(seed), []).authority,
          method: 'POST',
          agent: false,
          headers,
        },
        (response) => resolve(response.resume().statusCode),
      );
      call.on('error', reject).end(body);
    });

  it('receives events, and publishes its authority and its address', async () => {
    writeFileSync(join(folder, 'seed'), seed);
    const [client, events] = [fakeClient(), [] as AuditEvent[]];
    const subject = create(client, events);
    await subject.start();
    expect(subject.problem).to.equal(undefined);
    expect(await send(subject.port ?? 0, JSON.stringify(auditJson({ stageTimestamp: new Date().toISOString() })))).to.equal(200);
    await subject.stop();
    expect(events).to.have.length(1);
    expect(client.applied.map(([resource]) => resource)).to.deep.equal([RESOURCES.configMaps.resource, RESOURCES.endpointSlices.resource]);
    expect(client.applied[1]?.[1]).to.deep.include({
      addressType: 'IPv4',
      endpoints: [{ addresses: ['10.0.0.7'], conditions: { ready: true } }],
      ports: [{ name: 'https', port: subject.port, protocol: 'TCP' }],
    });
  });

  it('leaves a published authority alone if it has the same key', async () => {
    writeFileSync(join(folder, 'seed'), seed);
    const client = fakeClient(new OwnCertificates(Buffer.from(seed), []).authority);
    await create(client).start();
    expect(client.applied.map(([resource]) => resource)).to.deep.equal([RESOURCES.endpointSlices.resource]);
  });

  it('replaces a published authority with another key, or with text', async () => {
    writeFileSync(join(folder, 'seed'), seed);
    for (const authority of [new OwnCertificates(Buffer.alloc(32, 1), []).authority, 'text']) {
      const client = fakeClient(authority);
      const subject = create(client);
      await subject.start();
      await subject.stop();
      expect(client.applied[0]?.[0]).to.equal(RESOURCES.configMaps.resource);
    }
  });

  it('starts without its Secret, and says what is missing', async () => {
    const client = fakeClient();
    const subject = create(client);
    await subject.start();
    expect(subject.problem).to.match(/seed: cannot be read: ENOENT; mount the Secret that has it$/);
    expect([client.applied, subject.port]).to.deep.equal([[], undefined]);
  });
});
