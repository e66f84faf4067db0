/** Optimisers with PyTorch's semantics. */

import { InputError, UnknownNameError } from "../../core/errors.ts";
import type { OptimizerOptions } from "../plan.ts";
import * as all from "./all.ts";
import type { Optimizer } from "./optimizer.ts";

export type { AdamOptions } from "./adam.ts";
export type { AdamWOptions } from "./adamw.ts";
export { adam, adamw, sgd } from "./all.ts";
export type { Moments, Optimizer, Scalars, ScalarTensors } from "./optimizer.ts";
export type { SgdOptions } from "./sgd.ts";

all satisfies Record<string, Optimizer<unknown>>;

/** The optimiser a plan names, with its options checked and its defaults filled in. */
export function optimizerOf(options: OptimizerOptions): {
  readonly optimizer: Optimizer<unknown>;
  readonly options: unknown;
} {
  const table: Readonly<Record<string, Optimizer<unknown>>> = all;
  const optimizer = table[options.name];
  if (optimizer === undefined) {
    throw new UnknownNameError("train", "optimizer", options.name, Object.keys(all));
  }
  const parsed = optimizer.options.safeParse(options);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const where = [options.name, ...(issue?.path ?? [])].join(": ");
    throw new InputError(`${where}: ${issue?.message}`);
  }
  return { optimizer, options: parsed.data };
}
