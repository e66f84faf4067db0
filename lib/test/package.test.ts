import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { folderOf, isTest, readSources, repository } from "./support/sources.ts";

interface Packed {
  readonly files: readonly { readonly path: string }[];
}

/** Paths that do not belong in the published package. */
function strays(paths: readonly string[]): string[] {
  return paths.filter(
    (path) =>
      !/^(dist\/.*\.(js|d\.ts)|bin\/tinylens\.js|package\.json|README\.md|LICENSE)$/.test(path) ||
      path.includes(".test.") ||
      path.includes("/testing/"),
  );
}

/** Folders of the library with an entry file: the subpaths of the package. */
function subpaths(): string[] {
  const entries = readSources().filter(({ path }) => /^[^/]+\/index\.ts$/.test(path));
  return entries.map(({ path }) => folderOf(path));
}

describe("the package", () => {
  let folder: string;
  let built: { readonly status: number | null; readonly output: string };

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "tinylens-package-"));
    const lib = join(repository, "lib");
    for (const name of ["package.json", "bin"]) {
      cpSync(join(lib, name), join(folder, name), { recursive: true });
    }
    for (const name of ["README.md", "LICENSE"]) cpSync(join(repository, name), join(folder, name));
    symlinkSync(join(repository, "node_modules"), join(folder, "node_modules"));
    const args = ["-p", join(lib, "tsconfig.build.json"), "--outDir", join(folder, "dist")];
    const tsc = join(repository, "node_modules/.bin/tsc");
    const { status, stdout } = spawnSync(tsc, args, { encoding: "utf8" });
    built = { status, output: stdout };
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("builds without a complaint", () => {
    expect(built).toEqual({ status: 0, output: "" });
  });

  it("has the built files of every module, the command, the licence, and nothing else", () => {
    const json = execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
      cwd: folder,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    const [packed] = JSON.parse(json) as readonly Packed[];
    const paths = (packed?.files ?? []).map(({ path }) => path);
    const expected = readSources()
      .filter((file) => !isTest(file))
      .map(({ path }) => `dist/${path.replace(/\.ts$/, ".js")}`);
    expect(strays(paths)).toEqual([]);
    expect(
      [...expected, "bin/tinylens.js", "LICENSE", "README.md"].filter(
        (path) => !paths.includes(path),
      ),
    ).toEqual([]);
  });

  it("loads each subpath in Node without the sources", () => {
    const specifiers = subpaths().map((name) => `./dist/${name}/index.js`);
    const code = `
      const counts = {};
      for (const path of ${JSON.stringify(specifiers)}) counts[path] = Object.keys(await import(path)).length;
      console.log(JSON.stringify(counts));
      process.exit(0);
    `;
    const output = execFileSync(process.execPath, ["--input-type=module", "-e", code], {
      cwd: folder,
      encoding: "utf8",
    });
    const counts = JSON.parse(output) as Readonly<Record<string, number>>;
    expect(Object.keys(counts)).toEqual(specifiers);
    expect(Object.entries(counts).filter(([, count]) => count === 0)).toEqual([]);
  });

  it("runs the command from the built files", () => {
    const output = execFileSync(process.execPath, [join(folder, "bin/tinylens.js"), "list"], {
      cwd: folder,
      encoding: "utf8",
    });
    expect(output).toMatch(/^\s*modular-addition\b/m);
  });

  it("exports types and code for every subpath", () => {
    const { exports } = JSON.parse(readFileSync(join(repository, "lib/package.json"), "utf8")) as {
      readonly exports: Readonly<Record<string, Readonly<Record<string, string>>>>;
    };
    expect(Object.keys(exports["./*"] ?? {})).toEqual(["tinylens:src", "types", "default"]);
    const missing = subpaths().flatMap((name) =>
      ["types", "default"]
        .map((condition) => (exports["./*"]?.[condition] ?? "").replace("*", name))
        .filter((path) => !existsSync(join(folder, path))),
    );
    expect(missing).toEqual([]);
  });

  it("would not take a test, a golden file or a source along", () => {
    expect(
      strays([
        "dist/a.js",
        "dist/a.test.js",
        "dist/b/testing/c.js",
        "src/a.ts",
        "dist/x.golden.json",
        "LICENSE",
      ]),
    ).toEqual(["dist/a.test.js", "dist/b/testing/c.js", "src/a.ts", "dist/x.golden.json"]);
  });
});
