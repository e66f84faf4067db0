/** Optimizers with PyTorch's semantics. */

import { UnknownNameError } from "../../core/errors.ts";
import { checkOptions, type OptionNames } from "../../core/options.ts";
import { parseConfig } from "../../models/parse.ts";
import type { OptimizerOptions } from "../plan.ts";
import * as all from "./all.ts";
import type { Optimizer } from "./optimizer.ts";

export type { AdamOptions } from "./adam.ts";
export type { AdamWOptions } from "./adamw.ts";
export { adam, adamw, sgd } from "./all.ts";
export type { Moments, Optimizer, Scalars, ScalarTensors } from "./optimizer.ts";
export type { SgdOptions } from "./sgd.ts";

all satisfies Record<string, Optimizer<unknown>>;

const optimizerNames: OptionNames<OptimizerOptions> = {
  name: true,
  lr: true,
  betas: true,
  eps: true,
  weightDecay: true,
  momentum: true,
};

/** The optimizer a plan names, with its options checked and its defaults filled in. */
export function optimizerOf(options: OptimizerOptions): {
  readonly optimizer: Optimizer<unknown>;
  readonly options: unknown;
} {
  checkOptions("optimizer", options, optimizerNames);
  const table: Readonly<Record<string, Optimizer<unknown>>> = all;
  const optimizer = table[options.name];
  if (optimizer === undefined) {
    throw new UnknownNameError("train", "optimizer", options.name, Object.keys(all));
  }
  return { optimizer, options: parseConfig(options.name, optimizer.options, options) };
}
