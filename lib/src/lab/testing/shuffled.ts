/** A plan whose labels are those of other examples: what is learned from it is no rule. */

import { type NdArray, nd, sizeOf } from "../../core/nd.ts";
import { TorchGenerator } from "../../rng/index.ts";
import type { Examples } from "../../tasks/task.ts";
import type { ExampleStream } from "../../train/index.ts";
import type { AnyPlan } from "../study.ts";

/** The same plan with the labels of every set of examples shuffled. */
export function shuffled(plan: AnyPlan): AnyPlan {
  const { split, stream, measures } = plan;
  const test = measures?.test;
  return {
    ...plan,
    split: { train: dealt(split.train), test: dealt(split.test) },
    ...(stream && { stream: dealtStream(stream) }),
    ...(typeof test === "object" && {
      measures: { ...measures, test: { ...test, stream: dealtStream(test.stream) } },
    }),
  } as AnyPlan;
}

function dealtStream(stream: ExampleStream): ExampleStream {
  return { ...stream, draw: (...args) => dealt(stream.draw(...args)) };
}

/** Rows of labels in another order; whatever else the examples hold stays. */
function dealt(examples: Examples): Examples {
  const { labels } = examples;
  const order = new TorchGenerator(7).randperm(labels.shape[0] as number);
  return { ...examples, labels: rowsInOrder(labels, order) };
}

function rowsInOrder({ dtype, shape, data }: NdArray, order: Int32Array): NdArray {
  const width = sizeOf(shape.slice(1));
  const rows = Array.from(order, (row) => Array.from(data.slice(row * width, (row + 1) * width)));
  return nd(dtype, shape, rows.flat());
}
