import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { newStudyText } from "./new-study.ts";
import { tinylens } from "./testing/terminal.ts";

const cwd = mkdtempSync(join(tmpdir(), "tinylens-own-"));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const run = (...words: string[]) => tinylens(cwd, words);

describe("a study of one's own", () => {
  it("is written by new, in at most 60 lines, and runs", async () => {
    const made = await run("new", "demo");
    expect(made).toEqual({
      code: 0,
      stdout: "demo.ts is written; npx tinylens run ./demo.ts\n",
      stderr: "",
    });
    expect(newStudyText("demo").trimEnd().split("\n").length).toBeLessThanOrEqual(60);
    const ended = await run("run", "./demo.ts", "--smoke", "--json");
    const { study, claims, report, metrics } = JSON.parse(ended.stdout);
    expect(study).toBe("demo");
    expect(claims.map(({ id }: { id: string }) => id)).toEqual(["learns"]);
    expect(ended.code).toBe(metrics.testAccuracy >= 0.9 ? 0 : 1);
    const html = readFileSync(report, "utf8");
    expect(html).toContain("npx tinylens run ./demo.ts");
    expect(html.match(/data-figure="/g)?.length).toBeGreaterThanOrEqual(2);
    const again = await run("run", "./demo.ts", "--smoke", "--json");
    expect(JSON.parse(again.stdout)).toMatchObject({ loaded: true, metrics });
  });

  it("has its parameters in the help, and its report again with its file", async () => {
    expect((await run("run", "./demo.ts", "--help")).stdout).toContain("bits=8");
    const [name = ""] = readdirSync(join(cwd, "runs")).filter((one) => one.startsWith("demo"));
    const lost = await run("report", name);
    expect(lost).toMatchObject({
      code: 2,
      stderr: `tinylens: report: run ${name} is of the study in ./demo.ts; add --study ./demo.ts\n`,
    });
    expect((await run("report", name, "--study", "./demo.ts")).stderr).toBe("");
    expect((await run("runs")).stdout).toContain(name);
  });

  it("is found behind options, and through a link", async () => {
    const ended = await run("run", "--smoke", "--out", "runs", "--json", "./demo.ts");
    expect(JSON.parse(ended.stdout)).toMatchObject({ study: "demo", loaded: true });
    const [name = ""] = readdirSync(join(cwd, "runs")).filter((one) => one.startsWith("demo"));
    expect((await run("report", "--study=./demo.ts", name)).stderr).toBe("");
    const far = mkdtempSync(join(tmpdir(), "tinylens-far-"));
    writeFileSync(join(far, "far.ts"), newStudyText("far"));
    symlinkSync(far, join(cwd, "link"));
    expect((await run("run", "link/far.ts", "--help")).stdout).toContain("bits=8");
    rmSync(far, { recursive: true });
  });

  it("does not write the report of another study", async () => {
    const [name = ""] = readdirSync(join(cwd, "runs")).filter((one) => one.startsWith("demo"));
    writeFileSync(join(cwd, "other.ts"), newStudyText("other"));
    expect((await run("report", name, "--study", "./other.ts")).stderr).toBe(
      `tinylens: run ${name}: is of the study demo, got other; choose demo\n`,
    );
  });

  it.each<[string, string | undefined, string]>([
    ["gone.ts", undefined, "gone.ts: there is no such file; check the path"],
    [
      "none.ts",
      "export const x = 1;",
      "none.ts: must export one study, made by defineStudy of tinylens/lab, got none",
    ],
    ["wrong.ts", "export const x = ;", "wrong.ts: does not run: "],
    [
      "shout.ts",
      newStudyText("Shout/Loud"),
      "shout.ts: does not run: InputError: defineStudy: name must be lower-case letters, digits and -",
    ],
    [
      "bare.ts",
      "export const x = { name: 'x', params: {}, plans() {}, article() {} };",
      "bare.ts: must export one study, made by defineStudy of tinylens/lab, got none",
    ],
    [
      "far.ts",
      'import "no-such-package";',
      "far.ts: does not run: Error: Cannot find package 'no-such-package'",
    ],
  ])("%s is refused in a sentence", async (name, text, message) => {
    if (text !== undefined) writeFileSync(join(cwd, name), text);
    const { code, stderr } = await run("run", name);
    expect(code).toBe(2);
    expect(stderr.startsWith(`tinylens: ${message}`)).toBe(true);
    expect(stderr.trimEnd()).not.toContain("\n");
  });

  it("gets no name that is taken, or that is none", async () => {
    expect((await run("new", "demo")).stderr).toBe(
      "tinylens: new: demo.ts is there already; choose another name\n",
    );
    expect((await run("new", "small-addition")).stderr).toContain("is a study of tinylens");
    expect((await run("new", "../x")).stderr).toContain("must be lower-case letters, digits and -");
  });
});
