import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { version } from "../runs/index.ts";

const bin = fileURLToPath(new URL("../../bin/tinylens.js", import.meta.url));
const cwd = mkdtempSync(join(tmpdir(), "tinylens-process-"));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const words = [
  "run",
  "modular-addition",
  "--smoke",
  "--set",
  "steps=100000",
  "--set",
  "p=13",
  "--json",
];

/** Checkpoints in a folder of runs. */
const saved = (out: string): string[] =>
  existsSync(out)
    ? readdirSync(out, { recursive: true })
        .map(String)
        .filter((path) => path.endsWith(".safetensors"))
    : [];

describe("the tinylens command", () => {
  it("says its version", () => {
    const { status, stdout } = spawnSync(process.execPath, [bin, "--version"], {
      encoding: "utf8",
    });
    expect([status, stdout]).toEqual([0, `${version()}\n`]);
  });

  it("ends with 2 and one sentence for a wrong word", () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [bin, "run", "x"], {
      encoding: "utf8",
    });
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^tinylens: run: unknown study "x"; did you mean [a-z, -]+\?\n$/);
  });

  it("refuses an old Node in one sentence", () => {
    const old = "Object.defineProperty(process.versions, 'node', { value: '20.20.2' });";
    const { status, stderr } = spawnSync(
      process.execPath,
      ["--import", `data:text/javascript,${encodeURIComponent(old)}`, bin, "list"],
      { encoding: "utf8" },
    );
    expect([status, stderr]).toEqual([2, "tinylens: needs Node 24 or later, this is 20.20.2\n"]);
  });

  it.each(["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const)(
    "stops on %s with a checkpoint and code 130",
    async (signal) => {
      const child = spawn(process.execPath, [bin, ...words, "--out", signal], { cwd });
      let stdout = "";
      let stderr = "";
      child.stdout.on("data", (chunk: Buffer) => {
        stdout += chunk;
      });
      child.stderr.on("data", (chunk: Buffer) => {
        stderr += chunk;
      });
      const begun = (): boolean => saved(join(cwd, signal)).length > 0;
      const timer = setInterval(() => !child.killed && begun() && child.kill(signal), 20);
      const code = await new Promise((resolve) => child.on("close", resolve));
      clearInterval(timer);
      expect(code, stderr).toBe(130);
      const { run, interrupted } = JSON.parse(stdout);
      expect(interrupted).toBe(true);
      const { step } = JSON.parse(readFileSync(join(run, "run.json"), "utf8"));
      expect(stderr).toContain(`stopped at step ${step} of`);
      expect(saved(join(cwd, signal)).some((path) => path.endsWith(`/${step}.safetensors`))).toBe(
        true,
      );
    },
  );
});
