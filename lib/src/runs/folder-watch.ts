/** Notices when the folder of a running process is deleted or replaced. */

import { join, relative } from "node:path";
import { InputError } from "../core/errors.ts";
import { folderTitle } from "./canonical.ts";
import { statIfThere } from "./disk.ts";
import { requireLock } from "./lock.ts";
import { recordName } from "./record.ts";

/** Remembers which folders a process works in. */
export class FolderWatch {
  private readonly run: string;
  private readonly known: ReadonlyMap<string, string>;
  private readonly record: string;

  private constructor(run: string, known: ReadonlyMap<string, string>, record: string) {
    this.run = run;
    this.known = known;
    this.record = record;
  }

  /**
   * Watch the folder of a run, its record (default `run.json`), and more folders in it, all of which
   * are there.
   */
  static async start(
    run: string,
    folders: readonly string[] = [],
    record: string = recordName,
  ): Promise<FolderWatch> {
    const known = new Map<string, string>();
    for (const folder of [run, ...folders]) known.set(folder, await identity(folder));
    return new FolderWatch(run, known, record);
  }

  /** Throws `InputError` when one of them was deleted or replaced, or the lock lost to another process. */
  async check(): Promise<void> {
    for (const [folder, before] of this.known) {
      if ((await identity(folder)) !== before) throw this.gone(relative(this.run, folder));
    }
    const record = join(this.run, this.record);
    if ((await statIfThere(record)) === undefined) throw this.gone(this.record);
    await requireLock(this.run);
  }

  private gone(what: string): InputError {
    const name = what === "" ? "its folder" : what;
    return new InputError(
      `${folderTitle(this.run)}: ${name} was deleted or replaced during training; run the same command again`,
    );
  }
}

/** What tells a folder from another one of the same name; empty when it is not there. */
async function identity(folder: string): Promise<string> {
  const entry = await statIfThere(folder);
  return entry === undefined ? "" : `${entry.dev}:${entry.ino}`;
}
