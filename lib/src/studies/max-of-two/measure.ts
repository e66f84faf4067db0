/** What is measured of a model that finds the largest of n numbers: circuits, proofs, answers. */

import { accuracy, crossEntropy } from "../../analysis/losses/index.ts";
import {
  bruteForce,
  cubicBound,
  maxBruteForced,
  maxCircuits,
  sequenceCount,
  subcubicBound,
} from "../../analysis/proofs/index.ts";
import { diagonal, expandDims, scope, softmax, type Tensor, tensor } from "../../arrays/index.ts";
import { InputError } from "../../core/errors.ts";
import { nd } from "../../core/nd.ts";
import type { AnyModel, Subject } from "../../lab/index.ts";
import { TorchGenerator } from "../../rng/index.ts";

/** When the text of this module changes, everything is measured again. */
export const measurements = import.meta.url;

/** The weights of the one head in float64, and what the tokens are. */
function head(model: AnyModel) {
  const wide = (weight: Tensor): Tensor => weight.astype("float64");
  const [E, P, U] = [wide(model.W_E), wide(model.W_pos), wide(model.W_U)];
  const only = (weight: Tensor): Tensor => wide(weight).at(0, 0);
  const [Q, K, V, O] = [only(model.W_Q), only(model.W_K), only(model.W_V), only(model.W_O)];
  const vocab = U.shape[1] as number;
  if (E.shape[0] !== vocab + 1) {
    throw new InputError('max-of-two: the model must have a token "=" that asks; use max-of-four');
  }
  const asks = E.at(-1).add(P.at(-1));
  /** "… d_model" to "…": score that "=" gives, not divided by √d_head. */
  const score = (x: Tensor): Tensor => x.matmul(asks.matmul(Q).matmul(K.transpose()));
  /** "… d_model" to "… out": logits written when attended to. */
  const write = (x: Tensor): Tensor => x.matmul(V).matmul(O).matmul(U);
  const [numbers, places] = [E.at([0, vocab]), P.at([0, -1])];
  return {
    E,
    P,
    U,
    vocab,
    asks,
    score,
    write,
    numbers,
    places,
    divisor: Math.sqrt(Q.shape[1] as number),
  };
}

/** The notebook's `compute_QK`, `compute_OV`, `compute_QK_by_position` and `compute_irrelevant`. */
export function circuits({ model }: Subject) {
  using _ = scope();
  const { U, vocab, asks, score, write, numbers, places, divisor } = head(model);
  const free = places.shape[0] as number;
  const place = places.mean(0);
  const qk = score(numbers.add(place)).sub(score(asks)).tolist() as number[];
  const ov = write(numbers.add(place));
  const centered = ov.sub(expandDims(diagonal(ov), 1));
  const margins = (centered.tolist() as number[][]).map(
    (row, token) => -Math.max(...row.filter((_value, out) => out !== token)),
  );
  const direct = asks.matmul(U).tolist() as number[];
  return {
    /** "token": score of each number less that of "=" with itself; position at its mean. */
    qk,
    /** "pos": what each position adds to the score, less the mean. */
    positionQk: score(places.sub(place)).tolist() as number[],
    /** "token out": logits written when a number is attended to. */
    ov: ov.readSync(),
    /** "token out": the same, less the logit of the number itself. */
    centered: centered.readSync(),
    /** "token": logit of the number itself less the largest other. */
    margins,
    /** "out" each: (E + P)= U, (E + P)= V O U, and for each position P less the mean through V O U. */
    direct,
    self: write(asks).tolist() as number[],
    positions: write(places.sub(place)).tolist() as number[][],
    /** Most attention that "=" pays to itself: when all numbers are the one that scores least. */
    mostSelfAttention: 1 / (1 + free * Math.exp(Math.min(...qk) / divisor)),
    vocab,
  };
}
export type Circuits = ReturnType<typeof circuits>;

/** Lower bounds on the accuracy, and the accuracy where there are few enough sequences to run. */
export function proofs({ weights }: Subject) {
  const tables = maxCircuits(weights);
  return {
    bruteForce: sequenceCount(tables) <= maxBruteForced ? bruteForce(tables) : null,
    cubic: cubicBound(tables),
    subcubic: subcubicBound(tables),
  };
}
export type Proofs = ReturnType<typeof proofs>;

/** Most sequences whose loss is taken; of more of them so many are drawn at random. */
const maxAnswered = 4096;

/** Loss in nats and accuracy over all sequences of numbers, or over a random sample of them. */
export async function losses({ model, run }: Subject) {
  const { dVocab, dVocabOut: vocab, nCtx } = model.config;
  const asks = dVocab > vocab;
  const n = asks ? nCtx - 1 : nCtx;
  const all = vocab ** n;
  const whole = all <= maxAnswered;
  const count = whole ? all : maxAnswered;
  const drawn = whole ? undefined : new TorchGenerator(0).randint(0, vocab, count * n);
  const sequences = Array.from({ length: count }, (_, i) =>
    Array.from({ length: n }, (_at, k) => drawn?.[i * n + k] ?? Math.floor(i / vocab ** k) % vocab),
  );
  const labels = sequences.map((numbers) => Math.max(...numbers));
  const tokens = sequences.flatMap((numbers) => (asks ? [...numbers, vocab] : numbers));
  const { logits } = await run(
    (opened, input) => ({ logits: opened.forward(input).at([], -1) }),
    nd("int32", [count, nCtx], tokens),
  );
  return { count, whole, loss: crossEntropy(logits, labels), accuracy: accuracy(logits, labels) };
}
export type Losses = Awaited<ReturnType<typeof losses>>;

/** Most sequences that are run at every checkpoint. */
const maxFollowed = 2 ** 14;

/** One checkpoint on the way: scores, accuracy, bounds, size of the weights. */
export function moment({ model, weights }: Subject) {
  using _ = scope();
  const { score, numbers, places } = head(model);
  const scores = score(numbers.add(places.mean(0)));
  const tables = maxCircuits(weights);
  const followed = sequenceCount(tables) <= maxFollowed;
  return {
    /** float32 "token", as the notebook's animation shows them. */
    scores: scores.astype("float32").readSync(),
    falls: falls(scores.tolist() as number[]),
    accuracy: followed ? bruteForce(tables).accuracy : null,
    cubic: cubicBound(tables).accuracy,
    subcubic: subcubicBound(tables).accuracy,
    squaredWeights: Object.values(model.weights as Readonly<Record<string, Tensor>>)
      .map((weight) => weight.astype("float64").pow(2).sum().item())
      .reduce((sum, one) => sum + one, 0),
  };
}
export type Moment = ReturnType<typeof moment>;

/** How many entries are not above the one before. */
export function falls(scores: readonly number[]): number {
  return scores.filter((score, i) => i > 0 && score <= (scores[i - 1] as number)).length;
}

/** What the model does with one sequence of numbers: attention, and each path's part of the logits. */
export function answer({ model }: Subject, sequence: readonly number[]) {
  using _ = scope();
  const { P, U, vocab, asks, score, write, E, divisor } = head(model);
  const tokens = tensor([...sequence, vocab], { dtype: "int32" });
  const inputs = E.at(tokens).add(P);
  const attention = softmax(score(inputs).div(divisor), -1);
  const written = write(inputs).mul(expandDims(attention, 1));
  const direct = asks.matmul(U);
  const logits = written.sum(0).add(direct);
  return {
    attention: attention.tolist() as number[],
    /** "pos out": attention times what it reads. */
    written: written.tolist() as number[][],
    direct: direct.tolist() as number[],
    logits: logits.tolist() as number[],
  };
}
export type Answer = ReturnType<typeof answer>;
