import { beforeAll, describe, expect, it } from "vitest";
import golden from "../../../goldens/patching.golden.json" with { type: "json" };
import { concatenate, type Tensor, tensor } from "../../arrays/index.ts";
import type { Backend } from "../../compile/backend.ts";
import { nativeBackend } from "../../compile/backends/native/index.ts";
import type { ActivationCache, HookedModel, HookedTransformerConfig } from "../../models/index.ts";
import {
  getActPatchAttnHeadOutByPos,
  getActPatchAttnHeadPatternDestSrcPos,
  getActPatchDirectPath,
  getActPatchDirectPathAllSources,
  getActPatchMlpOut,
  getActPatchResidPre,
} from "../transformerlens/index.ts";
import { attributionFaithfulness, attributionPatching, type Metric } from "./index.ts";
import { modelByFormula } from "./testing/model.ts";

const difference: Metric = (logits) => logits.at([], -1, 3).sub(logits.at([], -1, 1));
const square: Metric = (logits) => logits.mul(logits).mean();
const metrics = { difference, square };

const largest = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.max(...Array.from(b, (x, i) => Math.abs(x - (a[i] ?? Number.NaN))));

let backend: Backend;
beforeAll(async () => {
  backend = await nativeBackend();
});

interface Run {
  readonly model: HookedModel<HookedTransformerConfig>;
  readonly clean: ActivationCache;
  readonly corrupted: ActivationCache;
}

async function runs(config: unknown): Promise<Run> {
  const model = await modelByFormula(config);
  const [clean, corrupted] = [golden.clean, golden.corrupted].map(
    (tokens) => model.runWithCache(tokens).cache,
  ) as [ActivationCache, ActivationCache];
  return { model, clean, corrupted };
}

describe.each(Object.entries(golden.models))("attributionPatching: %s", (_, one) => {
  it("has PyTorch's gradients times the difference of the runs", async () => {
    const { model, clean } = await runs(one.config);
    const patches = {
      resid_pre: getActPatchResidPre,
      attn_head_out_by_pos: getActPatchAttnHeadOutByPos,
    };
    for (const [name, metric] of Object.entries(metrics)) {
      const got = await attributionPatching(model, golden.corrupted, clean, metric, patches);
      const { attribution, baseline } = one.metrics[name as keyof typeof metrics];
      for (const kind of ["resid_pre", "attn_head_out_by_pos"] as const) {
        expect(got[kind].values.shape).toEqual(attribution[kind].shape);
        // The mean of "difference" over 2 examples is in PyTorch's gradient.
        expect(largest(got[kind].values.data, attribution[kind].data), kind).toBeLessThan(1e-5);
        expect(got[kind].baseline).toBeCloseTo(baseline, 5);
      }
    }
  });
});

describe("attributionPatching", () => {
  const config = golden.models["no norm, gelu"].config;

  it("is exact where the metric is linear in the activation, example by example", async () => {
    const { model, clean } = await runs(config);
    const patches = { mlp: getActPatchMlpOut };
    const { mlp } = await attributionPatching(model, golden.corrupted, clean, difference, patches);
    const exact = await getActPatchMlpOut(model, golden.corrupted, clean, difference);
    const lastLayer = (x: ArrayLike<number>): number[] => Array.from(x).slice(-8);
    const change = Array.from(exact.perExample?.data ?? [], (value, i) => {
      return value - (exact.baselinePerExample?.data[i % 2] ?? Number.NaN);
    });
    expect(largest(lastLayer(mlp.perExample?.data ?? []), lastLayer(change))).toBeLessThan(1e-5);
    expect(mlp.labels).toEqual(exact.labels);
  });

  it("approaches exact patching as the clean run approaches the corrupted one", async () => {
    const { model, clean, corrupted } = await runs(config);
    const near = (step: number): ActivationCache =>
      ({
        get: (name: string) => {
          const [to, from] = [clean.get(name), corrupted.get(name)];
          return from.add(to.sub(from).mul(step));
        },
      }) as unknown as ActivationCache;
    const patches = {
      z: getActPatchAttnHeadOutByPos,
      pattern: getActPatchAttnHeadPatternDestSrcPos,
    };
    const errors: number[] = [];
    for (const step of [1, 0.1]) {
      const cache = near(step);
      const { z } = await attributionPatching(model, golden.corrupted, cache, square, patches);
      const exact = await getActPatchAttnHeadOutByPos(model, golden.corrupted, cache, square, {
        backend,
      });
      const { correlation, largestDifference, at } = attributionFaithfulness(z, exact);
      errors.push(largestDifference);
      const own = Math.abs(
        (exact.values.data[at] as number) - exact.baseline - (z.values.data[at] as number),
      );
      expect(own).toBeCloseTo(largestDifference, 12);
      if (step === 0.1) expect(correlation).toBeGreaterThan(0.999);
    }
    expect(errors[1]).toBeLessThan(0.03 * (errors[0] as number));
  });

  it("refuses estimates of another kind, and has no correlation with what is constant", async () => {
    const { model, clean, corrupted } = await runs(config);
    const patches = { mlp: getActPatchMlpOut, z: getActPatchAttnHeadOutByPos };
    const { mlp, z } = await attributionPatching(model, golden.corrupted, clean, square, patches);
    expect(() => attributionFaithfulness(z, mlp)).toThrow(
      "attributionFaithfulness: exact values: expected [2,4,2], got [2,4]",
    );
    const nothing = await getActPatchMlpOut(model, golden.corrupted, corrupted, square);
    expect(attributionFaithfulness(mlp, nothing).correlation).toBeUndefined();
  });

  it("refuses clean runs of another shape", async () => {
    const { model } = await runs(config);
    const { cache } = model.runWithCache([[0, 1, 2]]);
    const patches = { mlp: getActPatchMlpOut };
    await expect(
      attributionPatching(model, golden.corrupted, cache, square, patches),
    ).rejects.toThrow(
      'attributionPatching: clean activation "blocks.0.hook_mlp_out": expected [2,4,8], got [1,3,8]',
    );
  });
});

describe("direct paths", () => {
  const one = golden.models["attention only, RMSPre"];

  it.each(Object.entries(one.metrics))(
    "have TransformerLens's numbers for %s",
    async (name, want) => {
      const { model, clean, corrupted } = await runs(one.config);
      const metric = metrics[name as keyof typeof metrics];
      for (const component of ["q", "k", "v"] as const) {
        const got = await getActPatchDirectPathAllSources(
          ...[model, golden.corrupted, clean, corrupted, metric],
          { component, backend },
        );
        const { shape, data } = want.directPaths[component];
        expect(got.values.shape).toEqual(shape);
        expect(got.axes).toEqual(["source_layer", "source_head", "layer", "head"]);
        const [, heads, layers] = shape as [number, number, number, number];
        data.forEach((value, i) => {
          const [from, to] = [
            Math.floor(i / (heads * layers * heads)),
            Math.floor(i / heads) % layers,
          ];
          const wanted = to > from ? value : want.baseline;
          expect(
            Math.abs((got.values.data[i] as number) - wanted),
            `${component} ${i}`,
          ).toBeLessThan(1e-5);
        });
      }
    },
  );

  it("from one head are a row of those from all, compiled or not", async () => {
    const { model, clean, corrupted } = await runs(one.config);
    const from = { layer: 1, head: 2 };
    const given = [model, golden.corrupted, clean, corrupted, difference] as const;
    const all = await getActPatchDirectPathAllSources(...given, { component: "v", backend });
    const row = await getActPatchDirectPath(...given, from, { component: "v" });
    const start = (from.layer * 3 + from.head) * 9;
    expect(row.values.shape).toEqual([3, 3]);
    expect(largest(row.values.data, all.values.data.slice(start, start + 9))).toBeLessThan(1e-5);
    expect(Math.max(...row.values.data) - row.baseline).not.toBe(0);
  });

  it("are what one head reads of the other, with the scale of the corrupted run, also unfolded", async () => {
    const options = { ...golden.models.LN.config, useSplitQkvInput: true };
    const { model, clean, corrupted } = await runs(options);
    const got = await getActPatchDirectPath(
      ...[model, golden.corrupted, clean, corrupted, difference],
      { layer: 0, head: 1 },
      { component: "k" },
    );
    const w = (model.weights["blocks.0.attn.W_O"] as Tensor).at(1);
    const z = "blocks.0.attn.hook_z";
    const change = clean.get(z).sub(corrupted.get(z)).at([], [], 1).matmul(w).at([], [], null);
    const none = change.mul(0);
    for (const head of [0, 1]) {
      const logits = model.runWithHooks(golden.corrupted, [
        [
          "blocks.1.hook_k_input",
          (x) => x.add(concatenate(head === 0 ? [change, none] : [none, change], 2)),
        ],
        ["blocks.1.ln1.hook_scale", () => corrupted.get("blocks.1.ln1.hook_scale")],
      ]);
      const wanted = difference(logits).mean().item();
      expect(Math.abs((got.values.data[2 + head] as number) - wanted)).toBeLessThan(1e-5);
    }
  });

  it("refuse heads that are not there and models without a later layer", async () => {
    const { model, clean, corrupted } = await runs(one.config);
    const given = [golden.corrupted, clean, corrupted, difference] as const;
    await expect(getActPatchDirectPath(model, ...given, { layer: 3, head: 0 })).rejects.toThrow(
      "getActPatchDirectPath: the source must be a head below layer 3 and head 3, got layer 3 and head 0",
    );
    await expect(getActPatchDirectPath(model, ...given, { layer: 2, head: 0 })).rejects.toThrow(
      "getActPatchDirectPath: no head lies after the source in 3 layers",
    );
  });

  it("read a cache of the tokens that are patched", async () => {
    const { model, clean, corrupted } = await runs(one.config);
    const tokens = tensor([[0, 4, 2]], { dtype: "int32" });
    await expect(
      getActPatchDirectPath(model, tokens, clean, corrupted, difference, { layer: 0, head: 0 }),
    ).rejects.toThrow(/getActPatchDirectPath: clean activation "blocks.0.attn.hook_z": expected/);
  });
});
