import { applySlice, type Slice } from "../slice.ts";
import type { ActivationCache } from "./activation-cache.ts";
import { type Labeled, type LabeledStack, stackLabeled } from "./labeled-stack.ts";
import { blocksBefore, hasMiddle, hasMlp, inputOf, readerOf, streamOf } from "./layers.ts";
import { applyLnToStack } from "./norm.ts";

interface StackOptions {
  /** Up to what the MLP of the layer reads, not its attention. Default false. */
  readonly mlpInput?: boolean;
  /** Normalize as the reader does. Default false. */
  readonly applyLn?: boolean;
  /** Part of the positions; one position drops the axis. */
  readonly posSlice?: Slice;
}

/** Which residual streams, and how they are read. */
export interface AccumulatedOptions extends StackOptions {
  /** Also the stream between attention and MLP of every block that has both. Default false. */
  readonly inclMid?: boolean;
}

/**
 * The residual stream before each block up to `layer`: labels `0_pre`, `0_mid` …, `final_post`.
 * `applyLn` at the end is the final norm with each vector's own statistics and its weights (the
 * input of a logit lens); at an earlier layer it divides by that layer's cached scale.
 */
export function accumulatedResid(
  cache: ActivationCache,
  layer: number | undefined,
  { inclMid = false, mlpInput = false, applyLn = false, posSlice }: AccumulatedOptions,
): LabeledStack {
  const method = "accumulatedResid";
  const reader = readerOf(cache, method, layer, mlpInput);
  const parts: Labeled[] = [];
  for (let l = 0; l <= reader.layer; l++) {
    const label = l === cache.nLayers ? "final_post" : `${l}_pre`;
    parts.push([label, inputOf(cache, method, { layer: l, mlpInput: false })]);
    const middle = l < reader.layer ? inclMid && hasMiddle(cache, l) : mlpInput;
    if (middle) parts.push([`${l}_mid`, cache.get("resid_mid", l)]);
  }
  const stacked = stackLabeled(
    method,
    parts.map(([label, x]) => [label, applySlice(x, -2, posSlice)]),
  );
  if (!applyLn) return stacked;
  const recomputeLn = reader.layer === cache.nLayers;
  const slice = posSlice === undefined ? {} : { posSlice };
  return applyLnToStack(cache, stacked, reader.layer, { mlpInput, recomputeLn, ...slice });
}

/** Which outputs, and how they are read. */
export interface DecomposeOptions extends StackOptions {
  /** Outputs of attention, of MLPs, or both. Default "all". */
  readonly mode?: "all" | "attn" | "mlp";
  /** Also the embeddings. Default true. */
  readonly inclEmbeds?: boolean;
}

/**
 * What wrote to the residual stream before `layer` reads it: labels `embed`, `pos_embed`,
 * `0_attn_out`, `0_mlp_out` … With mode "all" and the embeddings their sum is the stream.
 */
export function decomposeResid(
  cache: ActivationCache,
  layer: number | undefined,
  options: DecomposeOptions,
): LabeledStack {
  const method = "decomposeResid";
  const { mode = "all", inclEmbeds = true, mlpInput = false, applyLn = false, posSlice } = options;
  const reader = readerOf(cache, method, layer, mlpInput);
  const parts: Labeled[] = inclEmbeds ? [...embedParts(cache, method)] : [];
  const mlps = new Set(mode === "attn" ? [] : blocksBefore(reader, "mlp"));
  for (const l of blocksBefore(reader, "attn")) {
    if (mode !== "mlp") parts.push([`${l}_attn_out`, cache.get("attn_out", l)]);
    if (mlps.has(l) && hasMlp(cache, l)) parts.push([`${l}_mlp_out`, cache.get("mlp_out", l)]);
  }
  const stacked = stackLabeled(
    method,
    parts.map(([label, x]) => [label, applySlice(x, -2, posSlice)]),
  );
  if (!applyLn) return stacked;
  const slice = posSlice === undefined ? {} : { posSlice };
  return applyLnToStack(cache, stacked, reader.layer, { mlpInput, ...slice });
}

/** The embeddings that add up to the stream before the first block. */
export function embedParts(cache: ActivationCache, method: string): readonly Labeled[] {
  return streamOf(cache, method).embeds.map((name) => [name.replace("hook_", ""), cache.get(name)]);
}
