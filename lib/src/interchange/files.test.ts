import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InputError, ShapeError, UnknownNameError } from "../core/errors.ts";
import { type NdArray, nd } from "../core/nd.ts";
import { readPt, readSafetensors, writePt, writeSafetensors } from "../io/index.ts";
import {
  bilinear,
  bitNetTransformer,
  createModel,
  HookedTransformer,
  type HookedTransformerOptions,
  hookedTransformer,
  oneLayerMlp,
} from "../models/index.ts";
import { toTransformerLensConfig } from "./config-names.ts";
import { loadModel, type ModelFormat, readModel, saveModel } from "./index.ts";

const sizes = { nLayers: 2, dModel: 8, dHead: 4, nCtx: 6, dVocab: 11, dMlp: 12 } as const;
const formats: readonly ModelFormat[] = ["safetensors", "pt"];

const create = (options: Partial<HookedTransformerOptions> = {}) =>
  HookedTransformer.create({ ...sizes, ...options }, { seed: 3 });

/** The state dict of a fresh model, alone. */
const bare = async (options: Partial<HookedTransformerOptions> = {}) =>
  (await create(options)).stateDict();

const cases: readonly Partial<HookedTransformerOptions>[] = [
  {},
  { normalizationType: "RMSPre", gatedMlp: true, actFn: "silu", positionalEmbeddingType: "rotary" },
  { attnOnly: true, normalizationType: null, attentionDir: "bidirectional", dVocabOut: 4 },
  { nHeads: 3, attnScale: 1.5, initOrder: "pre-1.13", useAttnResult: true, eps: 1e-6 },
  { nLayers: 0, positionalEmbeddingType: "alibi" },
  { tieWordEmbeddings: true, positionalEmbeddingType: "shortformer" },
];

describe.each(formats)("%s", (format) => {
  it.each(cases)("brings back configuration, weights and passes: %o", async (options) => {
    const model = await create(options);
    const weights = await model.stateDict();
    const processed = options.normalizationType === "RMSPre" ? (["foldLayerNorm"] as const) : [];
    const source = { weights, processed };
    const saved = await saveModel(
      await HookedTransformer.create({ ...sizes, ...options }, source),
      { format },
    );
    const loaded = await loadModel(saved, { kind: hookedTransformer });
    expect(loaded.config).toEqual(model.config);
    expect(loaded.processed).toEqual(processed);
    expect(await loaded.stateDict()).toEqual(weights);
    expect(Object.keys(loaded.weights)).toEqual(Object.keys(model.weights));
    expect(await saveModel(loaded, { format })).toEqual(saved);
  });

  it.each([
    [oneLayerMlp, { dVocab: 7, dEmbed: 4, dMlp: 6, bias: true }],
    [bilinear, { dVocab: 7, dEmbed: 4, dVocabOut: 3 }],
    [bitNetTransformer, { dVocab: 7, dModel: 8, nHeads: 2, quantization: "ternary" }],
  ])("brings back the other models: $name", async (kind, options) => {
    const model = await createModel<unknown>(kind as never, options, { seed: 1 });
    const loaded = await loadModel(await saveModel(model, { format }));
    expect(loaded.model.name).toBe(kind.name);
    expect(loaded.config).toEqual(model.config);
    expect(await loaded.stateDict()).toEqual(await model.stateDict());
  });

  it("is read whole or refused in words, whatever byte is changed", async () => {
    const bytes = await saveModel(await create({ nLayers: 1 }), { format });
    let refused = 0;
    fc.assert(
      fc.property(
        fc.nat(bytes.length - 1),
        fc.nat(255),
        fc.option(fc.nat(bytes.length)),
        (at, byte, end) => {
          const changed = bytes.slice(0, end ?? bytes.length);
          if (at < changed.length) changed[at] = byte;
          try {
            readModel(changed);
          } catch (error) {
            if (!(error instanceof InputError)) throw error;
            refused++;
            expect(error.message).not.toContain("\n");
          }
        },
      ),
      { numRuns: 400 },
    );
    expect(refused).toBeGreaterThan(100);
  });
});

describe("what Python finds in a file", () => {
  it("safetensors: TransformerLens's names at the top, its configuration in the metadata", async () => {
    const model = await create({ tieWordEmbeddings: true });
    const { arrays, metadata } = readSafetensors(await saveModel(model));
    expect(Object.keys(arrays)).toContain("unembed.W_U");
    expect(arrays["unembed.W_U"]?.shape).toEqual([8, 11]);
    expect(metadata.format).toBe("pt");
    const config = JSON.parse(metadata.transformer_lens_config ?? "");
    expect(config).toMatchObject({ d_model: 8, n_ctx: 6, normalization_type: "LN", d_mlp: 12 });
    expect(Object.keys(config).filter((key) => /[A-Z]/.test(key) || key === "init_order")).toEqual(
      [],
    );
  });

  it("pt: dicts under model and config", async () => {
    const model = await create();
    const file = readPt(await saveModel(model, { format: "pt" })) as {
      readonly model: object;
      readonly config: object;
    };
    expect(file.model).toEqual(await model.stateDict());
    expect(file.config).toMatchObject({ n_layers: 2, act_fn: "relu", attn_only: false });
  });
});

describe("files without a record of ours", () => {
  it("get their sizes from shapes and the rest from the caller, in either spelling", async () => {
    const state = await bare({ nHeads: 3, dVocabOut: 5 });
    for (const config of [{ actFn: "gelu" }, { act_fn: "gelu" }]) {
      for (const bytes of [writeSafetensors(state), writePt(state), writePt({ model: state })]) {
        const file = readModel(bytes, { config });
        expect(file.config).toEqual(
          (await create({ nHeads: 3, dVocabOut: 5, actFn: "gelu" })).config,
        );
        expect(file.assumed).toEqual({
          attentionDir: "causal",
          useAttnScale: true,
          attnScale: 2,
          positionalEmbeddingType: "standard",
          eps: 1e-5,
        });
      }
    }
  });

  it("are as usual where they leave it open, with what follows from their own sizes", async () => {
    const usual = { model: "hooked-transformer", config: (await create({ actFn: "relu" })).config };
    const weights = writeSafetensors(await bare({ dModel: 32, nHeads: 2, dHead: 16 }));
    const own = { ...usual, config: { ...usual.config, normalizationType: "LNPre" } } as never;
    const { config } = readModel(weights, { usual: own });
    expect(config).toMatchObject({ dHead: 16, actFn: "relu", attnScale: 4, rotaryDim: 16 });
    const scaled = { ...usual, config: { ...usual.config, attnScale: 1.5 } } as never;
    expect(readModel(weights, { usual: scaled }).config).toMatchObject({ attnScale: 1.5 });
  });

  it("say which fields nothing tells", async () => {
    const read = (state: Parameters<typeof writeSafetensors>[0]) =>
      readModel(writeSafetensors(state));
    const plain = await bare();
    expect(() => read(plain)).toThrow(
      new InputError(
        "loadModel: neither the file nor its weights tell actFn; give it in a configuration (--config on the command line)",
      ),
    );
    const folded = await bare({ normalizationType: "LNPre" });
    expect(() => read(folded)).toThrow(
      "tell normalizationType (null or LNPre or RMSPre), actFn; give them in a configuration (--config on the command line)",
    );
    const rotary = await bare({ positionalEmbeddingType: "rotary", attnOnly: true });
    expect(() => read(rotary)).toThrow(
      "tell nCtx; give it in a configuration (--config on the command line)",
    );
  });

  it("do not load as if unfolded when the configuration says so", async () => {
    const folded = writeSafetensors(await bare({ normalizationType: "LNPre" }));
    expect(() => readModel(folded, { config: { actFn: "relu", normalizationType: "LN" } })).toThrow(
      new InputError(
        "loadModel: the configuration says normalizationType LN, the weights null or LNPre or RMSPre",
      ),
    );
    const file = readModel(folded, { config: { actFn: "relu", normalizationType: "LNPre" } });
    expect(file.config).toMatchObject({ normalizationType: "LNPre" });
  });

  it("take a dict of TransformerLens's beside the weights", async () => {
    const config = {
      ...{ n_layers: 2, d_model: 8, n_ctx: 6, d_head: 4, n_heads: 2, d_mlp: 12, d_vocab: 11 },
      ...{ act_fn: "gelu_new", normalization_type: "LN", attn_scale: -1, d_vocab_out: 11 },
      ...{
        device: "cpu",
        dtype: "torch.float32",
        seed: null,
        n_params: 3,
        n_key_value_heads: null,
      },
    };
    const model = await bare({ actFn: "gelu_new" });
    const file = readModel(writePt({ model, config }));
    expect(file.config).toEqual((await create({ actFn: "gelu_new" })).config);
    expect(file.assumed).toEqual({
      attentionDir: "causal",
      useAttnScale: true,
      attnScale: 2,
      positionalEmbeddingType: "standard",
      eps: 1e-5,
    });
    const full = readModel(
      writePt({ model, config: { ...config, use_attn_scale: true, eps: 1e-5 } }),
    );
    expect(full.assumed).toEqual({ attentionDir: "causal", positionalEmbeddingType: "standard" });
    const capped = writePt({ model, config: { ...config, attn_scores_soft_cap: 30 } });
    expect(() => readModel(capped)).toThrow(
      new InputError("config: attn_scores_soft_cap 30 is not supported, only -1"),
    );
    const odd = writePt({ model, config: { ...config, d_modle: 8 } });
    expect(() => readModel(odd)).toThrow('hooked-transformer: unknown field "dModle"');
  });

  it("may be in the layout of progress-measures-paper, which has no norm", async () => {
    const golden = JSON.parse(
      readFileSync(new URL("../io/io.golden.json", import.meta.url), "utf8"),
    ) as {
      readonly progressMeasures: {
        readonly file: string;
        readonly tokens: number[][];
        readonly logits: { readonly $array: [string, number[], number[]] };
      };
    };
    const { file, tokens, logits } = golden.progressMeasures;
    const bytes = new Uint8Array(gunzipSync(Buffer.from(file, "base64")));
    const model = await loadModel(bytes, { config: { actFn: "relu" } });
    expect(model.config).toMatchObject({ normalizationType: null, attentionDir: "causal" });
    const got = model.forward(tokens).readSync().data;
    for (const [i, x] of logits.$array[2].entries()) {
      expect(Math.abs(x - Number(got[i]))).toBeLessThan(1e-5);
    }
  });

  it("may be bidirectional by the mask that older versions keep", async () => {
    const state = await bare();
    const mask = nd("bool", [6, 6], new Uint8Array(36).fill(1));
    const bytes = writePt({ ...state, "blocks.0.attn.mask": mask });
    const { config } = readModel(bytes, { config: { actFn: "relu" } });
    expect(config).toMatchObject({ attentionDir: "bidirectional" });
  });
});

describe("weights that make no model", () => {
  const config = { actFn: "relu" };
  const zero = (shape: readonly number[]): NdArray =>
    nd("float32", shape, new Float32Array(shape.reduce((n, size) => n * size, 1)));

  it.each([
    [
      "a missing weight",
      { "blocks.1.attn.W_K": undefined },
      'weight "blocks.1.attn.W_K" is missing',
    ],
    [
      "a missing block",
      { "blocks.7.attn.W_K": zero([2, 8, 4]) },
      "the blocks must be numbered from 0 to 2, 2 is missing",
    ],
    ["an extra weight", { "blocks.0.attn.W_X": zero([1]) }, 'unknown weight "blocks.0.attn.W_X"'],
    [
      "another shape",
      { "blocks.1.mlp.W_in": zero([8, 13]) },
      "blocks.1.mlp.W_in: expected [8,12], got [8,13]",
    ],
    [
      "widths that disagree",
      { "unembed.W_U": zero([9, 11]) },
      'unembed.W_U "dModel dVocabOut": expected [8,11], got [9,11]',
    ],
    ["another rank", { "embed.W_E": zero([11]) }, "embed.W_E"],
    [
      "whole numbers",
      { "unembed.b_U": nd("int32", [11], new Int32Array(11)) },
      "unembed.b_U: weights must be floating-point numbers, got whole numbers (int32); quantized weights are not supported",
    ],
    [
      "float64 beyond float32",
      { "unembed.b_U": nd("float64", [11], new Float64Array(11).fill(1e300)) },
      "unembed.b_U: weights must fit float32, whose largest number is 3.4e38, got 1e+300",
    ],
  ])("%s", async (_, change, message) => {
    const state: Record<string, NdArray | undefined> = { ...(await bare()), ...change };
    const kept = Object.entries(state).filter(
      (pair): pair is [string, NdArray] => pair[1] !== undefined,
    );
    const read = () => readModel(writeSafetensors(Object.fromEntries(kept)), { config });
    expect(read).toThrow(InputError);
    expect(read).toThrow(message);
  });

  it("a hostile configuration is refused before its sizes are believed", async () => {
    const { arrays, metadata } = readSafetensors(await saveModel(await create()));
    const own = JSON.parse(metadata.tinylens ?? "");
    for (const [field, value] of Object.entries({ nLayers: 1e9, dModel: 1e9, nCtx: 1e9 })) {
      const tinylens = JSON.stringify({ ...own, config: { ...own.config, [field]: value } });
      expect(() => readModel(writeSafetensors(arrays, { ...metadata, tinylens }))).toThrow(
        `loadModel: the configuration says ${field} 1000000000, the weights`,
      );
    }
  });

  it("records that contradict themselves are refused", async () => {
    const { arrays, metadata } = readSafetensors(await saveModel(await create()));
    const own = JSON.parse(metadata.tinylens ?? "");
    const withRecord = (changes: object) =>
      writeSafetensors(arrays, { tinylens: JSON.stringify({ ...own, ...changes }) });
    expect(() => readModel(withRecord({ processed: ["foldLayerNorm"] }))).toThrow(
      new InputError(
        "loadModel: the norms were folded into the weights, so normalizationType must be LNPre, got LN",
      ),
    );
    expect(() => readModel(withRecord({ processed: ["fold"] }))).toThrow(
      'loadModel: processed must be a list of foldLayerNorm, centerWritingWeights, centerUnembed, foldValueBiases, refactorFactoredAttnMatrices, got ["fold"]',
    );
    expect(() => readModel(withRecord({ version: 2 }))).toThrow("from a later tinylens");
    expect(() => readModel(withRecord({ model: "gpt" }))).toThrow(UnknownNameError);
    expect(() => readModel(writeSafetensors(arrays, { tinylens: "{" }))).toThrow(
      new InputError("loadModel: the configuration in the file is not a JSON object"),
    );
  });

  it("tied weights must be tied", async () => {
    const { arrays, metadata } = readSafetensors(
      await saveModel(await create({ tieWordEmbeddings: true })),
    );
    const changed = { ...arrays, "unembed.W_U": zero([8, 11]) };
    expect(() => readModel(writeSafetensors(changed, metadata))).toThrow(
      new InputError(
        'loadModel: weight "unembed.W_U" must be the transpose of "embed.W_E", got other numbers; leave one out',
      ),
    );
  });

  it("a configuration of TransformerLens's ties nothing, as HookedTransformer does not", async () => {
    const { arrays } = readSafetensors(await saveModel(await create()));
    const { config } = await create();
    const tied = { ...toTransformerLensConfig(config), tie_word_embeddings: true };
    const read = readModel(
      writeSafetensors(arrays, { transformer_lens_config: JSON.stringify(tied) }),
    );
    expect(read.config).toEqual(config);
    expect(read.weights["unembed.W_U"]).toEqual(arrays["unembed.W_U"]);
  });

  it("a causal mask in the file gives way to the configuration, with a warning", async () => {
    const state = await bare();
    const mask = nd(
      "bool",
      [6, 6],
      Array.from({ length: 36 }, (_, i) => (i % 6 <= i / 6 ? 1 : 0)),
    );
    const bytes = writeSafetensors({ ...state, "blocks.0.attn.mask": mask });
    const config = { actFn: "relu", attentionDir: "bidirectional" };
    const read = readModel(bytes, { where: "m", config });
    expect(read.config).toMatchObject({ attentionDir: "bidirectional" });
    expect(read.warnings).toEqual([
      'm: the mask in the file is causal, the configuration says attentionDir "bidirectional" and wins',
    ]);
    expect(readModel(bytes, { config: { actFn: "relu" } }).config).toMatchObject({
      attentionDir: "causal",
    });
  });

  it("another model than asked for is refused", async () => {
    await expect(loadModel(await saveModel(await create()), { kind: bilinear })).rejects.toThrow(
      new InputError("loadModel: expected a bilinear, the file holds a hooked-transformer"),
    );
    expect(() => readModel(writeSafetensors({ w: zero([1]) }))).toThrow(UnknownNameError);
    expect(() => readModel(writeSafetensors({}))).toThrow(
      new InputError("loadModel: the file holds no weights"),
    );
    expect(() => readModel(new Uint8Array(3))).toThrow(InputError);
    expect(new ShapeError("x", [1], [2])).toBeInstanceOf(InputError);
  });
});
