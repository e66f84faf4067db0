/** A training as a lab shows it, from what is held of it. */

import type { WeightArrays } from "../models/index.ts";
import type { MetricsRow } from "../train/index.ts";
import { curvesOf, curvesUpTo } from "./curves.ts";
import type { Instruments } from "./instruments.ts";
import type { AnyPlan, Lab, Training } from "./study.ts";

/** What is held of a training: its log and its checkpoints. */
export interface HeldTraining {
  /** Address of the training; see `trainingAddress`. */
  readonly address: string;
  readonly rows: readonly MetricsRow[];
  /** Steps with a checkpoint, ascending. */
  readonly steps: readonly number[];
  weights(step: number): Promise<WeightArrays>;
}

/** A training of `plan`. Where step 0 is not held it is taken from the plan. */
export function trainingOf(instruments: Instruments, plan: AnyPlan, held: HeldTraining): Training {
  const steps = held.steps[0] === 0 ? held.steps : [0, ...held.steps];
  return {
    steps,
    curves: curvesOf(held.rows),
    finished: steps.at(-1) === plan.steps,
    at(wanted = Number.POSITIVE_INFINITY) {
      const step = nearest(steps, wanted);
      const own = step === 0 && held.steps[0] !== 0;
      return instruments.snapshot({
        id: `training ${held.address} step ${step}`,
        step,
        model: plan.model,
        config: plan.config,
        weights: async () => (own ? plan.initial : held.weights(step)),
      });
    },
  };
}

/** The step nearest to `wanted`; the last for infinity, the earlier of two equally near. */
function nearest(steps: readonly number[], wanted: number): number {
  if (wanted === Number.POSITIVE_INFINITY) return steps.at(-1) ?? 0;
  return steps.reduce((best, step) =>
    Math.abs(step - wanted) < Math.abs(best - wanted) ? step : best,
  );
}

/** The same lab as it was when its trainings had come to `step`, without published models. */
export function upTo(lab: Lab, step: number): Lab {
  return {
    dataKnown: lab.dataKnown,
    published: async () => undefined,
    publishedText: async () => undefined,
    async training(name) {
      const whole = await lab.training(name);
      const steps = whole.steps.filter((one) => one <= step);
      return {
        finished: false,
        steps,
        curves: curvesUpTo(whole.curves, step),
        at: (wanted = Number.POSITIVE_INFINITY) => whole.at(nearest(steps, wanted)),
      };
    },
  };
}
