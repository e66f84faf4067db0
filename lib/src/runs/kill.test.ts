import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { folderOf, trainingOf } from "./testing/small-run.ts";

const child = fileURLToPath(new URL("./testing/child.ts", import.meta.url));
const given = { steps: 60, pause: 60, shuffled: true };
const root = mkdtempSync(join(tmpdir(), "tinylens-kill-"));

afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Run the study; kill the process the moment it prints `word` (never, without one). */
function start(out: string, word?: string): Promise<{ lines: string[]; killed: boolean }> {
  const running: ChildProcess = spawn(process.execPath, [child, out, JSON.stringify(given)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  return new Promise((resolve, reject) => {
    running.on("error", reject);
    running.stdout?.on("data", (chunk: Buffer) => {
      text += chunk;
      if (word !== undefined && text.split("\n").includes(word)) running.kill("SIGKILL");
    });
    running.on("close", (_code, signal) =>
      resolve({ lines: text.split("\n"), killed: signal === "SIGKILL" }),
    );
  });
}

/** Every file of a folder of runs that must not depend on time, by path; records without times. */
function contents(out: string): Record<string, string> {
  const files = readdirSync(out, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const entries = files.map((entry) => {
    const path = join(entry.parentPath, entry.name);
    if (entry.name === "report.html") return [relative(out, path), "a report"] as const;
    if (!/^(run|training)\.json$/.test(entry.name)) {
      return [relative(out, path), readFileSync(path).toString("base64")] as const;
    }
    const record = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
    const withoutTimes = { ...record, started: 0, seconds: 0, checksum: 0 };
    return [relative(out, path), JSON.stringify(withoutTimes)] as const;
  });
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

describe("a killed run", () => {
  let whole: Record<string, string>;

  beforeAll(async () => {
    const { killed } = await start(join(root, "whole"));
    expect(killed).toBe(false);
    whole = contents(join(root, "whole"));
  });

  it("is compared with a run that has all its files", async () => {
    const run = folderOf("", given);
    const trainings = await Promise.all(
      ["model", "shuffled"].map((name) => trainingOf("", given, name)),
    );
    const steps = [0, 10, 20, 30, 40, 50, 60].map((step) => `checkpoints/${step}.safetensors`);
    const expected = [
      ...trainings.flatMap((folder) =>
        [...steps, "metrics.jsonl", "training.json"].map((file) => join(folder, file)),
      ),
      ...["report.html", "run.json"].map((file) => join(run, file)),
    ];
    const kept = Object.keys(whole).filter((path) => !path.includes("measurements"));
    expect(kept).toEqual(expected.map((path) => relative("", path)).sort());
    expect(Object.keys(whole)).toHaveLength(kept.length + 2);
  });

  it.each([
    [["step 1"]],
    [["step 10"]],
    [["step 33", "step 34"]],
    [["start shuffled", "measuring weightsSize at step 60"]],
    [["step 60", "measuring embeddingOf at step 0"]],
  ])("ends with the same bytes when it is run again (killed at %j)", async (moments) => {
    const out = join(root, moments.join("-").replaceAll(" ", ""));
    for (const word of moments) expect((await start(out, word)).killed).toBe(true);
    const { lines } = await start(out);
    expect(lines.at(-2)).toMatch(/^done \{"loaded":false/);
    expect(contents(out)).toEqual(whole);
  });

  it("goes on from its last checkpoint and not from the beginning", async () => {
    const out = join(root, "goes-on");
    await start(out, "step 51");
    const { lines } = await start(out);
    const main = lines.slice(0, lines.indexOf("start shuffled"));
    const steps = main
      .filter((line) => line.startsWith("step "))
      .map((line) => Number(line.slice(5)));
    expect(steps.every((step) => step > 50)).toBe(true);
    expect(lines.at(-2)).toBe('done {"loaded":false,"resumed":true}');
  });

  it("is loaded when it had finished", async () => {
    const { lines } = await start(join(root, "whole"));
    expect(lines.at(-2)).toBe('done {"loaded":true,"resumed":false}');
    expect(contents(join(root, "whole"))).toEqual(whole);
  });
});
