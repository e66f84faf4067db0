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

/** Most axes of an array. */
const MOST_AXES = 64;

/** Strides of a dense row-major array. */
export function rowMajor(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = step;
    step *= shape[axis] as number;
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
  const { shape, offset } = layout;
  const element = elements[type];
  const { dtype } = element;
  checkLayout(where, layout, Math.floor(bytes.length / element.bytes));
  const size = sizeOf(shape);
  budget.spend(where, size * bytesPerElement[dtype]);
  const data = zerosOf(dtype, size);
  if (size === 0) return nd(dtype, shape, data);
  const axes = longAxes(layout);
  const last = axes.at(-1);
  if (element.same && (last === undefined || (axes.length === 1 && last.stride === 1))) {
    const start = offset * element.bytes;
    const raw = new Uint8Array(data.buffer);
    raw.set(bytes.subarray(start, start + raw.length));
    return nd(dtype, shape, data);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { size: run, stride } = last ?? { size: 1, stride: 0 };
  const copied = stride === 0 ? 1 : run;
  const { outer, inner } = split(axes.slice(0, -1));
  let i = 0;
  for (const base of starts(outer, offset)) {
    for (const step of inner) {
      for (let k = 0; k < copied; k++) {
        const at = (base + step + k * stride) * element.bytes;
        const value = element.read(view, at);
        data[i + k] = value;
        if (element.bytes === 8 && data[i + k] !== value && !Number.isNaN(value)) {
          throw new InputError(
            `${where}: the 64-bit integer ${wide(type, view, at)} does not fit in ${dtype}`,
          );
        }
      }
      if (stride === 0) data.fill(data[i] as number, i, i + run);
      i += run;
    }
  }
  return nd(dtype, shape, data);
}

/** Most offsets of runs that are computed once for all. */
const MOST_OFFSETS = 1024;

/** The innermost axes as a list of offsets, so that short axes cost little, and the other axes. */
function split(axes: readonly Axis[]): { readonly outer: Axis[]; readonly inner: number[] } {
  const outer = [...axes];
  const short: Axis[] = [];
  for (let count = 1; ; ) {
    const axis = outer.at(-1);
    count *= axis?.size ?? 1;
    if (axis === undefined || count > MOST_OFFSETS) break;
    short.unshift(axis);
    outer.pop();
  }
  return { outer, inner: [...starts(short, 0)] };
}

function wide(type: ElementType, view: DataView, at: number): bigint {
  return type === "U64" ? view.getBigUint64(at, true) : view.getBigInt64(at, true);
}

interface Axis {
  readonly size: number;
  readonly stride: number;
}

/** The axes of more than one element; neighbors that one stride walks through are one axis. */
function longAxes({ shape, strides }: Layout): Axis[] {
  const axes: Axis[] = [];
  for (const [i, size] of shape.entries()) {
    if (size === 1) continue;
    const stride = strides[i] as number;
    const outer = axes.at(-1);
    if (outer !== undefined && outer.stride === stride * size) {
      axes[axes.length - 1] = { size: outer.size * size, stride };
    } else {
      axes.push({ size, stride });
    }
  }
  return axes;
}

/** Offsets of the first element of each run along the last axis, in row-major order. */
function* starts(axes: readonly Axis[], offset: number): Generator<number> {
  const index = axes.map(() => 0);
  let at = offset;
  for (;;) {
    yield at;
    let axis = axes.length - 1;
    for (; axis >= 0; axis--) {
      const { size, stride } = axes[axis] as Axis;
      const next = (index[axis] as number) + 1;
      at += stride;
      index[axis] = next;
      if (next < size) break;
      at -= stride * next;
      index[axis] = 0;
    }
    if (axis < 0) return;
  }
}

function checkLayout(where: string, { shape, offset, strides }: Layout, stored: number): void {
  const axes = shape.length;
  if (axes > MOST_AXES) {
    throw new InputError(`${where}: an array has at most ${MOST_AXES} axes, got ${axes}`);
  }
  const whole = [...shape, offset, ...strides].every((x) => Number.isSafeInteger(x) && x >= 0);
  if (!whole || axes !== strides.length) {
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
