/** CRC-32 as zip archives use it (reflected polynomial 0xEDB88320): finds every change of a few bits. */

import type { NdArray } from "./nd.ts";

function table(): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    return crc;
  });
}

let shared: Uint32Array | undefined;

/** CRC-32 of `bytes`, continuing from the CRC-32 of the bytes before them. */
export function crc32(bytes: Uint8Array, before = 0): number {
  shared ??= table();
  let crc = ~before;
  for (let i = 0; i < bytes.length; i++) {
    crc = (crc >>> 8) ^ (shared[(crc ^ (bytes[i] as number)) & 0xff] as number);
  }
  return ~crc >>> 0;
}

/** CRC-32 of a text in UTF-8, as eight hexadecimal digits. */
export function textChecksum(text: string): string {
  return digits(crc32(new TextEncoder().encode(text)));
}

/**
 * CRC-32, as eight hexadecimal digits, of the names, types, shapes and bytes of `arrays` and of
 * `metadata`, in the order of their names. Does not depend on how a file arranges them.
 */
export function arraysChecksum(
  arrays: Readonly<Record<string, NdArray>>,
  metadata: Readonly<Record<string, string>>,
): string {
  const named = Object.entries(arrays).sort(byName);
  const header = [
    Object.entries(metadata).sort(byName),
    named.map(([name, { dtype, shape }]) => [name, dtype, shape]),
  ];
  let crc = crc32(new TextEncoder().encode(JSON.stringify(header)));
  for (const [, { data }] of named) {
    crc = crc32(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), crc);
  }
  return digits(crc);
}

/** Whether the metadata's `checksum` is that of the arrays and of the rest of the metadata. */
export function checksumMatches(
  arrays: Readonly<Record<string, NdArray>>,
  { checksum, ...rest }: Readonly<Record<string, string>>,
): boolean {
  return checksum === arraysChecksum(arrays, rest);
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

function digits(crc: number): string {
  return crc.toString(16).padStart(8, "0");
}
