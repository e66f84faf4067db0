/** A study in a file of its own: what it need not say has a default. */

import { z } from "zod";
import { InputError } from "../core/errors.ts";
import { sizeOf } from "../core/nd.ts";
import { checkOptions, type OptionNames } from "../core/options.ts";
import { shown } from "../core/text.ts";
import { type PlanOptions, trainingPlan } from "../train/index.ts";
import type { AnyPlan, PlanSize, Study } from "./study.ts";

/** What a study must say; everything else of `Study` may be given, too. */
export interface StudyInput<P, V>
  extends Pick<Study<P, V>, "name" | "params" | "measurements" | "article">,
    Partial<Omit<Study<P, V>, "plans" | "name" | "params" | "measurements" | "article">> {
  /** Plans, of which `model`, `task` (or `split`) and `steps` are enough; see `trainingPlan`. */
  plans(params: P): Readonly<Record<string, PlanOptions>>;
}

const studyNames: OptionNames<StudyInput<unknown, unknown>> = {
  plans: true,
  name: true,
  params: true,
  measurements: true,
  article: true,
  title: true,
  sources: true,
  view: true,
  smoke: true,
  size: true,
  fit: true,
  besideFiles: true,
  knowsData: true,
};

/**
 * A study for `tinylens run ./FILE.ts`, or for `runArticle` in a program. By default it has no views,
 * its title is its name, and `--smoke` changes nothing.
 * @throws InputError for a name that is none for a folder, and for fields that are missing.
 */
export function defineStudy<P, V = Record<never, never>>(study: StudyInput<P, V>): Study<P, V> {
  checkOptions<object>("defineStudy", study, studyNames);
  checkStudy(study);
  const plans = (params: P): Readonly<Record<string, AnyPlan>> =>
    Object.fromEntries(
      Object.entries(study.plans(params)).map(([name, plan]) => [name, trainingPlan(plan)]),
    );
  return {
    title: study.name,
    sources: [],
    view: z.strictObject({}) as unknown as z.ZodType<V>,
    smoke: {},
    size: (params) => largest(Object.values(plans(params))),
    ...study,
    plans,
  };
}

/** A file of its own is not compiled, so what the compiler would refuse is refused here. */
function checkStudy(study: Readonly<Partial<Record<keyof typeof studyNames, unknown>>>): void {
  const { name, params, measurements, plans, article } = study;
  if (typeof name !== "string" || !/^[a-z][a-z0-9-]{0,50}$/.test(name)) {
    throw new InputError(
      `defineStudy: name must be lower-case letters, digits and -, such as my-parity, got ${shown(name)}`,
    );
  }
  if (
    (params as { readonly def?: { readonly shape?: unknown } } | undefined)?.def?.shape ===
    undefined
  ) {
    throw new InputError(`defineStudy: params of ${name} must be a z.strictObject`);
  }
  if (![measurements].flat().every((url) => typeof url === "string")) {
    throw new InputError(`defineStudy: measurements of ${name} must be import.meta.url`);
  }
  for (const [field, f] of Object.entries({ plans, article })) {
    if (typeof f === "function") continue;
    throw new InputError(`defineStudy: ${field} of ${name} must be a function, got ${shown(f)}`);
  }
}

/** Weights and tokens of plans that are made. */
function largest(plans: readonly AnyPlan[]): PlanSize {
  const sizes = plans.map(({ initial, split }) => ({
    weights: Object.values(initial).reduce((sum, { shape }) => sum + sizeOf(shape), 0),
    tokens: sizeOf(split.train.tokens.shape) + sizeOf(split.test.tokens.shape),
  }));
  return {
    weights: Math.max(...sizes.map(({ weights }) => weights)),
    tokens: Math.max(...sizes.map(({ tokens }) => tokens)),
  };
}
