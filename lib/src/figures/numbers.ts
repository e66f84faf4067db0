/** What figures are drawn from: lists and matrices of plain numbers. */

import { InputError, ShapeError } from "../core/errors.ts";
import type { NdArray, TypedArray } from "../core/nd.ts";

/** A list: rank-1 `NdArray`, typed array or plain array. NaN and infinities are gaps. */
export type Numbers = NdArray | TypedArray | readonly number[];

/** A matrix "row column": rank-2 `NdArray` or equally long rows. NaN and infinities are gaps. */
export type Matrix = NdArray | readonly (readonly number[])[];

/** Row-major numbers of a matrix. */
export interface Grid {
  readonly rows: number;
  readonly columns: number;
  readonly data: ArrayLike<number>;
}

/** The numbers of a list. `where` opens the message of a `ShapeError` (rank other than 1). */
export function listOf(where: string, numbers: Numbers): ArrayLike<number> {
  if (!("shape" in numbers)) return numbers;
  if (numbers.shape.length !== 1) throw new ShapeError(where, [-1], numbers.shape);
  return numbers.data;
}

/** The numbers of a matrix. Throws `ShapeError` for another rank, `InputError` for ragged rows. */
export function gridOf(where: string, matrix: Matrix): Grid {
  if ("shape" in matrix) {
    const [rows, columns] = matrix.shape;
    if (rows === undefined || columns === undefined || matrix.shape.length !== 2) {
      throw new ShapeError(where, [-1, -1], matrix.shape);
    }
    return { rows, columns, data: matrix.data };
  }
  const columns = matrix[0]?.length ?? 0;
  const ragged = matrix.findIndex((row) => row.length !== columns);
  if (ragged >= 0) {
    throw new InputError(
      `${where}: rows must be equally long, got ${columns} numbers in row 0 and ${matrix[ragged]?.length} in row ${ragged}`,
    );
  }
  return { rows: matrix.length, columns, data: matrix.flat() };
}

/** The rows of a matrix, each a copy. */
export function rowsOf(where: string, matrix: Matrix): Float64Array[] {
  const { rows, columns, data } = gridOf(where, matrix);
  return Array.from({ length: rows }, (_, row) =>
    Float64Array.from({ length: columns }, (_, column) => data[row * columns + column] as number),
  );
}

/** Smallest and largest finite number in the lists; undefined when there is none. */
export function extentOf(
  lists: Iterable<ArrayLike<number>>,
): readonly [number, number] | undefined {
  let low = Infinity;
  let high = -Infinity;
  for (const list of lists) {
    for (let i = 0; i < list.length; i++) {
      const value = list[i] as number;
      if (!Number.isFinite(value)) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return low > high ? undefined : [low, high];
}

/** Whether a list has a number that is NaN or infinite. */
export function hasGap(list: ArrayLike<number>): boolean {
  for (let i = 0; i < list.length; i++) if (!Number.isFinite(list[i])) return true;
  return false;
}
