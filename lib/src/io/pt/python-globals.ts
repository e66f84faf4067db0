/** Python's own containers and values in a checkpoint, as far as they are plain data. */

import {
  PyCallable,
  PyDict,
  PyList,
  PyName,
  PyRecord,
  PyTuple,
  Refusal,
} from "../pickle/values.ts";
import { malformed, rawBytes } from "./args.ts";

type Run = (args: readonly unknown[]) => unknown;

function dict([from]: readonly unknown[]): PyDict {
  if (from === undefined) return new PyDict();
  if (from instanceof PyDict) return PyDict.copy(from);
  const out = new PyDict();
  for (const pair of itemsOf(from)) {
    const items = itemsOf(pair);
    if (items.length !== 2) throw malformed("an item of a dict is not a pair");
    out.pairs.push(items[0], items[1]);
  }
  return out;
}

/** The items of a list or tuple; of nothing, none. */
function itemsOf(from: unknown): readonly unknown[] {
  if (from === undefined) return [];
  if (from instanceof PyList || from instanceof PyTuple) return from.items;
  throw malformed("a container is not made of a list");
}

function list([from]: readonly unknown[]): PyList {
  return new PyList([...itemsOf(from)]);
}

function tuple([from]: readonly unknown[]): PyTuple {
  return new PyTuple([...itemsOf(from)]);
}

/** Python 2's way to write bytes: text of one character per byte, and "latin1". */
function encode([text, encoding]: readonly unknown[]): Uint8Array {
  if (encoding !== "latin1") throw malformed("text in another encoding than latin1");
  return rawBytes("encoded text", text);
}

/** `bytes()` and `bytearray()`; the latter may be given text and "latin-1". */
function bytes([from, encoding]: readonly unknown[]): Uint8Array {
  if (encoding !== undefined && encoding !== "latin-1" && encoding !== "latin1") {
    throw malformed("text in another encoding than latin1");
  }
  return from === undefined ? new Uint8Array(0) : rawBytes("bytes", from);
}

/** A path as text, of its parts. */
function path(parts: readonly unknown[]): string {
  if (!parts.every((part) => typeof part === "string")) throw malformed("a path is not text");
  const [first = ".", ...rest] = parts;
  const separator = parts.some((part) => part.includes("\\")) ? "\\" : "/";
  const root = first.endsWith("/") || first.endsWith("\\") || first === "";
  return rest.length === 0 ? first : `${first}${root ? "" : separator}${rest.join(separator)}`;
}

const functions: readonly (readonly [string, readonly [number, number], Run])[] = [
  ["collections OrderedDict", [0, 1], dict],
  ["collections Counter", [0, 1], dict],
  ["collections defaultdict", [0, 2], ([, from]) => dict([from])],
  ["collections deque", [0, 2], list],
  ["argparse Namespace", [0, 0], () => new PyRecord()],
  ["types SimpleNamespace", [0, 0], () => new PyRecord()],
  ["_codecs encode", [2, 2], encode],
  ...["PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath", "Path", "PurePath"].flatMap(
    (name): [string, readonly [number, number], Run][] => [
      [`pathlib ${name}`, [0, 1000], path],
      [`pathlib._local ${name}`, [0, 1000], path],
    ],
  ),
];

const builtins: readonly (readonly [string, readonly [number, number], Run])[] = [
  ["set", [0, 1], list],
  ["frozenset", [0, 1], list],
  ["list", [0, 1], list],
  ["tuple", [0, 1], tuple],
  ["dict", [0, 1], dict],
  ["bytes", [0, 2], bytes],
  ["bytearray", [0, 2], bytes],
];

/** Types that are mentioned (by a `defaultdict`, say) and stand for themselves. */
const types = ["int", "float", "bool", "str", "object"];

/** Types of plain values that have no counterpart here. */
const refused: readonly (readonly [string, string])[] = [
  ...["complex", "slice", "range", "xrange"].flatMap((name): [string, string][] => [
    [`builtins ${name}`, `Python's ${name === "xrange" ? "range" : name}`],
    [`__builtin__ ${name}`, `Python's ${name === "xrange" ? "range" : name}`],
  ]),
  ["builtins Ellipsis", "Python's Ellipsis"],
  ["__builtin__ Ellipsis", "Python's Ellipsis"],
  ...["datetime", "date", "time", "timedelta", "timezone"].map((name): [string, string] => [
    `datetime ${name}`,
    `a datetime.${name}`,
  ]),
  ["uuid UUID", "a uuid.UUID"],
  ["decimal Decimal", "a decimal.Decimal"],
  ["fractions Fraction", "a fractions.Fraction"],
];

/** The table of `module name`. */
export function pythonGlobals(): Map<string, unknown> {
  const table = new Map<string, unknown>();
  for (const [name, counts, run] of functions) {
    table.set(name, new PyCallable(name.replace(" ", "."), counts, run));
  }
  for (const [name, counts, run] of builtins) {
    const callable = new PyCallable(name, counts, run);
    table.set(`builtins ${name}`, callable).set(`__builtin__ ${name}`, callable);
  }
  for (const name of types) {
    table.set(`builtins ${name}`, new PyName(name)).set(`__builtin__ ${name}`, new PyName(name));
  }
  for (const [name, what] of refused) {
    table.set(name, new Refusal(`is ${what}, which is not read; save it as text or a number`));
  }
  return table;
}
