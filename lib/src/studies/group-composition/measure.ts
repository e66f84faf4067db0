/** What is measured of a network that answers products: on all pairs, of its weights, of one pair. */

import { type Svd, svd } from "../../analysis/linalg/index.ts";
import { crossEntropy } from "../../analysis/losses/index.ts";
import { expandDims, norm, scope, softmax, type Tensor, tensor } from "../../arrays/index.ts";
import { InputError } from "../../core/errors.ts";
import { type NdArray, nd } from "../../core/nd.ts";
import { type FiniteGroup, groupByName } from "../../groups/index.ts";
import type { AnyModel, Subject } from "../../lab/index.ts";
import { type Kind, kindOf } from "./kinds.ts";
import { pairIndices, splitOf } from "./plan.ts";
import {
  analyzeRepresentations,
  character,
  cosetSubgroups,
  functionSpace,
  irreducibleRepresentations,
  type LogitComparison,
  lowRank,
  modules,
  naturalRepresentation,
  type PairBlock,
  type PairPass,
  type Representation,
  singularVectors,
  summaryMetrics,
  traceTable,
} from "./representations/index.ts";

const beside = (name: string): string => import.meta.url.replace(/measure(\.\w+)$/, `${name}$1`);

/** When the text of one of these modules changes, everything is measured again. */
export const measurements: readonly string[] = [
  import.meta.url,
  beside("kinds"),
  beside("plan"),
  ...modules,
];

/** What a model is a model of, as plain data. */
export interface Question {
  readonly group: string;
  readonly irreps: "published" | "all";
  /** What decides the training pairs; null where nobody knows them. */
  readonly split: { readonly trainFraction: number; readonly seed: number } | null;
}

/** The kind of a model. */
function kind({ model }: AnyModel): Kind {
  const found = kindOf(model.name);
  if (found !== undefined) return found;
  throw new InputError(
    `group-composition: the model must be a one-layer-mlp, bilinear or hooked-transformer, got ${model.name}`,
  );
}

/** The representations that are counted. */
export function irrepsOf({ group, irreps }: Omit<Question, "split">): readonly Representation[] {
  return irreducibleRepresentations(groupByName(group), { publishedOnly: irreps === "published" });
}

/** "batch c" and "batch neuron": what the model answers at the last position, and its hidden layer. */
function activations(model: AnyModel, tokens: Tensor) {
  const { logits, cache } = model.runWithCache(tokens);
  const hidden = cache.get(kind(model).hidden as "mlp.hook_post");
  return { logits: logits.at([], -1), hidden: hidden.ndim === 3 ? hidden.at([], -1) : hidden };
}

/** The same with other embeddings. */
function withEmbeddings(model: AnyModel, tokens: Tensor, a: Tensor, b: Tensor) {
  return activations(kind(model).withEmbeddings(model, [a, b]), tokens);
}

/** Pairs in one call, so that a session holds little. */
const largestCall = 2048;

/** Pairs from which on a pass says how far it is. */
const long = 100_000;

/** Runs a reading over all pairs in blocks of equal size; of the last one only what is missing counts. */
function passOver(
  { progress }: Subject,
  { order }: FiniteGroup,
  read: (tokens: NdArray) => Promise<{ readonly logits: NdArray; readonly hidden: NdArray }>,
): PairPass {
  const pairs = order * order;
  const size = Math.min(pairs, largestCall);
  return async (visit) => {
    let tenths = 0;
    for (let start = 0; start < pairs; start += size) {
      const tokens = new Int32Array(3 * size);
      for (let i = 0; i < size; i++) {
        const pair = Math.min(start + i, pairs - 1);
        tokens.set([Math.floor(pair / order), pair % order, order], 3 * i);
      }
      const { logits, hidden } = await read(nd("int32", [size, 3], tokens));
      const rows = Math.min(size, pairs - start);
      visit({ start, logits: firstRows(logits, rows), hidden: firstRows(hidden, rows) });
      const done = Math.floor((10 * (start + rows)) / pairs);
      if (pairs >= long && done > tenths) progress(`${10 * done} % of all pairs`);
      tenths = done;
    }
  };
}

function firstRows({ shape, data }: NdArray, count: number): NdArray {
  const width = shape[1] as number;
  return nd("float32", [count, width], data.subarray(0, count * width) as Float32Array);
}

function allPairs(subject: Subject, group: FiniteGroup): PairPass {
  return passOver(subject, group, (tokens) => subject.run(activations, tokens));
}

/** Logits or hidden layer of all pairs at once, for groups that are drawn. */
async function whole(subject: Subject, group: FiniteGroup, part: "logits" | "hidden") {
  const blocks: NdArray[] = [];
  await allPairs(subject, group)((block: PairBlock) => blocks.push(block[part]));
  const width = blocks[0]?.shape[1] as number;
  const data = new Float32Array(group.order ** 2 * width);
  let filled = 0;
  for (const block of blocks) {
    data.set(block.data as Float32Array, filled);
    filled += block.data.length;
  }
  return nd("float32", [group.order ** 2, width], data);
}

const nothing = new Int32Array(0);

/** Every metric of the paper; `key` names the key representations, null takes those that stand out. */
export async function representations(
  subject: Subject,
  question: Question,
  key: readonly string[] | null,
) {
  const group = groupByName(question.group);
  const { model } = subject;
  const of = kind(model);
  const { split } = question;
  const pairs =
    split === null
      ? { trainIndices: nothing, testIndices: nothing }
      : pairIndices(splitOf({ group: question.group, ...split }), group.order);
  const [embedA, embedB, unembed] = numbers(() => [
    ...of.folded(model, group.order),
    of.unembed(model),
  ]) as [NdArray, NdArray, NdArray];
  const analysis = await analyzeRepresentations({
    group,
    irreps: irrepsOf(question),
    pass: allPairs(subject, group),
    ...{ embedA, embedB, unembed, ...pairs },
    ...(key === null ? {} : { key }),
  });
  const squaredWeights = sumOfSquares(model);
  return {
    ...analysis,
    squaredWeights,
    /** Under the names of the published summary_metrics.json. */
    summary: {
      ...summaryMetrics(analysis),
      ...(of.sumsSquaredWeights ? { sum_of_squared_weights: squaredWeights } : {}),
    } as Record<string, number>,
  };
}
export type Opened = Awaited<ReturnType<typeof representations>>;

/** The numbers of tensors, which are freed. */
function numbers(make: () => readonly Tensor[]): NdArray[] {
  using _ = scope();
  return make().map((x) => x.readSync());
}

/** Σw² over all weights. */
function sumOfSquares(model: AnyModel): number {
  using _ = scope();
  return Object.values(model.weights as Readonly<Record<string, Tensor>>)
    .map((weight) => weight.astype("float64").pow(2).sum().item())
    .reduce((sum, one) => sum + one, 0);
}

/** One checkpoint on the way, with the key representations of the end. */
export async function moment(subject: Subject, question: Question, key: readonly string[]) {
  const found = await representations(subject, question, key);
  return {
    /** "irrep" each */
    similarity: found.representations.map(({ logitSimilarity }) => logitSimilarity ?? 0),
    embedding: found.representations.map(({ embedA, embedB }) => (embedA + embedB) / 2),
    test: found.performance.loss.test,
    restricted: found.losses.hiddenRestricted,
    excluded: found.losses.hiddenExcluded,
    squaredWeights: found.squaredWeights,
  };
}
export type Moment = Awaited<ReturnType<typeof moment>>;

/** The number of singular values before the largest ratio between neighbors. */
export function standingOut(singularValues: readonly number[]): number {
  const top = singularValues[0] ?? 0;
  const ratios = singularValues
    .slice(1)
    .map((value, i) => (value > 1e-6 * top ? (singularValues[i] as number) / value : 0));
  return ratios.indexOf(Math.max(...ratios)) + 1;
}

/** Singular vectors of both embeddings by representation, and the loss with only the large ones kept. */
export async function embeddings(subject: Subject, question: Question) {
  const group = groupByName(question.group);
  const irreps = irrepsOf(question);
  const { model, run } = subject;
  const decomposed = numbers(() => kind(model).embeddings(model, group.order)).map(svd);
  const [a, b] = decomposed as [Svd, Svd];
  const rank = standingOut(a.S);
  const [lowA, lowB] = decomposed.map((one) => {
    const { shape, data } = lowRank(one, rank);
    return nd("float32", shape, Float32Array.from(data));
  }) as [NdArray, NdArray];
  let sum = 0;
  const pass = passOver(subject, group, (tokens) => run(withEmbeddings, tokens, lowA, lowB));
  await pass(({ start, logits }) => {
    const count = logits.shape[0] as number;
    sum += count * crossEntropy(logits, group.table.subarray(start, start + count));
  });
  return {
    a: singularVectors(a, irreps),
    b: singularVectors(b, irreps),
    /** How many singular values of the embedding of a stand out. */
    rank,
    /** Loss on all pairs with so many in both embeddings. */
    reduced: sum / group.order ** 2,
  };
}
export type Embeddings = Awaited<ReturnType<typeof embeddings>>;

/** Maps drawn of each kind: as many as in the notebook, fewer of large groups, whose maps are large. */
const drawnMaps = (order: number): number => (order <= 30 ? Math.min(10, order) : 4);

/** Logits of the first answers over (a, b), and with the first a over (b, c). */
export async function logitMaps(subject: Subject, name: string) {
  const group = groupByName(name);
  const { order: n, table } = group;
  const logits = await whole(subject, group, "logits");
  using _ = scope();
  const cube = tensor(logits).reshape([n, n, n]);
  const centered = cube.sub(cube.mean(-1, { keepdims: true }));
  const trace = naturalTrace(group);
  const atPairs = trace.at(tensor(table)).reshape([n, n, n]);
  const scale = centered.astype("float64").mul(atPairs).sum().div(atPairs.pow(2).sum());
  const answers = Array.from({ length: drawnMaps(n) }, (_, c) => c);
  return {
    /** "c" of "a b", as they come and less the mean over the answers. */
    raw: answers.map((c) => cube.at([], [], c).readSync()),
    byAnswer: answers.map((c) => centered.at([], [], c).readSync()),
    /** "a" of "b c" */
    byFirst: answers.map((a) => centered.at(a).readSync()),
    /** Logit per unit of the centered trace of the permutation matrices, by least squares. */
    scale: scale.item(),
  };
}
export type LogitMaps = Awaited<ReturnType<typeof logitMaps>>;

/** Trace of the permutation matrices, each row centered: float64 "ab c". */
function naturalTrace(group: FiniteGroup): Tensor {
  const trace = tensor(traceTable(group, character(naturalRepresentation(group))));
  return trace.sub(trace.mean(-1, { keepdims: true }));
}

/** Activations of some neurons, "a b" each. */
export async function neuronMaps(subject: Subject, name: string, neurons: readonly number[]) {
  const group = groupByName(name);
  const maps = neurons.map(() => new Float32Array(group.order ** 2));
  await allPairs(
    subject,
    group,
  )(({ start, hidden: { data, shape } }) => {
    const [rows, width] = shape as [number, number];
    for (const [i, neuron] of neurons.entries()) {
      for (let row = 0; row < rows; row++) {
        (maps[i] as Float32Array)[start + row] = data[row * width + neuron] as number;
      }
    }
  });
  return maps.map((map) => nd("float32", [group.order, group.order], map));
}

/** For each neuron the subgroup on whose cosets it fires, or null; see `cosetSubgroups`. */
export async function cosets(subject: Subject, name: string) {
  const group = groupByName(name);
  return cosetSubgroups(group, await whole(subject, group, "hidden"));
}

/** The weights that are drawn, and the embedding of a in a basis of functions of the representations. */
export async function pictures({ model }: Subject, question: Question) {
  const { drawn, embeddings: embed } = kind(model);
  const { order } = groupByName(question.group);
  const basis = irrepsOf(question).map((irrep) => ({ irrep, functions: functionSpace(irrep) }));
  using _ = scope();
  const [a] = embed(model, order);
  return {
    weights: drawn.map(([name, what]) => ({
      name,
      what,
      array: (model.weights as Readonly<Record<string, Tensor>>)[name]?.readSync() as NdArray,
    })),
    /** For each representation "function column". */
    inBasis: basis.map(({ irrep, functions }) => ({
      irrep: irrep.name,
      array: tensor(functions).transpose().matmul(a.astype("float64")).astype("float32").readSync(),
    })),
  };
}
export type Pictures = Awaited<ReturnType<typeof pictures>>;

/** The logits of one pair, and their parts in the functions of c of each representation. */
export async function answer(
  { run }: Subject,
  question: Question,
  [a, b]: readonly [number, number],
) {
  const group = groupByName(question.group);
  const { logits } = await run(activations, nd("int32", [1, 3], [a, b, group.order]));
  using _ = scope();
  const row = tensor(logits).astype("float64").reshape([group.order]);
  const centered = row.sub(row.mean(0));
  const parts = irrepsOf(question).map((irrep) => {
    const functions = tensor(functionSpace(irrep));
    return {
      irrep: irrep.name,
      logits: functions.matmul(centered.matmul(functions)).tolist() as number[],
    };
  });
  return { logits: centered.tolist() as number[], parts };
}
export type Answer = Awaited<ReturnType<typeof answer>>;

/** Mean activations of neurons by parity of (a, b): even-even, even-odd, odd-even, odd-odd. */
export async function parities(subject: Subject, name: string, neurons: readonly number[]) {
  const group = groupByName(name);
  const { order, signature } = group;
  const maps = await neuronMaps(subject, name, neurons);
  return maps.map(({ data }) => {
    const sums = [0, 0, 0, 0];
    for (const [pair, x] of data.entries()) {
      const odd = (g: number): number => (signature(g) === 1 ? 0 : 1);
      const cell = 2 * odd(Math.floor(pair / order)) + odd(pair % order);
      sums[cell] = (sums[cell] as number) + Number(x);
    }
    return sums.map((sum) => (4 * sum) / order ** 2);
  });
}

/**
 * What the notebook prints of its comparison with the trace, computed as its cell does: on "a b c" it
 * takes the mean over c without keeping the axis, so that mean[b, c] is subtracted from logits[a, b, c]
 * and not mean[a, b].
 */
export async function asPrinted(subject: Subject, name: string): Promise<LogitComparison> {
  const group = groupByName(name);
  const logits = await whole(subject, group, "logits");
  using _ = scope();
  const { order: n, table } = group;
  const trace = tensor(traceTable(group, character(naturalRepresentation(group))));
  const centered = (rows: Tensor): Tensor => {
    const cube = rows.astype("float64").reshape([n, n, n]);
    return cube.sub(cube.mean(-1)).reshape([n * n, n]);
  };
  const [x, h] = [centered(tensor(logits)), centered(trace.at(tensor(table)))];
  const cosine = (p: Tensor, q: Tensor): Tensor =>
    p
      .mul(q)
      .sum(-1)
      .div(norm(p, -1).mul(norm(q, -1)));
  const along = cosine(x, h).mul(norm(x, -1)).div(norm(h, -1));
  const projected = h.mul(expandDims(along, 1)).pow(2).sum(0);
  return {
    cosine: cosine(x, h).mean().item(),
    softmaxCosine: cosine(softmax(x, -1), softmax(h, -1)).mean().item(),
    fraction: projected.div(x.pow(2).sum(0)).mean().item(),
  };
}
