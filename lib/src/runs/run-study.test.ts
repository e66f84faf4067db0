import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { init } from "../arrays/index.ts";
import { type Backend, nativeBackend } from "../compile/index.ts";
import { InputError } from "../core/errors.ts";
import type { Opener, OpenFile } from "./disk.ts";
import { ownIdentity, type ProcessIdentity } from "./process-identity.ts";
import { findRun, rebuildReport } from "./rebuild-report.ts";
import { type RunOptions, runStudy } from "./run-study.ts";
import { StoppedError } from "./stopped.ts";
import { folderOf, paramsOf, runSmall, stopAt } from "./testing/small-run.ts";
import { smallStudy } from "./testing/small-study.ts";

const root = mkdtempSync(join(tmpdir(), "tinylens-runs-"));
let backend: Backend;
let next = 0;

beforeAll(async () => {
  await init();
  backend = await nativeBackend();
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const freshOut = (): string => join(root, `out-${next++}`);
const run = runSmall;

/** Put a lock there that another process would hold; gives the path of its entry. */
function lockedBy(out: string, holder: Partial<ProcessIdentity>): string {
  const lock = join(folderOf(out), "lock");
  mkdirSync(lock, { recursive: true });
  const entry = join(lock, "holder-0123456789abcdef");
  writeFileSync(entry, JSON.stringify({ ...ownIdentity(), ...holder }));
  return entry;
}

/** A disk that takes `room` bytes for files whose path contains `part`. */
function fullDisk(part: string, room: number): Opener {
  let left = room;
  return async (path, flags) => {
    const file = await open(path, flags);
    if (!path.includes(part)) return file;
    const write = async (bytes: Uint8Array, offset: number, length: number) => {
      if (left === 0) throw Object.assign(new Error("no space"), { code: "ENOSPC" });
      const some = Math.min(length, left);
      left -= some;
      return file.write(bytes, offset, some);
    };
    const rest = { truncate: file.truncate, sync: file.sync, close: file.close };
    const bound = Object.entries(rest).map(([name, f]) => [name, f.bind(file)]);
    return { ...Object.fromEntries(bound), write } as OpenFile;
  };
}

describe("runStudy", () => {
  it("trains, analyses, judges and reports, and says so in run.json", async () => {
    const out = freshOut();
    const outcome = await run(out, { shuffled: true });
    expect(outcome).toMatchObject({
      study: "small-addition",
      device: "native",
      loaded: false,
      resumed: false,
      interrupted: false,
      step: 24,
      steps: 24,
    });
    const record = JSON.parse(readFileSync(join(outcome.run, "run.json"), "utf8"));
    expect(record).toMatchObject({
      format: 2,
      params: paramsOf({ shuffled: true }),
      state: "done",
      threads: availableParallelism(),
      claims: [{ id: "loss", holds: true }],
      metrics: outcome.metrics,
    });
    const lines = readFileSync(join(outcome.run, "metrics.jsonl"), "utf8").trim().split("\n");
    expect(lines.map((line) => JSON.parse(line).step)).toEqual([0, 4, 8, 12]);
    expect(outcome.metrics.loss).toBe(JSON.parse(lines[3] as string).trainLoss);
    const html = readFileSync(join(outcome.run, "report.html"), "utf8");
    expect(html).toContain(`The last loss is ${outcome.metrics.loss}.`);
    expect(html).toContain("npx tinylens run small-addition --set steps=12");
    expect(readdirSync(outcome.run).sort()).toEqual([
      "checkpoints",
      "companions",
      "metrics.jsonl",
      "report.html",
      "results.json",
      "run.json",
    ]);
  });

  it("loads the same run without a back end and gives the same claims", async () => {
    const out = freshOut();
    const first = await run(out);
    const second = await run(out, {}, { backend: () => Promise.reject(new Error("not needed")) });
    expect(second).toEqual({ ...first, loaded: true });
  });

  it("gives other parameters another folder", async () => {
    const out = freshOut();
    const [first, second] = [await run(out), await run(out, { seed: 4 })];
    expect(first.run).not.toBe(second.run);
  });

  it("trains again with fresh", async () => {
    const out = freshOut();
    const { run: folder } = await run(out);
    writeFileSync(join(folder, "left-over"), "");
    expect(await run(out, {}, { fresh: true })).toMatchObject({ loaded: false, resumed: false });
    expect(existsSync(join(folder, "left-over"))).toBe(false);
  });

  it("stops with a checkpoint and goes on, ending with the same results", async () => {
    const [whole, out] = [await run(freshOut()), freshOut()];
    const stopped = await run(out, {}, stopAt(7));
    expect(stopped).toMatchObject({ interrupted: true, step: 7, steps: 12, claims: [] });
    expect(existsSync(join(stopped.run, "checkpoints/7.safetensors"))).toBe(true);
    const rest = await run(out);
    expect(rest).toMatchObject({ interrupted: false, resumed: true, metrics: whole.metrics });
    for (const file of ["metrics.jsonl", "results.json", "checkpoints/12.safetensors"]) {
      expect(readFileSync(join(rest.run, file))).toEqual(readFileSync(join(whole.run, file)));
    }
    expect(readdirSync(join(rest.run, "checkpoints"))).toEqual(
      readdirSync(join(whole.run, "checkpoints")),
    );
  });

  it("stops between two reports of the analysis, too", async () => {
    const out = freshOut();
    const controller = new AbortController();
    const stopped = await run(
      out,
      {},
      {
        signal: controller.signal,
        onProgress: ({ kind }) => {
          if (kind === "message") controller.abort();
        },
      },
    );
    expect(stopped).toMatchObject({ interrupted: true, step: 12 });
    expect(existsSync(join(stopped.run, "results.json"))).toBe(false);
    expect(await run(out)).toMatchObject({ interrupted: false, resumed: true });
  });

  it("keeps the last good checkpoint when the loss is no number, and says the step", async () => {
    const out = freshOut();
    const given = { optimizer: "sgd", lr: 1e30, weightDecay: 0 } as const;
    await expect(run(out, given)).rejects.toThrow(/^train: the loss is \S+ at step [12]; try/);
    expect(readdirSync(join(folderOf(out, given), "checkpoints"))).toEqual(["0.safetensors"]);
    expect(existsSync(join(folderOf(out, given), "lock"))).toBe(false);
  });
});

describe("a run folder that is not as it should be", () => {
  it("is locked while another process works in it", async () => {
    const out = freshOut();
    const stat = readFileSync(`/proc/${process.ppid}/stat`, "utf8");
    const started = stat.split(") ")[1]?.split(" ")[19] ?? "";
    const entry = lockedBy(out, { pid: process.ppid, started });
    const name = folderOf(out).split("/").at(-1);
    await expect(run(out)).rejects.toThrow(
      `run ${name}: locked by process ${process.ppid}; wait for it or stop it`,
    );
    expect(existsSync(entry)).toBe(true);
  });

  it("is locked while this process works in it", async () => {
    const out = freshOut();
    const [first, second] = await Promise.allSettled([run(out), run(out)]);
    expect([first.status, second.status].sort()).toEqual(["fulfilled", "rejected"]);
  });

  it("is taken over from a process that is gone", async () => {
    const out = freshOut();
    lockedBy(out, { pid: 2 ** 22 + 1 });
    expect(await run(out)).toMatchObject({ interrupted: false });
    expect(existsSync(join(folderOf(out), "lock"))).toBe(false);
  });

  it("says what it waits for when it cannot see the holder of the lock", async () => {
    const out = freshOut();
    lockedBy(out, { space: "another" });
    const controller = new AbortController();
    const said: string[] = [];
    const options: Partial<RunOptions> = {
      signal: controller.signal,
      onProgress: (progress) => {
        if (progress.kind === "message") said.push(progress.text);
        controller.abort();
      },
    };
    await expect(run(out, {}, options)).rejects.toThrow(StoppedError);
    expect(said).toEqual([expect.stringContaining("looking for up to 120 s whether process")]);
  });

  it("begun on another device is refused", async () => {
    const out = freshOut();
    await run(out, {}, stopAt(7));
    await expect(run(out, {}, { device: "web" })).rejects.toThrow(
      /: begun on device native, got web; use --device native, or --fresh$/,
    );
  });
});

describe("a disk that refuses", () => {
  it.each([
    ["metrics.jsonl", 300, /^cannot write \S+metrics.jsonl: the disk is full; free some space/],
    ["12.safetensors", 5000, /^cannot write \S+12.safetensors: the disk is full; free some space/],
    ["results.json", 50, /^cannot write \S+results.json: the disk is full; free some space/],
    ["report.html", 5000, /^cannot write \S+report.html: the disk is full; free some space/],
    ["run.json", 10, /^cannot write \S+run.json: the disk is full; free some space/],
  ])(
    "full at %s: one sentence, nothing half-written, and the run goes on later",
    async (file, room, message) => {
      const [whole, out] = [await run(freshOut()), freshOut()];
      await expect(run(out, {}, { opener: fullDisk(file, room) })).rejects.toThrow(message);
      const files = readdirSync(out, { recursive: true }).map(String);
      expect(files.filter((path) => path.includes("unfinished"))).toEqual([]);
      const rows = join(folderOf(out), "metrics.jsonl");
      if (existsSync(rows)) expect(readFileSync(rows, "utf8")).toMatch(/^(\{.*\}\n)*$/);
      const later = await run(out);
      expect(readFileSync(join(later.run, "metrics.jsonl"))).toEqual(
        readFileSync(join(whole.run, "metrics.jsonl")),
      );
      expect(later.metrics).toEqual(whole.metrics);
    },
  );

  it("is named when the folder cannot be made", async () => {
    const out = freshOut();
    writeFileSync(out, "a file");
    await expect(run(out)).rejects.toThrow(/^cannot read \S+: a part of the path is a file; check/);
    await expect(run("/proc/nothing/runs")).rejects.toThrow(
      /^cannot write \/proc\/nothing\/runs\/\S+: no folder can be made there; choose another folder with --out$/,
    );
  });

  it("keeps no folder of a run that could not begin", async () => {
    const out = freshOut();
    const study = {
      ...smallStudy,
      plan: () => {
        throw new InputError("small-addition: not like that");
      },
    };
    const options = { device: "native", backend: async () => backend, out } as const;
    await expect(runStudy(study, paramsOf({}), options)).rejects.toThrow("not like that");
    expect(readdirSync(out)).toEqual([]);
  });

  it("refuses parameters that make no model, in one sentence", async () => {
    const model = z.object({ dHead: z.int() });
    const plan = (): never => model.parse({ dHead: 2.5 }) as never;
    const options = { device: "native", backend: async () => backend, out: freshOut() } as const;
    await expect(runStudy({ ...smallStudy, plan }, paramsOf({}), options)).rejects.toThrow(
      new InputError(
        "small-addition: the model's dHead is not valid: Invalid input: expected int, received number",
      ),
    );
  });
});

describe("finished runs", () => {
  it("get their report again", async () => {
    const out = freshOut();
    const outcome = await run(out);
    const report = join(outcome.run, "report.html");
    const before = readFileSync(report, "utf8");
    rmSync(report);
    const name = outcome.run.split("/").at(-1) as string;
    expect(await findRun(out, name)).toBe(outcome.run);
    expect(
      await rebuildReport(() => ({ study: smallStudy as never, view: {} }), outcome.run),
    ).toEqual({
      ...outcome,
      loaded: true,
    });
    expect(readFileSync(report, "utf8")).toBe(before);
  });

  it("are asked for by a name that exists", async () => {
    const out = freshOut();
    await expect(findRun(out, "x")).rejects.toThrow(`report: there are no runs in ${out}`);
    const { run: folder } = await run(out);
    const name = folder.split("/").at(-1) as string;
    await expect(findRun(out, `${name}0`)).rejects.toThrow(
      `report: unknown run "${name}0"; did you mean ${name}?`,
    );
  });

  it("only get a report when they are finished", async () => {
    const out = freshOut();
    const { run: folder } = await run(out, {}, stopAt(7));
    await expect(
      rebuildReport(() => ({ study: smallStudy as never, view: {} }), folder),
    ).rejects.toThrow(
      /^run small-addition-\w{8}: not finished; run the same command again to finish it$/,
    );
  });
});
