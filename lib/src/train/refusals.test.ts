import { beforeAll, describe, expect, it } from "vitest";
import { init } from "../arrays/index.ts";
import { InputError } from "../core/errors.ts";
import { hookedTransformer } from "../models/index.ts";
import { Batches } from "./batches.ts";
import { due } from "./due.ts";
import { trainingPlan } from "./plan-options.ts";

beforeAll(() => init());

const examples = {
  tokens: [
    [1, 2, 3],
    [2, 3, 4],
  ],
  labels: [1, 2],
};
const options = {
  model: hookedTransformer,
  config: { nLayers: 1, dModel: 8, dHead: 4, dMlp: 8, nCtx: 3, dVocab: 5, actFn: "relu" },
  split: { train: examples, test: examples },
  steps: 2,
};
const plan = (changes: object) => trainingPlan({ ...options, ...changes } as never);

describe("what a plan cannot act on is refused", () => {
  it.each([
    [{ params: { p: 3 } }, /params are those of a task/],
    [{ split: { ...options.split, valid: examples } }, /unknown option "valid"/],
    [
      { split: { ...options.split, train: { ...examples, position: [1] } } },
      /did you mean position/,
    ],
    [{ schedule: { name: "constant", warmup: 3 } }, /unknown option "warmup"/],
    [{ schedule: { name: "cosine", warmupSteps: 3 } }, /warmupSteps is for warmup only, .* cosine/],
    [{ schedule: { name: "warmup", warmupSteps: "3" } }, /warmupSteps must be above 0, got 3/],
    [{ frozen: "embed.W_E" }, /frozen: must be a list of weights, got "embed.W_E"/],
    [{ measures: { train: "split", test: "split", x: 1 } }, /measures: unknown option "x"/],
    [{ measures: null }, /measures: options must be an object/],
    [{ measures: { train: "split", test: null } }, /measures: unknown test "null"/],
    [
      { measures: { train: "split", test: { stream: {}, count: "2" } } },
      /count must be .*, got "2"/,
    ],
    [{ lossPrecision: "float16" }, /unknown lossPrecision "float16"; did you mean float/],
    [{ columns: 3 }, /columns: must be a function, got 3/],
    [{ passOrder: 3 }, /passOrder: must be a function, got 3/],
  ])("%j", (changes, message) => {
    expect(() => plan(changes)).toThrow(InputError);
    expect(() => plan(changes)).toThrow(message);
  });

  it.each([[0.5], "1"].map((evalAt) => [evalAt]))("evalAt %j", (evalAt) => {
    expect(() => due(plan({ evalAt }))).toThrow(/evalAt: must be a list of whole numbers/);
  });

  it.each([
    [Int32Array.of(0, 2), /passOrder: rows must be whole numbers in \[0, 2\), got 2 at \[1\]/],
    [Int32Array.of(-1, 0), /passOrder: rows must be whole numbers in \[0, 2\), got -1 at \[0\]/],
    [Int32Array.of(), /passOrder: must give an Int32Array of at least 1 numbers .*, got 0/],
    [[0.5, 1], /passOrder: must give an Int32Array .*, got \[0.5,1\]/],
    [null, /passOrder: must give an Int32Array .*, got null/],
  ])("passOrder gives %j", (order, message) => {
    const { split } = plan({});
    expect(() => new Batches(split.train, 1, 0, () => order as Int32Array)).toThrow(message);
  });
});
