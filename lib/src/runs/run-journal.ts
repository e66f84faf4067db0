/** The record of a run while it goes on. */

import type { Opener } from "./disk.ts";
import { FolderWatch } from "./folder-watch.ts";
import { type RunRecord, writeRecord } from "./record.ts";

/** Keeps `run.json` up to date during one sitting. */
export class RunJournal {
  readonly folder: string;
  private record: RunRecord;
  private readonly secondsBefore: number;
  private readonly opener: Opener | undefined;
  private readonly begun = performance.now();
  private watch: FolderWatch | undefined;

  constructor(folder: string, record: RunRecord, opener?: Opener) {
    this.folder = folder;
    this.record = record;
    this.secondsBefore = record.seconds;
    this.opener = opener;
  }

  /** The record with these fields and the time spent so far. */
  with(fields: Partial<RunRecord>): RunRecord {
    const seconds = this.secondsBefore + (performance.now() - this.begun) / 1000;
    return { ...this.record, seconds, ...fields };
  }

  /** Throws `InputError` when the folder was deleted or replaced since the record was first written. */
  async check(): Promise<void> {
    await this.watch?.check();
  }

  /** Write the record with these fields; they stay. Throws `InputError` when the folder was replaced. */
  async write(fields: Partial<RunRecord>): Promise<RunRecord> {
    await this.check();
    this.record = this.with(fields);
    await writeRecord(this.folder, this.record, this.opener);
    this.watch ??= await FolderWatch.start(this.folder);
    return this.record;
  }

  /** Record that the sitting ended with an error, where the folder still takes it. */
  async fail(error: unknown): Promise<void> {
    const failure = error instanceof Error ? error.message : String(error);
    await this.write({ state: "failed", failure }).catch(() => undefined);
  }
}
