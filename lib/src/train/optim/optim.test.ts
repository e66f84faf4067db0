import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { init, type Tensor, tensor } from "../../arrays/index.ts";
import { nd } from "../../core/nd.ts";
import type { OptimizerOptions } from "../plan.ts";
import { learningRateFactor } from "../schedule.ts";
import * as all from "./all.ts";
import { optimizerOf } from "./index.ts";

interface Golden {
  readonly start: readonly number[];
  readonly cases: Readonly<
    Record<string, { readonly options: OptimizerOptions; readonly weights: readonly number[][] }>
  >;
  readonly schedules: { readonly warmup: readonly number[]; readonly cosine: readonly number[] };
}

const golden = JSON.parse(
  readFileSync(new URL("./optim.golden.json", import.meta.url), "utf8"),
) as Golden;

beforeAll(() => init());

/** Weights after each of five updates with the gradient cos(3 w + t), as in goldens/optim.py. */
function fiveUpdates(given: OptimizerOptions): number[][] {
  const { optimizer, options } = optimizerOf(given);
  const length = golden.start.length;
  let weight = tensor(nd("float32", [length], golden.start));
  let moments = Object.fromEntries(
    optimizer
      .moments(options)
      .map((name) => [name, tensor(nd("float32", [length], new Float32Array(length)))]),
  ) as Readonly<Record<string, Tensor>>;
  return [0, 1, 2, 3, 4].map((t) => {
    const values = [...weight.readSync().data];
    const gradient = tensor(
      nd(
        "float32",
        [length],
        values.map((w) => Math.cos(3 * w + t)),
      ),
    );
    const scalars = Object.entries(optimizer.scalars(options, t + 1, given.lr)).map(
      ([name, x]) => [name, tensor(nd("float32", [], [x]))] as const,
    );
    const done = optimizer.update(options, weight, gradient, moments, Object.fromEntries(scalars));
    ({ weight, moments } = done);
    return [...weight.readSync().data];
  });
}

describe("optimizers", () => {
  it.each(Object.keys(golden.cases))("%s does what PyTorch does over five updates", (title) => {
    const { options, weights } = golden.cases[title] as Golden["cases"][string];
    for (const [t, row] of fiveUpdates(options).entries()) {
      for (const [i, w] of row.entries()) {
        expect(
          Math.abs(w - (weights[t]?.[i] as number)),
          `update ${t + 1}, weight ${i}`,
        ).toBeLessThan(5e-7);
      }
    }
  });

  it("differ from one another, so that the goldens tell them apart", () => {
    const decayed = golden.cases["adam with decay"] as Golden["cases"][string];
    const asAdamW = fiveUpdates({ ...decayed.options, name: "adamw" });
    expect(
      Math.abs((asAdamW[4]?.[3] as number) - (decayed.weights[4]?.[3] as number)),
    ).toBeGreaterThan(1e-4);
  });

  it("are registered under their own names", () => {
    for (const [name, optimizer] of Object.entries(all)) expect(optimizer.name).toBe(name);
  });

  it("fill in PyTorch's defaults", () => {
    expect(optimizerOf({ name: "adamw", lr: 1e-3 }).options).toEqual({
      name: "adamw",
      lr: 1e-3,
      betas: [0.9, 0.999],
      eps: 1e-8,
      weightDecay: 0,
    });
  });

  it("refuse what they do not know, in one sentence", () => {
    expect(() => optimizerOf({ name: "adamv" as "adam", lr: 1 })).toThrow(
      'train: unknown optimizer "adamv"; did you mean adam, adamw, sgd?',
    );
  });

  it.each([
    [{ lr: -1 }, "adam: lr must be at least 0, got -1"],
    [{ lr: Number.NaN }, "adam: lr must be a finite number, got NaN"],
    [{ lr: undefined }, "adam: lr is required"],
    [{ betas: [0.9, 1] }, "adam: betas.1 must be less than 1, got 1"],
    [{ betas: [0.9] }, "adam: betas must be a list of at least 2, got"],
    [{ betas: 0.9 }, "adam: betas must be a list, got 0.9"],
    [{ eps: -1 }, "adam: eps must be at least 0, got -1"],
    [{ weightDecay: "0.1" }, 'adam: weightDecay must be a finite number, got "0.1"'],
    [{ momentum: 0.9 }, 'adam: unknown field "momentum"; did you mean'],
    [{ learningRate: 1 }, 'optimizer: unknown option "learningRate"; did you mean'],
  ])("refuse %o", (wrong, sentence) => {
    const options = { name: "adam", lr: 1, ...wrong } as OptimizerOptions;
    expect(() => optimizerOf(options)).toThrow(sentence);
  });
});

describe("schedules", () => {
  it("warm up as PyTorch's LambdaLR with min(step / 10, 1)", () => {
    const factors = golden.schedules.warmup.map((_, step) =>
      learningRateFactor({ name: "warmup", warmupSteps: 10 }, step, 20),
    );
    expect(factors).toEqual(golden.schedules.warmup);
    expect(factors[0]).toBe(0);
  });

  it("anneal as PyTorch's CosineAnnealingLR", () => {
    for (const [step, factor] of golden.schedules.cosine.entries()) {
      expect(learningRateFactor({ name: "cosine" }, step, 20)).toBeCloseTo(factor, 12);
    }
  });

  it("stay at 1 when constant", () => {
    expect(learningRateFactor({ name: "constant" }, 7, 20)).toBe(1);
  });

  it("need a number of warm-up steps", () => {
    expect(() => learningRateFactor({ name: "warmup" }, 0, 20)).toThrow(
      "schedule: warmupSteps must be above 0, got undefined",
    );
  });
});
