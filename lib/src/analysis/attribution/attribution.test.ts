import { beforeAll, describe, expect, it } from "vitest";
import golden from "../../../goldens/attribution.golden.json" with { type: "json" };
import { init, type Tensor } from "../../arrays/index.ts";
import {
  bilinear,
  createModel,
  HookedModel,
  type HookedTransformerOptions,
  parseConfig,
} from "../../models/index.ts";
import { chirpModel } from "../../models/testing/chirp-model.ts";
import { furthest } from "../testing/numbers.ts";
import {
  type AttributionOptions,
  type AttributionUnit,
  directLogitAttribution,
  logitLens,
} from "./index.ts";

beforeAll(() => init());

const data = (x: Tensor): number[] => [...x.readSync().data];
const tokens = golden.tokens;
const small = { dModel: 8, dHead: 4, nLayers: 2, nCtx: 6, dVocab: 7, dMlp: 12 };
const kinds: readonly (readonly [string, Partial<HookedTransformerOptions>])[] = [
  ["LN", {}],
  ["LNPre", { normalizationType: "LNPre" }],
  ["RMS, attention only", { normalizationType: "RMS", attnOnly: true }],
  ["no norm", { normalizationType: null }],
  ["no norm, attention only", { normalizationType: null, attnOnly: true, nLayers: 1 }],
  ["rotary, gated", { positionalEmbeddingType: "rotary", gatedMlp: true }],
  ["shortformer", { positionalEmbeddingType: "shortformer" }],
  ["every optional point", { useAttnResult: true, useSplitQkvInput: true, useHookMlpIn: true }],
  ["tied", { tieWordEmbeddings: true }],
];

describe.each(kinds)("parts of a logit: %s", (_, change) => {
  const model = () => chirpModel({ ...small, ...change }, 0.4);

  /** Logits without b_U and what the bias of the final norm adds, "batch pos d_vocab_out". */
  function withoutBiases(of: ReturnType<typeof model>): Tensor {
    const { b_U, W_U, weights } = of;
    const shift = weights["ln_final.b"];
    const logits = of.forward(tokens).sub(b_U);
    return shift === undefined ? logits : logits.sub(shift.reshape([1, -1]).matmul(W_U));
  }

  it.each(["component", "head"] as const)("add up over each %s", (unit) => {
    const one = model();
    const { attribution } = directLogitAttribution(one, tokens, { answerTokens: 3, unit });
    const want = withoutBiases(one).at([], -1, 3);
    expect(furthest(data(attribution.sum(0)), data(want))).toBeLessThan(1e-5);
  });

  it.each(["component", "head"] as const)("add up over each %s to differences", (unit) => {
    const one = model();
    const { attribution } = directLogitAttribution(one, tokens, {
      ...{ answerTokens: [1, 4], incorrectTokens: [0, 2], unit, pos: "all" },
    });
    const logits = withoutBiases(one);
    const difference = (row: number, right: number, wrong: number) =>
      data(logits.at(row, [], right).sub(logits.at(row, [], wrong)));
    const want = [...difference(0, 1, 0), ...difference(1, 4, 2)];
    expect(attribution.shape.slice(1)).toEqual([2, 5]);
    expect(furthest(data(attribution.sum(0)), want)).toBeLessThan(1e-5);
  });

  it("end as the whole when the stream is followed by layer", () => {
    const one = model();
    const options = { answerTokens: 3, unit: "layer", pos: 1 } as const;
    const { attribution, labels } = directLogitAttribution(one, tokens, options);
    expect(labels.at(-1)).toBe("final_post");
    const want = withoutBiases(one).at([], 1, 3);
    expect(furthest(data(attribution.at(-1)), data(want))).toBeLessThan(1e-5);
  });
});

describe.each(Object.entries(golden.models))("attribution as TransformerLens: %s", (_, g) => {
  it.each(g.calls)("unit $unit at $pos", ({ unit, answer, incorrect, pos, ...want }) => {
    const model = chirpModel(g.config as HookedTransformerOptions, 0.5);
    const options: AttributionOptions = {
      answerTokens: answer,
      ...(incorrect === null ? {} : { incorrectTokens: incorrect }),
      unit: unit as AttributionUnit,
      pos: pos ?? "all",
    };
    const got = directLogitAttribution(model, tokens, options);
    expect(got.labels).toEqual(want.labels);
    expect(got.attribution.shape).toEqual(want.attribution.shape);
    expect(furthest(data(got.attribution), want.attribution.data)).toBeLessThan(1e-5);
    const top = got.top(3);
    expect(top.map(([label]) => label)).toEqual(want.top.map(([label]) => label));
    expect(
      furthest(
        top.map(([, value]) => value),
        want.top.map(([, value]) => value as number),
      ),
    ).toBeLessThan(1e-5);
  });
});

describe("directLogitAttribution", () => {
  const model = () => chirpModel(small, 0.4);

  it("takes a cache in place of tokens", () => {
    const one = model();
    const options = { answerTokens: 2 };
    const fromCache = directLogitAttribution(one, one.runWithCache(tokens).cache, options);
    const fromTokens = directLogitAttribution(one, tokens, options);
    expect(data(fromCache.attribution)).toEqual(data(fromTokens.attribution));
    expect(fromTokens.unit).toBe("component");
    expect(fromTokens.top()).toHaveLength(5);
    expect(fromTokens.top(99)).toHaveLength(6);
  });

  it("refuses wrong units, tokens and counts", () => {
    const call = (options: Partial<AttributionOptions>) =>
      directLogitAttribution(model(), tokens, { answerTokens: 1, ...options });
    expect(() => call({ unit: "neuron" as AttributionUnit })).toThrow(
      'directLogitAttribution: unknown unit "neuron"; did you mean',
    );
    expect(() => call({ answerTokens: 7 })).toThrow(
      "tokens must be whole numbers in [0, 7), got 7",
    );
    expect(() => call({}).top(-1)).toThrow("top: k must be an integer of at least 0, got -1");
  });
});

describe.each(kinds)("logitLens: %s", (_, change) => {
  const model = () => chirpModel({ ...small, ...change }, 0.4);

  it("reads each stream as the model cut off there would", () => {
    const one = model();
    const { logits, labels } = logitLens(one, tokens);
    const layers = one.nLayers;
    expect(labels).toEqual([...Array.from({ length: layers }, (_, l) => `${l}_pre`), "final_post"]);
    for (let nLayers = 0; nLayers <= layers; nLayers++) {
      const cut = new HookedModel(one.model, { ...one.config, nLayers }, one.weights);
      expect(furthest(data(logits.at(nLayers)), data(cut.forward(tokens)))).toBeLessThan(1e-6);
    }
  });
});

describe("logitLens", () => {
  it("also reads the middle of blocks, at some positions, from a cache", () => {
    const one = chirpModel(small, 0.4);
    const whole = logitLens(one, tokens, { inclMid: true });
    expect(whole.labels).toEqual(["0_pre", "0_mid", "1_pre", "1_mid", "final_post"]);
    expect(whole.logits.shape).toEqual([5, 2, 5, 7]);
    const last = logitLens(one, one.runWithCache(tokens).cache, { inclMid: true, posSlice: -1 });
    expect(last.logits.shape).toEqual([5, 2, 7]);
    expect(furthest(data(last.logits), data(whole.logits.at([], [], -1)))).toBeLessThan(1e-6);
  });

  it("refuses a model without layers to begin at", async () => {
    const config = parseConfig("test", bilinear.config, { dVocab: 5, dEmbed: 4 });
    const one = await createModel(bilinear, config, { seed: 0 });
    expect(() => logitLens(one, [[0, 1]])).toThrow(
      `logitLens: model "${bilinear.name}" has no pass that begins at a layer`,
    );
  });
});
