/** The run folders that are damaged, and the command line that is tried on them. */

import { cpSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Backend } from "../../../lib/src/compile/index.ts";
import { InputError } from "../../../lib/src/core/errors.ts";

export const study = "max-of-two";

/** Folder of trainings in a folder of runs. */
const trainingsName = "trainings";

/** Where the runs lie; plain data, for the worker. */
export interface RunFolders {
  readonly work: string;
  /** Holds a finished run. */
  readonly done: string;
  /** Holds the same run, stopped after step 40 of 60. */
  readonly part: string;
  /** Name of the run's folder in both. */
  readonly name: string;
  /** Path of the folder of its training, from each of both. */
  readonly training: string;
}

/** How a command ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a command says where it would begin to compute: everything before was accepted. */
export const accepted = "nothing is computed here";

/** Run a command in `cwd`; without `backend` it may not compute anything. */
export async function command(
  cwd: string,
  words: readonly string[],
  backend?: () => Promise<Backend>,
): Promise<Ended> {
  const { main } = await import("../../../lib/src/cli/main.ts");
  let stdout = "";
  let stderr = "";
  const code = await main(words, {
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
    cwd,
    env: {},
    onInterrupt: () => () => undefined,
    endAtOnce: () => {
      throw new Error("a second interrupt");
    },
    backend:
      backend ??
      (async () => {
        throw new InputError(accepted);
      }),
  });
  return { code, stdout, stderr };
}

/** Train the runs. */
export async function makeRuns(work: string): Promise<RunFolders> {
  const { init } = await import("../../../lib/src/arrays/index.ts");
  const { nativeBackend } = await import("../../../lib/src/compile/index.ts");
  await init();
  const backend = await nativeBackend();
  const [done, part] = [join(work, "done"), join(work, "part")];
  const words = ["run", study, "--smoke", "--out"];
  const ended = await command(work, [...words, done], async () => backend);
  if (ended.code !== 0) throw new Error(`the run does not end: ${ended.stderr}`);
  const names = readdirSync(done);
  const name = names.find((entry) => entry !== trainingsName) as string;
  const training = join(trainingsName, readdirSync(join(done, trainingsName))[0] as string);
  cpSync(done, part, { recursive: true });
  await stopHalfway(join(part, name), join(part, training));
  return { work, done, part, name, training };
}

/** Make of a finished run one that was stopped after step 40. */
async function stopHalfway(run: string, training: string): Promise<void> {
  const { readRecord, writeRecord } = await import("../../../lib/src/runs/record.ts");
  const record = await readRecord(run);
  if (record === undefined) throw new Error("the run has no record");
  const stopped = { state: "training", step: 40, claims: [], metrics: {} } as const;
  await writeRecord(run, { ...record, ...stopped });
  rmSync(join(run, "measurements"), { recursive: true });
  rmSync(join(run, "report.html"));
  rmSync(join(training, "checkpoints/60.safetensors"));
}
