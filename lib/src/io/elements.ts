/** Element types as files store them, and their conversion to the five of `core/nd.ts`. */

import { InputError } from "../core/errors.ts";
import { bytesPerElement, type DType, type NdArray, nd, sizeOf, zerosOf } from "../core/nd.ts";
import type { Budget } from "./budget.ts";

/** Names as in safetensors. */
export type ElementType =
  | "F64"
  | "F32"
  | "F16"
  | "BF16"
  | "I64"
  | "I32"
  | "I16"
  | "I8"
  | "U64"
  | "U32"
  | "U16"
  | "U8"
  | "BOOL";

interface Element {
  /** Bytes in the file. */
  readonly bytes: number;
  /** What it becomes in memory. */
  readonly dtype: DType;
  /** True when the bytes in memory equal those of the file (on little-endian machines). */
  readonly same: boolean;
  read(view: DataView, at: number): number;
}

/** F16 and BF16 widen to float32, small integers to int32; 64-bit integers must fit 32 bits. */
export const elements: { readonly [E in ElementType]: Element } = {
  F64: { bytes: 8, dtype: "float64", same: true, read: (view, at) => view.getFloat64(at, true) },
  F32: { bytes: 4, dtype: "float32", same: true, read: (view, at) => view.getFloat32(at, true) },
  F16: {
    bytes: 2,
    dtype: "float32",
    same: false,
    read: (view, at) => halfToNumber(view.getUint16(at, true)),
  },
  BF16: {
    bytes: 2,
    dtype: "float32",
    same: false,
    read: (view, at) => bfloat16ToNumber(view.getUint16(at, true)),
  },
  I64: {
    bytes: 8,
    dtype: "int32",
    same: false,
    read: (view, at) => Number(view.getBigInt64(at, true)),
  },
  I32: { bytes: 4, dtype: "int32", same: true, read: (view, at) => view.getInt32(at, true) },
  I16: { bytes: 2, dtype: "int32", same: false, read: (view, at) => view.getInt16(at, true) },
  I8: { bytes: 1, dtype: "int32", same: false, read: (view, at) => view.getInt8(at) },
  U64: {
    bytes: 8,
    dtype: "uint32",
    same: false,
    read: (view, at) => Number(view.getBigUint64(at, true)),
  },
  U32: { bytes: 4, dtype: "uint32", same: true, read: (view, at) => view.getUint32(at, true) },
  U16: { bytes: 2, dtype: "int32", same: false, read: (view, at) => view.getUint16(at, true) },
  U8: { bytes: 1, dtype: "int32", same: false, read: (view, at) => view.getUint8(at) },
  BOOL: {
    bytes: 1,
    dtype: "bool",
    same: false,
    read: (view, at) => (view.getUint8(at) === 0 ? 0 : 1),
  },
};

/** A view into stored elements: offset and strides count elements. */
export interface Layout {
  readonly shape: readonly number[];
  readonly offset: number;
  readonly strides: readonly number[];
}

/** Strides of a dense row-major array. */
export function rowMajor(shape: readonly number[]): number[] {
  const strides: number[] = [];
  let step = 1;
  for (const size of shape.toReversed()) {
    strides.unshift(step);
    step *= size;
  }
  return strides;
}

/**
 * Decode a view of little-endian elements; a copy. Throws `InputError` (opened by `where`) when the
 * view leaves the bytes, the result exceeds the budget, or an integer does not fit 32 bits.
 */
export function decode(
  where: string,
  type: ElementType,
  bytes: Uint8Array,
  layout: Layout,
  budget: Budget,
): NdArray {
  const { shape, offset, strides } = layout;
  const element = elements[type];
  const { dtype } = element;
  checkLayout(where, layout, Math.floor(bytes.length / element.bytes));
  const size = sizeOf(shape);
  budget.spend(where, size * bytesPerElement[dtype]);
  const data = zerosOf(dtype, size);
  if (element.same && strides.join() === rowMajor(shape).join()) {
    const start = offset * element.bytes;
    const raw = new Uint8Array(data.buffer);
    raw.set(bytes.subarray(start, start + raw.length));
    return nd(dtype, shape, data);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let i = 0;
  for (const at of offsets(layout)) {
    const value = element.read(view, at * element.bytes);
    data[i] = value;
    if (element.bytes === 8 && data[i] !== value && !Number.isNaN(value)) {
      throw new InputError(`${where}: the 64-bit integer ${value} does not fit in ${dtype}`);
    }
    i++;
  }
  return nd(dtype, shape, data);
}

/** Offsets of the elements of a view, in row-major order. */
function* offsets({ shape, offset, strides }: Layout): Generator<number> {
  const size = sizeOf(shape);
  const index = shape.map(() => 0);
  let at = offset;
  for (let i = 0; i < size; i++) {
    yield at;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const stride = strides[axis] as number;
      const next = (index[axis] as number) + 1;
      at += stride;
      index[axis] = next;
      if (next < (shape[axis] as number)) break;
      at -= stride * next;
      index[axis] = 0;
    }
  }
}

function checkLayout(where: string, { shape, offset, strides }: Layout, stored: number): void {
  const whole = [...shape, offset, ...strides].every((x) => Number.isSafeInteger(x) && x >= 0);
  if (!whole || shape.length !== strides.length || shape.length > 64) {
    throw new InputError(`${where}: shape [${shape}] and strides [${strides}] are not valid`);
  }
  const empty = shape.includes(0);
  const span = shape.reduce((sum, size, i) => sum + (size - 1) * (strides[i] as number), 1);
  if (!Number.isSafeInteger(sizeOf(shape)) || (!empty && offset + span > stored)) {
    throw new InputError(
      `${where}: shape [${shape}] from element ${offset} needs ${offset + span} elements, the file stores ${stored}`,
    );
  }
}

/** IEEE 754 binary16. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

const word = new DataView(new ArrayBuffer(4));

/** bfloat16: the top half of a float32. */
function bfloat16ToNumber(bits: number): number {
  word.setUint32(0, bits << 16);
  return word.getFloat32(0);
}
