/** A field of a message: a text, bytes of another message, or an integer. */
export type FieldValue = string | Buffer | number;

const varint = (value: number): number[] => (value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))]);

/** Encodes a message. */
export const message = (...fields: readonly (readonly [number: number, value: FieldValue])[]): Buffer =>
  Buffer.concat(
    fields.map(([number, value]) => {
      if (typeof value === 'number') return Buffer.from([...varint(number * 8), ...varint(value)]);
      const bytes = Buffer.from(value);
      return Buffer.concat([Buffer.from([...varint(number * 8 + 2), ...varint(bytes.length)]), bytes]);
    }),
  );

/** Encodes the response with a message of a kind. */
export const response = (kind: string, body: Buffer): Buffer =>
  Buffer.concat([Buffer.from('k8s\0'), message([1, message([1, 'v1'], [2, kind])], [2, body], [3, ''], [4, ''])]);
