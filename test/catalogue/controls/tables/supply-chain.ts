import { errs, fails, passes, pods, skips, type Tables } from '../control-table.ts';

const image = (name: string): string => `containers: [{name: a, image: "${name}"}]`;
const path = 'spec.containers[0].image';
const sha256 = '0123456789abcdef'.repeat(4);
const registries = { parameters: { registries: ['registry.example.com', 'docker.io/library', 'gcr.io/shop/'] } };

const required = { images: { approval: { required: true } } };
const approval = (images: string, end = ''): string =>
  `{apiVersion: vigil.dev/v1alpha1, kind: ImageApproval, metadata: {name: a}, spec: {reference: x, images: [${images}]${end}}}`;
const approved = (repository: string, digest = `sha256:${sha256}`): string => `{repository: ${repository}, digest: "${digest}"}`;
const beside = (pod: string, ...documents: readonly string[]): string => [pod, ...documents].join('\n---\n');
const pinned = image(`registry.example.com/shop/web@sha256:${sha256}`);

const imageVolume = (reference: string): string => `volumes: [{name: v, image: {reference: "${reference}"}}]`;
const volumePath = 'spec.volumes[0].image.reference';

/** CONTROLS.md §5. */
export const table: Tables = {
  'image-tag-latest': pods(
    passes('a tag', image('nginx:1.27')),
    passes('a digest', image(`nginx@sha256:${sha256}`)),
    passes('latest with a digest', image(`nginx:latest@sha256:${sha256}`)),
    passes('a port and a tag', image('localhost:5000/app:2')),
    passes('a tag that begins like latest', image('nginx:latest-alpine')),
    fails('a volume without a tag', imageVolume('registry.example.com/model'), volumePath),
    passes('a volume with a tag', imageVolume('registry.example.com/model:3')),
    passes('a volume of another type', 'volumes: [{name: v, emptyDir: {}}]'),
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
    fails('a volume from elsewhere', imageVolume('quay.io/models/a:1'), volumePath, registries),
    passes('a volume from a registry', imageVolume('registry.example.com/models/a:1'), registries),
    fails('another project of docker.io', image('someone/nginx'), path, registries),
    fails('a look-alike', image('registry.example.com.evil.com/app'), path, registries),
    fails('a prefix in the middle', image('evil.com/registry.example.com/app'), path, registries),
    fails('a port makes another registry', image('registry.example.com:5000/app'), path, registries),
    fails('a prefix that only begins like one', image('gcr.io/shopping/app'), path, registries),
    fails('a local one', image('localhost/app'), path, registries),
  ),
  'image-approved': pods(
    skips('without spec.images.approval', pinned),
    skips('with approvals that are not required', pinned, { images: { approval: { required: false } } }),
    passes('an approved digest', beside(pinned, approval(approved('registry.example.com/shop/web'))), required),
    passes('a tag beside the digest', beside(image(`docker.io/nginx:1@sha256:${sha256}`), approval(approved('nginx'))), required),
    passes(
      'an end in the future',
      beside(pinned, approval(approved('registry.example.com/shop/web'), ', expiresAt: "2999-01-01T00:00:00Z"')),
      required,
    ),
    passes(
      'beside an entry with a mistake',
      beside(pinned, approval(`${approved('a:1')}, ${approved('registry.example.com/shop/web')}`)),
      required,
    ),
    fails(
      'an approval that ended',
      beside(pinned, approval(approved('registry.example.com/shop/web'), ', expiresAt: "2020-01-01T00:00:00Z"')),
      path,
      required,
    ),
    fails(
      'an end that is no time',
      beside(pinned, approval(approved('registry.example.com/shop/web'), ', expiresAt: soon')),
      path,
      required,
    ),
    fails('an end that is a number', beside(pinned, approval(approved('registry.example.com/shop/web'), ', expiresAt: 5')), path, required),
    fails('no approval', pinned, path, required),
    fails('another repository', beside(pinned, approval(approved('registry.example.com/shop/cart'))), path, required),
    fails(
      'another digest',
      beside(pinned, approval(approved('registry.example.com/shop/web', `sha256:${'f'.repeat(64)}`))),
      path,
      required,
    ),
    fails('an approval with a tag', beside(pinned, approval(approved('registry.example.com/shop/web:1'))), path, required),
    fails(
      'an image that is not pinned',
      beside(image('registry.example.com/shop/web:1'), approval(approved('registry.example.com/shop/web'))),
      path,
      required,
    ),
    fails(
      'every container',
      beside(
        `initContainers: [{name: i, image: a}]\n${image(`b@sha256:${sha256}`)}\nephemeralContainers: [{name: e, image: c}]`,
        approval(approved('b')),
      ),
      ['spec.initContainers[0].image', 'spec.ephemeralContainers[0].image'],
      required,
    ),
    errs('a number', 'containers: [{name: a, image: 5}]', path, required),
  ),
  'deprecated-registry': pods(
    passes('the new one', image('registry.k8s.io/pause:3.9')),
    fails('the old one', image('k8s.gcr.io/pause:3.9'), path),
  ),
  'image-registry-unset': pods(
    fails('a name alone', image('nginx:1.29'), path),
    fails('a name with a tag that has dots', image('nginx:1.29.0'), path),
    fails('the name of a team', image('shop/web:1'), path),
    fails('a digest alone', image(`web@sha256:${sha256}`), path),
    fails('the image of a volume', imageVolume('models/small:1'), volumePath),
    passes('a host', image('registry.example.com/web:1')),
    passes('a host with a port', image('registry:5000/web:1')),
    passes('the own host', image('localhost/web:1')),
    passes('the default registry by name', image('docker.io/library/nginx:1.29')),
  ),
};
