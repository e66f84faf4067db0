import { beforeAll, describe, expect, it } from "vitest";
import { init as startArrays } from "../../arrays/index.ts";
import { nd } from "../../core/nd.ts";
import { TorchGenerator } from "../../rng/index.ts";
import { HookedTransformer } from "../create.ts";
import { HookedModel } from "../hooked-model.ts";
import { logitsToTable, rankOf } from "./logits-table.ts";
import { samplingProbabilities } from "./sample-logits.ts";

const tiny = {
  dModel: 8,
  dHead: 4,
  nLayers: 2,
  nCtx: 20,
  dVocab: 6,
  dMlp: 12,
  initializerRange: 1,
};

beforeAll(() => startArrays());

describe("generate", () => {
  it("draws each token from the logits of the sequence so far", async () => {
    const model = await HookedTransformer.create(tiny, { seed: 0 });
    const options = { temperature: 1.5, topK: 4, freqPenalty: 0.2 };
    const whole = model.generate(
      [
        [1, 2],
        [5, 0],
      ],
      {
        ...options,
        maxNewTokens: 18,
        rng: new TorchGenerator(1),
      },
    );
    expect(whole.shape).toEqual([2, 20]);
    const rng = new TorchGenerator(1);
    const rows = [0, 1].map((b) => [...whole.data.subarray(b * 20, (b + 1) * 20)]);
    for (let length = 2; length < 20; length++) {
      const tokens = nd(
        "int32",
        [2, length],
        rows.flatMap((row) => row.slice(0, length)),
      );
      const logits = model.forward(tokens).at([], -1);
      const { data } = samplingProbabilities(logits, { ...options, tokens });
      for (const [b, u] of rng.uniform(2).entries()) {
        const token = rows[b]?.[length] as number;
        const before = [...data.subarray(b * 6, b * 6 + token)].reduce((sum, p) => sum + p, 0);
        expect(u).toBeGreaterThanOrEqual(before - 1e-4);
        expect(u).toBeLessThanOrEqual(before + (data[b * 6 + token] as number) + 1e-4);
      }
    }
  });

  it("takes a single sequence, and makes ten tokens when not told how many", async () => {
    const model = await HookedTransformer.create(tiny, { seed: 0 });
    const greedy = model.generate([1, 2, 3], { doSample: false });
    expect(greedy.shape).toEqual([1, 13]);
    expect(model.generate([1, 2, 3], { temperature: 0 })).toEqual(greedy);
    expect(model.generate([1, 2], { doSample: false, maxNewTokens: 0 }).data).toEqual(
      Int32Array.of(1, 2),
    );
  });

  it("ends when every sequence has met one of the stop tokens, and fills up with the first", async () => {
    const model = await HookedTransformer.create(tiny, { seed: 0 });
    const free = model.generate(
      [
        [1, 2],
        [3, 3],
        [0, 5],
      ],
      { doSample: false, maxNewTokens: 8 },
    );
    const rows = [0, 1, 2].map((b) => [...free.data.subarray(b * 10, (b + 1) * 10)]);
    const stops = [rows[0]?.[4], rows[1]?.[3], rows[2]?.[5]] as number[];
    const want = rows.map((row) => {
      const end = row.findIndex((token, i) => i > 1 && stops.includes(token));
      return row.map((token, i) => (i > end ? stops[0] : token));
    });
    const length =
      1 + Math.max(...rows.map((row) => row.findIndex((t, i) => i > 1 && stops.includes(t))));
    const got = model.generate(
      [
        [1, 2],
        [3, 3],
        [0, 5],
      ],
      {
        ...{ doSample: false, maxNewTokens: 8, stopAtToken: stops },
      },
    );
    expect(got.shape).toEqual([3, length]);
    expect([...got.data]).toEqual(want.flatMap((row) => row.slice(0, length)));
  });

  it("refuses to go beyond the context, and prompts outside the vocabulary", async () => {
    const model = await HookedTransformer.create(tiny, { seed: 0 });
    expect(() => model.generate([1, 2, 3], { doSample: false, maxNewTokens: 30 })).toThrow(
      "generate: the context of 20 positions is full after 18 new tokens; " +
        "set maxNewTokens to at most 18, or a larger nCtx",
    );
    expect(() => model.generate([6], { doSample: false })).toThrow(
      "generate: tokens must be whole numbers in [0, 6), got 6 at [0]",
    );
  });
});

describe("generate", () => {
  it("continues prompts of unlike length, left-padded, as each alone", async () => {
    const model = await HookedTransformer.create(tiny, { seed: 0 });
    const options = { doSample: false, maxNewTokens: 5, freqPenalty: 0 };
    const together = model.generate(
      [
        [0, 0, 3],
        [1, 2, 3],
      ],
      {
        ...options,
        attentionMask: [
          [0, 0, 1],
          [1, 1, 1],
        ],
      },
    );
    const rows = [0, 1].map((b) => [...together.data.subarray(b * 8, (b + 1) * 8)]);
    expect(rows[0]?.slice(2)).toEqual([...model.generate([3], options).data]);
    expect(rows[1]).toEqual([...model.generate([1, 2, 3], options).data]);
  });

  it.each([
    [
      [[1, 2], [3]],
      {},
      "generate: prompts must be equally long, got lengths 2 and 1; put padding in front",
    ],
    [
      [[1, 2]],
      { attentionMask: [[1, 0]] },
      "generate: attentionMask must be 0 in front and then 1",
    ],
    [
      [[1, 2]],
      { attentionMask: [[1]] },
      'generate: attentionMask "batch pos": expected [1,2], got [1,1]',
    ],
    [
      [[1, 2]],
      { maxNewTokens: -1 },
      "generate: maxNewTokens must be a whole number of at least 0, got -1",
    ],
    [[[1, 2]], { maxNewTokens: 1.5 }, "maxNewTokens must be a whole number of at least 0, got 1.5"],
    [[[1, 2]], { stopAtToken: 6 }, "generate: stopAtToken must be whole numbers in [0, 6), got 6"],
    [
      [[1, 2]],
      { max_new_tokens: 3 },
      'generate: unknown option "max_new_tokens"; did you mean maxNewTokens',
    ],
    [[[]], {}, 'generate: prompts "batch pos" of one token or more'],
  ])("refuses %j with %j", async (prompts, options, message) => {
    const model = await HookedTransformer.create(tiny, { seed: 0 });
    expect(() => model.generate(prompts, { doSample: false, ...options })).toThrow(message);
  });

  it("refuses the logits of a model that has become NaN", async () => {
    const model = await HookedTransformer.create(tiny, { seed: 0 });
    const weights = { ...model.weights, "embed.W_E": model.W_E.mul(Number.NaN) };
    const broken = new HookedModel(model.model, model.config, weights);
    for (const options of [{ doSample: false }, { rng: new TorchGenerator(0) }]) {
      expect(() => broken.generate([1], options)).toThrow(
        "generate: logits must be numbers below Infinity, got NaN for token 0 of row 0",
      );
    }
  });
});

describe("logitsToTable and rankOf", () => {
  const logits = nd("float32", [4], [0, Math.log(2), Math.log(4), Math.log(1)]);

  it("list the classes from the most probable to the least", () => {
    const table = logitsToTable(logits, { topK: 2 });
    expect(table.map(({ token }) => token)).toEqual([2, 1]);
    expect(table[0]?.probability).toBeCloseTo(0.5, 6);
    expect(table[1]?.logProb).toBeCloseTo(-Math.log(4), 6);
    expect(table[1]?.logit).toBeCloseTo(Math.log(2), 6);
    expect(logitsToTable(logits).map(({ token }) => token)).toEqual([2, 1, 0, 3]);
  });

  it("count the classes with a larger logit", () => {
    expect([0, 1, 2, 3].map((answer) => rankOf(logits, answer))).toEqual([2, 1, 0, 2]);
    expect(() => rankOf(logits, 4)).toThrow("rankOf: answer must lie in [0, 4), got 4");
    expect(() => logitsToTable(nd("float32", [1, 2], [0, 1]))).toThrow(
      'logitsToTable: logits "d_vocab_out": expected [?], got [1,2]',
    );
  });
});
