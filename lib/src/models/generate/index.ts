/** Continuing sequences, and reading the logits of one position. */

export { type GenerateOptions, generate } from "./generate.ts";
export { type LogitRow, type LogitsTableOptions, logitsToTable, rankOf } from "./logits-table.ts";
export { type SamplingOptions, sampleLogits, samplingProbabilities } from "./sample-logits.ts";
