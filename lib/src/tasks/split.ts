/** Examples in two parts, by a permutation. */

import { InputError } from "../core/errors.ts";
import { type NdArray, nd, sizeOf } from "../core/nd.ts";
import type { Examples, Split } from "./task.ts";

/**
 * Train on the examples at the first int(n · trainFraction) entries of `permutation` (int32 "n"),
 * in its order; test on the others. Throws `InputError` when the fraction is outside (0, 1) or
 * leaves no train example; `where` opens the message.
 */
export function splitExamples(
  where: string,
  examples: Examples,
  permutation: ArrayLike<number>,
  trainFraction: number,
): Split {
  if (!(trainFraction > 0 && trainFraction < 1)) {
    throw new InputError(
      `${where}: trainFraction must be between 0 and 1, both excluded, got ${trainFraction}`,
    );
  }
  const total = permutation.length;
  const count = Math.trunc(total * trainFraction);
  if (count === 0) {
    throw new InputError(
      `${where}: trainFraction ${trainFraction} of ${total} examples leaves none to train on; it must be at least 1/${total}`,
    );
  }
  const order = Array.from(permutation);
  return {
    train: pick(examples, order.slice(0, count)),
    test: pick(examples, order.slice(count)),
  };
}

function pick({ tokens, labels }: Examples, rows: readonly number[]): Examples {
  return { tokens: takeRows(tokens, rows), labels: takeRows(labels, rows) };
}

/** Rows along the first axis, in the order given. */
function takeRows(x: NdArray, rows: readonly number[]): NdArray {
  const width = sizeOf(x.shape.slice(1));
  const data = new Int32Array(rows.length * width);
  for (const [i, row] of rows.entries()) {
    for (let j = 0; j < width; j++) data[i * width + j] = x.data[row * width + j] as number;
  }
  return nd("int32", [rows.length, ...x.shape.slice(1)], data);
}
