import { beforeAll, describe, expect, it } from "vitest";
import { init, type Tensor, tensor } from "../arrays/index.ts";
import { nativeBackend } from "../compile/index.ts";
import { type NdArray, nd } from "../core/nd.ts";
import { BitNetTransformer, HookedTransformer } from "./create.ts";
import type { HookedModel } from "./hooked-model.ts";
import { compiled, Readings } from "./readings.ts";

beforeAll(() => init());

const size = { nLayers: 2, dModel: 8, dHead: 4, nCtx: 4, dVocab: 6, dMlp: 12 };
const tokens = nd("int32", [2, 3], [1, 2, 3, 4, 5, 0]);

/** With a cache, an ablation and a gradient-free function of the logits. */
// biome-ignore lint/suspicious/noExplicitAny: read of any model
function reading(model: HookedModel<any>, x: Tensor) {
  const { logits, cache } = model.runWithCache(x);
  const z = "blocks.0.attn.hook_z";
  const ablated = model.runWithHooks(x, [[z, (value) => value.mul(0)]]);
  return { logits: logits.at([], -1), pattern: cache.get("pattern", 0), drop: ablated.sub(logits) };
}

function expectClose(got: NdArray, want: NdArray): void {
  expect(got.shape).toEqual(want.shape);
  for (const [i, value] of got.data.entries()) expect(value).toBeCloseTo(want.data[i] ?? NaN, 5);
}

describe("readings", () => {
  it.each([
    ["HookedTransformer", () => HookedTransformer.create(size, { seed: 1 })],
    [
      "BitNetTransformer",
      () => BitNetTransformer.create({ dVocab: 6, dModel: 8, nHeads: 2, dMlp: 12 }, { seed: 1 }),
    ],
  ] as const)("of %s give what they give eagerly", async (_name, create) => {
    // biome-ignore lint/suspicious/noExplicitAny: a model of either kind
    const model = (await create()) as HookedModel<any>;
    await using run = await compiled(model, await nativeBackend(), reading);
    const got = await run(tokens);
    const want = reading(model, tensor(tokens));
    for (const name of ["logits", "pattern", "drop"] as const) {
      expectClose(got[name], want[name].readSync());
    }
    expect(got.drop.data.some((value) => Math.abs(value) > 1e-3)).toBe(true);
  });

  it("compile once for all weights and for each shape, at the same time too", async () => {
    let recorded = 0;
    const counted = (model: HookedModel<unknown>, x: Tensor) => {
      recorded += 1;
      return { logits: model.forward(x) };
    };
    await using readings = new Readings(await nativeBackend());
    const models = await Promise.all(
      [1, 2].map((seed) => HookedTransformer.create(size, { seed })),
    );
    const runs = models.flatMap((model) =>
      [tokens, nd("int32", [1, 4], [1, 2, 3, 4])].map(async (x) => {
        const { logits } = await readings.run(counted, model, await model.stateDict(), x);
        expectClose(logits, model.forward(x).readSync());
      }),
    );
    await Promise.all(runs);
    expect(recorded).toBe(2);
  });

  it("release the least recently used beyond the limit, and compile it again", async () => {
    let recorded = 0;
    const counted = (model: HookedModel<unknown>, x: Tensor) => {
      recorded += 1;
      return { logits: model.forward(x) };
    };
    await using readings = new Readings(await nativeBackend(), { limit: 1 });
    const model = await HookedTransformer.create(size, { seed: 1 });
    const weights = await model.stateDict();
    for (const length of [4, 3, 4]) {
      const x = nd("int32", [1, length], [1, 2, 3, 4].slice(0, length));
      const { logits } = await readings.run(counted, model, weights, x);
      expect(logits.shape).toEqual([1, length, 6]);
    }
    expect(recorded).toBe(3);
  });

  it("say so when they are closed, and forget a reading that failed", async () => {
    const readings = new Readings(await nativeBackend());
    const model = await HookedTransformer.create(size, { seed: 1 });
    const weights = await model.stateDict();
    const failing = (m: HookedModel<unknown>, x: Tensor) => ({ y: m.forward(x).reshape([7]) });
    for (const _ of [1, 2]) {
      await expect(readings.run(failing, model, weights, tokens)).rejects.toThrow("reshape");
    }
    await readings[Symbol.asyncDispose]();
    await expect(readings.run(failing, model, weights, tokens)).rejects.toThrow(
      "Readings: closed; make another one",
    );
  });
});
