import { beforeAll, describe, expect, it } from "vitest";
import { init } from "../arrays/index.ts";
import { type Backend, jaxBackend, nativeBackend } from "../compile/index.ts";
import { nd } from "../core/nd.ts";
import { checkpointFromArrays, checkpointToArrays } from "./checkpoint.ts";
import { train } from "./loop.ts";
import type { TrainingPlan } from "./plan.ts";
import { castWeights, withPrecision } from "./precision.ts";
import { smallPlan } from "./testing/small-plan.ts";

let native: Backend;

beforeAll(async () => {
  await init();
  native = await nativeBackend();
});

type Checkpoints = { step: number; weights: TrainingPlan["initial"] }[];

async function checkpoints(plan: TrainingPlan, backend: Backend): Promise<Checkpoints> {
  const saved: Checkpoints = [];
  for await (const event of train(plan, backend)) {
    if (event.kind === "checkpoint") saved.push(event.checkpoint);
  }
  return saved;
}

function apart(a: Checkpoints, b: Checkpoints): number {
  const [first, second] = [a, b].map((saved) =>
    Object.values(saved.at(-1)?.weights ?? {}).flatMap(({ data }) => [...data]),
  ) as [number[], number[]];
  expect(first.length).toBeGreaterThan(400);
  return Math.max(...first.map((x, i) => Math.abs(x - (second[i] as number))));
}

describe("withPrecision", () => {
  it("trains in float64 to what another back end makes in float64, far closer than float32 can", async () => {
    const plan = smallPlan({ steps: 40, checkpointEvery: 40 });
    const wide = withPrecision(plan, "float64");
    const own = await checkpoints(wide, native);
    const other = await checkpoints(wide, await jaxBackend());
    expect(Object.values(own.at(-1)?.weights ?? {}).map(({ dtype }) => dtype)).toContain("float64");
    expect(apart(own, other)).toBeLessThan(1e-12);
    expect(apart(own, await checkpoints(plan, native))).toBeGreaterThan(1e-9);
  });

  it("goes on from a checkpoint file to the same bytes", async () => {
    const plan = withPrecision(smallPlan({ steps: 20, checkpointEvery: 10 }), "float64");
    const saved = await checkpoints(plan, native);
    const events = train(plan, native, {
      from: checkpointFromArrays(checkpointToArrays(saved[1] as never)),
    });
    const again: Checkpoints = [];
    for await (const event of events) {
      if (event.kind === "checkpoint") again.push(event.checkpoint);
    }
    expect(again.at(-1)).toEqual(saved.at(-1));
  });

  it("refuses a back end without float64 in a sentence", async () => {
    const plan = withPrecision(smallPlan(), "float64");
    await expect(checkpoints(plan, { ...native, name: "web", float64: false })).rejects.toThrow(
      "train: web has no float64; train with precision float32",
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
