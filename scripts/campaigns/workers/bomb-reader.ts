/** Reads one file as `tinylens convert` does and prints what became of it, as a line of JSON. */

import { readFileSync } from "node:fs";
import { InputError } from "../../../lib/src/core/errors.ts";
import { readModel } from "../../../lib/src/interchange/index.ts";
import { decodeJson, readPt } from "../../../lib/src/io/index.ts";
import type { Reading } from "../bombs.ts";

/** Megabytes that the process has had at most. */
function peak(): number {
  return process.resourceUsage().maxRSS / 1024;
}

/** Ask for every value once, shared ones too. */
function askAll(value: unknown, seen: Set<object>): void {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return;
  if (seen.has(value)) return;
  seen.add(value);
  for (const key of Object.keys(value)) askAll(Reflect.get(value, key), seen);
}

function read(file: string): void {
  if (file.endsWith(".json")) return void decodeJson(readFileSync(file, "utf8"));
  const bytes = readFileSync(file);
  if (!file.endsWith(".pt")) return void readModel(bytes, { where: "file" });
  const value = readPt(bytes);
  // Every value, and then the model, so that no part of the file is left unread.
  try {
    askAll(value, new Set());
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
  }
  readModel(bytes, { where: "file", format: "pt" });
}

const before = peak();
const begun = process.cpuUsage();
let outcome: Reading["outcome"] = "read";
let message = "";
try {
  read(process.argv[2] as string);
} catch (error) {
  outcome = error instanceof InputError ? "refused" : "fault";
  message = error instanceof Error ? error.message : String(error);
}
const { user, system } = process.cpuUsage(begun);
const reading: Reading = {
  outcome,
  message: message.slice(0, 10_000),
  ms: (user + system) / 1000,
  megabytes: peak() - before,
};
process.stdout.write(`${JSON.stringify(reading)}\n`);
