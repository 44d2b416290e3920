import { expect } from 'chai';
import type { Coverage } from '../../../operator/api/kinds/policy-status.ts';
import { home } from '../../e2e/installation.ts';
import { kubectl } from '../../integration/cluster-access.ts';
import type { PolicyReport } from '../../../operator/api/kinds/policy-report.ts';
import { differences } from '../end-state.ts';
import type { ScenarioRun } from '../fault-lab.ts';
import { toWorker } from '../worker-process.ts';
import { callsOf, writtenReport } from './call-kinds.ts';
import { at, inHome, type Scenario } from './scenario.ts';

/** Deletes the scan's ConfigMaps whose names contain a text. */
function deleteDocuments(part: string): void {
  const names = inHome('get', 'configmaps', '-l', 'vigil.dev/scan', '-o', 'name').split('\n');
  inHome('delete', ...names.filter((name) => name.includes(part)));
}

/** Deletes an object. Returns a function that restores it. */
export function deleteRestorably(...what: readonly string[]): () => void {
  const giveBack = keep(...what);
  kubectl(['delete', ...what]);
  return giveBack;
}

/** Returns a function that restores the current state of an object. */
export function keep(...what: readonly string[]): () => void {
  const object = JSON.parse(kubectl(['get', ...what, '-o', 'json'])) as { metadata: Record<string, unknown> };
  const { resourceVersion: _version, uid: _uid, creationTimestamp: _time, managedFields: _fields, ...metadata } = object.metadata;
  return () => void kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], JSON.stringify({ ...object, metadata }));
}

/** Deletes an object at a call, and restores it after some seconds and in any case at the end. */
function deletedFor(seconds: number, call: string, ...what: readonly string[]): Pick<Scenario, 'rules' | 'undo'> {
  let giveBack: (() => void) | undefined;
  const undo = (): void => {
    giveBack?.();
    giveBack = undefined;
  };
  const work = (): void => {
    giveBack = deleteRestorably(...what);
    setTimeout(undo, seconds * 1000);
  };
  return { rules: () => [at(call, work)], undo };
}

const reportPath = ({ proxy }: ScenarioRun): { namespace: string; name: string } => {
  const written = proxy.calls.find((call) => callsOf('report write')(call) && call.status > 0);
  const report = written && writtenReport(written);
  if (!report) throw new Error('no report was written yet');
  return report;
};

const deletions: readonly Scenario[] = [
  {
    name: 'the Job is deleted while one of its pods runs',
    kind: 'Job deleted',
    quick: true,
    ...toWorker(() => void inHome('delete', 'jobs', '-l', 'vigil.dev/scan', '--wait=false')),
  },
  {
    name: 'the Job is deleted before its first log is read',
    kind: 'Job deleted',
    rules: () => [at('log read', () => void inHome('delete', 'jobs', '-l', 'vigil.dev/scan'))],
  },
  {
    name: 'the Job is deleted as soon as it is created',
    kind: 'Job deleted',
    rules: () => [at('job create', () => void inHome('delete', 'jobs', '-l', 'vigil.dev/scan'), { when: 'after' })],
  },
  {
    name: 'the input is deleted before the Job is created',
    kind: 'ConfigMap deleted',
    quick: true,
    rules: () => [at('job create', () => deleteDocuments('-input-'))],
  },
  {
    name: 'the shards are deleted before the Job is created',
    kind: 'ConfigMap deleted',
    rules: () => [at('job create', () => deleteDocuments('-shards-'))],
  },
  {
    name: 'the input is deleted while reports are written',
    kind: 'ConfigMap deleted',
    rules: () => [at('report write', () => deleteDocuments('-input-'))],
  },
  {
    name: 'the ledger is deleted when a log is read',
    kind: 'ledger deleted',
    quick: true,
    rules: () => [at('log read', () => deleteDocuments('-ledger'))],
  },
  {
    name: 'the ledger is deleted before the Job is created',
    kind: 'ledger deleted',
    rules: () => [at('job create', () => deleteDocuments('-ledger'))],
  },
  {
    name: 'the ledger is deleted while evidence is written',
    kind: 'ledger deleted',
    rules: () => [at('evidence write', () => deleteDocuments('-ledger'))],
  },
  {
    name: 'all ConfigMaps of the scan are deleted',
    kind: 'ledger deleted',
    rules: () => [at('log read', () => deleteDocuments('vigil-'))],
  },
];

const reports: readonly Scenario[] = [
  {
    name: 'a report is deleted by hand',
    kind: 'report changed',
    quick: true,
    rewrites: true,
    rules: (run) => [
      at('ledger update', () => void kubectl(['-n', reportPath(run).namespace, 'delete', 'policyreport', reportPath(run).name]), {
        skip: 2,
      }),
    ],
  },
  {
    name: 'a report is edited by hand',
    kind: 'report changed',
    rewrites: true,
    rules: (run) => [
      at(
        'ledger update',
        () => {
          const { namespace, name } = reportPath(run);
          kubectl(['-n', namespace, 'patch', 'policyreport', name, '--type=merge', '-p', '{"results":[],"summary":{"fail":0,"pass":99}}']);
        },
        { skip: 2 },
      ),
    ],
  },
  {
    name: 'all reports are deleted, and the operator is killed',
    kind: 'report changed',
    rewrites: true,
    rules: (run) => [
      at(
        'ledger update',
        () => {
          kubectl(['delete', 'policyreports', '-A', '-l', 'app.kubernetes.io/managed-by=vigil']);
          run.operator.signal('SIGKILL');
        },
        { skip: 2 },
      ),
    ],
  },
  {
    name: 'another owner’s report has the name of one of Vigil’s',
    kind: 'report changed',
    rewrites: true,
    rules: (run) => [
      at('report write', () => {
        const call = run.proxy.calls.at(-1);
        const report = call && writtenReport(call);
        if (!report) throw new Error('the call writes no report');
        run.notes['taken'] = `${report.namespace}/${report.name}`;
        const stranger = {
          apiVersion: 'wgpolicyk8s.io/v1alpha2',
          kind: 'PolicyReport',
          metadata: { ...report, labels: { faults: 'yes' } },
          summary: { fail: 7 },
        };
        kubectl(['apply', '-f', '-'], JSON.stringify(stranger));
      }),
    ],
    // The other owner's report is unchanged. Vigil's report has another name, and nothing else differs.
    expect: (end, run, wanted) => {
      const taken = run.notes['taken'] ?? '';
      const [namespace = '', name = ''] = taken.split('/');
      const moved = Object.keys(end.reports).filter((report) => !(report in wanted.reports));
      expect(moved).to.have.length(1);
      expect(moved[0]).to.match(new RegExp(`^${taken}-[0-9a-f]{10}$`));
      const { [moved[0] ?? '']: report, ...others } = end.reports;
      expect(differences(wanted, { ...end, reports: { ...others, [taken]: report } })).to.deep.equal([]);
      const stranger = JSON.parse(kubectl(['-n', namespace, 'get', 'policyreport', name, '-o', 'json'])) as PolicyReport;
      expect(stranger.summary).to.deep.equal({ fail: 7 });
      expect([stranger.metadata.labels, stranger.results]).to.deep.equal([{ faults: 'yes' }, undefined]);
    },
  },
];

const rights: readonly Scenario[] = [
  {
    name: 'the permission to create Jobs is revoked and restored',
    kind: 'rights',
    quick: true,
    ...deletedFor(6, 'job create', '-n', home, 'rolebinding', 'vigil-operator'),
  },
  {
    name: 'the permission to write reports is revoked and restored',
    kind: 'rights',
    ...deletedFor(6, 'report write', 'clusterrolebinding', 'vigil-operator'),
  },
  {
    name: 'the permission to list is revoked while planning and restored',
    kind: 'rights',
    ...deletedFor(4, 'discovery', 'clusterrolebinding', 'vigil-scan'),
    expect: () => undefined,
    recovers: true,
  },
  {
    name: 'the workers’ permission to list is revoked',
    kind: 'rights',
    recovers: true,
    rules: () => [at('job create', () => scanners('vigil-operator'))],
    undo: () => scanners('vigil-scanner', 'vigil-operator'),
    expect: ({ scan }, _run, wanted) => {
      const { phase, coverage, conditions } = scan as { phase: string; coverage: Coverage; conditions: readonly string[] };
      const { inScope } = (wanted.scan as { coverage: Coverage }).coverage;
      expect({ phase, ...coverage }).to.deep.include({ phase: 'Complete', inScope, scanned: 0, failed: inScope, skipped: 0 });
      expect(conditions.find((condition) => condition.startsWith('Covered False'))).to.match(/cannot list/);
    },
  },
  {
    name: 'the operator’s permissions in its namespace are revoked while logs are read, and restored',
    kind: 'rights',
    ...deletedFor(6, 'log read', '-n', home, 'rolebinding', 'vigil-operator'),
  },
];

/** Grants the permission to list the scanned objects to these ServiceAccounts only. */
function scanners(...accounts: readonly string[]): void {
  const subjects = accounts.map((name) => ({ kind: 'ServiceAccount', name, namespace: home }));
  kubectl(['patch', 'clusterrolebinding', 'vigil-scan', '--type=merge', '-p', JSON.stringify({ subjects })]);
}

/** Changes by users to Vigil's objects and permissions. */
export const handScenarios: readonly Scenario[] = [...deletions, ...reports, ...rights];
