import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { Condition } from '../../operator/api/condition.ts';
import { kubectl, uniqueName } from '../integration/cluster-access.ts';
import { eventually, home, install, operatorSettled } from './installation.ts';

const all = process.env['VIGIL_TEST_ALL'] === '1';
const deployment = 'deployment/vigil-operator';
const policy = uniqueName('observed');
const open = uniqueName('open');

interface Webhook {
  readonly clusters: [{ readonly cluster: Record<string, string> }];
}

/** The API server of the test cluster, as its administrator sets it up: hack/cluster reads the folder `audit` when it starts it. */
class ApiServer {
  readonly #audit = join(dirname(process.env['KUBECONFIG'] ?? ''), 'audit');
  readonly #webhook = join(this.#audit, 'webhook.yaml');

  /** Makes the Secret and the kubeconfig as docs/audit-setup.md says. Returns the path of the Secret. */
  setUp(server: string): string {
    mkdirSync(this.#audit, { recursive: true });
    this.#run(process.execPath, 'operator/main.ts', 'audit-setup', '--server', server, '--directory', this.#audit);
    renameSync(join(this.#audit, 'vigil-audit-webhook.yaml'), this.#webhook);
    return join(this.#audit, 'vigil-audit-secret.yaml');
  }

  /** Trusts another certificate authority. */
  trust(authority: string): void {
    const webhook = parse(readFileSync(this.#webhook, 'utf8')) as Webhook;
    webhook.clusters[0].cluster['certificate-authority-data'] = Buffer.from(authority).toString('base64');
    writeFileSync(this.#webhook, stringify(webhook));
  }

  /** Sends no audit events any more, after a restart. */
  forget(): void {
    rmSync(this.#audit, { recursive: true, force: true });
  }

  restart(): void {
    this.#run('hack/cluster', 'restart', 'kube-apiserver', '--name', process.env['VIGIL_TEST_CLUSTER'] ?? '');
  }

  #run(program: string, ...args: readonly string[]): void {
    execFileSync(program, args, { stdio: 'pipe' });
  }
}

/** A certificate authority, and a certificate of it for the Service. All PEM. */
function madeCertificate(): { readonly authority: string; readonly cert: string; readonly key: string } {
  const folder = mkdtempSync(join(tmpdir(), 'vigil-audit-'));
  const file = (name: string): string => join(folder, name);
  const openssl = (...args: readonly string[]): unknown => execFileSync('openssl', args, { stdio: 'pipe' });
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '30'];
  openssl('req', '-x509', ...ec, '-subj', '/CN=example-ca', '-keyout', file('ca.key'), '-out', file('ca.crt'));
  const signed = ['-CA', file('ca.crt'), '-CAkey', file('ca.key'), '-addext', 'basicConstraints=CA:FALSE'];
  const names = ['-addext', `subjectAltName=DNS:vigil-audit.${home}.svc`];
  openssl('req', '-x509', ...ec, '-subj', '/CN=vigil-audit', ...signed, ...names, '-keyout', file('tls.key'), '-out', file('tls.crt'));
  const [authority = '', cert = '', key = ''] = ['ca.crt', 'tls.crt', 'tls.key'].map((name) => readFileSync(file(name), 'utf8'));
  rmSync(folder, { recursive: true });
  return { authority, cert, key };
}

describe('audit events, with config/components/audit on a real node', function () {
  this.timeout(240_000);
  const server = new ApiServer();
  const observing = (): Condition | undefined => {
    const text = kubectl(['get', 'securitypolicy', policy, '-o', 'jsonpath={.status.conditions}']);
    return text === '' ? undefined : (JSON.parse(text) as Condition[]).find(({ type }) => type === 'Observing');
  };
  /** The condition once it has a status and a message. Watches that are cut off make it False, too. */
  const observes = (status: string, message: RegExp, seconds = 120): Promise<Condition> =>
    eventually(
      `Observing is ${status}`,
      () => [observing()].find((condition) => condition?.status === status && message.test(condition.message)),
      seconds,
    );
  const leader = (): { readonly name: string; readonly address: string } => {
    const holder = kubectl(['-n', home, 'get', 'lease', 'vigil-operator', '-o', 'jsonpath={.spec.holderIdentity}']);
    const name = holder.slice(0, Math.max(0, holder.indexOf('_')));
    // A leader that could not reach the API server has given the Lease back.
    if (name === '') return { name, address: '' };
    return { name, address: kubectl(['-n', home, 'get', 'pod', name, '--ignore-not-found', '-o', 'jsonpath={.status.podIP}']) };
  };
  const endpoints = (): string =>
    kubectl(['-n', home, 'get', 'endpointslice', 'vigil-audit-ipv4', '--ignore-not-found', '-o', 'jsonpath={.endpoints[*].addresses[*]}']);
  /** The events that the leader has received since it started. */
  const received = (): number => {
    const { name, address } = leader();
    if (address === '') return 0;
    const page = kubectl(['get', '--raw', `/api/v1/namespaces/${home}/pods/${name}:8080/proxy/metrics`]);
    return Number(/^vigil_audit_events_total (\d+)/m.exec(page)?.[1] ?? 0);
  };
  const receives = (): Promise<number> => eventually('the leader receives events', () => [received()].find((count) => count > 0), 120);
  const rollOut = async (): Promise<void> => {
    kubectl(['-n', home, 'rollout', 'status', deployment, '--timeout=90s']);
    await operatorSettled();
  };

  before(async () => {
    await install();
    mkdirSync('dist/e2e-audit', { recursive: true });
    const kustomization = { resources: ['../../config/with-report-crds'], components: ['../../config/components/audit'] };
    writeFileSync('dist/e2e-audit/kustomization.yaml', stringify(kustomization));
    kubectl(['apply', '--server-side', '-k', 'dist/e2e-audit']);
    kubectl(
      ['apply', '-f', '-'],
      stringify({ apiVersion: 'vigil.dev/v1alpha1', kind: 'SecurityPolicy', metadata: { name: policy }, spec: { anomalies: {} } }),
    );
    await rollOut();
  });

  after(async () => {
    server.forget();
    server.restart();
    kubectl(['delete', 'securitypolicy', policy, '--ignore-not-found']);
    kubectl(['delete', 'clusterrolebinding', open, '--ignore-not-found']);
    kubectl(['-n', home, 'delete', 'service,secret,configmap,role,rolebinding', 'vigil-audit', '--ignore-not-found']);
    kubectl(['-n', home, 'delete', 'endpointslice', 'vigil-audit-ipv4', '--ignore-not-found']);
    kubectl(['-n', home, 'set', 'env', deployment, 'VIGIL_AUDIT_TLS_CERT-', 'VIGIL_AUDIT_TLS_KEY-']);
    kubectl(['apply', '--server-side', '--force-conflicts', '-k', 'config/with-report-crds']);
    await rollOut();
  });

  it('says what is missing until the Secret is there', async () => {
    const { message } = await observes('False', /no audit events are received/);
    expect(message).to.match(/ca-seed.*mount the Secret that has it/);
  });

  it('receives the events of the API server, and observes', async () => {
    const address = kubectl(['-n', home, 'get', 'service', 'vigil-audit', '-o', 'jsonpath={.spec.clusterIP}']);
    kubectl(['apply', '-f', server.setUp(`https://${address}`)]);
    // A mounted Secret comes with the next sync of the kubelet: a new pod has it at once.
    kubectl(['-n', home, 'rollout', 'restart', deployment]);
    await rollOut();
    server.restart();
    const { reason } = await observes('True', /learning/);
    expect(reason).to.equal('Learning');
    await eventually('the EndpointSlice has the leader', () => [endpoints()].find((found) => found !== '' && found === leader().address));
    expect(await receives()).to.be.greaterThan(0);
    expect(kubectl(['-n', home, 'get', 'configmap', 'vigil-audit', '-o', 'jsonpath={.data.ca\\.crt}'])).to.match(
      /^-----BEGIN CERTIFICATE-----/,
    );
  });

  it('names the user behind a change', async () => {
    kubectl(['create', 'clusterrolebinding', open, '--clusterrole=view', '--user=system:anonymous']);
    const actor = kubectl(['auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}']);
    const jsonpath = 'jsonpath={.results[?(@.rule=="binding-to-everybody")].properties.actor}';
    const report = `vigil-anomalies-clusterrolebinding-${open}`;
    await eventually(
      `the finding names ${actor}`,
      () => (kubectl(['get', 'clusterpolicyreport', report, '--ignore-not-found', '-o', jsonpath]) === actor ? true : undefined),
      180,
    );
  });

  it('sends events to the next leader', async () => {
    const before = leader();
    kubectl(['-n', home, 'delete', 'pod', before.name]);
    await operatorSettled();
    const after = await eventually('the EndpointSlice has the next leader', () =>
      [leader()].find((now) => now.name !== before.name && now.address !== '' && endpoints() === now.address),
    );
    expect(after.address).to.not.equal('');
    expect(await receives()).to.be.greaterThan(0);
  });

  if (all) {
    it('uses a certificate that was given, and another one without a restart', async function () {
      this.timeout(600_000);
      const [first, second] = [madeCertificate(), madeCertificate()];
      const use = ({ cert, key }: typeof first): string =>
        kubectl([
          '-n',
          home,
          'patch',
          'secret',
          'vigil-audit',
          '--type=merge',
          '-p',
          JSON.stringify({ stringData: { 'tls.crt': cert, 'tls.key': key } }),
        ]);
      use(first);
      const files = ['VIGIL_AUDIT_TLS_CERT=/etc/vigil/audit/tls.crt', 'VIGIL_AUDIT_TLS_KEY=/etc/vigil/audit/tls.key'];
      kubectl(['-n', home, 'set', 'env', deployment, 'VIGIL_AUDIT_SEED_FILE-', ...files]);
      await rollOut();
      server.trust(first.authority);
      server.restart();
      expect(await receives()).to.be.greaterThan(0);
      use(second);
      server.trust(second.authority);
      server.restart();
      const before = received();
      await eventually('events come with the second certificate', () => (received() > before ? true : undefined), 240);
    });

    it('says when no events come any more', async function () {
      this.timeout(900_000);
      server.forget();
      server.restart();
      const { reason } = await observes('False', /detections need audit events/, 840);
      expect(reason).to.equal('DetectionsBlind');
    });
  }
});
