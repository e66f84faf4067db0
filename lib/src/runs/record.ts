/** `run.json`: what was run, on what, and how it ended. */

import { basename, join } from "node:path";
import { z } from "zod";
import type { BackendName } from "../compile/index.ts";
import { type Claim, claimKinds } from "../core/claim.ts";
import { InputError } from "../core/errors.ts";
import { canonicalJson, runFormat } from "./canonical.ts";
import { type Opener, openOnDisk, readIfThere, writeWhole } from "./disk.ts";
import { jsonNumber, numbersAsText } from "./json-numbers.ts";
import { seal, unseal } from "./sealed-json.ts";
import { version } from "./version.ts";

/** Settings and state of a run: the content of `run.json`, without its checksum. */
export interface RunRecord {
  readonly format: number;
  readonly study: string;
  /** Path of the file that the study is in, as it was given; absent for those of tinylens. */
  readonly file?: string | undefined;
  readonly params: Readonly<Record<string, unknown>>;
  /** Hash and file name of the analyzed checkpoint, when there was no training. */
  readonly checkpoint?:
    | {
        readonly file: string;
        readonly sha256: string;
        /** Where in the file the weights were found, as far as that was asked. */
        readonly key?: string | undefined;
        readonly stripPrefix?: string | undefined;
        /** Names of the parameters that were given or are told by the file; the others are unknown. */
        readonly known?: readonly string[] | undefined;
        /** Whether they are those of the data that the model was trained on. */
        readonly dataKnown?: boolean | undefined;
      }
    | undefined;
  /** Names of the folders of its trainings, the study's own model first. */
  readonly trainings?: readonly string[] | undefined;
  readonly versions: Readonly<Record<string, string>>;
  readonly device: BackendName;
  /** Most threads of a computation. Kept when the run goes on, since results depend on it. */
  readonly threads: number;
  /** Until it ends, a run is `training`, whether or not a process works on it. */
  readonly state: "training" | "failed" | "done";
  /** Why it failed. */
  readonly failure?: string | undefined;
  /** ISO 8601 date and time of the first start. */
  readonly started: string;
  /** Time spent over all sessions, in seconds. */
  readonly seconds: number;
  /** Updates done when the record was written. */
  readonly step: number;
  /** Updates in total. */
  readonly steps: number;
  readonly claims: readonly Claim[];
  /** The study's headline numbers. */
  readonly metrics: Readonly<Record<string, number>>;
}

export const recordName = "run.json";

const claimSchema = z.strictObject({
  id: z.string(),
  text: z.string(),
  source: z.strictObject({
    paper: z.string(),
    at: z.string().exactOptional(),
    url: z.string().exactOptional(),
    kind: z.enum(claimKinds).exactOptional(),
  }),
  expected: z.union([
    z.number(),
    z.boolean(),
    z.string(),
    z.array(jsonNumber),
    z.array(z.string()),
  ]),
  tolerance: z.string(),
  measured: z
    .union([z.number(), z.boolean(), z.string(), z.array(jsonNumber), z.array(z.string())])
    .optional(),
  holds: z.boolean().optional(),
});

/** Whether a value nests at most `depth` times; deeper ones would exhaust the stack of what walks them. */
function isShallow(value: unknown, depth = 20): boolean {
  if (value === null || typeof value !== "object") return true;
  return depth > 0 && Object.values(value).every((item) => isShallow(item, depth - 1));
}

const paramValue = z.unknown().refine((value) => isShallow(value), "nested too deeply");

const recordSchema = z.strictObject({
  format: z.literal(runFormat),
  study: z.string(),
  file: z.string().optional(),
  params: z.record(z.string(), paramValue),
  checkpoint: z
    .strictObject({
      file: z.string(),
      sha256: z.string(),
      key: z.string().optional(),
      stripPrefix: z.string().optional(),
      known: z.array(z.string()).optional(),
      dataKnown: z.boolean().optional(),
    })
    .optional(),
  trainings: z.array(z.string().regex(/^[0-9a-f]+-[0-9a-f]+$/)).optional(),
  versions: z.record(z.string(), z.string()),
  device: z.enum(["native", "web", "jax"]),
  threads: z.int().min(1),
  state: z.enum(["training", "failed", "done"]),
  failure: z.string().optional(),
  started: z.iso.datetime(),
  seconds: z.number().min(0),
  step: z.int().min(0),
  steps: z.int().min(0),
  claims: z.array(claimSchema),
  metrics: z.record(z.string(), jsonNumber),
});

/** A record that begins, with these fields. */
export function newRecord(
  fields: Pick<RunRecord, "study" | "device" | "threads"> & Partial<RunRecord>,
): RunRecord {
  return {
    ...{ format: runFormat, params: {} },
    versions: { tinylens: version(), node: process.versions.node },
    ...{ state: "training", started: new Date().toISOString() },
    ...{ seconds: 0, step: 0, steps: 0, claims: [], metrics: {} },
    ...fields,
  };
}

/** The text of `run.json`: the fields in the order of the schema, however the record was made. */
export function recordToText(record: RunRecord): string {
  const ordered = Object.keys(recordSchema.shape).map((name) => [
    name,
    record[name as keyof RunRecord],
  ]);
  return `${seal(JSON.stringify(Object.fromEntries(ordered), numbersAsText, 2))}\n`;
}

/** Whether two records say the same, in whatever order of fields. */
export function sameRecord(one: RunRecord, other: RunRecord): boolean {
  const [a, b] = [one, other].map((record) =>
    canonicalJson(JSON.parse(JSON.stringify(record, numbersAsText))),
  );
  return a === b;
}

/** Inverse of `recordToText`. Throws `InputError` that begins with `run`, the run's name. */
export function recordFromText(run: string, text: string): RunRecord {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw damaged(run, "it is not JSON");
  }
  const format = (json as { format?: unknown } | null)?.format;
  if (typeof format === "number" && format !== runFormat) {
    throw new InputError(
      `run ${run}: written by another version (format ${format}, this one reads ${runFormat}); train again with --fresh`,
    );
  }
  const sealed = unseal(text);
  if (sealed === undefined) throw damaged(run, "its checksum does not match");
  const parsed = recordSchema.safeParse(JSON.parse(sealed));
  if (parsed.success) return parsed.data;
  throw damaged(run, sentenceOf(parsed.error));
}

/** The first rule that a value breaks, as `field: rule`. */
export function sentenceOf(error: z.ZodError): string {
  const { path, message } = error.issues[0] as z.core.$ZodIssue;
  return `${path.map(String).join(".")}: ${message}`;
}

function damaged(run: string, why: string): InputError {
  return new InputError(
    `run ${run}: ${recordName} is damaged (${why}); restore it from a copy, or train again with --fresh`,
  );
}

/**
 * The record of a run folder, or undefined when there is no `run.json`. Throws `InputError` when it
 * cannot be read, is damaged or belongs to another version.
 */
export async function readRecord(folder: string): Promise<RunRecord | undefined> {
  const bytes = await readIfThere(join(folder, recordName));
  if (bytes === undefined) return undefined;
  return recordFromText(basename(folder), new TextDecoder().decode(bytes));
}

export async function writeRecord(
  folder: string,
  record: RunRecord,
  opener: Opener = openOnDisk,
): Promise<void> {
  await writeWhole(join(folder, recordName), recordToText(record), opener);
}
