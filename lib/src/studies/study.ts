/** The contract of a study: a reproduction that ends in claims with numbers. */

import type { z } from "zod";
import type { Backend } from "../compile/backend.ts";
import type { Claim } from "../core/claim.ts";
import type { Source } from "../core/source.ts";
import type { PlotlyFigure } from "../figures/figure.ts";
import type { AnyPlan, Study as Article, PlanSize } from "../lab/index.ts";
import type { WeightArrays } from "../models/model.ts";
import type { MetricsRow } from "../train/metrics.ts";
import type { TrainingPlan } from "../train/plan.ts";

/** One picture of a report: its title, one sentence that says what to see, and the figure. */
export interface ReportFigure {
  readonly id: string;
  readonly title: string;
  /** One or two sentences: what to see, with the measured numbers in it. */
  readonly see: string;
  readonly figure: PlotlyFigure;
}

/** A heading, prose, figures. A report is an article made of these. */
export interface ReportSection {
  readonly title: string;
  /** Paragraphs; `code` and *emphasis* as in Markdown. */
  readonly prose: readonly string[];
  readonly figures: readonly ReportFigure[];
}

/** What is known of the weights in a file, besides the weights. */
export interface Origin {
  /** Names of the parameters that were given; the others are defaults. */
  readonly given: ReadonlySet<string>;
  /** Texts of those of the study's `besideWeights` that are in the folder of the file, by name. */
  readonly beside: Readonly<Record<string, string>>;
}

/** A finished training run, as the analysis sees it. */
export interface TrainedRun {
  readonly metrics: readonly MetricsRow[];
  /** Steps with a checkpoint, ascending; the last is the final one. */
  readonly checkpointSteps: readonly number[];
  weights(step: number): Promise<WeightArrays>;
  /** The finished companion runs by name (see `Study.companions`); empty when there are none. */
  readonly companions: Readonly<Record<string, TrainedRun>>;
  /** False for weights from a file when the parameters need not be those of their data. Default: true. */
  readonly dataKnown?: boolean;
}

/** What an analysis may need from outside. */
export interface StudyContext {
  /** Tell the person what is going on, one short line. */
  progress(message: string): void;
  /** Runs compiled forward passes. */
  readonly backend: Backend;
  /** The published checkpoint with this name, or undefined when it is not on this machine. */
  published(name: string): Promise<Uint8Array | undefined>;
}

/** `R` is plain data (numbers, strings, arrays, `NdArray`): it is `results.json`. */
export interface Study<P, R> {
  readonly name: string;
  readonly title: string;
  readonly source: Source;
  /** Schema of the parameters, with defaults, units and meanings in `.meta(...)`. */
  readonly params: z.ZodType<P>;
  /** Changes to the parameters that make a run of seconds, for CI and `--smoke`. */
  readonly smoke: Partial<P>;
  /** How large the plan will be, from the parameters alone: looked at before anything is made. */
  size(params: P): PlanSize;
  plan(params: P): TrainingPlan;
  /**
   * The parameters with sizes read from weights that are analysed without training; default: the
   * weights must have the sizes of the plan. Throws `InputError` for weights of another model.
   */
  fit?(params: P, weights: WeightArrays, origin: Origin): P;
  /** Names of files that may lie in the folder of the weights and say how they were trained. */
  readonly besideWeights?: readonly string[];
  /** Whether the parameters are then those of the data that the weights were trained on; default no. */
  knowsData?(origin: Origin): boolean;
  /**
   * Further models the report compares with, trained after the main one with the same machinery,
   * each in `companions/<name>/` of the run folder (its own metrics.jsonl and checkpoints/).
   */
  companions?(params: P): Readonly<Record<string, TrainingPlan>>;
  analyse(params: P, run: TrainedRun, context: StudyContext): Promise<R>;
  claims(params: P, results: R): readonly Claim[];
  /** Headline numbers for `--json`. */
  metrics(results: R): Readonly<Record<string, number>>;
  report(params: P, results: R): readonly ReportSection[];
}

/** A study that is an article, or one that is not yet. */
export type AnyStudy = Article | Study<unknown, unknown>;

export function isArticle(study: AnyStudy): study is Article {
  return "article" in study;
}

/** What is trained, by name; `model` is the study's own. */
export function plansOf(study: AnyStudy, params: unknown): Readonly<Record<string, AnyPlan>> {
  if (isArticle(study)) return study.plans(params);
  return { model: study.plan(params), ...study.companions?.(params) };
}
