/** The file that is analyzed, and what lies beside it. */

import { basename, dirname, extname, join } from "node:path";
import { InputError } from "../core/errors.ts";
import { checkStart } from "../io/start.ts";
import { readIfThere, readTextIfThere } from "./disk.ts";

/** The bytes of a file to be analyzed. Throws `InputError` where it is absent or no file of weights. */
export async function analysedFile(
  file: string,
): Promise<{ readonly format: "safetensors" | "pt"; readonly bytes: Uint8Array }> {
  const format = formatOf(file);
  const bytes = await readIfThere(file, undefined, (start, size) =>
    checkStart(format, start, size),
  );
  if (bytes !== undefined) return { format, bytes };
  throw new InputError(`--checkpoint: cannot read ${file}: it is not there; check the path`);
}

function formatOf(file: string): "safetensors" | "pt" {
  const extension = extname(file).toLowerCase();
  if (extension === ".safetensors") return "safetensors";
  if (extension === ".pt" || extension === ".pth") return "pt";
  throw new InputError(
    `--checkpoint: must end in .safetensors, .pt or .pth, got ${basename(file)}`,
  );
}

/** Most bytes of a text that says how weights were trained. */
const longestText = 2 ** 20;

/** The texts of those of `names` that are in the folder of `file`. */
export async function textsBeside(
  file: string,
  names: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  for (const name of names) {
    const text = await readTextIfThere(join(dirname(file), name), longestText);
    if (text !== undefined) found[name] = text;
  }
  return found;
}
