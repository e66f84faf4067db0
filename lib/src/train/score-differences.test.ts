import { beforeAll, describe, expect, it } from "vitest";
import { init, tensor } from "../arrays/index.ts";
import { nativeBackend } from "../compile/index.ts";
import { hookedTransformer, type Model } from "../models/index.ts";
import { TorchGenerator } from "../rng/index.ts";
import { modularArithmetic } from "../tasks/index.ts";
import { logitsOfConstant } from "./logits.ts";
import type { TrainingPlan } from "./plan.ts";
import { scoreDifferences } from "./score-differences.ts";
import { uploadState } from "./state.ts";
import { compileStep, initialState } from "./step.ts";
import { smallPlan } from "./testing/small-plan.ts";

beforeAll(() => init());

/** Addition modulo p: p outputs. */
function planOf(p: number, changes: object = {}): TrainingPlan {
  const small = smallPlan();
  const config = hookedTransformer.config.parse({
    ...(small.config as object),
    dVocab: p + 1,
    dVocabOut: p,
    ...changes,
  });
  const initial = hookedTransformer.init(config, new TorchGenerator(1));
  const split = modularArithmetic.split(
    { operation: "a+b", p, trainFraction: 0.4 },
    new TorchGenerator(2),
  );
  const optimizer = { name: "sgd", lr: 0.5 } as const;
  return { ...small, config, initial, split, optimizer, frozen: [] };
}

function scored({ initial, ...plan }: TrainingPlan): ReturnType<typeof scoreDifferences> {
  const weights = Object.fromEntries(
    Object.entries(initial).map(([name, array]) => [name, tensor(array)]),
  );
  return scoreDifferences({ initial, ...plan }, weights, (given, own) =>
    logitsOfConstant(given, own, plan.split.train),
  );
}

async function trained(plan: TrainingPlan, steps: number): Promise<readonly number[]> {
  const backend = await nativeBackend();
  const step = await compileStep(plan, backend);
  let state = uploadState(backend, initialState(plan));
  for (let at = 0; at < steps; at++) state = (await step.run(state, at)).state;
  const arrays = await Promise.all(Object.values(state.weights).map((value) => value.read()));
  await step.release();
  return arrays.flatMap(({ data }) => [...data]);
}

describe("scoreDifferences", () => {
  it("leaves the last logit out where it alone would begin another sixteen columns", () => {
    const shapes = [16, 17, 18, 33].map((p) => {
      const { logits, zeroFollows } = scored(planOf(p));
      return [p, logits.shape[1], zeroFollows];
    });
    expect(shapes).toEqual([
      [16, 16, false],
      [17, 16, true],
      [18, 18, false],
      [33, 32, true],
    ]);
  });

  it("keeps all logits of a model that has no unembedding of its own", () => {
    const { logits, zeroFollows } = scored(planOf(16, { dVocabOut: 17, tieWordEmbeddings: true }));
    expect([logits.shape[1], zeroFollows]).toEqual([17, false]);
  });

  it("trains to the weights that all logits would give, up to float32 rounding", async () => {
    const plan = planOf(17);
    const { logitDifferences: _, ...without } = plan.model as Model<unknown>;
    const [narrow, whole] = [await trained(plan, 8), await trained({ ...plan, model: without }, 8)];
    const apart = Math.max(...narrow.map((x, i) => Math.abs(x - (whole[i] as number))));
    expect(apart).toBeGreaterThan(0);
    expect(apart).toBeLessThan(1e-5);
  });
});
