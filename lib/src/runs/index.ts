/** Run folders: train or load, analyse, judge, report. */

import "../core/runtime.ts";

export { analyseArticle } from "./analyse-article.ts";
export { type AnalyseOptions, analyseCheckpoint } from "./analyse-checkpoint.ts";
export { canonicalJson, runFormat, runName } from "./canonical.ts";
export { isThere, type Opener, type OpenFile } from "./disk.ts";
export type { ImageOptions } from "./figure-image.ts";
export { numbersAsText } from "./json-numbers.ts";
export { type ListedRun, listRuns, type RunStatus } from "./list-runs.ts";
export { type OpenedRun, type OpenRunOptions, openRun } from "./open-run.ts";
export type { RunOutcome } from "./outcome.ts";
export type { OnProgress, RunProgress } from "./progress.ts";
export type { Asked } from "./read-page.ts";
export { findRun, rebuildReport } from "./rebuild-report.ts";
export { type RunRecord, readRecord } from "./record.ts";
export { resultsFromJson, resultsToJson } from "./results-json.ts";
export { runArticle } from "./run-article.ts";
export { type RunOptions, runFolder, runStudy } from "./run-study.ts";
export { type SaveFigureOptions, saveFigure } from "./save-figure.ts";
export { version } from "./version.ts";
