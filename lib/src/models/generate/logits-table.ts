import { InputError, ShapeError } from "../../core/errors.ts";
import type { NdArray } from "../../core/nd.ts";
import { checkOptions, type OptionNames } from "../../core/options.ts";
import { checkLogits, numbersOf } from "./sample-logits.ts";

/** One class, in the order of descending logit. */
export interface LogitRow {
  readonly token: number;
  readonly logit: number;
  /** In nats. */
  readonly logProb: number;
  readonly probability: number;
}

/** Options of `logitsToTable`. */
export interface LogitsTableOptions {
  /** How many of the best classes; default all. */
  readonly topK?: number;
}

const tableOptions: OptionNames<LogitsTableOptions> = { topK: true };

/** Logits "d_vocab_out" as a table, the most probable first; of the `topK` best, default all. */
export function logitsToTable(
  logits: NdArray,
  options: LogitsTableOptions = {},
): readonly LogitRow[] {
  checkOptions("logitsToTable", options, tableOptions);
  const { topK } = options;
  if (topK !== undefined && !(Number.isInteger(topK) && topK > 0)) {
    throw new InputError(`logitsToTable: topK must be a positive integer, got ${topK}`);
  }
  const values = checked("logitsToTable", logits);
  const top = Math.max(...values);
  const logTotal = top + Math.log(values.reduce((sum, x) => sum + Math.exp(x - top), 0));
  return values
    .map((logit, token) => {
      const logProb = logit - logTotal;
      return { token, logit, logProb, probability: Math.exp(logProb) };
    })
    .sort((a, b) => b.logit - a.logit || a.token - b.token)
    .slice(0, topK);
}

/** How many classes have a larger logit than `answer`, in logits "d_vocab_out": 0 is the best. */
export function rankOf(logits: NdArray, answer: number): number {
  const values = checked("rankOf", logits);
  const own = Number.isInteger(answer) ? values[answer] : undefined;
  if (own === undefined) {
    throw new InputError(`rankOf: answer must lie in [0, ${values.length}), got ${answer}`);
  }
  return values.filter((x) => x > own).length;
}

function checked(where: string, logits: NdArray): number[] {
  const { shape, data } = numbersOf(where, "logits", logits);
  if (shape.length !== 1) throw new ShapeError(`${where}: logits "d_vocab_out"`, [-1], shape);
  checkLogits(where, data, 0);
  return Array.from(data);
}
