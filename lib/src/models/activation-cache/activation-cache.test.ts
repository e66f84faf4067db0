import { beforeAll, describe, expect, it } from "vitest";
import { init as startArrays, type Tensor, zeros } from "../../arrays/index.ts";
import { InputError, ShapeError, UnknownNameError } from "../../core/errors.ts";
import { bitNetTransformer } from "../bitnet/index.ts";
import { createModel, type HookedModel } from "../hooked-model.ts";
import { type HookedTransformerOptions, hookedTransformer } from "../hooked-transformer/index.ts";
import { oneLayerMlp } from "../one-layer-mlp/index.ts";

const base = { dModel: 8, dHead: 4, nLayers: 2, nCtx: 4, dVocab: 6, dMlp: 12 };
const tokens = [
  [0, 1, 2, 3],
  [5, 4, 3, 3],
];

const create = (changes: Partial<HookedTransformerOptions> = {}): Promise<HookedModel<unknown>> =>
  createModel(hookedTransformer, { ...base, ...changes }, { seed: 1 }) as Promise<
    HookedModel<unknown>
  >;
const numbers = (x: Tensor): number[] => [...x.readSync().data];
const error = (f: () => unknown): Error => {
  try {
    f();
  } catch (thrown) {
    return thrown as Error;
  }
  throw new Error("did not throw");
};

beforeAll(() => startArrays());

describe("ActivationCache as a map", () => {
  it("has keys, values and entries in the order of firing", async () => {
    const model = await create();
    const { cache } = model.runWithCache(tokens);
    const fired = model.hooks().filter(({ fires }) => fires);
    expect(cache.names()).toEqual(fired.map(({ name }) => name));
    expect([...cache.keys()]).toEqual(cache.names());
    expect(cache.values()).toEqual(cache.entries().map(([, value]) => value));
    expect(new Map(cache).get("hook_embed")).toBe(cache.get("hook_embed"));
    expect(cache.size).toBe(40);
  });

  it("shows names and shapes, in notebooks too", async () => {
    const { cache } = (await create()).runWithCache(tokens, {
      names: ["hook_embed", "blocks.0.attn.hook_k"],
    });
    const text =
      "ActivationCache(2 activations of hooked-transformer)\n" +
      "  hook_embed float32[2,4,8]\n  blocks.0.attn.hook_k float32[2,4,2,4]";
    expect(cache.toString()).toBe(text);
    const display = (cache as unknown as { [key: symbol]: () => unknown })[
      Symbol.for("Jupyter.display")
    ] as () => unknown;
    expect(display.call(cache)).toEqual({ "text/plain": text });
  });

  it("takes full, short, packed and bridge names, with negative layers, and gradients", async () => {
    const { cache } = (await create()).runWithCache(tokens, { inclBwd: true });
    const pattern = cache.get("blocks.1.attn.hook_pattern");
    expect(cache.get("pattern", 1)).toBe(pattern);
    expect(cache.get("pattern", -1)).toBe(pattern);
    expect(cache.get("attn", 1)).toBe(pattern);
    expect(cache.get("pattern1")).toBe(pattern);
    expect(cache.get("resid_post1")).toBe(cache.get("blocks.1.hook_resid_post"));
    expect(cache.get("blocks.0.attn.q.hook_out")).toBe(cache.get("q", 0));
    expect(cache.get("scale", 0, "ln2")).toBe(cache.get("blocks.0.ln2.hook_scale"));
    expect(cache.get("pattern_grad", 1)).toBe(cache.get("blocks.1.attn.hook_pattern_grad"));
    expect(cache.get("embed_grad")).toBe(cache.get("hook_embed_grad"));
    expect(cache.has("pattern", 1) && cache.has("pattern_grad", -1)).toBe(true);
    expect(cache.has("pattern", 2) || cache.has("blocks.0.attn.hook_result")).toBe(false);
  });

  it("knows that mlp.in of the bridge is the linear half of a gated MLP", async () => {
    const { cache } = (await create({ gatedMlp: true })).runWithCache(tokens);
    expect(cache.get("blocks.0.mlp.in.hook_out")).toBe(cache.get("pre_linear", 0));
    expect(cache.get("blocks.0.mlp.gate.hook_out")).toBe(cache.get("pre", 0));
    const plain = (await create()).runWithCache(tokens).cache;
    expect(plain.get("blocks.0.mlp.in.hook_out")).toBe(plain.get("pre", 0));
  });

  it("names the nearest activations for one that is not there", async () => {
    const { cache } = (await create()).runWithCache(tokens, { names: ["hook_embed"] });
    const thrown = error(() => cache.get("pos_embed"));
    expect(thrown).toBeInstanceOf(UnknownNameError);
    expect(thrown.message).toBe(
      'ActivationCache: unknown activation "hook_pos_embed"; did you mean hook_embed?',
    );
    expect(error(() => cache.get("resid_pos" as "resid_pre", 0)).message).toMatch(
      'unknown activation "resid_pos"; did you mean resid_post',
    );
    expect(() => cache.decomposeResid()).toThrow(UnknownNameError);
  });
});

describe("the batch axis", () => {
  it("is removed of every activation when there is one sequence", async () => {
    const model = await create();
    const { cache } = model.runWithCache([[0, 1, 2]], { inclBwd: true });
    const without = cache.removeBatchDim();
    expect(without.get("pattern", 0).shape).toEqual([2, 3, 3]);
    expect(without.get("resid_pre_grad", 0).shape).toEqual([3, 8]);
    expect([without.hasBatchDim, cache.hasBatchDim]).toEqual([false, true]);
    expect(without.removeBatchDim()).toBe(without);
    const full = without.getFullResidDecomposition(-1, { applyLn: true });
    const same = cache.getFullResidDecomposition(-1, { applyLn: true });
    expect(full.stack.shape).toEqual(same.stack.shape.toSpliced(1, 1));
    expect(numbers(full.stack)).toEqual(numbers(same.stack));
    const two = model.runWithCache(tokens).cache;
    const thrown = error(() => two.removeBatchDim());
    expect(thrown).toBeInstanceOf(ShapeError);
    expect(thrown.message).toBe(
      'removeBatchDim: batch axis of "hook_embed": expected [1], got [2]',
    );
  });

  it("is sliced of every activation", async () => {
    const { cache } = (await create()).runWithCache(tokens);
    const second = cache.applySliceToBatchDim([1, 2]);
    expect(second.names()).toEqual(cache.names());
    expect(numbers(second.get("z", 1))).toEqual(numbers(cache.get("z", 1).at([1, 2])));
    const swapped = cache.applySliceToBatchDim({ list: [1, 0] });
    expect(numbers(swapped.get("embed").at(0))).toEqual(numbers(cache.get("embed").at(1)));
    const one = cache.applySliceToBatchDim(0);
    expect(error(() => one.applySliceToBatchDim(0)).message).toBe(
      "applySliceToBatchDim: the cache has no batch axis any more",
    );
    expect(error(() => one.logitAttrs(one.decomposeResid(), 1, { batchSlice: 0 })).message).toBe(
      "ActivationCache.applyLnToStack: batchSlice needs a cache with a batch axis",
    );
  });
});

describe("labels", () => {
  it("say what each component is", async () => {
    const { cache } = (await create()).runWithCache(tokens);
    expect(cache.accumulatedResid(-1, { inclMid: true }).labels).toEqual([
      ...["0_pre", "0_mid", "1_pre", "1_mid", "final_post"],
    ]);
    expect(cache.decomposeResid(1, { mlpInput: true }).labels).toEqual([
      ...["embed", "pos_embed", "0_attn_out", "0_mlp_out", "1_attn_out"],
    ]);
    expect(cache.stackHeadResults(1, { inclRemainder: true }).labels).toEqual([
      ...["L0H0", "L0H1", "remainder"],
    ]);
    const neurons = cache.stackNeuronResults(-1, { neuronSlice: { list: [11, 2] } });
    expect(neurons.labels).toEqual(["L0N11", "L0N2", "L1N11", "L1N2"]);
    const full = cache.getFullResidDecomposition(1, { expandNeurons: false });
    expect(full.labels).toEqual(["L0H0", "L0H1", "0_mlp_out", "embed", "pos_embed", "bias"]);
    expect(cache.stackActivation("scale", -1, "ln2").labels).toEqual([
      ...["blocks.0.ln2.hook_scale", "blocks.1.ln2.hook_scale"],
    ]);
  });

  it("leave out the middle of blocks without an MLP, where TransformerLens raises", async () => {
    const { cache } = (await create({ attnOnly: true })).runWithCache(tokens);
    const { labels, stack } = cache.accumulatedResid(-1, { inclMid: true });
    expect(labels).toEqual(["0_pre", "1_pre", "final_post"]);
    expect(numbers(stack.at(1))).toEqual(numbers(cache.get("resid_pre", 1)));
    expect(cache.getFullResidDecomposition().labels).toEqual([
      ...["L0H0", "L0H1", "L1H0", "L1H1", "embed", "pos_embed", "bias"],
    ]);
  });

  it("stay with the numbers that are made of them", async () => {
    const { cache } = (await create()).runWithCache(tokens);
    const stack = cache.decomposeResid();
    expect(cache.applyLnToStack(stack).labels).toEqual(stack.labels);
    expect(cache.logitAttrs(stack, 2).labels).toEqual(stack.labels);
    const plain = cache.logitAttrs(stack.stack, 2);
    expect(numbers(plain)).toEqual(numbers(cache.logitAttrs(stack, 2).stack));
  });
});

describe("computeHeadResults", () => {
  it("adds what a run with useAttnResult caches, and keeps what is cached already", async () => {
    const { cache } = (await create()).runWithCache(tokens);
    const results = cache.computeHeadResults();
    expect([cache.size, results.size]).toEqual([40, 42]);
    const ran = (await create({ useAttnResult: true })).runWithCache(tokens).cache;
    for (const layer of [0, 1]) {
      const [a, b] = [numbers(results.get("result", layer)), numbers(ran.get("result", layer))];
      expect(Math.max(...a.map((x, i) => Math.abs(x - (b[i] as number))))).toBeLessThan(1e-6);
      expect(ran.computeHeadResults().get("result", layer)).toBe(ran.get("result", layer));
    }
  });
});

describe("what is refused", () => {
  it("are layers and slices that the model has not", async () => {
    const model = await create();
    const { cache } = model.runWithCache(tokens);
    const cases: readonly (readonly [() => unknown, string])[] = [
      [
        () => cache.decomposeResid(3),
        "ActivationCache.decomposeResid: layer must be an integer from 0 to 2, or -1 for the end, got 3",
      ],
      [
        () => cache.accumulatedResid(2, { mlpInput: true }),
        "ActivationCache.accumulatedResid: mlpInput needs a layer whose MLP reads what attention wrote, got layer 2 of 2",
      ],
      [
        () => cache.stackHeadResults(0),
        "ActivationCache.stackHeadResults: nothing of this kind is before that layer; take a later one, or inclRemainder",
      ],
      [
        () => cache.decomposeResid(0, { inclEmbeds: false }),
        "ActivationCache.decomposeResid: there is no such component before layer 0; use a later layer",
      ],
      [
        () => cache.stackHeadResults(1, { projectOutputOnto: zeros([]) }),
        "ActivationCache.stackHeadResults: projectOutputOnto: expected [?,?], got []",
      ],
      [
        () => cache.getNeuronResults(0, { neuronSlice: 12 }),
        "at: index of axis 0 must be an integer in [-12, 12), got 12",
      ],
      [
        () => model.accumulatedBias(2, { mlpInput: true }),
        "accumulatedBias: layer must be an integer from 0 to 1, got 2",
      ],
    ];
    for (const [f, message] of cases) {
      const thrown = error(f);
      expect(thrown).toBeInstanceOf(InputError);
      expect(thrown.message).toBe(message);
    }
  });

  it("are tokens that are no classes or do not fit the stack", async () => {
    const { cache } = (await create()).runWithCache(tokens);
    const stack = cache.decomposeResid();
    expect(error(() => cache.logitAttrs(stack, 6)).message).toBe(
      "tokensToResidualDirections: tokens must be whole numbers in [0, 6), got 6",
    );
    expect(error(() => cache.logitAttrs(stack, [1, 2, 3])).message).toBe(
      "ActivationCache.logitAttrs: tokens: expected [2,4], got [3]",
    );
    const incorrectTokens = [1, 2];
    expect(error(() => cache.logitAttrs(stack, 1, { incorrectTokens })).message).toBe(
      "ActivationCache.logitAttrs: incorrectTokens: expected [], got [2]",
    );
  });

  it("is the decomposition of models without a residual stream, MLPs or sums over heads", async () => {
    const mlp = await createModel(oneLayerMlp, { dVocab: 5, dEmbed: 4, dMlp: 6 }, { seed: 0 });
    const { cache } = mlp.runWithCache([[1, 2]]);
    expect(cache.get("mlp.hook_post").shape).toEqual([1, 6]);
    expect(error(() => cache.decomposeResid()).message).toBe(
      `ActivationCache.decomposeResid: model "${oneLayerMlp.name}" has no residual stream`,
    );
    const attnOnly = (await create({ attnOnly: true })).runWithCache(tokens).cache;
    expect(error(() => attnOnly.getNeuronResults(1)).message).toBe(
      'ActivationCache.getNeuronResults: block 1 of model "hooked-transformer" has no MLP',
    );
    const scaled = await createModel(
      bitNetTransformer,
      { ...{ dModel: 8, nHeads: 2, dMlp: 6, dVocab: 6 }, quantization: "binary-scaled" },
      { seed: 0 },
    );
    const quantized = scaled.runWithCache(tokens).cache;
    expect(error(() => quantized.stackHeadResults()).message).toBe(
      'ActivationCache.stackHeadResults: outputs of model "bitnet" are no sums over heads or ' +
        "neurons, since their inputs are quantized together",
    );
    expect(quantized.decomposeResid().labels).toEqual(["embed", "0_attn_out", "0_mlp_out"]);
  });
});
