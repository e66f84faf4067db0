import { InputError } from "./errors.ts";
import type { Shape } from "./nd.ts";

/** Numbers with a shape, whatever holds them. */
interface Numbers {
  readonly shape: Shape;
  readonly data: ArrayLike<number>;
}

/** The label that PyTorch leaves out of a loss by default. */
const ignoredByPyTorch = -100;

/**
 * Check tokens, labels or other indices before they are rounded or looked up.
 * Behind the first `read` of each row any whole number of at least 0 will do.
 * @throws InputError for the first that is not a whole number in [0, size), and where it is.
 */
export function checkIndices(
  where: string,
  what: string,
  numbers: Numbers,
  size: number,
  read = Number.POSITIVE_INFINITY,
): void {
  const { shape, data } = numbers;
  const length = shape.at(-1) ?? 1;
  for (let i = 0; i < data.length; i++) {
    const value = data[i] as number;
    const bound = i % length < read ? size : Number.POSITIVE_INFINITY;
    if (value >= 0 && value < bound && Number.isInteger(value)) continue;
    const rule =
      bound === Number.POSITIVE_INFINITY
        ? "must be whole numbers of at least 0"
        : `must be whole numbers in [0, ${bound})`;
    const advice =
      value === ignoredByPyTorch
        ? "; -100 is not skipped as in PyTorch, so leave those positions out"
        : "";
    throw new InputError(`${where}: ${what} ${rule}, got ${value}${place(shape, i)}${advice}`);
  }
}

/** " at [row,column]" of the entry at a flat index; nothing for a single number. */
export function place(shape: Shape, flat: number): string {
  if (shape.length === 0) return "";
  let rest = flat;
  const index = shape.toReversed().map((size) => {
    const at = rest % size;
    rest = (rest - at) / size;
    return at;
  });
  return ` at [${index.toReversed()}]`;
}
