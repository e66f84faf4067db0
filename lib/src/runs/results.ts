/** From a trained run to `results.json`, claims and `report.html`. */

import { basename, join } from "node:path";
import type { Claim } from "../core/claim.ts";
import { InputError } from "../core/errors.ts";
import type { Study, TrainedRun } from "../studies/study.ts";
import { readTextIfThere, writeWhole } from "./disk.ts";
import type { RunRecord } from "./record.ts";
import { reportHtml } from "./report-html.ts";
import { resultsFromJson, resultsToJson } from "./results-json.ts";
import type { RunJournal } from "./run-journal.ts";
import type { OpenedOptions } from "./run-study.ts";
import { seal, unseal } from "./sealed-json.ts";

/** What a run concludes. */
export interface Conclusion {
  readonly claims: readonly Claim[];
  readonly metrics: Readonly<Record<string, number>>;
}

const resultsName = "results.json";
const reportName = "report.html";

/**
 * Analyse a trained run; write its results, its report and its final record. Undefined when the
 * signal ended the analysis, which is looked at whenever it reports progress.
 */
export async function concludeRun<P, R>(
  study: Study<P, R>,
  params: P,
  run: TrainedRun,
  journal: RunJournal,
  step: number,
  options: Pick<OpenedOptions, "backend" | "onProgress" | "published" | "opener" | "signal">,
): Promise<RunRecord | undefined> {
  const { onProgress = () => {}, published = async () => undefined, opener, signal } = options;
  const { backend } = options;
  const stop = new Error("stopped");
  const progress = (text: string): void => {
    if (signal?.aborted === true) throw stop;
    onProgress({ kind: "message", text });
  };
  let results: R;
  try {
    progress("analysing");
    results = await study.analyse(params, run, { progress, backend, published });
  } catch (error) {
    if (error === stop) return undefined;
    throw error;
  }
  const text = resultsToJson(results);
  await journal.check();
  await writeWhole(join(journal.folder, resultsName), `${seal(text.trimEnd())}\n`, opener);
  const done = journal.with({ state: "done", step });
  const read = resultsFromJson(text) as R;
  const conclusion = await report(study, params, read, journal.folder, done, opener);
  return journal.write({ ...done, ...conclusion });
}

/** Claims and metrics of results that were written before; undefined when there are none. */
export async function readConclusion<P, R>(
  study: Study<P, R>,
  params: P,
  folder: string,
  record: RunRecord,
): Promise<Conclusion | undefined> {
  const results = await readResults(folder);
  if (results === undefined) return undefined;
  return fitting(study, folder, record, () => {
    const read = results as R;
    return { claims: study.claims(params, read), metrics: study.metrics(read) };
  });
}

/** Write `report.html` again from `results.json`. */
export async function rewriteReport<P, R>(
  study: Study<P, R>,
  params: P,
  folder: string,
  record: RunRecord,
): Promise<Conclusion> {
  const results = await readResults(folder);
  if (results === undefined) {
    throw new InputError(
      `run ${basename(folder)}: ${resultsName} is missing; run the same command again`,
    );
  }
  const page = fitting(study, folder, record, () => pageOf(study, params, results as R, record));
  await writeWhole(reportPath(folder), page.html);
  return page.conclusion;
}

/** Path of the report of a run. */
export function reportPath(folder: string): string {
  return join(folder, reportName);
}

const repeatAnalysis = "delete it and run the same command again to repeat the analysis";

async function report<P, R>(
  study: Study<P, R>,
  params: P,
  results: R,
  folder: string,
  record: RunRecord,
  opener?: OpenedOptions["opener"],
): Promise<Conclusion> {
  const { conclusion, html } = pageOf(study, params, results, record);
  await writeWhole(reportPath(folder), html, opener);
  return conclusion;
}

function pageOf<P, R>(
  study: Study<P, R>,
  params: P,
  results: R,
  record: RunRecord,
): { readonly conclusion: Conclusion; readonly html: string } {
  const claims = study.claims(params, results);
  const html = reportHtml(study, params, results, claims, record);
  return { conclusion: { claims, metrics: study.metrics(results) }, html };
}

/** The results of a run; undefined without a file. Throws `InputError` for a damaged one. */
async function readResults(folder: string): Promise<unknown> {
  const text = await readTextIfThere(join(folder, resultsName));
  if (text === undefined) return undefined;
  const json = unseal(text);
  if (json === undefined) {
    throw new InputError(
      `run ${basename(folder)}: ${resultsName} is damaged, its checksum does not match; ${repeatAnalysis}`,
    );
  }
  return resultsFromJson(json);
}

/**
 * What `read` makes of results from a file. Sound results that the study cannot read were written by
 * another version of it.
 */
function fitting<P, R, T>(
  study: Study<P, R>,
  folder: string,
  { versions }: RunRecord,
  read: () => T,
): T {
  try {
    return read();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new InputError(
      `run ${basename(folder)}: ${resultsName} (tinylens ${versions.tinylens}) is not what this version of ${study.name} writes: ${why}; ${repeatAnalysis}`,
      { cause },
    );
  }
}
