/**
 * Reading and changing activations. A hook is a function of (name, value) that is called at every
 * point; nothing is attached to a model, so nothing has to be removed.
 */

import { Tensor, tensor } from "../arrays/index.ts";
import { readDuring, usesOf } from "../arrays/internal.ts";
import { InputError, ShapeError } from "../core/errors.ts";
import { type NdArray, nd } from "../core/nd.ts";
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

/** The hook that replaces values by name. @throws ShapeError or InputError when a value does not fit. */
export function patch(values: { readonly [name: string]: Tensor }): Hook {
  return (name, x) => {
    const value = values[name];
    return value === undefined ? x : replacement(name, x, value);
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

/**
 * What a hook makes of a value: what it returns, or the value itself when it returns nothing.
 * @throws InputError when it returns no tensor, another dtype, or nothing although it computed
 * something of the value; ShapeError for another shape.
 */
export function changed(name: string, x: Tensor, change: (x: Tensor, name: string) => unknown) {
  const before = usesOf(x);
  const { value, read } = readDuring(x, () => change(x, name));
  if (value === undefined || value === x) requireUnchanged(name, x, read);
  if (value !== undefined) return replacement(name, x, value);
  if (usesOf(x) === before) return x;
  throw new InputError(
    `hook "${name}": computed something of its argument but returned nothing; return the changed tensor, or the argument itself to leave it as it is`,
  );
}

/** @throws InputError when numbers that were read of `x`, which are copies, were changed. */
function requireUnchanged(name: string, x: Tensor, read: readonly NdArray[]): void {
  if (read.length === 0) return;
  const { data } = x.readSync();
  if (read.every((copy) => copy.data.every((number, i) => Object.is(number, data[i])))) return;
  throw new InputError(
    `hook "${name}": changed the numbers that it read, which are a copy; return a tensor of them: tensor(nd("${x.dtype}", x.shape, data))`,
  );
}

/** `value` if it can take the place of `x`. @throws InputError or ShapeError naming the point. */
export function replacement(name: string, x: Tensor, value: unknown): Tensor {
  if (!(value instanceof Tensor)) {
    throw new InputError(`hook "${name}": must return a tensor or nothing, got ${describe(value)}`);
  }
  if (value.shape.join() !== x.shape.join()) {
    throw new ShapeError(`hook "${name}": replacement`, x.shape, value.shape);
  }
  if (value.dtype !== x.dtype) {
    throw new InputError(
      `hook "${name}": replacement must be ${x.dtype}, got ${value.dtype}; convert it with astype("${x.dtype}")`,
    );
  }
  return value;
}

function describe(value: unknown): string {
  if (value instanceof Promise) return "a promise, for which a pass does not wait";
  if (typeof value === "number")
    return `${value}; for that number everywhere: x.mul(0).add(${value})`;
  if (Array.isArray(value)) return "a list; make a tensor of it with tensor(…)";
  if (typeof value !== "object" || value === null) return String(value);
  return "data" in value ? "a plain array; make a tensor of it with tensor(…)" : "an object";
}
