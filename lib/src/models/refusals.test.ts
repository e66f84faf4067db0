import { beforeAll, describe, expect, it } from "vitest";
import { init, tensor } from "../arrays/index.ts";
import { InputError, ShapeError } from "../core/errors.ts";
import { nd } from "../core/nd.ts";
import {
  crossEntropy,
  HookedTransformer,
  lmAccuracy,
  lossFn,
  rankOf,
  sampleLogits,
} from "./index.ts";

beforeAll(() => init());

const config = { nLayers: 1, dModel: 8, dHead: 4, dMlp: 8, nCtx: 4, dVocab: 5, actFn: "relu" };
const create = (source?: object) =>
  HookedTransformer.create(config as never, source as never) as Promise<
    // biome-ignore lint/suspicious/noExplicitAny: wrong types are the subject of these tests
    any
  >;
const tokens = [[1, 2, 3]];

describe("what is no input is refused in a sentence", () => {
  it.each([null, [[1, false]], [[true, 2]]])("tokens %j", async (wrong) => {
    const model = await create();
    expect(() => model.forward(wrong)).toThrow(/^tensor: expected numbers/);
  });

  it.each([
    ["forward", { tokens, returnType: "loss" }, /tokens is for a loss after startAtLayer only/],
    ["forward", { hook: 3 }, /hook must be a function of \(name, value\), got 3/],
    ["forward", { attentionMask: null }, /expected numbers, got null/],
    ["runWithCache", { loss: () => tensor(0) }, /loss is used with inclBwd: true only/],
    ["runWithCache", { inclBwd: true, loss: 3 }, /loss must be a function .*, got 3/],
    ["runWithCache", { inclBwd: true, stopAfterLast: true }, /leave stopAfterLast out/],
    ["runWithCache", { posSlice: "1" }, /slice: must be a number, .*, got "1"/],
    ["runWithCache", { posSlice: null }, /slice: must be a number, .*, got null/],
    [
      "generate",
      { stopAtToken: null },
      /stopAtToken must be a token or a list of tokens, got null/,
    ],
    ["generate", { doSample: "no" }, /doSample must be true or false, got "no"/],
    ["generate", { rng: 3 }, /rng must be a generator such as TorchGenerator, got 3/],
  ])("%s %j", async (method, options, message) => {
    const model = await create();
    const run = (): unknown => model[method](tokens, options);
    expect(run).toThrow(InputError);
    expect(run).toThrow(message);
  });

  it.each([
    [{ rng: 3 }, /rng must be a generator/],
    [{ weights: null }, /weights must be an object of arrays by name, got null/],
    [{ weights: { "embed.W_E": null } }, /weight "embed.W_E" must be an NdArray, got null/],
    [{ weights: {}, processed: ["fold"] }, /processed must be a list of foldLayerNorm/],
  ])("weights from %j", async (source, message) => {
    await expect(create(source)).rejects.toThrow(message);
    await expect(create(source)).rejects.toBeInstanceOf(InputError);
  });

  it("logits that are a list, and an answer that is no token", () => {
    const sample = (): unknown => sampleLogits([[1, 2]] as never, { temperature: 0 });
    expect(sample).toThrow("sampleLogits: logits must be a tensor or an NdArray, got [[1,2]]");
    expect(() => rankOf([1, 2] as never, 1)).toThrow("rankOf: logits must be a tensor");
    expect(() => rankOf(nd("float32", [2], [1, 2]), "length" as never)).toThrow(
      "answer must lie in [0, 2)",
    );
  });

  it("tokens of other lengths than the logits, or out of range", () => {
    const logits = tensor([
      [
        [1, 2],
        [1, 2],
        [1, 2],
      ],
    ]); // prettier-ignore
    const short = tensor([[1, 1]], { dtype: "int32" });
    expect(() => lossFn(logits, short)).toThrow(ShapeError);
    expect(() => lmAccuracy(logits, short)).toThrow(ShapeError);
    const wrong = tensor([[1, 1, 9]], { dtype: "int32" });
    expect(() => lmAccuracy(logits, wrong)).toThrow(
      "lmAccuracy: tokens must be whole numbers in [0, 2), got 9 at [0,2]",
    );
    expect(crossEntropy(tensor([[0, 0]]), tensor([1], { dtype: "int32" })).item()).toBeCloseTo(
      Math.log(2),
    );
  });
});
