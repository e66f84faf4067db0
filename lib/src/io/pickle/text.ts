/** Literals of the text opcodes of pickle protocol 0. */

import { InputError } from "../../core/errors.ts";

const LONGEST_INTEGER = 1000;

/** `12`, `-12` or `12L`; a bigint beyond 2^53. */
export function parseInteger(where: string, line: string): number | bigint {
  const digits = line.endsWith("L") ? line.slice(0, -1) : line;
  if (!/^-?\d+$/.test(digits) || digits.length > LONGEST_INTEGER) {
    throw new InputError(`${where}: "${line.slice(0, 40)}" is not an integer`);
  }
  return narrowed(BigInt(digits));
}

export function parseFloatLine(where: string, line: string): number {
  const named: { readonly [text: string]: number } = {
    inf: Number.POSITIVE_INFINITY,
    "-inf": Number.NEGATIVE_INFINITY,
    nan: Number.NaN,
  };
  if (Object.hasOwn(named, line)) return named[line] as number;
  if (!/^-?\d+(\.\d*)?(e[-+]?\d+)?$/.test(line)) {
    throw new InputError(`${where}: "${line.slice(0, 40)}" is not a number`);
  }
  return Number(line);
}

const escapes: { readonly [letter: string]: string } = {
  n: "\n",
  t: "\t",
  r: "\r",
  "\\": "\\",
  "'": "'",
  '"': '"',
};

/** A quoted string as Python's `repr` writes it, one character per byte. */
export function parseQuoted(where: string, line: string): string {
  const quote = line[0];
  if ((quote !== "'" && quote !== '"') || line.length < 2 || !line.endsWith(quote)) {
    throw new InputError(`${where}: a string is not quoted`);
  }
  return line.slice(1, -1).replace(/\\(x[0-9a-fA-F]{2}|.)/g, (whole, code: string) => {
    if (code[0] === "x" && code.length === 3) {
      return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    }
    return Object.hasOwn(escapes, code) ? (escapes[code] as string) : whole;
  });
}

/** Text with `\uXXXX` and `\UXXXXXXXX` escapes (raw-unicode-escape). */
export function parseUnicode(where: string, line: string): string {
  return line.replace(/\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})/g, (_, short, long) => {
    const code = Number.parseInt(short ?? long, 16);
    if (code > 0x10ffff) throw new InputError(`${where}: \\U${long} is not a character`);
    return String.fromCodePoint(code);
  });
}

/** A two's complement little-endian integer of any length. */
export function parseLong(where: string, bytes: Uint8Array): number | bigint {
  if (bytes.length > LONGEST_INTEGER) {
    throw new InputError(`${where}: an integer of ${bytes.length} bytes is too long`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let value = 0n;
  let at = bytes.length;
  for (; at % 8 !== 0; at--) value = (value << 8n) | BigInt(bytes[at - 1] as number);
  for (; at > 0; at -= 8) value = (value << 64n) | view.getBigUint64(at - 8, true);
  return narrowed(BigInt.asIntN(8 * bytes.length, value));
}

/** A number when it is exact, else the bigint. */
function narrowed(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
