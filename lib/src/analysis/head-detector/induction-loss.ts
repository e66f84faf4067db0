import { tensor } from "../../arrays/index.ts";
import { InputError } from "../../core/errors.ts";
import { checkIndices } from "../../core/indices.ts";
import { nd } from "../../core/nd.ts";
import { checkOptions } from "../../core/options.ts";
import type { Rng } from "../../core/rng.ts";
import { type HookedModel, lossFn } from "../../models/index.ts";

/** Which repeated sequences to draw. */
export interface InductionLossOptions {
  readonly rng: Pick<Rng, "randint">;
  /** Sequences; default 4. */
  readonly batch?: number;
  /** Tokens of each copy, at least 2; default as many as the positions allow. */
  readonly length?: number;
  /** A token put before the first copy; default none. */
  readonly bos?: number;
  /** Tokens to draw from, [low, high); default the whole vocabulary. */
  readonly tokens?: readonly [low: number, high: number];
}

/**
 * Mean loss in nats on the second of two copies of random tokens, from its second token on: on what
 * can be known by looking back. About ln(high - low) for a model that cannot.
 * @throws InputError for copies or tokens that the model has no room for.
 */
export function inductionLoss<C extends { readonly nCtx: number; readonly dVocab: number }>(
  model: HookedModel<C>,
  given: InductionLossOptions,
): number {
  checkOptions("inductionLoss", given, {
    rng: true,
    batch: true,
    length: true,
    bos: true,
    tokens: true,
  });
  const { rng, batch = 4, bos, ...options } = given;
  const { nCtx, dVocab } = model.config;
  const before = bos === undefined ? 0 : 1;
  const longest = Math.floor((nCtx - before) / 2);
  const { length = longest, tokens: [low, high] = [0, dVocab] } = options;
  if (!Number.isInteger(length) || length < 2 || length > longest) {
    throw new InputError(`inductionLoss: length must be 2 to ${longest}, got ${length}`);
  }
  if (!Number.isInteger(batch) || batch < 1) {
    throw new InputError(`inductionLoss: batch must be a whole number of at least 1, got ${batch}`);
  }
  if (bos !== undefined) {
    checkIndices("inductionLoss", "bos", { shape: [], data: [bos] }, dVocab);
  }
  if (!(low >= 0 && low < high && high <= dVocab && Number.isInteger(low + high))) {
    throw new InputError(
      `inductionLoss: tokens must be [low, high) within [0, ${dVocab}), got [${low}, ${high})`,
    );
  }
  const width = before + 2 * length;
  const random = rng.randint(low, high, batch * length);
  const data = Int32Array.from({ length: batch * width }, (_, i) => {
    const at = (i % width) - before;
    if (at < 0) return bos as number;
    return random[Math.floor(i / width) * length + (at % length)] as number;
  });
  const tokens = tensor(nd("int32", [batch, width], data));
  const each = lossFn(model.forward(tokens), tokens, { perToken: true });
  return each
    .at([], [before + length])
    .mean()
    .item();
}
