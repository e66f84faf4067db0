import { beforeAll, describe, expect, it } from "vitest";
import { type Tensor, tensor } from "../../arrays/index.ts";
import type { Backend } from "../../compile/backend.ts";
import { nativeBackend } from "../../compile/backends/native/index.ts";
import { nd } from "../../core/nd.ts";
import {
  compiled,
  type HookEntry,
  type HookedModel,
  HookedTransformer,
  type HookedTransformerConfig,
  nextTokenLoss,
} from "../../models/index.ts";
import { TorchGenerator } from "../../rng/index.ts";
import type { Metric } from "../patching/index.ts";
import {
  type AblationKind,
  type AblationUnit,
  ablateEntries,
  ablateHeads,
  ablateNeurons,
  ablatePositions,
  ablationEffects,
  meanValues,
  otherExamples,
  resampledValues,
} from "./index.ts";

const tokens = [
  [0, 1, 2, 3],
  [5, 4, 6, 2],
  [3, 3, 0, 1],
];
const others = [
  [1, 1, 4, 5],
  [6, 0, 2, 2],
];
const metric: Metric = (logits) => logits.at([], -1, 3).sub(logits.at([], -1, 1));

type Change = (x: Tensor, name: string) => Tensor;

let model: HookedModel<HookedTransformerConfig>;
let backend: Backend;
beforeAll(async () => {
  const sizes = { nLayers: 2, dModel: 8, dHead: 4, nHeads: 2, nCtx: 4, dVocab: 7, dMlp: 6 };
  model = await HookedTransformer.create(sizes, { seed: 1 });
  backend = await nativeBackend();
});

const measure = (hooks: readonly HookEntry[]): number =>
  metric(model.runWithHooks(tokens, hooks)).mean().item();
const worst = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.max(...Array.from(b, (x, i) => Math.abs(x - (a[i] ?? Number.NaN))));

/** The change of one unit, written with the plain entries. */
const entryOf: {
  readonly [U in AblationUnit]: (index: readonly number[], replacement: Change) => HookEntry;
} = {
  heads: ([l = 0, h = 0], r) => [
    `blocks.${l}.attn.hook_z`,
    (x, n) => ablateHeads(l, [h], { replacement: r(x, n) })[1](x, n),
  ],
  headsByPos: ([l = 0, p = 0, h = 0], r) => [
    `blocks.${l}.attn.hook_z`,
    (x, n) => ablateHeads(l, [h], { replacement: r(x, n), positions: [p] })[1](x, n),
  ],
  attns: ([l = 0], r) => [`blocks.${l}.hook_attn_out`, r],
  attnsByPos: ([l = 0, p = 0], r) => [
    `blocks.${l}.hook_attn_out`,
    (x, n) => ablatePositions("attn_out", l, [p], { replacement: r(x, n) })[1](x, n),
  ],
  mlps: ([l = 0], r) => [`blocks.${l}.hook_mlp_out`, r],
  mlpsByPos: ([l = 0, p = 0], r) => [
    `blocks.${l}.hook_mlp_out`,
    (x, n) => ablatePositions("mlp_out", l, [p], { replacement: r(x, n) })[1](x, n),
  ],
  neurons: ([l = 0, i = 0], r) => [
    `blocks.${l}.mlp.hook_post`,
    (x, n) => ablateNeurons(l, [i], { replacement: r(x, n) })[1](x, n),
  ],
  positions: ([l = 0, p = 0], r) => [
    `blocks.${l}.hook_resid_pre`,
    (x, n) => ablatePositions("resid_pre", l, [p], { replacement: r(x, n) })[1](x, n),
  ],
};

const shapes: { readonly [U in AblationUnit]: readonly number[] } = {
  heads: [2, 2],
  headsByPos: [2, 4, 2],
  attns: [2],
  attnsByPos: [2, 4],
  mlps: [2],
  mlpsByPos: [2, 4],
  neurons: [2, 6],
  positions: [2, 4],
};

describe("ablationEffects", () => {
  const clean = () => model.runWithCache(tokens).cache;
  const fromOthers = () => model.runWithCache(others).cache;
  const kinds: readonly (readonly [string, () => AblationKind, (name: string) => Change])[] = [
    ["zeros", () => ({ kind: "zero" }), () => (x) => x.mul(0)],
    ["means", () => ({ kind: "mean" }), (name) => () => meanValues(clean().get(name))],
    [
      "means of other data over positions",
      () => ({ kind: "mean", from: others, overPositions: true }),
      (name) => () => meanValues(fromOthers().get(name), { overPositions: true, batch: 3 }),
    ],
    [
      "other examples",
      () => ({ kind: "resample", rng: new TorchGenerator(5) }),
      (name) => () => resampledValues(clean().get(name), otherExamples(3, new TorchGenerator(5))),
    ],
    [
      "examples of other data",
      () => ({ kind: "resample", rng: new TorchGenerator(6), from: others }),
      (name) => () =>
        resampledValues(fromOthers().get(name), new TorchGenerator(6).randint(0, 2, 3)),
    ],
  ];

  it.each(kinds)(
    "puts in %s, one unit at a time, compiled",
    async (_, ablation, replacement) => {
      for (const units of Object.keys(shapes) as AblationUnit[]) {
        const got = await ablationEffects(model, tokens, metric, {
          units,
          ablation: ablation(),
          backend,
        });
        expect(got.values.shape, units).toEqual(shapes[units]);
        const last = shapes[units].map((size) => size - 1);
        const first = shapes[units].map(() => 0);
        for (const [index, value] of [
          [first, got.values.data[0]],
          [last, got.values.data.at(-1)],
        ] as const) {
          const [name] = entryOf[units](index, (x) => x);
          const entry = entryOf[units](index, replacement(String(name)));
          expect(Math.abs((value as number) - measure([entry])), `${units} ${index}`).toBeLessThan(
            1e-5,
          );
        }
        expect(Math.abs(got.baseline - measure([]))).toBeLessThan(1e-5);
      }
    },
    60_000,
  );

  it("gives the same numbers with one forward pass per unit", async () => {
    for (const units of ["heads", "neurons", "mlps"] as const) {
      const options = { units, ablation: { kind: "zero" } } as const;
      const slow = await ablationEffects(model, tokens, metric, options);
      const fast = await ablationEffects(model, tokens, metric, { ...options, backend });
      expect(worst(fast.perExample?.data ?? [], slow.perExample?.data ?? [])).toBeLessThan(1e-5);
      expect(fast.labels).toEqual(slow.labels);
    }
  });

  it("measures losses too", async () => {
    const loss: Metric = (logits) => nextTokenLoss(logits, tensor(tokens, { dtype: "int32" }));
    const options = { units: "heads", ablation: { kind: "zero" }, backend } as const;
    const got = await ablationEffects(model, tokens, loss, options);
    const wanted = loss(model.runWithHooks(tokens, [ablateHeads(1, [0])])).item();
    expect(Math.abs((got.values.data[2] as number) - wanted)).toBeLessThan(1e-5);
    expect(got.perExample).toBeUndefined();
  });

  it("refuses what the model or the data lack", async () => {
    const plain = await HookedTransformer.create(
      { nLayers: 1, attnOnly: true, dModel: 8, dHead: 4, nCtx: 4, dVocab: 7 },
      { seed: 1 },
    );
    const zero = { kind: "zero" } as const;
    await expect(
      ablationEffects(plain, tokens, metric, { units: "neurons", ablation: zero }),
    ).rejects.toThrow(
      'ablationEffects: this configuration has no hook point "blocks.0.mlp.hook_post"',
    );
    const rng = new TorchGenerator(0);
    await expect(
      ablationEffects(model, [tokens[0] as number[]], metric, {
        units: "heads",
        ablation: { kind: "resample", rng },
      }),
    ).rejects.toThrow("otherExamples: needs at least 2 examples to take from, got 1");
    await expect(
      ablationEffects(model, tokens, metric, {
        units: "heads",
        ablation: { kind: "mean", from: [[1, 2]] },
      }),
    ).rejects.toThrow(
      "ablationEffects: sequences to take activations from must have 4 tokens, got 2",
    );
  });
});

describe("ablation entries", () => {
  it("leave what they do not name", () => {
    const x = tensor([
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
    ]);
    const change = (entry: HookEntry): unknown => entry[1](x, "")?.tolist();
    expect(change(ablateEntries("a", -1, [0, 2]))).toEqual([
      [
        [0, 2, 0],
        [0, 5, 0],
      ],
    ]);
    expect(change(ablateEntries("a", 2, [1], { replacement: 9, positions: [1] }))).toEqual([
      [
        [1, 2, 3],
        [4, 9, 6],
      ],
    ]);
    const replacement = tensor([7, 8, 9]);
    expect(change(ablateEntries("a", 1, [0], { replacement }))).toEqual([
      [
        [7, 8, 9],
        [4, 5, 6],
      ],
    ]);
  });

  it("are chosen by numbers of a tensor too, also in a compiled reading", async () => {
    const wanted = model.runWithHooks(tokens, [ablateHeads(1, [1])]).readSync();
    const chosen = model.runWithHooks(tokens, [ablateHeads(1, tensor([0, 1]))]).readSync();
    expect(worst(chosen.data, wanted.data)).toBe(0);
    await using without = await compiled(model, backend, (own, x: Tensor, off: Tensor) => ({
      logits: own.runWithHooks(x, [ablateHeads(1, off)]),
    }));
    const { logits } = await without(
      nd("int32", [3, 4], tokens.flat()),
      nd("float32", [2], [0, 1]),
    );
    expect(worst(logits.data, wanted.data)).toBeLessThan(1e-5);
    expect(() => model.runWithHooks(tokens, [ablateHeads(0, tensor([1, 0, 0]))])).toThrow(
      'ablation of "blocks.0.attn.hook_z": entries of axis 2: expected [2], got [3]',
    );
  });

  it("refuse entries and replacements that do not fit", () => {
    expect(() => model.runWithHooks(tokens, [ablateHeads(0, [2])])).toThrow(
      'ablation of "blocks.0.attn.hook_z": entries of axis 2 must lie in [0, 2), got 2',
    );
    expect(() => model.runWithHooks(tokens, [ablateNeurons(1, [])])).toThrow(
      'ablation of "blocks.1.mlp.hook_post": entries of axis 2 must lie in [0, 6), got none',
    );
    const replacement = tensor([1, 2, 3]);
    expect(() => model.runWithHooks(tokens, [ablateNeurons(1, [0], { replacement })])).toThrow(
      'ablation of "blocks.1.mlp.hook_post": expected [3,4,6], got [3]',
    );
  });
});

describe("replacements", () => {
  it("are means of examples, or of examples and positions", () => {
    const x = tensor([
      [[1], [2]],
      [[3], [6]],
    ]);
    expect(meanValues(x).tolist()).toEqual([
      [[2], [4]],
      [[2], [4]],
    ]);
    expect(meanValues(x, { overPositions: true, batch: 1 }).tolist()).toEqual([[[3], [3]]]);
    expect(resampledValues(x, [1, 1, 0]).tolist()).toEqual([
      [[3], [6]],
      [[3], [6]],
      [[1], [2]],
    ]);
    expect(() => resampledValues(x, [2])).toThrow(
      "resampledValues: examples must lie in [0, 2), got 2",
    );
  });

  it("come from another example, every one once", () => {
    for (let seed = 0; seed < 20; seed++) {
      const from = otherExamples(7, new TorchGenerator(seed));
      expect([...from].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
      expect(from.every((example, i) => example !== i)).toBe(true);
    }
  });
});
