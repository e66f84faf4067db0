import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { init } from "../../arrays/index.ts";
import { type Page, type PageItem, readArticle } from "../../article/index.ts";
import { nativeBackend } from "../../compile/index.ts";
import { nd } from "../../core/nd.ts";
import {
  curvesOf,
  fileLab,
  Instruments,
  type Lab,
  memoryLab,
  type Subject,
  upTo,
} from "../../lab/index.ts";
import { planted } from "../../lab/testing/planted.ts";
import { type Progress, signs } from "../shared/modular-arithmetic/measure.ts";
import { modularAdditionBitnet as study } from "./article.ts";
import type { BitNetParams } from "./params.ts";
import { plan } from "./plan.ts";

const params = study.params.parse(study.smoke);
const paramsOf = (changes: Partial<BitNetParams>) => study.params.parse(changes);
const instruments = new Instruments(nativeBackend);
let lab: Lab;

const read = (from: Lab, view: object = {}, of = params): Promise<Page> =>
  readArticle(study.article(of, from, study.view.parse(view)));
const labFor = (of: BitNetParams): Lab => memoryLab(study as never, of, instruments);

beforeAll(async () => {
  await init();
  lab = labFor(params);
});
afterAll(() => instruments[Symbol.asyncDispose]());

const wordsOf = (item: PageItem): unknown => {
  if (item.kind === "figure") return [item.title, item.see];
  return item.kind === "explore" ? item.parts.map(({ items }) => items.map(wordsOf)) : item;
};
const texts = ({ summary, sections }: Page): string =>
  JSON.stringify([summary, sections.map(({ title, items }) => [title, items.map(wordsOf)])]);
const held = ({ findings }: Page) =>
  findings.filter(({ kind, holds }) => kind === "mechanism" && holds).map(({ id }) => id);

describe("modular-addition-bitnet as an article", () => {
  it("has the numbers of a small training, and says nothing that is no number", async () => {
    const page = await read(lab);
    expect(Object.keys(page.metrics).length).toBe(16);
    for (const [name, value] of Object.entries({
      trainLoss: 2.2940930072246064,
      testLoss: 2.8783771338883937,
      trainAccuracy: 0.18,
      testAccuracy: 0.04201680672268908,
      excludedLoss: 2.2940929822482543,
      loss: 2.70551199404692,
      accuracy: 0.08284023668639054,
      keyFrequencies: 0,
      restrictedLoss: 2.6473693846703394,
      giniEmbedding: 0.10859867476431964,
      giniLogitMap: 0.10578836248207357,
    })) {
      expect(page.metrics[name], name).toBeCloseTo(value, 6);
    }
    expect(texts(page)).not.toMatch(/NaN|undefined|no number|no share|""/);
    expect(page.claims.map(({ id, holds }) => [id, holds])).toEqual([
      ["neurons-counted-twice", true],
      ["losses-as-logged", true],
    ]);
    const items = page.sections.flatMap((section) => section.items);
    expect(items.filter((item) => item.kind === "figure" && !item.folded).length).toBeLessThan(16);
    const table = items.find((item) => item.kind === "table");
    expect(table?.rows[0]).toEqual({
      ...{ quantity: "updates", binary: "40", "full-precision": "60", ternary: "60" },
    });
  });

  it.each([0, 20])("finds no mechanism in a network of %s updates", async (step) => {
    const page = await read(upTo(lab, step));
    expect(held(page)).toEqual([]);
    expect(texts(page)).not.toMatch(/NaN|undefined|no number|no share|""/);
  });

  it("notices measurements that are not of the network that was trained", async () => {
    const wrong = planted(lab, "progress", ({ full, ...rest }: Progress) => ({
      ...rest,
      full: { ...full, test: 1 },
    }));
    const failed = (await read(wrong)).claims.filter(({ holds }) => holds === false);
    expect(failed.map(({ id }) => id)).toEqual(["losses-as-logged"]);
  });

  it("starts as the notebook does, down to its first updates", async () => {
    const start = paramsOf({ steps: 2, checkpointEvery: 2, compare: false });
    const page = await read(labFor(start), {}, start);
    expect(page.claims.map(({ id, holds }) => [id, holds])).toEqual([
      ["split-sizes", true],
      ["split-rows", true],
      ["initial-train-loss", true],
      ["initial-test-loss", true],
      ["train-loss-1", true],
      ["train-loss-2", true],
      ["train-loss-99", undefined],
      ["test-loss-100", undefined],
      ["neurons-counted-twice", true],
      ["losses-as-logged", true],
    ]);
    expect(held(page)).toEqual([]);
  });

  it("judges grokking on the whole curve, not on its best or its last step", async () => {
    const judged = async (accuracies: readonly number[]) => {
      const rows = accuracies.map((testAccuracy, i) => ({
        ...{ step: 500 * i, trainLoss: 1, testLoss: 5, trainAccuracy: 1, testAccuracy },
      }));
      const shown: Lab = {
        ...lab,
        training: async (name) => ({ ...(await lab.training(name)), curves: curvesOf(rows) }),
      };
      const { claims, findings } = await read(shown, {}, paramsOf({ compare: false }));
      const finding = findings.find(({ id }) => id === "stays-grokked");
      const of = (id: string) => claims.find((claim) => claim.id === id)?.holds;
      return [of("groks"), of("stays-grokked"), finding?.holds];
    };
    expect(await judged([0, 0, 0, 0, 1, 1, 1])).toEqual([true, true, true]);
    expect(await judged([0, 0, 0, 1, 1, 0.64, 1])).toEqual([true, true, false]);
    expect(await judged([0, 0, 0, 1, 0.5, 0.2, 1])).toEqual([true, false, false]);
    expect(await judged([0, 0, 0, 0.9, 0.9, 0.9, 0.9])).toEqual([false, false, undefined]);
  });

  it("trains the networks it compares with from the same weights", () => {
    const { model, ...others } = study.plans(params);
    expect(Object.keys(others)).toEqual(["first-updates", "none", "ternary"]);
    for (const plan of Object.values(others)) expect(plan.initial).toEqual(model?.initial);
    expect(others["first-updates"]?.optimizer.weightDecay).toBe(0);
    const names = (changes: Partial<BitNetParams>) =>
      Object.keys(study.plans({ ...params, ...changes }));
    expect(names({ weightDecay: 0 })).toEqual(["model", "none", "ternary"]);
    expect(names({ compare: false })).toEqual(["model", "first-updates"]);
  });

  it("shows a file without what needs its training", async () => {
    const { model, config, initial } = plan(params);
    const page = await read(
      await fileLab({ model, config, weights: initial, sha256: "0" } as never, instruments),
    );
    expect(page.claims.map(({ id }) => id)).toEqual(["neurons-counted-twice"]);
    expect(page.sections.map(({ title }) => title)).not.toContain("Kinds of weights side by side");
    expect(texts(page)).not.toMatch(/NaN|undefined|no number|no share|""/);
  });
});

describe("the signs", () => {
  it("are multiplied as the notebook does, in PyTorch's layout", () => {
    const [dModel, dHead, neurons] = [4, 2, 3];
    const some = (shape: readonly number[], seed: number) => {
      const size = shape.reduce((product, n) => product * n, 1);
      return nd(
        "float32",
        shape,
        Float32Array.from({ length: size }, (_, i) => Math.sin(i * seed)),
      );
    };
    const weights = {
      "blocks.0.mlp.W_in": some([dModel, neurons], 1.3),
      "blocks.0.attn.W_O": some([2, dHead, dModel], 2.1),
      "blocks.0.attn.W_V": some([2, dModel, dHead], 3.7),
    };
    const signsOf = (name: keyof typeof weights): number[] => {
      const values = Array.from(weights[name].data);
      const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
      return values.map((x) => Math.sign(x - mean));
    };
    const [W_in, W_O, W_V] = [
      signsOf("blocks.0.mlp.W_in"),
      signsOf("blocks.0.attn.W_O"),
      signsOf("blocks.0.attn.W_V"),
    ];
    const naive = (neuron: number, input: number): number => {
      let sum = 0;
      for (let d = 0; d < dModel; d++) {
        for (let j = 0; j < 2 * dHead; j++) {
          const value = W_V[(Math.floor(j / dHead) * dModel + input) * dHead + (j % dHead)];
          const out = W_O[j * dModel + d];
          sum += (W_in[d * neurons + neuron] as number) * (out as number) * (value as number);
        }
      }
      return sum;
    };
    const { product } = signs({ weights } as unknown as Subject);
    const expected = Array.from({ length: neurons * dModel }, (_, i) =>
      naive(Math.floor(i / dModel), i % dModel),
    );
    expect(product.shape).toEqual([neurons, dModel]);
    expect([...product.data]).toEqual(expected);
  });
});
