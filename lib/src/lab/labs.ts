/** Labs that need no disk: trainings in memory, and a single model from a file. */

import { UnknownNameError } from "../core/errors.ts";
import { checkOptions } from "../core/options.ts";
import { type ConfigRecord, type ModelFile, readModel } from "../interchange/index.ts";
import type { WeightArrays } from "../models/index.ts";
import { castWeights, type MetricsRow, train } from "../train/index.ts";
import { sha256, trainingAddress } from "./address.ts";
import { curvesOf } from "./curves.ts";
import type { Instruments, ModelSource } from "./instruments.ts";
import type { AnyPlan, Lab, Snapshot, Study, Training } from "./study.ts";
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
    dataKnown: true,
    async training(name = "model") {
      const known = trainings.get(name) ?? open(planNamed(study, plans, name), name);
      trainings.set(name, known);
      return known;
    },
    published: (name, config) => publishedIn(instruments, published, name, config),
    publishedText: (name) => textIn(published, name),
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
 * no curves and no other steps. `dataKnown`: see `Lab`; default false.
 */
export async function fileLab(
  file: HashedModel,
  instruments: Instruments,
  options: FileLabOptions = {},
): Promise<Lab> {
  checkOptions("fileLab", options, { dataKnown: true, published: true });
  const { dataKnown = false, published = nothing } = options;
  const snapshot = instruments.snapshot(sourceOf(file));
  const training: Training = {
    finished: false,
    curves: curvesOf([]),
    steps: [],
    at: () => snapshot,
  };
  return {
    dataKnown,
    training: async () => training,
    published: (name, config) => publishedIn(instruments, published, name, config),
    publishedText: (name) => textIn(published, name),
  };
}

/** Options of `fileLab`. */
export interface FileLabOptions {
  /** See `Lab`; default false. */
  readonly dataKnown?: boolean;
  /** Reads published files; default none is there. */
  readonly published?: ReadPublished;
}

/** A model with its weights, and the SHA-256 of the file that they are from. */
export type HashedModel = Pick<ModelFile, "model" | "config" | "weights"> & {
  readonly sha256: string;
};

function sourceOf({ model, config, weights, sha256: hash }: HashedModel): ModelSource {
  return {
    id: `file ${hash} ${JSON.stringify(config)}`,
    step: undefined,
    model,
    config: config as Readonly<Record<string, unknown>>,
    weights: async () => weights,
  };
}

async function publishedIn(
  instruments: Instruments,
  read: ReadPublished,
  name: string,
  config: Readonly<Record<string, unknown>> = {},
): Promise<Snapshot | undefined> {
  const bytes = await read(name);
  if (bytes === undefined) return undefined;
  const file = readModel(bytes, { where: name, config: config as ConfigRecord });
  const source = sourceOf({ ...file, sha256: await sha256(bytes) });
  return instruments.snapshot({ ...source, file: bytes });
}

async function textIn(read: ReadPublished, name: string): Promise<string | undefined> {
  const bytes = await read(name);
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}
