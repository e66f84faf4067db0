import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { init } from "../../arrays/index.ts";
import { readArticle } from "../../article/index.ts";
import { nativeBackend } from "../../compile/index.ts";
import { curvesOf, Instruments, type Lab, memoryLab } from "../../lab/index.ts";
import { planted } from "../../lab/testing/planted.ts";
import { additionStudy } from "./article.ts";
import type { CarryExchange } from "./carries.ts";
import type { Ablations, Components, MeanAttention, OpenBatch, Scores } from "./measure.ts";
import { printedCases, printedLosses, printedPredictions } from "./printed.ts";

/** The notebook's settings, and a narrow model on its questions that is trained for a moment. */
const params = additionStudy.params.parse({});
const narrow = { ...params, dModel: 16, nHeads: 2, dMlp: 32, steps: 2, checkpointEvery: 2 };
const instruments = new Instruments(nativeBackend);
let lab: Lab;

/** All attention on the two digits that are added. */
function readingPairs({ usual, averaged }: MeanAttention) {
  const [heads, places, length] = usual.shape as [number, number, number];
  const data = Float32Array.from({ length: heads * places * length }, (_, i) => {
    const [place, position] = [Math.floor(i / length) % places, i % length];
    return Number(position === place - 1 || position === place + places - 1) / 2;
  });
  return { usual: { ...usual, data }, averaged };
}

const moved = (share: number) => Array.from({ length: 3 }, () => Array(5).fill(share));
const lens = (attended: number) => [0.1, attended, 0.9].map((share) => Array(6).fill(share));

/** Every loss so many nats higher. */
const costly = ({ full }: Ablations, nats: number) =>
  Object.fromEntries(Object.entries(full).map(([name, loss]) => [name, loss + nats]));

/** Measurements and a log as the notebook has them, put in place of the narrow model's. */
function asPrinted(from: Lab): Lab {
  const rows = printedLosses.map((trainLoss, i) => ({
    ...{ step: 100 * i, trainLoss, testLoss: trainLoss, trainAccuracy: 0, testAccuracy: 0 },
    ...Object.fromEntries(
      Object.entries(printedCases).map(([one, n]) => [`cases.${one}`, i === 0 ? n : 0]),
    ),
  }));
  const good: readonly [string, (value: never) => unknown][] = [
    ["scores", (value: Scores) => ({ ...value, all: { count: 20_000, right: 17_640 } })],
    ["openBatch", (value: OpenBatch) => ({ ...value, predictions: printedPredictions })],
    ["meanAttention", readingPairs],
    ["carryExchange", (value: CarryExchange) => ({ ...value, exchange: moved(1) })],
    ["components", (value: Components) => ({ ...value, lensAccuracy: lens(0.1) })],
    [
      "ablations",
      (value: Ablations) => ({ ...value, mean: value.mean.map(() => costly(value, 2)) }),
    ],
  ];
  const measured = good.reduce((own, [name, change]) => planted(own, name, change), from);
  return {
    ...measured,
    training: async (name) => ({
      ...(await measured.training(name)),
      finished: true,
      curves: curvesOf(rows),
    }),
  };
}

const verdicts = async (own: Lab) => {
  const page = await readArticle(additionStudy.article(params, own, {}));
  return new Map(page.claims.map(({ id, holds }) => [id, holds]));
};

beforeAll(async () => {
  await init();
  const plans = () => additionStudy.plans(narrow);
  lab = asPrinted(memoryLab({ ...additionStudy, plans } as never, params, instruments));
});
afterAll(() => instruments[Symbol.asyncDispose]());

describe("the claims at the notebook's settings", () => {
  it("hold for what it printed", async () => {
    const found = await verdicts(lab);
    expect([...found].filter(([, holds]) => !holds)).toEqual([]);
    expect(found.size).toBe(printedLosses.length + 9);
  });

  it.each<[string, (value: never) => unknown, readonly string[]]>([
    [
      "scores",
      (value: Scores) => ({ ...value, all: { count: 20_000, right: 15_000 } }),
      ["accuracy"],
    ],
    ["openBatch", (value: OpenBatch) => ({ ...value, kinds: [9, 44, 11] }), ["batch-kinds"]],
    [
      "openBatch",
      (value: OpenBatch) => ({ ...value, first: "11899+84525=096425" }),
      ["batch-first"],
    ],
    [
      "openBatch",
      (value: OpenBatch) => ({ ...value, predictions: [...printedPredictions].reverse() }),
      ["printed-answer"],
    ],
    [
      "meanAttention",
      ({ usual, averaged }: MeanAttention) => ({
        usual: { ...usual, data: usual.data.slice().fill(1 / 18) },
        averaged,
      }),
      ["pair-heads"],
    ],
    [
      "carryExchange",
      (value: CarryExchange) => ({ ...value, exchange: moved(0) }),
      ["carries-moved"],
    ],
    [
      "components",
      (value: Components) => ({ ...value, lensAccuracy: lens(0.9) }),
      ["read-before-mlp"],
    ],
    [
      "ablations",
      (value: Ablations) => ({ ...value, mean: value.mean.map(() => costly(value, 0.1)) }),
      ["mlp-needed"],
    ],
  ])("notice a wrong value in %s", async (name, change, failed) => {
    const found = await verdicts(planted(lab, name, change));
    expect([...found].flatMap(([id, holds]) => (holds ? [] : [id]))).toEqual(failed);
  });
});
