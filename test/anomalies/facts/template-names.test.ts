import { expect } from 'chai';
import {
  agentProduct,
  imageRepository,
  nameTemplate,
  networkOf,
  podTemplate,
  registryOf,
  userTemplate,
} from '../../../operator/anomalies/facts/template-names.ts';

const cases = (title: string, of: (text: string) => string, table: Readonly<Record<string, string>>): void => {
  describe(title, () => {
    for (const [text, expected] of Object.entries(table)) it(`of '${text}' is '${expected}'`, () => expect(of(text)).to.equal(expected));
  });
};

cases('nameTemplate', nameTemplate, {
  shop: 'shop',
  'kube-system': 'kube-system',
  'team-1': 'team-1',
  'cert-manager': 'cert-manager',
  'external-secrets': 'external-secrets',
  'pr-4711': 'pr-*',
  'ci-x7f2k': 'ci-*',
  'build-7f8d9c': 'build-*',
  'job-0b6f1c9e-4f7a-4d53-9a53-2f7a1c9e0b6f': 'job-*',
  'sh.helm.release.v1.web.v12': 'sh.helm.release.v1.web-*',
  'default-token-x2k4v': 'default-token-*',
  '4711': '4711',
});

cases('podTemplate', podTemplate, {
  'web-5d4f8c7b9-x2k4v': 'web-*',
  'db-0': 'db-*',
  'db-12': 'db-*',
  'backup-29018880-qx7mz': 'backup-*',
  'kube-proxy-x2k4v': 'kube-proxy-*',
  debug: 'debug',
});

cases('userTemplate', userTemplate, {
  alice: 'alice',
  'arn:aws:sts::123456789012:assumed-role/admin/alice@example.com': 'arn:aws:sts::123456789012:assumed-role/admin/alice@example.com',
  'arn:aws:sts::123456789012:assumed-role/node/i-0123456789abcdef0': 'arn:aws:sts::123456789012:assumed-role/node/*',
  'arn:aws:sts::123456789012:assumed-role/ci/1731234567890': 'arn:aws:sts::123456789012:assumed-role/ci/*',
});

cases('agentProduct', agentProduct, {
  'kubectl/v1.36.0 (linux/amd64) kubernetes/abc': 'kubectl',
  'Mozilla/5.0 (X11)': 'Mozilla',
  'argocd-application-controller/v0.0.0': 'argocd-application-controller',
  '': 'none',
});

cases('networkOf', networkOf, { '192.0.2.77': '192.0.2.0/24', '2001:db8:1:2::3': '2001:db8:1::/48' });

cases('imageRepository', imageRepository, {
  nginx: 'docker.io/library/nginx',
  'nginx:1.29': 'docker.io/library/nginx',
  'bitnami/redis@sha256:abc': 'docker.io/bitnami/redis',
  'registry.example:5000/a/b:c': 'registry.example:5000/a/b',
  'localhost/a': 'localhost/a',
  'QUAY.io/Org/App:1': 'quay.io/org/app',
});

cases('registryOf', registryOf, { 'docker.io/library/nginx': 'docker.io', 'registry.example:5000/a': 'registry.example:5000' });
