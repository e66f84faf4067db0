import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { keyFrequencies } from "../../../analysis/fourier/index.ts";
import {
  type Float64NdArray,
  firstColumns,
  float64,
  matmul,
  rows,
  transpose,
} from "../../../analysis/linalg/index.ts";
import { excludedLoss, restrictedLoss } from "../../../analysis/progress/index.ts";
import type { NdArray } from "../../../core/nd.ts";
import { readPt } from "../../../io/index.ts";
import { pythonShuffle } from "../../../rng/index.ts";
import { analyzeModularAddition, type ModularAdditionInput } from "./analysis.ts";

const folder = new URL("../../../../shared/data/progress-measures/", import.meta.url);
const absent = !existsSync(folder);

/** Relative difference. */
const off = (got: number, wanted: number): number => Math.abs(got / wanted - 1);

// The five key frequencies give a restricted loss of 2.201e-9 and an excluded loss of 8.385; the
// published 2.18e-9 and 8.40 count frequency 3 too, which ten neurons prefer.
describe.skipIf(absent)(
  "the published runs of Nanda et al. 2023 (skipped without ../shared/data)",
  () => {
    const p = 113;

    it("weight decay 0.1: key frequencies and progress measures as published", () => {
      const run = publishedRun(load("wd_10-1_mod_addition_loss_curve"), p, {
        seed: 1,
        fraction: 0.3,
      });
      const analysis = analyzeModularAddition(run);
      const { performance, progress, summary, found, neurons } = analysis;
      expect(analysis.keyFrequencies).toEqual([6, 23, 37, 39, 41]);
      expect(found.embedding).toEqual([6, 23, 37, 39, 41]);
      expect(found.neurons).toEqual([6, 23, 37, 39, 41]);
      expect(keyFrequencies(analysis.logitMap.shares, { kind: "largestGap" })).toEqual([
        6, 23, 37, 39, 41,
      ]);
      expect(performance.accuracy.all).toBe(1);
      expect(off(performance.loss.train, 9.202424e-9)).toBeLessThan(1e-4);
      expect(off(performance.loss.test, 4.988386e-7)).toBeLessThan(1e-4);
      expect(off(progress.full.all, 3.52e-7)).toBeLessThan(0.01);
      expect(off(progress.restricted.all, 2.18e-9)).toBeLessThan(0.01);
      expect(off(progress.excluded.all, 8.4)).toBeLessThan(0.01);
      expect(off(progress.giniEmbedding, 0.5386)).toBeLessThan(2e-4);
      expect(off(progress.giniLogitMap, 0.7576)).toBeLessThan(2e-4);
      expect(off(progress.sumOfSquaredWeights as number, 1180.97)).toBeLessThan(1e-5);
      expect(off(summary.neuronVariance, 0.5432 + 0.138 + 0.1285 + 0.0877 + 0.0625)).toBeLessThan(
        3e-4,
      );
      const counts = neurons.grouped.clusters.map((of) => [
        of.frequency,
        of.neurons.length,
        of.wellExplained,
      ]);
      expect(counts).toEqual([
        [3, 10, 0],
        [6, 117, 47],
        [12, 1, 0],
        [23, 84, 31],
        [31, 1, 0],
        [37, 127, 65],
        [39, 54, 11],
        [41, 105, 31],
        [46, 6, 0],
        [54, 7, 0],
      ]);
      expect(analysis.attention.mean.shape).toEqual([4, 3]);
      expect(
        Math.min(...(analysis.neuronInput ?? []).map((of) => of.shares[22] as number)),
      ).toBeGreaterThan(0.1);

      const ofSums = { ...run, logits: firstColumns("logits", run.logits, p) };
      const withThree = [3, 6, 23, 37, 39, 41];
      expect(off(restrictedLoss(ofSums, withThree).all, 2.1786e-9)).toBeLessThan(1e-4);
      expect(off(excludedLoss(ofSums, withThree).all, 8.3952)).toBeLessThan(1e-4);
      const each = [0.02926, 1.17578, 0.00044, 0.00007, 0.00026];
      for (const [i, loss] of progress.excluded.each.entries()) {
        expect(Math.abs(loss - (each[i] as number))).toBeLessThan(6e-6);
      }
    });

    it("no weight decay: two frequencies carry the logits", () => {
      const run = publishedRun(load("mod_addition_no_wd"), p, { seed: 0, fraction: 0.9 });
      const { keyFrequencies: key, performance, logits, progress } = analyzeModularAddition(run);
      expect(key).toEqual([36, 52]);
      expect(off(performance.loss.test, 1.109708e-6)).toBeLessThan(1e-3);
      expect(logits.shares[35]).toBeCloseTo(0.783, 3);
      expect(logits.shares[51]).toBeCloseTo(0.1654, 3);
      expect(progress.excluded.each.map((loss) => loss.toFixed(2))).toEqual(["39.36", "24.85"]);
    });
  },
);

/** The weights of a published run, by the names of the authors' code. */
function load(name: string): Named {
  const bytes = readFileSync(new URL(`${name}.pth`, folder));
  const { model } = readPt(bytes) as unknown as { readonly model: Named };
  return model;
}

type Named = { readonly [name: string]: NdArray };

/**
 * What the analysis needs of a published checkpoint (names and layouts of the authors' code, which
 * stores most matrices "out in"): one layer, no normalization, ReLU, causal attention. Only the
 * last position is computed; it sees a, b and "=".
 */
function publishedRun(
  file: Named,
  p: number,
  split: { seed: number; fraction: number },
): ModularAdditionInput {
  const get = (name: string): NdArray => {
    const found = file[name];
    if (found === undefined) throw new Error(`the checkpoint has no ${name}`);
    return found;
  };
  const W_E = transpose(get("embed.W_E"));
  const W_in = transpose(get("blocks.0.mlp.W_in"));
  const W_out = transpose(get("blocks.0.mlp.W_out"));
  const heads = get("blocks.0.attn.W_Q").shape[0] as number;
  const { residual, attention } = attend(W_E, get, p, heads);
  const pre = addRow(matmul(residual, W_in), get("blocks.0.mlp.b_in"));
  const neuronActivations = float64(
    pre.shape,
    pre.data.map((value) => Math.max(0, value)),
  );
  const added = addRow(matmul(neuronActivations, W_out), get("blocks.0.mlp.b_out"));
  const final = float64(
    added.shape,
    added.data.map((value, at) => value + (residual.data[at] as number)),
  );
  const W_U = get("unembed.W_U");
  const inputs = Array.from({ length: p * p }, (_, input) => input);
  const { "blocks.0.attn.mask": _, ...weights } = file;
  return {
    p,
    logits: matmul(final, W_U),
    neuronActivations,
    neuronPreActivations: pre,
    attention,
    W_E,
    W_U,
    W_in,
    W_out,
    W_V: perHead(get("blocks.0.attn.W_V"), heads),
    W_O: outputPerHead(get("blocks.0.attn.W_O"), heads),
    trainIndices: pythonShuffle(inputs, split.seed).slice(0, Math.floor(split.fraction * p * p)),
    weights,
  };
}

/** Residual stream after attention at the last position, and its attention "batch head src". */
function attend(
  W_E: Float64NdArray,
  get: (name: string) => NdArray,
  p: number,
  heads: number,
): { residual: Float64NdArray; attention: Float64NdArray } {
  const width = W_E.shape[1] as number;
  const W_pos = get("pos_embed.W_pos");
  const at = (token: Float64NdArray, pos: number): Float64NdArray =>
    addRow(token, rows("W_pos", W_pos, pos, pos + 1));
  const numbers = rows("W_E", W_E, 0, p);
  const streams = [at(numbers, 0), at(numbers, 1), at(rows("W_E", W_E, p, p + 1), 2)] as const;
  const residual = float64([p * p, width]);
  for (let input = 0; input < p * p; input++) residual.data.set(streams[2].data, input * width);
  const attention = float64([p * p, heads, 3]);
  const [W_Q, W_K, W_V, W_O] = [
    ...["Q", "K", "V"].map((letter) => perHead(get(`blocks.0.attn.W_${letter}`), heads)),
    outputPerHead(get("blocks.0.attn.W_O"), heads),
  ] as [Float64NdArray, Float64NdArray, Float64NdArray, Float64NdArray];
  for (let head = 0; head < heads; head++) {
    const of = (W: Float64NdArray): Float64NdArray =>
      float64(W.shape.slice(1), rows("W", W, head, head + 1).data);
    const query = matmul(streams[2], of(W_Q));
    const scores = streams.map((x) => matmul(matmul(x, of(W_K)), transpose(query)).data);
    const added = streams.map((x) => matmul(matmul(x, of(W_V)), of(W_O)).data);
    const scale = 1 / Math.sqrt(query.shape[1] as number);
    for (let input = 0; input < p * p; input++) {
      const from = [Math.floor(input / p), input % p, 0];
      const weights = softmax(from.map((row, src) => scale * (scores[src]?.[row] as number)));
      attention.data.set(weights, (input * heads + head) * 3);
      for (let j = 0; j < width; j++) {
        let sum = residual.data[input * width + j] as number;
        for (const [src, row] of from.entries()) {
          sum += (weights[src] as number) * (added[src]?.[row * width + j] as number);
        }
        residual.data[input * width + j] = sum;
      }
    }
  }
  return { residual, attention };
}

function softmax(scores: readonly number[]): number[] {
  const largest = Math.max(...scores);
  const exponentials = scores.map((score) => Math.exp(score - largest));
  const total = exponentials.reduce((sum, value) => sum + value, 0);
  return exponentials.map((value) => value / total);
}

function addRow(a: Float64NdArray, row: NdArray): Float64NdArray {
  const width = row.data.length;
  return float64(
    a.shape,
    a.data.map((value, at) => value + (row.data[at % width] as number)),
  );
}

/** "head d_head d_model" as stored, to "head d_model d_head". */
function perHead(W: NdArray, heads: number): Float64NdArray {
  const [, dHead, dModel] = W.shape as [number, number, number];
  const out = float64([heads, dModel, dHead]);
  for (let head = 0; head < heads; head++) {
    const own = float64([dHead, dModel], rows("W", W, head, head + 1).data);
    out.data.set(transpose(own).data, head * dModel * dHead);
  }
  return out;
}

/** "d_model (head d_head)" as stored, to "head d_head d_model". */
function outputPerHead(W_O: NdArray, heads: number): Float64NdArray {
  const [dModel, joined] = W_O.shape as [number, number];
  return float64([heads, joined / heads, dModel], transpose(W_O).data);
}
