import { z } from "zod";
import { InputError } from "../core/errors.ts";
import type { Study } from "../studies/study.ts";
import type { TrainingPlan } from "../train/index.ts";

/** The study's plan. Parameters that make no configuration of its model are an `InputError`. */
export function planOf<P, R>(study: Study<P, R>, params: P): TrainingPlan {
  try {
    return study.plan(params);
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    const { path, message } = error.issues[0] as z.core.$ZodIssue;
    throw new InputError(`${study.name}: the model's ${path.join(".")} is not valid: ${message}`);
  }
}
