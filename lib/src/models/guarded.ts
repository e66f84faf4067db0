import { clip, type Tensor, where } from "../arrays/index.ts";
import { isReadable } from "../arrays/internal.ts";
import { compose } from "./hooks.ts";
import type { Hook, Parameter } from "./model.ts";
import { axisSize } from "./tokens.ts";

/**
 * Tokens "batch pos" of a compiled function are known only when it runs, so they cannot be checked:
 * where one of a sequence lies outside the vocabulary, what is computed for the sequence is NaN, on
 * every back end; `read` is the model's `reads`. Tokens with numbers were checked and stay as they are.
 */
export function guarded(
  parameters: readonly Parameter[],
  tokens: Tensor,
  hook: Hook,
  read = Number.POSITIVE_INFINITY,
): { readonly tokens: Tensor; readonly hook: Hook } {
  const size = axisSize(parameters, "d_vocab");
  if (size === undefined || isReadable(tokens)) return { tokens, hook };
  const inside = clip(tokens, 0, size - 1);
  const outside = inside.notEqual(tokens);
  const [, length = 0] = tokens.shape;
  const wrong = (read < length ? outside.at([], [0, read]) : outside).sum(1).greater(0);
  let first = true;
  const spoil: Hook = (_name, x) => {
    if (!first || !x.dtype.startsWith("float")) return x;
    first = false;
    const each = wrong.reshape([-1, ...x.shape.slice(1).map(() => 1)]);
    return where(each, Number.NaN, x);
  };
  return { tokens: inside, hook: compose(spoil, hook) };
}
