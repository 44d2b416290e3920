import { expect } from 'chai';
import { run as except } from '../../operator/cli/except.ts';
import { run as scan } from '../../operator/cli/scan.ts';
import { runCommand } from './command-fixture.ts';

const reason = ['--reason', 'the agent reads all processes'];

describe('vigil except', () => {
  it('prints a SecurityException for an object in a namespace', async () => {
    const args = ['deployment/legacy-*', 'host-pid', 'run-as-non-root', ...reason, '--until', '2099-02-28', '-n', 'shop'];
    const { code, out } = await runCommand(except, [...args, '--policy', 'baseline', '--container', 'api']);
    expect(code).to.equal(0);
    expect(out).to.equal(`apiVersion: vigil.dev/v1alpha1
kind: SecurityException
metadata:
  name: deployment-legacy-host-pid
  namespace: shop
spec:
  reason: the agent reads all processes
  expiresAt: "2099-02-28T00:00:00Z"
  policies:
    - baseline
  targets:
    - apiGroup: apps
      kind: Deployment
      names:
        - legacy-*
      containers:
        - api
  checks:
    - name: host-pid
    - name: run-as-non-root
`);
  });

  it('refuses a kind that is the name of a property of every object', async () => {
    const { code, error } = await runCommand(except, ['constructor/a', 'host-pid', ...reason]);
    expect(code).to.equal(2);
    expect(error).to.include("no kind 'constructor'");
  });

  it('prints a ClusterSecurityException for a cluster-scoped object', async () => {
    const { out } = await runCommand(except, ['clusterrole/admin', 'rbac-read-secrets', ...reason, '--name', 'admins']);
    expect(out).to.equal(`apiVersion: vigil.dev/v1alpha1
kind: ClusterSecurityException
metadata:
  name: admins
spec:
  reason: the agent reads all processes
  targets:
    - apiGroup: rbac.authorization.k8s.io
      kind: ClusterRole
      names:
        - admin
  checks:
    - name: rbac-read-secrets
`);
  });

  it('prints a ClusterSecurityException for a user or a group, whose name may have any characters', async () => {
    const { code, out } = await runCommand(except, ['user/arn:aws:sts::1:assumed-role/Ops/ann@example.com', 'secret-read', ...reason]);
    expect(code).to.equal(0);
    expect(out).to.equal(`apiVersion: vigil.dev/v1alpha1
kind: ClusterSecurityException
metadata:
  name: user-arn-aws-sts-1-assumed-role-ops-ann-example-com-secret-read
spec:
  reason: the agent reads all processes
  targets:
    - apiGroup: rbac.authorization.k8s.io
      kind: User
      names:
        - arn:aws:sts::1:assumed-role/Ops/ann@example.com
  checks:
    - name: secret-read
`);
    expect((await runCommand(except, ['Group.rbac.authorization.k8s.io/on call', 'impersonation', ...reason])).out).to.include('- on call');
    expect((await runCommand(except, ['user/ann', 'secret-read', ...reason, '-n', 'shop'])).code).to.equal(2);
  });

  it('prints an exception that vigil scan applies', async () => {
    const { out } = await runCommand(except, ['pod/cart', 'host-pid', ...reason, '-n', 'shop']);
    const pod = 'apiVersion: v1\nkind: Pod\nmetadata: {name: cart, namespace: shop}\nspec: {hostPID: true}\n';
    expect((await runCommand(scan, ['-', '--control', 'host-pid'], `${pod}---\n${out}`)).out).to.include('0 failed, 0 passed, 1 excepted');
  });

  for (const [what, resource, check, expected] of [
    ['a framework', 'pod/a', 'nsa', '- framework: nsa'],
    ['a vulnerability', 'pod/a', 'CVE-2026-1234', '- vulnerability: CVE-2026-1234'],
    ['a plural', 'deployments/a', 'host-pid', 'kind: Deployment'],
    ['a kind with its group', 'Deployment.apps/a', 'host-pid', 'kind: Deployment'],
    ['a kind of a CRD', 'Widget.example.com/a', 'host-pid', 'apiGroup: example.com'],
    ['a kind that two groups have, with one', 'Event.events.k8s.io/a', 'host-pid', 'apiGroup: events.k8s.io'],
    ['the plural of a kind that two groups have', 'events.events.k8s.io/a', 'host-pid', 'apiGroup: events.k8s.io'],
    ['a user with its group', 'User.rbac.authorization.k8s.io/ann', 'secret-spread', 'kind: User'],
  ] as const)
    it(`accepts ${what}`, async () => expect((await runCommand(except, [resource, check, ...reason])).out).to.include(expected));

  it('accepts the rule of a policy that is named', async () => {
    expect((await runCommand(except, ['pod/a', 'own-registry-only', ...reason, '--policy', 'own'])).out).to.include(
      'name: own-registry-only',
    );
  });

  for (const [what, args, expected] of [
    [
      'a control that does not exist',
      ['pod/a', 'host-pidd', ...reason],
      "no control and no rule of a policy has the name 'host-pidd' (did you mean 'host-pid'?)",
    ],
    ['a misspelt control with --policy', ['pod/a', 'host-pidd', ...reason, '--policy', 'own'], "(did you mean 'host-pid'?)"],
    ['a pattern as the check', ['pod/a', 'host-*', ...reason], "'host-*' is a pattern; name each check"],
    ['a kind that does not exist', ['deploymnt/a', 'host-pid', ...reason], "no kind 'deploymnt' (did you mean 'deployment'?)"],
    ['an object without a kind', ['web', 'host-pid', ...reason], "'web' is not KIND/NAME"],
    ['a kind of another group', ['Deployment.extensions/web/a', 'host-pid', ...reason], "'Deployment.extensions/web/a' is not KIND/NAME"],
    ['a kind of a CRD in lower case', ['widget.example.com/a', 'host-pid', ...reason], "no kind 'widget.example.com'"],
    ['no name', ['pod/', 'host-pid', ...reason], "'pod/' is not KIND/NAME"],
    ['no kind before the name', ['/a', 'host-pid', ...reason], "'/a' is not KIND/NAME"],
    ['no reason', ['pod/a', 'host-pid'], '--reason is required, and has at least 10 characters'],
    ['a short reason', ['pod/a', 'host-pid', '--reason', 'because'], "'because' is too short"],
    ['an end that is no date', ['pod/a', 'host-pid', ...reason, '--until', 'soon'], "--until: 'soon' is not a date such as 2027-02-28"],
    ['a day that does not exist', ['pod/a', 'host-pid', ...reason, '--until', '2099-02-30'], "--until: '2099-02-30' is not a date"],
    ['an end in the past', ['pod/a', 'host-pid', ...reason, '--until', '2020-01-01'], '--until: 2020-01-01 is in the past'],
    [
      'a namespace of a cluster-scoped object',
      ['clusterrole/a', 'host-pid', ...reason, '-n', 'web'],
      '--namespace: ClusterRole is cluster-scoped',
    ],
    ['no check', ['pod/a', ...reason], 'name an object and at least one check'],
    ['an unknown flag', ['pod/a', 'host-pid', '--reson', 'x'], "no flag '--reson' (did you mean '--reason'?)"],
  ] as const)
    it(`refuses ${what}`, async () => {
      const { code, out, error } = await runCommand(except, args);
      expect([code, out]).to.deep.equal([2, '']);
      expect(error).to.include(expected);
    });

  it('prints its usage with --help', async () => {
    const { code, out } = await runCommand(except, ['--help']);
    expect([code, out.slice(0, 21)]).to.deep.equal([0, 'vigil except RESOURCE']);
  });
});
