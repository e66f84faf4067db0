import { beforeAll, describe, expect, it } from "vitest";
import {
  concatenate,
  grad,
  init as startArrays,
  type Tensor,
  tensor,
  zeros,
} from "../arrays/index.ts";
import { InputError, ShapeError, UnknownNameError } from "../core/errors.ts";
import { TorchGenerator } from "../rng/index.ts";
import type { HookEntry } from "./hook-entries.ts";
import { type HookedTransformerOptions, hookedTransformer } from "./hooked-transformer/index.ts";
import { cacheInto, compose, identity, patch, zeroAblate, zeroAblateHeads } from "./hooks.ts";
import type { Weights } from "./model.ts";
import { parseConfig } from "./parse.ts";
import { runWithCache, runWithHooks } from "./run.ts";
import type { Slice } from "./slice.ts";

const base = { dModel: 8, dHead: 4, nLayers: 2, nCtx: 4, dVocab: 6, dMlp: 12 };

function setUp(changes: Partial<HookedTransformerOptions> = {}) {
  const config = parseConfig("test", hookedTransformer.config, { ...base, ...changes });
  const arrays = hookedTransformer.init(config, new TorchGenerator(1));
  const weights: Weights = Object.fromEntries(
    Object.entries(arrays).map(([name, array]) => [name, tensor(array)]),
  );
  const tokens = tensor(
    [
      [0, 1, 2, 3],
      [5, 4, 3, 3],
    ],
    { dtype: "int32" },
  );
  return [hookedTransformer, weights, config, tokens] as const;
}

const numbers = (x: Tensor | undefined): number[] => [...(x as Tensor).readSync().data];
const error = (f: () => unknown): Error => {
  try {
    f();
  } catch (thrown) {
    return thrown as Error;
  }
  throw new Error("did not throw");
};

beforeAll(() => startArrays());

describe("runWithCache", () => {
  it("caches one name, several, or those of a predicate, in the order of firing", () => {
    const setup = setUp();
    const keys = (names: Parameters<typeof runWithCache>[4]) => [
      ...runWithCache(...setup, names as { stopAfterLast?: false }).cache.keys(),
    ];
    expect(keys({ names: "blocks.1.hook_mlp_out" })).toEqual(["blocks.1.hook_mlp_out"]);
    expect(keys({ names: ["blocks.1.attn.hook_z", "hook_embed"] })).toEqual([
      "hook_embed",
      "blocks.1.attn.hook_z",
    ]);
    expect(keys({ names: (name) => name.endsWith("hook_pattern") })).toEqual([
      "blocks.0.attn.hook_pattern",
      "blocks.1.attn.hook_pattern",
    ]);
  });

  it("does not change the logits and leaves nothing behind", () => {
    const setup = setUp();
    const [model, weights, config, tokens] = setup;
    const plain = numbers(model.forward(weights, config, tokens, identity));
    expect(numbers(runWithCache(...setup).logits)).toEqual(plain);
    runWithHooks(...setup, [["hook_embed", (x) => x.mul(0)]]);
    expect(numbers(model.forward(weights, config, tokens, identity))).toEqual(plain);
  });

  it("keeps only some positions, on the position axis of every point", () => {
    const setup = setUp({ useSplitQkvInput: true });
    const whole = runWithCache(...setup).cache;
    const last = runWithCache(...setup, { posSlice: -1 }).cache;
    const middle = runWithCache(...setup, { posSlice: [1, 3] }).cache;
    const shape = (cache: typeof whole, name: string) => cache.get(name)?.shape;
    expect(shape(last, "blocks.0.hook_resid_pre")).toEqual([2, 1, 8]);
    expect(shape(last, "blocks.0.hook_k_input")).toEqual([2, 1, 2, 8]);
    expect(shape(middle, "blocks.0.attn.hook_pattern")).toEqual([2, 2, 2, 4]);
    expect(numbers(middle.get("blocks.1.attn.hook_z"))).toEqual(
      numbers(whole.get("blocks.1.attn.hook_z")?.at([], [1, 3])),
    );
    expect(numbers(last.get("blocks.1.attn.hook_pattern"))).toEqual(
      numbers(whole.get("blocks.1.attn.hook_pattern")?.at([], [], [3, 4])),
    );
  });

  it("keeps positions of a list, in its order, with a step, and refuses ones that are not", () => {
    const setup = setUp();
    const names = "blocks.0.hook_resid_mid";
    const whole = runWithCache(...setup, { names }).cache.get(names) as Tensor;
    const at = (posSlice: Slice) =>
      numbers(runWithCache(...setup, { names, posSlice }).cache.get(names));
    const one = (pos: number) => whole.at([], [pos, pos + 1]);
    expect(at({ list: [3, 0] })).toEqual(numbers(concatenate([one(3), one(0)], 1)));
    expect(at([0, 4, 2])).toEqual(numbers(concatenate([one(0), one(2)], 1)));
    expect(at(-4)).toEqual(numbers(one(0)));
    expect(() => at(4)).toThrow("slice: an axis of size 4 has no entry 4");
  });

  it("takes names of TransformerBridge", () => {
    const names = ["blocks.0.attn.o.hook_in", "embed.hook_out"];
    expect([...runWithCache(...setUp(), { names }).cache.keys()]).toEqual([
      ...["hook_embed", "blocks.0.attn.hook_z"],
    ]);
  });

  it("stops after the last point that is kept", () => {
    const [model, weights, config, tokens] = setUp();
    const fired: string[] = [];
    const spied = {
      ...model,
      forward: (w: Weights, c: typeof config, t: Tensor, hook: typeof identity) =>
        model.forward(w, c, t, (name, x) => {
          fired.push(name);
          return hook(name, x);
        }),
    };
    const names = ["blocks.0.hook_attn_out", "hook_embed"];
    const { logits, cache } = runWithCache(spied, weights, config, tokens, {
      names,
      stopAfterLast: true,
    });
    expect(logits).toBeUndefined();
    expect([...cache.keys()]).toEqual(["hook_embed", "blocks.0.hook_attn_out"]);
    expect(fired.at(-1)).toBe("blocks.0.hook_attn_out");
  });

  it("caches values as its hooks leave them", () => {
    const { cache } = runWithCache(...setUp(), {
      hooks: [["blocks.0.mlp.hook_post", zeroAblate([3], -1)]],
    });
    const post = cache.get("blocks.0.mlp.hook_post") as Tensor;
    expect(numbers(post.at([], [], 3)).every((x) => x === 0)).toBe(true);
    expect(numbers(post).some((x) => x !== 0)).toBe(true);
  });
});

describe("runWithHooks", () => {
  it("leaves values alone where a hook returns nothing, which is how to look at them", () => {
    const setup = setUp();
    const [model, weights, config, tokens] = setup;
    const seen: number[][] = [];
    const logits = runWithHooks(...setup, [
      [
        ["hook_embed", "blocks.1.attn.hook_pattern"],
        (x) => {
          seen.push([...x.shape]);
        },
      ],
    ]);
    expect(numbers(logits)).toEqual(numbers(model.forward(weights, config, tokens, identity)));
    expect(seen).toEqual([
      [2, 4, 8],
      [2, 2, 4, 4],
    ]);
  });

  it("leaves nothing attached when a hook throws, and lets the error through", () => {
    const setup = setUp();
    const [model, weights, config, tokens] = setup;
    const plain = numbers(model.forward(weights, config, tokens, identity));
    const ablate: HookEntry = ["hook_embed", (x) => x.mul(0)];
    const fail: HookEntry = [
      "blocks.0.hook_mlp_out",
      () => {
        throw new Error("from a hook");
      },
    ];
    expect(() => runWithHooks(...setup, [ablate, fail])).toThrow("from a hook");
    expect(() => runWithCache(...setup, { hooks: [ablate, fail] })).toThrow("from a hook");
    const stopped = { names: "blocks.1.hook_mlp_out", stopAfterLast: true } as const;
    expect(() => runWithCache(...setup, { hooks: [fail], ...stopped })).toThrow("from a hook");
    expect(() => runWithCache(...setup, { hooks: [fail], inclBwd: true })).toThrow("from a hook");
    expect(numbers(runWithCache(...setup).logits)).toEqual(plain);
  });

  it("replaces what later layers read", () => {
    const setup = setUp();
    const embed = runWithCache(...setup, { names: "hook_embed" }).cache.get("hook_embed") as Tensor;
    const swapped = embed.at([1, 2]).mul(1);
    const both = runWithHooks(...setup, [["hook_embed", (x) => x.mul(0).add(swapped)]]);
    const [first, second] = [numbers(both.at(0)), numbers(both.at(1))];
    expect(first).toEqual(second);
    const [model, weights, config, tokens] = setup;
    const plain = numbers(model.forward(weights, config, tokens, identity).at(1));
    expect(second).toEqual(plain);
  });

  it("applies a change once per forward pass at ln1, and hooks in the order given", () => {
    const calls: string[] = [];
    runWithHooks(...setUp(), [
      [
        (name) => name === "blocks.0.ln1.hook_scale",
        (x, name) => {
          calls.push(`a ${name}`);
          return x;
        },
      ],
      [
        "blocks.0.ln1.hook_scale",
        (x) => {
          calls.push("b");
          return x;
        },
      ],
    ]);
    expect(calls).toEqual(["a blocks.0.ln1.hook_scale", "b"]);
  });

  it("normalizes each head input that a hook made different, on its own", () => {
    const setup = setUp({ useSplitQkvInput: true });
    const names = ["blocks.0.attn.hook_q", "blocks.0.attn.hook_k", "blocks.0.attn.hook_v"];
    const plain = runWithCache(...setup, { names }).cache;
    const patched = runWithCache(...setup, {
      names,
      hooks: [["blocks.0.hook_k_input", (x) => x.mul(-1)]],
    }).cache;
    const [q, k, v] = names.map((name) => [numbers(plain.get(name)), numbers(patched.get(name))]);
    expect(q?.[1]).toEqual(q?.[0]);
    expect(v?.[1]).toEqual(v?.[0]);
    for (const [i, x] of (k?.[0] ?? []).entries()) expect(k?.[1]?.[i]).toBeCloseTo(-x, 5);
  });

  it("ablates a head as if its output matrix were zero", () => {
    const setup = setUp();
    const [model, weights, config, tokens] = setup;
    const ablated = runWithHooks(...setup, [["blocks.1.attn.hook_z", zeroAblateHeads([0])]]);
    const wO = weights["blocks.1.attn.W_O"] as Tensor;
    const without = { ...weights, "blocks.1.attn.W_O": wO.mul(tensor([[[0]], [[1]]])) };
    const expected = numbers(model.forward(without, config, tokens, identity));
    for (const [i, x] of numbers(ablated).entries()) expect(x).toBeCloseTo(expected[i] ?? 0, 5);
  });

  it("is differentiated through", () => {
    const [model, weights, config, tokens] = setUp();
    const total = (w: Weights): Tensor =>
      runWithHooks(model, w, config, tokens, [["blocks.0.hook_resid_mid", (x) => x.mul(0)]]).sum();
    const gradients = grad(total)(weights) as Weights;
    expect(numbers(gradients["embed.W_E"]).every((x) => x === 0)).toBe(true);
    expect(numbers(gradients["unembed.b_U"]).every((x) => x === 8)).toBe(true);
  });
});

describe("wrong names and shapes", () => {
  it("names the nearest points for one that no configuration has", () => {
    const thrown = error(() => runWithHooks(...setUp(), [["blocks.0.attn.hook_patern", (x) => x]]));
    expect(thrown).toBeInstanceOf(UnknownNameError);
    expect(thrown.message).toBe(
      'runWithHooks: unknown hook point "blocks.0.attn.hook_patern"; did you mean ' +
        "blocks.0.attn.hook_pattern, blocks.1.attn.hook_pattern, blocks.0.attn.hook_q?",
    );
  });

  it("says which flag makes a silent point fire", () => {
    const message =
      'runWithCache: hook point "blocks.0.attn.hook_result" does not fire; ' +
      "set useAttnResult: true in the configuration";
    const options = [
      { names: "blocks.0.attn.hook_result" },
      { names: (name: string) => name === "blocks.0.attn.hook_result" },
    ];
    for (const option of options) {
      const thrown = error(() => runWithCache(...setUp(), option));
      expect(thrown).toBeInstanceOf(InputError);
      expect(thrown.message).toBe(message);
    }
    const on = runWithCache(...setUp({ useAttnResult: true }), options[0] as { names: string });
    expect(on.cache.size).toBe(1);
  });

  it("refuses a predicate that matches nothing, and points that the model has not", () => {
    expect(error(() => runWithCache(...setUp(), { names: () => false })).message).toBe(
      "runWithCache: the predicate matches none of the 40 hook points, " +
        "which are hook_embed, hook_pos_embed, blocks.0.hook_resid_pre … unembed.hook_out",
    );
    const attnOnly = setUp({ attnOnly: true });
    expect(() => runWithCache(...attnOnly, { names: "blocks.0.hook_mlp_out" })).toThrow(
      UnknownNameError,
    );
  });

  it("refuses a replacement of another shape, naming the point", () => {
    const thrown = error(() => runWithHooks(...setUp(), [["hook_embed", () => zeros([2, 4, 7])]]));
    expect(thrown).toBeInstanceOf(ShapeError);
    expect(thrown.message).toBe('hook "hook_embed": replacement: expected [2,4,8], got [2,4,7]');
  });

  it("refuses to ablate what is not there", () => {
    const z = "blocks.0.attn.hook_z";
    expect(error(() => runWithHooks(...setUp(), [[z, zeroAblateHeads([2])]])).message).toBe(
      "zeroAblate: entries of axis 2 must lie in [0, 2), got 2",
    );
  });
});

describe("hooks as functions", () => {
  it("compose in order, and patch replaces by name before it is cached", () => {
    const [model, weights, config, tokens] = setUp();
    const cache = new Map<string, Tensor>();
    const value = zeros([2, 4, 8]);
    const hook = compose(patch({ hook_embed: value }), cacheInto(cache));
    model.forward(weights, config, tokens, hook);
    expect(cache.get("hook_embed")).toBe(value);
    expect(cache.size).toBe(40);
  });
});
