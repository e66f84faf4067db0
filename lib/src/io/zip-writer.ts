/**
 * Writing zip archives with plain entries, without times, so that the same entries give the same
 * bytes. Source: PKWARE, APPNOTE.TXT 6.3.
 */

import { crc32 } from "../core/crc32.ts";
import { InputError } from "../core/errors.ts";

/** Beyond this, the zip64 records would be needed. */
const LARGEST = 2 ** 32 - 1;
const LOCAL_BYTES = 30;
const CENTRAL_BYTES = 46;
const END_BYTES = 22;
/** 1 January 1980, the first date that a zip archive can hold. */
const FIRST_DATE = 0x0021;

/** An archive of the entries, in their order. Names are ASCII. */
export function zipped(entries: readonly (readonly [string, Uint8Array])[]): Uint8Array {
  const encoder = new TextEncoder();
  const packed = entries.map(([name, data]) => ({ name: encoder.encode(name), data }));
  const locals = packed.reduce(
    (n, { name, data }) => n + LOCAL_BYTES + name.length + data.length,
    0,
  );
  const central = packed.reduce((n, { name }) => n + CENTRAL_BYTES + name.length, 0);
  if (locals + central + END_BYTES > LARGEST) {
    throw new InputError(
      `writePt: the arrays take ${locals} bytes, a file holds at most ${LARGEST}`,
    );
  }
  const out = new Uint8Array(locals + central + END_BYTES);
  const view = new DataView(out.buffer);
  let at = 0;
  let directory = locals;
  for (const { name, data } of packed) {
    const common = { view, crc: crc32(data), size: data.length, nameLength: name.length };
    view.setUint32(directory, 0x02014b50, true);
    view.setUint16(directory + 4, 20, true);
    writeCommon({ ...common, at: directory + 6 });
    view.setUint32(directory + 42, at, true);
    out.set(name, directory + CENTRAL_BYTES);
    directory += CENTRAL_BYTES + name.length;
    view.setUint32(at, 0x04034b50, true);
    writeCommon({ ...common, at: at + 4 });
    out.set(name, at + LOCAL_BYTES);
    out.set(data, at + LOCAL_BYTES + name.length);
    at += LOCAL_BYTES + name.length + data.length;
  }
  view.setUint32(directory, 0x06054b50, true);
  view.setUint16(directory + 8, entries.length, true);
  view.setUint16(directory + 10, entries.length, true);
  view.setUint32(directory + 12, central, true);
  view.setUint32(directory + 16, locals, true);
  return out;
}

/** The fields that the local header and the directory share, from "version needed" on. */
function writeCommon(fields: {
  readonly view: DataView;
  readonly at: number;
  readonly crc: number;
  readonly size: number;
  readonly nameLength: number;
}): void {
  const { view, at, crc, size, nameLength } = fields;
  view.setUint16(at, 20, true);
  view.setUint16(at + 8, FIRST_DATE, true);
  view.setUint32(at + 10, crc, true);
  view.setUint32(at + 14, size, true);
  view.setUint32(at + 18, size, true);
  view.setUint16(at + 22, nameLength, true);
}
