/** Run folders: train or load, measure, judge, report. */

import "../core/runtime.ts";

export { type AnalyseOptions, analyzeArticle } from "./analyze-article.ts";
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
export { runArticle, runFolder } from "./run-article.ts";
export type { RunOptions } from "./run-options.ts";
export { type SaveFigureOptions, saveFigure } from "./save-figure.ts";
export { version } from "./version.ts";
