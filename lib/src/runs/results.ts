/** From a trained run to `results.json`, claims and `report.html`. */

import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Claim } from "../core/claim.ts";
import { InputError } from "../core/errors.ts";
import type { Study, TrainedRun } from "../studies/study.ts";
import { writeWhole } from "./disk.ts";
import { exists, type RunRecord, writeRecord } from "./record.ts";
import { reportHtml } from "./report-html.ts";
import { resultsFromJson, resultsToJson } from "./results-json.ts";
import type { OpenedOptions, RunOptions } from "./run-study.ts";

/** What a run concludes. */
export interface Conclusion {
  readonly claims: readonly Claim[];
  readonly metrics: Readonly<Record<string, number>>;
}

const resultsName = "results.json";
const reportName = "report.html";

/**
 * Analyse a trained run; write its results, its report and its final record. `record` is asked once, after the analysis.
 * Undefined when the signal ended the analysis, which is looked at whenever it reports progress.
 */
export async function concludeRun<P, R>(
  study: Study<P, R>,
  params: P,
  run: TrainedRun,
  folder: string,
  record: () => RunRecord,
  options: Pick<OpenedOptions, "backend" | "onProgress" | "published" | "opener" | "signal">,
): Promise<RunRecord | undefined> {
  const { onProgress = () => {}, published = async () => undefined, opener, signal } = options;
  const stop = new Error("stopped");
  const progress = (text: string): void => {
    if (signal?.aborted === true) throw stop;
    onProgress({ kind: "message", text });
  };
  let results: R;
  try {
    progress("analysing");
    results = await study.analyse(params, run, {
      progress,
      backend: await options.backend(),
      published,
    });
  } catch (error) {
    if (error === stop) return undefined;
    throw error;
  }
  const text = resultsToJson(results);
  await writeWhole(join(folder, resultsName), text, opener);
  const done = record();
  const conclusion = await report(study, params, resultsFromJson(text) as R, folder, done, opener);
  const concluded = { ...done, ...conclusion };
  await writeRecord(folder, concluded, opener);
  return concluded;
}

/** Claims and metrics of results that were written before. */
export async function readConclusion<P, R>(
  study: Study<P, R>,
  params: P,
  folder: string,
): Promise<Conclusion> {
  const results = await readResults<R>(folder);
  return { claims: study.claims(params, results), metrics: study.metrics(results) };
}

/** Write `report.html` anew from `results.json`. */
export async function rewriteReport<P, R>(
  study: Study<P, R>,
  params: P,
  folder: string,
  record: RunRecord,
): Promise<Conclusion> {
  return report(study, params, await readResults<R>(folder), folder, record);
}

/** Path of the report of a run. */
export function reportPath(folder: string): string {
  return join(folder, reportName);
}

export function hasResults(folder: string): Promise<boolean> {
  return exists(join(folder, resultsName));
}

async function report<P, R>(
  study: Study<P, R>,
  params: P,
  results: R,
  folder: string,
  record: RunRecord,
  opener?: RunOptions["opener"],
): Promise<Conclusion> {
  const claims = study.claims(params, results);
  const html = reportHtml(study, params, results, claims, record);
  await writeWhole(reportPath(folder), html, opener);
  return { claims, metrics: study.metrics(results) };
}

async function readResults<R>(folder: string): Promise<R> {
  try {
    return resultsFromJson(await readFile(join(folder, resultsName), "utf8")) as R;
  } catch {
    throw new InputError(
      `run ${basename(folder)}: ${resultsName} is missing or damaged; train anew with --fresh`,
    );
  }
}
