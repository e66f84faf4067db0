import { InputError } from "../../core/errors.ts";
import type { WeightArrays } from "../../models/index.ts";
import type { AdditionStudyParams } from "./params.ts";

/** The parameters with the sizes of some weights: digits, widths, heads, outputs. */
export function fit(params: AdditionStudyParams, weights: WeightArrays): AdditionStudyParams {
  const shape = (name: string): readonly number[] => {
    const array = weights[name];
    if (array === undefined) throw new InputError(`addition: the weight ${name} is missing`);
    return array.shape;
  };
  const [length = 0, dModel = 0] = shape("pos_embed.W_pos");
  const digits = (length - 3) / 3;
  if (!Number.isInteger(digits) || digits < 2 || digits > 10) {
    throw new InputError(
      `addition: pos_embed.W_pos must have 3 n + 3 positions for n of 2 to 10 digits, got ${length}`,
    );
  }
  return {
    ...params,
    digits,
    dModel,
    nHeads: shape("blocks.0.attn.W_Q")[0] as number,
    dMlp: shape("blocks.0.mlp.W_in")[1] as number,
    outputs: shape("unembed.W_U")[1] as number,
  };
}
