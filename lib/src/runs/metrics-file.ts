/**
 * `metrics.jsonl`: one logged step a line with the checksum of the line; losses that are not finite
 * as text (`"Infinity"`).
 */

import { stat } from "node:fs/promises";
import { z } from "zod";
import { InputError } from "../core/errors.ts";
import type { MetricsRow } from "../train/index.ts";
import {
  explain,
  explainRead,
  flush,
  type Opener,
  type OpenFile,
  openOnDisk,
  readTextIfThere,
  writeAll,
  writeWhole,
} from "./disk.ts";
import { isAbsent } from "./disk-errors.ts";
import { jsonNumber, numbersAsText } from "./json-numbers.ts";
import { seal, unseal } from "./sealed-json.ts";

/** What a metrics file holds. */
export interface Metrics {
  /** The rows up to the first damaged line. */
  readonly rows: readonly MetricsRow[];
  /** Number of the first damaged line, counted from 1. A last line that was cut short is none. */
  readonly damaged: number | undefined;
}

const rowSchema = z
  .object({
    step: z.int().min(0),
    trainLoss: jsonNumber,
    testLoss: jsonNumber,
    trainAccuracy: jsonNumber,
    testAccuracy: jsonNumber,
  })
  .catchall(jsonNumber);

/** The line of a row, with its end. */
export function lineOf(row: MetricsRow): string {
  return `${seal(JSON.stringify(row, numbersAsText))}\n`;
}

/** The rows in the text of a metrics file. */
export function metricsFromText(text: string): Metrics {
  const rows: MetricsRow[] = [];
  for (const [i, line] of text.split("\n").slice(0, -1).entries()) {
    const row = rowOf(line);
    if (row === undefined) return { rows, damaged: i + 1 };
    rows.push(row);
  }
  return { rows, damaged: undefined };
}

/** The row of a line; undefined when it is damaged. */
function rowOf(line: string): MetricsRow | undefined {
  const json = unseal(line);
  if (json === undefined) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch {
    return undefined;
  }
  return rowSchema.safeParse(parsed).data;
}

/** The rows of a file; none when there is no file. Throws `InputError` when it cannot be read. */
export async function readMetrics(path: string): Promise<Metrics> {
  return metricsFromText((await readTextIfThere(path)) ?? "");
}

/** Make `rows` the content of the file, unless it is already. */
export async function keepRows(
  path: string,
  rows: readonly MetricsRow[],
  opener?: Opener,
): Promise<void> {
  if (!(await holdsRows(path, rows))) await writeWhole(path, textOf(rows), opener);
}

/** Whether the file holds these rows and nothing else. */
export async function holdsRows(path: string, rows: readonly MetricsRow[]): Promise<boolean> {
  return (await readTextIfThere(path)) === textOf(rows);
}

function textOf(rows: readonly MetricsRow[]): string {
  return rows.map(lineOf).join("");
}

/** Appends rows. A row that does not fit on the disk leaves no half line behind. */
export class MetricsLog {
  private readonly path: string;
  private readonly file: OpenFile;
  private readonly inode: bigint;
  private length: number;

  private constructor(path: string, file: OpenFile, inode: bigint, length: number) {
    this.path = path;
    this.file = file;
    this.inode = inode;
    this.length = length;
  }

  /** Begin the file with `rows`, dropping everything else that was in it. */
  static async start(
    path: string,
    rows: readonly MetricsRow[],
    opener: Opener = openOnDisk,
  ): Promise<MetricsLog> {
    const text = textOf(rows);
    await writeWhole(path, text, opener);
    const file = await opener(path, "a");
    const { ino } = await stat(path, { bigint: true });
    return new MetricsLog(path, file, ino, new TextEncoder().encode(text).length);
  }

  async append(row: MetricsRow): Promise<void> {
    try {
      this.length += await writeAll(this.file, lineOf(row));
    } catch (error) {
      await this.file.truncate(this.length);
      throw explain(error, this.path);
    }
  }

  /** Wait until every row is on the disk. Throws `InputError` when they are not in the file. */
  async sync(): Promise<void> {
    try {
      await flush(this.file);
    } catch (error) {
      throw explain(error, this.path);
    }
    const now = await stat(this.path, { bigint: true }).catch((error: unknown) => {
      if (!isAbsent(error)) throw explainRead(error, this.path);
    });
    if (now?.ino === this.inode && now.size === BigInt(this.length)) return;
    throw new InputError(
      `${this.path}: deleted or changed by another program during training; run the same command again`,
    );
  }

  close(): Promise<void> {
    return this.file.close();
  }
}
