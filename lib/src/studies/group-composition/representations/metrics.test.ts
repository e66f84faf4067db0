import { beforeAll, describe, expect, it } from "vitest";
import { svd } from "../../../analysis/linalg/index.ts";
import { type NdArray, nd } from "../../../core/nd.ts";
import { groupByName, multiply } from "../../../groups/index.ts";
import { TorchGenerator } from "../../../rng/index.ts";
import {
  analyzeRepresentations,
  character,
  irreducibleRepresentations,
  lowRank,
  naturalRepresentation,
  type PairPass,
  type Representation,
  type RepresentationAnalysis,
  type RepresentationInput,
  singularVectors,
  summaryMetrics,
  traceTable,
} from "./index.ts";
import { matrixOf } from "./representation.ts";

const group = groupByName("S3");
const n = group.order;
const N = n * n;
const irreps = irreducibleRepresentations(group);
const pairs = Array.from({ length: N }, (_, i) => [Math.floor(i / n), i % n] as const);

const draw = (seed: number, ...shape: number[]): NdArray =>
  nd("float32", shape, new TorchGenerator(seed).normal(shape.reduce((a, b) => a * b, 1)));

const width = 5;
const drawn = { logits: draw(1, N, n), hidden: draw(2, N, width) };

/** A pass over arrays that are there: logits "pair c" and activations "pair neuron" of all pairs. */
const passOver =
  (logits: NdArray, hidden: NdArray): PairPass =>
  async (visit) =>
    visit({ start: 0, logits, hidden });

/** The same arrays in blocks of ten pairs. */
const inBlocks: PairPass = async (visit) => {
  const rows = ({ dtype, shape, data }: NdArray, start: number): NdArray => {
    const columns = shape[1] as number;
    const part = data.slice(start * columns, (start + 10) * columns);
    return { dtype, shape: [part.length / columns, columns], data: part } as NdArray;
  };
  for (let start = 0; start < N; start += 10) {
    visit({ start, logits: rows(drawn.logits, start), hidden: rows(drawn.hidden, start) });
  }
};

const input: RepresentationInput = {
  group,
  irreps,
  pass: inBlocks,
  embedA: draw(3, n, width),
  embedB: draw(4, n, width),
  unembed: draw(5, width, n),
  trainIndices: Int32Array.from({ length: 20 }, (_, i) => (i * 5) % N),
  testIndices: Int32Array.from({ length: 16 }, (_, i) => i),
};
let analysis: RepresentationAnalysis;

beforeAll(async () => {
  analysis = await analyzeRepresentations(input);
});

/** Rows as lists of lists. */
function table({ shape, data }: NdArray): number[][] {
  const columns = shape[1] as number;
  return Array.from({ length: shape[0] as number }, (_, i) =>
    Array.from({ length: columns }, (_, j) => data[i * columns + j] as number),
  );
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** The functions of a representation on the pairs: entry (i, j) of ρ(which(a, b)), unit length. */
function entryFunctions(rep: Representation, which: (a: number, b: number) => number): number[][] {
  return Array.from({ length: rep.dimension ** 2 }, (_, entry) => {
    const values = pairs.map(([a, b]) => matrixOf(rep, which(a, b))[entry] as number);
    const norm = Math.sqrt(sum(values.map((x) => x * x)));
    return values.map((x) => x / norm);
  });
}

/** Σ over functions of ⟨f, column⟩ f, by Schur's orthogonality of the entries. */
function projected(functions: number[][], column: number[]): number[] {
  return column.map((_, row) =>
    sum(functions.map((f) => (f[row] as number) * sum(f.map((x, i) => x * (column[i] as number))))),
  );
}

const column = (rows: number[][], j: number): number[] => rows.map((row) => row[j] as number);

function loss(rows: number[][], indices: readonly number[], labels: ArrayLike<number>): number {
  const each = indices.map((i) => {
    const row = rows[i] as number[];
    return Math.log(sum(row.map(Math.exp))) - (row[labels[i] as number] as number);
  });
  return sum(each) / each.length;
}

const labels = pairs.map(([a, b]) => multiply(group, a, b));
const everywhere = pairs.map((_, i) => i);
const train = [...input.trainIndices];

describe("metrics against sums over all pairs", () => {
  const logits = table(drawn.logits);
  const hidden = table(drawn.hidden);
  const unembed = table(input.unembed);
  const centered = logits.map((row) => row.map((x) => x - sum(row) / n));
  const standard = irreps.find(({ name }) => name === "standard") as Representation;
  let found: RepresentationAnalysis["representations"][number] | undefined;
  beforeAll(() => {
    found = analysis.representations.find(({ name }) => name === "standard");
  });
  const product = (a: number, b: number) => multiply(group, a, b);

  it("logit similarity is the cosine with χ(abc⁻¹)", () => {
    const chi = character(standard);
    const trace = pairs.map(([a, b]) =>
      Array.from({ length: n }, (_, c) => {
        const element = multiply(group, product(a, b), group.inverses[c] as number);
        return chi[element] as number;
      }),
    );
    const dot = sum(trace.flatMap((row, i) => row.map((x, c) => x * (centered[i]?.[c] as number))));
    const norm = (rows: number[][]) => Math.sqrt(sum(rows.flat().map((x) => x * x)));
    expect(found?.logitSimilarity).toBeCloseTo(dot / norm(trace) / norm(centered), 12);
    const scale = (found?.logitSimilarity as number) * (norm(centered) / norm(trace));
    const part = trace.map((row) => row.map((x) => x * scale));
    expect(found?.losses.logitRestricted).toBeCloseTo(loss(part, everywhere, labels), 12);
    const rest = centered.map((row, i) => row.map((x, c) => x - (part[i]?.[c] as number)));
    expect(found?.losses.logitExcluded).toBeCloseTo(loss(rest, train, labels), 12);
  });

  it("shares of the hidden layer are projections on entries of ρ(a), ρ(b), ρ(ab)", () => {
    const means = unembed.map((_, j) => sum(column(hidden, j)) / N);
    const h = hidden.map((row) => row.map((x, j) => x - (means[j] as number)));
    const total = sum(h.flat().map((x) => x * x));
    const share = (which: (a: number, b: number) => number): number => {
      const functions = entryFunctions(standard, which);
      const squares = means.map((_, j) =>
        sum(projected(functions, column(h, j)).map((x) => x * x)),
      );
      return sum(squares) / total;
    };
    expect(found?.hiddenA).toBeCloseTo(
      share((a) => a),
      12,
    );
    expect(found?.hiddenB).toBeCloseTo(
      share((_, b) => b),
      12,
    );
    expect(found?.hiddenAB).toBeCloseTo(share(product), 12);
  });

  it("losses of the hidden layer keep or drop its projection on ρ(ab)", () => {
    const functions = entryFunctions(standard, product);
    const columns = unembed.map((_, j) => projected(functions, column(hidden, j)));
    const part = pairs.map((_, i) =>
      Array.from({ length: n }, (_, c) =>
        sum(columns.map((values, j) => (values[i] as number) * (unembed[j]?.[c] as number))),
      ),
    );
    const written = hidden.map((row) =>
      Array.from({ length: n }, (_, c) => sum(row.map((x, j) => x * (unembed[j]?.[c] as number)))),
    );
    const rest = written.map((row, i) => row.map((x, c) => x - (part[i]?.[c] as number)));
    expect(found?.losses.hiddenRestricted).toBeCloseTo(loss(part, everywhere, labels), 12);
    expect(found?.losses.hiddenExcluded).toBeCloseTo(loss(rest, train, labels), 12);
  });

  it("losses and accuracies of the parts are means over them", () => {
    const { performance } = analysis;
    expect(performance.loss.train).toBeCloseTo(loss(logits, train, labels), 12);
    expect(performance.loss.all).toBeCloseTo(loss(logits, everywhere, labels), 12);
    const right = [...input.testIndices].filter((i) => {
      const row = logits[i] as number[];
      return row.indexOf(Math.max(...row)) === labels[i];
    });
    expect(performance.accuracy.test).toBe(right.length / 16);
  });

  it("shares over all representations add up to one", () => {
    const all = analysis.representations;
    expect(sum(all.map(({ embedA }) => embedA))).toBeCloseTo(1, 12);
    expect(sum(all.map(({ embedB }) => embedB))).toBeCloseTo(1, 12);
    expect(sum(all.map((one) => one.unembed))).toBeCloseTo(1, 12);
  });
});

/** The rows of a table "ab c" at every pair. */
const atPairs = (byProduct: NdArray): NdArray =>
  nd(
    "float64",
    [N, n],
    labels.flatMap((label) => [...byProduct.data.slice(label * n, (label + 1) * n)]),
  );

describe("a network that computes one character exactly", () => {
  const standard = irreps[2] as Representation;
  const exact = {
    ...input,
    pass: passOver(atPairs(traceTable(group, character(standard))), drawn.hidden),
  };
  let opened: RepresentationAnalysis;
  beforeAll(async () => {
    opened = await analyzeRepresentations(exact);
  });

  it("has similarity 1 with it, 0 with the others, and it as its only key representation", () => {
    const similarities = opened.representations.map((one) => one.logitSimilarity ?? 0);
    expect(similarities.map((x) => Math.round(x * 1e9) / 1e9 + 0)).toEqual([0, 0, 1]);
    expect(opened.keyRepresentations).toEqual(["standard"]);
    expect(opened.explained.logits).toBeCloseTo(1, 12);
    expect(opened.losses.logitExcluded).toBeCloseTo(Math.log(n), 12);
  });

  it("takes the key representations it is told", async () => {
    const told = await analyzeRepresentations({ ...exact, key: ["sign"] });
    expect(told.keyRepresentations).toEqual(["sign"]);
  });

  it("has metrics under the published names", () => {
    const summary = summaryMetrics(opened);
    expect(summary.logit_standard_rep_trace_similarity).toBeCloseTo(1, 12);
    expect(summary.percent_logits_explained).toBeCloseTo(1, 12);
    expect(Object.keys(summary)).toContain("total_percent_hidden_trivial_rep");
    expect(Object.keys(summary)).not.toContain("logit_trivial_rep_trace_similarity");
    expect(summary.test_loss_restricted_loss_ratio).toBeCloseTo(
      opened.performance.loss.test / opened.losses.hiddenRestricted,
      12,
    );
  });
});

describe("logits against a trace", () => {
  const trace = atPairs(traceTable(group, character(naturalRepresentation(group))));
  const compared = async (logits: NdArray) =>
    (await analyzeRepresentations({ ...input, pass: passOver(logits, drawn.hidden) })).traces;

  it("agree with a multiple of themselves", async () => {
    const scaled = nd(
      "float64",
      [N, n],
      [...trace.data].map((x) => 3 * x + 5),
    );
    const { natural } = await compared(scaled);
    expect(natural.cosine).toBeCloseTo(1, 12);
    expect(natural.fraction).toBeCloseTo(1, 12);
    expect((await compared(trace)).natural.softmaxCosine).toBeCloseTo(1, 12);
  });

  it("are compared row by row, each row centered", async () => {
    const { natural } = analysis.traces;
    const rows = (x: NdArray) => table(x).map((row) => row.map((value) => value - sum(row) / n));
    const [x, h] = [rows(drawn.logits), rows(trace)];
    const dot = (a: number[], b: number[]) => sum(a.map((value, c) => value * (b[c] as number)));
    const cosine = (a: number[], b: number[]) => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
    const softmax = (row: number[]) => row.map((value) => Math.exp(value) / sum(row.map(Math.exp)));
    const mean = (f: (a: number[], b: number[]) => number) =>
      sum(x.map((row, i) => f(row, h[i] as number[]))) / N;
    expect(natural.cosine).toBeCloseTo(mean(cosine), 12);
    expect(natural.softmaxCosine).toBeCloseTo(
      mean((a, b) => cosine(softmax(a), softmax(b))),
      12,
    );
    const shares = Array.from({ length: n }, (_, c) => {
      const projected = x.map((row, i) => {
        const by = h[i] as number[];
        return ((by[c] as number) * dot(row, by)) / dot(by, by);
      });
      return sum(projected.map((value) => value ** 2)) / sum(column(x, c).map((v) => v ** 2));
    });
    expect(natural.fraction).toBeCloseTo(sum(shares) / n, 12);
  });

  it("of key representations are weighted as the logits have them", async () => {
    const { traces } = await analyzeRepresentations({
      ...input,
      pass: passOver(
        atPairs(traceTable(group, character(irreps[2] as Representation))),
        drawn.hidden,
      ),
    });
    expect(traces.key?.cosine).toBeCloseTo(1, 12);
    expect((await compared(drawn.logits)).key === null).toBe(
      analysis.keyRepresentations.length === 0,
    );
  });
});

describe("losses without a part", () => {
  it("are those of the differences, however large the logits are", async () => {
    const large = nd(
      "float64",
      [N, n],
      [...drawn.logits.data].map((x) => 400 * x),
    );
    const { losses } = await analyzeRepresentations({
      ...input,
      pass: passOver(large, drawn.hidden),
      key: ["sign", "standard"],
    });
    const parts = await Promise.all(
      ["sign", "standard"].map(async (name) => {
        const chi = character(irreps.find((one) => one.name === name) as Representation);
        const trace = table(atPairs(traceTable(group, chi)));
        const centered = table(large).map((row) => row.map((x) => x - sum(row) / n));
        const dot = sum(trace.flatMap((row, i) => row.map((x, c) => x * (centered[i]?.[c] ?? 0))));
        const squares = sum(trace.flat().map((x) => x * x));
        return trace.map((row) => row.map((x) => (x * dot) / squares));
      }),
    );
    const rest = table(large).map((row, i) =>
      row.map((x, c) => x - sum(parts.map((part) => part[i]?.[c] as number))),
    );
    const each = train.map((i) => {
      const row = rest[i] as number[];
      const top = Math.max(...row);
      const others = Math.log(sum(row.map((x) => Math.exp(x - top))));
      return top + others - (row[labels[i] as number] as number);
    });
    expect(losses.logitExcluded).toBeCloseTo(sum(each) / each.length, 8);
  });
});

describe("vectors and neurons", () => {
  const sign = irreps[1] as Representation;
  const standard = irreps[2] as Representation;

  it("belong to the representation whose functions they are", () => {
    const entries = Float64Array.from({ length: n * 3 }, (_, at) => {
      const [g, j] = [Math.floor(at / 3), at % 3];
      if (j === 0) return 5 * (matrixOf(sign, g)[0] as number);
      return (j === 1 ? 3 : 2) * (matrixOf(standard, g)[j] as number);
    });
    const found = singularVectors(svd(nd("float64", [n, 3], entries)), irreps);
    expect(found.belongsTo).toEqual(["sign", "standard", "standard"]);
    expect(found.singularValues[0]).toBeCloseTo(5 * Math.sqrt(6), 12);
    expect([...found.shares.data].map((x) => Math.round(x * 1e9) / 1e9)).toEqual([
      0, 1, 0, 0, 0, 1, 0, 0, 1,
    ]);
  });

  it("of low rank keep the largest singular values", () => {
    const diagonal = nd("float64", [3, 3], [3, 0, 0, 0, 2, 0, 0, 0, 1]);
    const kept = [...lowRank(svd(diagonal), 2).data].map((x) => Math.round(x * 1e9) / 1e9 + 0);
    expect(kept).toEqual([3, 0, 0, 0, 2, 0, 0, 0, 0]);
  });

  it("of the product's sign belong to the sign, constant ones to none", async () => {
    const activations = pairs.flatMap(([a, b]) => [
      group.signature(multiply(group, a, b)),
      7,
      matrixOf(standard, a)[1] as number,
    ]);
    const { neurons } = await analyzeRepresentations({
      ...input,
      pass: passOver(drawn.logits, nd("float32", [N, 3], activations)),
      unembed: draw(5, 3, n),
    });
    expect(neurons.belongsTo).toEqual(["sign", "", "standard"]);
    expect(neurons.best.map((x) => Math.round(x * 1e6) / 1e6)).toEqual([1, 0, 1]);
  });
});

describe("inputs that do not fit", () => {
  it("are refused by name and shape", async () => {
    const wrong = passOver(draw(1, N, 4), drawn.hidden);
    await expect(analyzeRepresentations({ ...input, pass: wrong })).rejects.toThrow(
      'analyzeRepresentations logits "pair c": expected [36,6], got [36,4]',
    );
    const unembed = draw(1, 4, n);
    await expect(analyzeRepresentations({ ...input, unembed })).rejects.toThrow(
      'analyzeRepresentations unembed "neuron c": expected [5,6], got [4,6]',
    );
  });
});
