/** Measurements of a run, remembered in its folder. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Memory, type Study, sha256 } from "../lab/index.ts";
import { makeFolder, type Opener, readTextIfThere, removeUnfinished, writeWhole } from "./disk.ts";
import { seal, unseal } from "./sealed-json.ts";
import { version } from "./version.ts";

const folderName = "measurements";

/**
 * A memory in `folder`, one file for each measurement. What a damaged file held, or one under the
 * name of another, is measured again. Without `write` nothing is kept beyond what is there.
 */
export function folderMemory(folder: string, write: boolean, opener?: Opener): Memory {
  const held = join(folder, folderName);
  const path = (key: string): string => join(held, `${key}.json`);
  let ready: Promise<void> | undefined;
  /** What a killed process was writing is measured again, and its half is cleared away. */
  const prepare = async (): Promise<void> => {
    await makeFolder(held);
    await removeUnfinished(held);
  };
  return {
    async read(key) {
      const text = await readTextIfThere(path(key));
      const json = text === undefined ? undefined : unseal(text);
      return json === undefined ? undefined : valueIn(json, key);
    },
    async write(key, text) {
      if (!write) return;
      ready ??= prepare();
      await ready;
      await writeWhole(path(key), `${seal(`${opening(key)}${text}}`)}\n`, opener);
    },
  };
}

/** How the text of a measurement begins. */
function opening(key: string): string {
  return `{"key":"${key}","value":`;
}

/** The value in the text of the measurement `key`; undefined in the text of another. */
function valueIn(json: string, key: string): string | undefined {
  const before = opening(key);
  if (!json.startsWith(before) || !json.endsWith("}")) return undefined;
  return json.slice(before.length, -1);
}

/** Versions by study: those of the modules as they were when they were asked for first. */
const versions = new WeakMap<Study, Promise<string>>();

/**
 * Version of what a study measures: a hash of the modules where it does so, with the library's
 * version. When it differs, everything is measured again. Asked for before training, so that a file
 * that is edited meanwhile is not taken for what this process measures with.
 */
export function measurementVersion(study: Study): Promise<string> {
  const version = versions.get(study) ?? hashOf(study);
  versions.set(study, version);
  return version;
}

async function hashOf(study: Study): Promise<string> {
  const modules = [study.measurements].flat();
  const texts = await Promise.all(modules.map((url) => readFile(fileURLToPath(url), "utf8")));
  return sha256([version(), ...texts].join("\n"));
}
