import { expect } from 'chai';
import { partsOf, registryOf, repositoryOf } from '../../../operator/findings/approvals/image-reference.ts';

const digest = `sha256:${'a'.repeat(64)}`;

describe('partsOf', () => {
  const references: readonly (readonly [reference: string, parts: ReturnType<typeof partsOf>])[] = [
    ['nginx', { name: 'nginx' }],
    ['nginx:1.27', { name: 'nginx', tag: '1.27' }],
    [`nginx@${digest}`, { name: 'nginx', digest }],
    [`nginx:1.27@${digest}`, { name: 'nginx', tag: '1.27', digest }],
    ['localhost:5000/web', { name: 'localhost:5000/web' }],
    ['localhost:5000/shop/web:2', { name: 'localhost:5000/shop/web', tag: '2' }],
    [`localhost:5000/web@${digest}`, { name: 'localhost:5000/web', digest }],
    ['nginx:', { name: 'nginx', tag: '' }],
    ['nginx@', { name: 'nginx', digest: '' }],
    [':1', { name: '', tag: '1' }],
    ['@a', { name: '', digest: 'a' }],
    ['', { name: '' }],
  ];
  for (const [reference, parts] of references) it(`splits '${reference}'`, () => expect(partsOf(reference)).to.deep.equal(parts));
});

describe('registryOf', () => {
  const names: readonly (readonly [name: string, registry: string | undefined])[] = [
    ['nginx', undefined],
    ['shop/web', undefined],
    ['registry.example.com/web', 'registry.example.com'],
    ['registry:5000/web', 'registry:5000'],
    ['localhost/web', 'localhost'],
    // Without a path, the name is that of an image on Docker Hub.
    ['localhost', undefined],
    ['registry.example.com', undefined],
    ['registry:5000', undefined],
    ['myregistry/localhost', undefined],
    ['', undefined],
  ];
  for (const [name, registry] of names) it(`is ${registry ?? 'none'} for '${name}'`, () => expect(registryOf(name)).to.equal(registry));
});

describe('repositoryOf', () => {
  const same: readonly (readonly [full: string, written: readonly string[]])[] = [
    [
      'docker.io/library/nginx',
      [
        ...['nginx', 'Nginx', 'library/nginx', 'docker.io/nginx', 'docker.io/library/nginx', 'index.docker.io/nginx'],
        ...['registry-1.docker.io/library/nginx', 'hub.docker.com/nginx', 'DOCKER.IO/nginx'],
      ],
    ],
    ['docker.io/shop/web', ['shop/web', 'docker.io/shop/web', 'index.docker.io/shop/web', 'Shop/Web']],
    ['registry.example.com/nginx', ['registry.example.com/nginx', 'Registry.Example.com/nginx']],
    ['registry.example.com/library/nginx', ['registry.example.com/library/nginx']],
    ['localhost/web', ['localhost/web']],
    ['localhost:5000/web', ['localhost:5000/web']],
    ['docker.io.example.com/web', ['docker.io.example.com/web']],
  ];
  for (const [full, written] of same)
    for (const each of written) it(`is ${full} for ${each}`, () => expect(repositoryOf(each)).to.equal(full));
});
