/** The file that `tinylens new NAME` writes. */

/** A study of a new task that runs as it is: bits and their parity. */
export function newStudyText(name: string): string {
  return `/** Parity: does a transformer learn whether a row of bits has an odd number of ones? */
import { behavior, claim, figure, metrics, percent, section, summary } from "tinylens/article";
import { nd } from "tinylens/core";
import { heatmap, lines } from "tinylens/figures";
import { defineStudy, lastOf, type Subject } from "tinylens/lab";
import { hookedTransformer } from "tinylens/models";
import { taskFromExamples } from "tinylens/tasks";
import { z } from "zod";

const own = { kind: "own", paper: "this study" } as const;
const params = z.strictObject({
  bits: z.int().min(4).max(12).default(8).meta({ description: "bits in a row" }),
  steps: z.int().positive().default(1500).meta({ description: "updates", unit: "steps" }),
  seed: z.int().default(0).meta({ description: "seed of the weights and of the split" }),
});
/** Every row of bits, then "=", which is token 2. */
const bitsOf = (i: number, bits: number) => Array.from({ length: bits }, (_, at) => (i >> at) & 1);
const rowsOf = (bits: number) => Array.from({ length: 2 ** bits }, (_, i) => [...bitsOf(i, bits), 2]);
const parity = (row: number[]) => row.filter((bit) => bit === 1).length % 2;
/** "head pos": attention that "=" pays to each position, the mean over all rows. */
async function attention({ run }: Subject, bits: number) {
  const tokens = nd("int32", [2 ** bits, bits + 1], rowsOf(bits).flat());
  const { mean } = await run((model, input) => {
    const { cache } = model.runWithCache(input);
    return { mean: cache.get("pattern", 0).at([], [], -1).mean(0) };
  }, tokens);
  return mean;
}

export const study = defineStudy({
  name: "${name}",
  title: "Parity of bits",
  params,
  smoke: { bits: 6, steps: 100 },
  measurements: import.meta.url,
  plans: ({ bits, steps, seed }) => ({
    model: {
      model: hookedTransformer,
      config: { nLayers: 1, dModel: 64, nHeads: 4, dHead: 16, actFn: "relu", normalizationType: null },
      task: taskFromExamples("parity", { tokens: rowsOf(bits), labels: rowsOf(bits).map(parity) }),
      optimizer: { name: "adamw", weightDecay: 0.1 },
      ...{ params: { trainFraction: 0.8 }, steps, seed },
    },
  }),
  async *article({ bits }, lab) {
    const training = await lab.training();
    const { step, trainLoss, testLoss, testAccuracy } = training.curves;
    const right = lastOf(testAccuracy);
    const [yes, no] = [\`It answers \${percent(right)} of new rows.\`, \`It answers only \${percent(right)}.\`];
    yield summary(\`Is the number of ones among \${bits} bits odd? \`, behavior("learns", right > 0.9, yes, no));
    yield metrics({ testAccuracy: right });
    yield section("Learning");
    const series = [{ name: "train", y: trainLoss }, { name: "test", y: testLoss }];
    yield figure("loss", "Loss", "In nats.", lines({ x: step, series, xLabel: "step", yLabel: "loss (nats)" }));
    yield claim("learns", "share of new rows answered correctly", own, 0.9, right, { atLeast: "half is chance" });
    yield section("Where it looks");
    const z = await training.at().measure(attention, bits);
    yield figure("attention", "Mean attention", "", heatmap({ z, xLabel: "position", yLabel: "head" }));
  },
});
`;
}
