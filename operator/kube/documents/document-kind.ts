/** A kind of document: its name, its format version, and how older versions are read. */
export interface DocumentKind<T> {
  /** Lower-case letters, digits and dashes, at most 40 characters, such as `scan-ledger`. It is the value of the label `vigil.dev/document`. */
  readonly name: string;
  /** The format version that this version of Vigil writes: 1 or more. Raise it with every change that an older reader would misread. */
  readonly formatVersion: number;
  /**
   * Converts the content of a version up to {@link formatVersion} into the current one. Version 0 is a document without a header, as early
   * versions of Vigil wrote it. Returns undefined if the content is not valid for that version, or if that version is not supported any more.
   */
  readonly read: (content: unknown, formatVersion: number) => T | undefined;
}

/** Returns a kind whose content is JSON of the same shape in all versions. `isOne` validates the shape. */
export const jsonKind = <T>(name: string, formatVersion: number, isOne: (content: unknown) => boolean): DocumentKind<T> => ({
  name,
  formatVersion,
  read: (content) => (isOne(content) ? (content as T) : undefined),
});

/** Returns a check that content is an object in which none of these fields is missing or null. */
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
