import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PolicyReport } from '../../../operator/api/kinds/policy-report.ts';
import { kubectl } from '../cluster-access.ts';
import { ClusterFiles, type ClientCertificate } from './cluster-files.ts';

/** How a request identifies itself: by a bearer token, a client certificate, or not at all. */
export type Caller = string | ClientCertificate | undefined;

/** An anomaly as a test compares it. */
export interface SeenAnomaly {
  readonly rule: string;
  /** `Kind/name` of what it is about. */
  readonly about: string;
  readonly actor: string;
  readonly severity: string;
  readonly result: string;
  /** The address and the program of the request. Empty: no audit event is known. */
  readonly source: string;
}

/** Runs the operator of this checkout against a cluster of `hack/cluster up --audit`, and sends requests as different users. */
export class WatchedCluster {
  readonly files = new ClusterFiles();
  /** The port of the metrics of the operator. */
  readonly #healthPort = this.files.auditPort + 10_000;
  /** Whether the operator is expected to run. */
  #isWanted = false;
  #stop: () => Promise<unknown> = () => Promise.resolve();

  /** Installs the CRDs and accounts, but no operator of its own. */
  install(): void {
    kubectl(['apply', '--server-side', '--force-conflicts', '-k', 'config/with-report-crds']);
    kubectl(['-n', 'vigil-system', 'scale', 'deployment/vigil-operator', '--replicas=0']);
  }

  /** Starts the operator in a process of its own: tests block theirs. Its log is on standard error. */
  start(): void {
    const files = ['--audit-seed-file', this.files.audit('ca-seed'), '--audit-token-file', this.files.audit('token')];
    const flags = [
      '--health-port',
      String(this.#healthPort),
      '--health-host',
      '127.0.0.1',
      '--audit-port',
      String(this.files.auditPort),
      ...files,
      '--worker-image',
      'none',
    ];
    const child = spawn(process.execPath, ['operator/main.ts', 'operator', '--log-level', 'warn', ...flags], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const exited = new Promise<void>((resolve) => {
      child.once('exit', (code, signal) => {
        resolve();
        if (!this.#isWanted) return;
        // An operator that loses its Lease on a busy machine ends, and the kubelet starts it again.
        process.stderr.write(`the operator ended with ${signal ?? `exit code ${code ?? ''}`} and is started again\n`);
        this.start();
      });
    });
    this.#isWanted = true;
    this.#stop = () => {
      this.#isWanted = false;
      child.kill('SIGTERM');
      return exited;
    };
  }

  /** Stops the operator as Kubernetes does. */
  async stop(): Promise<void> {
    await this.#stop();
    this.#stop = () => Promise.resolve();
  }

  /** Waits until the operator has received an audit event, at most 60 seconds. */
  async firstEvent(): Promise<boolean> {
    for (const end = performance.now() + 60_000; performance.now() < end;) {
      if (/^vigil_audit_events_total [1-9]/m.test(await this.metrics())) return true;
      await sleep(500);
    }
    return false;
  }

  /** The metrics of the operator as text. Empty: it does not answer. */
  metrics(): Promise<string> {
    return fetch(`http://127.0.0.1:${this.#healthPort}/metrics`).then(
      (response) => response.text(),
      () => '',
    );
  }

  /** Sends a request to the API server. Resolves to the status. */
  send(caller: Caller, method: string, path: string, some: { body?: object; headers?: Record<string, string> } = {}): Promise<number> {
    const { authority: ca, server } = this.files;
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const bearer = typeof caller === 'string' ? { authorization: `Bearer ${caller}` } : {};
    const headers = { 'content-type': type, ...some.headers, ...bearer };
    return new Promise((resolve, reject) => {
      const own = typeof caller === 'object' ? caller : {};
      const call = request(`${server}${path}`, { method, ca, headers, agent: false, ...own }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode ?? 0));
      });
      call.on('error', reject).end(some.body === undefined ? '' : JSON.stringify(some.body));
    });
  }

  /** Opens a session by websocket, as kubectl does, and closes it. Resolves to the status: 101 if it was opened. */
  session(token: string, path: string): Promise<number> {
    const { authority: ca, server } = this.files;
    const headers = {
      authorization: `Bearer ${token}`,
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dmlnaWwtYW5vbWFsaWVzIQ==',
      'sec-websocket-protocol': path.includes('/portforward') ? 'v4.channel.k8s.io' : 'v5.channel.k8s.io',
    };
    return new Promise((resolve, reject) => {
      const call = request(`${server}${path}`, { ca, headers, agent: false });
      call.on('upgrade', (response, socket) => {
        setTimeout(() => socket.destroy(), 500);
        resolve(response.statusCode ?? 0);
      });
      call.on('response', (response) => response.resume().on('end', () => resolve(response.statusCode ?? 0)));
      call.on('error', reject).end();
    });
  }

  /** The name of the node. */
  node(): string {
    return kubectl(['get', 'nodes', '-o', 'jsonpath={.items[0].metadata.name}']);
  }

  /** The address of the node. */
  nodeAddress(): string {
    return kubectl(['get', 'nodes', '-o', 'jsonpath={.items[0].status.addresses[?(@.type=="InternalIP")].address}']);
  }

  /** A token of a service account. */
  tokenOf(namespace: string, account: string): string {
    return kubectl(['-n', namespace, 'create', 'token', account]).trim();
  }

  /** All anomalies in the reports of the cluster. */
  anomalies(): readonly SeenAnomaly[] {
    const text = kubectl(['get', 'policyreports,clusterpolicyreports', '-A', '-l', 'vigil.dev/source=vigil-anomalies', '-o', 'json']);
    const { items } = JSON.parse(text) as { items: readonly PolicyReport[] };
    return items.flatMap(({ scope, results = [] }) =>
      results.map(({ rule = '', severity = '', result = '', properties = {} }) => ({
        rule,
        about: `${scope?.kind ?? ''}/${scope?.name ?? ''}`,
        actor: properties['actor'] ?? '',
        severity,
        result,
        source: properties['source'] ?? '',
      })),
    );
  }

  /** Waits until an anomaly is there, at most 60 seconds. Returns undefined if it is not. */
  async anomaly(is: (seen: SeenAnomaly) => boolean): Promise<SeenAnomaly | undefined> {
    for (const end = performance.now() + 60_000; ;) {
      const found = this.anomalies().find(is);
      if (found || performance.now() > end) return found;
      await sleep(1000);
    }
  }
}

/** A certificate signing request (PEM, base64) for a subject such as `/CN=alice`. */
export function signingRequest(subject: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'vigil-csr-'));
  const key = join(folder, 'key.pem');
  execFileSync('openssl', ['ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', key]);
  return execFileSync('openssl', ['req', '-new', '-key', key, '-subj', subject]).toString('base64');
}
