/** Labs that need no disk: trainings in memory, and a single model from a file. */

import { UnknownNameError } from "../core/errors.ts";
import { readModel } from "../interchange/index.ts";
import type { WeightArrays } from "../models/index.ts";
import { castWeights, type MetricsRow, train } from "../train/index.ts";
import { sha256, trainingAddress } from "./address.ts";
import { curvesOf } from "./curves.ts";
import type { Instruments, ModelSource } from "./instruments.ts";
import type { AnyPlan, Lab, Study, Training } from "./study.ts";
import { type HeldTraining, trainingOf } from "./training.ts";

/** Bytes of the published file with this name; undefined where it is absent. */
export type ReadPublished = (name: string) => Promise<Uint8Array | undefined>;

const nothing: ReadPublished = async () => undefined;

/** The plan with this name. @throws UnknownNameError. */
export function planNamed(
  study: Study,
  plans: Readonly<Record<string, AnyPlan>>,
  name: string,
): AnyPlan {
  const plan = Object.hasOwn(plans, name) ? plans[name] : undefined;
  if (plan === undefined)
    throw new UnknownNameError(study.name, "training", name, Object.keys(plans));
  return plan;
}

/** A lab whose trainings come from `open`, each opened once. */
export function labOf(
  study: Study,
  params: unknown,
  instruments: Instruments,
  open: (plan: AnyPlan, name: string) => Promise<Training>,
  published: ReadPublished = nothing,
): Lab {
  const plans = study.plans(params);
  const trainings = new Map<string, Promise<Training>>();
  return {
    async training(name = "model") {
      const known = trainings.get(name) ?? open(planNamed(study, plans, name), name);
      trainings.set(name, known);
      return known;
    },
    async published(name, config = {}) {
      const bytes = await published(name);
      if (bytes === undefined) return undefined;
      return instruments.snapshot(await fileSource(bytes, config));
    },
  };
}

/** A lab that trains in memory what it is asked for. */
export function memoryLab(
  study: Study,
  params: unknown,
  instruments: Instruments,
  published?: ReadPublished,
): Lab {
  const open = async (plan: AnyPlan): Promise<Training> =>
    trainingOf(instruments, plan, await trainInMemory(plan, instruments));
  return labOf(study, params, instruments, open, published);
}

/** Train a plan to its end and keep every checkpoint. */
export async function trainInMemory(
  plan: AnyPlan,
  instruments: Instruments,
): Promise<HeldTraining> {
  const rows: MetricsRow[] = [];
  const checkpoints = new Map<number, WeightArrays>();
  for await (const event of train(plan, await instruments.backend())) {
    if (event.kind === "metrics") rows.push(event.row);
    if (event.kind === "checkpoint") {
      checkpoints.set(event.checkpoint.step, castWeights(event.checkpoint.weights, "float32"));
    }
  }
  return {
    address: await trainingAddress(plan),
    rows,
    steps: [...checkpoints.keys()],
    weights: async (step) => checkpoints.get(step) as WeightArrays,
  };
}

/**
 * A lab whose only training is one model from a file: nobody knows how it came about, so there are
 * no curves and no other steps.
 */
export async function fileLab(
  bytes: Uint8Array,
  config: Readonly<Record<string, unknown>>,
  instruments: Instruments,
): Promise<Lab> {
  const snapshot = instruments.snapshot(await fileSource(bytes, config));
  const training: Training = {
    finished: false,
    curves: curvesOf([]),
    steps: [],
    at: () => snapshot,
  };
  return {
    training: async () => training,
    published: async () => undefined,
  };
}

async function fileSource(
  bytes: Uint8Array,
  config: Readonly<Record<string, unknown>>,
): Promise<ModelSource> {
  const file = readModel(bytes, { config });
  return {
    id: `file ${await sha256(bytes)} ${JSON.stringify(config)}`,
    step: undefined,
    model: file.model,
    config: file.config as Readonly<Record<string, unknown>>,
    weights: async () => file.weights as WeightArrays,
  };
}
