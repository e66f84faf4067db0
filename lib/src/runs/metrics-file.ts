/** `metrics.jsonl`: one logged step a line, losses that are not finite as text (`"Infinity"`). */

import { readFile } from "node:fs/promises";
import type { MetricsRow } from "../train/index.ts";
import {
  explain,
  flush,
  type Opener,
  type OpenFile,
  openOnDisk,
  writeAll,
  writeWhole,
} from "./disk.ts";
import { numberOf, numbersAsText } from "./json-numbers.ts";

/** The rows of the file's complete lines up to the first damaged one; none without a file. */
export async function readMetrics(path: string): Promise<MetricsRow[]> {
  const text = await readFile(path, "utf8").catch(() => "");
  const rows: MetricsRow[] = [];
  for (const line of text.split("\n").slice(0, -1)) {
    const row = rowOf(line);
    if (row === undefined) break;
    rows.push(row);
  }
  return rows;
}

/** The row of a line; undefined when it is damaged. */
function rowOf(line: string): MetricsRow | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return undefined;
  const row: Record<string, number> = {};
  for (const [column, field] of Object.entries(parsed)) {
    const number = numberOf(field);
    if (number === undefined) return undefined;
    row[column] = number;
  }
  return row as unknown as MetricsRow;
}

/** Appends rows. A row that does not fit on the disk leaves no half line behind. */
export class MetricsLog {
  private readonly path: string;
  private readonly file: OpenFile;
  private length: number;

  private constructor(path: string, file: OpenFile, length: number) {
    this.path = path;
    this.file = file;
    this.length = length;
  }

  /** Begin the file with `rows`, dropping everything else that was in it. */
  static async start(
    path: string,
    rows: readonly MetricsRow[],
    opener: Opener = openOnDisk,
  ): Promise<MetricsLog> {
    const text = rows.map(lineOf).join("");
    await writeWhole(path, text, opener);
    return new MetricsLog(path, await opener(path, "a"), new TextEncoder().encode(text).length);
  }

  async append(row: MetricsRow): Promise<void> {
    try {
      this.length += await writeAll(this.file, lineOf(row));
    } catch (error) {
      await this.file.truncate(this.length);
      throw explain(error, this.path);
    }
  }

  /** Wait until every row is on the disk. */
  async sync(): Promise<void> {
    try {
      await flush(this.file);
    } catch (error) {
      throw explain(error, this.path);
    }
  }

  close(): Promise<void> {
    return this.file.close();
  }
}

function lineOf(row: MetricsRow): string {
  return `${JSON.stringify(row, numbersAsText)}\n`;
}
