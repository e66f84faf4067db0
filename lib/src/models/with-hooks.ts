import { tensor } from "../arrays/index.ts";
import { nd } from "../core/nd.ts";
import { type HookEntry, hooksOf } from "./hook-entries.ts";
import { compose } from "./hooks.ts";
import type { Hook, Model, TokenTable } from "./model.ts";
import { reachOf } from "./reach.ts";

/**
 * The model with some activations changed in every pass, before any other hook sees them: it can be
 * run, cached and trained like any model. A stretch of a pass (`startAtLayer`, `stopAtLayer`) that one of
 * them lies out of is an InputError. The fast paths, which have no hooks, run whole passes.
 */
export function withHooks<C>(model: Model<C>, hooks: readonly HookEntry[]): Model<C> {
  const { forwardSpan, logitsAt: _, ...rest } = model;
  const all = (config: C, hook: Hook): Hook =>
    compose(hooksOf("withHooks", model.points(config), hooks).hook, hook);
  const forward: Model<C>["forward"] = (weights, config, tokens, hook) =>
    model.forward(weights, config, tokens, all(config, hook));
  const hooked: Model<C> = {
    ...rest,
    forward,
    lastLogits: (weights, config, table) =>
      forward(weights, config, tensor(tokensOf(table)), (_name, x) => x).at([], -1),
  };
  if (forwardSpan === undefined) return hooked;
  return {
    ...hooked,
    checkSpan: (config, span) => {
      const points = model.points(config);
      model.checkSpan?.(config, span);
      hooksOf("withHooks", points, hooks, reachOf(points, span));
    },
    forwardSpan: (weights, config, input, hook, span) =>
      forwardSpan(weights, config, input, all(config, hook), span),
  };
}

/** int32 tokens "batch pos" of their table. */
function tokensOf({ batch, length, tokens, index }: TokenTable) {
  const data = Int32Array.from(index.data, (pair) => tokens.data[pair] as number);
  return nd("int32", [batch, length], data);
}
