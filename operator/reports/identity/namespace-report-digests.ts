import type { KubeObject } from '../../api/metadata.ts';
import { ObjectDigests } from '../../findings/namespace-marks.ts';
import { reportScope } from './report-scope.ts';

/** The digests of the reports of each namespace. A digest changes when any writer creates, changes or deletes a report there. */
export class NamespaceReportDigests {
  readonly #digests = new ObjectDigests();
  readonly #namespaces = new Set<string>();

  /** Adds a report of any writer. Needs only its metadata. */
  add(report: KubeObject): void {
    const namespace = reportScope(report);
    this.#namespaces.add(namespace);
    this.#digests.add('reports', [namespace], report.metadata);
  }

  /** The namespaces that have a report. */
  get namespaces(): ReadonlySet<string> {
    return this.#namespaces;
  }

  /** Returns the digest of the reports about a namespace's targets. Undefined if the digest cannot prove that they are unchanged. */
  digestOf(namespace: string): string | undefined {
    return this.#digests.of('reports', namespace);
  }
}
