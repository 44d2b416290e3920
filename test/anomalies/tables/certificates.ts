import type { KubeObject } from '../../../operator/api/metadata.ts';
import { certificateRequest } from '../certificate-request.ts';
import { object } from '../objects.ts';
import type { World } from '../world.ts';
import type { Tables } from './table.ts';

const client = 'kubernetes.io/kube-apiserver-client';
const csr = (username: string, signerName: string, request: string, approved = false, name = 'request'): KubeObject =>
  object('CertificateSigningRequest', name, {
    spec: { username, signerName, request },
    status: approved ? { conditions: [{ type: 'Approved', status: 'True' }] } : {},
  });
const ask =
  (username: string, signer: string, request: string) =>
  (world: World): void =>
    world.write(username, csr(username, signer, request));
const approve =
  (approver: string, requester: string) =>
  (world: World): void => {
    const request = certificateRequest('developer');
    world.usually(() => world.write(requester, csr(requester, client, request, false, 'before')));
    world.write(requester, csr(requester, client, request));
    world.write(approver, csr(requester, client, request, true), { verb: 'update', of: 'certificatesigningrequests/approval' });
  };

/** Requests for certificates. */
export const certificateTables: Tables = {
  'certificate-request': {
    fires: [
      [
        'a client certificate that a user requests',
        ask('eve', client, certificateRequest('eve')),
        { actor: 'eve', severity: 'high', seen: /for eve/ },
      ],
      [
        'a certificate for system:masters',
        ask('eve', client, certificateRequest('eve', 'system:masters')),
        { severity: 'critical', seen: /in system:masters/ },
      ],
      [
        'a certificate for a system name',
        ask('eve', client, certificateRequest('system:kube-controller-manager')),
        { severity: 'critical' },
      ],
      ['a request that its requester approves', approve('eve', 'eve'), { severity: 'critical', actor: 'eve' }],
      [
        'the certificate of another node',
        ask('system:node:node-a', 'kubernetes.io/kube-apiserver-client-kubelet', certificateRequest('system:node:node-b', 'system:nodes')),
      ],
    ],
    quiet: [
      [
        'a kubelet that renews its certificate',
        ask('system:node:node-a', 'kubernetes.io/kube-apiserver-client-kubelet', certificateRequest('system:node:node-a', 'system:nodes')),
      ],
      [
        'a machine that joins',
        ask(
          'system:bootstrap:abcdef',
          'kubernetes.io/kube-apiserver-client-kubelet',
          certificateRequest('system:node:node-c', 'system:nodes'),
        ),
      ],
      [
        'a user who has done so before',
        (world) => {
          world.usually(() => world.write('dev', csr('dev', client, certificateRequest('dev'), false, 'before')));
          world.write('dev', csr('dev', client, certificateRequest('dev'), false, 'again'));
        },
      ],
      ['a request that somebody else approves', approve('admin', 'dev')],
    ],
  },
};
