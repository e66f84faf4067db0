/** The contract of a task: examples with labels, made from parameters. */

import type { z } from "zod";
import type { NdArray } from "../core/nd.ts";
import type { Rng } from "../core/rng.ts";
import type { Source } from "../core/source.ts";

/** Sequences of tokens with their labels. */
export interface Examples {
  /** int32 "n pos". */
  readonly tokens: NdArray;
  /** int32 "n" when only the last position is asked, else int32 "n pos". */
  readonly labels: NdArray;
  /** The positions that `labels` "n pos" are of, ascending; absent when every position has one. */
  readonly positions?: readonly number[];
  /** int32 "n pos": the same where they differ from one example to the next; instead of `positions`. */
  readonly places?: NdArray;
}

/** What a model learns from, and what it is tested on. */
export interface Split {
  readonly train: Examples;
  readonly test: Examples;
}

/** Sizes that a model for a task needs, and the names of its tokens. */
export interface Vocabulary {
  readonly dVocab: number;
  readonly dVocabOut: number;
  readonly nCtx: number;
  /** How to show a token to a person. */
  label(token: number): string;
}

/** Examples with labels, made from parameters. */
export interface Task<P> {
  readonly name: string;
  readonly title: string;
  readonly source: Source;
  /** Schema of the parameters; every field has its meaning (and unit) in `.meta(...)`. */
  readonly params: z.ZodType<P>;
  /** Which positions have a label; `some`: those that the examples name. */
  readonly labeled: "last" | "all" | "some";
  /**
   * How `split` chooses: `partition` deals out the examples, so that no one is in both parts;
   * `independent` draws each sequence on its own, so that one may come again.
   */
  readonly drawn: "partition" | "independent";
  /** Changes to the parameters that leave few examples, for tests. */
  readonly small: Partial<P>;
  vocabulary(params: P): Vocabulary;
  /** Every example, in a fixed order; of independent draws, those that can be told right or wrong. */
  examples(params: P): Examples;
  /** Train and test examples, chosen with `rng` as `drawn` says. */
  split(params: P, rng: Rng): Split;
}
