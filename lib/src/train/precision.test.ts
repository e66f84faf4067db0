import { beforeAll, describe, expect, it } from "vitest";
import { init } from "../arrays/index.ts";
import { type Backend, jaxBackend, nativeBackend } from "../compile/index.ts";
import { nd } from "../core/nd.ts";
import { type Checkpoint, checkpointFromArrays, checkpointToArrays } from "./checkpoint.ts";
import { train } from "./loop.ts";
import type { TrainingPlan } from "./plan.ts";
import { castCheckpoint, castWeights } from "./precision.ts";
import { smallPlan } from "./testing/small-plan.ts";

let native: Backend;

beforeAll(async () => {
  await init();
  native = await nativeBackend();
});

async function checkpoints(
  plan: TrainingPlan,
  backend: Backend,
  from?: Checkpoint,
): Promise<Checkpoint[]> {
  const saved: Checkpoint[] = [];
  for await (const event of train(plan, backend, { from })) {
    if (event.kind === "checkpoint") saved.push(event.checkpoint);
  }
  return saved;
}

function apart(a: Checkpoint[], b: Checkpoint[]): number {
  const [first, second] = [a, b].map((saved) =>
    Object.values(saved.at(-1)?.weights ?? {}).flatMap(({ data }) => [...data]),
  ) as [number[], number[]];
  expect(first.length).toBeGreaterThan(400);
  return Math.max(...first.map((x, i) => Math.abs(x - (second[i] as number))));
}

describe("float64Steps", () => {
  it("trains in float64 to what another back end makes in float64, far closer than float32 can", async () => {
    const plan = smallPlan({ steps: 40, checkpointEvery: 40 });
    const wide = { ...plan, float64Steps: 40 };
    const own = await checkpoints(wide, native);
    const other = await checkpoints(wide, await jaxBackend());
    expect(Object.values(own.at(-1)?.weights ?? {}).map(({ dtype }) => dtype)).toContain("float64");
    expect(apart(own, other)).toBeLessThan(1e-12);
    expect(apart(own, await checkpoints(plan, native))).toBeGreaterThan(1e-9);
  });

  it("goes on in float32 from where float64 ended, rounded once", async () => {
    const plan = smallPlan({ steps: 20, checkpointEvery: 10 });
    const [, ten, last] = await checkpoints({ ...plan, float64Steps: 10 }, native);
    const [, exact] = await checkpoints({ ...plan, float64Steps: 20 }, native);
    expect(ten).toEqual(exact);
    const from = castCheckpoint(ten as Checkpoint, "float32");
    expect((await checkpoints(plan, native, from)).at(-1)).toEqual(last);
    expect(Object.values(last?.weights ?? {}).map(({ dtype }) => dtype)).not.toContain("float64");
  });

  it.each([
    ["full batches", {}],
    ["mini-batches", { batchSize: 7, evalEvery: 3 }],
  ])("resumes in either phase to the same bytes, with %s", async (_, changes) => {
    const plan = { ...smallPlan({ steps: 30, checkpointEvery: 6, ...changes }), float64Steps: 15 };
    const saved = await checkpoints(plan, native);
    expect(saved).toHaveLength(6);
    for (const checkpoint of saved) {
      const from = checkpointFromArrays(checkpointToArrays(checkpoint));
      const again = await checkpoints(plan, native, from);
      if (checkpoint.step < plan.steps) expect(again.at(-1)).toEqual(saved.at(-1));
    }
  });

  it("refuses a back end without float64, and no whole number, in a sentence", async () => {
    const plan = smallPlan({ float64Steps: 10 });
    await expect(checkpoints(plan, { ...native, name: "web", float64: false })).rejects.toThrow(
      "train: web has no float64; train with float64Steps 0",
    );
    await expect(checkpoints({ ...plan, float64Steps: 1.5 }, native)).rejects.toThrow(
      "plan: float64Steps must be a whole number from 0, got 1.5",
    );
  });
});

describe("castWeights", () => {
  it("rounds floats to float32 and leaves the rest as it is", () => {
    const given = { w: nd("float64", [2], [0.1, 1e-50]), index: nd("int32", [1], [7]) };
    const cast = castWeights(given, "float32");
    expect(cast).toEqual({ w: nd("float32", [2], [Math.fround(0.1), 0]), index: given.index });
    expect(castWeights(cast, "float32").w).toBe(cast.w);
  });
});
