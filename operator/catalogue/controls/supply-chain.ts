import type { Section } from './control.ts';

const image = (name: string): string => `containers:\n- name: app\n  image: ${name}\n`;
const unpinned =
  "!item.contains('@') && (item.endsWith(':latest') || item.endsWith(':') || item.lastIndexOf(':') <= item.lastIndexOf('/'))";
const unpinnedImage = unpinned.replaceAll('item', 'container.image');
const unpinnedVolume = unpinned.replaceAll('item', 'item.reference');
/** The images that a pod pulls: those of its containers and of its volumes. */
const images = ['C*.image', 'spec.volumes[].image.reference'];
/** A CEL expression: the name of the image with its registry and `library/`, as the container runtime resolves it. */
const explicitName =
  "(!item.contains('/') ? 'docker.io/library/' + item" +
  " : (item.startsWith('docker.io/') || item.startsWith('index.docker.io/')) ? (item.split('/').size() == 2 ? 'docker.io/library/' + item.split('/')[1] : 'docker.io/' + item.split('/', 2)[1])" +
  " : (item.split('/')[0].contains('.') || item.split('/')[0].contains(':') || item.split('/')[0] == 'localhost' || item.split('/')[0].lowerAscii() != item.split('/')[0]) ? item : 'docker.io/' + item)";

/** CONTROLS.md §5. */
export const supplyChain: Section = {
  title: 'Supply chain',
  controls: [
    {
      id: 'image-tag-latest',
      title: 'Images have a tag other than latest',
      severity: 'medium',
      essential: true,
      kinds: 'workloads',
      why: 'The image behind the tag can change without a change of the workload. The running version is then unknown, and a rollback is not possible.',
      fix: 'Set a version as the tag, or use a digest.',
      example: { before: image('registry.example.com/app'), after: image('registry.example.com/app:1.4.2') },
      message: 'the image has no tag, or the tag latest',
      placement: { nsa: ['PS.images'], nist: ['4.2.2'], mitre: ['T1525'] },
      theme: 'supply-chain',
      checks: [{ at: images, type: 'string', require: `!(${unpinned})` }],
    },
    {
      id: 'image-digest-pinned',
      sameFactAs: ['image-tag-latest'],
      title: 'Images are pinned by digest',
      severity: 'low',
      essential: true,
      kinds: 'workloads',
      why: 'A tag can be moved to another image. A digest cannot.',
      fix: 'Append @sha256:… to the image.',
      example: {
        before: image('registry.example.com/app:1.4.2'),
        after: image(`registry.example.com/app:1.4.2@sha256:${'0123456789abcdef'.repeat(4)}`),
      },
      message: 'the image has no valid digest',
      placement: { nist: ['4.1.5'], mitre: ['T1525', 'T1204.003'] },
      theme: 'supply-chain',
      checks: [
        {
          at: images,
          type: 'string',
          require: "item.contains('@') && item.matches('^[^@]+@(sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$')",
        },
      ],
    },
    {
      id: 'image-pull-policy',
      title: 'Images without a fixed version are always pulled',
      severity: 'low',
      essential: true,
      kinds: 'workloads',
      why: 'Without imagePullPolicy: Always, each node runs the image that it pulled last. Nodes can run different images under the same tag.',
      fix: 'Set imagePullPolicy: Always, or set a version as the tag.',
      example: {
        before: `${image('app:latest')}  imagePullPolicy: IfNotPresent\n`,
        after: `${image('app:latest')}  imagePullPolicy: Always\n`,
      },
      message: 'the image has no tag or the tag latest, and imagePullPolicy is not Always',
      placement: { nist: ['4.2.2'] },
      theme: 'supply-chain',
      checks: [
        { at: 'C*.imagePullPolicy', type: 'string', require: `item == 'Always' || !has(container.image) || !(${unpinnedImage})` },
        {
          at: 'spec.volumes[].image',
          type: 'map',
          require: `!has(item.pullPolicy) || item.pullPolicy == 'Always' || !has(item.reference) || !(${unpinnedVolume})`,
        },
      ],
    },
    {
      id: 'trusted-registries',
      title: 'Images come from trusted registries',
      severity: 'high',
      essential: true,
      kinds: 'workloads',
      why: 'Your organization did not check images from other registries.',
      fix: 'Copy the image to a trusted registry, and use it from there.',
      example: { before: image('evil.example.net/app:1.4.2'), after: image('registry.example.com/app:1.4.2') },
      message: 'the registry of the image is not trusted',
      placement: { cis: ['5.5.1'], nsa: ['PS.images'], nist: ['4.1.5', '4.2.1'], mitre: ['T1204.003', 'T1525'] },
      theme: 'supply-chain',
      parameters: {
        registries: {
          description:
            'Registries, optionally with the beginning of the repository or the whole of it, such as registry.example.com, docker.io/library or docker.io/library/nginx.',
          type: 'strings',
        },
      },
      checks: [
        {
          at: images,
          type: 'string',
          require: `[${explicitName}].exists(image, params.registries.exists(registry, image.startsWith(registry.endsWith('/') ? registry : registry + '/') || (registry.contains('/') && (image == registry || image.startsWith(registry + ':') || image.startsWith(registry + '@')))))`,
        },
      ],
    },
    {
      id: 'image-approved',
      title: 'Images are approved',
      severity: 'high',
      essential: false,
      kinds: 'workloads',
      why: 'Nobody is known to have reviewed the image. Code that nobody reviewed can do whatever the workload may do.',
      fix: 'Pin the image to a digest that was reviewed (IMAGE@sha256:…), and apply an ImageApproval for it: vigil approve IMAGE@sha256:… --reference URL.',
      example: {
        before: image('registry.example.com/app:1.4.2'),
        after: `${image(`registry.example.com/app:1.4.2@sha256:${'0123456789abcdef'.repeat(4)}`)}# and an ImageApproval with this repository and digest\n`,
      },
      message: 'the image is not approved',
      placement: {},
      theme: [],
      setBy: 'spec.images.approval.required',
      crossObject: { check: 'imageApproved', reads: ['ImageApproval.vigil.dev'], livePods: true },
    },
    {
      id: 'deprecated-registry',
      title: 'Images do not come from a registry that is shut down',
      severity: 'low',
      essential: false,
      kinds: 'workloads',
      why: 'The registry gets no updates and can stop working at any time.',
      fix: 'Use registry.k8s.io instead of k8s.gcr.io.',
      example: { before: image('k8s.gcr.io/pause:3.9'), after: image('registry.k8s.io/pause:3.9') },
      message: 'the registry of the image is shut down',
      placement: { nist: ['4.2.2'] },
      theme: 'supply-chain',
      parameters: { registries: { description: 'Registries that are shut down.', type: 'strings', default: ['k8s.gcr.io'] } },
      checks: [{ at: images, type: 'string', require: "!params.registries.exists(registry, item.startsWith(registry + '/'))" }],
    },
    {
      id: 'image-registry-unset',
      title: 'Images name their registry',
      severity: 'low',
      essential: false,
      kinds: 'workloads',
      why: 'The container runtime of each node decides from which registry the image comes. Another registry can have another image of the same name.',
      fix: 'Write the registry before the name, such as docker.io/library/nginx.',
      example: { before: image('nginx:1.29'), after: image('docker.io/library/nginx:1.29') },
      message: 'the image names no registry',
      placement: { nist: ['4.1.5'], mitre: ['T1525'] },
      theme: 'supply-chain',
      checks: [
        {
          at: images,
          type: 'string',
          require:
            "item == '' || (item.contains('/') && (item.split('/')[0].contains('.') || item.split('/')[0].contains(':') || item.split('/')[0] == 'localhost' || item.split('/')[0].lowerAscii() != item.split('/')[0]))",
        },
      ],
    },
  ],
};
