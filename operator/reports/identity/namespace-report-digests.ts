import type { KubeObject } from '../../api/metadata.ts';
import { ObjectDigests } from '../../findings/namespace-marks.ts';
import { reportScope } from './report-scope.ts';

/** Digests of the reports of each namespace: they differ as soon as one was written, edited, made or deleted by anybody. */
export class NamespaceReportDigests {
  readonly #digests = new ObjectDigests();
  readonly #namespaces = new Set<string>();

  /** Takes a report in, whoever wrote it. Metadata is enough. */
  add(report: KubeObject): void {
    const namespace = reportScope(report);
    this.#namespaces.add(namespace);
    this.#digests.add('reports', [namespace], report.metadata);
  }

  /** The namespaces with a report. */
  get namespaces(): ReadonlySet<string> {
    return this.#namespaces;
  }

  /** The digest of the reports about a namespace's targets; undefined if nothing can be proved by it. */
  digestOf(namespace: string): string | undefined {
    return this.#digests.of('reports', namespace);
  }
}
