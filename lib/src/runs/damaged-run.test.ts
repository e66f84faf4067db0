import {
  appendFileSync,
  cpSync,
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
import { join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rebuildReport } from "./rebuild-report.ts";
import type { RunOptions } from "./run-options.ts";
import { seal } from "./sealed-json.ts";
import { folderOf, native, runSmall, stopAt, trainingOf } from "./testing/small-run.ts";
import { smallStudy } from "./testing/small-study.ts";

const root = mkdtempSync(join(tmpdir(), "tinylens-damaged-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Stopped at step 28 of 30: checkpoints 0, 10, 20 and 28, rows 0, 4, ..., 28. */
const given = { steps: 30 };
const stopped = join(root, "stopped");
const whole = join(root, "whole");
/** Folder of the training, from each folder of runs. */
let training: string;

beforeAll(async () => {
  await runSmall(stopped, given, stopAt(28));
  await runSmall(whole, given);
  training = relative("", await trainingOf("", given));
});

let next = 0;

/** A copy of a folder of runs with some damage to the training, and to the run. */
function damagedCopy(
  damage: (training: string, run: string) => void,
  from = stopped,
): { out: string; folder: string; run: string } {
  const out = join(root, `copy-${next++}`);
  cpSync(from, out, { recursive: true });
  const [folder, run] = [join(out, training), folderOf(out, given)];
  damage(folder, run);
  return { out, folder, run };
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
  const paths = readdirSync(out, { recursive: true }).map(String).sort();
  const kept = paths.filter((path) =>
    /\.safetensors$|metrics\.jsonl$|measurements.*json$/.test(path),
  );
  return Object.fromEntries(kept.map((path) => [path, readFileSync(join(out, path))]));
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

describe("a run without a sound beginning", () => {
  const all = (damage: (path: string) => void) => (f: string) => {
    for (const step of [0, 10, 20, 28]) damage(checkpoint(f, step));
  };
  it.each<[string, (folder: string) => void, RegExp]>([
    ["no rows", (f) => rmSync(join(f, "metrics.jsonl")), /^metrics.jsonl has no row of step 0; /],
    ["a damaged first row", (f) => changeLine(f, 0, () => "garbage\n"), /no row of step 0/],
    ["one bit of the first checkpoint", (f) => flipBit(checkpoint(f, 0)), /0.safetensors: damaged/],
    ["no first checkpoint", (f) => rmSync(checkpoint(f, 0)), /the checkpoint of step 0 is missing/],
    [
      "no checkpoints",
      (f) => rmSync(join(f, "checkpoints"), { recursive: true }),
      /^all checkpoints are missing; /,
    ],
    ["damaged checkpoints", all(flipBit), /0.safetensors: damaged/],
  ])("%s: begins again, to the same bytes", async (_title, damage, why) => {
    const { out } = damagedCopy(damage);
    const said: string[] = [];
    const onProgress: RunOptions["onProgress"] = (progress) => {
      if (progress.kind === "message") said.push(progress.text);
    };
    expect(await runSmall(out, given, { onProgress })).toMatchObject({ resumed: false });
    expect(said[0]).toMatch(why);
    expect(said[0]).toContain("; training begins again, with the same bytes");
    expect(contents(out)).toEqual(contents(whole));
  });
});

describe("a trained run that was not measured", () => {
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
    const { out } = damagedCopy((folder, run) => {
      rmSync(join(run, "measurements"), { recursive: true });
      damage(folder);
    }, whole);
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
    return (folder: string, run: string): void => {
      const path = join(file === "run.json" ? run : folder, file);
      const { checksum: _, ...record } = JSON.parse(readFileSync(path, "utf8"));
      change(record);
      writeFileSync(path, seal(JSON.stringify(record, null, 2)));
    };
  };
  const field = (name: string, value: unknown, file = "run.json") =>
    resealed(file, (record) => {
      record[name] = value;
    });
  const nested: unknown = JSON.parse(`${"[".repeat(30)}${"]".repeat(30)}`);
  const of = "^(run small-addition-\\w{8}|training \\w{12}-\\w{6}): ";
  const damages: readonly (readonly [string, (training: string, run: string) => void, string])[] = [
    ["half a run.json", (_, run) => truncateSync(join(run, "run.json"), 20), "run.json is damaged"],
    ["one bit of run.json", (_, run) => flipBit(join(run, "run.json")), "run.json is damaged"],
    [
      "an older run.json",
      (_, run) => writeFileSync(join(run, "run.json"), '{"format": 1}'),
      "written by another version \\(format 1, this one reads 2\\); train again with --fresh$",
    ],
    [
      "no training.json",
      (f) => rmSync(join(f, "training.json")),
      "half-written, training.json is missing; train again with --fresh$",
    ],
    [
      "half a training.json",
      (f) => truncateSync(join(f, "training.json"), 20),
      "training.json is damaged \\(its checksum does not match\\); train again with --fresh$",
    ],
    [
      "one bit of training.json",
      (f) => flipBit(join(f, "training.json")),
      "training.json is damaged",
    ],
    [
      "another training",
      field("address", "0", "training.json"),
      "training.json belongs to another training; train again with --fresh$",
    ],
    [
      "threads of a training",
      field("threads", 0, "training.json"),
      "training.json is damaged \\(threads: Too small",
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
  ];
  it.each(damages)("%s: one sentence", async (_title, damage, message) => {
    const { out } = damagedCopy(damage);
    await expect(runSmall(out, given)).rejects.toThrow(new RegExp(of + message));
    await expect(runSmall(out, given)).rejects.toThrow(/^[^\n]+$/);
  });

  it.each(damages.filter(([title]) => / (run|training).json$/.test(title)))(
    "%s: --fresh trains again",
    async (_title, damage) => {
      const { out } = damagedCopy(damage);
      expect(await runSmall(out, given, { fresh: true })).toMatchObject({ resumed: false });
    },
  );

  it("what cannot be read is not taken for absent, and nothing is lost", async () => {
    const names = ["checkpoints", "metrics.jsonl", "training.json", "checkpoints/28.safetensors"];
    for (const name of [...names, "run.json"]) {
      let [place, aside] = ["", ""];
      const { out, folder } = damagedCopy((training, run) => {
        place = join(name === "run.json" ? run : training, name);
        aside = `${place}-aside`;
        renameSync(place, aside);
        symlinkSync(place, place);
      });
      const rows =
        name === "metrics.jsonl" ? undefined : readFileSync(join(folder, "metrics.jsonl"));
      await expect(runSmall(out, given)).rejects.toThrow(/^cannot read \S+: the symbolic links/);
      if (rows) expect(readFileSync(join(folder, "metrics.jsonl"))).toEqual(rows);
      rmSync(place);
      renameSync(aside, place);
      expect(await runSmall(out, given)).toMatchObject({ resumed: true });
      expect(contents(out)).toEqual(contents(whole));
    }
  });
});

describe("a finished run", () => {
  const refuseBackend = () => Promise.reject(new Error("something is to be computed"));
  const finished = (damage: (training: string, run: string) => void) => damagedCopy(damage, whole);
  const memory = (run: string): string[] =>
    readdirSync(join(run, "measurements")).map((name) => join(run, "measurements", name));

  it.each<[string, (path: string) => void]>([
    ["cut short", (path) => truncateSync(path, 30)],
    ["changed by one bit", flipBit],
    ["empty", (path) => writeFileSync(path, "")],
    ["not there", (path) => rmSync(path)],
    ["of another form", (path) => writeFileSync(path, seal('{"x":1}'))],
  ])("measures again what is %s, and trains nothing", async (_title, damage) => {
    const { out } = finished((_, run) => damage(memory(run)[0] as string));
    const kinds = new Set<string>();
    const onProgress: RunOptions["onProgress"] = ({ kind }) => void kinds.add(kind);
    const again = await runSmall(out, given, { onProgress });
    expect(again).toMatchObject({ loaded: false, resumed: true });
    expect([...kinds]).toEqual(["message"]);
    expect(contents(out)).toEqual(contents(whole));
  });

  it.each<[string, (training: string) => void]>([
    ["a row", (f) => changeLine(f, 4, (line) => line.replace(/\d(?=[,e])/, "7"))],
    ["a checkpoint", (f) => rmSync(checkpoint(f, 20))],
    ["the last checkpoint", (f) => rmSync(checkpoint(f, 30))],
    ["its training", (f) => rmSync(f, { recursive: true })],
  ])(
    "that lost %s trains that part again, and no old numbers are shown",
    async (_title, damage) => {
      const { out, run } = finished(damage);
      await expect(runSmall(out, given, { backend: refuseBackend })).rejects.toThrow("computed");
      await expect(rebuildReport(found, run, {})).rejects.toThrow(
        /^run \S+: its training is not whole; run the same command again to finish it$/,
      );
      const steps: number[] = [];
      const onProgress: RunOptions["onProgress"] = (progress) => {
        if (progress.kind === "step") steps.push(progress.step);
      };
      const again = await runSmall(out, given, { onProgress });
      expect(steps.at(-1)).toBe(30);
      expect(again.metrics).toEqual((await runSmall(whole, given)).metrics);
      expect(contents(out)).toEqual(contents(whole));
    },
  );

  it("repairs a damaged checkpoint when something is to be measured, and until then says so", async () => {
    const { out, folder, run } = finished((f) => flipBit(checkpoint(f, 20)));
    expect(await runSmall(out, given)).toMatchObject({ loaded: true });
    const view = { step: 20 };
    await expect(
      rebuildReport(() => ({ study: smallStudy as never, view }), run, { backend: native }),
    ).rejects.toThrow(/20.safetensors: damaged \(.*\); delete it and run the same command again/);
    rmSync(checkpoint(folder, 20));
    const viewed = await runSmall(out, given, { view });
    expect(readFileSync(viewed.report, "utf8")).toContain("--view step=20");
    expect(readFileSync(checkpoint(folder, 20))).toEqual(
      readFileSync(checkpoint(join(whole, training), 20)),
    );
  });
});

const found = () => ({ study: smallStudy as never, view: {} });
