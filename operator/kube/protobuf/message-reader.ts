/** The bytes are not a protobuf message. */
export class ProtobufError extends Error {
  override readonly name = 'ProtobufError';
}

/** The wire types of the protobuf encoding. */
const [varint, fixed64, lengthDelimited, fixed32] = [0, 1, 2, 5];

/**
 * Reads the fields of one protobuf message in order, without copies. The getters describe the last field that {@link next} found. Integers are
 * exact up to 2^53. Throws {@link ProtobufError}.
 */
export class MessageReader {
  readonly bytes: Buffer;
  readonly #to: number;
  #at: number;
  /** The number of the field. */
  field = 0;
  /** The value of an integer field; 0 for others. */
  value = 0;
  /** The range of the bytes of a text, bytes or message field. Empty for others. */
  from = 0;
  to = 0;

  constructor(bytes: Buffer, from = 0, to = bytes.length) {
    this.bytes = bytes;
    this.#at = from;
    this.#to = to;
  }

  /** Moves to the next field. Returns false at the end of the message. */
  next(): boolean {
    if (this.#at >= this.#to) return false;
    const tag = this.#varint();
    this.field = Math.floor(tag / 8);
    const wireType = tag % 8;
    this.value = wireType === varint ? this.#varint() : 0;
    const length = this.#lengthOf(wireType);
    this.from = this.#at;
    this.to = this.#at + length;
    if (this.to > this.#to) throw new ProtobufError('a field is longer than its message');
    this.#at = this.to;
    return true;
  }

  /** The field as text. */
  get text(): string {
    return this.bytes.toString('utf8', this.from, this.to);
  }

  /** A reader of the field as a message. */
  get message(): MessageReader {
    return new MessageReader(this.bytes, this.from, this.to);
  }

  /** The number of bytes of a field after its tag and, for texts, bytes and messages, after its length. */
  #lengthOf(wireType: number): number {
    if (wireType === lengthDelimited) return this.#varint();
    if (wireType === varint) return 0;
    if (wireType === fixed64) return 8;
    if (wireType === fixed32) return 4;
    throw new ProtobufError(`unknown wire type ${wireType}`);
  }

  #varint(): number {
    let value = 0;
    for (let factor = 1; this.#at < this.#to; factor *= 128) {
      const byte = this.bytes[this.#at++] ?? 0;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
    throw new ProtobufError('a number is longer than its message');
  }
}
