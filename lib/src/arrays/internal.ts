/** Not public: the way from functions of tensors to jax-js programs, and what tensors know of themselves. */

import { InputError } from "../core/errors.ts";
import type { Spec } from "../core/nd.ts";
import { jaxMakeJaxpr, type Tracer } from "./jax.ts";
import { whileTracing } from "./memory.ts";
import { Tensor } from "./tensor.ts";
import { traced } from "./transforms.ts";
import { flatten, type Tree } from "./tree.ts";

export { hostArray } from "./create.ts";
export { readDuring } from "./reads.ts";
export { isReadable, unwrap, usesOf, wrap } from "./tensor.ts";
export { flatten } from "./tree.ts";

/** An argument as jax-js describes it; a class, since jax-js takes plain records for trees. */
class Aval {
  readonly dtype: string;
  readonly shape: number[];
  readonly weakType = false;
  constructor(spec: Spec) {
    this.dtype = spec.dtype;
    this.shape = [...spec.shape];
  }
}

/** What `trace` records. */
export interface Traced {
  /**
   * jax-js's `ClosedJaxpr`: `jaxpr.jaxpr` with inputs [...consts, ...leaves of the arguments] and
   * `jaxpr.consts`, whose references belong to the caller (`jaxpr.dispose()`).
   */
  readonly jaxpr: Tracer;
  /** The leaves of the arguments, in the order of the program's inputs. */
  readonly inputs: readonly Spec[];
  /** The leaves of the result, in the order of the program's outputs. */
  readonly outputs: readonly Spec[];
  /** Build the function's result tree from one value for each output. */
  rebuild(outputs: readonly unknown[]): unknown;
}

/** Whether a tree node is a `Spec` (or anything with a shape and a dtype, such as an `NdArray`). */
export function isSpec(tree: unknown): boolean {
  return typeof tree === "object" && tree !== null && "shape" in tree && "dtype" in tree;
}

/**
 * Record `fn` on arguments of the given specs. Every operation inside is recorded, so functions
 * that need numbers (`read`, eager-only linear algebra) do not work on traced tensors.
 */
export function trace(fn: (...args: Tensor[]) => unknown, specs: readonly Tree<Spec>[]): Traced;
export function trace(
  // biome-ignore lint/suspicious/noExplicitAny: parameters of any function
  fn: (...args: any[]) => unknown,
  specs: readonly unknown[],
): Traced;
export function trace(
  // biome-ignore lint/suspicious/noExplicitAny: parameters of any function
  fn: (...args: any[]) => unknown,
  specs: readonly unknown[],
): Traced {
  const tree = flatten(specs, (node) => isSpec(node));
  const inputs = tree.leaves.map((leaf) => {
    if (!isSpec(leaf)) throw new InputError(`trace: arguments must be specs, got ${typeof leaf}`);
    const { dtype, shape } = leaf as Spec;
    return { dtype, shape };
  });
  let outputs: Spec[] = [];
  let rebuild: Traced["rebuild"] = () => undefined;
  const body = (...tracers: Tracer[]): Tracer[] =>
    traced(tracers, (leaves) => {
      const result = flatten(fn(...(tree.rebuild(leaves) as Tensor[])));
      rebuild = result.rebuild;
      const tensors = result.leaves.map((leaf) => {
        if (leaf instanceof Tensor) return leaf;
        throw new InputError(`trace: the function must return tensors, got ${typeof leaf}`);
      });
      outputs = tensors.map(({ dtype, shape }) => ({ dtype, shape }));
      return tensors;
    });
  const avals = inputs.map((spec) => new Aval(spec));
  const { jaxpr } = whileTracing(() => jaxMakeJaxpr(body)(...avals));
  return { jaxpr, inputs, outputs, rebuild };
}
