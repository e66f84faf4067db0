import { beforeAll, describe, expect, it } from "vitest";
import { cumsum, type Tensor } from "../../arrays/index.ts";
import type { Backend } from "../../compile/backend.ts";
import { nativeBackend } from "../../compile/backends/native/index.ts";
import { BitNetTransformer, HookedModel, HookedTransformer } from "../../models/index.ts";
import { genericActivationPatch } from "../transformerlens/index.ts";
import * as families from "./families.ts";
import { type ActPatch, compileActPatch, type Metric, type PatchSetter } from "./index.ts";
import { positionsRead } from "./reads.ts";
import { hasShortcuts } from "./shortcuts.ts";

let backend: Backend;
beforeAll(async () => {
  backend = await nativeBackend();
});

const base = { nLayers: 2, dModel: 8, dHead: 4, nHeads: 2, nCtx: 5, dVocab: 7, dMlp: 12 };
const range = { initializerRange: 0.35 };
const kinds: { readonly [title: string]: () => Promise<HookedModel<unknown>> } = {
  "every optional point": () =>
    HookedTransformer.create(
      {
        ...base,
        ...range,
        actFn: "solu_ln",
        useAttnResult: true,
        useSplitQkvInput: true,
        useHookMlpIn: true,
        useHookTokens: true,
      },
      { seed: 1 },
    ) as Promise<HookedModel<unknown>>,
  "one layer, bidirectional": () =>
    HookedTransformer.create(
      { ...base, ...range, nLayers: 1, attentionDir: "bidirectional", normalizationType: null },
      { seed: 2 },
    ) as Promise<HookedModel<unknown>>,
  "three layers of attention": () =>
    HookedTransformer.create(
      { ...base, ...range, nLayers: 3, attnOnly: true, useAttnIn: true },
      { seed: 3 },
    ) as Promise<HookedModel<unknown>>,
  shortformer: () =>
    HookedTransformer.create(
      { ...base, ...range, positionalEmbeddingType: "shortformer" },
      { seed: 4 },
    ) as Promise<HookedModel<unknown>>,
  rotary: () =>
    HookedTransformer.create(
      { ...base, ...range, positionalEmbeddingType: "rotary", normalizationType: "RMS" },
      { seed: 10 },
    ) as Promise<HookedModel<unknown>>,
  alibi: () =>
    HookedTransformer.create(
      { ...base, ...range, positionalEmbeddingType: "alibi", gatedMlp: true },
      { seed: 5 },
    ) as Promise<HookedModel<unknown>>,
  BitNet: () =>
    BitNetTransformer.create(
      { dVocab: 7, dModel: 8, nHeads: 2, nLayers: 2 },
      { seed: 6 },
    ) as Promise<HookedModel<unknown>>,
};

const metrics: { readonly [title: string]: Metric } = {
  "the last position": (logits) => logits.at([], -1, 3).sub(logits.at([], -1, 5)),
  "positions 1 and 2": (logits) => logits.at([], [1, 3], 2).sum(1),
  "every position": (logits) => logits.mul(logits).mean(),
};

const clean = [
  [0, 1, 2, 3, 4],
  [6, 5, 4, 3, 2],
];
const corrupted = [
  [0, 4, 2, 1, 6],
  [2, 5, 1, 0, 3],
];
const patches: readonly ActPatch[] = Object.values(families).filter(
  (one): one is ActPatch => "family" in one,
);

/** Up to six indices of a family, spread over its table. */
function someIndices(model: HookedModel<unknown>, { family }: ActPatch): readonly number[][] {
  const layers = model.nLayers;
  return Array.from({ length: 6 }, (_, i) =>
    family.axes.map((axis, k) =>
      axis === "layer" ? i % layers : (i * (k + 1) + k) % (axis === "head" ? 2 : 5),
    ),
  );
}

function present(model: HookedModel<unknown>, { family }: ActPatch): boolean {
  return model.hooks().some(({ name }) => name.endsWith(`hook_${family.activation}`));
}

const largest = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.max(...Array.from(b, (x, i) => Math.abs(x - (a[i] ?? Number.NaN))));

/** Compiled and single values agree; how far the patches of a family move the metric. */
async function expectSame(
  model: HookedModel<unknown>,
  patch: ActPatch,
  metric: Metric,
): Promise<number> {
  const { cache } = model.runWithCache(clean);
  const { activation, axes, setter, name } = patch.family;
  const given = [model, corrupted, cache, metric, setter, activation, axes] as const;
  const indices = someIndices(model, patch);
  const slow = await genericActivationPatch(...given, { indices });
  const fast = await genericActivationPatch(...given, { indices, backend, chunk: 2 });
  expect(largest(fast.values.data, slow.values.data), name).toBeLessThan(1e-5);
  expect(Math.abs(fast.baseline - slow.baseline), name).toBeLessThan(1e-5);
  if (slow.perExample !== undefined) {
    expect(largest(fast.perExample?.data ?? [], slow.perExample.data), name).toBeLessThan(1e-5);
  }
  return largest(
    slow.values.data,
    slow.values.data.map(() => slow.baseline),
  );
}

describe.each(Object.entries(kinds).map((kind, i) => ({ kind, i })))(
  "compiled patches of $kind.0",
  ({ kind: [, make], i }) => {
    it.each(Object.entries(metrics).map(([title, metric], m) => ({ title, metric, m })))(
      "are single forward passes, measured at $title",
      async ({ metric, m }) => {
        const model = await make();
        const own = patches.filter((patch, k) => (k + i) % 3 === m && present(model, patch));
        const spreads: number[] = [];
        for (const patch of own) spreads.push(await expectSame(model, patch, metric));
        expect(Math.max(...spreads)).toBeGreaterThan(1e-3);
      },
      120_000,
    );
  },
);

describe("compileActPatch", () => {
  it("patches as many pairs of prompts as one likes", async () => {
    const model = await HookedTransformer.create({ ...base, ...range }, { seed: 7 });
    const metric = metrics["the last position"] as Metric;
    const patch = families.getActPatchAttnHeadVByPos;
    const compiled = await compileActPatch(patch, model, metric, { backend, shape: [2, 5] });
    for (const [from, to] of [
      [clean, corrupted],
      [corrupted, clean],
    ] as const) {
      const { cache } = model.runWithCache(from);
      const fast = await compiled.run(to, cache);
      const slow = await patch(model, to, cache, metric);
      expect(fast.values.shape).toEqual([2, 5, 2]);
      expect(largest(fast.values.data, slow.values.data)).toBeLessThan(1e-5);
    }
    const { cache } = model.runWithCache(clean);
    await expect(compiled.run([[1, 2, 3, 4, 5]], cache)).rejects.toThrow(
      'getActPatchAttnHeadVByPos: tokens "batch pos": expected [2,5], got [1,5]',
    );
    await compiled.release();
  });

  it("patches with a setter of one's own", async () => {
    const model = await HookedTransformer.create({ ...base, ...range }, { seed: 8 });
    const half: PatchSetter = (x, [, by], source) => x.add(source.sub(x).mul(by as Tensor));
    const { cache } = model.runWithCache(clean);
    const metric = metrics["positions 1 and 2"] as Metric;
    const given = [model, corrupted, cache, metric, half, "post", ["layer", "neuron"]] as const;
    const indices = [
      [0, 0],
      [0, 1],
      [1, 1],
      [1, 2],
    ];
    const slow = await genericActivationPatch(...given, { indices });
    const fast = await genericActivationPatch(...given, { indices, backend });
    expect(largest(fast.values.data, slow.values.data)).toBeLessThan(1e-5);
    expect(slow.values.data[0]).toBe(slow.baseline);
    expect(slow.values.data[3]).not.toBe(slow.baseline);
  });

  it("takes no shortcut through a model whose points leave out a sum of the residual stream", async () => {
    const { model, config, weights } = await HookedTransformer.create(
      { ...base, ...range },
      { seed: 9 },
    );
    const points = (c: typeof config) =>
      model.points(c).filter(({ name }) => name !== "blocks.1.hook_resid_post");
    expect(hasShortcuts(model.points(config), 2)).toBe(true);
    expect(hasShortcuts(points(config), 2)).toBe(false);
    const other = new HookedModel({ ...model, points }, config, weights);
    const metric = metrics["the last position"] as Metric;
    await expectSame(other as HookedModel<unknown>, families.getActPatchAttnHeadKByPos, metric);
    await expectSame(other as HookedModel<unknown>, families.getActPatchResidPre, metric);
  });

  it("refuses a chunk of nothing", async () => {
    const model = await HookedTransformer.create({ ...base, ...range }, { seed: 7 });
    const options = { backend, shape: [2, 5], chunk: 0 } as const;
    await expect(
      compileActPatch(families.getActPatchResidPre, model, (x) => x.mean(), options),
    ).rejects.toThrow("getActPatchResidPre: chunk must be an integer of at least 1, got 0");
  });
});

describe("positionsRead", () => {
  const shape = [2, 5, 7] as const;
  it.each([
    ["a slice", (x: Tensor) => x.at([], [1, 3]).sum(), [1, 3]],
    ["the last position", (x: Tensor) => x.at([], -1).mean(), [4, 5]],
    ["two slices", (x: Tensor) => x.at([], 1, 0).add(x.at([], 3, 2)), [1, 4]],
    ["a slice of tokens alone", (x: Tensor) => x.at([], [], 3).mean(), [0, 5]],
    ["a slice and everything", (x: Tensor) => x.at([], 1, 0).add(x.sum()), [0, 5]],
    [
      "an operation that mixes positions first",
      (x: Tensor) => cumsum(x, 1).at([], 1).sum(),
      [0, 5],
    ],
  ] as const)("finds %s", (_, metric, want) => {
    expect(positionsRead(metric, shape)).toEqual(want);
  });
});
