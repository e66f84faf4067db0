import { beforeAll, describe, expect, it } from "vitest";
import { init as startArrays } from "../arrays/index.ts";
import { nd } from "../core/nd.ts";
import { TorchGenerator } from "../rng/index.ts";
import { BitNetTransformer, HookedTransformer } from "./create.ts";
import { hookedTransformer } from "./hooked-transformer/index.ts";
import { naiveCrossEntropy } from "./testing/cross-entropy.ts";
import { tokenTable } from "./token-table.ts";

const tiny = { dModel: 8, dHead: 4, nLayers: 2, nCtx: 4, dVocab: 6, dMlp: 12 };

beforeAll(() => startArrays());

describe("HookedTransformer.create", () => {
  it.each([
    ["pre-1.13", 4.734958, 4.733274],
    ["v1.13+", 4.735886, 4.732981],
  ] as const)(
    "has the initial losses of Grokking_Demo at seed 999, %s",
    async (initOrder, train, test) => {
      const p = 113;
      const model = await HookedTransformer.create(
        {
          ...{ nLayers: 1, dModel: 128, dHead: 32, dMlp: 512, nCtx: 3, dVocab: 114, dVocabOut: p },
          normalizationType: null,
          initOrder,
        },
        { seed: 999 },
      );
      const order = new TorchGenerator(598).randperm(p * p);
      const loss = (from: number, to: number): number => {
        const pairs = [...order.slice(from, to)].map((i) => [Math.floor(i / p), i % p] as const);
        const tokens = nd(
          "int32",
          [pairs.length, 3],
          pairs.flatMap(([a, b]) => [a, b, p]),
        );
        const labels = pairs.map(([a, b]) => (a + b) % p);
        const logits = hookedTransformer.lastLogits(
          model.weights,
          model.config,
          tokenTable(tokens),
        );
        return naiveCrossEntropy(logits.readSync().data, labels);
      };
      expect(Math.abs(loss(0, 3830) - train)).toBeLessThan(2e-6);
      expect(Math.abs(loss(3830, p * p) - test)).toBeLessThan(2e-6);
    },
  );

  it("stacks weights over layers and counts them as TransformerLens does", async () => {
    const model = await HookedTransformer.create(tiny, { seed: 0 });
    expect(model.W_Q.shape).toEqual([2, 2, 8, 4]);
    expect(model.W_O.shape).toEqual([2, 2, 4, 8]);
    expect(model.W_in.shape).toEqual([2, 8, 12]);
    expect(model.b_out.shape).toEqual([2, 8]);
    expect(model.W_E.shape).toEqual([6, 8]);
    expect(model.W_pos.shape).toEqual([4, 8]);
    expect([...model.W_K.at(1).readSync().data]).toEqual([
      ...((await model.stateDict())["blocks.1.attn.W_K"]?.data ?? []),
    ]);
    const counted = await HookedTransformer.create(
      {
        ...{ dModel: 32, nHeads: 4, dHead: 8, nLayers: 2, nCtx: 16, dVocab: 50 },
        attnOnly: true,
      },
      { seed: 0 },
    );
    expect(counted.nParamsTotal).toBe(12402);
    expect(() => counted.W_in).toThrow(
      'hooked-transformer: unknown weight "blocks.0.mlp.W_in"; did you mean',
    );
  });

  it("runs with a cache that takes short names", async () => {
    const model = await HookedTransformer.create(tiny, { rng: new TorchGenerator(0) });
    const { logits, cache } = model.runWithCache([0, 1, 2]);
    expect(logits.shape).toEqual([1, 3, 6]);
    expect(cache.get("pattern", 0).shape).toEqual([1, 2, 3, 3]);
    expect(cache.get("scale", -1, "ln2")).toBe(cache.get("blocks.1.ln2.hook_scale"));
    expect(cache.get("k1")).toBe(cache.get("blocks.1.attn.hook_k"));
    expect(cache.has("pattern", 1)).toBe(true);
    expect(cache.has("pattern", 2)).toBe(false);
    expect(() => cache.get("resid_pre", 5)).toThrow(
      'ActivationCache: unknown activation "blocks.5.hook_resid_pre"; did you mean blocks.0.hook_resid_pre',
    );
    const ablated = model.runWithHooks([0, 1, 2], [["blocks.0.hook_mlp_out", (x) => x.mul(0)]]);
    expect([...ablated.readSync().data]).not.toEqual([...logits.readSync().data]);
  });

  it("lists its hook points with sizes", async () => {
    const model = await HookedTransformer.create(tiny, { seed: 0 });
    const table = model.hooks();
    const row = (name: string) => table.find((r) => r.name === name);
    expect(row("blocks.0.attn.hook_q")?.shape).toEqual(["batch", "pos", 2, 4]);
    expect(row("blocks.0.ln1.hook_scale")?.shape).toEqual(["batch", "pos", 1]);
    expect(row("blocks.1.attn.hook_pattern")?.shape).toEqual(["batch", 2, "dest", "src"]);
    expect(row("unembed.hook_out")?.shape).toEqual(["batch", "pos", 6]);
    expect(row("blocks.0.attn.hook_result")).toMatchObject({
      fires: false,
      enabledBy: "useAttnResult",
      shape: ["batch", "pos", 2, 8],
    });
  });

  it("takes weights back, without biases and with TransformerLens's buffers", async () => {
    const model = await HookedTransformer.create(tiny, { seed: 3 });
    const state = await model.stateDict();
    const kept = Object.entries(state).filter(([name]) => !name.includes("b_"));
    const weights = {
      ...Object.fromEntries(kept),
      "blocks.0.attn.mask": nd("bool", [0, 0], []),
      "blocks.0.attn.IGNORE": nd("float32", [], [-Infinity]),
    };
    const again = await HookedTransformer.create(tiny, { weights });
    expect([...again.forward([[1, 2, 3]]).readSync().data]).toEqual([
      ...model.forward([[1, 2, 3]]).readSync().data,
    ]);
  });

  it("refuses weights and tokens that do not fit", async () => {
    const model = await HookedTransformer.create(tiny, { seed: 3 });
    const state = await model.stateDict();
    const create = (weights: typeof state) => HookedTransformer.create(tiny, { weights });
    await expect(create({ ...state, "embed.W_e": state["embed.W_E"]! })).rejects.toThrow(
      'hooked-transformer: unknown weight "embed.W_e"; did you mean embed.W_E',
    );
    await expect(create({ ...state, "embed.W_E": nd("float32", [1], [0]) })).rejects.toThrow(
      "hooked-transformer: embed.W_E: expected [6,8], got [1]",
    );
    const { "unembed.W_U": _, ...rest } = state;
    await expect(create(rest)).rejects.toThrow(
      'hooked-transformer: weight "unembed.W_U" is missing',
    );
    expect(() => model.forward([[0, 6]])).toThrow(
      "hooked-transformer: tokens must be whole numbers in [0, 6), got 6 at [0,1]",
    );
    expect(() => model.forward([[0, 1, 2, 3, 4]])).toThrow(
      'forward: tokens "batch pos" of at most nCtx = 4 positions',
    );
  });
});

describe("BitNetTransformer.create", () => {
  it("has the same names where they mean the same", async () => {
    const model = await BitNetTransformer.create(
      { dVocab: 6, dModel: 8, nHeads: 2, dMlp: 12 },
      { seed: 0 },
    );
    expect(model.W_Q.shape).toEqual([1, 2, 8, 4]);
    expect(model.W_out.shape).toEqual([1, 12, 8]);
    expect(model.runWithCache([[0, 1, 5]]).cache.get("post", 0).shape).toEqual([1, 3, 12]);
    expect(() => model.W_pos).toThrow('bitnet: unknown weight "pos_embed.W_pos"');
    expect(model.nParamsTotal).toBe(6 * 8 + 4 * 64 + 2 * 96 + 8 + 48);
  });
});
