/** The parameters of weights from a file. */

import { InputError } from "../../core/errors.ts";
import { groupByName } from "../../groups/index.ts";
import type { WeightArrays } from "../../models/index.ts";
import type { Origin } from "../study.ts";
import type { GroupCompositionParams } from "./params.ts";
import { readSettings, settingsName } from "./settings.ts";

/**
 * The parameters with the network and the sizes of some weights, and with the group, the share of
 * training pairs and the seed that the published `cfg.json` in their folder says. Weights alone do not
 * say what group they are of, so it must be given then.
 * @throws InputError for a group that is not given, and for parameters given that contradict.
 */
export function fit(
  params: GroupCompositionParams,
  weights: WeightArrays,
  { given, beside }: Origin,
): GroupCompositionParams {
  const { order, ...sizes } = sizesOf(weights);
  const text = beside[settingsName];
  const { model, ...said } =
    text === undefined ? { model: sizes.model } : readSettings(settingsName, text);
  const ofWeights = { ...params, ...agreed(params, given, sizes, "the weights have") };
  if (model !== sizes.model) {
    throw new InputError(
      `${settingsName}: says ${model}, the weights are those of a ${sizes.model}; it belongs to another file`,
    );
  }
  const fitted = { ...ofWeights, ...agreed(params, given, said, `${settingsName} says`) };
  if (text === undefined && !given.has("group")) {
    throw new InputError(
      `group-composition: the weights are of a group of ${order} elements and do not say which; give it by --set group=${candidates(order).join(" or ")}`,
    );
  }
  const named = groupByName(fitted.group).order;
  if (named === order) return fitted;
  throw new InputError(
    `group-composition: group ${fitted.group} has ${named} elements, the weights are of a group of ${order}; set group to one such as ${candidates(order).join(" or ")}`,
  );
}

type Found = Partial<GroupCompositionParams>;

/** What was found, where no parameter that was given says otherwise. */
function agreed(
  params: GroupCompositionParams,
  given: ReadonlySet<string>,
  found: Found,
  who: string,
): Found {
  for (const [name, value] of Object.entries(found)) {
    const asked = params[name as keyof GroupCompositionParams];
    if (given.has(name) && asked !== value) {
      throw new InputError(
        `group-composition: ${name} was given as ${asked}, ${who} ${value}; leave it out`,
      );
    }
  }
  return found;
}

function sizesOf(
  weights: WeightArrays,
): Found & Pick<GroupCompositionParams, "model"> & { order: number } {
  const size = (name: string, axis: number): number => {
    const found = weights[name]?.shape[axis];
    if (found === undefined)
      throw new InputError(`group-composition: the weight ${name} is missing`);
    return found;
  };
  if (weights["embed.W_E"] !== undefined) {
    return {
      model: "hooked-transformer",
      order: size("embed.W_E", 0) - 1,
      dModel: size("embed.W_E", 1),
      nHeads: size("blocks.0.attn.W_Q", 0),
      dMlp: size("blocks.0.mlp.W_in", 1),
    };
  }
  const embedding = { order: size("embed.W_E_a", 0), dEmbed: size("embed.W_E_a", 1) };
  if (weights["mlp.W_in"] === undefined) return { model: "bilinear", ...embedding };
  const dMlp = size("mlp.W_in", 1);
  return { model: "one-layer-mlp", ...embedding, dMlp, bias: weights["mlp.b_in"] !== undefined };
}

/** Names of groups of some order, the cyclic one first. */
function candidates(order: number): readonly string[] {
  const named = [
    ["C", 1, 720],
    ["D", 2, 360],
  ] as const;
  const out = named
    .filter(([, times, most]) => order % times === 0 && order / times <= most && order / times > 2)
    .map(([letter, times]) => `${letter}${order / times}`);
  for (let n = 3, factorial = 6; n <= 6; n++, factorial *= n) {
    if (factorial === order) out.push(`S${n}`);
    if (factorial / 2 === order) out.push(`A${n}`);
  }
  return out.length === 0 ? [`C${order}`] : out;
}
