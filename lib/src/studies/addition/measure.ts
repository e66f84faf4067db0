/** What is measured of a model that adds: how well, where it attends, what its parts write and do. */

import { ablateHeads } from "../../analysis/ablation/index.ts";
import {
  abs,
  argmax,
  concatenate,
  einsum,
  expandDims,
  oneHot,
  scope,
  softmax,
  stack,
  type Tensor,
  take,
  tensor,
} from "../../arrays/index.ts";
import { InputError } from "../../core/errors.ts";
import { type NdArray, nd } from "../../core/nd.ts";
import type { AnyModel, Snapshot, Subject } from "../../lab/index.ts";
import { crossEntropyPerLabel } from "../../models/index.ts";
import { TorchGenerator } from "../../rng/index.ts";
import {
  additionToken,
  answerPositions,
  casesOfDigits,
  casesOfQuestions,
  type DigitCase,
  digitCases,
  drawAdditions,
  questions,
  sumColumns,
} from "../../tasks/index.ts";
import type { Examples } from "../../tasks/task.ts";
import { type Answers, Draws } from "../../train/index.ts";
import { answersFrom, lossColumns, scoresOf, shareOf } from "./answers.ts";
import { questionStream } from "./plan.ts";

/** When the text of this module changes, everything is measured again. */
export const measurements = import.meta.url;

/** Digits of each number that a model of this configuration adds. */
export function digitsOf({ nCtx }: Snapshot["config"]): number {
  const digits = ((nCtx as number) - 3) / 3;
  if (Number.isInteger(digits) && digits >= 2 && digits <= 10) return digits;
  throw new InputError(
    `addition: a model must have 3 n + 3 positions for n of 2 to 10 digits, got ${nCtx}`,
  );
}

/** The position that predicts the first digit of the sum, and the one after the last that predicts. */
export function answered({ config }: AnyModel): [number, number] {
  const positions = answerPositions(digitsOf(config));
  return [positions[0] as number, (positions.at(-1) as number) + 1];
}

/** Logits "batch digit d_vocab_out" where the digits of the sum are predicted. */
export function answers({ model, weights, config }: AnyModel, tokens: Tensor) {
  const positions = answerPositions(digitsOf(config));
  const whole = () =>
    take(
      model.forward(weights, config, tokens, (_, x) => x),
      [...positions],
      1,
    );
  return { logits: model.logitsAt?.(weights, config, tokens, positions) ?? whole() };
}

/** Arrays of equal shape but for one axis, one after the other along it. */
function joined(arrays: readonly NdArray[], axis = 0): NdArray {
  using _ = scope();
  return concatenate(
    arrays.map((array) => tensor(array)),
    axis,
  ).readSync();
}

/** The mean of arrays of equal shape. */
function averaged(arrays: readonly NdArray[]): NdArray {
  using _ = scope();
  return stack(
    arrays.map((array) => tensor(array)),
    0,
  )
    .mean(0)
    .readSync();
}

/** Random sums are drawn so many at a time from the generator seeded with 0. */
const drawn = 4000;

/** Questions of one pass: of the digits' logits alone, and with activations, which take more memory. */
const [perRun, perOpenRun] = [250, 128];

/** What `f` gives for some questions at a time. */
export async function inParts<T>(
  { data, shape }: NdArray,
  f: (some: NdArray) => Promise<T>,
  size = perOpenRun,
): Promise<T[]> {
  const [rows, length] = shape as [number, number];
  const out: T[] = [];
  for (let from = 0; from < rows; from += size) {
    const end = Math.min(from + size, rows);
    out.push(await f(nd("int32", [end - from, length], data.slice(from * length, end * length))));
  }
  return out;
}

/** How well the model adds `count` random sums, when the digits before are right. */
export async function scores({ model, run }: Subject, count: number) {
  const rng = new TorchGenerator(0);
  const digits = digitsOf(model.config);
  const parts: Answers[] = [];
  for (let left = count; left > 0; left -= drawn) {
    const examples = drawAdditions({ digits }, rng, Math.min(drawn, left));
    const logits = await inParts(
      examples.tokens,
      async (some) => (await run(answers, some)).logits,
      perRun,
    );
    parts.push(answersFrom(examples, joined(logits)));
  }
  const tokens = joined(parts.map(({ examples }) => examples.tokens));
  const labels = joined(parts.map(({ examples }) => examples.labels));
  return scoresOf({
    examples: { tokens, labels },
    losses: joined(parts.map(({ losses }) => losses)),
    predictions: joined(parts.map(({ predictions }) => predictions)),
  });
}
export type Scores = Awaited<ReturnType<typeof scores>>;

/** Attention and logits everywhere. */
function opened(model: AnyModel, tokens: Tensor) {
  const { logits, cache } = model.runWithCache(tokens);
  return { logits, pattern: cache.get("pattern", 0) };
}

/** Logits with all attention multiplied by 0. */
function unattended(model: AnyModel, tokens: Tensor) {
  return { logits: model.runWithHooks(tokens, [["blocks.0.attn.hook_pattern", (x) => x.mul(0)]]) };
}

/** Questions of each kind that are shown, and the first ones. */
const shown = 3;

/** The batch that the notebook opens up: what is in it, attention on some, and the hook experiment. */
export async function openBatch(
  { model, run }: Subject,
  drawing: { readonly seed: number; readonly batchSize: number; readonly number: number },
) {
  const { number, batchSize, seed } = drawing;
  const digits = digitsOf(model.config);
  const stream = questionStream({ digits }, new TorchGenerator(seed));
  const examples = new Draws(stream, batchSize).at(number - 1);
  const { tokens } = examples;
  const [count, length] = tokens.shape as [number, number];
  const [whole, cut] = [await run(opened, tokens), await run(unattended, tokens)];
  const kinds = casesOfQuestions(sumColumns(examples));
  const rowsOf = (keep: (kind: DigitCase) => boolean) =>
    kinds.flatMap((kind, row) => (keep(kind) ? [row] : []));
  const written = (row: number): string =>
    [...tokens.data.subarray(row * length, (row + 1) * length)].map(additionToken).join("");
  const picked = [() => true, ...digitCases.map((one) => (kind: DigitCase) => kind === one)];
  const rows = new Set(picked.flatMap((keep) => rowsOf(keep).slice(0, shown)));
  using _ = scope();
  const [logits, pattern] = [tensor(whole.logits), tensor(whole.pattern)];
  const [first, end] = answered(model);
  const summary = (own: NdArray) => {
    const asked = tensor(own).at([], [first, end]).readSync();
    const { all, loss } = scoresOf(answersFrom(examples, asked));
    return { loss, answers: shareOf(all) };
  };
  return {
    number,
    count,
    kinds: digitCases.map((one) => rowsOf((kind) => kind === one).length),
    /** The first question, and the most likely token at each of its positions. */
    first: written(0),
    predictions: argmax(logits.at(0), -1).tolist() as number[],
    /** Attention "head dest src" of some questions. */
    questions: [...rows].map((row) => ({
      written: written(row),
      kind: kinds[row] as DigitCase,
      pattern: pattern.at(row).readSync(),
    })),
    with: summary(whole.logits),
    without: summary(cut.logits),
    /** Of the logits. */
    largestChange: abs(logits.sub(tensor(cut.logits)))
      .max()
      .item(),
  };
}
export type OpenBatch = Awaited<ReturnType<typeof openBatch>>;

/** Questions on which components are studied: from the generator seeded with 2. */
function studied({ config }: AnyModel): Examples {
  return drawAdditions({ digits: digitsOf(config) }, new TorchGenerator(2), 512);
}

/** Mean attention, also with the embedding of every digit replaced by the mean of the ten. */
function attention(model: AnyModel, tokens: Tensor) {
  const [first, end] = answered(model);
  const length = tokens.shape[1] as number;
  const digits = digitsOf(model.config);
  const signs = Array.from({ length }, (_, pos) => [
    Number(pos === digits || pos === 2 * digits + 1),
  ]);
  const isSign = tensor(signs);
  const mean = model.W_E.at([0, 10]).mean(0);
  const alike = model.withHooks([
    ["hook_embed", (x) => x.mul(isSign).add(mean.mul(isSign.neg().add(1)))],
  ]);
  const pattern = (own: AnyModel): Tensor =>
    own.runWithCache(tokens).cache.get("pattern", 0).mean(0).at([], [first, end]);
  return { usual: pattern(model), averaged: pattern(alike) };
}

/** Mean attention from where each digit is predicted: "head digit src". */
export async function meanAttention({ model, run }: Subject) {
  const parts = await inParts(studied(model).tokens, (some) => run(attention, some));
  return {
    usual: averaged(parts.map(({ usual }) => usual)),
    averaged: averaged(parts.map((part) => part.averaged)),
  };
}
export type MeanAttention = Awaited<ReturnType<typeof meanAttention>>;

/** What embedding (with constant biases), each head and the MLP add to the logits: "component batch digit out". */
function written(model: AnyModel, tokens: Tensor) {
  const { cache } = model.runWithCache(tokens);
  const { stack: parts, labels } = cache.getFullResidDecomposition(undefined, {
    expandNeurons: false,
    projectOutputOnto: model.W_U,
    posSlice: answered(model),
  });
  const heads = labels.findIndex((label) => label.endsWith("mlp_out"));
  const constant = parts
    .at([heads + 1])
    .sum(0)
    .add(model.b_U);
  return { direct: concatenate([expandDims(constant, 0), parts.at([0, heads + 1])], 0) };
}

/** Embedding, each head, MLP: what the residual stream is the sum of. */
export function componentNames({ nHeads }: Snapshot["config"]): string[] {
  const heads = Array.from({ length: nHeads as number }, (_, h) => `head ${h}`);
  return ["embedding", ...heads, "MLP"];
}

/** Logit lens, and what each component adds to the right digit above the mean of the ten digits. */
export async function components({ model, run }: Subject) {
  const examples = studied(model);
  const runs = await inParts(examples.tokens, (some) => run(written, some));
  const direct = joined(
    runs.map((one) => one.direct),
    1,
  );
  using _ = scope();
  const parts = tensor(direct).astype("float64");
  const labels = tensor(examples.labels);
  const stages = [1, -1, parts.shape[0] as number].map((end) => parts.at([0, end]).sum(0));
  const lens = (value: (logits: Tensor) => Tensor): number[][] =>
    stages.map((logits) => value(logits).astype("float64").mean(0).tolist() as number[]);
  const digits = parts.at([], [], [], [0, 10]);
  const added = digits.mul(oneHot(labels, 10)).sum(-1).sub(digits.mean(-1));
  const cases = casesOfDigits(sumColumns(examples));
  const shape = [labels.shape[0] as number, (labels.shape[1] as number) - 1];
  const byCase = digitCases.map((one) => {
    const flags = cases.map((other) => Number(other === one));
    const mask = tensor(nd("float64", shape, flags));
    return einsum("cbp,bp->cp", added.at([], [], [1]), mask).div(mask.sum(0));
  });
  return {
    /** "stage digit", read after the embedding, after attention and after the MLP. */
    lensAccuracy: lens((logits) => argmax(logits, -1).equal(labels)),
    lensLoss: lens((logits) => crossEntropyPerLabel(logits, labels)),
    /** "component digit" */
    attribution: added.mean(1).tolist() as number[][],
    /** "case component digit", without the leading digit; NaN where a digit has no such case. */
    attributionByCase: stack(byCase, 0).tolist() as number[][][],
  };
}
export type Components = Awaited<ReturnType<typeof components>>;

/** Logits of the digits, and means over questions at each position of what heads and the MLP give. */
function means(model: AnyModel, tokens: Tensor) {
  const { cache } = model.runWithCache(tokens);
  const [z, mlp] = [cache.get("z", 0).mean(0), cache.get("mlp_out", 0).mean(0)];
  return { ...answers(model, tokens), z, mlp };
}

/** Logits of the digits with some heads, or the MLP, replaced. */
function replaced(
  model: AnyModel,
  tokens: Tensor,
  off: Tensor,
  noMlp: Tensor,
  z: Tensor,
  mlp: Tensor,
) {
  const [first, end] = answered(model);
  const logits = model.runWithHooks(tokens, [
    ablateHeads(0, off, { replacement: z }),
    ["blocks.0.hook_mlp_out", (x) => x.mul(noMlp.neg().add(1)).add(mlp.mul(noMlp))],
  ]);
  return { logits: logits.at([], [first, end]) };
}

/** Mean losses in nats, by the columns of `lossColumns`, with one component replaced. */
export async function ablations({ model, run }: Subject) {
  const examples = studied(model);
  const { tokens } = examples;
  const columns = (logits: NdArray) => lossColumns(answersFrom(examples, logits));
  const whole = await inParts(tokens, (some) => run(means, some));
  const [z, mlp] = [averaged(whole.map((one) => one.z)), averaged(whole.map((one) => one.mlp))];
  const nothing = ({ dtype, shape, data }: NdArray) => nd(dtype, shape, data.slice().fill(0));
  const fills = { mean: [z, mlp], zero: [nothing(z), nothing(mlp)] } as const;
  const heads = model.config.nHeads as number;
  const each = async (kind: keyof typeof fills) => {
    const [fill, mlpFill] = fills[kind];
    const out: Record<string, number>[] = [];
    for (let which = 0; which <= heads; which++) {
      const off = Float32Array.from({ length: heads }, (_, h) => Number(h === which));
      const noMlp = nd("float32", [], [Number(which === heads)]);
      const args = [nd("float32", [heads], off), noMlp, fill, mlpFill] as const;
      const parts = await inParts(
        tokens,
        async (some) => (await run(replaced, some, ...args)).logits,
      );
      out.push(columns(joined(parts)));
    }
    return out;
  };
  return {
    full: columns(joined(whole.map(({ logits }) => logits))),
    /** By component (heads, then MLP): replaced by its mean over questions, or by zero. */
    mean: await each("mean"),
    zero: await each("zero"),
  };
}
export type Ablations = Awaited<ReturnType<typeof ablations>>;

/** What the model makes of one sum, digits most significant first. */
export async function ownSum({ model, run }: Subject, x: readonly number[], y: readonly number[]) {
  const digits = x.length;
  const examples = questions(digits, Int32Array.from(x), Int32Array.from(y));
  const { logits, pattern } = await run(opened, examples.tokens);
  const [first] = answered(model);
  const own = examples.tokens.data.slice();
  for (let i = 0; i <= digits; i++) {
    const free = i === 0 ? logits : (await run(opened, nd("int32", [1, own.length], own))).logits;
    using _ = scope();
    own[first + i + 1] = argmax(tensor(free).at(0, first + i), -1).item();
  }
  using _ = scope();
  const asked = tensor(logits)
    .at([], [first, first + digits + 1])
    .astype("float64");
  const { losses } = answersFrom(examples, asked.readSync());
  return {
    sum: [...examples.labels.data],
    /** Digits that it writes when each is read again before the next. */
    written: [...own.slice(first + 1)],
    losses: [...losses.data],
    /** "digit class", when the digits before are right. */
    probabilities: softmax(asked.at(0), -1).tolist() as number[][],
    cases: casesOfDigits(sumColumns(examples)),
    /** "head dest src" */
    pattern: tensor(pattern).at(0).readSync(),
  };
}
export type OwnSum = Awaited<ReturnType<typeof ownSum>>;
