import { beforeAll, describe, expect, it } from "vitest";
import { grad, init as startArrays, type Tensor, tensor } from "../arrays/index.ts";
import { nativeBackend } from "../compile/backends/native/index.ts";
import { compile, type Value } from "../compile/index.ts";
import { type NdArray, nd } from "../core/nd.ts";
import { TorchGenerator } from "../rng/index.ts";
import type { Loss } from "./gradients.ts";
import type { HookEntry } from "./hook-entries.ts";
import { HookedModel } from "./hooked-model.ts";
import { type HookedTransformerOptions, hookedTransformer } from "./hooked-transformer/index.ts";
import type { Weights } from "./model.ts";
import { parseConfig } from "./parse.ts";
import { runWithCache, runWithHooks } from "./run.ts";

const base = { dModel: 8, dHead: 4, nLayers: 2, nCtx: 4, dVocab: 6, dMlp: 12 };
const ids = nd("int32", [2, 4], [0, 1, 2, 3, 5, 4, 3, 3]);

function setUp(changes: Partial<HookedTransformerOptions> = {}) {
  const config = parseConfig("test", hookedTransformer.config, { ...base, ...changes });
  const arrays = hookedTransformer.init(config, new TorchGenerator(1));
  const weights: Weights = Object.fromEntries(
    Object.entries(arrays).map(([name, array]) => [name, tensor(array)]),
  );
  return { arrays, run: [hookedTransformer, weights, config, tensor(ids)] as const };
}

const numbers = (x: Tensor | undefined): number[] => [...(x as Tensor).readSync().data];
const third: Loss = (logits) => logits.at([], -1, 3).sum();

function expectClose(got: ArrayLike<number>, wanted: ArrayLike<number>, within: number): void {
  expect(got.length).toBe(wanted.length);
  const worst = Math.max(...Array.from(got, (x, i) => Math.abs(x - (wanted[i] as number))));
  expect(worst).toBeLessThan(within);
}

beforeAll(() => startArrays());

describe("runWithCache with inclBwd", () => {
  it("has the gradients that follow from the loss by hand", () => {
    const { run } = setUp();
    const { cache, logits, loss } = runWithCache(...run, { inclBwd: true, loss: third });
    expect(loss.item()).toBeCloseTo(third(logits, run[3]).item(), 6);
    const ofLogits = cache.get("unembed.hook_out_grad")?.tolist() as number[][][];
    for (const row of ofLogits) {
      expect(row.at(-1)).toEqual([0, 0, 0, 1, 0, 0]);
      expect(
        row
          .slice(0, -1)
          .flat()
          .every((x) => x === 0),
      ).toBe(true);
    }
    const column = numbers((run[1]["unembed.W_U"] as Tensor).at([], 3));
    for (const sequence of [0, 1]) {
      const slope = cache.get("unembed.hook_in_grad")?.at(sequence, -1);
      expectClose(numbers(slope), column, 1e-6);
    }
  });

  it.each(["hook_embed", "blocks.0.attn.hook_pattern", "blocks.1.ln1.hook_scale"])(
    "agrees with finite differences at %s",
    (name) => {
      const { run } = setUp({ actFn: "gelu" });
      const { cache } = runWithCache(...run, { names: name, inclBwd: true });
      const value = cache.get(name) as Tensor;
      const direction = tensor(
        nd(
          "float32",
          value.shape,
          numbers(value).map((_, i) => Math.sin(1 + 3 * i)),
        ),
      );
      const at = (step: number): number => {
        const moved: HookEntry = [name, (x) => x.add(direction.mul(step))];
        const ran = runWithCache(...run, { hooks: [moved], names: name, inclBwd: true });
        return ran.loss.item();
      };
      const slope = numbers((cache.get(`${name}_grad`) as Tensor).mul(direction).sum())[0];
      expect(slope).toBeCloseTo((at(1e-3) - at(-1e-3)) / 2e-3, 3);
      expect(Math.abs(slope as number)).toBeGreaterThan(1e-2);
    },
  );

  it("is of what the hooks leave, which no earlier point influences when they replace it", () => {
    const { run } = setUp();
    const { cache } = runWithCache(...run, {
      ...{ inclBwd: true, loss: third },
      hooks: [["blocks.1.hook_resid_pre", (x) => x.mul(0).add(0.5)]],
    });
    expect(numbers(cache.get("blocks.1.hook_resid_pre")).every((x) => x === 0.5)).toBe(true);
    expect(numbers(cache.get("blocks.0.hook_mlp_out_grad")).every((x) => x === 0)).toBe(true);
    expect(numbers(cache.get("blocks.1.hook_resid_pre_grad")).some((x) => x !== 0)).toBe(true);
  });

  it("lists values in the order of firing, then gradients, none for tokens", () => {
    const { run } = setUp({ useHookTokens: true });
    const names = ["blocks.0.hook_resid_mid", "hook_tokens", "hook_embed"];
    const { cache } = runWithCache(...run, { names, inclBwd: true, posSlice: [1, 3] });
    expect([...cache.keys()]).toEqual([
      ...["hook_tokens", "hook_embed", "blocks.0.hook_resid_mid"],
      ...["hook_embed_grad", "blocks.0.hook_resid_mid_grad"],
    ]);
    expect(cache.get("hook_embed_grad")?.shape).toEqual([2, 2, 8]);
    const whole = runWithCache(...run, { names: "hook_embed", inclBwd: true }).cache;
    expect(numbers(cache.get("hook_embed_grad"))).toEqual(
      numbers(whole.get("hook_embed_grad")?.at([], [1, 3])),
    );
  });

  it("asks for a loss where the next token is no class", () => {
    const { run } = setUp({ dVocabOut: 5 });
    expect(() => runWithCache(...run, { inclBwd: true })).toThrow(
      "runWithCache: give a loss, since 5 classes are too few to predict the next of 6 tokens",
    );
    expect(runWithCache(...run, { inclBwd: true, loss: third }).cache.size).toBe(80);
  });

  it("calls hooks once at every point", () => {
    const { run } = setUp();
    const calls: string[] = [];
    const note: HookEntry = [
      () => true,
      (_, name) => {
        calls.push(name);
        return undefined;
      },
    ];
    runWithCache(...run, { hooks: [note], inclBwd: true });
    const points = hookedTransformer.points(run[2]).filter(({ fires }) => fires);
    expect(calls).toEqual(points.map(({ name }) => name));
  });
});

describe("hooks trace", () => {
  const hooks: readonly HookEntry[] = [
    ["blocks.0.hook_resid_mid", (x) => x.mul(0.5)],
    [(name) => name.endsWith("hook_z"), (x) => x.add(0.1)],
  ];

  it("through grad: a cached activation is a function of the weights", () => {
    const { run } = setUp();
    const [model, weights, config, tokens] = run;
    const f = (w: Weights): Tensor => {
      const names = "blocks.1.hook_resid_pre";
      const options = { names, hooks, stopAfterLast: true } as const;
      const { cache } = runWithCache(model, w, config, tokens, options);
      return (cache.get(names) as Tensor).sum();
    };
    const slopes = grad(f)(weights) as Weights;
    const bias = numbers(slopes["blocks.0.mlp.b_out"]);
    expect(bias).toEqual(Array(8).fill(8));
    expect(numbers(slopes["blocks.0.attn.b_O"]).some((x) => x !== 0 && x !== 8)).toBe(true);
    expect(numbers(slopes["unembed.W_U"]).every((x) => x === 0)).toBe(true);
  });

  it("through compile: logits, activations and gradients are those of the eager run", async () => {
    const { run, arrays } = setUp();
    const [model, , config] = run;
    const f = (w: Weights, tokens: Tensor) => {
      const { logits, loss, cache } = runWithCache(model, w, config, tokens, {
        ...{ hooks, inclBwd: true },
        names: ["blocks.0.attn.hook_pattern", "blocks.1.hook_mlp_out"],
      });
      const changed = runWithHooks(model, w, config, tokens, hooks);
      return { logits, loss, changed, ...Object.fromEntries(cache) };
    };
    const eager = f(run[1], run[3]);
    const specs = Object.fromEntries(
      Object.entries(arrays).map(([name, { dtype, shape }]) => [name, { dtype, shape }]),
    );
    const backend = await nativeBackend();
    const compiled = await compile(f, [specs, { dtype: "int32", shape: [2, 4] }], { backend });
    const out = (await compiled.run(arrays, ids)) as { readonly [name: string]: Value };
    expect(Object.keys(out).toSorted()).toEqual(Object.keys(eager).toSorted());
    for (const [name, x] of Object.entries(eager)) {
      const got: NdArray = await (out[name] as Value).read();
      expectClose(got.data, numbers(x), 1e-5);
    }
    await compiled.release();
  });

  it("through compile: the methods of a cache", async () => {
    const { run, arrays } = setUp();
    const [model, , config] = run;
    const f = (w: Weights, tokens: Tensor) => {
      const { cache } = new HookedModel(model, config, w).runWithCache(tokens);
      const { stack } = cache.getFullResidDecomposition(-1, { applyLn: true, posSlice: -1 });
      return { stack, attributions: cache.logitAttrs(cache.stackHeadResults(), 2).stack };
    };
    const specs = Object.fromEntries(
      Object.entries(arrays).map(([name, { dtype, shape }]) => [name, { dtype, shape }]),
    );
    const backend = await nativeBackend();
    const compiled = await compile(f, [specs, { dtype: "int32", shape: [2, 4] }], { backend });
    const out = (await compiled.run(arrays, ids)) as { readonly [name: string]: Value };
    for (const [name, x] of Object.entries(f(run[1], run[3]))) {
      expectClose((await (out[name] as Value).read()).data, numbers(x), 1e-5);
    }
    await compiled.release();
  });
});
