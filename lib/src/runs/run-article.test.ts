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
import { basename, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { InputError } from "../core/errors.ts";
import type { Study } from "../lab/index.ts";
import type { Opener, OpenFile } from "./disk.ts";
import { ownIdentity, type ProcessIdentity } from "./process-identity.ts";
import { findRun, rebuildReport } from "./rebuild-report.ts";
import { runArticle } from "./run-article.ts";
import type { RunOptions } from "./run-options.ts";
import { StoppedError } from "./stopped.ts";
import { folderOf, native, paramsOf, runSmall, stopAt, trainingOf } from "./testing/small-run.ts";
import { smallStudy } from "./testing/small-study.ts";

const root = mkdtempSync(join(tmpdir(), "tinylens-runs-"));
let next = 0;
afterAll(() => rmSync(root, { recursive: true, force: true }));

const freshOut = (): string => join(root, `out-${next++}`);
const run = runSmall;
const study = smallStudy as unknown as Study;
const found = () => ({ study, view: {} });
const refuseBackend = () => Promise.reject(new Error("not needed"));

/** Every file below a folder, by path. */
const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

/** The measurements of a run: name and text of each. */
const measured = (folder: string): string[][] =>
  filesIn(join(folder, "measurements")).map((path) => [basename(path), readFileSync(path, "utf8")]);

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

describe("runArticle", () => {
  it("trains, measures, judges and reports, and says so in run.json", async () => {
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
    const [model, shuffled] = [
      await trainingOf(out, { shuffled: true }),
      await trainingOf(out, { shuffled: true }, "shuffled"),
    ];
    const record = JSON.parse(readFileSync(join(outcome.run, "run.json"), "utf8"));
    expect(record).toMatchObject({
      format: 2,
      params: paramsOf({ shuffled: true }),
      trainings: [basename(model), basename(shuffled)],
      state: "done",
      threads: availableParallelism(),
      claims: [{ id: "loss", holds: true }],
      metrics: outcome.metrics,
    });
    const lines = readFileSync(join(model, "metrics.jsonl"), "utf8").trim().split("\n");
    expect(lines.map((line) => JSON.parse(line).step)).toEqual([0, 4, 8, 12]);
    expect(outcome.metrics.loss).toBe(JSON.parse(lines[3] as string).trainLoss);
    const html = readFileSync(join(outcome.run, "report.html"), "utf8");
    expect(html).toContain(`The last loss is ${outcome.metrics.loss}.`);
    expect(html).toContain("npx tinylens run small-addition --set steps=12");
    expect(readdirSync(outcome.run).sort()).toEqual(["measurements", "report.html", "run.json"]);
    for (const training of [model, shuffled]) {
      expect(readdirSync(training).sort()).toEqual([
        ...["checkpoints", "metrics.jsonl", "training.json"],
      ]);
    }
    expect(readdirSync(out).sort()).toEqual([basename(outcome.run), "trainings"]);
  });

  it("loads the same run without a back end and gives the same claims", async () => {
    const out = freshOut();
    const first = await run(out);
    const second = await run(out, {}, { backend: refuseBackend });
    expect(second).toEqual({ ...first, loaded: true });
  });

  it("says in one line that a finished run was made on another device, or with other threads", async () => {
    const out = freshOut();
    const first = await run(out, {}, { threads: 1 });
    const said: string[] = [];
    const onProgress: RunOptions["onProgress"] = (one) => {
      if (one.kind === "message") said.push(one.text);
    };
    const asked = { backend: refuseBackend, device: "web", threads: 3, onProgress } as const;
    expect(await run(out, {}, asked)).toEqual({ ...first, loaded: true });
    await run(out, {}, { backend: refuseBackend, threads: 1, device: "native", onProgress });
    expect(said).toEqual([
      "the run is finished, on native with at most 1 threads, and is shown as it is; --device web and --threads 3 with --fresh trains it again",
    ]);
  });

  it("gives other parameters another folder, and shares a training that they do not change", async () => {
    const out = freshOut();
    const first = await run(out);
    const said: string[] = [];
    const onProgress: RunOptions["onProgress"] = ({ kind }) => said.push(kind);
    const second = await run(out, { limit: 9 }, { onProgress });
    expect(first.run).not.toBe(second.run);
    expect(second.metrics).toEqual(first.metrics);
    expect(new Set(said)).toEqual(new Set(["message"]));
    expect(readdirSync(join(out, "trainings"))).toHaveLength(1);
  });

  it("says of a run the device and the threads of a training that it shares", async () => {
    const out = freshOut();
    await run(out, {}, { threads: 3 });
    const { run: folder } = await run(out, { limit: 9 });
    const record = JSON.parse(readFileSync(join(folder, "run.json"), "utf8"));
    expect(record).toMatchObject({ device: "native", threads: 3 });
    await expect(run(out, { limit: 8 }, { threads: 2 })).rejects.toThrow(
      /^training \S+: begun with --threads 3, got 2; use --threads 3, or --fresh$/,
    );
    await expect(run(out, { limit: 8 }, { device: "web" })).rejects.toThrow(
      /^training \S+: begun on device native, got web; use --device native, or --fresh$/,
    );
    expect(existsSync(folderOf(out, { limit: 8 }))).toBe(false);
  });

  it("trains again with fresh", async () => {
    const out = freshOut();
    const { run: folder } = await run(out);
    const left = [join(folder, "left-over"), join(await trainingOf(out), "left-over")];
    for (const path of left) writeFileSync(path, "");
    expect(await run(out, {}, { fresh: true })).toMatchObject({ loaded: false, resumed: false });
    expect(left.map((path) => existsSync(path))).toEqual([false, false]);
  });

  it("stops with a checkpoint and goes on, ending with the same results", async () => {
    const [first, out] = [freshOut(), freshOut()];
    const whole = await run(first);
    const stopped = await run(out, {}, stopAt(7));
    expect(stopped).toMatchObject({ interrupted: true, step: 7, steps: 12, claims: [] });
    const [before, training] = [await trainingOf(first), await trainingOf(out)];
    expect(existsSync(join(training, "checkpoints/7.safetensors"))).toBe(true);
    const rest = await run(out);
    expect(rest).toMatchObject({ interrupted: false, resumed: true, metrics: whole.metrics });
    for (const file of ["metrics.jsonl", "checkpoints/12.safetensors"]) {
      expect(readFileSync(join(training, file))).toEqual(readFileSync(join(before, file)));
    }
    expect(readdirSync(join(training, "checkpoints"))).toEqual(
      readdirSync(join(before, "checkpoints")),
    );
    expect(measured(rest.run)).toEqual(measured(whole.run));
  });

  it("stops between two measurements, too", async () => {
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
    expect(measured(stopped.run)).toHaveLength(1);
    expect(existsSync(stopped.report)).toBe(false);
    expect(await run(out)).toMatchObject({ interrupted: false, resumed: true });
  });

  it("keeps the last good checkpoint when the loss is no number, and says the step", async () => {
    const out = freshOut();
    const given = { optimizer: "sgd", lr: 1e30, weightDecay: 0 } as const;
    await expect(run(out, given)).rejects.toThrow(/^train: the loss is \S+ at step [12]; try/);
    const training = await trainingOf(out, given);
    expect(readdirSync(join(training, "checkpoints"))).toEqual(["0.safetensors"]);
    expect(filesIn(out).filter((path) => path.includes("lock"))).toEqual([]);
  });
});

describe("a view", () => {
  it("has a page of its own, measured without training, and leaves the plain page as it is", async () => {
    const out = freshOut();
    const plain = await run(out);
    const page = readFileSync(plain.report);
    const viewed = await run(out, {}, { view: { row: 2, step: 10 } });
    expect(viewed.report).toBe(join(plain.run, "report-row=2-step=10.html"));
    const html = readFileSync(viewed.report, "utf8");
    expect(html).toContain("Its embedding is ");
    expect(html).toContain("--view row=2 --view step=10");
    expect(viewed).toMatchObject({ claims: plain.claims, metrics: plain.metrics });
    expect(readFileSync(plain.report)).toEqual(page);
    const again = await run(out, {}, { view: { row: 2, step: 10 }, backend: refuseBackend });
    expect(again.report).toBe(viewed.report);
  });
});

describe("a memory of measurements", () => {
  it("is measured again where a file is damaged, or has the name of another", async () => {
    const out = freshOut();
    const first = await run(out);
    const files = filesIn(join(first.run, "measurements"));
    const texts = measured(first.run);
    expect(files).toHaveLength(2);
    writeFileSync(files[0] as string, "{}");
    writeFileSync(files[1] as string, texts[0]?.[1] as string);
    const again = await run(out);
    expect(again).toMatchObject({ loaded: false, metrics: first.metrics });
    expect(measured(first.run)).toEqual(texts);
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
    ["training.json", 50, /^cannot write \S+training.json: the disk is full; free some space/],
    ["measurements", 50, /^cannot write \S+\w{64}.json: the disk is full; free some space/],
    ["report.html", 5000, /^cannot write \S+report.html: the disk is full; free some space/],
    ["run.json", 10, /^cannot write \S+run.json: the disk is full; free some space/],
  ])(
    "full at %s: one sentence, nothing half-written, and the run goes on later",
    async (file, room, message) => {
      const [first, out] = [freshOut(), freshOut()];
      const whole = await run(first);
      await expect(run(out, {}, { opener: fullDisk(file, room) })).rejects.toThrow(message);
      const files = readdirSync(out, { recursive: true }).map(String);
      expect(files.filter((path) => path.includes("unfinished"))).toEqual([]);
      const rows = join(await trainingOf(out), "metrics.jsonl");
      if (existsSync(rows)) expect(readFileSync(rows, "utf8")).toMatch(/^(\{.*\}\n)*$/);
      const later = await run(out);
      expect(readFileSync(rows)).toEqual(
        readFileSync(join(await trainingOf(first), "metrics.jsonl")),
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
    const plans = (): never => {
      throw new InputError("small-addition: not like that");
    };
    const asked = { study: { ...study, plans }, params: paramsOf(), view: {} };
    await expect(runArticle(asked, { backend: native, out })).rejects.toThrow("not like that");
    expect(existsSync(out)).toBe(false);
  });

  it("refuses parameters that make no model, in one sentence", async () => {
    const model = z.object({ dHead: z.int() });
    const plans = (): never => model.parse({ dHead: 2.5 }) as never;
    const asked = { study: { ...study, plans }, params: paramsOf(), view: {} };
    await expect(runArticle(asked, { backend: native, out: freshOut() })).rejects.toThrow(
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
    const options = { backend: refuseBackend };
    expect(await rebuildReport(found, outcome.run, options)).toEqual({ ...outcome, loaded: true });
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
    await expect(rebuildReport(found, folder)).rejects.toThrow(
      /^run small-addition-\w{8}: not finished; run the same command again to finish it$/,
    );
  });
});
