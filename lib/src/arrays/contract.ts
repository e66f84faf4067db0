/** Products of tensors: matmul, einsum, tensordot. */

import { InputError, ShapeError } from "../core/errors.ts";
import { promote } from "./dtype.ts";
import { np } from "./jax.ts";
import { checkAxis } from "./shapes.ts";
import { lift, type Tensor, toCommonDtype, unwrap, wrap } from "./tensor.ts";

/** Matrix product over the last axis of `x` and the last but one of `y`; leading axes broadcast. */
export function matmul(x: Tensor, y: Tensor): Tensor {
  return x.matmul(y);
}

/** Sum over `axes` of both: pairs of axes, or the last n of `x` with the first n of `y`. */
export function tensordot(
  x: Tensor,
  y: Tensor,
  axes: number | readonly [readonly number[], readonly number[]] = 2,
): Tensor {
  const count = (n: number, from: number): number[] =>
    Array.from({ length: n }, (_, i) => from + i);
  const [left, right] =
    typeof axes === "number" ? [count(axes, x.ndim - axes), count(axes, 0)] : axes;
  const a = left.map((axis) => checkAxis("tensordot", axis, x.ndim));
  const b = right.map((axis) => checkAxis("tensordot", axis, y.ndim));
  if (a.length !== b.length || a.some((axis, i) => x.shape[axis] !== y.shape[b[i] as number])) {
    throw new ShapeError(`tensordot: sizes of axes [${a}] and [${b}] must agree`, x.shape, y.shape);
  }
  const [v, w] = toCommonDtype(x, y);
  return lift((p, q) => np.tensordot(p, q, [a, b]), v, w);
}

const TERM = /^[A-Za-z]*(\.\.\.)?[A-Za-z]*$/;

/**
 * Einstein summation with NumPy's grammar: `"bqd,bkd->bqk"`. Without `->` the result has the
 * letters that occur once, in alphabetical order, after the ellipsis. `...` stands for axes that
 * broadcast. A repeated letter within one operand takes the diagonal.
 */
export function einsum(spec: string, ...tensors: readonly Tensor[]): Tensor {
  const plain = spec.replaceAll(" ", "");
  checkSpec(plain, tensors);
  const dtype = tensors.map((one) => one.dtype).reduce(promote);
  const operands = tensors.map((one) => unwrap(one.astype(dtype)));
  return wrap(np.einsum(plain, ...operands));
}

function checkSpec(spec: string, tensors: readonly Tensor[]): void {
  const [inputs = "", output, ...more] = spec.split("->");
  const terms = inputs.split(",");
  const wellFormed = more.length === 0 && [...terms, output ?? ""].every((term) => TERM.test(term));
  if (!wellFormed) {
    throw new InputError(`einsum: must read like "ij,jk->ik", got "${spec}"`);
  }
  if (terms.length !== tensors.length) {
    throw new InputError(`einsum: "${spec}" names ${terms.length} tensors, got ${tensors.length}`);
  }
  const sizes = new Map<string, number>();
  terms.forEach((term, i) => {
    checkTerm(spec, term, (tensors[i] as Tensor).shape, sizes);
  });
  checkOutput(spec, inputs, output);
}

function checkTerm(
  spec: string,
  term: string,
  shape: readonly number[],
  sizes: Map<string, number>,
): void {
  const [head = "", tail] = term.split("...");
  const letters = [...head, ...(tail ?? "")];
  const fits =
    tail === undefined ? letters.length === shape.length : letters.length <= shape.length;
  if (!fits) {
    const expected = letters.map((letter) => sizes.get(letter) ?? -1);
    throw new ShapeError(`einsum: "${term}" in "${spec}"`, expected, shape);
  }
  letters.forEach((letter, i) => {
    const at = i < head.length ? i : shape.length - letters.length + i;
    const size = shape[at] as number;
    const known = sizes.get(letter) ?? size;
    sizes.set(letter, known);
    if (known === size) return;
    const expected = shape.map((n, j) => (j === at ? known : n));
    throw new ShapeError(`einsum: axis "${letter}" in "${spec}"`, expected, shape);
  });
}

function checkOutput(spec: string, inputs: string, output: string | undefined): void {
  if (output === undefined) return;
  const letters = [...output.replace("...", "")];
  const unknown = letters.find((letter) => !inputs.includes(letter));
  const repeated = letters.find((letter, i) => letters.indexOf(letter) !== i);
  if (unknown !== undefined) {
    throw new InputError(`einsum: result axis "${unknown}" of "${spec}" is in no operand`);
  }
  if (repeated !== undefined) {
    throw new InputError(`einsum: result axis "${repeated}" of "${spec}" may occur only once`);
  }
  if (inputs.includes("...") && !output.includes("...")) {
    throw new InputError(`einsum: the result of "${spec}" must keep the "..." of its operands`);
  }
}
