import { beforeAll, describe, expect, expectTypeOf, it } from "vitest";
import { init as startArrays, type Tensor, tensor } from "../arrays/index.ts";
import { nd } from "../core/nd.ts";
import { TorchGenerator } from "../rng/index.ts";
import { BitNetTransformer, HookedTransformer } from "./create.ts";
import { createModel } from "./hooked-model.ts";
import { cacheInto } from "./hooks.ts";
import { lmAccuracy, lossFn } from "./loss.ts";
import { oneLayerMlp } from "./one-layer-mlp/index.ts";
import type { ForwardOptions, LogitsAndLoss, StopOptions } from "./run-forward.ts";
import { naiveCrossEntropy } from "./testing/cross-entropy.ts";

const tiny = { dModel: 8, dHead: 4, nLayers: 3, nCtx: 6, dVocab: 7, initializerRange: 0.6 };
const tokens = [
  [1, 5, 0, 6, 2],
  [3, 3, 4, 1, 0],
];
const make = (changes: object = {}) =>
  HookedTransformer.create({ ...tiny, ...changes }, { rng: new TorchGenerator(4) });
const flat = (x: Tensor): number[] => [...x.readSync().data];

function expectNear(got: Tensor, want: Tensor): void {
  expect(got.shape).toEqual(want.shape);
  const wanted = flat(want);
  for (const [i, x] of flat(got).entries()) expect(x).toBeCloseTo(wanted[i] as number, 5);
}

beforeAll(() => startArrays());

describe("forward", () => {
  it("gives what returnType says, with exactly that type", async () => {
    const model = await make();
    const logits = model.forward(tokens);
    expectTypeOf(logits).toEqualTypeOf<Tensor>();
    expectTypeOf(model.forward(tokens, {})).toEqualTypeOf<Tensor>();
    expectTypeOf(model.forward(tokens, { returnType: "logits" })).toEqualTypeOf<Tensor>();
    const loss = model.forward(tokens, { returnType: "loss" });
    expectTypeOf(loss).toEqualTypeOf<Tensor>();
    const both = model.forward(tokens, { returnType: "both" });
    expectTypeOf(both).toEqualTypeOf<LogitsAndLoss>();
    const nothing = model.forward(tokens, { returnType: null });
    expectTypeOf(nothing).toEqualTypeOf<null>();
    const stopped = model.forward(tokens, { stopAtLayer: 1 });
    expectTypeOf(stopped).toEqualTypeOf<Tensor>();
    expectTypeOf<{ stopAtLayer: 1; returnType: "loss" }>().not.toExtend<
      StopOptions | ForwardOptions
    >();
    expectTypeOf<{ returnType: "losses" }>().not.toExtend<ForwardOptions>();

    expect(logits.shape).toEqual([2, 5, 7]);
    expect(loss.shape).toEqual([]);
    expect(flat(both.logits)).toEqual(flat(logits));
    expect(both.loss.item()).toBe(loss.item());
    expect(nothing).toBeNull();
    expect(stopped.shape).toEqual([2, 5, 8]);
  });

  it("has the mean cross-entropy of the next token as loss, or each one", async () => {
    const model = await make();
    const { logits, loss } = model.forward(tokens, { returnType: "both" });
    const known = flat(logits.at([], [0, 4]));
    const next = tokens.flatMap((row) => row.slice(1));
    expect(loss.item()).toBeCloseTo(naiveCrossEntropy(known, next), 5);
    const each = model.forward(tokens, { returnType: "loss", lossPerToken: true });
    expect(each.shape).toEqual([2, 4]);
    for (const [i, token] of next.entries()) {
      const one = naiveCrossEntropy(known.slice(7 * i, 7 * (i + 1)), [token]);
      expect(flat(each)[i]).toBeCloseTo(one, 5);
    }
    expect(lossFn(logits, tensor(tokens, { dtype: "int32" })).item()).toBe(loss.item());
  });

  it("runs a null pass up to the unembedding, for its hook", async () => {
    const model = await make();
    const cache = new Map<string, Tensor>();
    model.forward(tokens, { returnType: null, hook: cacheInto(cache) });
    expect([...cache.keys()].at(-1)).toBe("ln_final.hook_normalized");
  });

  it("stops before a layer and starts at one, from either end", async () => {
    const model = await make();
    const cache = new Map<string, Tensor>();
    const { logits, loss } = model.forward(tokens, { returnType: "both", hook: cacheInto(cache) });
    for (const [layer, negative] of [
      [0, -3],
      [1, -2],
      [2, -1],
    ] as const) {
      const want = cache.get(`blocks.${layer}.hook_resid_pre`) as Tensor;
      const before = model.forward(tokens, { stopAtLayer: layer });
      expect(flat(before)).toEqual(flat(want));
      expect(flat(model.forward(tokens, { stopAtLayer: negative }))).toEqual(flat(want));
      expectNear(model.forward(before, { startAtLayer: negative }), logits);
      const again = model.forward(before.readSync(), {
        ...{ startAtLayer: layer, returnType: "loss", tokens },
      });
      expect(again.item()).toBeCloseTo(loss.item(), 5);
    }
    const end = model.forward(tokens, { stopAtLayer: 3 });
    expect(flat(end)).toEqual(flat(cache.get("blocks.2.hook_resid_post") as Tensor));
    expectNear(model.forward(end, { startAtLayer: 3 }), logits);
    const middle = model.forward(model.forward(tokens, { stopAtLayer: 1 }), {
      ...{ startAtLayer: 1, stopAtLayer: 2 },
    });
    expectNear(middle, cache.get("blocks.2.hook_resid_pre") as Tensor);
  });

  it.each([
    ...["standard", "rotary", "shortformer", "alibi"].map((positionalEmbeddingType) => ({
      positionalEmbeddingType,
    })),
    { attentionDir: "bidirectional" },
  ])("gives a padded sequence what it has alone: %o", async (changes) => {
    const model = await make(changes);
    const alone = model.forward([[5, 0, 6]]);
    const padded = model.forward(
      [
        [2, 2, 5, 0, 6],
        [5, 0, 6, 4, 4],
      ],
      {
        attentionMask: [
          [0, 0, 1, 1, 1],
          [1, 1, 1, 0, 0],
        ],
      },
    );
    expectNear(padded.at([0, 1], [2, 5]), alone);
    expectNear(padded.at([1, 2], [0, 3]), alone);
    const { loss } = model.forward([[5, 0, 6]], { returnType: "both" });
    const masked = model.forward([[5, 0, 6, 1, 1]], {
      ...{ returnType: "loss", attentionMask: [1, 1, 1, 0, 0] },
    });
    expect(masked.item()).toBeCloseTo(loss.item(), 5);
  });

  it.each([
    [{ returnType: "losses" }, 'returnType must be "logits", "loss", "both" or null, got "losses"'],
    [
      { returnType: "loss", stopAtLayer: 1 },
      "with stopAtLayer the residual stream is returned, so leave returnType out, got loss",
    ],
    [{ lossPerToken: true }, 'lossPerToken needs returnType "loss" or "both", got logits'],
    [{ stopAtLayer: 4 }, "stopAtLayer must be an integer from -3 to 3, got 4"],
    [{ stopAtLayer: 0.5 }, "stopAtLayer must be an integer from -3 to 3, got 0.5"],
    [
      { startAtLayer: 0 },
      'startAtLayer reads a residual stream "batch pos d_model" of at most nCtx = 6 positions: expected [?,5,8], got [2,5]',
    ],
    [{ attentionMask: [[1, 1]] }, 'attentionMask "batch pos": expected [2,5], got [1,2]'],
  ])("refuses %o", async (options, message) => {
    const model = await make();
    expect(() => model.forward(tokens, options as ForwardOptions)).toThrow(message);
  });

  it("refuses layers in the wrong order, and a loss without tokens", async () => {
    const model = await make();
    const before = model.forward(tokens, { stopAtLayer: 2 });
    expect(() => model.forward(before, { startAtLayer: 2, stopAtLayer: 1 })).toThrow(
      "forward: stopAtLayer must not be before startAtLayer, got 1 and 2",
    );
    expect(() => model.forward(before, { startAtLayer: 2, returnType: "loss" })).toThrow(
      "forward: a loss after startAtLayer needs the option tokens, got none",
    );
  });

  it("refuses more positions than there are, one position for a loss, and too few classes", async () => {
    const model = await make();
    expect(() => model.forward([0, 1, 2, 3, 4, 5, 6])).toThrow(
      'forward: tokens "batch pos" of at most nCtx = 6 positions: expected [?,6], got [1,7]',
    );
    expect(() => model.forward([0], { returnType: "loss" })).toThrow(
      'lossFn: tokens "batch pos" of two positions or more: expected [1,2], got [1,1]',
    );
    const few = await make({ dVocabOut: 6 });
    expect(() => few.forward(tokens, { returnType: "loss" })).toThrow(
      "forward: 6 classes are too few to predict the next of 7 tokens; " +
        "take the logits, and crossEntropy with labels of your own",
    );
  });

  it("works for models without blocks, except between blocks", async () => {
    const bitnet = await BitNetTransformer.create({ dVocab: 7 }, { seed: 0 });
    const { logits, loss } = bitnet.forward([1, 2, 3], { returnType: "both" });
    expect(loss.item()).toBeCloseTo(naiveCrossEntropy(flat(logits.at([], [0, 2])), [2, 3]), 5);
    const mlp = await createModel(oneLayerMlp, { dVocab: 5 }, { seed: 0 });
    expect(mlp.forward([1, 2]).shape).toEqual([1, 2, 5]);
    expect(mlp.forward([1, 2], { returnType: null })).toBeNull();
    expect(() => mlp.forward([1, 2], { stopAtLayer: 0 })).toThrow(
      "forward: stopAtLayer is not possible with one-layer-mlp, got 0",
    );
    expect(() => mlp.forward([1, 5])).toThrow(
      "one-layer-mlp: tokens must be whole numbers in [0, 5), got 5 at [1]",
    );
  });
});

describe("lossFn and lmAccuracy", () => {
  const logits = () => tensor(nd("float32", [1, 4, 3], [0, 1, 2, 3, 0, 0, 0, 9, 0, 5, 5, 5]));
  const ids = () => tensor([[2, 2, 0, 0]], { dtype: "int32" });

  it("count only pairs of real tokens", () => {
    const mask = tensor([[1, 1, 1, 0]], { dtype: "int32" });
    const each = flat(lossFn(logits(), ids(), { perToken: true }));
    const masked = flat(lossFn(logits(), ids(), { perToken: true, attentionMask: mask }));
    expect(masked).toEqual([each[0], each[1], 0]);
    const mean = lossFn(logits(), ids(), { attentionMask: mask }).item();
    expect(mean).toBeCloseTo(((each[0] as number) + (each[1] as number)) / 2, 6);
    expect(() => lossFn(logits(), ids(), { attentionMask: mask.at([], [1]) })).toThrow(
      'lossFn: attentionMask "batch pos": expected [1,4], got [1,3]',
    );
  });

  it("compare the largest logit with the next token", () => {
    expect(flat(lmAccuracy(logits(), ids(), { perToken: true }))).toEqual([1, 1, 0]);
    expect(lmAccuracy(logits(), ids()).item()).toBeCloseTo(2 / 3, 6);
  });
});
