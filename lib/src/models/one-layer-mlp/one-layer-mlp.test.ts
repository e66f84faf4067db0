import { beforeAll, describe, expect, it } from "vitest";
import { grad, init, type Tensor, tensor } from "../../arrays/index.ts";
import { type NdArray, nd } from "../../core/nd.ts";
import { TorchGenerator } from "../../rng/index.ts";
import { bilinear, bilinearConfig } from "../bilinear/index.ts";
import { crossEntropy } from "../loss.ts";
import type { Model, WeightArrays, Weights } from "../model.ts";
import { tokenTable } from "../token-table.ts";
import { oneLayerMlp, oneLayerMlpConfig } from "./index.ts";
import goldens from "./models.golden.json" with { type: "json" };

interface Sampled {
  readonly stride: number;
  readonly samples: readonly number[];
  readonly sum: number;
}

const n = 7;

/** All pairs (a, b), and "=". */
const tokens = nd(
  "int32",
  [n * n, 3],
  Array.from({ length: n * n }, (_, i) => [Math.floor(i / n), i % n, n]).flat(),
);
const labels = nd(
  "int32",
  [n * n],
  Array.from({ length: n * n }, (_, i) => (Math.floor(i / n) + (i % n)) % n),
);

function expectSampled(array: NdArray, golden: Sampled, tolerance: number): void {
  const samples = golden.samples.map((_, i) => array.data[i * golden.stride] as number);
  const errors = samples.map((x, i) => Math.abs(x - (golden.samples[i] as number)));
  expect(Math.max(...errors)).toBeLessThan(tolerance);
  const sum = Array.from(array.data).reduce((total, x) => total + x, 0);
  expect(Math.abs(sum - golden.sum)).toBeLessThan(tolerance * array.data.length);
}

const uploaded = (arrays: WeightArrays): Weights =>
  Object.fromEntries(Object.entries(arrays).map(([name, x]) => [name, tensor(x)]));

beforeAll(() => init("wasm"));

const cases = [
  ["mlp", oneLayerMlp, oneLayerMlpConfig.parse({ dVocab: n, dEmbed: 20, dMlp: 12 }), 3],
  ["bilinear", bilinear, bilinearConfig.parse({ dVocab: n, dEmbed: 20 }), 4],
] as const;

describe.each(cases)("%s against PyTorch", (name, given, config, seed) => {
  const model = given as Model<typeof config>;
  const golden = goldens[name];
  const arrays = model.init(config, new TorchGenerator(seed));

  it("draws the same initial weights", () => {
    for (const [key, sampled] of Object.entries(golden.weights)) {
      expectSampled(arrays[key] as NdArray, sampled, 3e-7);
    }
  });

  it("computes the same logits and loss", () => {
    const weights = uploaded(arrays);
    const logits = model.lastLogits(weights, config, tokenTable(tokens));
    expectSampled(logits.readSync(), golden.logits, 1e-6);
    const all = model.forward(weights, config, tensor(tokens), (_, x) => x);
    expect(all.shape).toEqual([n * n, 3, n]);
    const loss = crossEntropy(all.at([], -1), tensor(labels)).item();
    expect(Math.abs(loss - golden.loss)).toBeLessThan(1e-6);
  });

  it("has the same gradients on the fast path", () => {
    const table = tokenTable(tokens);
    const loss = (weights: Weights): Tensor =>
      crossEntropy(model.lastLogits(weights, config, table), tensor(labels));
    const gradients = grad(loss)(uploaded(arrays)) as Weights;
    for (const [key, sampled] of Object.entries(golden.gradients)) {
      expectSampled((gradients[key] as Tensor).readSync(), sampled, 1e-7);
    }
  });
});

describe("the network with one hidden layer", () => {
  it("adds its biases before the ReLU and to the logits", () => {
    const config = oneLayerMlpConfig.parse({ dVocab: 2, dEmbed: 1, dMlp: 2, bias: true });
    const weights = uploaded({
      "embed.W_E_a": nd("float32", [2, 1], [1, 2]),
      "embed.W_E_b": nd("float32", [2, 1], [10, 20]),
      "mlp.W_in": nd("float32", [2, 2], [1, -1, 1, 1]),
      "mlp.b_in": nd("float32", [2], [0.5, -100]),
      "unembed.W_U": nd("float32", [2, 2], [1, 0, 0, 1]),
      "unembed.b_U": nd("float32", [2], [0.25, 7]),
    });
    const one = nd("int32", [1, 2], [1, 0]);
    const logits = oneLayerMlp.lastLogits(weights, config, tokenTable(one));
    expect([...logits.readSync().data]).toEqual([12.75, 7]);
  });

  it("reads the same tokens when only some occur", () => {
    const config = oneLayerMlpConfig.parse({ dVocab: n, dEmbed: 20, dMlp: 12 });
    const weights = uploaded(oneLayerMlp.init(config, new TorchGenerator(1)));
    const some = nd("int32", [3, 2], [6, 0, 2, 5, 6, 5]);
    const fast = oneLayerMlp.lastLogits(weights, config, tokenTable(some)).readSync();
    const plain = oneLayerMlp.forward(weights, config, tensor(some), (_, x) => x);
    const errors = Array.from(plain.at([], 1).readSync().data, (x, i) =>
      Math.abs(x - (fast.data[i] as number)),
    );
    expect(Math.max(...errors)).toBeLessThan(1e-6);
  });

  it("refuses sequences of one token", () => {
    const config = oneLayerMlpConfig.parse({ dVocab: n });
    const weights = uploaded(oneLayerMlp.init(config, new TorchGenerator(1)));
    const short = nd("int32", [3, 1], [0, 1, 2]);
    expect(() => oneLayerMlp.forward(weights, config, tensor(short), (_, x) => x)).toThrow(
      'forward: tokens "batch pos" with two positions or more: expected [?,?], got [3,1]',
    );
    expect(() => oneLayerMlp.lastLogits(weights, config, tokenTable(short))).toThrow(
      'lastLogits: tokens "batch pos" with two positions or more: expected [?,?], got [3,1]',
    );
  });

  it("refuses an unknown field by name", () => {
    const problem = oneLayerMlpConfig.safeParse({ dVocab: 3, dMLP: 4 } as never).error?.issues[0];
    expect(problem?.message).toBe('unknown field "dMLP"; did you mean dMlp, dEmbed, bias?');
  });
});
