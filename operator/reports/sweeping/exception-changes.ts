import { ANNOTATIONS } from '../../api/group.ts';
import type { KubeObject } from '../../api/metadata.ts';
import { type ChangeHistory, changeWithin, readHistory, type Span } from '../building/change-history.ts';
import { addChanges, noChange, type ReportChange } from '../building/report-change.ts';

/** The time spans and namespaces in which changes of exceptions are counted. */
export interface CountedExceptions {
  /** The time span of each policy, by name. */
  readonly spans: ReadonlyMap<string, Span>;
  readonly includesNamespace: (namespace: string | undefined) => boolean;
}

/** The changes of exceptions that reports have recorded: collected from the metadata of all reports, and counted by time. */
export class ExceptionChanges {
  readonly #histories: { readonly namespace: string | undefined; readonly history: ChangeHistory }[] = [];

  /** Adds what a report has recorded. */
  add({ metadata: { namespace, annotations } }: KubeObject): void {
    const text = annotations?.[ANNOTATIONS.exceptionChanges];
    if (text !== undefined) this.#histories.push({ namespace, history: readHistory(text) });
  }

  /** Returns how many failures became excepted (`new`), and how many are no longer (`fixed`). */
  within({ spans, includesNamespace }: CountedExceptions): ReportChange {
    let sum = noChange();
    for (const { namespace, history } of this.#histories) {
      if (!includesNamespace(namespace)) continue;
      for (const [policy, span] of spans) sum = addChanges(sum, changeWithin(history, policy, span));
    }
    return sum;
  }
}
