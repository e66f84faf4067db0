/** The paths of a one-layer attention-only model that reads n numbers, as tables in float64. */

import { InputError, ShapeError } from "../../core/errors.ts";
import type { NdArray } from "../../core/nd.ts";
import type { WeightArrays } from "../../models/index.ts";
import {
  type Float64NdArray,
  float64,
  matmul,
  rows,
  toFloat64,
  transpose,
} from "../linalg/index.ts";
import { type Work, work } from "./work.ts";

/**
 * Everything the logits of the last position are made of (Gross et al. 2024, section 3):
 * logits = direct[q] + Σ_p α_p (copy[t_p] + position[p]), α = softmax of keys[q, t_p] + placeKeys[q, p],
 * over the `free` positions and the query's own, whose value is self[q] + position[free] and whose
 * score is selfKeys[q] + placeKeys[q, free].
 */
export interface MaxCircuits {
  /** Number of different numbers: the tokens 0 … vocab-1. */
  readonly vocab: number;
  /** Positions before the one that asks. */
  readonly free: number;
  /** Whether the query is one of the numbers; otherwise there is one query, "=". */
  readonly queryCounts: boolean;
  /** "query out": (E + P_last) U. */
  readonly direct: Float64NdArray;
  /** "token out": E V O U of the numbers. */
  readonly copy: Float64NdArray;
  /** "query out": E V O U of the query. */
  readonly self: Float64NdArray;
  /** "pos out": P V O U, the query's position last. */
  readonly position: Float64NdArray;
  /** "query token": (E + P_last) Q Kᵀ Eᵀ / √d_head. */
  readonly keys: Float64NdArray;
  /** "query pos": (E + P_last) Q Kᵀ Pᵀ / √d_head. */
  readonly placeKeys: Float64NdArray;
  /** "query": its score with itself, without the position. */
  readonly selfKeys: Float64Array;
  /** √d_head, by which `keys`, `placeKeys` and `selfKeys` are divided. */
  readonly scoreDivisor: number;
  /** What it took to compute these tables. */
  readonly work: Work;
}

/**
 * The tables of `weights` (TransformerLens's names; one layer, one head, no MLP, biases of zero or
 * absent). Outputs are the numbers; a token more than that is "=", which then asks.
 */
export function maxCircuits(weights: WeightArrays): MaxCircuits {
  requireZeroBiases(weights);
  const done = work();
  const times = (a: NdArray, b: NdArray): Float64NdArray => {
    done.count(2 * (a.shape[0] as number) * (a.shape[1] as number) * (b.shape[1] as number));
    return matmul(a, b);
  };
  const E = toFloat64(named(weights, "embed.W_E"));
  const P = toFloat64(named(weights, "pos_embed.W_pos"));
  const U = toFloat64(named(weights, "unembed.W_U"));
  const [tokens, vocab, last] = [E.shape[0], U.shape[1], (P.shape[0] as number) - 1] as [
    number,
    number,
    number,
  ];
  if (tokens !== vocab && tokens !== vocab + 1) {
    throw new ShapeError(
      'maxCircuits: W_E (a row per number, and one for "=")',
      [vocab, -1],
      E.shape,
    );
  }
  const queryCounts = tokens === vocab;
  const numbers = rows("W_E", E, 0, vocab);
  const asking = queryCounts ? E : rows("W_E", E, vocab, tokens);
  const query = plusRow(asking, rows("W_pos", P, last, last + 1), done);
  const written = (x: NdArray): Float64NdArray =>
    times(times(times(x, head(weights, "W_V")), head(weights, "W_O")), U);
  const asked = times(times(query, head(weights, "W_Q")), transpose(head(weights, "W_K")));
  const scale = Math.sqrt(head(weights, "W_K").shape[1] as number);
  const scores = (x: NdArray): Float64NdArray =>
    scaled(times(asked, transpose(x)), 1 / scale, done);
  const copy = written(numbers);
  const keys = scores(numbers);
  return {
    vocab,
    free: last,
    queryCounts,
    direct: times(query, U),
    copy,
    self: queryCounts ? copy : written(asking),
    position: written(P),
    keys,
    placeKeys: scores(P),
    selfKeys: queryCounts ? diagonal(keys) : scores(asking).data,
    scoreDivisor: scale,
    work: done,
  };
}

/** How many sequences the model may be asked. */
export function sequenceCount({ vocab, free, queryCounts }: MaxCircuits): number {
  return vocab ** (queryCounts ? free + 1 : free);
}

/**
 * The same model with "=" asking, where what the last position writes beyond the mean of the others is
 * counted as written by "=" itself, which alone stands there.
 */
export function withOwnPosition(circuits: MaxCircuits, done: Work): MaxCircuits {
  const { vocab, free, position, self } = circuits;
  const moved = position.data.slice();
  const own = self.data.slice();
  for (let out = 0; out < vocab; out++) {
    let mean = 0;
    for (let pos = 0; pos < free; pos++) mean += (moved[pos * vocab + out] as number) / free;
    own[out] = (own[out] as number) + (moved[free * vocab + out] as number) - mean;
    moved[free * vocab + out] = mean;
  }
  done.count((2 * free + 2) * vocab);
  return { ...circuits, self: float64(self.shape, own), position: float64(position.shape, moved) };
}

function named(weights: WeightArrays, name: string): NdArray {
  const found = weights[name];
  if (found === undefined) throw new InputError(`maxCircuits: the weight ${name} is missing`);
  return found;
}

/** A matrix of the only head of the only layer. */
function head(weights: WeightArrays, letter: string): Float64NdArray {
  const w = named(weights, `blocks.0.attn.${letter}`);
  const [heads, a, b] = w.shape as [number, number, number];
  if (heads !== 1 || w.shape.length !== 3) {
    throw new ShapeError(`maxCircuits: ${letter} of one head`, [1, -1, -1], w.shape);
  }
  return float64([a, b], toFloat64(w).data);
}

function requireZeroBiases(weights: WeightArrays): void {
  for (const [name, { data }] of Object.entries(weights)) {
    const known = /^(embed\.W_E|pos_embed\.W_pos|blocks\.0\.attn\.W_[QKVO]|unembed\.W_U)$/.test(
      name,
    );
    if (known || (/\.b_\w+$/.test(name) && data.every((x) => x === 0))) continue;
    throw new InputError(
      `maxCircuits: takes one attention-only layer without norm whose biases are zero, got ${name}`,
    );
  }
}

function plusRow(x: Float64NdArray, row: Float64NdArray, done: Work): Float64NdArray {
  const width = row.data.length;
  done.count(x.data.length);
  return float64(
    x.shape,
    x.data.map((value, i) => value + (row.data[i % width] as number)),
  );
}

function scaled(x: Float64NdArray, factor: number, done: Work): Float64NdArray {
  done.count(x.data.length);
  return float64(
    x.shape,
    x.data.map((value) => value * factor),
  );
}

function diagonal({ shape, data }: Float64NdArray): Float64Array {
  const size = shape[0] as number;
  return Float64Array.from({ length: size }, (_, i) => data[i * size + i] as number);
}
