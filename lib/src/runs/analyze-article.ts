/** A study's article asked of a model in a file, without training. */

import { basename, join, resolve } from "node:path";
import { InputError } from "../core/errors.ts";
import { checkOptions, type OptionNames } from "../core/options.ts";
import { type ConfigRecord, type ModelFile, readModel, writeModel } from "../interchange/index.ts";
import type { StateDictOptions } from "../io/index.ts";
import { type AnyPlan, type FileFacts, planNamed } from "../lab/index.ts";
import { analysedFile, textsBeside } from "./analyzed-file.ts";
import { canonicalJson, checkpointRunName, sha256 } from "./canonical.ts";
import { removeUnfinished, writeWhole } from "./disk.ts";
import { takeLock } from "./lock.ts";
import { measurementVersion } from "./measurements.ts";
import type { RunOutcome } from "./outcome.ts";
import { checkedPlans } from "./plan-check.ts";
import { type Asked, askedNames, checkedAsked } from "./read-page.ts";
import { newRecord } from "./record.ts";
import { RunJournal } from "./run-journal.ts";
import { backendFor, lockOptions, type RunOptions } from "./run-options.ts";
import { maxThreads } from "./threads.ts";
import { analysedName, isPlain, viewRun } from "./view-run.ts";

/** Which file to analyze, and where to. */
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

const analyzeNames: OptionNames<AnalyseOptions> = {
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
 * Read the article of a study about the model in a file: with these parameters, or those that the study
 * fits to it. The weights are kept in the folder of the analysis, which can be looked at again.
 */
export async function analyzeArticle(asked: Asked, options: AnalyseOptions): Promise<RunOutcome> {
  checkOptions("analyzeArticle", asked, askedNames);
  checkOptions("analyzeArticle", options, analyzeNames);
  const { study } = asked;
  const { params: given, view } = checkedAsked(asked);
  await measurementVersion(study);
  const { format, bytes } = await analysedFile(options.file);
  const plan = planNamed(study, checkedPlans(study, given), "model");
  const { step = 0, ...file } = readModel(bytes, {
    where: basename(options.file),
    format,
    usual: { model: plan.model.name, config: plan.config as ConfigRecord },
    ...options.stateDict,
  });
  for (const text of file.warnings ?? []) options.onProgress?.({ kind: "message", text });
  const facts: FileFacts = {
    model: file.model.name,
    config: file.config as FileFacts["config"],
    given: new Set(options.given),
    beside: await textsBeside(options.file, study.besideFiles ?? []),
  };
  const params = fitted({ study, params: given }, plan, facts, options.file);
  const hash = sha256(bytes);
  const where = whereIn(options.stateDict);
  const content = Object.keys(where).length === 0 ? hash : sha256(canonicalJson([hash, where]));
  const folder = resolve(options.out, checkpointRunName(study.name, params, content));
  const release = await takeLock(folder, lockOptions(options));
  try {
    await removeUnfinished(folder);
    const backend = await backendFor(options.device, options);
    const record = newRecord({
      ...{ study: study.name, params, step, steps: step },
      ...{ device: backend.name, threads: maxThreads(undefined) },
      checkpoint: {
        file: basename(options.file),
        sha256: hash,
        ...where,
        known: known(given, params, facts),
        dataKnown: study.knowsData?.(facts) === true,
      },
    });
    await keep(folder, file, options);
    const journal = new RunJournal(folder, { ...record, file: asked.file }, options.opener);
    await journal.write({});
    const plain = { study, params, view: study.view.parse({}) };
    const shown = await viewRun(plain, folder, options).catch(async (error: unknown) => {
      await journal.fail(error);
      throw error;
    });
    if (shown.interrupted || isPlain({ study, params, view })) return shown;
    return await viewRun({ study, params, view }, folder, options);
  } finally {
    await release();
  }
}

/** Where in the file the weights are, as far as that was asked. */
function whereIn({
  key,
  stripPrefix,
}: StateDictOptions = {}): Pick<StateDictOptions, "key" | "stripPrefix"> {
  return { ...(key !== undefined && { key }), ...(stripPrefix !== undefined && { stripPrefix }) };
}

/** The parameters that the study reads from the file, or those given where the model is theirs. */
function fitted(
  { study, params }: Pick<Asked, "study" | "params">,
  plan: AnyPlan,
  facts: FileFacts,
  path: string,
): Record<string, unknown> {
  if (study.fit !== undefined) return study.fit(params, facts) as Record<string, unknown>;
  const where = basename(path);
  if (facts.model !== plan.model.name) {
    throw new InputError(
      `${where}: is a ${facts.model}, ${study.name} is about a ${plan.model.name}`,
    );
  }
  for (const [field, asks] of Object.entries(plan.config as ConfigRecord)) {
    const has = facts.config[field];
    if (field === "initOrder" || JSON.stringify(has) === JSON.stringify(asks)) continue;
    throw new InputError(
      `${where}: ${field} is ${JSON.stringify(has)}, the parameters ask for ${JSON.stringify(asks)}; set them by --set`,
    );
  }
  return params as Record<string, unknown>;
}

/** Parameters that were given, and those that the file changed. */
function known(before: unknown, after: unknown, { given }: FileFacts): string[] {
  const [old, now] = [before, after] as Readonly<Record<string, unknown>>[];
  const told = Object.keys(now ?? {}).filter(
    (name) => JSON.stringify(old?.[name]) !== JSON.stringify(now?.[name]),
  );
  return [...new Set([...given, ...told])];
}

async function keep(folder: string, file: ModelFile, { opener }: AnalyseOptions): Promise<void> {
  await writeWhole(join(folder, analysedName), writeModel(file, "safetensors"), opener);
}
