import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { NdArray } from "../core/nd.ts";
import { nd } from "../core/nd.ts";
import {
  fourierBasis,
  fourierTransform2d,
  inputMaps,
  logitCosines,
  neuronInputMap,
  neuronLogitMap,
  neuronSpectrum,
  spectrum,
} from "./fourier/index.ts";
import { svd } from "./linalg/index.ts";
import {
  excludedLoss,
  fullLoss,
  progressMeasures,
  restrictedLoss,
  type SplitLoss,
} from "./progress/index.ts";
import { furthest } from "./testing/numbers.ts";

type InputName =
  | "W_E"
  | "W_in"
  | "W_V"
  | "W_O"
  | "W_out"
  | "W_U"
  | "activations"
  | "logits"
  | "train";

interface GoldenCase {
  readonly p: number;
  readonly keys: readonly number[];
  readonly inputs: { readonly [N in InputName]: { shape: number[]; data: number[] } };
  readonly norms: number[];
  readonly singularValues: number[];
  readonly map0: number[];
  readonly fractions: number[];
  readonly variances: number[];
  readonly W_neur: number[];
  readonly W_logit: number[];
  readonly full: SplitLoss;
  readonly restricted: SplitLoss;
  readonly excludedEach: number[];
  readonly excludedAll: number;
  readonly logitCosines: number[];
  readonly logitShares: number[];
  readonly giniEmbedding: number;
  readonly giniLogitMap: number;
}

const golden = JSON.parse(
  readFileSync(new URL("./analysis.golden.json", import.meta.url), "utf8"),
) as { cases: GoldenCase[] };

const values = (loss: SplitLoss): number[] => [loss.all, loss.train, loss.test];

describe.each(golden.cases)("modulo $p, NumPy's numbers (lib/goldens/analysis.py)", (g) => {
  const array = (name: InputName): NdArray =>
    nd("float64", g.inputs[name].shape, g.inputs[name].data);
  const basis = fourierBasis(g.p);
  const trainIndices = g.inputs.train.data;
  const ofSums = { p: g.p, logits: array("logits"), trainIndices };

  it("norms of the embedding in the Fourier basis and its singular values", () => {
    expect(furthest(spectrum(basis, array("W_E")).norms, g.norms)).toBeLessThan(1e-12);
    expect(furthest(svd(array("W_E")).S, g.singularValues)).toBeLessThan(1e-12);
  });

  it("2-D transform and fractions explained of neurons", () => {
    const map = fourierTransform2d(basis, inputMaps(array("activations"), g.p, [0]));
    expect(furthest(map.data, g.map0)).toBeLessThan(1e-12);
    const neurons = neuronSpectrum(basis, array("activations"));
    expect(furthest(neurons.fractions.data, g.fractions)).toBeLessThan(1e-12);
    expect(furthest(neurons.variances, g.variances)).toBeLessThan(1e-12);
  });

  it("W_neur and W_logit", () => {
    const [W_E, W_V, W_O, W_in] = [array("W_E"), array("W_V"), array("W_O"), array("W_in")];
    expect(furthest(neuronInputMap({ W_E, W_V, W_O, W_in }).data, g.W_neur)).toBeLessThan(1e-12);
    const map = neuronLogitMap(array("W_out"), array("W_U"));
    expect(furthest(map.data, g.W_logit)).toBeLessThan(1e-12);
  });

  it("full, restricted and excluded loss", () => {
    expect(furthest(values(fullLoss(ofSums)), values(g.full))).toBeLessThan(1e-12);
    const restricted = restrictedLoss(ofSums, g.keys);
    expect(furthest(values(restricted), values(g.restricted))).toBeLessThan(1e-12);
    const excluded = excludedLoss(ofSums, g.keys);
    expect(furthest(excluded.each, g.excludedEach)).toBeLessThan(1e-12);
    expect(excluded.all).toBeCloseTo(g.excludedAll, 12);
  });

  it("cosines of the logits and Gini coefficients", () => {
    const { coefficients, shares } = logitCosines(array("logits"), g.p);
    expect(furthest(coefficients, g.logitCosines)).toBeLessThan(1e-12);
    expect(furthest(shares, g.logitShares)).toBeLessThan(1e-12);
    const [W_E, W_out, W_U] = [array("W_E"), array("W_out"), array("W_U")];
    const input = { ...ofSums, W_E, W_out, W_U, keyFrequencies: g.keys };
    const measures = progressMeasures({ ...input, weights: { W_U } });
    expect(measures.giniEmbedding).toBeCloseTo(g.giniEmbedding, 12);
    expect(measures.giniLogitMap).toBeCloseTo(g.giniLogitMap, 12);
    expect(measures.sumOfSquaredWeights).toBeCloseTo(
      g.inputs.W_U.data.reduce((sum, value) => sum + value * value, 0),
      12,
    );
    expect(progressMeasures(input).sumOfSquaredWeights).toBeNull();
  });
});
