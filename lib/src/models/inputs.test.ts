import { beforeAll, describe, expect, it } from "vitest";
import { norm, type Tensor, tensor } from "../arrays/index.ts";
import { compile, jaxBackend, type Value } from "../compile/index.ts";
import { nd } from "../core/nd.ts";
import { bilinear } from "./bilinear/index.ts";
import { HookedTransformer } from "./create.ts";
import type { HookEntry } from "./hook-entries.ts";
import { createModel, type HookedModel } from "./hooked-model.ts";
import type { HookedTransformerConfig } from "./hooked-transformer/index.ts";
import { crossEntropyPerLabel, lossFn } from "./loss.ts";
import { oneLayerMlp } from "./one-layer-mlp/index.ts";
import type { Tokens } from "./tokens.ts";

const size = { nLayers: 2, nCtx: 4, dModel: 8, dHead: 4, dVocab: 7 };
const tokens = [[1, 2, 3, 4]];

let model: HookedModel<HookedTransformerConfig>;
beforeAll(async () => {
  model = await HookedTransformer.create(size, { seed: 1 });
});

/** What a program in JavaScript may pass, unseen by the compiler. */
const untyped = (value: unknown): never => value as never;
const numbers = (x: Tensor): number[] => [...x.readSync().data];

/** The same four numbers in every form of input. */
const forms: { readonly [form: string]: (row: readonly number[]) => Tokens } = {
  "a list": (row) => [row],
  "one sequence": (row) => row,
  "a typed array": (row) => Float64Array.from(row),
  "a list of typed arrays": (row) => [Float32Array.from(row)],
  "an NdArray": (row) => nd("float64", [1, 4], row),
  "a float tensor": (row) => tensor([row]),
};

describe.each(Object.entries(forms))("tokens as %s", (_, form) => {
  it("give the logits of the list", () => {
    expect(numbers(model.forward(form([1, 2, 3, 4])))).toEqual(numbers(model.forward(tokens)));
  });

  it.each([7, -1, 1.5, Number.NaN])("are refused with %s, by every pass", (wrong) => {
    const bad = form([1, 2, wrong, 4]);
    const message = `tokens must be whole numbers in [0, 7), got ${wrong} at [`;
    expect(() => model.forward(bad)).toThrow(message);
    expect(() => model.forward(bad, { returnType: "loss" })).toThrow(message);
    expect(() => model.runWithCache(bad)).toThrow(message);
    expect(() => model.runWithHooks(bad, [])).toThrow(message);
    expect(() => model.generate(bad, { doSample: false, maxNewTokens: 0 })).toThrow(message);
    expect(() => model.tokensToResidualDirections([wrong])).toThrow(message);
  });
});

describe("tokens that are", () => {
  it("int32 tensors are refused too, whatever was looked up before", () => {
    const int32 = (row: readonly number[]) => tensor([row], { dtype: "int32" });
    expect(() => model.forward(int32([1, 2, 3, 99]))).toThrow("in [0, 7), got 99 at [0,3]");
    expect(() => model.forward(int32([-1, 2, 3, 4]))).toThrow("in [0, 7), got -1 at [0,0]");
    const fine = int32([6, 6, 6, 6]);
    expect(model.forward(fine).shape).toEqual([1, 4, 7]);
    expect(() =>
      crossEntropyPerLabel(
        tensor([
          [0, 0],
          [0, 0],
        ]),
        int32([0, 6]).reshape([2]),
      ),
    ).toThrow("crossEntropy: labels must be whole numbers in [0, 2), got 6 at [1]");
  });

  it("booleans or words are no tokens", () => {
    expect(() => model.forward(untyped([[true, false]]))).toThrow(
      "tokens must be whole numbers, got booleans",
    );
    expect(() => model.forward(untyped("hello"))).toThrow("expected numbers, got string");
  });

  it("known only when a compiled function runs make everything of their sequence NaN", async () => {
    const backend = await jaxBackend();
    const specs = [{ dtype: "int32", shape: [2, 4] }] as const;
    const logits = await compile((given: Tensor) => model.forward(given), specs, { backend });
    const losses = await compile(
      (given: Tensor) => lossFn(model.forward(tokens), given.at([0, 1]), { perToken: true }),
      specs,
      { backend },
    );
    const rows = [1, 2, 3, 4, 1, 2, 3, 7];
    const { data } = await ((await logits.run(nd("int32", [2, 4], rows))) as Value).read();
    const wanted = numbers(model.forward(tokens));
    expect(Math.max(...wanted.map((x, i) => Math.abs(x - (data[i] as number))))).toBeLessThan(1e-5);
    expect([...data.subarray(28)].every(Number.isNaN)).toBe(true);
    const each = await (
      (await losses.run(nd("int32", [2, 4], [1, 2, -1, 4, 0, 0, 0, 0]))) as Value
    ).read();
    expect([...each.data].map(Number.isNaN)).toEqual([false, true, false]);
    await logits.release();
    await losses.release();
  });

  it.each([
    ["one-layer-mlp", () => createModel(oneLayerMlp, { dVocab: 5 }, { seed: 0 })],
    ["bilinear", () => createModel(bilinear, { dVocab: 5 }, { seed: 0 })],
  ] as const)("behind the two that %s reads may be others, such as =", async (_, create) => {
    const pairs = await create();
    const plain = numbers(pairs.forward([[1, 2]])).slice(0, 5);
    expect(numbers(pairs.forward([[1, 2, 5]])).slice(0, 5)).toEqual(plain);
    expect(numbers(pairs.runWithCache([[1, 2, 5]]).logits).slice(0, 5)).toEqual(plain);
    expect(() => pairs.forward([[1, 5, 5]])).toThrow("in [0, 5), got 5 at [0,1]");
    expect(() => pairs.forward([[1, 2, -1]])).toThrow("at least 0, got -1 at [0,2]");
    const backend = await jaxBackend();
    const specs = [{ dtype: "int32", shape: [2, 3] }] as const;
    const run = await compile((given: Tensor) => pairs.forward(given), specs, { backend });
    const out = await ((await run.run(nd("int32", [2, 3], [1, 2, 5, 1, 5, 5]))) as Value).read();
    plain.forEach((x, i) => void expect(out.data[i]).toBeCloseTo(x, 5));
    expect([...out.data.subarray(15)].every(Number.isNaN)).toBe(true);
    await run.release();
  });
});

describe("masks", () => {
  it("take true and false, and nothing between 0 and 1", () => {
    const mask = [[false, true, true, true]];
    const wanted = numbers(model.forward(tokens, { attentionMask: [[0, 1, 1, 1]] }));
    expect(numbers(model.forward(tokens, { attentionMask: untyped(mask) }))).toEqual(wanted);
    for (const wrong of [0.5, 2, -1, Number.NaN]) {
      for (const given of [[[1, wrong, 1, 1]], tensor([[1, wrong, 1, 1]])]) {
        expect(() => model.forward(tokens, { attentionMask: given })).toThrow(
          `forward: attentionMask must be 1 for tokens and 0 for padding, got ${wrong} at [0,1]`,
        );
      }
    }
  });

  it("that leave nothing to predict have no loss, and a row of padding counts for nothing", () => {
    const none = { returnType: "loss", attentionMask: [[0, 0, 0, 0]] } as const;
    expect(() => model.forward(tokens, none)).toThrow(
      "lossFn: attentionMask leaves no pair of neighboring tokens",
    );
    const [two, mask] = [
      [...tokens, [0, 0, 0, 0]],
      [
        [1, 1, 1, 1],
        [0, 0, 0, 0],
      ],
    ];
    const both = model.forward(two, { returnType: "loss", attentionMask: mask }).item();
    expect(both).toBeCloseTo(model.forward(tokens, { returnType: "loss" }).item(), 6);
  });
});

describe("hooks", () => {
  const at = "blocks.0.hook_resid_pre";
  const run = (change: (x: Tensor) => unknown) => () =>
    model.runWithHooks(tokens, [[at, change as HookEntry[1]]]);

  it.each([
    ["a number", () => 0, "must return a tensor or nothing, got 0; for that number everywhere"],
    ["a plain array", (x: Tensor) => x.readSync(), "got a plain array; make a tensor of it"],
    ["a promise", async (x: Tensor) => x, "got a promise, for which a pass does not wait"],
    ["a list", () => [1], "got a list; make a tensor of it"],
    ["null", () => null, "must return a tensor or nothing, got null"],
    ["another dtype", (x: Tensor) => x.astype("int32"), "replacement must be float32, got int32"],
    ["another precision", (x: Tensor) => x.astype("float64"), "must be float32, got float64"],
    ["nothing of its work", (x: Tensor) => void x.mul(0), "computed something of its argument but"],
    [
      "nothing, after they changed the numbers that they read",
      (x: Tensor) => void x.readSync().data.fill(0),
      'changed the numbers that it read, which are a copy; return a tensor of them: tensor(nd("float32"',
    ],
    [
      "the argument, after they changed the numbers that they read",
      (x: Tensor) => {
        x.readSync().data[1] = 9;
        return x;
      },
      "changed the numbers that it read, which are a copy",
    ],
    [
      "a change in place",
      (x: Tensor) => {
        (x as unknown as number[])[0] = 0;
      },
      "Tensor: cannot be changed in place, as by t[0] = …",
    ],
  ])("that return %s are refused", (_, change, message) => {
    expect(run(change)).toThrow(message);
    const hook = (name: string, x: Tensor) => (name === at ? change(x) : x) as Tensor;
    expect(() => model.forward(tokens, { hook })).toThrow(message);
  });

  it("may look: at numbers without returning, at what they compute when they return the argument", () => {
    const seen: unknown[] = [];
    const plain = numbers(model.forward(tokens));
    const look: HookEntry[] = [
      [at, (x) => void seen.push(x.shape, x.tolist(), String(x), x)],
      [
        at,
        (x) => {
          seen.push(norm(x).item());
          return x;
        },
      ],
    ];
    expect(numbers(model.runWithHooks(tokens, look))).toEqual(plain);
    expect(seen).toHaveLength(5);
  });

  it.each([
    [{ stopAtLayer: 1 }, "blocks.1.hook_resid_post", "from stopAtLayer 1 on"],
    [{ stopAtLayer: -1 }, "blocks.1.attn.hook_z", "from stopAtLayer -1 on"],
    [{ stopAtLayer: 2 }, "ln_final.hook_scale", "from stopAtLayer 2 on"],
    [{ returnType: null }, "unembed.hook_out", "with returnType null"],
  ])("out of reach of %o are refused", (options, name, why) => {
    const hooks: HookEntry[] = [[name, (x) => x.mul(0)]];
    const message = `runWithHooks: hook point "${name}" does not fire ${why}`;
    expect(() => model.runWithHooks(tokens, hooks, untyped(options))).toThrow(message);
    const all: HookEntry[] = [[(point) => point === name, (x) => x]];
    expect(() => model.runWithHooks(tokens, all, untyped(options))).toThrow(message);
  });

  it("before the first block that runs are refused, the others of a predicate run", () => {
    const middle = model.forward(tokens, { stopAtLayer: 1 });
    const from = (names: HookEntry[0]) => {
      const fired: string[] = [];
      model.runWithHooks(middle, [[names, (_, name) => void fired.push(name)]], {
        startAtLayer: 1,
      });
      return fired;
    };
    for (const name of ["blocks.0.hook_resid_pre", "hook_embed"]) {
      expect(() => from(name)).toThrow(`hook point "${name}" does not fire before startAtLayer 1`);
    }
    expect(from((name) => name.endsWith("hook_resid_pre"))).toEqual(["blocks.1.hook_resid_pre"]);
  });

  it("that a pass ends before are counted", () => {
    const hooks: HookEntry[] = [["blocks.1.hook_resid_pre", (x) => x]];
    expect(() =>
      model.runWithCache(tokens, { names: "hook_embed", hooks, stopAfterLast: true }),
    ).toThrow(
      'runWithCache: the hook at "blocks.1.hook_resid_pre" did not fire, since the pass ends after "hook_embed"',
    );
  });

  it.each([[["hook_embed", (x: Tensor) => x]], [[["hook_embed"]]], [{ hook_embed: 1 }]])(
    "are pairs in a list, and not %o",
    (hooks) => {
      expect(() => model.runWithHooks(tokens, untyped(hooks))).toThrow(
        "runWithHooks: hooks must be a list of [names, function] pairs",
      );
    },
  );
});

describe("create", () => {
  it("draws from seed 0 by default, and refuses sources that are none", async () => {
    const [plain, zero] = [
      await HookedTransformer.create(size),
      await HookedTransformer.create(size, { seed: 0 }),
    ];
    expect(numbers(plain.W_E)).toEqual(numbers(zero.W_E));
    const create = (source: unknown) => HookedTransformer.create(size, untyped(source));
    await expect(create({})).rejects.toThrow(
      "weights come from one of seed, rng and weights, got none",
    );
    await expect(create({ seed: 1.5 })).rejects.toThrow("seed must be a whole number, got 1.5");
    await expect(create({ sead: 1 })).rejects.toThrow('unknown option "sead"; did you mean seed');
    const weights = await plain.stateDict();
    const b = nd("int32", [7], new Int32Array(7));
    await expect(create({ weights: { ...weights, "unembed.b_U": b } })).rejects.toThrow(
      "unembed.b_U: weights must be floating-point numbers, got whole numbers (int32)",
    );
  });
});

describe("console.log", () => {
  it("shows what a model and its cache are", () => {
    const inspect = (x: object) =>
      (x as Record<symbol, () => string>)[Symbol.for("nodejs.util.inspect.custom")]?.() ?? "";
    expect(inspect(model)).toMatch(/^HookedModel\(hooked-transformer, 1,\d+ parameters\)/);
    expect(inspect(model)).toMatch(/config: .*nLayers: 2/);
    expect(inspect(model)).toContain("weights: embed.W_E [7,8], pos_embed.W_pos [4,8]");
    const { cache } = model.runWithCache(tokens, { names: "hook_embed" });
    expect(inspect(cache)).toBe(
      "ActivationCache(1 activations of hooked-transformer)\n  hook_embed float32[1,4,8]",
    );
    expect(() => cache.get(untyped(["pattern", 0]))).toThrow(
      'cache.get: takes a name and a layer, as in cache.get("pattern", 0), got a list',
    );
  });
});
