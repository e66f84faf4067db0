import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import golden from "../../../goldens/weight_processing.golden.json" with { type: "json" };
import {
  concatenate,
  expandDims,
  init,
  scope,
  stack,
  swapaxes,
  type Tensor,
  tensor,
} from "../../arrays/index.ts";
import { InputError } from "../../core/errors.ts";
import { nd, sizeOf } from "../../core/nd.ts";
import { TorchGenerator } from "../../rng/index.ts";
import { createModel, HookedModel } from "../hooked-model.ts";
import { type HookedTransformerOptions, hookedTransformer } from "../hooked-transformer/index.ts";
import { parseConfig } from "../parse.ts";
import { chirpModel } from "../testing/chirp-model.ts";
import {
  centerUnembed,
  centerWritingWeights,
  foldLayerNorm,
  foldValueBiases,
  processWeights,
  refactorFactoredAttnMatrices,
  type TransformerModel,
} from "./index.ts";

beforeAll(() => init());

type Dump = { readonly shape: number[]; readonly data: number[] };

function expectClose(x: Tensor, { shape, data }: Dump, what: string): void {
  expect(x.shape, what).toEqual(shape);
  const got = x.readSync().data;
  const off = data.map((value, i) => Math.abs(value - (got[i] ?? Number.NaN)));
  expect(Math.max(...off), what).toBeLessThan(1e-5);
}

/** A model of which no weight is special. */
function random(options: HookedTransformerOptions, seed: number = 1): TransformerModel {
  const config = parseConfig("test", hookedTransformer.config, options);
  const rng = new TorchGenerator(seed);
  const weights = Object.fromEntries(
    hookedTransformer
      .parameters(config)
      .map(({ name, shape }) => [
        name,
        tensor(nd("float32", shape, rng.normal(sizeOf(shape), name.endsWith(".w") ? 1 : 0, 0.3))),
      ]),
  );
  return new HookedModel(hookedTransformer, config, weights);
}

const tokens = golden.tokens;
const small = { dModel: 6, dHead: 3, nLayers: 2, nCtx: 5, dVocab: 7, dMlp: 8 };
const weightOf = (model: TransformerModel, name: string): Tensor => model.weights[name] as Tensor;
const largest = (x: Tensor): number => Math.max(...x.readSync().data.map(Math.abs));

describe.each(Object.entries(golden.models))("weight processing as TransformerLens: %s", (_, g) => {
  it("has its weights", () => {
    using _scope = scope();
    const { model, maxLogProbChange } = processWeights(
      chirpModel(g.config as HookedTransformerOptions, 0.3),
      { tokens },
    );
    expect(Object.keys(model.weights)).toEqual(Object.keys(g.weights));
    for (const [name, want] of Object.entries(g.weights)) {
      expectClose(weightOf(model, name), want, name);
    }
    expect(maxLogProbChange).toBeLessThan(1e-5);
    expect(maxLogProbChange).toBeGreaterThan(0);
  });
});

const refactored = Object.entries(golden.models).flatMap(([name, g]) =>
  "circuits" in g ? [{ name, ...g }] : [],
);

describe.each(refactored)("refactored attention as TransformerLens: $name", (g) => {
  it("has its circuits", () => {
    using _scope = scope();
    const { model } = processWeights(chirpModel(g.config as HookedTransformerOptions, 0.3), {
      ...{ foldLn: false, centerWritingWeights: false, centerUnembed: false },
      ...{ refactorFactoredAttnMatrices: true, tokens },
    });
    for (const [name, want] of Object.entries<Dump>(g.circuits)) {
      expectClose(circuit(model, name.slice(0, -1), Number(name.at(-1))), want, name);
    }
  });
});

/** What `circuits` of lib/goldens/weight_processing.py records. */
function circuit(model: TransformerModel, kind: string, layer: number): Tensor {
  const part = (name: string): Tensor => weightOf(model, `blocks.${layer}.attn.${name}`);
  if (kind.startsWith("b_")) return part(kind);
  if (kind === "OV") return part("W_V").matmul(part("W_O"));
  const joined = (x: "Q" | "K"): Tensor => {
    return concatenate([part(`W_${x}`), expandDims(part(`b_${x}`), 1)], 1);
  };
  const [q, k] = [joined("Q"), joined("K")];
  if (kind === "QK") return q.matmul(swapaxes(k, 1, 2));
  const norm = (x: Tensor, axis: number): Tensor => x.mul(x).sum(axis).pow(0.5);
  return stack([norm(q, 1), norm(k, 1), norm(part("W_V"), 1), norm(part("W_O"), 2)]);
}

describe("each pass", () => {
  it("leaves the model it was given alone and remembers itself", () => {
    const model = random(small);
    const before = { ...model.weights };
    const done = foldValueBiases(centerUnembed(centerWritingWeights(foldLayerNorm(model))));
    expect(done.processed).toEqual([
      ...["foldLayerNorm", "centerWritingWeights", "centerUnembed", "foldValueBiases"],
    ]);
    expect([done.config.normalizationType, model.config.normalizationType]).toEqual([
      "LNPre",
      "LN",
    ]);
    expect([model.weights, model.processed]).toEqual([before, []]);
    expect(refactorFactoredAttnMatrices(done).processed.at(-1)).toBe(
      "refactorFactoredAttnMatrices",
    );
  });

  it("does what it says", () => {
    const folded = foldLayerNorm(random(small));
    for (const name of ["blocks.1.mlp.W_in", "unembed.W_U"]) {
      expect(largest(weightOf(folded, name).mean(0))).toBeLessThan(1e-6);
    }
    expect(largest(weightOf(folded, "blocks.0.attn.W_K").mean(1))).toBeLessThan(1e-6);
    const centered = centerWritingWeights(random(small));
    for (const name of [
      "embed.W_E",
      "pos_embed.W_pos",
      "blocks.1.attn.W_O",
      "blocks.0.mlp.b_out",
    ]) {
      expect(largest(weightOf(centered, name).mean(-1)), name).toBeLessThan(1e-6);
    }
    const unembed = centerUnembed(random(small));
    expect(largest(weightOf(unembed, "unembed.W_U").mean(1))).toBeLessThan(1e-6);
    expect(largest(weightOf(unembed, "unembed.b_U").mean(0))).toBeLessThan(1e-6);
    expect(largest(foldValueBiases(random(small)).b_V)).toBe(0);
  });

  it("takes absent biases for zeros", async () => {
    const whole = await random({ ...small, normalizationType: null }).stateDict();
    const kept = Object.entries(whole).filter(([name]) => !name.includes("b_"));
    const weights = Object.fromEntries(kept);
    const options = { ...small, normalizationType: null } as const;
    const model = await createModel(hookedTransformer, options, { weights });
    const { model: done, maxLogProbChange } = processWeights(model, { tokens: [[0, 1, 2]] });
    expect(maxLogProbChange).toBeLessThan(1e-5);
    expect(done.processed).toEqual(["centerUnembed", "foldValueBiases"]);
  });

  it("survives saving: weights come back with the passes that made them", async () => {
    const { model } = processWeights(random(small), { rng: new TorchGenerator(0) });
    const source = { weights: await model.stateDict(), processed: model.processed };
    const again = await createModel(hookedTransformer, model.config, source);
    expect(again.processed).toEqual(model.processed);
    expect([...again.forward([[1, 2, 3]]).readSync().data]).toEqual([
      ...model.forward([[1, 2, 3]]).readSync().data,
    ]);
  });
});

const shapes = fc.record({
  dModel: fc.constantFrom(4, 6, 8),
  dHead: fc.constantFrom(2, 4, 8),
  nHeads: fc.integer({ min: 1, max: 3 }),
  dMlp: fc.constantFrom(4, 6, 8, 12),
  dVocab: fc.constantFrom(4, 6, 8, 5),
  dVocabOut: fc.constantFrom(4, 6, 8, 7),
  nLayers: fc.integer({ min: 0, max: 2 }),
  nCtx: fc.constantFrom(4, 6),
});
const kinds = fc.record({
  normalizationType: fc.constantFrom("LN", "LNPre", "RMS", "RMSPre", null),
  positionalEmbeddingType: fc.constantFrom("standard", "rotary", "alibi"),
  mlp: fc.constantFrom("plain", "gated", "none", "solu_ln"),
  refactor: fc.boolean(),
  tied: fc.boolean(),
  square: fc.boolean(),
});

/** With the default eps a norm of nearly equal neurons magnifies float32 rounding 300 times. */
const wellConditioned = { eps: 1e-2 };

describe("processWeights", () => {
  it("leaves log-probabilities alone for every shape, square ones too", () => {
    using _scope = scope();
    const property = fc.property(shapes, kinds, fc.nat(1000), (sizes, kind, seed) => {
      using _inner = scope();
      const side = { dMlp: sizes.dModel, dVocab: sizes.dModel, dVocabOut: sizes.dModel };
      const chosen = { ...sizes, ...(kind.square ? { ...side, dHead: sizes.dModel } : {}) };
      const { normalizationType, positionalEmbeddingType } = kind;
      const model = random(
        {
          ...chosen,
          ...{ normalizationType, positionalEmbeddingType, ...wellConditioned },
          ...(kind.tied ? { tieWordEmbeddings: true, dVocabOut: chosen.dVocab } : {}),
          attnOnly: kind.mlp === "none",
          gatedMlp: kind.mlp === "gated",
          actFn: kind.mlp === "solu_ln" ? "solu_ln" : "gelu",
        },
        seed,
      );
      const gated = kind.mlp === "gated" ? withoutBiases(model) : model;
      const { maxLogProbChange } = processWeights(gated, {
        rng: new TorchGenerator(seed),
        refactorFactoredAttnMatrices: kind.refactor && positionalEmbeddingType !== "rotary",
      });
      expect(maxLogProbChange).toBeLessThan(1e-5);
    });
    void fc.assert(property, { numRuns: 40, seed: 4 });
  });

  it("would notice a wrong axis", () => {
    const model = random({ ...small, dMlp: 6 });
    const wrong = { ...model.weights };
    wrong["blocks.0.mlp.W_in"] = weightOf(model, "blocks.0.mlp.W_in").mul(
      weightOf(model, "blocks.0.ln2.w"),
    );
    const right = foldLayerNorm(model);
    const broken = new HookedModel(hookedTransformer, right.config, {
      ...right.weights,
      "blocks.0.mlp.W_in": wrong["blocks.0.mlp.W_in"],
    });
    const off = largest(broken.forward(tokens).sub(right.forward(tokens)));
    expect(off).toBeGreaterThan(0.01);
  });

  it("unties embeddings", () => {
    const { model } = processWeights(random({ ...small, tieWordEmbeddings: true }), { tokens });
    expect(model.config.tieWordEmbeddings).toBe(false);
    expect(model.W_U.shape).toEqual([6, 7]);
  });
});

/** LayerNorm biases in front of a gate cannot be folded. */
function withoutBiases(model: TransformerModel): TransformerModel {
  const weights = Object.fromEntries(
    Object.entries(model.weights).map(([name, w]) => [name, name.endsWith("ln2.b") ? w.mul(0) : w]),
  );
  return new HookedModel(model.model, model.config, weights);
}

describe("what cannot be processed is refused in one sentence", () => {
  it.each([
    [
      () => foldLayerNorm(random({ ...small, normalizationType: null })),
      "foldLayerNorm: normalizationType must be LN or RMS, got null",
    ],
    [
      () =>
        processWeights(random({ ...small, normalizationType: "RMSPre" }), { tokens, foldLn: true }),
      "foldLayerNorm: normalizationType must be LN or RMS, got RMSPre",
    ],
    [
      () => centerWritingWeights(random({ ...small, normalizationType: "RMS" })),
      "centerWritingWeights: normalizationType must be LN or LNPre, which ignore the mean, got RMS",
    ],
    [
      () => foldLayerNorm(random({ ...small, gatedMlp: true })),
      "foldLayerNorm: blocks.0.ln2.b must be 0 in front of a gated MLP, whose gate has no bias",
    ],
    [
      () => foldLayerNorm(random({ ...small, positionalEmbeddingType: "shortformer" })),
      "foldLayerNorm: shortformer adds positions after the normalization, so its weights cannot be",
    ],
    [
      () =>
        refactorFactoredAttnMatrices(
          random({ ...small, dHead: 2, positionalEmbeddingType: "rotary" }),
        ),
      "refactorFactoredAttnMatrices: rotary positions turn queries and keys, so QK cannot be",
    ],
    [
      () => processWeights(random(small), {}),
      "processWeights: needs tokens or rng to compare the models on, got neither",
    ],
  ])("%#", (wrong, message) => {
    expect(wrong).toThrow(InputError);
    expect(wrong).toThrow(message);
  });
});
