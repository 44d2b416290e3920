import type { Parameter, Section } from './control.ts';

const container = (line: string): string => `containers:\n- name: app\n  ${line}\n`;
const words: Record<string, Parameter> = {
  names: {
    description: 'Words at the end of a name that identify a secret, in lower case. The characters - and _ are ignored.',
    type: 'strings',
    default: [
      'password', 'passwd', 'pwd', 'passphrase', 'passcode', 'secret', 'token', 'apikey', 'accesskey', 'secretkey', 'privatekey', 'credential', 'bearer', 'jwt',
    ], // prettier-ignore
  },
  allowedNames: { description: 'Exact names that are not secrets.', type: 'strings', default: [] },
};

/** CONTROLS.md §6. */
export const secretsHygiene: Section = {
  title: 'Secrets hygiene',
  controls: [
    {
      id: 'secret-env-var',
      title: 'Secrets are mounted as files, not set as environment variables',
      severity: 'medium',
      essential: true,
      kinds: 'workloads',
      why: 'Environment variables appear in logs, crash dumps and child processes, and do not change if the Secret changes.',
      fix: 'Mount the Secret as a volume.',
      example: {
        before: container('env: [{name: PASSWORD, valueFrom: {secretKeyRef: {name: db, key: password}}}]'),
        after: container('volumeMounts: [{name: db, mountPath: /etc/db, readOnly: true}]'),
      },
      message: 'an environment variable is set from a Secret',
      placement: { cis: ['5.4.1'], nsa: ['NS.secrets'], nist: ['4.1.4'], mitre: ['T1552.007'] },
      theme: 'secrets',
      checks: [{ at: ['C*.env[].valueFrom.secretKeyRef', 'C*.envFrom[].secretRef'], type: 'map', require: 'false' }],
    },
    {
      id: 'credential-in-env-var',
      title: 'Environment variables have no credentials as literal values',
      severity: 'high',
      essential: true,
      kinds: 'workloads',
      why: 'Everyone who can read the workload, or its manifest in git, can read the credential.',
      fix: 'Move the credential to a Secret or a secret store, and replace it with a new one.',
      example: {
        before: container('env: [{name: DB_PASSWORD, value: hunter2}]'),
        after: container('env: [{name: DB_PASSWORD_FILE, value: /etc/db/password}]'),
      },
      message: 'the value of an environment variable is a credential',
      placement: { cis: ['5.4.1'], nsa: ['NS.secrets'], nist: ['4.1.4'], mitre: ['T1552.001'] },
      theme: 'secrets',
      parameters: words,
      builtin: 'credentialInEnvironment',
    },
    {
      id: 'credential-in-configmap',
      title: 'ConfigMaps have no credentials',
      severity: 'high',
      essential: true,
      kinds: ['ConfigMap'],
      why: 'More people and programs can read ConfigMaps than Secrets. ConfigMaps are not encrypted at rest.',
      fix: 'Move the credential to a Secret or a secret store, and replace it with a new one.',
      example: { before: 'data: {db-password: hunter2}\n', after: 'data: {db-host: db.example.com}\n' },
      message: 'data has a credential',
      placement: { cis: ['5.4.1'], nist: ['4.1.4'], mitre: ['T1552.001'] },
      theme: 'secrets',
      parameters: words,
      builtin: 'credentialInConfigMap',
    },
    {
      id: 'credential-in-command',
      title: 'Command lines have no credentials',
      severity: 'high',
      essential: false,
      kinds: 'workloads',
      why: 'Every process of the node can read command lines. They are also part of every manifest.',
      fix: 'Read the credential from a mounted Secret.',
      example: { before: container('args: [--password=hunter2]'), after: container('args: [--password-file=/etc/db/password]') },
      message: 'command or args has a credential',
      placement: { nist: ['4.1.4'], mitre: ['T1552.001'] },
      theme: 'secrets',
      parameters: words,
      builtin: 'credentialInCommand',
    },
    {
      id: 'service-account-token-secret',
      title: 'Service account tokens expire',
      severity: 'medium',
      essential: false,
      kinds: ['Secret'],
      why: 'A token in a Secret is valid until the Secret is deleted.',
      fix: 'Delete the Secret, and use kubectl create token or a projected token.',
      example: { before: 'type: kubernetes.io/service-account-token\n', after: 'type: Opaque\n' },
      message: 'the Secret has a service account token that does not expire',
      placement: { cis: ['5.1.6'], nsa: ['PS.tokens'], mitre: ['T1528'] },
      theme: 'secrets',
      checks: [{ at: 'type', type: 'string', require: "item != 'kubernetes.io/service-account-token'" }],
    },
    {
      id: 'secret-last-applied',
      title: 'Secrets have no copy of their data in an annotation',
      severity: 'medium',
      essential: false,
      kinds: ['Secret'],
      why: 'kubectl apply stores a second copy of the Secret in an annotation. Tools print and log annotations.',
      fix: 'Use kubectl apply --server-side, and remove the annotation.',
      example: {
        before: 'metadata: {annotations: {kubectl.kubernetes.io/last-applied-configuration: "…"}}\n',
        after: 'metadata: {annotations: {}}\n',
      },
      message: 'the annotation kubectl.kubernetes.io/last-applied-configuration has the data of the Secret',
      placement: { nist: ['4.1.4'], mitre: ['T1552.007'] },
      theme: 'secrets',
      checks: [
        {
          at: 'metadata.annotations',
          type: 'string',
          entries: true,
          require:
            "key != 'kubectl.kubernetes.io/last-applied-configuration' || !(item.contains('\"data\":') || item.contains('\"stringData\":'))",
        },
      ],
    },
    {
      id: 'projected-token-expiry',
      title: 'Projected tokens expire within a day',
      severity: 'low',
      essential: false,
      kinds: 'workloads',
      why: 'A stolen token is valid until it expires.',
      fix: 'Set expirationSeconds to 86400 or less.',
      example: {
        before: 'volumes:\n- name: token\n  projected: {sources: [{serviceAccountToken: {path: token, expirationSeconds: 604800}}]}\n',
        after: 'volumes:\n- name: token\n  projected: {sources: [{serviceAccountToken: {path: token, expirationSeconds: 3600}}]}\n',
      },
      message: 'serviceAccountToken.expirationSeconds is too high',
      placement: { cis: ['5.1.6'], mitre: ['T1528'] },
      theme: 'secrets',
      parameters: { maximum: { description: 'The longest allowed lifetime, in seconds.', type: 'int', default: 86400 } },
      checks: [
        {
          at: 'spec.volumes[].projected.sources[].serviceAccountToken.expirationSeconds',
          type: 'int',
          require: 'item <= params.maximum',
        },
      ],
    },
  ],
};
