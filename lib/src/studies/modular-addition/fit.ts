import type { WeightArrays } from "../../models/index.ts";
import type { ModularAdditionParams } from "./params.ts";

/**
 * The parameters with as many outputs as the weights have: one more than p in the runs that Nanda
 * et al. published, where "=" is an answer too. Other sizes must be those of the parameters.
 */
export function fit(params: ModularAdditionParams, weights: WeightArrays): ModularAdditionParams {
  const outputs = weights["unembed.W_U"]?.shape[1];
  return outputs === params.p + 1 ? { ...params, outputs } : params;
}
