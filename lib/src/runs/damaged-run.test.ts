import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunOptions } from "./run-study.ts";
import { seal } from "./sealed-json.ts";
import { folderOf, runSmall, stopAt } from "./testing/small-run.ts";

const root = mkdtempSync(join(tmpdir(), "tinylens-damaged-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Stopped at step 28 of 30: checkpoints 0, 10, 20 and 28, rows 0, 4, ..., 28. */
const given = { steps: 30 };
const stopped = join(root, "stopped");
const whole = join(root, "whole");

beforeAll(async () => {
  await runSmall(stopped, given, stopAt(28));
  await runSmall(whole, given);
});

let next = 0;

/** A copy of the stopped run with some damage, and its folder. */
function damagedCopy(damage: (folder: string) => void): { out: string; folder: string } {
  const out = join(root, `copy-${next++}`);
  cpSync(stopped, out, { recursive: true });
  const folder = folderOf(out, given);
  damage(folder);
  return { out, folder };
}

/** Change one bit in the middle of a file. */
function flipBit(path: string): void {
  const bytes = readFileSync(path);
  const at = Math.floor(bytes.length / 2);
  bytes[at] = (bytes[at] as number) ^ 4;
  writeFileSync(path, bytes);
}

/** Every file that does not depend on time, by path. */
function contents(out: string): Record<string, Buffer> {
  const folder = folderOf(out, given);
  const paths = readdirSync(folder, { recursive: true }).map(String).sort();
  const kept = paths.filter((path) => /\.safetensors$|metrics\.jsonl$|results\.json$/.test(path));
  return Object.fromEntries(kept.map((path) => [path, readFileSync(join(folder, path))]));
}

const checkpoint = (folder: string, step: number): string =>
  join(folder, `checkpoints/${step}.safetensors`);

function changeLine(folder: string, line: number, change: (text: string) => string): void {
  const path = join(folder, "metrics.jsonl");
  const lines = readFileSync(path, "utf8").split("\n");
  lines[line] = change(lines[line] as string);
  writeFileSync(path, lines.filter((text, i) => i !== line || text !== "").join("\n"));
}

describe("damage that an earlier checkpoint repairs", () => {
  const damages: readonly (readonly [string, (folder: string) => void, number, RegExp])[] = [
    ["half of the last checkpoint", (f) => truncateSync(checkpoint(f, 28), 500), 20, /28.*damaged/],
    ["an empty last checkpoint", (f) => truncateSync(checkpoint(f, 28), 0), 20, /28.*damaged/],
    ["one bit of the last checkpoint", (f) => flipBit(checkpoint(f, 28)), 20, /checksum does not/],
    [
      "a checkpoint under the name of another",
      (f) => cpSync(checkpoint(f, 10), checkpoint(f, 28)),
      20,
      /the step must be 28, got 10/,
    ],
    [
      "two damaged checkpoints",
      (f) => {
        flipBit(checkpoint(f, 28));
        flipBit(checkpoint(f, 20));
      },
      10,
      /20.safetensors: damaged/,
    ],
    ["a scheduled one missing", (f) => rmSync(checkpoint(f, 10)), 0, /of step 10 is missing/],
    [
      "a number in a row",
      (f) => changeLine(f, 4, (line) => line.replace(/\d(?=[,e])/, "7")),
      10,
      /no row of step 16 \(line 5 is damaged\)/,
    ],
    ["a row missing", (f) => changeLine(f, 6, () => ""), 20, /no row of step 24; /],
    [
      "one bit of an earlier checkpoint",
      (f) => flipBit(checkpoint(f, 10)),
      0,
      /10.safetensors: damaged/,
    ],
    [
      "a scheduled one under the name of another",
      (f) => cpSync(checkpoint(f, 10), checkpoint(f, 20)),
      10,
      /the step must be 20, got 10/,
    ],
    [
      "a row twice",
      (f) => changeLine(f, 2, (line) => `${line}\n${line}`),
      10,
      /no row of step 12; /,
    ],
    ["half of the rows", (f) => truncateSync(join(f, "metrics.jsonl"), 700), 10, /no row of step/],
  ];
  it.each(damages)("%s: the same bytes as an unbroken run", async (_title, damage, step, why) => {
    const { out } = damagedCopy(damage);
    const said: string[] = [];
    let first = -1;
    const onProgress: RunOptions["onProgress"] = (progress) => {
      if (progress.kind === "message") said.push(progress.text);
      if (progress.kind === "start" && first < 0) first = progress.step;
    };
    expect(await runSmall(out, given, { onProgress })).toMatchObject({ resumed: true });
    expect(first).toBe(step);
    expect(said[0]).toMatch(why);
    expect(said[0]).toContain(`; training goes on from step ${step}`);
    expect(contents(out)).toEqual(contents(whole));
  });
});

describe("a trained run that was not analysed", () => {
  const damages: readonly (readonly [string, (folder: string) => void])[] = [
    ["the last row twice", (f) => changeLine(f, 7, (line) => `${line}\n${line}`)],
    ["the first row at the end, too", (f) => changeLine(f, 8, () => firstLine(f))],
    ["a row that was never logged", (f) => changeLine(f, 8, () => firstLine(f, 29))],
    ["garbage behind the last row", (f) => appendFileSync(join(f, "metrics.jsonl"), "garbage\n")],
    ["half a line behind it", (f) => appendFileSync(join(f, "metrics.jsonl"), '{"step":3')],
    ["one bit of an earlier checkpoint", (f) => flipBit(checkpoint(f, 10))],
    ["a damaged checkpoint of no schedule", (f) => cpSync(checkpoint(f, 10), checkpoint(f, 29))],
  ];
  it.each(damages)("%s: the same bytes as an unbroken run", async (_title, damage) => {
    const out = join(root, `copy-${next++}`);
    cpSync(whole, out, { recursive: true });
    const folder = folderOf(out, given);
    rmSync(join(folder, "results.json"));
    damage(folder);
    expect(contents(out)).not.toEqual(contents(whole));
    expect(await runSmall(out, given)).toMatchObject({ loaded: false });
    expect(contents(out)).toEqual(contents(whole));
  });

  /** The first row, sealed, under a step of its own if one is given. */
  function firstLine(folder: string, step = 0): string {
    const [line = ""] = readFileSync(join(folder, "metrics.jsonl"), "utf8").split("\n");
    const { checksum: _, ...row } = JSON.parse(line);
    return `${seal(JSON.stringify({ ...row, step }))}\n`;
  }
});

describe("damage that nothing repairs", () => {
  const resealed = (file: string, change: (record: Record<string, unknown>) => void) => {
    return (folder: string): void => {
      const path = join(folder, file);
      const { checksum: _, ...record } = JSON.parse(readFileSync(path, "utf8"));
      change(record);
      writeFileSync(path, seal(JSON.stringify(record, null, 2)));
    };
  };
  const field = (name: string, value: unknown) =>
    resealed("run.json", (record) => {
      record[name] = value;
    });
  const nested: unknown = JSON.parse(`${"[".repeat(30)}${"]".repeat(30)}`);
  const run = "^run small-addition-\\w{8}: ";
  const damages: readonly (readonly [string, (folder: string) => void, string])[] = [
    ["no run.json", (f) => rmSync(join(f, "run.json")), "half-written, run.json is missing; train"],
    [
      "half a run.json",
      (f) => truncateSync(join(f, "run.json"), 20),
      "run.json is damaged \\(it is",
    ],
    ["one bit of run.json", (f) => flipBit(join(f, "run.json")), "run.json is damaged \\(i"],
    [
      "an older run.json",
      (f) => writeFileSync(join(f, "run.json"), '{"format": 1}'),
      "written by another version \\(format 1, this one reads 2\\); train again with --fresh$",
    ],
    ["threads", field("threads", "<b>"), "run.json is damaged \\(threads: Invalid input"],
    ["versions", field("versions", null), "run.json is damaged \\(versions: Invalid input"],
    ["a date", field("started", "soon"), "run.json is damaged \\(started: Invalid"],
    ["a checkpoint", field("checkpoint", null), "run.json is damaged \\(checkpoint: Invalid"],
    ["a claim", field("claims", [null]), "run.json is damaged \\(claims.0: Invalid"],
    ["a step", field("step", -1), "run.json is damaged \\(step: Too small"],
    ["a further field", field("x", 1), "run.json is damaged \\(: Unrecognized key"],
    ["params", field("params", { steps: 31 }), "run.json belongs to another run, of small"],
    ["nested params", field("params", { a: nested }), "run.json is damaged \\(params.a: nested"],
    ["another study", field("study", "x"), "run.json belongs to another run, of x; train"],
    [
      "all checkpoints gone",
      (f) => rmSync(join(f, "checkpoints"), { recursive: true }),
      "its checkpoints are missing, and no earlier checkpoint can be used; train again",
    ],
    [
      "all checkpoints damaged",
      (f) => [0, 10, 20, 28].forEach((step) => void flipBit(checkpoint(f, step))),
      "\\S+/0.safetensors: damaged \\(.*\\), and no earlier checkpoint can be used",
    ],
  ];
  it.each(damages)("%s: one sentence", async (_title, damage, message) => {
    const { out } = damagedCopy(damage);
    await expect(runSmall(out, given)).rejects.toThrow(new RegExp(run + message));
    await expect(runSmall(out, given)).rejects.toThrow(/^[^\n]+$/);
  });

  it.each(damages.filter(([title]) => / run.json$/.test(title)))(
    "%s: --fresh trains again",
    async (_title, damage) => {
      const { out } = damagedCopy(damage);
      expect(await runSmall(out, given, { fresh: true })).toMatchObject({ resumed: false });
    },
  );

  it("what cannot be read is not taken for absent, and nothing is lost", async () => {
    for (const name of ["checkpoints", "metrics.jsonl", "run.json", "checkpoints/28.safetensors"]) {
      const { out, folder } = damagedCopy((f) => {
        renameSync(join(f, name), join(f, "aside"));
        symlinkSync(join(f, name), join(f, name));
      });
      const rows =
        name === "metrics.jsonl" ? undefined : readFileSync(join(folder, "metrics.jsonl"));
      await expect(runSmall(out, given)).rejects.toThrow(/^cannot read \S+: the symbolic links/);
      if (rows) expect(readFileSync(join(folder, "metrics.jsonl"))).toEqual(rows);
      rmSync(join(folder, name));
      renameSync(join(folder, "aside"), join(folder, name));
      expect(await runSmall(out, given)).toMatchObject({ resumed: true });
      expect(contents(out)).toEqual(contents(whole));
    }
  });
});

describe("results of a finished run", () => {
  /** A copy of the finished run with damaged results. */
  function finished(damage: (path: string) => void): { out: string; path: string } {
    const out = join(root, `copy-${next++}`);
    cpSync(whole, out, { recursive: true });
    const path = join(folderOf(out, given), "results.json");
    damage(path);
    return { out, path };
  }

  it.each<[string, (path: string) => void]>([
    ["cut short", (path) => truncateSync(path, 30)],
    ["changed by one bit", flipBit],
    ["empty", (path) => writeFileSync(path, "")],
  ])("that were %s are refused, and the analysis can be repeated", async (_title, damage) => {
    const { out, path } = finished(damage);
    await expect(runSmall(out, given)).rejects.toThrow(
      /^run \S+: results.json is damaged, its checksum does not match; delete it and run the same/,
    );
    rmSync(path);
    expect(await runSmall(out, given)).toMatchObject({ loaded: false, resumed: true });
    expect(contents(out)).toEqual(contents(whole));
  });

  it.each<[string, string, RegExp]>([
    ["have no losses", '{"x":1}', /is not what this version of small-addition writes: /],
    ["hold an impossible array", '{"a":{"$array":"int9","base64":""}}', /^results: \$array: /],
    ["hold half a number", '{"a":{"$array":"float32","base64":"AAA="}}', /^results: 2 bytes are/],
  ])("that %s are refused in one sentence", async (_title, json, message) => {
    const { out } = finished((path) => writeFileSync(path, seal(json)));
    await expect(runSmall(out, given)).rejects.toThrow(message);
  });

  it("need the checkpoints that the plan says", async () => {
    const { out, path } = finished((results) => rmSync(results));
    const step20 = join(path, "../checkpoints/20.safetensors");
    flipBit(join(path, "../checkpoints/30.safetensors"));
    rmSync(step20);
    expect(await runSmall(out, given)).toMatchObject({ loaded: false, resumed: true });
    expect(existsSync(step20)).toBe(true);
    expect(contents(out)).toEqual(contents(whole));
  });
});
