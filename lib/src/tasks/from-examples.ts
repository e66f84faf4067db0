/** A task from examples of one's own. */

import { z } from "zod";
import { InputError } from "../core/errors.ts";
import { type NdArray, nd } from "../core/nd.ts";
import { checkOptions } from "../core/options.ts";
import { shown } from "../core/text.ts";
import { splitExamples } from "./split.ts";
import type { Examples, Task } from "./task.ts";

/** Examples as lists or int32 arrays. */
export interface ListedExamples {
  /** "n pos": sequences of equal length. */
  readonly tokens: NdArray | readonly (readonly number[])[];
  /** "n" when only the last position is asked, else "n pos". */
  readonly labels: NdArray | readonly number[] | readonly (readonly number[])[];
}

/** What the examples do not say. */
export interface FromExamplesOptions {
  /** Default: the largest token and one. */
  readonly dVocab?: number;
  /** Default: the largest label and one. */
  readonly dVocabOut?: number;
  /** How to show a token to a person; default its number. */
  readonly label?: (token: number) => string;
  /** Default: the name. */
  readonly title?: string;
}

const params = z.strictObject({
  trainFraction: z.number().gt(0).lt(1).default(0.5).meta({
    description: "Share of all examples to train on; the others are the test set.",
    unit: "fraction",
  }),
});

/**
 * A task with these examples, dealt out at random into a part to train and a part to test on. Its one
 * parameter is `trainFraction`, default 0.5.
 * @throws InputError for tokens and labels that are not whole numbers from 0, that do not fit each
 * other or the sizes given, and for a sequence that occurs twice.
 */
export function taskFromExamples(
  name: string,
  given: ListedExamples,
  options: FromExamplesOptions = {},
): Task<{ readonly trainFraction: number }> {
  checkOptions("taskFromExamples", options, {
    dVocab: true,
    dVocabOut: true,
    label: true,
    title: true,
  });
  const tokens = arrayOf(`${name}: tokens`, given.tokens);
  const labels = arrayOf(`${name}: labels`, given.labels);
  const [count = 0, length = 1] = tokens.shape;
  if (tokens.shape.length !== 2) {
    throw new InputError(`${name}: tokens must be sequences, "n pos", got shape [${tokens.shape}]`);
  }
  const all = labels.shape.length > 1;
  const fits = labels.shape.join() === (all ? tokens.shape : [count]).join();
  if (!fits) {
    throw new InputError(
      `${name}: labels must have shape [${count}] or [${tokens.shape}] like the tokens, got [${labels.shape}]`,
    );
  }
  const dVocab = sizeFor(`${name}: tokens`, tokens, options.dVocab);
  const dVocabOut = sizeFor(`${name}: labels`, labels, options.dVocabOut);
  refuseRepeats(name, tokens, length);
  const examples: Examples = { tokens, labels };
  return {
    name,
    title: options.title ?? name,
    source: { paper: name },
    params,
    labeled: all ? "all" : "last",
    drawn: "partition",
    small: {},
    vocabulary: () => ({ dVocab, dVocabOut, nCtx: length, label: options.label ?? String }),
    examples: () => examples,
    split: ({ trainFraction }, rng) =>
      splitExamples(name, examples, rng.randperm(count), trainFraction),
  };
}

type Listed = ListedExamples["labels"];

/** The numbers as int32. */
function arrayOf(where: string, given: Listed): NdArray {
  if (typeof given !== "object" || given === null) {
    throw new InputError(`${where}: must be a list or an array of numbers, got ${shown(given)}`);
  }
  if ("data" in given) return checked(where, given.shape, Array.from(given.data));
  const rows = given as readonly (number | readonly number[])[];
  if (!rows.some(Array.isArray)) return checked(where, [rows.length], rows as readonly number[]);
  const single = rows.findIndex((row) => !Array.isArray(row));
  if (single >= 0) {
    throw new InputError(
      `${where}: every row must be a list where one is, got ${shown(rows[single])} in row ${single}`,
    );
  }
  const width = (rows[0] as readonly number[]).length;
  const odd = rows.findIndex((row) => (row as readonly number[]).length !== width);
  if (odd >= 0) {
    throw new InputError(
      `${where}: rows must have the same length, ${width} in the first, got another in row ${odd}`,
    );
  }
  return checked(where, [rows.length, width], rows.flat());
}

function checked(where: string, shape: readonly number[], values: readonly number[]): NdArray {
  if (values.length === 0) throw new InputError(`${where}: must not be empty`);
  const odd = values.findIndex((value) => !Number.isInteger(value) || value < 0 || value > 1e6);
  if (odd >= 0) {
    throw new InputError(
      `${where}: must be whole numbers from 0 to 1000000, got ${values[odd]} at ${odd}`,
    );
  }
  return nd("int32", shape, values);
}

function sizeFor(where: string, { data }: NdArray, given: number | undefined): number {
  const least = Array.from(data).reduce((most, value) => Math.max(most, value), 0) + 1;
  if (given === undefined) return least;
  if (Number.isInteger(given) && given >= least) return given;
  throw new InputError(
    `${where}: the largest is ${least - 1}, so the size must be at least ${least}, got ${given}`,
  );
}

/** An example in both parts would make the test easier than it looks. */
function refuseRepeats(name: string, { data }: NdArray, length: number): void {
  const seen = new Set<string>();
  for (let start = 0; start < data.length; start += length) {
    const row = data.slice(start, start + length).join(",");
    if (seen.has(row)) {
      throw new InputError(`${name}: each sequence must occur once, got ${row} twice`);
    }
    seen.add(row);
  }
}
