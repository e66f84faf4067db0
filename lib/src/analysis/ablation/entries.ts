import { arange, Tensor, where } from "../../arrays/index.ts";
import { InputError, ShapeError } from "../../core/errors.ts";
import { checkOptions, type OptionNames } from "../../core/options.ts";
import { getActName, type HookEntry } from "../../models/index.ts";
import { fitted } from "./replacement.ts";

/** What takes the place of an ablated activation: 0, or values of its shape; default 0. */
export type Replacement = number | Tensor;

/**
 * Entries of an axis by number; or a tensor with one number for each, not 0 for those that are meant,
 * which may be an argument of a compiled reading: one compilation then serves every choice.
 */
export type ChosenEntries = readonly number[] | Tensor;

/** What takes the place of the entries, and at which positions. */
export interface AblationOptions {
  readonly replacement?: Replacement;
  /** Only at these positions; default all. */
  readonly positions?: readonly number[];
}

const ablationNames: OptionNames<AblationOptions> = { replacement: true, positions: true };

/**
 * Hook entry that replaces some entries along an axis of the activations of a point:
 * `model.runWithHooks(tokens, [ablateEntries("blocks.0.mlp.hook_post", -1, [3], { replacement })])`.
 * @param axis of the activation; negative counts from the end
 * @throws InputError for entries outside the axis; ShapeError for a replacement or a tensor of entries
 * that does not fit.
 */
export function ablateEntries(
  name: string,
  axis: number,
  entries: ChosenEntries,
  options: AblationOptions = {},
): HookEntry {
  checkOptions("ablateEntries", options, ablationNames);
  const { replacement = 0, positions } = options;
  return [
    name,
    (x) => {
      const what = `ablation of "${name}"`;
      const chosen = maskOf(what, x, axis < 0 ? axis + x.ndim : axis, entries);
      const mask = positions === undefined ? chosen : chosen.mul(maskOf(what, x, 1, positions));
      const value = typeof replacement === "number" ? replacement : fitted(what, x, replacement);
      return where(mask, value, x);
    },
  ];
}

/** Ablate the outputs z of some heads of a layer. Errors as for `ablateEntries`. */
export function ablateHeads(
  layer: number,
  heads: ChosenEntries,
  options?: AblationOptions,
): HookEntry {
  checkOptions("ablateHeads", options, ablationNames);
  return ablateEntries(getActName("z", layer), 2, heads, options);
}

/** Ablate some neurons of a layer's MLP, after their activation function. */
export function ablateNeurons(
  layer: number,
  neurons: ChosenEntries,
  options?: AblationOptions,
): HookEntry {
  checkOptions("ablateNeurons", options, ablationNames);
  return ablateEntries(getActName("post", layer), 2, neurons, options);
}

/** Ablate a whole activation "batch pos …" at some positions: `ablatePositions("resid_pre", 1, [4])`. */
export function ablatePositions(
  activation: string,
  layer: number,
  positions: readonly number[],
  options: { readonly replacement?: Replacement } = {},
): HookEntry {
  checkOptions("ablatePositions", options, { replacement: true });
  const { replacement } = options;
  const entries = replacement === undefined ? {} : { replacement };
  return ablateEntries(getActName(activation, layer), 1, positions, entries);
}

/** True at the entries of one axis; size 1 along the others. */
function maskOf(what: string, x: Tensor, axis: number, entries: ChosenEntries): Tensor {
  const size = x.shape[axis] ?? 0;
  const along = x.shape.map((_, i) => (i === axis ? size : 1));
  if (entries instanceof Tensor) {
    if (entries.shape.join() === String(size)) return entries.notEqual(0).reshape(along);
    throw new ShapeError(`${what}: entries of axis ${axis}`, [size], entries.shape);
  }
  const wrong = entries.find((entry) => !(Number.isInteger(entry) && entry >= 0 && entry < size));
  if (wrong !== undefined || entries.length === 0) {
    throw new InputError(
      `${what}: entries of axis ${axis} must lie in [0, ${size}), got ${wrong ?? "none"}`,
    );
  }
  const indices = arange(size);
  const chosen = entries.reduce(
    (sum, entry) => sum.add(indices.equal(entry).astype("int32")),
    indices.mul(0),
  );
  return chosen.greater(0).reshape(along);
}
