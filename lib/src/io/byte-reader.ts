/** Little-endian reading that never leaves the bytes it was given. */

import { InputError } from "../core/errors.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export class ByteReader {
  /** Offset of the next byte. */
  at = 0;
  readonly bytes: Uint8Array;
  private readonly where: string;
  private readonly view: DataView;

  /** `where` opens every error message. */
  constructor(where: string, bytes: Uint8Array) {
    this.where = where;
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Move past `count` bytes; returns where they start. */
  skip(count: number): number {
    const start = this.at;
    if (!(count >= 0 && start + count <= this.bytes.length)) {
      throw new InputError(
        `${this.where}: the file is truncated: ${count} bytes needed at offset ${start}, it has ${this.bytes.length}`,
      );
    }
    this.at = start + count;
    return start;
  }

  uint8(): number {
    return this.view.getUint8(this.skip(1));
  }

  uint16(): number {
    return this.view.getUint16(this.skip(2), true);
  }

  uint32(): number {
    return this.view.getUint32(this.skip(4), true);
  }

  int32(): number {
    return this.view.getInt32(this.skip(4), true);
  }

  /** An unsigned 64-bit integer; those above 2^53 lose their low bits. */
  uint64(): number {
    return Number(this.view.getBigUint64(this.skip(8), true));
  }

  float64BigEndian(): number {
    return this.view.getFloat64(this.skip(8), false);
  }

  /** A view of the next `count` bytes. */
  take(count: number): Uint8Array {
    const start = this.skip(count);
    return this.bytes.subarray(start, start + count);
  }

  /** `count` bytes of UTF-8. */
  text(count: number): string {
    const start = this.at;
    try {
      return utf8.decode(this.take(count));
    } catch (error) {
      if (error instanceof InputError) throw error;
      throw new InputError(`${this.where}: the text at offset ${start} is not UTF-8`);
    }
  }

  /** Latin-1 text up to the next line feed, which is skipped. */
  line(): string {
    const end = this.bytes.indexOf(0x0a, this.at);
    if (end < 0) {
      throw new InputError(`${this.where}: the file is truncated: no line end after ${this.at}`);
    }
    const text = latin1(this.bytes.subarray(this.at, end));
    this.at = end + 1;
    return text;
  }
}

/** One character per byte. */
export function latin1(bytes: Uint8Array): string {
  const chunks: string[] = [];
  for (let i = 0; i < bytes.length; i += 8192) {
    chunks.push(String.fromCharCode(...bytes.subarray(i, i + 8192)));
  }
  return chunks.join("");
}

/** Inverse of `latin1`; undefined when a character is above 255. */
export function fromLatin1(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 255) return undefined;
    bytes[i] = code;
  }
  return bytes;
}
