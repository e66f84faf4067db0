/**
 * NumPy's names in a checkpoint: arrays, scalars and their types.
 * Source: NumPy, numpy/_core/src/multiarray/methods.c (`array_reduce`, `arraydescr_reduce`).
 */

import { sizeOf } from "../../core/nd.ts";
import { shown } from "../../core/text.ts";
import { type ElementType, elements, rowMajor } from "../elements.ts";
import {
  type Buildable,
  type Opaque,
  PyCallable,
  PyName,
  PyTuple,
  Refusal,
} from "../pickle/values.ts";
import { counts, malformed, rawBytes } from "./args.ts";
import { Storage, swapped, TensorRef, TorchType } from "./tensor-ref.ts";

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
  failed: Opaque | undefined;
  bigEndian: boolean;

  constructor(code: unknown) {
    const text = typeof code === "string" ? code : "";
    const letters = text.replace(/^[<>=|]/, "");
    if (!Object.hasOwn(typeCodes, letters)) {
      throw new Refusal(
        `has NumPy's type ${shown(code)}, which is not read; ${Object.keys(typeCodes).join(" ")} are`,
      );
    }
    this.name = letters;
    this.type = typeCodes[letters] as ElementType;
    this.bigEndian = text.startsWith(">");
  }

  /** (version, byte order, subarray, names, fields, ...). */
  setState(state: unknown): void {
    const [, order, ...parts] = state instanceof PyTuple ? state.items : [];
    if (order !== "<" && order !== ">" && order !== "|" && order !== "=") {
      throw malformed(`NumPy's byte order is ${shown(order)}`);
    }
    if (parts.slice(0, 3).some((part) => part !== null && part !== undefined)) {
      throw new Refusal("has a structured type of NumPy, which is not read");
    }
    this.bigEndian = order === ">";
  }

  /** Bytes in the order that the type says, as little-endian ones. */
  ordered(bytes: Uint8Array): Uint8Array {
    return this.bigEndian ? swapped(bytes, elements[this.type].bytes) : bytes;
  }
}

/** `numpy.ndarray`, empty until its state is set. */
export class NumpyArray implements Buildable {
  failed: Opaque | undefined;
  private ref: TensorRef | undefined;

  constructor(ref?: TensorRef) {
    this.ref = ref;
  }

  /** (version, shape, dtype, column-major, bytes). */
  setState(state: unknown): void {
    const items = state instanceof PyTuple ? state.items : [];
    const [shape, dtype, columnMajor, data] = items.slice(-4);
    this.ref = arrayRef(data, dtype, shape, columnMajor === true);
  }

  /** Its numbers, or why there are none. */
  given(): TensorRef | Opaque {
    return this.failed ?? this.ref ?? malformed("an array has no numbers");
  }
}

function arrayRef(data: unknown, dtype: unknown, size: unknown, columnMajor: boolean): TensorRef {
  const type = sound(dtype, "an array has no type");
  const shape = counts("the shape of an array", size);
  const strides = columnMajor ? rowMajor(shape.toReversed()).reverse() : rowMajor(shape);
  const bytes = rawBytes("an array", data);
  const element = new TorchType(type.name, type.type);
  const length = bytes.length / element.bytes;
  if (length !== sizeOf(shape)) {
    throw malformed(`an array of shape [${shape}] has ${bytes.length} bytes of ${type.name}`);
  }
  const storage = new Storage("array", element, length, type.bigEndian, () => bytes);
  return new TensorRef(storage, type.type, 0, shape, strides);
}

function sound(dtype: unknown, otherwise: string): NumpyType {
  if (!(dtype instanceof NumpyType)) throw malformed(otherwise);
  if (dtype.failed !== undefined) throw dtype.failed;
  return dtype;
}

/** A number or truth value; a bigint beyond 2^53. */
function scalar([dtype, data]: readonly unknown[]): number | bigint | boolean {
  const type = sound(dtype, "a scalar has no type");
  const bytes = type.ordered(rawBytes("a scalar", data));
  const element = elements[type.type];
  if (bytes.length !== element.bytes) throw malformed("a scalar has another length");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const value = element.read(view, 0);
  if (type.type === "BOOL") return value === 1;
  if (type.type === "I64" && !Number.isSafeInteger(value)) return view.getBigInt64(0, true);
  if (type.type === "U64" && !Number.isSafeInteger(value)) return view.getBigUint64(0, true);
  return value;
}

function fromBuffer([data, dtype, shape, order]: readonly unknown[]): NumpyArray {
  return new NumpyArray(arrayRef(data, dtype, shape, order === "F"));
}

/** Classes of scalars that stand for types, as in `{"dtype": np.float32}`. */
const scalarTypes = [
  ...["bool", "bool_", "float16", "float32", "float64", "int8", "int16", "int32", "int64"],
  ...["uint8", "uint16", "uint32", "uint64"],
];

/** Names by `module name`; NumPy 2 renamed `numpy.core` to `numpy._core`. */
export const numpyGlobals: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["numpy ndarray", new PyName("numpy.ndarray")],
  ["numpy dtype", new PyCallable("numpy.dtype", [1, 3], ([code]) => new NumpyType(code))],
  ...scalarTypes.map((name): [string, unknown] => [`numpy ${name}`, new PyName(`numpy.${name}`)]),
  ...["numpy.core", "numpy._core"].flatMap((core): [string, unknown][] => [
    [
      `${core}.multiarray _reconstruct`,
      new PyCallable("_reconstruct", [3, 3], ([type]) => {
        if (!(type instanceof PyName)) throw malformed("an array has no class");
        return new NumpyArray();
      }),
    ],
    [`${core}.multiarray scalar`, new PyCallable("scalar", [2, 2], scalar)],
    [`${core}.numeric _frombuffer`, new PyCallable("_frombuffer", [4, 5], fromBuffer)],
  ]),
]);
