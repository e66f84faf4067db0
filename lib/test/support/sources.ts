/** The library's source files, what they import, and where they lie. */

import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import ts from "typescript";

export const repository = resolve(import.meta.dirname, "../../..");
export const sourceFolder = join(repository, "lib/src");

export interface SourceFile {
  /** Relative to the source folder, with forward slashes: `compile/onnx/dot.ts`. */
  readonly path: string;
  readonly text: string;
}

/** Every TypeScript file under `root`, tests included, in order of their paths. */
export function readSources(root: string = sourceFolder): SourceFile[] {
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .map((path) => ({
      path: path.split(sep).join("/"),
      text: readFileSync(join(root, path), "utf8"),
    }))
    .sort((a, b) => a.path.localeCompare(b.path));
}

/** Tests, and what only they use: files in a folder `testing/`. */
export function isTest({ path }: SourceFile): boolean {
  return path.endsWith(".test.ts") || path.includes("/testing/");
}

/** The folder directly under the source folder; `.` for a file that lies in it. */
export function folderOf(path: string): string {
  return path.includes("/") ? (path.split("/")[0] as string) : ".";
}

/** Module names in `import`, `export ... from` and `import(...)`, types included. */
export function importsOf({ text }: SourceFile): string[] {
  return ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);
}

/** The source path that a relative import of `from` means. */
export function targetOf(from: string, specifier: string): string {
  const folder = join("/", from, "..");
  return relative("/", resolve(folder, specifier)).split(sep).join("/");
}
