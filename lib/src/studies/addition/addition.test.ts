import { beforeAll, describe, expect, it } from "vitest";
import { init, scope, tensor } from "../../arrays/index.ts";
import { type Backend, nativeBackend } from "../../compile/index.ts";
import { nd } from "../../core/nd.ts";
import { hookedTransformer, runWithHooks, type WeightArrays } from "../../models/index.ts";
import { TorchGenerator } from "../../rng/index.ts";
import { answerPositions, drawAdditions, questions } from "../../tasks/index.ts";
import { type MetricsRow, type TrainingPlan, train } from "../../train/index.ts";
import type { StudyContext, TrainedRun } from "../study.ts";
import golden from "./addition.golden.json" with { type: "json" };
import { attributionOf, lensOf } from "./circuit.ts";
import { fit } from "./fit.ts";
import { additionStudy } from "./index.ts";
import { lossColumns } from "./losses.ts";
import { additionParams } from "./params.ts";
import { answerPasses, componentNames, type Passes, replaceOne } from "./pass.ts";
import { phaseLoss, phasesOf, phaseWindow } from "./phases.ts";
import { initialWeights, modelConfig, plan } from "./plan.ts";
import { answersFrom, scoresOf } from "./scores.ts";

/** The session of lib/goldens/addition.py. */
const session = additionParams.parse({
  dModel: 16,
  nHeads: 2,
  dMlp: 32,
  lr: 0.01,
  steps: 5,
  checkpointEvery: 3,
});

let backend: Backend;

interface Trained {
  readonly rows: MetricsRow[];
  readonly weights: ReadonlyMap<number, WeightArrays>;
}

async function trained(params: typeof session): Promise<Trained> {
  const rows: MetricsRow[] = [];
  const weights = new Map<number, WeightArrays>();
  for await (const event of train(plan(params) as TrainingPlan, backend)) {
    if (event.kind === "metrics") rows.push(event.row);
    if (event.kind === "checkpoint") weights.set(event.checkpoint.step, event.checkpoint.weights);
  }
  return { rows, weights };
}

let run: Trained;

beforeAll(async () => {
  await init();
  backend = await nativeBackend();
  run = await trained(session);
});

/** Random weights of which none is special, biases included. */
function randomWeights(params: typeof session): WeightArrays {
  const rng = new TorchGenerator(1);
  return Object.fromEntries(
    hookedTransformer.parameters(modelConfig(params)).map(({ name, shape }) => [
      name,
      nd(
        "float32",
        shape,
        rng.normal(
          shape.reduce((a, b) => a * b),
          0,
          0.3,
        ),
      ),
    ]),
  );
}

describe("training as seed 001 does", () => {
  it("has its initial weights, questions, losses and sub-task losses, update by update", () => {
    expect(run.rows).toHaveLength(6);
    for (const [step, { loss, accuracy, columns }] of golden.steps.entries()) {
      const {
        trainLoss,
        testLoss,
        trainAccuracy,
        testAccuracy,
        step: own,
        ...others
      } = run.rows[step] as MetricsRow;
      expect(own).toBe(step);
      expect(Math.abs(trainLoss - loss), `step ${step}`).toBeLessThan(2e-6);
      expect(trainAccuracy).toBeCloseTo(accuracy, 12);
      expect([testLoss, testAccuracy]).toEqual([trainLoss, trainAccuracy]);
      expect(Object.keys(others).sort()).toEqual(Object.keys(columns).sort());
      for (const [name, value] of Object.entries(columns)) {
        expect(Math.abs((others[name] as number) - (value as number)), name).toBeLessThan(1e-5);
      }
    }
  });

  it("changes nothing in the first update of the warm-up", () => {
    const first = run.weights.get(0) as WeightArrays;
    expect(first).toEqual(initialWeights(session));
    expect(run.weights.get(3)?.["embed.W_E"]).not.toEqual(first["embed.W_E"]);
  });

  it("trains on the same questions and tests on new ones where data are finite", async () => {
    const params = {
      ...session,
      data: "finite" as const,
      trainCount: 40,
      batchSize: 8,
      evalEvery: 2,
    };
    const { rows } = await trained(params);
    expect(rows.map(({ step }) => step)).toEqual([0, 2, 4, 5]);
    const { split, measures } = plan(params);
    expect(split.train).toEqual(drawAdditions(params, new TorchGenerator(129_000), 40));
    const rng = new TorchGenerator(129_000);
    drawAdditions(params, rng, 40);
    const test = measures?.test as { stream: { generator: Uint8Array }; count: number };
    expect(test.stream.generator).toEqual(rng.state());
    expect(new Set(rows.map(({ testLoss }) => testLoss)).size).toBe(4);
    const digits = (row: MetricsRow): number =>
      ["BaseAdd", "UseCarry1", "UseSum9"].reduce((sum, one) => sum + (row[`cases.${one}`] ?? 0), 0);
    expect(rows.map(digits)).toEqual([40, 40, 40, 40]);
  });
});

describe("lossColumns", () => {
  it("does not count any digit twice, and leaves out cases that are not there", () => {
    const examples = questions(2, Int32Array.of(1, 2, 4, 5), Int32Array.of(3, 4, 5, 5));
    const losses = nd("float64", [2, 3], [1, 2, 3, 4, 5, 6]);
    const columns = lossColumns({ examples, losses, predictions: examples.labels });
    // 12 + 34 = 046 has no carry; 45 + 55 = 100 carries into a nine.
    expect(columns).toEqual({
      A2: 2.5,
      A1: 3.5,
      A0: 4.5,
      "BaseAdd.A1": 2,
      "BaseAdd.A0": 4.5,
      "UseSum9.A1": 5,
      "cases.BaseAdd": 3,
      "cases.UseCarry1": 0,
      "cases.UseSum9": 1,
      "BaseAdd.all": 2.5,
      "UseSum9.one": 5,
      answers: 1,
    });
  });
});

describe("the pass taken apart", () => {
  const params = { ...session, digits: 3 };
  const config = modelConfig(params);
  const positions = answerPositions(3);
  const examples = drawAdditions(params, new TorchGenerator(3), 20);
  let weights: WeightArrays;
  let passes: Passes;

  beforeAll(async () => {
    weights = randomWeights(params);
    passes = await answerPasses(backend, config, weights, 20);
  });

  /** Logits of the model at the positions that answer, with some activations changed. */
  function hooked(hooks: Parameters<typeof runWithHooks>[4]): number[] {
    using _scope = scope();
    const w = Object.fromEntries(Object.entries(weights).map(([n, x]) => [n, tensor(x)]));
    const logits = runWithHooks(hookedTransformer, w, config, tensor(examples.tokens), hooks);
    const [first = 0, end = 0] = [positions[0], (positions.at(-1) as number) + 1];
    return [...logits.at([], [first, end]).readSync().data];
  }

  const expectClose = (own: ArrayLike<number>, theirs: ArrayLike<number>): void => {
    expect(own.length).toBe(theirs.length);
    for (let i = 0; i < own.length; i++) {
      expect(Math.abs((own[i] as number) - (theirs[i] as number))).toBeLessThan(2e-5);
    }
  };

  it("has the logits of forward, split into components", async () => {
    const { logits, direct } = await passes.run(weights, examples.tokens);
    expectClose(logits.data, hooked([]));
    expect(direct.shape).toEqual([componentNames(2).length, 20, 4, 12]);
  });

  it("replaces a head or the MLP by zero as a hook does", async () => {
    const one = await passes.run(weights, examples.tokens, replaceOne(config, 2));
    const head = hooked([
      ["blocks.0.attn.hook_z", (z) => z.mul(tensor(nd("float32", [2, 1], [1, 0])))],
    ]);
    expectClose(one.logits.data, head);
    const other = await passes.run(weights, examples.tokens, replaceOne(config, 3));
    expectClose(other.logits.data, hooked([["blocks.0.hook_mlp_out", (x) => x.mul(0)]]));
  });

  it("replaces a head or the MLP by its mean at each position as a hook does", async () => {
    const whole = await passes.run(weights, examples.tokens);
    const fill = { headFill: whole.headMean, mlpFill: whole.mlpMean };
    const one = await passes.run(weights, examples.tokens, replaceOne(config, 1, fill));
    const keep = nd("float32", [2, 1], [0, 1]);
    const lost = nd("float32", [2, 1], [1, 0]);
    const head = hooked([
      [
        "blocks.0.attn.hook_z",
        (z) => z.mul(tensor(keep)).add(z.mean(0, { keepdims: true }).mul(tensor(lost))),
      ],
    ]);
    expectClose(one.logits.data, head);
    const other = await passes.run(weights, examples.tokens, replaceOne(config, 3, fill));
    const mlp = hooked([
      ["blocks.0.hook_mlp_out", (x) => x.mul(0).add(x.mean(0, { keepdims: true }))],
    ]);
    expectClose(other.logits.data, mlp);
  });

  it("has a lens that ends in the model's own losses, and attributions that add up", async () => {
    const pass = await passes.run(weights, examples.tokens);
    const { losses, predictions } = answersFrom(examples, [pass.logits]);
    const lens = lensOf(pass, examples, 2);
    const [, , classes] = pass.logits.shape as [number, number, number];
    const { attribution, attributionByCase } = attributionOf(pass, examples);
    for (let place = 0; place < 4; place++) {
      const own = Array.from({ length: 20 }, (_, row) => row * 4 + place);
      const mean = (f: (i: number) => number): number => own.reduce((s, i) => s + f(i), 0) / 20;
      expect(lens.loss.data[8 + place]).toBeCloseTo(
        mean((i) => losses.data[i] as number),
        5,
      );
      expect(lens.accuracy.data[8 + place]).toBeCloseTo(
        mean((i) => Number(predictions.data[i] === examples.labels.data[i])),
        12,
      );
      const above = mean((i) => {
        const row = [...pass.logits.data.subarray(i * classes, i * classes + 10)];
        return (
          (row[examples.labels.data[i] as number] as number) - row.reduce((a, b) => a + b) / 10
        );
      });
      const parts = [0, 1, 2, 3].map((c) => attribution.data[c * 4 + place] as number);
      expect(parts.reduce((a, b) => a + b)).toBeCloseTo(above, 4);
    }
    expect(attributionByCase.shape).toEqual([3, 4, 4]);
    expect(attributionByCase.data[0]).toBeNaN();
  });
});

describe("scoresOf", () => {
  it("counts whole answers by kind, by carried nines and by the longest cascade", () => {
    // 11 + 22 = 033, 19 + 22 = 041, 45 + 55 = 100: no carry, a carry, a carried nine.
    const examples = questions(2, Int32Array.of(1, 1, 1, 9, 4, 5), Int32Array.of(2, 2, 2, 2, 5, 5));
    const predictions = nd("int32", [3, 3], [0, 3, 3, 0, 4, 0, 1, 0, 0]);
    const losses = nd("float64", [3, 3], [0, 0, 0, 0, 0, 9, 0, 0, 0]);
    const scores = scoresOf({ examples, losses, predictions });
    expect(scores.all).toEqual({ count: 3, right: 2 });
    expect(scores.byKind).toEqual({
      BaseAdd: { count: 1, right: 1 },
      UseCarry1: { count: 1, right: 0 },
      UseSum9: { count: 1, right: 1 },
    });
    expect(scores.byNines).toEqual([
      { count: 2, right: 1 },
      { count: 1, right: 1 },
    ]);
    expect(scores.byCascade).toEqual(scores.byNines);
    expect(scores.digitAccuracy).toEqual([1, 1, 2 / 3]);
    expect(scores.loss).toBe(1);
    expect([...scores.caseAccuracy.data]).toEqual([1, 2 / 3, 1, Number.NaN, 1, Number.NaN]);
  });
});

describe("phasesOf", () => {
  it("finds where the running mean falls below, skipping batches without the case", () => {
    const count = 4 * phaseWindow;
    const falls = Float32Array.from({ length: count }, (_, i) =>
      i % 2 === 1 ? Number.NaN : i < 2 * phaseWindow ? 2 * phaseLoss : 0,
    );
    const step = Array.from({ length: count }, (_, i) => 10 * i);
    const curves = {
      step,
      trainLoss: step,
      testLoss: step,
      digits: ["A1", "A0"],
      columns: { "UseCarry1.A1": falls, A0: falls.map(() => 2) },
      cases: {},
    };
    const half = 2 * phaseWindow + 2 * Math.floor(phaseWindow / 2);
    expect(phasesOf(curves)).toEqual([{ column: "UseCarry1.A1", step: 10 * half }]);
  });
});

describe("the study", () => {
  it("analyses, judges and reports a run, and weights without a run", async () => {
    const context: StudyContext = {
      progress: () => {},
      backend,
      published: async () => undefined,
    };
    const weights = run.weights;
    const whole: TrainedRun = {
      metrics: run.rows,
      checkpointSteps: [0, 3, 5],
      weights: async (step) => weights.get(step) as WeightArrays,
      companions: {},
    };
    const results = await additionStudy.analyse(session, whole, context);
    expect(results.batch.number).toBe(8);
    expect(results.circuit.ablations.map(({ step }) => step)).toEqual([0, 3, 5]);
    expect(results.scores.all.count).toBe(20_000);
    expect(results.batch.hook.largestChange).toBeGreaterThan(0);
    expect(additionStudy.claims(session, results)).toEqual([]);
    const figures = additionStudy
      .report(session, results)
      .flatMap((section) => section.figures.map(({ id }) => id));
    expect(new Set(figures).size).toBe(figures.length);
    expect(figures).toContain("loss-usesum9-digits");
    expect(additionStudy.metrics(results).accuracy).toBeLessThan(0.1);
    const bare = { ...results, curves: null, phases: [] };
    const fewer = additionStudy.report(session, bare).flatMap((section) => section.figures);
    expect(fewer.map(({ id }) => id)).not.toContain("loss");
  });

  it("reads its sizes from weights", () => {
    const params = additionParams.parse({ digits: 3, dModel: 8, nHeads: 4, dMlp: 24, outputs: 10 });
    const { digits, dModel, nHeads, dMlp, outputs } = fit(
      additionParams.parse({}),
      initialWeights(params),
    );
    expect({ digits, dModel, nHeads, dMlp, outputs }).toEqual({
      digits: 3,
      dModel: 8,
      nHeads: 4,
      dMlp: 24,
      outputs: 10,
    });
    expect(() => fit(params, {})).toThrow("addition: the weight pos_embed.W_pos is missing");
    const odd = {
      ...initialWeights(params),
      "pos_embed.W_pos": nd("float32", [3, 8], new Float32Array(24)),
    };
    expect(() => fit(params, odd)).toThrow(
      "addition: pos_embed.W_pos must have 3 n + 3 positions for n of 2 to 10 digits, got 3",
    );
  });
});
