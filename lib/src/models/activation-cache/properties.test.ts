import { beforeAll, describe, expect, it } from "vitest";
import { scope, init as startArrays, type Tensor, tensor } from "../../arrays/index.ts";
import { type NdArray, nd } from "../../core/nd.ts";
import type { Rng } from "../../core/rng.ts";
import { TorchGenerator } from "../../rng/index.ts";
import { bitNetTransformer } from "../bitnet/index.ts";
import { createModel, type HookedModel } from "../hooked-model.ts";
import { type HookedTransformerOptions, hookedTransformer } from "../hooked-transformer/index.ts";
import type { Model, WeightArrays } from "../model.ts";
import { parseConfig } from "../parse.ts";
import type { LabeledStack } from "./labeled-stack.ts";

const sizes = { dModel: 8, dHead: 4, nHeads: 3, nLayers: 2, nCtx: 5, dVocab: 7, dVocabOut: 9 };
const base = { ...sizes, dMlp: 6, actFn: "gelu" } as const;

const transformers: readonly (readonly [string, Partial<HookedTransformerOptions>])[] = [
  ["LN", {}],
  ["LNPre", { normalizationType: "LNPre" }],
  [
    "RMS, gated, rotary",
    { normalizationType: "RMS", gatedMlp: true, positionalEmbeddingType: "rotary" },
  ],
  ["RMSPre, solu_ln", { normalizationType: "RMSPre", actFn: "solu_ln" }],
  ["no norm", { normalizationType: null }],
  ["attention only", { attnOnly: true }],
  [
    "attention only, no norm, three layers",
    { attnOnly: true, normalizationType: null, nLayers: 3 },
  ],
  [
    "inputs of heads",
    { useSplitQkvInput: true, useAttnIn: true, useAttnResult: true, useHookMlpIn: true },
  ],
  ["shortformer", { positionalEmbeddingType: "shortformer" }],
  ["alibi", { positionalEmbeddingType: "alibi" }],
  ["tied", { tieWordEmbeddings: true, dVocabOut: 7 }],
  ["square", { dMlp: 8, dVocab: 8, dVocabOut: 8, nHeads: 2 }],
  ["no layers", { nLayers: 0 }],
];

const tokens = [
  [0, 1, 2, 3],
  [6, 5, 4, 4],
];

/** Initial weights with something random added, so that biases and norms are not trivial. */
function randomWeights<C>(model: Model<C>, config: C, rng: Rng): WeightArrays {
  const noisy = ({ shape, data }: NdArray): NdArray => {
    const noise = rng.uniform(data.length);
    return nd(
      "float32",
      shape,
      Float64Array.from(data, (w, i) => w + 0.3 * ((noise[i] as number) - 0.5)),
    );
  };
  const entries = Object.entries(model.init(config, rng));
  return Object.fromEntries(entries.map(([name, w]) => [name, noisy(w)]));
}

async function build<C>(model: Model<C>, options: object): Promise<HookedModel<C>> {
  const config = parseConfig("test", model.config, options);
  const weights = randomWeights(model, config, new TorchGenerator(7));
  return createModel(model, options, { weights });
}

function expectClose(a: Tensor, b: Tensor, what: string): void {
  expect(a.shape, what).toEqual(b.shape);
  const [x, y] = [a.readSync().data, b.readSync().data];
  const worst = Math.max(...Array.from(x, (v, i) => Math.abs(v - (y[i] as number))));
  const largest = Math.max(1, ...Array.from(y, Math.abs));
  expect(worst / largest, what).toBeLessThan(1e-5);
}

const total = ({ stack }: LabeledStack): Tensor => stack.sum(0);

beforeAll(() => startArrays());

describe.each(transformers)("the residual stream of a transformer: %s", (_, changes) => {
  const create = () => build(hookedTransformer, { ...base, ...changes });

  it("is the sum of its components before every layer", async () => {
    const model = await create();
    using _scope = scope();
    const { cache } = model.runWithCache(tokens);
    for (let layer = 0; layer <= model.nLayers; layer++) {
      const stream = cache.accumulatedResid(layer).stack.at(-1);
      expectClose(total(cache.decomposeResid(layer)), stream, `layers before ${layer}`);
      for (const expandNeurons of [true, false]) {
        const full = cache.getFullResidDecomposition(layer, { expandNeurons });
        expect(full.labels.length).toBe(full.stack.shape[0]);
        expectClose(total(full), stream, `everything before ${layer}`);
      }
      for (const method of ["stackHeadResults", "stackNeuronResults"] as const) {
        expectClose(total(cache[method](layer, { inclRemainder: true })), stream, method);
      }
    }
  });

  it("is the sum of its components before an MLP", async () => {
    const model = await create();
    using _scope = scope();
    const { cache } = model.runWithCache(tokens);
    if (!cache.has("resid_mid", 0)) {
      expect(() => cache.decomposeResid(0, { mlpInput: true })).toThrow(
        /mlpInput needs a layer whose MLP reads what attention wrote, got layer 0 of \d/,
      );
      return;
    }
    const middle = cache.get("resid_mid", 1);
    expectClose(total(cache.decomposeResid(1, { mlpInput: true })), middle, "layers");
    const full = cache.getFullResidDecomposition(1, { mlpInput: true });
    expectClose(total(full), middle, "everything");
    expect(cache.accumulatedResid(1, { mlpInput: true }).labels.at(-1)).toBe("1_mid");
  });

  it("is normalized component by component: their sum is what the norm returned", async () => {
    const model = await create();
    using _scope = scope();
    const { cache } = model.runWithCache(tokens);
    const norms = [
      ["ln_final", model.nLayers, false],
      ["blocks.0.ln1", 0, false],
      ["blocks.1.ln2", 1, true],
    ] as const;
    for (const [name, layer, mlpInput] of norms) {
      if (!cache.has(`${name}.hook_normalized`)) continue;
      const given = cache.get(`${name}.hook_normalized`);
      const wanted = given.ndim === 4 ? given.at([], [], 0) : given;
      const full = cache.getFullResidDecomposition(layer, { mlpInput, applyLn: true });
      expectClose(total(full), wanted, name);
    }
  });

  it("gives the logits: attributions and the two biases add up to them", async () => {
    const model = await create();
    using _scope = scope();
    const { logits, cache } = model.runWithCache(tokens);
    const full = cache.getFullResidDecomposition();
    const [right, wrong] = [
      [
        [1, 2, 0, 6],
        [5, 4, 3, 2],
      ],
      [
        [0, 0, 0, 0],
        [1, 3, 5, 2],
      ],
    ];
    const normBias = model.weights["ln_final.b"];
    const constants =
      normBias === undefined
        ? model.b_U
        : model.b_U.add(normBias.reshape([1, -1]).matmul(model.W_U).at(0));
    const picked = (choice: number[][]): Tensor => {
      const data = logits.sub(constants).tolist() as number[][][];
      return tensor(choice.map((row, b) => row.map((t, p) => data[b]?.[p]?.[t] as number)));
    };
    expectClose(total(cache.logitAttrs(full, right)), picked(right), "logits");
    const difference = cache.logitAttrs(full, right, { incorrectTokens: wrong });
    expect(difference.labels).toEqual(full.labels);
    expectClose(total(difference), picked(right).sub(picked(wrong)), "logit differences");
  });

  it("is projected as if it were projected afterwards, with and without a norm", async () => {
    const model = await create();
    using _scope = scope();
    const { cache } = model.runWithCache(tokens);
    const directions = model.W_U.at([], [0, 3]);
    for (const applyLn of [false, true]) {
      for (const method of ["stackHeadResults", "getFullResidDecomposition"] as const) {
        const rest = method === "stackHeadResults" ? { inclRemainder: true } : {};
        const options = { applyLn, posSlice: [1, 3], ...rest } as const;
        const plain = cache[method](-1, options);
        const projected = cache[method](-1, { ...options, projectOutputOnto: directions });
        expect(projected.labels).toEqual(plain.labels);
        expectClose(projected.stack, plain.stack.matmul(directions), method);
        const one = cache[method](-1, { ...options, projectOutputOnto: directions.at([], 1) });
        expectClose(one.stack, projected.stack.at([], [], [], 1), `${method}, one direction`);
      }
    }
  });

  it("is sliced as if it were sliced afterwards", async () => {
    const model = await create();
    using _scope = scope();
    const { cache } = model.runWithCache(tokens);
    const whole = cache.getFullResidDecomposition(-1, { applyLn: true });
    const at = (posSlice: Parameters<typeof cache.getFullResidDecomposition>[1]) =>
      cache.getFullResidDecomposition(-1, { applyLn: true, ...posSlice }).stack;
    expectClose(at({ posSlice: -1 }), whole.stack.at([], [], -1), "one");
    expectClose(at({ posSlice: [1, 3] }), whole.stack.at([], [], [1, 3]), "range");
    const second = cache.applySliceToBatchDim(1);
    expect(second.hasBatchDim).toBe(false);
    const alone = second.getFullResidDecomposition(-1, { applyLn: true });
    expectClose(alone.stack, whole.stack.at([], 1), "one sequence");
    const both = [
      [0, 0, 0, 0],
      [1, 2, 3, 4],
    ];
    const attributed = second.logitAttrs(second.decomposeResid(), both[1] as number[]);
    const wanted = cache.logitAttrs(cache.decomposeResid(), both).stack.at([], 1);
    expectClose(attributed.stack, wanted, "attribution of one sequence");
    const early = model.runWithCache(tokens, { posSlice: { list: [3, 0] } }).cache;
    const some = early.getFullResidDecomposition(-1, { applyLn: true }).stack;
    expectClose(some.at([], [], 0), whole.stack.at([], [], 3), "cache of some positions");
  });
});

describe("the residual stream of other models", () => {
  it.each(["binary", "ternary", "none"])(
    "is the sum of heads and neurons: bitnet %s",
    async (q) => {
      const model = await build(bitNetTransformer, {
        ...{ dModel: 8, nHeads: 2, nLayers: 2, dMlp: 6, dVocab: 7 },
        quantization: q,
      });
      using _scope = scope();
      const { cache } = model.runWithCache(tokens);
      const full = cache.getFullResidDecomposition();
      expectClose(total(full), cache.get("resid_post", -1), "stream");
      expectClose(
        total(cache.applyLnToStack(full)),
        cache.get("ln_final.hook_normalized"),
        "normalized",
      );
    },
  );
});
