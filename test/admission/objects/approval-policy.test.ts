import { expect } from 'chai';
import { ApprovedImages, unapproved } from '../../../operator/findings/approvals/image-approvals.ts';
import { mostBytes, parametersOf } from '../../../operator/admission/objects/parameters.ts';
import type { SecurityPolicySpec } from '../../../operator/api/kinds/security-policy.ts';
import { decider, objectsOf } from '../admission-fixture.ts';

const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;
const other = `sha256:${'f'.repeat(64)}`;
const required = (approval: object = {}, spec: SecurityPolicySpec = {}): SecurityPolicySpec => ({
  images: { approval: { required: true, ...approval } },
  ...spec,
});
const deployment = (...images: readonly string[]): Readonly<Record<string, unknown>> => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop' },
  spec: { template: { spec: { containers: images.map((image, index) => ({ name: `c${index}`, image })) } } },
});
const approvals = new ApprovedImages(
  ['registry.example.com/shop/web', 'nginx', 'team/app', 'localhost:5000/x', 'localhost/y'].map((repository, index) => ({
    metadata: { name: `a${index}` },
    spec: { images: [{ repository, digest }], reference: 'x' },
  })),
);
const params = parametersOf({ images: approvals.inForce(0) }).body;

describe('the admission policy about approved images', () => {
  const decide = decider(objectsOf(required()));

  const references = [
    'registry.example.com/shop/web',
    'registry.example.com/shop/web:1.2',
    'REGISTRY.example.com/shop/web',
    'registry.example.com/shop/cart',
    'registry.example.com:443/shop/web',
    'nginx',
    'nginx:1.27',
    'library/nginx',
    'docker.io/nginx',
    'docker.io/library/nginx:1',
    'index.docker.io/nginx',
    'index.docker.io/library/nginx',
    'quay.io/nginx',
    'team/app',
    'docker.io/team/app:2',
    'localhost:5000/x',
    'localhost:5000/x:1',
    'localhost/y',
    'y',
  ];
  for (const name of references)
    for (const suffix of [`@${digest}`, `@${other}`, '', `@sha512:${'0'.repeat(128)}`, `@${digest}@${digest}`, '@'])
      it(`agrees with a scan about ${name}${suffix.slice(0, 14)}`, () => {
        const image = `${name}${suffix}`;
        const isApproved = unapproved(image, approvals, { now: 0 }) === undefined;
        expect(decide({ object: deployment(image), params })).to.have.length(isApproved ? 0 : 1);
      });

  it('approves some of these', () => {
    expect(references.filter((name) => unapproved(`${name}@${digest}`, approvals, { now: 0 }) === undefined)).to.have.length.above(10);
  });

  it('names each container with its image, and says what is wrong with it', () => {
    const object = deployment('web:1', `nginx@${digest}`, `nginx@${other}`);
    expect(decide({ object, params })).to.deep.equal([
      `Deployment web breaks SecurityPolicy/baseline: image-approved (container c0: web:1 is not pinned to a digest, container c2: nginx@${other} is not approved). kubectl vigil explain CHECK`,
    ]);
  });

  it('refuses everything without approvals, and nothing in other namespaces', () => {
    expect(decide({ object: deployment(`nginx@${digest}`), params: {} })).to.have.length(1);
    const limited = decider(objectsOf(required({ namespaces: { include: ['prod-*'] } })));
    expect(limited({ object: deployment('web:1'), params })).to.deep.equal([]);
    const inProduction = { ...deployment('web:1'), metadata: { name: 'web', namespace: 'prod-1' } };
    expect(limited({ object: inProduction, params })).to.have.length(1);
  });

  it('keeps an image that is not approved, and refuses another one in the same container', () => {
    const oldObject = deployment('web:1');
    expect(decide({ object: deployment('web:1'), oldObject, params })).to.deep.equal([]);
    expect(decide({ object: deployment(`nginx@${digest}`), oldObject, params })).to.deep.equal([]);
    expect(decide({ object: deployment('web:2'), oldObject, params })).to.have.length(1);
  });

  it('applies exceptions', () => {
    const waiving = decider(objectsOf(required({}, { exceptions: { allow: 'All' } })));
    const waivers = [{ exception: 'shop/a', checks: ['image-approved'], containers: ['c0'] }];
    expect(waiving({ object: deployment('web:1'), params: { ...params, waivers } })).to.deep.equal([]);
    expect(waiving({ object: deployment('web:1', 'web:1'), params: { ...params, waivers } })[0]).to.contain('(container c1: web:1');
  });

  it('is not made if approvals are not required, and is selected by name and severity', () => {
    expect(objectsOf({ images: { approval: { required: false } }, controls: [{ name: 'host-pid' }] }).approves).to.equal(false);
    const entry = (more: object): SecurityPolicySpec => required({ severity: 'low' }, { enforcement: [{ actions: ['Deny'], ...more }] });
    expect(objectsOf(entry({ minSeverity: 'high' })).approves).to.equal(false);
    const named = objectsOf(entry({ controls: ['image-approved'] }));
    expect(named.enforced).to.deep.equal(['image-approved']);
    expect(named.policies.map(({ spec }) => spec.paramKind?.kind)).to.deep.equal(['AdmissionParameters']);
    expect(named.bindings[0]?.spec.paramRef).to.deep.equal({ name: 'baseline', parameterNotFoundAction: 'Allow' });
  });

  it('says that it is about no namespace of the entry', () => {
    const entry = { actions: ['Deny' as const], namespaces: { include: ['a'] } };
    const { notEnforced } = objectsOf(required({ namespaces: { include: ['b'] } }, { enforcement: [entry] }));
    expect(notEnforced).to.deep.equal([
      { check: 'image-approved', reason: 'spec.images.approval.namespaces names no namespace of the entry' },
    ]);
  });
});

describe('the parameters of admission policies', () => {
  const digestsOf = (count: number): string[] =>
    Array.from({ length: count }, (_, index) => `sha256:${index.toString(16).padStart(64, '0')}`);

  it('hold at least 15,000 digests in many repositories, beside exceptions', () => {
    const images = new Map(Array.from({ length: 1000 }, (_, index) => [`registry.example.com/team-${index}/app`, digestsOf(15)]));
    const waivers = Array.from({ length: 500 }, (_, index) => ({
      exception: `shop/exception-${index}`,
      checks: ['host-pid'],
      names: ['^a$'],
    }));
    const { body, bytes, digests, problems } = parametersOf({ images, waivers });
    expect({ digests, problems }).to.deep.equal({ digests: 15_000, problems: [] });
    expect(body.waivers).to.have.length(500);
    expect(Buffer.byteLength(JSON.stringify(body)))
      .to.be.at.most(bytes + 100)
      .and.at.most(mostBytes);
  });

  it('name the digests that do not fit', () => {
    const { body, digests, problems } = parametersOf({
      images: new Map([
        ['a', digestsOf(20_000)],
        ['b', digestsOf(1)],
      ]),
    });
    expect(Buffer.byteLength(JSON.stringify(body))).to.be.at.most(mostBytes);
    expect(problems).to.have.length(1);
    expect(problems[0]).to.contain(`20001 digests are approved, and admission knows ${digests} of them`);
    expect(problems[0]).to.contain(`a@${digestsOf(20_000)[digests]}`);
  });

  it('name the exceptions past 2,000 entries', () => {
    const waivers = Array.from({ length: 2003 }, (_, index) => ({ exception: `shop/e${index}`, checks: ['host-pid'] }));
    const { body, problems } = parametersOf({ waivers });
    expect(body.waivers).to.have.length(2000);
    expect(problems[0])
      .to.contain('2003 entries of exceptions are in force, and admission applies 2000 of them')
      .and.to.contain('shop/e2000, shop/e2001, shop/e2002');
  });

  it('leave out exceptions that cost too much to evaluate, which does not take the room of other namespaces', () => {
    const names = Array.from({ length: 256 }, () => `^${'x.*'.repeat(20)}$`);
    const waiver = (exception: string, more: object = {}) => ({ exception, checks: ['host-pid'], ...more });
    const costly = [waiver('shop/a', { names }), waiver('shop/b', { names }), waiver('shop/c', { names })];
    const everywhere = Array.from({ length: 100 }, (_, index) => waiver(`wide-${index}`, { names: names.slice(0, 64) }));
    const { body, problems } = parametersOf({ waivers: [...costly, waiver('shop/d'), waiver('web/a', { names }), ...everywhere] });
    const kept = body.waivers?.map(({ exception }) => exception);
    expect(kept?.slice(0, 4)).to.deep.equal(['shop/a', 'shop/b', 'shop/d', 'web/a']);
    expect(kept).to.have.length.within(10, 30);
    expect(problems[0]).to.contain('or only to some targets: shop/c, wide-');
  });

  it('fill the rest of the object with exceptions', () => {
    const names = Array.from({ length: 20 }, () => 'x'.repeat(100));
    const waivers = Array.from({ length: 1000 }, (_, index) => ({ exception: `team-${index}/e`, checks: ['host-pid'], names }));
    const { body, digests, problems } = parametersOf({ waivers, images: new Map([['a', digestsOf(15_000)]]) });
    expect(digests).to.equal(15_000);
    expect(Buffer.byteLength(JSON.stringify(body))).to.be.at.most(mostBytes + 100);
    expect(problems[0]).to.contain('these exceptions do not apply at admission');
  });
});
