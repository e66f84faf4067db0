/** Studies in files of one's own. */

import { realpath } from "node:fs/promises";
import { registerHooks } from "node:module";
import { basename, extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { InputError } from "../core/errors.ts";
import type { Study } from "../lab/index.ts";
import { isThere } from "../runs/index.ts";

const extensions = [".ts", ".mts", ".js", ".mjs"];

/** Whether a word of the command line is the path of a program, and no name of a study. */
export function isStudyFile(word: string): boolean {
  return extensions.includes(extname(word));
}

/** The file of a study, where the word of the command line is one. */
export function fileOf(word: string | undefined): { readonly file?: string } {
  return word !== undefined && isStudyFile(word) ? { file: word } : {};
}

/**
 * The study that the file exports. Throws `InputError` for a file that is not there, that does not run,
 * and that exports no study or several.
 */
export async function studyInFile(cwd: string, word: string): Promise<Study> {
  const path = resolve(cwd, word);
  if (!(await isThere(path)))
    throw new InputError(`${word}: there is no such file; check the path`);
  // Modules are known by their real paths, also where a link leads to them.
  const url = pathToFileURL(await realpath(path)).href;
  useOwnPackages(url);
  let exported: Readonly<Record<string, unknown>>;
  try {
    exported = await import(url);
  } catch (cause) {
    const why = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
    throw new InputError(`${word}: does not run: ${why}`, { cause });
  }
  const studies = [...new Set(Object.values(exported))].filter(isStudy);
  const [study] = studies;
  if (study !== undefined && studies.length === 1) return study;
  const names = studies.map(({ name }) => name).join(", ") || "none";
  throw new InputError(
    `${basename(word)}: must export one study, made by defineStudy of tinylens/lab, got ${names}`,
  );
}

function isStudy(value: unknown): value is Study {
  if (typeof value !== "object" || value === null) return false;
  const study = value as Partial<Record<keyof Study, unknown>>;
  const { name, params, view, smoke } = study;
  const functions = [study.plans, study.article, study.size].every((f) => typeof f === "function");
  const objects = [params, view, smoke].every((one) => typeof one === "object" && one !== null);
  return typeof name === "string" && functions && objects;
}

/**
 * What the file imports of tinylens and zod is this very tinylens and its zod, wherever the file lies; and
 * TypeScript is read as a module without a package.json that says so.
 */
function useOwnPackages(file: string): void {
  registerHooks({
    resolve(specifier, context, next) {
      const own = /^(tinylens|zod)(\/|$)/.test(specifier) && context.parentURL === file;
      return own
        ? { url: import.meta.resolve(specifier), shortCircuit: true }
        : next(specifier, context);
    },
    load(url, context, next) {
      const typed = url === file && /\.ts$/.test(url);
      return next(url, typed ? { ...context, format: "module-typescript" } : context);
    },
  });
}
