/**
 * `npm run sizes [-- REF]`: lines that hold code, per module of the library and for its tests; with
 * a git reference, also the difference to it.
 */

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve, sep } from "node:path";
import ts from "typescript";

const root = resolve(import.meta.dirname, "..");

interface Size {
  readonly files: number;
  readonly code: number;
  readonly tests: number;
}

/** Number of lines with at least one token; comments and blank lines do not count. */
export function codeLines(text: string): number {
  const source = ts.createSourceFile("file.ts", text, ts.ScriptTarget.Latest, false);
  const lines = new Set<number>();
  const visit = (node: ts.Node): void => {
    const children = node.getChildren(source);
    if (children.length > 0) {
      children.forEach(visit);
      return;
    }
    if (node.kind === ts.SyntaxKind.EndOfFileToken || node.kind >= ts.SyntaxKind.FirstJSDocNode) {
      return;
    }
    const first = source.getLineAndCharacterOfPosition(node.getStart(source)).line;
    const last = source.getLineAndCharacterOfPosition(node.getEnd()).line;
    for (let line = first; line <= last; line++) lines.add(line);
  };
  visit(source);
  return lines.size;
}

/** `lib/src/rng/torch.ts` is in module `rng`; a file directly in a source folder is in `.`. */
function moduleOf(path: string): string {
  const [top = "", second = "", third] = path.split("/");
  if (top !== "lib") return top;
  if (second !== "src") return `lib/${second}`;
  return third === undefined || third.endsWith(".ts") ? "." : third;
}

function measure(paths: readonly string[], read: (path: string) => string): Map<string, Size> {
  const sizes = new Map<string, Size>();
  for (const path of paths.filter((path) => path.endsWith(".ts"))) {
    const name = moduleOf(path);
    const { files, code, tests } = sizes.get(name) ?? { files: 0, code: 0, tests: 0 };
    const lines = codeLines(read(path));
    const isTest = path.endsWith(".test.ts");
    sizes.set(name, {
      files: files + 1,
      code: code + (isTest ? 0 : lines),
      tests: tests + (isTest ? lines : 0),
    });
  }
  return sizes;
}

/** Folders with code, each walked to the bottom. */
const folders = ["bench", "lib/goldens", "lib/src", "lib/test", "scripts"];

function filesOnDisk(): string[] {
  const under = (folder: string) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map(
      (path) => `${folder}/${path.split(sep).join("/")}`,
    );
  return folders.flatMap(under);
}

function git(...args: readonly string[]): string {
  return execFileSync("git", args, { cwd: root, encoding: "utf8", maxBuffer: 1 << 28 });
}

function listed(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}

function row(name: string, size: Size, before: Size | undefined, compare: boolean): string {
  const counts = [size.files, size.code, size.tests].map((n) => String(n).padStart(8)).join("");
  if (!compare) return name.padEnd(14) + counts;
  const change = size.code + size.tests - ((before?.code ?? 0) + (before?.tests ?? 0));
  return name.padEnd(14) + counts + `${change > 0 ? "+" : ""}${change}`.padStart(8);
}

function main(reference: string | undefined): void {
  const now = measure(filesOnDisk(), (path) => readFileSync(join(root, path), "utf8"));
  const before =
    reference === undefined
      ? new Map<string, Size>()
      : measure(listed(git("ls-tree", "-r", "--name-only", reference, ...folders)), (path) =>
          git("show", `${reference}:${path}`),
        );
  const compare = reference !== undefined;
  const heading = ["files", "code", "tests", ...(compare ? ["change"] : [])];
  const lines = [
    "module".padEnd(14) + heading.map((name) => name.padStart(8)).join(""),
    ...[...now]
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([name, size]) => row(name, size, before.get(name), compare)),
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}

if (import.meta.main) main(process.argv[2]);
