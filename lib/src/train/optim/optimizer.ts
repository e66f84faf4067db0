/** The contract of an optimizer: elementwise formulas, with scalars worked out in float64. */

import type { z } from "zod";
import type { Tensor } from "../../arrays/index.ts";

/** Named numbers of one update, e.g. the learning rate over the bias correction. */
export type Scalars = { readonly [name: string]: number };

/** The same numbers as float32 scalars inside the compiled step. */
export type ScalarTensors = { readonly [name: string]: Tensor };

/** Moments of one weight, each with the weight's shape and zero at first. */
export type Moments = { readonly [name: string]: Tensor };

/** An update rule with its state, as PyTorch defines it. */
export interface Optimizer<O> {
  readonly name: string;
  /** Schema of the options, with PyTorch's defaults. */
  readonly options: z.ZodType<O>;
  /** Names of the moments kept for each weight, as PyTorch's `state_dict` spells them. */
  moments(options: O): readonly string[];
  /** Scalars of update number `update` (from 1) at learning rate `lr`. */
  scalars(options: O, update: number, lr: number): Scalars;
  /** The new weight and moments, all of the shape of `weight`. */
  update(
    options: O,
    weight: Tensor,
    gradient: Tensor,
    moments: Moments,
    scalars: ScalarTensors,
  ): { readonly weight: Tensor; readonly moments: Moments };
}
