import { actorOf, type Actor } from '../activity/actor.ts';
import type { CertificateFacts } from '../facts/cluster-facts.ts';
import { nothing, type ChangeJudge, type JudgeContext, type JudgedChange, type Observation } from './judge.ts';
import { objectSubject, subjectText } from './subjects.ts';

const kubeletSigners: ReadonlySet<string> = new Set(['kubernetes.io/kube-apiserver-client-kubelet', 'kubernetes.io/kubelet-serving']);

/** Whether the API server or kubelets accept what the signer signs. Others sign for networks and services of their own. */
const isOfCluster = ({ signer }: CertificateFacts): boolean =>
  signer.startsWith('kubernetes.io/') && signer !== 'kubernetes.io/legacy-unknown';

/** Whether a node, or a machine that becomes one, asks for the certificate of a kubelet. */
function isNodes({ signer, requester, commonName, organizations }: CertificateFacts): boolean {
  if (!kubeletSigners.has(signer) || organizations.some((name) => name !== 'system:nodes')) return false;
  if (requester.startsWith('system:bootstrap:')) return commonName.startsWith('system:node:') || commonName === '';
  // A kubelet renews its own certificate only.
  return requester.startsWith('system:node:') && (commonName === requester || commonName === '');
}

/** Whether the certificate would give the rights of the control plane or of an administrator. */
const isPrivileged = ({ signer, commonName, organizations }: CertificateFacts): boolean =>
  organizations.some((name) => name === 'system:masters' || (name.startsWith('system:') && name !== 'system:nodes')) ||
  (commonName.startsWith('system:') && !(kubeletSigners.has(signer) && commonName.startsWith('system:node:')));

/** The API server writes the requester into the request: it is certain. */
const requesterOf = ({ requester }: CertificateFacts): Actor => actorOf({ username: requester, groups: [], extra: {} });

/** A client certificate that somebody other than a node asks for, or approves for itself. */
export const certificateRequest: ChangeJudge = (change, context) => {
  const { after, before, actor, request } = change;
  const facts = after?.certificate;
  if (facts === undefined || !isOfCluster(facts)) return nothing;
  if (isNodes(facts)) return renewedByBootstrap(change, facts, context);
  const isApproval = facts.approved && before?.certificate?.approved === false;
  if (before !== undefined && !isApproval) return nothing;
  const isSelf = isApproval && request !== undefined && actor.name === facts.requester;
  const base = described(change, facts, isApproval);
  if (isSelf || isPrivileged(facts)) return [critical(base, change, isSelf)];
  // An approval is a step of a request that was judged already.
  if (isApproval) return nothing;
  const { signer, requester } = facts;
  const owner = requesterOf(facts).key;
  return [{ ...base, compared: { kind: 'first-seen', owner, key: signer, habit: `${requester} has used the signers` } }];
};

const nodePrefix = 'system:node:';

/**
 * A bootstrap token that asks for the certificate of a node which has joined already. A machine that is set up anew under its old name does so
 * too, but a token that was stolen from a node turns into any other node this way.
 */
function renewedByBootstrap(change: JudgedChange, facts: CertificateFacts, { inventory }: JudgeContext): readonly Observation[] {
  const { requester, commonName, signer } = facts;
  if (change.operation !== 'create' || !requester.startsWith('system:bootstrap:') || !commonName.startsWith(nodePrefix)) return nothing;
  if (!inventory.nodes.has(commonName.slice(nodePrefix.length))) return nothing;
  return [
    {
      ...described(change, facts, false),
      normal: 'a bootstrap token is for nodes that have not joined yet',
      severity: 'medium',
      compared: { kind: 'first-seen', owner: 'nodes of the cluster', key: `${signer} again by a bootstrap token` },
    },
  ];
}

type Described = Omit<Observation, 'compared'>;

function described(change: JudgedChange, facts: CertificateFacts, isApproval: boolean): Described {
  const { commonName, organizations, requester, signer } = facts;
  const groups = organizations.length === 0 ? '' : ` in ${organizations.join(', ')}`;
  const named = commonName === '' ? '' : ` for ${commonName}${groups}`;
  const object = subjectText(change.object);
  return {
    detection: 'certificate-request',
    about: objectSubject(change),
    workload: `${signer} ${commonName}`,
    actor: isApproval ? change.actor : requesterOf(facts),
    seen: isApproval
      ? `${change.actor.name} approved the certificate${named} that ${requester} requested (${object})`
      : `${requester} requested a client certificate${named} (${object})`,
  };
}

const critical = (base: Described, { object }: JudgedChange, isSelf: boolean): Observation => ({
  ...base,
  severity: 'critical',
  normal: isSelf ? 'nobody approves an own request' : 'no certificate is requested for a system user or group',
  compared: { kind: 'invariant', state: `${object.name} ${object.uid ?? ''} ${isSelf ? 'approved' : 'requested'}` },
});
