/** Composition in a finite group: two elements and "=", their product is asked at the last position. */

import { z } from "zod";
import { nd } from "../../core/nd.ts";
import { type FiniteGroup, groupByName, groupNameProblem } from "../../groups/index.ts";
import { splitExamples } from "../split.ts";
import type { Examples, Task } from "../task.ts";

const name = "group-composition";

/** Parameters of `groupComposition`. */
export type GroupCompositionParams = {
  readonly group: string;
  readonly trainFraction: number;
};

/** Schema of a group's name; its message says what is wrong. */
export const groupName: z.ZodType<string> = z
  .string()
  .refine((value) => groupNameProblem(value) === undefined, {
    error: ({ input }) => (groupNameProblem(String(input)) ?? "").replace(/^group: /, ""),
  });

const params = z.object({
  group: groupName.default("S4").meta({
    description:
      "The group: C, D, S or A and a number (C113, D59, S4, A5), or several joined by x (C2xS3).",
  }),
  trainFraction: z.number().gt(0).lt(1).default(0.5).meta({
    description: "Share of all pairs to train on; the others are the test set.",
    unit: "fraction",
  }),
});

/**
 * Tokens "n pos" are [a, b, order], where token `order` reads "="; labels "n" are the element ab. In a
 * permutation group ab is first a, then b (SymPy's product). Examples are all pairs in row-major order.
 */
export const groupComposition: Task<GroupCompositionParams> = {
  name,
  title: "Composition in a finite group",
  source: {
    paper: "Chughtai, Chan and Nanda 2023, A toy model of universality",
    at: "section 3",
    url: "https://arxiv.org/abs/2302.03025",
  },
  params,
  labeled: "last",
  drawn: "partition",
  small: {},
  vocabulary({ group }) {
    const { order, label } = groupByName(group);
    return {
      dVocab: order + 1,
      dVocabOut: order,
      nCtx: 3,
      label: (token) => (token === order ? "=" : label(token)),
    };
  },
  examples: ({ group }) => allPairs(groupByName(group)),
  split({ group, trainFraction }, rng) {
    const examples = allPairs(groupByName(group));
    return splitExamples(name, examples, rng.randperm(examples.labels.data.length), trainFraction);
  },
};

function allPairs({ order, table }: FiniteGroup): Examples {
  const count = order * order;
  const tokens = new Int32Array(3 * count);
  for (let row = 0; row < count; row++) {
    tokens.set([Math.floor(row / order), row % order, order], 3 * row);
  }
  return { tokens: nd("int32", [count, 3], tokens), labels: nd("int32", [count], table) };
}
