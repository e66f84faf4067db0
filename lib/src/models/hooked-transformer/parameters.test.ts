import { describe, expect, it } from "vitest";
import golden from "../../../goldens/models.golden.json" with { type: "json" };
import { sizeOf } from "../../core/nd.ts";
import { TorchGenerator } from "../../rng/index.ts";
import { parseConfig } from "../parse.ts";
import { type HookedTransformerOptions, hookedTransformerConfig } from "./config.ts";
import { init } from "./init.ts";
import { parameters } from "./parameters.ts";
import { points } from "./points.ts";

const parse = (options: unknown) =>
  parseConfig("test", hookedTransformerConfig, options as HookedTransformerOptions);
const total = (options: HookedTransformerOptions): number =>
  parameters(parse(options)).reduce((sum, p) => sum + sizeOf(p.shape), 0);

describe("parameters", () => {
  it.each(Object.entries(golden.models))(
    "have TransformerLens's names, order and shapes: %s",
    (_, model) => {
      const got = parameters(parse(model.config)).map(({ name, shape }) => ({ name, shape }));
      expect(got).toEqual(model.parameters.map(({ name, shape }) => ({ name, shape })));
    },
  );

  it("number as in TransformerLens's own test", () => {
    const base = { nLayers: 2, dModel: 32, nHeads: 4, dHead: 8, nCtx: 16, dVocab: 50 };
    expect(total({ ...base, attnOnly: true })).toBe(12402);
    expect(total({ ...base, dMlp: 64 })).toBe(20914);
  });

  it("come in the order W_Q, W_K, W_V, W_O before version 1.13", () => {
    const config = parse({ ...golden.inits.gpt2.config, initOrder: "pre-1.13" });
    const attn = parameters(config).filter((p) => p.name.includes(".attn."));
    expect(attn.map((p) => p.name.split(".").at(-1))).toEqual([
      ...["W_Q", "W_K", "W_V", "W_O"],
      ...["b_Q", "b_K", "b_V", "b_O"],
    ]);
  });
});

describe("init", () => {
  it.each(Object.entries(golden.inits))("draws TransformerLens's values: %s", (_, model) => {
    const weights = init(parse(model.config), new TorchGenerator(0));
    expect(Object.keys(weights)).toEqual(model.parameters.map((p) => p.name));
    for (const { name, first, sum } of model.parameters) {
      const data = [...(weights[name]?.data ?? [])];
      for (const [i, value] of first.entries()) expect(data[i], name).toBeCloseTo(value, 6);
      expect(
        data.reduce((a, b) => a + b, 0),
        name,
      ).toBeCloseTo(sum, 5);
    }
  });

  it("draws the same numbers in the older order for other weights", () => {
    const config = parse(golden.inits.gpt2.config);
    const now = init(config, new TorchGenerator(0));
    const then = init({ ...config, initOrder: "pre-1.13" }, new TorchGenerator(0));
    expect(then["blocks.0.attn.W_Q"]).toEqual(now["blocks.0.attn.W_Q"]);
    expect(then["blocks.0.attn.W_K"]?.data).toEqual(now["blocks.0.attn.W_O"]?.data);
    expect(then["unembed.W_U"]).toEqual(now["unembed.W_U"]);
  });
});

describe("points", () => {
  it.each(Object.entries(golden.models))(
    "fire in TransformerLens's order with its ranks: %s",
    (_, model) => {
      const fired = points(parse(model.config)).filter((p) => p.fires);
      expect(fired.map((p) => p.name)).toEqual(model.hooks.map((h) => h.name));
      expect(fired.map((p) => p.axes.split(" ").length)).toEqual(
        model.hooks.map((h) => h.shape.length),
      );
    },
  );

  it("say which flag turns a silent one on", () => {
    const silent = points(parse(golden.inits.gpt2.config)).filter((p) => !p.fires);
    expect(silent.map((p) => [p.name, p.enabledBy])).toEqual([
      ["hook_tokens", "useHookTokens"],
      ["blocks.0.hook_attn_in", "useAttnIn"],
      ["blocks.0.hook_q_input", "useSplitQkvInput"],
      ["blocks.0.hook_k_input", "useSplitQkvInput"],
      ["blocks.0.hook_v_input", "useSplitQkvInput"],
      ["blocks.0.attn.hook_result", "useAttnResult"],
      ["blocks.0.hook_mlp_in", "useHookMlpIn"],
    ]);
  });
});
