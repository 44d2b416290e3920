import { expect } from 'chai';
import { auditUser } from '../../../operator/audit/parsing/audit-user.ts';
import { certificateSubject } from '../../../operator/anomalies/facts/certificate-subject.ts';
import { objectFacts } from '../../../operator/anomalies/facts/object-facts.ts';
import { policyRules } from '../../../operator/engine/rbac/policy-rule.ts';
import { rulePowers } from '../../../operator/anomalies/facts/rbac-facts.ts';
import { binding, object, podSpec, rule, workload } from '../objects.ts';
import { certificateRequest } from '../certificate-request.ts';

const facts = (of: unknown): ReturnType<typeof objectFacts> => objectFacts(of as Readonly<Record<string, unknown>>);

describe('objectFacts', () => {
  it('keeps nothing of the content of a ConfigMap or of the environment of a container', () => {
    const secret = 'hunter2-is-the-password';
    const config = object('ConfigMap', 'kube-system/coredns', { data: { Corefile: secret } });
    const web = workload(
      'Deployment',
      'shop/web',
      podSpec('web', {}, { env: [{ name: 'PASSWORD', value: secret }], args: [`--password=${secret}`] }),
    );
    expect(JSON.stringify([facts(config), facts(web)])).not.to.include('hunter2');
  });

  it('reads each kind with a pod template', () => {
    for (const kind of ['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job', 'CronJob'])
      expect(facts(workload(kind, 'shop/web', podSpec('web:1'))).pod?.repositories, kind).to.deep.equal(['docker.io/library/web']);
  });

  it('bounds paths and repositories, and keeps different ones apart', () => {
    const volumes = ['a', 'b'].map((end) => ({ name: end, hostPath: { path: `/etc/${'x'.repeat(5000)}${end}` } }));
    const { host = [], repositories = [] } =
      facts(workload('Deployment', 'shop/web', podSpec(`web/${'y'.repeat(5000)}`, { volumes }))).pod ?? {};
    expect(host).to.have.length(2);
    for (const text of [...host, ...repositories]) expect(text.length).to.be.below(320);
  });

  it('has the same digest for the same template, and another for another image, command, volume or account', () => {
    const digest = (spec: Readonly<Record<string, unknown>>): string => facts(workload('Deployment', 'a/b', spec)).pod?.digest ?? '';
    const base = digest(podSpec('web:1'));
    expect(digest(podSpec('web:1', { dnsPolicy: 'ClusterFirst', volumes: [{ name: 'kube-api-access-x2k4v' }] }))).to.equal(base);
    const others = [
      podSpec('web:2'),
      podSpec('web:1', {}, { command: ['sh'] }),
      podSpec('web:1', { volumes: [{ name: 'a', hostPath: { path: '/' } }] }),
      podSpec('web:1', { serviceAccountName: 'x' }),
    ].map(digest);
    expect(new Set([base, ...others]).size).to.equal(5);
  });

  it('does not throw at objects of a strange form', () => {
    for (const kind of [
      'Pod',
      'Deployment',
      'ClusterRole',
      'ClusterRoleBinding',
      'Service',
      'Node',
      'CertificateSigningRequest',
      'MutatingWebhookConfiguration',
      'NetworkPolicy',
      'ResourceQuota',
      'Namespace',
    ])
      for (const strange of [null, 'text', 7, [], [null, 1, 'x', []], { a: [null] }])
        expect(
          facts({ kind, metadata: strange, spec: strange, rules: strange, subjects: strange, webhooks: strange, status: strange }),
        ).to.be.an('object');
  });

  it('has no facts of its kind for an object of a kind with an inherited name', () => {
    expect(Object.keys(facts({ kind: 'constructor', metadata: { name: 'a' } }))).to.deep.equal(
      Object.keys(facts({ kind: 'Widget', metadata: { name: 'a' } })),
    );
  });

  it('bounds the names of subjects as audit events have them, and counts what was cut', () => {
    const name = 'x'.repeat(100_000);
    const { subjects = [], cut } =
      facts(binding('ClusterRoleBinding', 'x', 'ClusterRole/x', [`User/${name}`, `Group/${name}`, 'User/eve'])).binding ?? {};
    expect(cut).to.equal(2);
    expect(Math.max(...subjects.map((subject) => subject.length))).to.be.below(520);
    const parsed = auditUser({ username: name }, 'user', new Set());
    expect(subjects).to.include(`User/${parsed.username}`);
    expect(facts(binding('RoleBinding', 'shop/x', 'Role/x', ['User/eve'])).binding?.cut).to.equal(undefined);
  });

  it('names the subjects of a binding once, however they are written', () => {
    const made = binding('RoleBinding', 'shop/x', 'Role/x', [
      'User/system:serviceaccount:shop:web',
      'ServiceAccount/shop/web',
      'Group/team',
    ]);
    expect(facts(made).binding?.subjects).to.deep.equal(['Group/team', 'ServiceAccount/shop/web', 'ServiceAccount/shop/web']);
  });
});

const powersOf = (given: unknown): readonly string[] => policyRules([given]).flatMap(rulePowers);

describe('rulePowers', () => {
  for (const [title, given, expected] of [
    ['all', rule('*', '*', '*'), ['everything']],
    ['secrets in another group', rule('get', 'secrets', 'example.com'), []],
    ['secrets', rule('watch', 'secrets'), ['read secrets']],
    ['what only looks like any subresource of pods', rule('create', 'pods/*'), []],
    ['verbs of another group', rule('*', 'foos', 'example.com'), ['all verbs']],
    ['signers', rule('approve', 'signers', 'certificates.k8s.io'), ['approve certificates']],
    ['all verbs by name', rule('get list watch create update patch delete', '*', '*'), ['write everything']],
    ['users of another group', rule('impersonate', 'users', 'example.com'), []],
    ['exec of anything', rule('create', '*/exec'), ['exec into pods']],
    ['roles in all groups', rule('patch', 'rolebindings', '*'), ['write roles']],
    ['escalate', rule('escalate', 'clusterroles', 'rbac.authorization.k8s.io'), ['escalate']],
    ['the metrics of nodes', rule('get', 'nodes/metrics'), []],
    ['approval', rule('update', 'certificatesigningrequests/approval', 'certificates.k8s.io'), ['approve certificates']],
  ] as const)
    it(`finds ${expected.join(', ') || 'none'} in ${title}`, () =>
      expect(powersOf(given))
        .to.include.members([...expected])
        .and.to.satisfy((found: readonly string[]) => expected.length > 0 || found.length === 0));

  it('does not count a right for named objects', () => {
    expect(powersOf({ ...rule('get', 'secrets'), resourceNames: ['mine'] })).to.deep.equal([]);
    expect(powersOf({ ...rule('impersonate', 'users'), resourceNames: ['admin'] })).to.deep.equal(['impersonate']);
  });
});

describe('certificateSubject', () => {
  it('reads common name and organizations', () =>
    expect(certificateSubject(certificateRequest('alice', 'team', 'system:masters'))).to.deep.equal({
      commonName: 'alice',
      organizations: ['team', 'system:masters'],
    }));

  it('reads what openssl makes', () => {
    // openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj '/O=system:masters/O=team/CN=mallory' | base64 -w0
    const made =
      'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIMU1JR2NBZ0VBTURveEZ6QVZCZ05WQkFvTURuTjVjM1JsYlRwdFlYTjBaWEp6TVEwd0N3WURWUVFLREFSMApaV0Z0TVJBd0RnWURWUVFEREFkdFlXeHNiM0o1TUZrd0V3WUhLb1pJemowQ0FRWUlLb1pJemowREFRY0RRZ0FFCitkcXpkTDRNTHBkTW5qQWg0aXJ4ZXc5b2tYdVUrLy9qMHppdERrZy9lWHBOVldGMW1oeGtyUDF0MWFha1N1V2sKZG9EbnNUV1kxZSt2K0hxa3cxazFQS0FBTUFvR0NDcUdTTTQ5QkFNQ0EwZ0FNRVVDSVFESzBDV1o4Q29IZ3o3TAp3akFBT1Q2WDBJd2NBbWpHUU1zMUJ4MDR5MTB2ZHdJZ1JyRkdKdkhsZ0s3LzkraGx1cjR6eS9aZFF1cWNaajJkCjNRT1JwZTllSFU0PQotLS0tLUVORCBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0K';
    expect(certificateSubject(made)).to.deep.equal({ commonName: 'mallory', organizations: ['system:masters', 'team'] });
  });

  it('reads nothing from anything else', () => {
    for (const text of [
      '',
      'x',
      Buffer.from('-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----').toString('base64'),
      'A'.repeat(100_000),
    ])
      expect(certificateSubject(text)).to.deep.equal({ commonName: '', organizations: [] });
  });
});
