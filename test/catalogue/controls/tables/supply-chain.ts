import { errs, fails, passes, pods, skips, type Tables } from '../control-table.ts';

const image = (name: string): string => `containers: [{name: a, image: "${name}"}]`;
const path = 'spec.containers[0].image';
const sha256 = '0123456789abcdef'.repeat(4);
const registries = { parameters: { registries: ['registry.example.com', 'docker.io/library', 'gcr.io/shop/'] } };

/** CONTROLS.md §5. */
export const table: Tables = {
  'image-tag-latest': pods(
    passes('a tag', image('nginx:1.27')),
    passes('a digest', image(`nginx@sha256:${sha256}`)),
    passes('latest with a digest', image(`nginx:latest@sha256:${sha256}`)),
    passes('a port and a tag', image('localhost:5000/app:2')),
    passes('a tag that begins like latest', image('nginx:latest-alpine')),
    fails('no tag', image('nginx'), path),
    fails('latest', image('registry.example.com/app:latest'), path),
    fails('a port is no tag', image('localhost:5000/app'), path),
    fails(
      'every container',
      'initContainers: [{name: i, image: a}]\ncontainers: [{name: a, image: "a:1"}]\nephemeralContainers: [{name: e, image: "a:latest"}]',
      ['spec.initContainers[0].image', 'spec.ephemeralContainers[0].image'],
    ),
    errs('a number', 'containers: [{name: a, image: 5}]', path),
  ),
  'image-digest-pinned': pods(
    passes('sha256', image(`nginx:1@sha256:${sha256}`)),
    passes('sha512', image(`nginx@sha512:${sha256}${sha256}`)),
    fails('a tag', image('nginx:1.27'), path),
    fails('a digest that is too short', image(`nginx@sha256:${sha256.slice(1)}`), path),
    fails('a digest of the other length', image(`nginx@sha512:${sha256}`), path),
    fails('capitals', image(`nginx@sha256:${sha256.toUpperCase()}`), path),
    fails('something behind it', image(`nginx@sha256:${sha256}x`), path),
  ),
  'image-pull-policy': pods(
    passes('an empty one is the default', 'containers: [{name: a, image: nginx, imagePullPolicy: ""}]'),
    passes('the default for latest', image('nginx:latest')),
    passes('Always', 'containers: [{name: a, image: nginx, imagePullPolicy: Always}]'),
    passes('a version', 'containers: [{name: a, image: "nginx:1", imagePullPolicy: Never}]'),
    passes('a digest', `containers: [{name: a, image: "nginx@sha256:${sha256}", imagePullPolicy: IfNotPresent}]`),
    fails('latest', 'containers: [{name: a, image: "nginx:latest", imagePullPolicy: IfNotPresent}]', 'spec.containers[0].imagePullPolicy'),
    fails(
      'no tag',
      'initContainers: [{name: i, image: "localhost:5000/nginx", imagePullPolicy: Never}]',
      'spec.initContainers[0].imagePullPolicy',
    ),
  ),
  'trusted-registries': pods(
    fails('capitals make a registry', image('Library/nginx'), path, { parameters: { registries: ['docker.io'] } }),
    skips('without its parameter', image('nginx')),
    passes('a registry', image('registry.example.com/team/app:1'), registries),
    passes(
      'docker.io and library made explicit',
      'containers: [{name: a, image: nginx}, {name: b, image: "docker.io/nginx:1"}, {name: c, image: docker.io/library/nginx}]',
      registries,
    ),
    passes('a prefix', image('gcr.io/shop/app'), registries),
    fails('another prefix', image('gcr.io/other/app'), path, registries),
    fails('another project of docker.io', image('someone/nginx'), path, registries),
    fails('a look-alike', image('registry.example.com.evil.com/app'), path, registries),
    fails('a prefix in the middle', image('evil.com/registry.example.com/app'), path, registries),
    fails('a port makes another registry', image('registry.example.com:5000/app'), path, registries),
    fails('a prefix that only begins like one', image('gcr.io/shopping/app'), path, registries),
    fails('a local one', image('localhost/app'), path, registries),
  ),
  'deprecated-registry': pods(
    passes('the new one', image('registry.k8s.io/pause:3.9')),
    fails('the old one', image('k8s.gcr.io/pause:3.9'), path),
  ),
};
