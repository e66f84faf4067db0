import { beforeAll, describe, expect, it } from "vitest";
import { argmax, init } from "../arrays/index.ts";
import { nativeBackend } from "../compile/index.ts";
import { hookedTransformer } from "../models/index.ts";
import { taskFromExamples } from "../tasks/index.ts";
import { type MetricsRow, trainModel } from "./index.ts";

beforeAll(() => init());

describe("trainModel", () => {
  it("trains and opens the model at its end", async () => {
    const rows = Array.from({ length: 16 }, (_, i) => [i >> 2, i & 3]);
    const labels = rows.map(([a = 0, b = 0]) => Math.max(a, b));
    const seen: MetricsRow[] = [];
    const { model, rows: log } = await trainModel(
      {
        model: hookedTransformer,
        config: { nLayers: 1, dModel: 16, dHead: 8, normalizationType: null, actFn: "relu" },
        task: taskFromExamples("max", { tokens: rows, labels }),
        params: { trainFraction: 0.75 },
        steps: 60,
      },
      { backend: await nativeBackend(), onRow: (row) => seen.push(row) },
    );
    expect(seen).toEqual(log);
    expect(log.at(-1)?.trainLoss).toBeLessThan((log[0]?.trainLoss as number) / 2);
    const answers = argmax(model.forward(rows).at([], -1), -1).tolist() as number[];
    const right = answers.filter((answer, i) => answer === labels[i]).length / 16;
    const { trainAccuracy = 0, testAccuracy = 0 } = log.at(-1) ?? {};
    expect(right).toBeCloseTo(0.75 * trainAccuracy + 0.25 * testAccuracy, 6);
  });
});
