import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readSources, repository, type SourceFile } from "./support/sources.ts";

const maxLines = 400;

/** Rules that Biome and the compiler do not check, each a function from a file to complaints. */
const rules: readonly ((file: SourceFile) => string | undefined)[] = [
  ({ path, text }) => {
    const lines = text.split("\n").length - 1;
    return lines > maxLines ? `${path} has ${lines} lines, at most ${maxLines}` : undefined;
  },
  ({ path }) =>
    /^([a-z0-9]+(-[a-z0-9]+)*\/)*[a-z0-9]+(-[a-z0-9]+)*((\.[a-z]+)?\.test)?\.ts$/.test(path)
      ? undefined
      : `${path} is not in kebab-case`,
  ({ path, text }) =>
    /^export default\b/m.test(text) ? `${path} has a default export` : undefined,
  ({ path, text }) =>
    /\b(TODO|FIXME|XXX|HACK)\b|@ts-(ignore|nocheck)/.test(text)
      ? `${path} leaves something undone`
      : undefined,
  ({ path, text }) =>
    /\b(it|test|describe)\.(only|skip|todo)\b/.test(text)
      ? `${path} switches tests off`
      : undefined,
  ({ path, text }) =>
    /(^|[^\w.])\/(work|root|home|tmp|opt)\/\w/m.test(text)
      ? `${path} names a path of one machine`
      : undefined,
];

function complaints(files: readonly SourceFile[]): string[] {
  return files
    .flatMap((file) => rules.map((rule) => rule(file)))
    .filter((word) => word !== undefined);
}

/** Everything committed in TypeScript, with paths relative to the folder given. */
function everySource(): SourceFile[] {
  return ["lib/src", "lib/test", "bench", "scripts"].flatMap((folder) =>
    readSources(join(repository, folder)),
  );
}

describe("style", () => {
  it("is kept by every file", () => {
    const own = ({ path }: SourceFile) => path === "style.test.ts";
    expect(complaints(everySource().filter((file) => !own(file)))).toEqual([]);
  });

  it.each([
    ["a/long.ts", "\n".repeat(401), "a/long.ts has 401 lines, at most 400"],
    ["a/camelCase.ts", "", "a/camelCase.ts is not in kebab-case"],
    ["a/b.ts", "export default 1;", "a/b.ts has a default export"],
    ["a/b.ts", "// TODO: later", "a/b.ts leaves something undone"],
    ["a/b.test.ts", 'it.only("x", f);', "a/b.test.ts switches tests off"],
    ["a/b.ts", 'const folder = "/home/someone/data";', "a/b.ts names a path of one machine"],
  ])("is not kept by %s", (path, text, complaint) => {
    expect(complaints([{ path, text }])).toEqual([complaint]);
  });

  it("asks every folder of the library for a test", () => {
    const files = readSources();
    const folders = readdirSync(join(repository, "lib/src"), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => `${name}/`)
      .filter((folder) => files.some(({ path }) => path.startsWith(folder)));
    const tested = (folder: string) =>
      files.some(({ path }) => path.endsWith(".test.ts") && path.startsWith(folder));
    expect(folders.filter((folder) => !tested(folder))).toEqual([]);
  });

  it("has no test without an expectation", () => {
    const without = everySource()
      .filter(({ path }) => path.endsWith(".test.ts"))
      .filter(({ text }) => !/\bexpect\w*\s*[(.]|fc\.assert/.test(text));
    expect(without.map(({ path }) => path)).toEqual([]);
  });
});
