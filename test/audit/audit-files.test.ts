import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { AuditFileError, AuditFiles } from '../../operator/audit/receiving/audit-files.ts';

const NOW = Date.UTC(2026, 2, 1);
const DAY = 86_400_000;
const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('AuditFiles', () => {
  let folder = '';
  const path = (name: string): string => join(folder, name);
  const write = (name: string, text: string): void => writeFileSync(path(name), text);
  const own = (): AuditFiles =>
    new AuditFiles({ seed: path('seed'), tokens: path('token'), clientNames: [], serverNames: ['vigil-audit'] });
  const headers = (token: string): never => ({ headers: { authorization: `Bearer ${token}` }, socket: {} }) as never;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vigil-audit-'));
    write('seed', `${'0f'.repeat(32)}\n`);
    write('token', 'a-token-of-twenty-characters\n');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('makes a certificate, and renews it after ten days', async () => {
    const files = own();
    const first = await files.read(NOW);
    expect(first?.credentials.cert).to.match(/^-----BEGIN CERTIFICATE-----\n/);
    expect(await files.read(NOW + 9 * DAY)).to.equal(undefined);
    const second = await files.read(NOW + 11 * DAY);
    expect(second?.credentials.cert).not.to.equal(first?.credentials.cert);
    expect(second?.authority).to.equal(first?.authority);
  });

  it('uses other tokens after the file changed', async () => {
    const files = own();
    const first = await files.read(NOW);
    write('token', 'another-token-of-twenty\n');
    const second = await files.read(NOW);
    expect([
      first?.check.accepts(headers('a-token-of-twenty-characters')),
      second?.check.accepts(headers('a-token-of-twenty-characters')),
    ]).to.deep.equal([true, false]);
    expect(second?.check.accepts(headers('another-token-of-twenty'))).to.equal(true);
    expect(second?.credentials).to.deep.equal(first?.credentials);
  });

  it('makes another authority after the seed changed', async () => {
    const files = own();
    const first = await files.read(NOW);
    write('seed', '1f'.repeat(32));
    expect((await files.read(NOW))?.authority).not.to.equal(first?.authority);
  });

  it('uses a certificate that was given', async () => {
    write('tls.crt', 'CERT');
    write('tls.key', 'KEY');
    write('ca.crt', 'CA');
    const files = new AuditFiles({
      cert: path('tls.crt'),
      key: path('tls.key'),
      clientAuthorities: path('ca.crt'),
      clientNames: ['kube-apiserver'],
      serverNames: [],
    });
    const identity = await files.read(NOW);
    expect([identity?.credentials, identity?.authority]).to.deep.equal([{ cert: 'CERT', key: 'KEY', clientAuthorities: 'CA' }, undefined]);
  });

  it('names the file that it cannot use', async () => {
    write('seed', 'short');
    const short = await rejection(own().read(NOW));
    expect(short).to.be.instanceOf(AuditFileError);
    expect((short as Error).message).to.match(/seed: has 5 bytes, and needs at least 32 random ones/);
    rmSync(path('token'));
    expect(((await rejection(own().read(NOW))) as Error).message).to.match(/token: cannot be read: ENOENT; mount the Secret that has it/);
  });
});
