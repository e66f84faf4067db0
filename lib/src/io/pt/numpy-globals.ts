/**
 * NumPy's names in a checkpoint: arrays, scalars and their types.
 * Source: NumPy, numpy/_core/src/multiarray/methods.c (`array_reduce`, `arraydescr_reduce`).
 */

import { InputError } from "../../core/errors.ts";
import { type ElementType, elements, rowMajor } from "../elements.ts";
import { type Buildable, PyCallable, PyName, PyTuple } from "../pickle/values.ts";
import { counts, malformed, rawBytes } from "./args.ts";
import { Storage, TensorRef } from "./tensor-ref.ts";

const typeCodes: { readonly [code: string]: ElementType } = {
  f8: "F64",
  f4: "F32",
  f2: "F16",
  i8: "I64",
  i4: "I32",
  i2: "I16",
  i1: "I8",
  u8: "U64",
  u4: "U32",
  u2: "U16",
  u1: "U8",
  b1: "BOOL",
};

/** `numpy.dtype`. */
export class NumpyType implements Buildable {
  readonly name: string;
  readonly type: ElementType;

  constructor(code: unknown) {
    const letters = String(code).replace(/^[<=|]/, "");
    if (!Object.hasOwn(typeCodes, letters)) {
      throw new InputError(
        `pt: NumPy arrays of type "${String(code)}" are not supported; use one of ${Object.keys(typeCodes).join(" ")}`,
      );
    }
    this.name = letters;
    this.type = typeCodes[letters] as ElementType;
  }

  /** (version, byte order, ...). */
  setState(state: unknown): void {
    const order = state instanceof PyTuple ? state.items[1] : undefined;
    if (order !== "<" && order !== "|" && order !== "=") {
      throw new InputError(
        `pt: NumPy byte order "${String(order)}" is not supported; save little-endian arrays`,
      );
    }
  }
}

/** `numpy.ndarray`, empty until its state is set. */
export class NumpyArray implements Buildable {
  ref: TensorRef | undefined;

  /** (version, shape, dtype, column-major, bytes). */
  setState(state: unknown): void {
    const items = state instanceof PyTuple ? state.items : [];
    const [shape, dtype, columnMajor, data] = items.slice(-4);
    this.ref = arrayRef(data, dtype, shape, columnMajor === true);
  }
}

function arrayRef(data: unknown, dtype: unknown, size: unknown, columnMajor: boolean): TensorRef {
  if (!(dtype instanceof NumpyType)) throw malformed("an array has no type");
  const shape = counts("the shape of an array", size);
  const strides = columnMajor ? rowMajor(shape.toReversed()).reverse() : rowMajor(shape);
  const storage = new Storage("array", dtype.type, rawBytes("an array", data));
  return new TensorRef(storage, dtype.type, 0, shape, strides);
}

/** A number or truth value; a bigint beyond 2^53. */
function scalar([dtype, data]: readonly unknown[]): number | bigint | boolean {
  if (!(dtype instanceof NumpyType)) throw malformed("a scalar has no type");
  const bytes = rawBytes("a scalar", data);
  if (bytes.length !== elements[dtype.type].bytes) throw malformed("a scalar has another length");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const value = elements[dtype.type].read(view, 0);
  if (dtype.type === "BOOL") return value === 1;
  if (dtype.type === "I64" && !Number.isSafeInteger(value)) return view.getBigInt64(0, true);
  if (dtype.type === "U64" && !Number.isSafeInteger(value)) return view.getBigUint64(0, true);
  return value;
}

function fromBuffer([data, dtype, shape, order]: readonly unknown[]): NumpyArray {
  const array = new NumpyArray();
  array.ref = arrayRef(data, dtype, shape, order === "F");
  return array;
}

/** Names by `module name`; NumPy 2 renamed `numpy.core` to `numpy._core`. */
export const numpyGlobals: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["numpy ndarray", new PyName("numpy.ndarray")],
  ["numpy dtype", new PyCallable("numpy.dtype", ([code]) => new NumpyType(code))],
  ...["numpy.core", "numpy._core"].flatMap((core): [string, unknown][] => [
    [`${core}.multiarray _reconstruct`, new PyCallable("_reconstruct", () => new NumpyArray())],
    [`${core}.multiarray scalar`, new PyCallable("scalar", scalar)],
    [`${core}.numeric _frombuffer`, new PyCallable("_frombuffer", fromBuffer)],
  ]),
]);
