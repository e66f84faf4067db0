/** A finished run in a program: its model as it is at a step, and what it was trained on. */

import { basename, dirname, join, resolve } from "node:path";
import { InputError, UnknownNameError } from "../core/errors.ts";
import { checkOptions } from "../core/options.ts";
import { readModel } from "../interchange/index.ts";
import { type AnyModel, type AnyPlan, type Curves, curvesOf, type Study } from "../lab/index.ts";
import { createModel } from "../models/index.ts";
import * as studies from "../studies/all.ts";
import type { Split } from "../tasks/task.ts";
import { trainingsName } from "./canonical.ts";
import { checkpointPath, checkpointSteps } from "./checkpoint-files.ts";
import { readIfThere } from "./disk.ts";
import { readMetrics } from "./metrics-file.ts";
import { type RunRecord, readRecord } from "./record.ts";
import { metricsPath } from "./resume.ts";
import { trainingFolder } from "./training-folder.ts";
import { analysedName } from "./view-run.ts";

/** What to open of a run. */
export interface OpenRunOptions {
  /** A step with a checkpoint; default the last. */
  readonly step?: number;
  /** Which training of the study; default "model", its own. */
  readonly training?: string;
  /** The study, where it is one of your own; without it only the own model opens, without data. */
  readonly study?: Study;
}

/** A model of a run, with what is known of it. */
export interface OpenedRun {
  readonly model: AnyModel;
  /** Updates done; 0 for an analyzed file, which does not say. */
  readonly step: number;
  /** Steps with a checkpoint, ascending. */
  readonly steps: readonly number[];
  readonly curves: Curves;
  /** The parameters of the study. */
  readonly params: Readonly<Record<string, unknown>>;
  /** What was trained; undefined for an analyzed file, and for a study that is not known. */
  readonly plan: AnyPlan | undefined;
  /** What it was trained and tested on, as the plan says. */
  readonly split: Split | undefined;
}

/**
 * Open the run in `folder`. The model has its weights and configuration; a run that is still training opens
 * at its last checkpoint.
 * @throws InputError for a folder that is no run, for a study that is not the run's, and for a step without
 * a checkpoint, such as any of an analyzed file;
 * `UnknownNameError` for a training that the study does not have.
 */
export async function openRun(folder: string, options: OpenRunOptions = {}): Promise<OpenedRun> {
  checkOptions("openRun", options, { step: true, training: true, study: true });
  const path = resolve(folder);
  const record = await readRecord(path);
  if (record === undefined) throw new InputError(`openRun: ${folder} is no folder of a run`);
  const { params } = record;
  if (record.checkpoint !== undefined) {
    refuseChoice(basename(path), options);
    const model = await modelIn(join(path, analysedName));
    return { model, step: 0, steps: [], curves: curvesOf([]), params, ...noData };
  }
  const plan = planOf(record, options);
  const held = await heldAt(path, record, plan);
  const steps = await checkpointSteps(held);
  const step = options.step ?? steps.at(-1) ?? 0;
  if (!steps.includes(step)) {
    throw new InputError(
      `openRun: step ${step} has no checkpoint in run ${basename(path)}; those are ${steps.join(", ") || "none yet"}`,
    );
  }
  const { rows } = await readMetrics(metricsPath(held));
  const model = await modelIn(checkpointPath(held, step));
  return { model, step, steps, curves: curvesOf(rows), params, plan, split: plan?.split };
}

/** An analyzed file has one model at one step. */
function refuseChoice(run: string, { step, training }: OpenRunOptions): void {
  const given = Object.entries({ step, training }).filter(([, value]) => value !== undefined);
  if (given.length === 0) return;
  const names = given.map(([name]) => name).join(" and ");
  throw new InputError(`openRun: run ${run} is of an analyzed file; leave out ${names}`);
}

const noData = { plan: undefined, split: undefined };

function planOf(record: RunRecord, options: OpenRunOptions): AnyPlan | undefined {
  const { training = "model", study = known(record) } = options;
  if (study === undefined) {
    if (training === "model") return undefined;
    throw new InputError(
      `openRun: ${record.study} is a study of your own; give it as { study } to open its ${training}`,
    );
  }
  if (study.name !== record.study) {
    throw new InputError(`openRun: the run is of the study ${record.study}, got ${study.name}`);
  }
  const plans = study.plans(study.params.parse(record.params));
  const plan = Object.hasOwn(plans, training) ? plans[training] : undefined;
  if (plan === undefined) {
    throw new UnknownNameError("openRun", "training", training, Object.keys(plans));
  }
  return plan;
}

/** A study in a file of its own may have the name of one of these. */
function known({ study: name, file }: RunRecord): Study | undefined {
  if (file !== undefined) return undefined;
  return (Object.values(studies) as Study[]).find((study) => study.name === name);
}

/** Folder of a training of the run; without a plan that of its own model. */
async function heldAt(
  path: string,
  { trainings: [own] = [] }: RunRecord,
  plan: AnyPlan | undefined,
): Promise<string> {
  if (plan !== undefined) return trainingFolder(dirname(path), plan);
  if (own !== undefined) return join(dirname(path), trainingsName, own);
  throw new InputError(`openRun: run ${basename(path)} names no training`);
}

async function modelIn(path: string): Promise<AnyModel> {
  const bytes = await readIfThere(path);
  if (bytes === undefined) throw new InputError(`openRun: ${path} is not there`);
  const { model, config, weights } = readModel(bytes, { where: basename(path) });
  return createModel(model, config, { weights });
}
