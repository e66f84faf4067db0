/** Attention patterns as numbers: of the last position, and their means. */

import "../../core/runtime.ts";

import { dims } from "../../core/dims.ts";
import { InputError } from "../../core/errors.ts";
import type { NdArray } from "../../core/nd.ts";
import { type Float64NdArray, float64 } from "../linalg/index.ts";

/** The rows of a pattern "batch head dest src" that belong to the last position: "batch head src". */
export function lastPositionAttention(pattern: NdArray): Float64NdArray {
  const { batch, head, dest, src } = dims("lastPositionAttention", pattern, "batch head dest src");
  const out = float64([batch, head, src]);
  for (let row = 0; row < batch * head; row++) {
    const from = (row * dest + dest - 1) * src;
    out.data.set(pattern.data.subarray(from, from + src), row * src);
  }
  return out;
}

/**
 * Mean over inputs of the attention of the last position, "batch head src" to "head src"
 * (Li's notebook, cell 41).
 */
export function meanAttention(attention: NdArray): Float64NdArray {
  const { batch, head, src } = dims("meanAttention", attention, "batch head src");
  const out = float64([head, src]);
  const width = head * src;
  for (let at = 0; at < attention.data.length; at++) {
    out.data[at % width] = (out.data[at % width] as number) + (attention.data[at] as number);
  }
  for (let at = 0; at < width; at++) out.data[at] = (out.data[at] as number) / batch;
  return out;
}

/**
 * Attention of the last position to source position `source` for every input (x, y): from
 * "batch head src", batch = p x + y, to one picture per head, "head x y" (Li's notebook, cell 45).
 */
export function attentionMaps(attention: NdArray, p: number, source: number): Float64NdArray {
  const { head, src } = dims("attentionMaps", attention, "batch head src", { batch: p * p });
  if (!Number.isInteger(source) || source < 0 || source >= src) {
    throw new InputError(
      `attentionMaps: the source position is an integer from 0 to ${src - 1}, got ${source}`,
    );
  }
  const out = float64([head, p, p]);
  for (let h = 0; h < head; h++) {
    for (let input = 0; input < p * p; input++) {
      const value = attention.data[(input * head + h) * src + source] as number;
      out.data[h * p * p + input] = value;
    }
  }
  return out;
}
