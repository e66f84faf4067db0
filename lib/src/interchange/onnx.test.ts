import { fromBinary } from "@bufbuild/protobuf";
import { ModelProtoSchema } from "onnx-buf";
import * as ort from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { tensor } from "../arrays/index.ts";
import { InputError, UnknownNameError } from "../core/errors.ts";
import {
  bilinear,
  bitNetTransformer,
  createModel,
  HookedTransformer,
  type HookedTransformerOptions,
  oneLayerMlp,
} from "../models/index.ts";
import { TorchGenerator } from "../rng/index.ts";
import { exportOnnx } from "./index.ts";

const sizes = { nLayers: 2, dModel: 8, dHead: 4, nCtx: 6, dVocab: 11, dMlp: 12 } as const;

const cases: readonly (readonly [string, Partial<HookedTransformerOptions>])[] = [
  ["LayerNorm and ReLU", {}],
  [
    "RMSNorm, a gate and rotary",
    { normalizationType: "RMS", gatedMlp: true, positionalEmbeddingType: "rotary", actFn: "silu" },
  ],
  [
    "attention only, bidirectional, no norm",
    { attnOnly: true, normalizationType: null, attentionDir: "bidirectional" },
  ],
  [
    "GELU and every optional hook",
    {
      actFn: "gelu",
      useAttnResult: true,
      useSplitQkvInput: true,
      useHookMlpIn: true,
      useHookTokens: true,
    },
  ],
  ["tied embeddings and ALiBi", { tieWordEmbeddings: true, positionalEmbeddingType: "alibi" }],
  ["shortformer", { positionalEmbeddingType: "shortformer" }],
  ["SoLU with LayerNorm and other output classes", { actFn: "solu_ln", dVocabOut: 5 }],
];

const tokens = [
  [1, 2, 3, 4, 10],
  [0, 5, 5, 9, 7],
];
const feed = { tokens: new ort.Tensor("int64", BigInt64Array.from(tokens.flat(), BigInt), [2, 5]) };

/** Random weights also where a model starts with zeros and ones. */
async function randomModel(options: Partial<HookedTransformerOptions>) {
  const model = await HookedTransformer.create({ ...sizes, ...options }, { seed: 3 });
  const rng = new TorchGenerator(5);
  const weights = Object.fromEntries(
    Object.entries(await model.stateDict())
      .filter(([name]) => Object.hasOwn(model.weights, name))
      .map(([name, array]) => [
        name,
        { ...array, data: Float32Array.from(array.data, (x) => x + 0.3 * (rng.normal(1)[0] ?? 0)) },
      ]),
  );
  return HookedTransformer.create({ ...sizes, ...options }, { weights });
}

describe("ONNX export", () => {
  it.each(cases)("logits and every hook point as in runWithCache: %s", async (_, options) => {
    const model = await randomModel(options);
    const bytes = await exportOnnx(model, { hooks: () => true, batch: 2, length: 5 });
    const session = await ort.InferenceSession.create(bytes);
    const { logits, cache } = model.runWithCache(tokens);
    const expected = new Map([["logits", logits], ...cache.entries()]);
    expect(session.inputNames).toEqual(["tokens"]);
    expect(session.outputNames).toEqual([...expected.keys()]);
    const results = await session.run(feed);
    for (const [name, tensor] of expected) {
      const { shape, data } = tensor.readSync();
      const got = results[name] as ort.Tensor;
      expect([name, got.dims]).toEqual([name, shape]);
      const largest = Float64Array.from(data).reduce((most, x, i) => {
        const y = Number((got.data as Float32Array)[i]);
        return Object.is(x, y) ? most : Math.max(most, Math.abs(x - y));
      }, 0);
      expect(largest, name).toBeLessThan(1e-5);
    }
    await session.release();
  });

  it("gives the logits alone, or the hooks asked for in the order of firing", async () => {
    const model = await randomModel({});
    const plain = await ort.InferenceSession.create(await exportOnnx(model, { length: 5 }));
    expect(plain.outputNames).toEqual(["logits"]);
    const hooks = ["blocks.1.attn.hook_pattern", "blocks.0.mlp.hook_post"];
    const some = await ort.InferenceSession.create(await exportOnnx(model, { hooks, length: 5 }));
    expect(some.outputNames).toEqual(["logits", ...hooks.toReversed()]);
  });

  it("uses only ONNX's own operators, and keeps weights under their names", async () => {
    const model = await randomModel({});
    const bytes = await exportOnnx(model, { hooks: () => true, batch: 2, length: 5 });
    const { graph, opsetImport, metadataProps } = fromBinary(ModelProtoSchema, bytes);
    expect(opsetImport.map(({ domain }) => domain)).toEqual([""]);
    expect(new Set(graph?.node.map(({ domain }) => domain))).toEqual(new Set([""]));
    const held = new Map(graph?.initializer.map(({ name, dims }) => [name, dims.map(Number)]));
    for (const { name, shape } of model.model.parameters(model.config)) {
      expect([name, held.get(name)]).toEqual([name, shape]);
    }
    const record = JSON.parse(metadataProps.find(({ key }) => key === "tinylens")?.value ?? "");
    expect(record).toMatchObject({ version: 1, model: "hooked-transformer", processed: [] });
    expect(record.config).toEqual(model.config);
  });

  it.each([
    [oneLayerMlp, { dVocab: 7, dEmbed: 4, dMlp: 6, bias: true }],
    [bilinear, { dVocab: 7, dEmbed: 4 }],
    [bitNetTransformer, { dVocab: 7, dModel: 8, nHeads: 2 }],
  ])("exports the other models too: $name", async (kind, options) => {
    const model = await createModel<unknown>(kind as never, options, { seed: 1 });
    const bytes = await exportOnnx(model, { length: 3 });
    const session = await ort.InferenceSession.create(bytes);
    const input = new ort.Tensor("int64", BigInt64Array.of(1n, 6n, 2n), [1, 3]);
    const { data } = (await session.run({ tokens: input })).logits as ort.Tensor;
    const expected = model.forward(tensor([[1, 6, 2]], { dtype: "int32" })).readSync().data;
    for (const [i, x] of expected.entries()) {
      expect(Math.abs(x - Number(data[i]))).toBeLessThan(1e-5);
    }
  });

  it.each<readonly [string, readonly string[]]>([
    ["alone", []],
    ["beside a hook point", ["blocks.1.hook_resid_post"]],
  ])("makes a sequence with a token outside the vocabulary NaN, logits %s", async (_, hooks) => {
    const model = await randomModel({});
    const outside = [-1n, -11n, 11n, 2n ** 31n - 1n];
    const batch = outside.length + 1;
    const options = { batch, length: 3, ...(hooks.length === 0 ? {} : { hooks }) };
    const session = await ort.InferenceSession.create(await exportOnnx(model, options));
    const rows = [[1n, 6n, 10n], ...outside.map((token) => [1n, token, 10n])];
    const input = new ort.Tensor("int64", BigInt64Array.from(rows.flat()), [batch, 3]);
    const results = await session.run({ tokens: input });
    for (const name of ["logits", ...hooks]) {
      const data = [...((results[name] as ort.Tensor).data as Float32Array)];
      const size = data.length / batch;
      expect(data.slice(0, size).every(Number.isFinite), name).toBe(true);
      expect(data.slice(size).every(Number.isNaN), name).toBe(true);
    }
    await session.release();
  });

  it("refuses names and sizes that the model does not have", async () => {
    const model = await randomModel({});
    await expect(exportOnnx(model, { hooks: "blocks.0.hook_patern", length: 5 })).rejects.toThrow(
      UnknownNameError,
    );
    await expect(exportOnnx(model, { length: 0 })).rejects.toThrow(
      new InputError("exportOnnx: length must be a whole number from 1 to 8192, got 0"),
    );
    await expect(exportOnnx(model, { length: 7 })).rejects.toThrow(
      'forward: tokens "batch pos" of at most nCtx = 6 positions',
    );
  });
});
