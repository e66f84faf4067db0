import { type Index, type Tensor, take, tensor } from "../arrays/index.ts";
import { InputError } from "../core/errors.ts";
import { nd } from "../core/nd.ts";
import { shown } from "../core/text.ts";

/**
 * A part of an axis: one entry, entries from `start` to before `end` (default the size) in steps of
 * `step` (default 1), or the entries of a list in its order. Negative numbers count from the end.
 */
export type Slice =
  | number
  | readonly [start: number, end?: number, step?: number]
  | { readonly list: readonly number[] };

/**
 * That part of an axis of `x` (negative axes count from the last); all of it without a slice. One
 * entry drops the axis.
 * @throws InputError for entries outside of the axis.
 */
export function applySlice(x: Tensor, axis: number, slice: Slice | undefined): Tensor {
  if (slice === undefined) return x;
  checkSlice(slice);
  const at = axis < 0 ? axis + x.ndim : axis;
  if (typeof slice === "number" || isRange(slice)) {
    const part: Index = typeof slice === "number" ? slice : (slice.slice(0, 2) as [number, number]);
    return x.at(...Array.from({ length: at }, () => [] as const), part);
  }
  const entries = sliceEntries(x.shape[at] as number, slice);
  return take(x, tensor(nd("int32", [entries.length], [...entries])), at);
}

/** As `applySlice`, but one entry keeps the axis, with size 1. */
export function applySliceKeepingAxis(x: Tensor, axis: number, slice: Slice): Tensor {
  return applySlice(x, axis, typeof slice === "number" ? { list: [slice] } : slice);
}

/** The entries that a slice takes from an axis of that size, counted from 0. */
export function sliceEntries(size: number, slice: Slice | undefined): readonly number[] {
  if (slice === undefined) return Array.from({ length: size }, (_, i) => i);
  checkSlice(slice);
  if (typeof slice === "number") return [entry(size, slice)];
  if ("list" in slice) return slice.list.map((i) => entry(size, i));
  const [first, last = size, step = 1] = slice;
  const start = first < 0 ? first + size : first;
  const end = last < 0 ? last + size : last;
  if (!(Number.isInteger(step) && step > 0)) {
    throw new InputError(`slice: the step must be a positive integer, got ${step}`);
  }
  if (![start, end].every((i) => Number.isInteger(i) && i >= 0 && i <= size) || start > end) {
    throw new InputError(`slice: an axis of size ${size} has no range [${slice}]`);
  }
  return Array.from({ length: Math.ceil((end - start) / step) }, (_, i) => start + i * step);
}

/** @throws InputError for what is no slice. */
function checkSlice(slice: Slice): void {
  const numbers: unknown =
    Object(slice) === slice && "list" in Object(slice) ? Reflect.get(Object(slice), "list") : slice;
  if (typeof slice === "number" || Array.isArray(numbers)) return;
  throw new InputError(
    `slice: must be a number, [start, end, step] or { list: [...] }, got ${shown(slice)}`,
  );
}

function isRange(slice: Exclude<Slice, number>): slice is readonly [number, number?] {
  return !("list" in slice) && (slice[2] ?? 1) === 1;
}

function entry(size: number, index: number): number {
  if (Number.isInteger(index) && index >= -size && index < size) {
    return index < 0 ? index + size : index;
  }
  throw new InputError(`slice: an axis of size ${size} has no entry ${index}`);
}
