import { sqrt, square, type Tensor } from "../../arrays/index.ts";
import type { NormalizationType } from "../hooked-transformer/config.ts";
import type { Hook, Weights } from "../model.ts";
import { addBias, weight } from "./affine.ts";

/** What a normalization does besides dividing by a scale. */
const kinds: {
  readonly [K in NormalizationType]: { readonly centered: boolean; readonly weighted: boolean };
} = {
  LN: { centered: true, weighted: true },
  LNPre: { centered: true, weighted: false },
  RMS: { centered: false, weighted: true },
  RMSPre: { centered: false, weighted: false },
};

/** Whether a normalization subtracts the mean. */
export function isCentered(type: NormalizationType): boolean {
  return kinds[type].centered;
}

/**
 * LayerNorm (Ba et al. 2016) or RMSNorm (Zhang and Sennrich 2019) over the last axis, with the
 * biased variance; null leaves `x` alone. Weights `name.w` and `name.b`; fires `name.hook_scale`
 * and `name.hook_normalized` (before the weights).
 */
export function normalize(
  x: Tensor,
  name: string,
  { normalizationType: type, eps }: { normalizationType: NormalizationType | null; eps: number },
  weights: Weights,
  hook: Hook,
): Tensor {
  if (type === null) return x;
  const { centered, weighted } = kinds[type];
  const shifted = centered ? x.sub(x.mean(-1, { keepdims: true })) : x;
  const variance = square(shifted).mean(-1, { keepdims: true });
  const scale = hook(`${name}.hook_scale`, sqrt(variance.add(eps)));
  const normalized = hook(`${name}.hook_normalized`, shifted.div(scale));
  if (!weighted) return normalized;
  return addBias(normalized.mul(weight(weights, `${name}.w`)), weights, `${name}.b`);
}
