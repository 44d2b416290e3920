import { RESOURCES } from '../api/api-resource.ts';
import { ANNOTATIONS } from '../api/group.ts';
import type { KubeObject } from '../api/metadata.ts';
import { specChanges } from '../controller/object-changes.ts';
import { watches, watchesFor, type WatchedResource } from '../controller/watched-resource.ts';
import { Controller, type ControllerBasics } from '../controller/controller.ts';
import { LedgerStore } from './ledger/ledger-store.ts';
import { scanCleanupController } from './scan-cleanup.ts';
import { ScanJobs } from './attempts/scan-jobs.ts';
import { type ScanStepsDependencies, scanSteps } from './scan-steps.ts';
import { ScanReconciler, type ScanLifeDependencies } from './scan-reconciler.ts';

/** The number of Scans that are reconciled at the same time. */
const workers = 2;
/** The longest pause before a failed step is retried, in milliseconds. The cause may end at any time. */
const longestPause = 30_000;

/** The dependencies of {@link scanController}. */
export type ScanDependencies = ScanStepsDependencies & ScanLifeDependencies & ControllerBasics;

/** Plans Scans, runs their Jobs, collects the results and writes the status. */
export function scanController(deps: ScanDependencies): Controller {
  const reconciler = new ScanReconciler(deps, scanSteps(deps));
  return new Controller({
    name: 'scan',
    log: deps.log,
    observe: deps.observe,
    workers,
    watches: scanWatches(),
    queue: { maxDelay: longestPause },
    reconcile: (name, context) => reconciler.reconcile(name, context),
  });
}

/**
 * Scans, except for changes of their status: the controller writes it, and its writes must not end the pause after a failure. Also the Jobs
 * of Scans and their pods.
 */
export const scanWatches = (): readonly WatchedResource[] => [
  watchesFor(RESOURCES.scans, specChanges()),
  watches(RESOURCES.jobs, scanOf),
  watches(RESOURCES.pods, scanOf),
];

const scanOf = ({ metadata: { annotations } }: KubeObject): readonly string[] => {
  const scan = annotations?.[ANNOTATIONS.scan];
  return scan === undefined ? [] : [scan];
};

/** Deletes the Jobs and ConfigMaps of finished Scans, and the Scans after their time to live. */
export function scanCleanup(deps: ScanDependencies): Controller {
  return scanCleanupController({ ...deps, store: new LedgerStore(deps.client, deps.namespace, deps.log), jobs: new ScanJobs(deps) });
}
