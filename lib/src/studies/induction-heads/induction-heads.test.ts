import { describe, expect, it } from "vitest";
import { nd } from "../../core/nd.ts";
import { TorchGenerator } from "../../rng/index.ts";
import { drawInduction } from "../../tasks/index.ts";
import { inductionHeads } from "./index.ts";
import { inductionHeadsParams } from "./params.ts";
import { copyColumns, frozen, plan } from "./plan.ts";
import { scoresOf, strong, strongest } from "./scores.ts";
import { stepBelow } from "./training-sections.ts";

const small = inductionHeadsParams.parse(inductionHeads.smoke);

describe("the plan", () => {
  it("trains two layers of attention without biases on new sequences", () => {
    const { config, initial, stream, split } = plan(small);
    expect([config.nLayers, config.attnOnly, config.nCtx]).toEqual([2, true, 15]);
    expect(frozen.every((name) => initial[name]?.data.every((x) => x === 0))).toBe(true);
    const drawn = stream?.draw(stream.params, new TorchGenerator(small.seed + 1), small.batchSize);
    expect(drawn).toEqual(split.train);
  });

  it("logs the mean loss of each later copy", () => {
    const losses = nd("float64", [2, 6], [1, 2, 3, 10, 20, 30, 3, 4, 5, 50, 60, 70]);
    const examples = drawInduction({ ...small, copies: 3 }, new TorchGenerator(0), 2);
    const params = { ...small, copies: 3 };
    expect(copyColumns(params, { examples, losses, predictions: losses })).toEqual({
      copy2: 3,
      copy3: 40,
    });
  });

  it("says when the mean of three losses is below", () => {
    const [step, loss] = [
      [0, 5, 10, 15],
      [4, 1, 1, 2],
    ];
    expect([2.1, 1.5, 1].map((threshold) => stepBelow(step, loss, threshold))).toEqual([
      10,
      15,
      undefined,
    ]);
  });
});

/** Attention of one layer whose heads look back at given distances, "layer batch head dest src". */
function lookingBack(batch: number, length: number, back: (row: number, dest: number) => number[]) {
  const heads = back(0, length - 1).length;
  const data = new Float64Array(batch * heads * length * length);
  for (let row = 0; row < batch; row++) {
    for (let dest = 0; dest < length; dest++) {
      for (const [head, src] of back(row, dest).entries()) {
        if (src >= 0) data[((row * heads + head) * length + dest) * length + src] = 1;
      }
    }
  }
  return nd("float64", [1, batch, heads, length, length], data);
}

describe("scores", () => {
  it("are 1 for heads that do what they are called, and find them", () => {
    const examples = drawInduction(small, new TorchGenerator(5), 20);
    const { starts } = examples;
    const shift = (row: number): number =>
      (starts.data[2 * row + 1] as number) - (starts.data[2 * row] as number);
    const patterns = lookingBack(20, 15, (row, dest) => [
      dest - 1,
      dest - shift(row),
      dest - shift(row) + 1,
    ]);
    const scores = scoresOf([{ patterns, starts }], small);
    expect([scores.previous, scores.previousLater].map(([row]) => row?.[0])).toEqual([1, 1]);
    expect(scores.duplicate[0]?.slice(1)).toEqual([1, 0]);
    expect(scores.induction[0]?.slice(1)).toEqual([0, 1]);
    const table = [
      [0.1, 0.2, 0.3],
      [0.5, 0.9, 0.44],
    ];
    expect(strongest(table)).toEqual([1, 1]);
    expect(strong(table)).toEqual([
      [1, 0],
      [1, 1],
    ]);
  });
});
