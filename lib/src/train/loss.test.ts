import { beforeAll, describe, expect, it } from "vitest";
import { init, type Tensor, tensor, valueAndGrad } from "../arrays/index.ts";
import { nd } from "../core/nd.ts";
import { TorchGenerator } from "../rng/index.ts";
import {
  crossEntropy,
  crossEntropyEach,
  differentiable,
  hits,
  type LossPrecision,
} from "./loss.ts";

beforeAll(() => init());

const rows = 7;
const columns = 5;

function example(scale: number): { logits: Float32Array; labels: Int32Array } {
  const rng = new TorchGenerator(5);
  return { logits: rng.normal(rows * columns, 0, scale), labels: rng.randint(0, columns, rows) };
}

/** Cross-entropies by plain float64 loops, with every term kept: -log p = log1p(rest / p_label). */
function byLoops(logits: Float32Array, labels: Int32Array): { each: number[]; gradient: number[] } {
  const each: number[] = [];
  const gradient: number[] = [];
  for (let i = 0; i < rows; i++) {
    const label = labels[i] as number;
    let rest = 0;
    for (let j = 0; j < columns; j++) {
      const gap = (logits[i * columns + j] as number) - (logits[i * columns + label] as number);
      if (j !== label) rest += Math.exp(gap);
    }
    each.push(Math.log1p(rest));
    for (let j = 0; j < columns; j++) {
      const gap = (logits[i * columns + j] as number) - (logits[i * columns + label] as number);
      gradient.push((j === label ? -rest : Math.exp(gap)) / (1 + rest) / rows);
    }
  }
  return { each, gradient };
}

function measure(
  { logits, labels }: { logits: Float32Array; labels: Int32Array },
  precision: LossPrecision,
): { loss: number; dlogits: number[] } {
  const out = crossEntropy(
    tensor(nd("float32", [rows, columns], logits)),
    tensor(nd("int32", [rows], labels)),
    precision,
  );
  return { loss: out.loss.item(), dlogits: [...out.dlogits.readSync().data] };
}

const mean = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length;

describe("crossEntropy", () => {
  it.each([
    ["float64", 1e-14],
    ["float32", 2e-7],
  ] as const)("in %s agrees with plain loops, value and gradient", (precision, tolerance) => {
    const given = example(2);
    const expected = byLoops(given.logits, given.labels);
    const { loss, dlogits } = measure(given, precision);
    expect(Math.abs(loss / mean(expected.each) - 1)).toBeLessThan(tolerance);
    for (const [i, d] of dlogits.entries()) {
      expect(Math.abs(d - (expected.gradient[i] as number))).toBeLessThan(5e-8);
    }
  });

  // In float32 a gap of 18 is itself rounded by up to 2^-20, which its exponential passes on.
  it.each([
    ["float64", 1e-7],
    ["float32", 2 ** -20 + 4 * 2 ** -24],
  ] as const)("in %s keeps tiny losses and their gradients", (precision, tolerance) => {
    const { logits, labels } = example(0.5);
    for (const [i, label] of labels.entries()) logits[i * columns + label] = 18;
    const expected = byLoops(logits, labels);
    const { loss, dlogits } = measure({ logits, labels }, precision);
    expect(mean(expected.each)).toBeLessThan(2e-7);
    expect(Math.abs(loss / mean(expected.each) - 1)).toBeLessThan(tolerance);
    for (const [i, d] of dlogits.entries()) {
      expect(Math.abs(d / (expected.gradient[i] as number) - 1)).toBeLessThan(tolerance);
    }
  });

  it.each(
    (["float64", "float32"] as const).flatMap((precision) =>
      [0.5, 3, 60].map((scale) => [precision, scale] as const),
    ),
  )("in %s reads a logit of 0 that follows the columns, at scale %d", (precision, scale) => {
    const { logits, labels } = example(scale);
    labels[0] = columns - 1;
    labels[1] = 0;
    for (let i = 0; i < rows; i++) logits[(i + 1) * columns - 1] = 0;
    const shown = logits.filter((_, at) => at % columns !== columns - 1);
    const expected = byLoops(logits, labels);
    const out = crossEntropy(
      tensor(nd("float32", [rows, columns - 1], shown)),
      tensor(nd("int32", [rows], labels)),
      precision,
      { zeroFollows: true },
    );
    expect(Math.abs(out.loss.item() / mean(expected.each) - 1)).toBeLessThan(
      precision === "float64" ? 1e-14 : 2e-7,
    );
    const gradient = expected.gradient.filter((_, at) => at % columns !== columns - 1);
    expect(out.dlogits.shape).toEqual([rows, columns - 1]);
    for (const [i, d] of [...out.dlogits.readSync().data].entries()) {
      expect(Math.abs(d - (gradient[i] as number))).toBeLessThan(5e-8);
    }
  });

  it("survives losses of hundreds of nats", () => {
    const { labels } = example(1);
    const logits = new Float32Array(rows * columns);
    for (const [i, label] of labels.entries()) logits[i * columns + label] = -300;
    const expected = 300 + Math.log(4);
    expect(measure({ logits, labels }, "float64").loss).toBeCloseTo(expected, 10);
    expect(measure({ logits, labels }, "float32").loss).toBeCloseTo(expected, 3);
  });

  it("gives each example its own loss", () => {
    const { logits, labels } = example(2);
    const each = crossEntropyEach(
      tensor(nd("float32", [rows, columns], logits)),
      tensor(nd("int32", [rows], labels)),
    );
    const single = crossEntropyEach(
      tensor(nd("float32", [rows, columns], logits)),
      tensor(nd("int32", [rows], labels)),
      "float32",
    ).readSync();
    expect(single).toMatchObject({ dtype: "float32", shape: [rows] });
    for (const [i, x] of [...single.data].entries()) {
      expect(x).toBeCloseTo(byLoops(logits, labels).each[i] as number, 5);
    }
    expect(each.shape).toEqual([rows]);
    for (const [i, x] of [...each.readSync().data].entries()) {
      expect(x).toBeCloseTo(byLoops(logits, labels).each[i] as number, 13);
    }
  });

  it("reaches the weights behind the logits, by the chain rule", () => {
    const { logits, labels } = example(1);
    const target = tensor(nd("int32", [rows], labels));
    const scaled = (scale: Tensor): Tensor =>
      tensor(nd("float32", [rows, columns], logits)).mul(scale);
    const objective = (scale: Tensor): readonly [Tensor, Tensor] => {
      const x = scaled(scale);
      return differentiable(x, crossEntropy(x, target, "float64"));
    };
    const [[, loss], slope] = valueAndGrad(objective, { hasAux: true })(
      tensor(nd("float32", [], [1.5])),
    );
    const at = (scale: number): number =>
      mean(
        byLoops(
          logits.map((x) => Math.fround(x * scale)),
          labels,
        ).each,
      );
    expect(loss.item()).toBeCloseTo(at(1.5), 6);
    expect(slope.item()).toBeCloseTo((at(1.51) - at(1.49)) / 0.02, 4);
  });
});

describe("hits", () => {
  it("counts rows whose largest logit is the label's, ties going to the first", () => {
    const logits = tensor([
      [1, 3, 2],
      [5, 5, 0],
      [5, 5, 0],
      [0, 1, 2],
    ]);
    expect(hits(logits, tensor(nd("int32", [4], [1, 0, 1, 0]))).item()).toBe(2);
  });
});
