/** What a kind of document is called, in which version it is written, and how older versions are read. */
export interface DocumentKind<T> {
  /** Lower-case letters, digits and dashes, at most 40 characters, such as `scan-ledger`. It is the value of the label `vigil.dev/document`. */
  readonly name: string;
  /** The version in which this Vigil writes it: 1 or more. Raise it with every change of the content that an older reader would misread. */
  readonly formatVersion: number;
  /**
   * Turns the content of the given version, at most {@link formatVersion}, into today's. Version 0 is what Vigil wrote before documents had a
   * version. Returns undefined if the content is not what that version promises, or if that version cannot be taken over any more.
   */
  readonly read: (content: unknown, formatVersion: number) => T | undefined;
}

/** A kind whose content is JSON of one shape in every version up to now. `isOne` checks the shape. */
export const jsonKind = <T>(name: string, formatVersion: number, isOne: (content: unknown) => boolean): DocumentKind<T> => ({
  name,
  formatVersion,
  read: (content) => (isOne(content) ? (content as T) : undefined),
});

/** Whether content is an object with these fields, of which none is null. */
export const hasFields =
  (...fields: readonly string[]) =>
  (content: unknown): boolean =>
    typeof content === 'object' &&
    content !== null &&
    !Array.isArray(content) &&
    fields.every(
      (field) =>
        (content as Readonly<Record<string, unknown>>)[field] !== undefined &&
        (content as Readonly<Record<string, unknown>>)[field] !== null,
    );
