/** Measurements of a run, remembered in its folder. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Memory, type Study, sha256 } from "../lab/index.ts";
import { makeFolder, type Opener, readTextIfThere, writeWhole } from "./disk.ts";
import { seal, unseal } from "./sealed-json.ts";
import { version } from "./version.ts";

const folderName = "measurements";

/**
 * A memory in `folder`, one file for each measurement. A file that is damaged is measured again.
 * Without `write` nothing is kept beyond what is there.
 */
export function folderMemory(folder: string, write: boolean, opener?: Opener): Memory {
  const path = (key: string): string => join(folder, folderName, `${key}.json`);
  return {
    async read(key) {
      const text = await readTextIfThere(path(key));
      const json = text === undefined ? undefined : unseal(text);
      return json === undefined ? undefined : innerText(json);
    },
    async write(key, text) {
      if (!write) return;
      await makeFolder(join(folder, folderName));
      await writeWhole(path(key), `${seal(`{"value":${text}}`)}\n`, opener);
    },
  };
}

const opening = '{"value":';

/** The text between `{"value":` and `}`. */
function innerText(json: string): string | undefined {
  if (!json.startsWith(opening) || !json.endsWith("}")) return undefined;
  return json.slice(opening.length, -1);
}

/**
 * Version of what a study measures: a hash of the modules where it does so, with the library's
 * version. When it differs, everything is measured again.
 */
export async function measurementVersion(study: Study): Promise<string> {
  const modules = [study.measurements].flat();
  const texts = await Promise.all(modules.map((url) => readFile(fileURLToPath(url), "utf8")));
  return sha256([version(), ...texts].join("\n"));
}
