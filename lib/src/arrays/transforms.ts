/** `grad`, `valueAndGrad` and `vmap` of functions of trees of tensors. */

import { InputError, ShapeError } from "../core/errors.ts";
import { checkOptions, type OptionNames } from "../core/options.ts";
import { isFloat } from "./dtype.ts";
import { jaxVjp, jaxVmap, np, type Tracer } from "./jax.ts";
import { close, open } from "./levels.ts";
import { flush } from "./memory.ts";
import { boxOf, Tensor, unwrap, wrap } from "./tensor.ts";
import { flatten } from "./tree.ts";

// biome-ignore lint/suspicious/noExplicitAny: parameters of any function
type Args = readonly any[];

/** The argument, or tuple of arguments, that `argnums` names. */
export type Chosen<A extends Args, I extends number | readonly number[]> = I extends number
  ? A[I]
  : { [K in keyof I]: I[K] extends number ? A[I[K]] : never };

/**
 * `argnums`: which arguments to differentiate (default 0), trees of float tensors. `hasAux`: the
 * function returns `[loss, aux]`, where `aux` is any tree and is passed through (default false).
 */
export interface GradOptions<I extends number | readonly number[]> {
  readonly argnums?: I;
  readonly hasAux?: boolean;
}

const gradNames: OptionNames<GradOptions<number | readonly number[]>> = {
  argnums: true,
  hasAux: true,
};

type WithAux<I extends number | readonly number[]> = GradOptions<I> & { readonly hasAux: true };

/**
 * Run a traced function body: wrap what jax-js passes in, unwrap what the function returns, and
 * give back the references of every tracer made on the way.
 */
export function traced(
  tracers: readonly Tracer[],
  body: (inputs: Tensor[]) => readonly Tensor[],
): Tracer[] {
  const level = open(true);
  try {
    return body(tracers.map(wrap)).map(unwrap);
  } finally {
    close(level);
  }
}

function tensorsOf(where: string, leaves: readonly unknown[]): Tensor[] {
  return leaves.map((leaf) => {
    if (leaf instanceof Tensor) return leaf;
    throw new InputError(`${where}: the function must return tensors, got ${typeof leaf}`);
  });
}

function checkDifferentiable(leaf: unknown, argument: number): Tensor {
  const got = leaf instanceof Tensor ? leaf.dtype : typeof leaf;
  if (leaf instanceof Tensor && isFloat(leaf.dtype)) return leaf;
  throw new InputError(
    `grad: argument ${argument} must hold float tensors only, got ${got}; leave it out of argnums`,
  );
}

function checkLoss(loss: unknown): Tensor {
  if (!(loss instanceof Tensor)) {
    throw new InputError(`grad: the function must return a tensor of shape [], got ${typeof loss}`);
  }
  if (loss.ndim !== 0) throw new ShapeError("grad: the function's result", [], loss.shape);
  if (!isFloat(loss.dtype)) {
    throw new InputError(`grad: the function must return a float, got ${loss.dtype}`);
  }
  return loss;
}

/**
 * The function's value and its gradient with respect to the chosen arguments, with their structure
 * and dtypes: `[value, gradient]`, or `[[value, aux], gradient]` with `hasAux`. The other arguments
 * are constants and may be anything.
 */
export function valueAndGrad<A extends Args, X, const I extends number | readonly number[] = 0>(
  f: (...args: A) => readonly [Tensor, X],
  options: WithAux<I>,
): (...args: A) => [[Tensor, X], Chosen<A, I>];
export function valueAndGrad<A extends Args, const I extends number | readonly number[] = 0>(
  f: (...args: A) => Tensor,
  options?: GradOptions<I>,
): (...args: A) => [Tensor, Chosen<A, I>];
export function valueAndGrad(
  f: (...args: Args) => unknown,
  options: GradOptions<number | readonly number[]> = {},
): (...args: Args) => unknown {
  checkOptions("valueAndGrad", options, gradNames);
  const { argnums = 0, hasAux = false } = options;
  const chosen = typeof argnums === "number" ? [argnums] : argnums;
  return (...args) => {
    for (const i of chosen) {
      if (Number.isInteger(i) && i >= 0 && i < args.length) continue;
      throw new InputError(`grad: argnums must be in [0, ${args.length}), got ${i}`);
    }
    const tree = flatten(chosen.map((i) => args[i]));
    const leaves = tensorsIn(chosen, args);
    let rebuildAux: (leaves: readonly unknown[]) => unknown = () => undefined;
    const body = (...tracers: Tracer[]): [Tracer, Tracer[]] => {
      const [loss, ...aux] = traced(tracers, (inputs) => {
        const own = tree.rebuild(inputs) as readonly unknown[];
        const full = [...args];
        chosen.forEach((i, k) => {
          full[i] = own[k];
        });
        const result = f(...full);
        const [value, extra] = hasAux ? (result as readonly unknown[]) : [result, []];
        const parts = flatten(extra);
        rebuildAux = parts.rebuild;
        return [checkLoss(value), ...tensorsOf("grad", parts.leaves)];
      });
      return [loss, aux];
    };
    const { loss, aux, cotangents } = pullBack(body, leaves);
    const [value, ...slopes] = [loss, ...cotangents].map(wrap) as [Tensor, ...Tensor[]];
    for (const one of [value, ...slopes]) flush(boxOf(one));
    const grads = tree.rebuild(slopes) as readonly unknown[];
    const gradient = typeof argnums === "number" ? grads[0] : grads;
    return [hasAux ? [value, rebuildAux(aux.map(wrap))] : value, gradient];
  };
}

function tensorsIn(chosen: readonly number[], args: Args): Tensor[] {
  return chosen.flatMap((i) => flatten(args[i]).leaves.map((leaf) => checkDifferentiable(leaf, i)));
}

function pullBack(
  body: (...tracers: Tracer[]) => [Tracer, Tracer[]],
  leaves: readonly Tensor[],
): { readonly loss: Tracer; readonly aux: Tracer[]; readonly cotangents: Tracer[] } {
  const [loss, pull, aux] = jaxVjp(body, leaves.map(unwrap), { hasAux: true });
  try {
    const cotangents = pull(np.full([], 1, { dtype: loss.dtype }));
    return { loss, aux: aux.map(lower), cotangents };
  } catch (error) {
    if (error instanceof TypeError && error.message.includes("not implemented for cast")) {
      throw new InputError(
        "grad: no gradient through astype between float32 and float64; keep one dtype, or differentiate sum(stopGradient(slope) * x)",
      );
    }
    throw error;
  } finally {
    pull.dispose();
  }
}

/** jax-js leaves an argument that comes back as aux inside the finished transformation. */
function lower(tracer: Tracer): Tracer {
  return tracer.pval?.val ? tracer.fullLower() : tracer;
}

/** The gradient alone, or `[gradient, aux]` with `hasAux`; see `valueAndGrad`. */
export function grad<A extends Args, X, const I extends number | readonly number[] = 0>(
  f: (...args: A) => readonly [Tensor, X],
  options: WithAux<I>,
): (...args: A) => [Chosen<A, I>, X];
export function grad<A extends Args, const I extends number | readonly number[] = 0>(
  f: (...args: A) => Tensor,
  options?: GradOptions<I>,
): (...args: A) => Chosen<A, I>;
export function grad(
  f: (...args: Args) => unknown,
  options: GradOptions<number | readonly number[]> = {},
): (...args: Args) => unknown {
  checkOptions("grad", options, gradNames);
  const both = valueAndGrad(f as (...args: Args) => Tensor, options) as (...args: Args) => unknown;
  return (...args) => {
    const [value, gradient] = both(...args) as [Tensor | [Tensor, unknown], unknown];
    if (value instanceof Tensor) {
      value.dispose();
      return gradient;
    }
    value[0].dispose();
    return [gradient, value[1]];
  };
}

/** The axis to map of an argument: of all its tensors, or a tree of axes; null maps nothing. */
export type InAxes = number | null | readonly InAxes[] | { readonly [key: string]: InAxes };

/**
 * Map a function over an axis of its arguments: `inAxes` is one axis for all (default 0), or a list
 * with one entry for each argument. The mapped axis is axis 0 of every result.
 */
export function vmap<A extends Args, R>(
  f: (...args: A) => R,
  inAxes: number | readonly InAxes[] = 0,
): (...args: A) => R {
  return (...args) => {
    const tree = flatten(args);
    const axes = args.flatMap((arg, i) =>
      spreadAxes(typeof inAxes === "number" ? inAxes : (inAxes[i] ?? null), arg),
    );
    const mapped = checkMapped(tree.leaves, axes);
    let rebuild: (leaves: readonly unknown[]) => unknown = () => undefined;
    const body = (...tracers: Tracer[]): Tracer[] =>
      traced(tracers, (inputs) => {
        const queue = [...inputs];
        const leaves = tree.leaves.map((leaf, i) => (axes[i] === null ? leaf : queue.shift()));
        const result = flatten(f(...(tree.rebuild(leaves) as unknown as A)));
        rebuild = result.rebuild;
        return tensorsOf("vmap", result.leaves);
      });
    const results = jaxVmap(
      body,
      axes.filter((axis) => axis !== null),
    )(...mapped.map(unwrap));
    return rebuild(results.map(wrap)) as R;
  };
}

/** One axis for each leaf of `arg`. */
function spreadAxes(axes: InAxes, arg: unknown): (number | null)[] {
  if (axes === null || typeof axes === "number") {
    return flatten(arg).leaves.map((leaf) => (leaf instanceof Tensor ? axes : null));
  }
  const entries = Object.entries(axes);
  const parts = typeof arg === "object" && arg !== null ? Object.keys(arg) : [];
  if (String(entries.map(([key]) => key)) !== String(parts)) {
    throw new InputError(`vmap: inAxes must have the keys [${parts}] of its argument`);
  }
  return entries.flatMap(([key, inner]) =>
    spreadAxes(inner, (arg as { readonly [key: string]: unknown })[key]),
  );
}

function checkMapped(leaves: readonly unknown[], axes: readonly (number | null)[]): Tensor[] {
  const mapped: Tensor[] = [];
  let size: number | undefined;
  leaves.forEach((leaf, i) => {
    const axis = axes[i];
    if (axis === null || axis === undefined || !(leaf instanceof Tensor)) return;
    const own = leaf.shape[axis];
    if (own === undefined) {
      throw new InputError(`vmap: shape [${leaf.shape}] has no axis ${axis}`);
    }
    size ??= own;
    if (own !== size) {
      throw new InputError(`vmap: mapped axes must have one size, got ${size} and ${own}`);
    }
    mapped.push(leaf);
  });
  if (mapped.length === 0) throw new InputError("vmap: needs a mapped tensor, got none");
  return mapped;
}
