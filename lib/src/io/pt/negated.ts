/** PyTorch's `neg` of decoded numbers, in place. */

import type { TypedArray } from "../../core/nd.ts";
import type { ElementType } from "../elements.ts";
import { Refusal } from "../pickle/values.ts";

const float = (x: number): number => -x;
const int32 = (x: number): number => -x | 0;

/** Of integers that have 64 bits in the file, and 32 here. */
function int64(x: number): number {
  if (x !== -(2 ** 31)) return int32(x);
  throw new Refusal(`is lazily negated and holds ${-x}, which does not fit in int32`);
}

/** Integers wrap around at the width they have in the file. */
const negations: { readonly [E in ElementType]?: (x: number) => number } = {
  F64: float,
  F32: float,
  F16: float,
  BF16: float,
  I64: int64,
  I32: int32,
  I16: (x) => (-x << 16) >> 16,
  I8: (x) => (-x << 24) >> 24,
  U8: (x) => -x & 0xff,
};

/** The negation of a type; throws `Refusal` for types that PyTorch cannot negate either. */
export function negationOf(type: ElementType): (x: number) => number {
  const negate = negations[type];
  if (negate === undefined) {
    throw new Refusal(`is a lazily negated tensor of ${type}, which PyTorch cannot negate either`);
  }
  return negate;
}

export function negateAll(data: TypedArray, negate: (x: number) => number): void {
  for (let i = 0; i < data.length; i++) data[i] = negate(data[i] as number);
}
