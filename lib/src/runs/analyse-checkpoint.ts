/** A study's analysis of weights from a file, without training. */

import { basename, dirname, extname, join, resolve } from "node:path";
import { InputError, nearestNames, ShapeError } from "../core/errors.ts";
import { weightsAsFloat32 } from "../core/float32.ts";
import { checkOptions, type OptionNames } from "../core/options.ts";
import { printable } from "../core/text.ts";
import { readPt, readSafetensors, type StateDictOptions, weightsOf } from "../io/index.ts";
import { checkStart } from "../io/start.ts";
import type { WeightArrays } from "../models/model.ts";
import type { Origin, Study, TrainedRun } from "../studies/study.ts";
import { checkpointFromArrays, type TrainingPlan } from "../train/index.ts";
import { checkpointRunName, sha256 } from "./canonical.ts";
import { readIfThere, readTextIfThere, removeUnfinished } from "./disk.ts";
import { takeLock } from "./lock.ts";
import { outcome, type RunOutcome } from "./outcome.ts";
import { planOf } from "./plan-of.ts";
import { newRecord, type RunRecord } from "./record.ts";
import { concludeRun } from "./results.ts";
import { RunJournal } from "./run-journal.ts";
import { backendFor, lockOptions, type RunOptions } from "./run-study.ts";
import { mostThreads } from "./threads.ts";

/** Which checkpoint to analyse, with which study, and where to. */
export interface AnalyseOptions
  extends Pick<
    RunOptions,
    "device" | "backend" | "out" | "signal" | "onProgress" | "published" | "opener"
  > {
  /** Path of a .safetensors, .pt or .pth file in a layout that `weightsOf` reads. */
  readonly file: string;
  /** Names of the parameters that were given, and are no defaults; none by default. */
  readonly given?: readonly string[];
  /** Where in the file the weights are, and what stands before their names; default: found. */
  readonly stateDict?: StateDictOptions;
}

/** The names of `AnalyseOptions`. */
export const analyseNames: OptionNames<AnalyseOptions> = {
  file: true,
  given: true,
  stateDict: true,
  out: true,
  device: true,
  backend: true,
  signal: true,
  onProgress: true,
  published: true,
  opener: true,
};

/**
 * Analyse the weights in a file as if they were the end of a run with these parameters, or with
 * those that the study fits to the weights.
 */
export async function analyseCheckpoint<P, R>(
  study: Study<P, R>,
  given: P,
  options: AnalyseOptions,
): Promise<RunOutcome> {
  checkOptions("analyseCheckpoint", options, analyseNames);
  const { file } = options;
  const { format, bytes } = await analysedFile(file);
  const { arrays, step } = arraysIn(format, bytes, options.stateDict);
  const origin: Origin = {
    given: new Set(options.given),
    beside: await textsBeside(file, study.besideWeights ?? []),
  };
  const params = study.fit?.(given, arrays, origin) ?? given;
  const weights = weightsIn(file, arrays, planOf(study, params));
  const hash = sha256(bytes);
  const folder = resolve(options.out, checkpointRunName(study.name, params, hash));
  const release = await takeLock(folder, lockOptions(options));
  try {
    await removeUnfinished(folder);
    const backend = await backendFor(options.device, options);
    const about = { file: basename(file), sha256: hash };
    const record = newRecord({
      ...{ study: study.name, params: params as RunRecord["params"], checkpoint: about },
      ...{ device: backend.name, threads: mostThreads(undefined) },
      ...{ state: "done", step, steps: step },
    });
    const journal = new RunJournal(folder, record, options.opener);
    const run = fixedRun(step, weights, study.knowsData?.(origin) === true);
    const done = await concludeRun(study, params, run, journal, step, { ...options, backend });
    const interrupted = done === undefined;
    return outcome(folder, done ?? journal.with({}), { loaded: true, resumed: false, interrupted });
  } finally {
    await release();
  }
}

/** The bytes of a file to be analysed. Throws `InputError` where it is absent or no file of weights. */
export async function analysedFile(
  file: string,
): Promise<{ readonly format: "safetensors" | "pt"; readonly bytes: Uint8Array }> {
  const format = formatOf(file);
  const bytes = await readIfThere(file, undefined, (start, size) =>
    checkStart(format, start, size),
  );
  if (bytes !== undefined) return { format, bytes };
  throw new InputError(`--checkpoint: cannot read ${file}: it is not there; check the path`);
}

/** The weights of the plan's model among the arrays of a file, in float32. */
function weightsIn(
  file: string,
  arrays: WeightArrays,
  { model, config, initial }: TrainingPlan,
): WeightArrays {
  const weights: Record<string, WeightArrays[string]> = {};
  for (const { name, shape } of model.parameters(config)) {
    const array = arrays[name] ?? zeroBias(initial[name]);
    if (array === undefined) {
      throw lacks(file, name, Object.keys(arrays));
    }
    if (array.shape.join() !== shape.join()) {
      throw new ShapeError(`${basename(file)}: ${name}`, shape, array.shape);
    }
    weights[name] = weightsAsFloat32(`${basename(file)}: ${name}`, array);
  }
  return weights;
}

function lacks(file: string, name: string, names: readonly string[]): InputError {
  const nearest = nearestNames(name, names, 1).join("");
  return new InputError(
    `${basename(file)}: lacks the weight ${name}; the nearest name is ${printable(nearest)}`,
  );
}

/** A bias that starts at zero may be absent from the file. */
function zeroBias(initial: WeightArrays[string] | undefined): WeightArrays[string] | undefined {
  return initial?.data.every((x) => x === 0) === true ? initial : undefined;
}

function formatOf(file: string): "safetensors" | "pt" {
  const extension = extname(file).toLowerCase();
  if (extension === ".safetensors") return "safetensors";
  if (extension === ".pt" || extension === ".pth") return "pt";
  throw new InputError(
    `--checkpoint: must end in .safetensors, .pt or .pth, got ${basename(file)}`,
  );
}

/** The arrays of a file, and the step that a checkpoint of a run says; 0 for other files. */
function arraysIn(
  format: "safetensors" | "pt",
  bytes: Uint8Array,
  options: StateDictOptions = {},
): { readonly arrays: WeightArrays; readonly step: number } {
  if (format === "pt") return { arrays: weightsOf(readPt(bytes), options), step: 0 };
  const { arrays, metadata } = readSafetensors(bytes);
  if (metadata.format?.startsWith("tinylens-checkpoint-") !== true) {
    return { arrays: weightsOf(arrays, options), step: 0 };
  }
  const { weights, step } = checkpointFromArrays({ arrays, metadata });
  return { arrays: weights, step };
}

function fixedRun(step: number, weights: WeightArrays, dataKnown: boolean): TrainedRun {
  const run = { metrics: [], checkpointSteps: [step], companions: {} };
  return { ...run, weights: async () => weights, dataKnown };
}

/** Most bytes of a text that says how weights were trained. */
const longestText = 2 ** 20;

/** The texts of those of `names` that are in the folder of `file`. */
export async function textsBeside(
  file: string,
  names: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  for (const name of names) {
    const text = await readTextIfThere(join(dirname(file), name), longestText);
    if (text !== undefined) found[name] = text;
  }
  return found;
}
