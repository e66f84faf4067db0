/** A command line for tests: texts instead of streams, the small study, no signals. */

import type { Study } from "../../lab/index.ts";
import { smallStudy } from "../../runs/testing/small-study.ts";
import type { Context } from "../context.ts";
import { main } from "../main.ts";

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Run `tinylens` with these words in folder `cwd`. */
export async function tinylens(
  cwd: string,
  words: readonly string[],
  changes: Partial<Context> = {},
): Promise<Ended> {
  let stdout = "";
  let stderr = "";
  const code = await main(words, {
    studies: { smallStudy: smallStudy as unknown as Study },
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
    env: {},
    cwd,
    onInterrupt: () => () => {},
    endAtOnce: () => {
      throw new Error("ended at once");
    },
    ...changes,
  });
  return { code, stdout, stderr };
}
