import { generateKeyPairSync } from 'node:crypto';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { AuditEndpoint, BODY_LIMIT, type RefusalReason } from '../../operator/audit/receiving/audit-endpoint.ts';
import type { AuditBody } from '../../operator/audit/receiving/audit-queue.ts';
import { CallerCheck, tokensOf } from '../../operator/audit/receiving/caller-check.ts';
import { authorityCertificate, leafCertificate } from '../../operator/audit/tls/certificate.ts';
import { OwnCertificates } from '../../operator/audit/tls/own-certificates.ts';

const token = 'a-token-of-twenty-characters';
const own = new OwnCertificates(Buffer.alloc(32, 7), ['vigil-audit']);
const clients = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const clientAuthorities = authorityCertificate('clients', clients, new Date('2025-01-01'), new Date('2049-01-01'));

/** A client certificate of the authority of clients, or of another one. */
const client = (name: string, keys = clients): { cert: string; key: string } => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    cert: leafCertificate({ name: 'clients', keys }, publicKey, {
      purpose: 'client',
      names: [name],
      from: new Date('2025-01-01'),
      until: new Date('2049-01-01'),
    }),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
  };
};

describe('AuditEndpoint', () => {
  let port = 0;
  let bodies: AuditBody[] = [];
  let refusals: RefusalReason[] = [];
  const check = new CallerCheck({ tokens: [token], clientNames: ['kube-apiserver'] });
  const endpoint = new AuditEndpoint({
    port: 0,
    host: '127.0.0.1',
    credentials: { ...own.issue(Date.now()), clientAuthorities },
    check,
    offer: (body) => bodies.push(body),
    refused: (reason) => refusals.push(reason),
  });

  before(async () => {
    port = await endpoint.start();
  });
  after(() => endpoint.stop());
  beforeEach(() => {
    bodies = [];
    refusals = [];
  });

  const send = (body: Buffer | string, options: RequestOptions = {}): Promise<number> =>
    new Promise((resolve, reject) => {
      const request = httpsRequest(
        {
          host: '127.0.0.1',
          port,
          servername: 'vigil-audit',
          ca: own.authority,
          method: 'POST',
          path: '/',
          agent: false,
          headers: { authorization: `Bearer ${token}` },
          ...options,
        },
        (response) => {
          response.resume();
          response.on('end', () => resolve(response.statusCode ?? 0));
        },
      );
      request.on('error', reject);
      request.end(body);
    });

  it('accepts a body from who has the token', async () => {
    expect(await send('{}')).to.equal(200);
    expect(bodies.map(({ bytes, server }) => [bytes.toString(), server])).to.deep.equal([['{}', '127.0.0.1']]);
  });

  it('takes the name of the API server from the query, unless it is hostile', async () => {
    await send('{}', { path: '/audit?timeout=30s&server=cp-1' });
    await send('{}', { path: `/?server=${encodeURIComponent('cp\n1')}` });
    expect(bodies.map(({ server }) => server)).to.deep.equal(['cp-1', '127.0.0.1']);
  });

  it('reads gzip', async () => {
    expect(await send(gzipSync('{"a":1}'), { headers: { authorization: `Bearer ${token}`, 'content-encoding': 'gzip' } })).to.equal(200);
    expect(bodies[0]?.bytes.toString()).to.equal('{"a":1}');
  });

  it('accepts a verified client certificate with a known name', async () => {
    expect(await send('{}', { headers: {}, ...client('kube-apiserver') })).to.equal(200);
  });

  const refused: [string, number, RefusalReason, RequestOptions, (Buffer | string)?][] = [
    ['no token', 401, 'unauthenticated', { headers: {} }],
    ['a wrong token', 401, 'unauthenticated', { headers: { authorization: 'Bearer a-token-of-twenty-charactersX' } }],
    ['a token with another scheme', 401, 'unauthenticated', { headers: { authorization: `Basic ${token}` } }],
    ['a verified certificate with another name', 401, 'unauthenticated', { headers: {}, ...client('system:node:n1') }],
    [
      'a certificate of another authority',
      401,
      'unauthenticated',
      { headers: {}, ...client('kube-apiserver', generateKeyPairSync('ec', { namedCurve: 'P-256' })) },
    ],
    ['GET', 405, 'method', { method: 'GET' }],
    ['an unknown encoding', 415, 'encoding', { headers: { authorization: `Bearer ${token}`, 'content-encoding': 'br' } }],
    ['damaged gzip', 415, 'encoding', {}, gzipSync('{}').subarray(0, 12)],
    ['a body that grows', 415, 'encoding', {}, gzipSync(Buffer.alloc(64 * 1024 * 1024))],
    ['a length that is too large', 413, 'too-large', { headers: { authorization: `Bearer ${token}`, 'content-length': BODY_LIMIT + 1 } }],
  ];
  for (const [title, status, reason, options, body = '{}'] of refused) {
    it(`refuses ${title}`, async () => {
      expect(await send(body, options)).to.equal(status);
      expect([refusals, bodies]).to.deep.equal([[reason], []]);
    });
  }

  it('refuses a body without a length that gets too large', async () => {
    const outcome = await send(Buffer.alloc(BODY_LIMIT + 1), {
      headers: { authorization: `Bearer ${token}`, 'transfer-encoding': 'chunked' },
    }).catch(() => 413);
    expect([outcome, refusals, bodies]).to.deep.equal([413, ['too-large'], []]);
  });

  it('uses a renewed certificate and new tokens at once', async () => {
    const other = new OwnCertificates(Buffer.alloc(32, 8), ['vigil-audit']);
    endpoint.renew(other.issue(Date.now()), new CallerCheck({ tokens: ['another-token-of-twenty'], clientNames: [] }));
    const options = { ca: other.authority, headers: { authorization: 'Bearer another-token-of-twenty' } };
    expect(await send('{}', options)).to.equal(200);
    expect(await send('{}', { ...options, headers: { authorization: `Bearer ${token}` } })).to.equal(401);
  });
});

describe('CallerCheck', () => {
  it('accepts nobody without rules', () => {
    const nobody = new CallerCheck({ tokens: [], clientNames: [] });
    const socket = { authorized: true, getPeerCertificate: () => ({ subject: {} }) } as never;
    expect(nobody.accepts({ headers: { authorization: 'Bearer ' }, socket })).to.equal(false);
  });

  it('reads one token in each line', () => {
    expect(tokensOf(`${token}\n\n  ${token}2 \n`)).to.deep.equal([token, `${token}2`]);
    expect(() => tokensOf('\n')).to.throw('has no token');
    expect(() => tokensOf('short')).to.throw('fewer than 20 characters');
    expect(() => tokensOf(`${token} ${token}`)).to.throw('with spaces');
  });
});
