import { beforeAll, describe, expect, it } from "vitest";
import { tensor } from "../../arrays/index.ts";
import {
  type ActivationCache,
  type HookedModel,
  HookedTransformer,
  type HookedTransformerConfig,
} from "../../models/index.ts";
import * as transformerlens from "../transformerlens/index.ts";
import * as patching from "./index.ts";
import { indicesFromRanges, type Metric, type PatchSetter } from "./index.ts";

const options = { nLayers: 2, dModel: 8, dHead: 4, nHeads: 2, nCtx: 4, dVocab: 7, dMlp: 12 };
const corrupted = [
  [0, 4, 2, 1],
  [3, 4, 1, 2],
];
const metric: Metric = (logits) => logits.at([], -1, 3);

let model: HookedModel<HookedTransformerConfig>;
let cache: ActivationCache;
beforeAll(async () => {
  model = await HookedTransformer.create(options, { seed: 1 });
  cache = model.runWithCache([
    [0, 1, 2, 3],
    [5, 4, 6, 2],
  ]).cache;
});

describe("genericActivationPatch", () => {
  const given = () =>
    [model, corrupted, cache, metric, transformerlens.layerPosPatchSetter, "resid_pre"] as const;

  it("names its axes and entries, and gives the metric of each example", async () => {
    const got = await transformerlens.genericActivationPatch(...given(), ["layer", "pos"]);
    expect(got.axes).toEqual(["layer", "pos"]);
    expect(got.labels).toEqual([
      ["L0", "L1"],
      ["0", "1", "2", "3"],
    ]);
    expect(got.values.shape).toEqual([2, 4]);
    expect(got.perExample?.shape).toEqual([2, 4, 2]);
    const rows = got.perExample?.data ?? [];
    expect(got.values.data[5]).toBe(((rows[10] as number) + (rows[11] as number)) / 2);
    const plain = model.forward(corrupted).at([], -1, 3).tolist() as number[];
    expect([...(got.baselinePerExample?.data ?? [])]).toEqual(plain);
  });

  it("patches every position at once when the whole stream comes from the clean run", async () => {
    const whole: PatchSetter = (_x, _index, source) => source;
    const [, , , , , name] = given();
    const all = await transformerlens.genericActivationPatch(
      model,
      corrupted,
      cache,
      metric,
      whole,
      name,
      ["layer"],
    );
    const clean = model
      .forward([
        [0, 1, 2, 3],
        [5, 4, 6, 2],
      ])
      .at([], -1, 3)
      .mean()
      .item();
    for (const value of all.values.data) expect(value).toBeCloseTo(clean, 5);
  });

  it("takes only the indices it is given", async () => {
    const indices = [
      [1, 3],
      [0, 2],
    ];
    const some = await transformerlens.genericActivationPatch(...given(), ["layer", "pos"], {
      indices,
    });
    const all = await transformerlens.genericActivationPatch(...given(), ["layer", "pos"]);
    expect([...some.values.data]).toEqual([all.values.data[7], all.values.data[2]]);
    expect([some.axes, some.labels]).toEqual([["index"], [["(1, 3)", "(0, 2)"]]]);
  });

  it("reads one sequence as a batch of one", async () => {
    const alone = model.runWithCache([0, 1, 2, 3]).cache;
    const got = await transformerlens.getActPatchMlpOut(model, [0, 4, 2, 1], alone, metric);
    expect(got.perExample?.shape).toEqual([2, 4, 1]);
  });

  it("refuses in one sentence what it cannot patch", async () => {
    const run = (axes: readonly patching.IndexAxis[], more = {}) =>
      transformerlens.genericActivationPatch(...given(), axes, more);
    await expect(run(["pos"])).rejects.toThrow(
      'genericActivationPatch: the first axis must be "layer", got "pos"',
    );
    await expect(run(["layer", "head"])).rejects.toThrow(
      'genericActivationPatch: hook point "blocks.0.hook_resid_pre" has the axes "batch pos d_model", not "head"',
    );
    await expect(run(["layer"])).rejects.toThrow(
      "layerPosPatchSetter: the index must have 2 entries, got 1",
    );
    await expect(run(["layer", "pos"], { indices: [] })).rejects.toThrow(
      "genericActivationPatch: indices must hold at least one index",
    );
    await expect(run(["layer", "pos"], { indices: [[0, 4]] })).rejects.toThrow(
      "genericActivationPatch: an index (layer, pos) must lie below (2, 4), got (0, 4)",
    );
  });

  it("refuses tokens, clean runs and metrics of the wrong shape", async () => {
    const patch = transformerlens.getActPatchResidPre;
    await expect(patch(model, [[0, 9]], cache, metric)).rejects.toThrow(
      "getActPatchResidPre: tokens must be whole numbers in [0, 7), got 9 at [0,1]",
    );
    await expect(patch(model, [[0, 1]], cache, metric)).rejects.toThrow(
      'getActPatchResidPre: clean activation "blocks.0.hook_resid_pre": expected [1,2,8], got [2,4,8]',
    );
    await expect(patch(model, corrupted, cache, (logits) => logits.sum(0))).rejects.toThrow(
      "getActPatchResidPre: the metric must be one number or one per example: expected [2], got [4,7]",
    );
    const cube = tensor([[[1]]], { dtype: "int32" });
    await expect(patch(model, cube, cache, metric)).rejects.toThrow(
      'getActPatchResidPre: tokens "batch pos": expected [?,?], got [1,1,1]',
    );
  });

  it("says which point the configuration does not have, or what turns it on", async () => {
    const plain = await HookedTransformer.create({ ...options, attnOnly: true }, { seed: 1 });
    const own = plain.runWithCache(corrupted).cache;
    for (const [name, patch] of [
      ["getActPatchMlpOut", transformerlens.getActPatchMlpOut],
      ["getActPatchMlpOut", transformerlens.getActPatchBlockEvery],
    ] as const) {
      await expect(patch(plain, corrupted, own, metric)).rejects.toThrow(
        `${name}: this configuration has no hook point "blocks.0.hook_mlp_out"`,
      );
    }
    await expect(
      transformerlens.genericActivationPatch(
        ...[
          model,
          corrupted,
          cache,
          metric,
          transformerlens.layerPosHeadVectorPatchSetter,
          "result",
        ],
        ["layer", "pos", "head"],
      ),
    ).rejects.toThrow(
      'genericActivationPatch: hook point "blocks.0.attn.hook_result" does not fire; set useAttnResult: true in the configuration',
    );
  });
});

describe("the setters", () => {
  it("change the slice that the index names and nothing else", () => {
    const x = tensor(Array.from({ length: 2 * 3 * 3 * 3 }, () => 0)).reshape([2, 3, 3, 3]);
    const ones = x.add(1);
    const places = (setter: PatchSetter, index: readonly number[]): number[][] => {
      const { data } = setter(x, index, ones).readSync();
      const at = [...data].flatMap((value, i) => (value === 1 ? [i] : []));
      return at.map((i) => [
        Math.floor(i / 27),
        Math.floor(i / 9) % 3,
        Math.floor(i / 3) % 3,
        i % 3,
      ]);
    };
    const [any, both] = [
      [0, 1, 2],
      [0, 1],
    ];
    const cases: readonly (readonly [
      PatchSetter,
      readonly number[],
      readonly (readonly number[])[],
    ])[] = [
      [transformerlens.layerPosPatchSetter, [0, 1], [both, [1], any, any]],
      [transformerlens.layerPosHeadVectorPatchSetter, [0, 1, 2], [both, [1], [2], any]],
      [transformerlens.layerHeadVectorPatchSetter, [0, 2], [both, any, [2], any]],
      [transformerlens.layerHeadPatternPatchSetter, [0, 2], [both, [2], any, any]],
      [transformerlens.layerHeadPosPatternPatchSetter, [0, 2, 1], [both, [2], [1], any]],
      [transformerlens.layerHeadDestSrcPosPatternPatchSetter, [0, 2, 1, 0], [both, [2], [1], [0]]],
    ];
    for (const [setter, index, want] of cases) {
      const product = want.reduce<readonly number[][]>(
        (rows, axis) => rows.flatMap((row) => axis.map((i) => [...row, i])),
        [[]],
      );
      expect(places(setter, index)).toEqual(product);
    }
  });
});

describe("indicesFromRanges", () => {
  it("counts with the last entry fastest", () => {
    expect(indicesFromRanges([2, 3])).toEqual([
      [0, 0],
      [0, 1],
      [0, 2],
      [1, 0],
      [1, 1],
      [1, 2],
    ]);
    expect(indicesFromRanges([])).toEqual([[]]);
  });
});

describe("sweep", () => {
  it("is TransformerLens's function of the same activation and axes", async () => {
    const { getActPatchResidPre, getActPatchAttnHeadQAllPos } = transformerlens;
    const args = [model, corrupted, cache, metric] as const;
    const over = ["layer", "pos"] as const;
    const swept = await patching.sweep(...args, { activation: "resid_pre", over });
    expect(swept.values).toEqual((await getActPatchResidPre(...args)).values);
    const heads = await patching.sweep(...args, { activation: "q", over: ["layer", "head"] });
    expect(heads.values).toEqual((await getActPatchAttnHeadQAllPos(...args)).values);
    const indices = [[1, 2]];
    const some = await patching.sweep(...args, { activation: "resid_pre", over, indices });
    expect(some.axes).toEqual(["index"]);
  });

  it("refuses axes that the activation is not patched over", async () => {
    const args = [model, corrupted, cache, metric] as const;
    await expect(
      patching.sweep(...args, { activation: "pattern", over: ["layer", "pos"] }),
    ).rejects.toThrow(
      "patching.sweep: over must be one of layer head, layer head dest, layer head dest src for pattern, got layer pos",
    );
  });
});
