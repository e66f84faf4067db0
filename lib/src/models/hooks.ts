/**
 * Reading and changing activations. A hook is a function of (name, value) that is called at every
 * point; nothing is attached to a model, so nothing has to be removed.
 */

import { type Tensor, tensor } from "../arrays/index.ts";
import { InputError, ShapeError } from "../core/errors.ts";
import { nd } from "../core/nd.ts";
import type { Hook } from "./model.ts";

/** The hook that changes nothing. */
export const identity: Hook = (_, x) => x;

/** The hook that applies each hook in turn. */
export function compose(...hooks: readonly Hook[]): Hook {
  return (name, x) => hooks.reduce((value, hook) => hook(name, value), x);
}

/** The hook that stores the values of the points that fire (or of some) in `cache`. */
export function cacheInto(
  cache: Map<string, Tensor>,
  keep: (name: string) => boolean = () => true,
): Hook {
  return (name, x) => {
    if (keep(name)) cache.set(name, x);
    return x;
  };
}

/** The hook that replaces values by name. @throws ShapeError when a value has another shape. */
export function patch(values: { readonly [name: string]: Tensor }): Hook {
  return (name, x) => {
    const value = values[name];
    return value === undefined ? x : sameShape(name, x, value);
  };
}

/**
 * A function for a `HookEntry` that sets some entries of one axis to zero, e.g. heads of
 * `attn.hook_z` (axis 2) or neurons of `mlp.hook_post` (axis -1).
 */
export function zeroAblate(entries: readonly number[], axis: number): (x: Tensor) => Tensor {
  return (x) => x.mul(keepMask(x, entries, axis));
}

/** Zero the outputs of some heads: for the points `attn.hook_z`. */
export function zeroAblateHeads(heads: readonly number[]): (x: Tensor) => Tensor {
  return zeroAblate(heads, 2);
}

function keepMask(x: Tensor, entries: readonly number[], axis: number): Tensor {
  const at = axis < 0 ? axis + x.ndim : axis;
  const size = x.shape[at] ?? 0;
  const wrong = entries.find((entry) => !(Number.isInteger(entry) && entry >= 0 && entry < size));
  if (wrong !== undefined || size === 0) {
    throw new InputError(
      `zeroAblate: entries of axis ${axis} must lie in [0, ${size}), got ${wrong ?? "no such axis"}`,
    );
  }
  const mask = Array.from({ length: size }, (_, i) => (entries.includes(i) ? 0 : 1));
  const shape = x.shape.map((_, i) => (i === at ? size : 1));
  return tensor(nd("float32", shape, mask));
}

/** `value` if its shape is that of `x`, which it replaces. @throws ShapeError naming the point. */
export function sameShape(name: string, x: Tensor, value: Tensor): Tensor {
  if (value.shape.join() !== x.shape.join()) {
    throw new ShapeError(`hook "${name}": replacement`, x.shape, value.shape);
  }
  return value;
}
