import type { Section } from '../control.ts';

const image = (name: string): string => `containers:\n- name: controller\n  image: ${name}\n`;
const node = (version: string): string => `kind: Node\nstatus: {nodeInfo: {kubeletVersion: ${version}}}\n`;

/** Versions that get no patches, or have vulnerabilities that are exploited. Their data is in known-versions.ts. */
export const versionControls: Section = {
  title: 'Versions',
  controls: [
    {
      id: 'kubernetes-version-supported',
      title: 'Kubernetes has a version with support',
      severity: 'high',
      essential: false,
      kinds: ['Node', 'ClusterConfiguration.kubeadm.k8s.io'],
      why: 'The project gives a version patches for 14 months. Vulnerabilities that are found later stay open.',
      fix: 'Update the control plane and then the nodes, one minor version after the other.',
      example: { before: node('v1.29.3'), after: node('v1.36.1') },
      message: 'the version of Kubernetes gets no more patches',
      // In no framework: kubelets write the status of Nodes every few minutes, and each policy with the framework would follow all of them.
      placement: {},
      theme: [],
      crossObject: { check: 'supportedVersion', reads: [] },
    },
    {
      id: 'ingress-nginx-vulnerable',
      title: 'ingress-nginx has no known vulnerability',
      severity: 'high',
      essential: false,
      kinds: 'workloads',
      why: 'The vulnerabilities let who can create an Ingress, or reach the webhook, read all Secrets that the controller can read.',
      fix: 'Move to another implementation of the Gateway API or of Ingress: the project ended in March 2026. Until then, use the last version.',
      example: {
        before: image('registry.k8s.io/ingress-nginx/controller:v1.11.2'),
        after: image('docker.io/traefik:v3.6.2'),
      },
      message: 'the version of ingress-nginx has known vulnerabilities',
      placement: { nist: ['4.4.4'], mitre: ['T1190'] },
      theme: 'supply-chain',
      builtin: 'ingressNginxVulnerable',
    },
    {
      id: 'ingress-nginx-ended',
      sameFactAs: ['ingress-nginx-vulnerable'],
      title: 'ingress-nginx is not in use',
      severity: 'medium',
      essential: false,
      kinds: 'workloads',
      why: 'The project ended in March 2026. Vulnerabilities of the controller, and of the nginx in its image, are no longer fixed.',
      fix: 'Move to another implementation of the Gateway API or of Ingress.',
      example: {
        before: image('registry.k8s.io/ingress-nginx/controller:v1.15.1'),
        after: image('docker.io/traefik:v3.6.2'),
      },
      message: 'ingress-nginx gets no more patches',
      placement: { nsa: ['UP.updates'], nist: ['4.4.4'] },
      theme: 'supply-chain',
      builtin: 'ingressNginxEnded',
    },
  ],
};
