import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { repository } from "./support/sources.ts";

const parts = [
  ...["bench", "examples", "lib", "scripts", "biome.jsonc", "package.json", "package-lock.json"],
  ...["tsconfig.base.json", "tsconfig.json", "vitest.config.ts"],
];

const badCode = "var x = 1;;console.log( x ) // not as the style asks\nconst y: string = 1;\n";

/** What README's commands, a notebook and a second checkout leave behind, none of it in good style. */
const leftovers: Readonly<Record<string, string>> = {
  "runs/max-of-two-1/report.html": "<html><script>var a=1;;a==b</script>",
  "runs/max-of-two-1/run.json": '{"a" :1}',
  "lib/runs/max-of-two-1/run.json": '{"a" :1}',
  "examples/executed/induction-heads.ipynb": '{"cells" :[]}',
  "examples/executed/induction-heads.html": "<script>var a=1;;</script>",
  "examples/vite/dist/assets/index.js": "var a=1;;",
  "dist/tinylens/dist/index.js": "var a=1;;",
  ".vitest/results.json": '{"a" :1}',
  "example.mts": badCode,
  "play.ts": badCode,
  "second/biome.jsonc": '{ "root": true }',
  "second/lib/src/bad.ts": badCode,
  "second/lib/src/bad.test.ts": "throw new Error();\n",
};

describe("a checkout without git, with what its commands leave behind", () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "tinylens-leftovers-"));
    const own = (path: string) => !/[\\/](node_modules|dist|executed|runs-?\d*)$/.test(path);
    for (const part of parts) {
      const source = join(repository, part);
      const filter = (path: string) => own(path) || path.startsWith(join(repository, "lib/src"));
      cpSync(source, join(folder, part), { recursive: true, filter });
    }
    symlinkSync(join(repository, "node_modules"), join(folder, "node_modules"));
    for (const [path, text] of Object.entries(leftovers)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function run(command: string, ...args: readonly string[]) {
    const path = join(repository, "node_modules/.bin", command);
    const { status, stdout, stderr } = spawnSync(path, args, { cwd: folder, encoding: "utf8" });
    return { status, output: stdout + stderr };
  }

  it("is in good style", () => {
    const { status, output } = run("biome", "ci", ".");
    expect({ status, output: status === 0 ? "" : output }).toEqual({ status: 0, output: "" });
  }, 300_000);

  it("would be seen not to be, if the bad file were one of the library's", () => {
    const planted = join(folder, "lib/src/bad.ts");
    writeFileSync(planted, badCode);
    expect(run("biome", "ci", "lib/src/bad.ts").status).toBe(1);
    rmSync(planted);
  });

  it("has the same files to compile and the same tests to run", () => {
    const compiled = run("tsc", "-p", ".", "--listFilesOnly").output;
    const tests = run("vitest", "list", "--filesOnly").output;
    for (const path of Object.keys(leftovers)) {
      expect(compiled).not.toContain(join(folder, path));
      expect(tests.split("\n")).not.toContain(path);
    }
    expect(compiled).toContain("lib/src/index.ts");
    expect(tests).toContain("lib/test/leftovers.test.ts");
  }, 300_000);

  it("has its code counted without git, and nothing else", () => {
    const sizes = join(folder, "scripts/sizes.ts");
    const table = execFileSync(process.execPath, [sizes], { cwd: folder, encoding: "utf8" });
    const names = table.split("\n").map((line) => line.split(" ", 1)[0]);
    expect(names).toContain("runs");
    for (const name of ["second", "examples", "lib/runs", "dist"])
      expect(names).not.toContain(name);
  }, 300_000);
});
