import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  watch,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { listRuns } from "./list-runs.ts";
import { isHeld, takeLock } from "./lock.ts";
import type { RunOptions } from "./run-options.ts";
import { folderOf, runSmall, stopAt, trainingOf } from "./testing/small-run.ts";

const root = mkdtempSync(join(tmpdir(), "tinylens-folder-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let next = 0;
const freshOut = (): string => join(root, `out-${next++}`);

/** Do something when training reaches a step. */
function atStep(step: number, act: () => void): Pick<RunOptions, "onProgress"> {
  return {
    onProgress: (progress) => {
      if (progress.kind === "step" && progress.step === step) act();
    },
  };
}

describe("a training folder that changes during training", () => {
  it.each<[string, (folder: string) => void, RegExp]>([
    [
      "is deleted",
      (folder) => rmSync(folder, { recursive: true }),
      /^training \S+: .*deleted or replaced.*; run the same command again$/,
    ],
    [
      "is replaced",
      (folder) => {
        renameSync(folder, `${folder}-moved`);
        cpSync(`${folder}-moved`, folder, { recursive: true });
      },
      /^training \S+: .*deleted or replaced/,
    ],
    [
      "loses its checkpoints",
      (folder) => rmSync(join(folder, "checkpoints"), { recursive: true }),
      /^training \S+: checkpoints was deleted or replaced/,
    ],
    [
      "loses training.json",
      (folder) => rmSync(join(folder, "training.json")),
      /^training \S+: training.json was deleted or replaced/,
    ],
    [
      "loses metrics.jsonl",
      (folder) => rmSync(join(folder, "metrics.jsonl")),
      /metrics.jsonl: deleted or changed by another program during training; run the same/,
    ],
    [
      "gets other metrics",
      (folder) => writeFileSync(join(folder, "metrics.jsonl"), "{}\n"),
      /metrics.jsonl: deleted or changed by another program during training/,
    ],
  ])("%s: training ends at the next checkpoint", async (_title, act, message) => {
    const out = freshOut();
    const folder = await trainingOf(out, { steps: 1000 });
    let last = 0;
    let left: string[] = [];
    const onProgress: RunOptions["onProgress"] = (progress) => {
      if (progress.kind !== "step") return;
      last = progress.step;
      if (last !== 12) return;
      act(folder);
      left = existsSync(folder) ? readdirSync(folder).sort() : [];
    };
    await expect(runSmall(out, { steps: 1000 }, { onProgress })).rejects.toThrow(message);
    expect(last).toBe(20);
    const after = existsSync(folder) ? readdirSync(folder).sort() : [];
    expect(after.filter((name) => !name.startsWith("lock"))).toEqual(
      left.filter((name) => !name.startsWith("lock")),
    );
  });

  it("lacks a scheduled checkpoint at the end: said, and trained again at the next start", async () => {
    const [first, out] = [freshOut(), freshOut()];
    const whole = await runSmall(first, { steps: 30 });
    const name = "checkpoints/10.safetensors";
    const lost = join(await trainingOf(out, { steps: 30 }), name);
    const act = atStep(22, () => rmSync(lost));
    await expect(runSmall(out, { steps: 30 }, act)).rejects.toThrow(
      /^training \S+: the checkpoint of step 10 is missing; run the same command again to train from/,
    );
    const again = await runSmall(out, { steps: 30 });
    expect(again).toMatchObject({ resumed: true, metrics: whole.metrics });
    expect(readFileSync(lost)).toEqual(
      readFileSync(join(await trainingOf(first, { steps: 30 }), name)),
    );
  });
});

describe("a run folder that changes during training", () => {
  it.each<[string, (folder: string) => void]>([
    ["its folder", (folder) => rmSync(folder, { recursive: true })],
    ["run.json", (folder) => rmSync(join(folder, "run.json"))],
  ])("%s: said at the end, and the training is kept", async (what, act) => {
    const out = freshOut();
    await expect(
      runSmall(
        out,
        {},
        atStep(5, () => act(folderOf(out))),
      ),
    ).rejects.toThrow(
      `run ${basename(folderOf(out))}: ${what} was deleted or replaced during training; run the`,
    );
    const kinds = new Set<string>();
    const onProgress: RunOptions["onProgress"] = ({ kind }) => void kinds.add(kind);
    expect(await runSmall(out, {}, { onProgress })).toMatchObject({ interrupted: false });
    expect([...kinds]).toEqual(["message"]);
  });
});

describe("the number of threads", () => {
  it("is recorded before training and kept when the run goes on", async () => {
    const out = freshOut();
    const recorded = (): number =>
      JSON.parse(readFileSync(join(folderOf(out), "run.json"), "utf8")).threads;
    let during = 0;
    const training = join(await trainingOf(out), "training.json");
    const stop = stopAt(7);
    const onProgress: RunOptions["onProgress"] = (progress) => {
      if (progress.kind === "start") during = recorded();
      stop.onProgress?.(progress);
    };
    await runSmall(out, {}, { ...stop, onProgress, threads: 3 });
    expect(during).toBe(3);
    await expect(runSmall(out, {}, { threads: 2 })).rejects.toThrow(
      /: begun with --threads 3, got 2; use --threads 3, or --fresh$/,
    );
    await runSmall(out);
    expect(recorded()).toBe(3);
    expect(JSON.parse(readFileSync(training, "utf8")).threads).toBe(3);
    expect(await runSmall(out, {}, { threads: 2 })).toMatchObject({ loaded: true });
  });
});

describe("a finished run", () => {
  it("is loaded while another process holds its lock, and changes nothing", async () => {
    const out = freshOut();
    await runSmall(out);
    const release = await takeLock(folderOf(out));
    const names = readdirSync(folderOf(out));
    expect(await runSmall(out)).toMatchObject({ loaded: true });
    expect(readdirSync(folderOf(out))).toEqual(names);
    await release();
  });

  it("loses run.json first when it is made again", async () => {
    const out = freshOut();
    await runSmall(out);
    const seen: string[] = [];
    const watcher = watch(folderOf(out), (_event, name) => {
      if (name !== null) seen.push(name);
    });
    await runSmall(out, {}, { fresh: true });
    watcher.close();
    const deleted = seen.filter((name) => !name.startsWith("lock") && !name.includes("unfinished"));
    expect(deleted[0]).toBe("run.json");
  });

  it("is loaded from folders that cannot be written", async () => {
    const out = freshOut();
    const first = await runSmall(out);
    rmSync(first.report);
    const folders = [first.run, await trainingOf(out)];
    for (const folder of folders) chmodSync(folder, 0o555);
    try {
      const again = await runSmall(out);
      expect(again).toEqual({ ...first, loaded: true });
    } finally {
      for (const folder of folders) chmodSync(folder, 0o755);
    }
  });
});

describe("the table of runs", () => {
  it("tells training, stopped, failed and done apart, with the step reached", async () => {
    const out = freshOut();
    await runSmall(out, { shuffled: true });
    await runSmall(out, { lr: 0.02 }, stopAt(7));
    const bad = { optimizer: "sgd", lr: 1e30, weightDecay: 0 } as const;
    await expect(runSmall(out, bad)).rejects.toThrow("the loss is");
    const killed = folderOf(out, { lr: 0.03 });
    await runSmall(out, { lr: 0.03 }, stopAt(9));
    const release = await takeLock(killed);
    mkdirSync(join(out, "notes"));
    writeFileSync(join(out, "a file"), "");
    const { runs, unreadable } = await listRuns(out);
    expect(unreadable).toEqual([]);
    const found = runs.map(({ status, step, record }) => [status, step, record.steps]);
    expect(found.sort()).toEqual([
      ["done", 24, 24],
      ["failed", 0, 12],
      ["stopped", 7, 12],
      ["training", 9, 12],
    ]);
    const failed = runs.find(({ status }) => status === "failed");
    expect(failed?.record.failure).toMatch(/^train: the loss is \S+ at step [12]; try/);
    expect(await isHeld(killed)).toBe(true);
    await release();
  });

  it("names what cannot be read, and what is damaged", async () => {
    const out = freshOut();
    const { run } = await runSmall(out);
    writeFileSync(join(await trainingOf(out), "metrics.jsonl"), "damaged\n");
    for (const name of ["broken", "circle"]) mkdirSync(join(out, name));
    writeFileSync(join(out, "broken/run.json"), "{");
    symlinkSync("run.json", join(out, "circle/run.json"));
    const { runs, unreadable } = await listRuns(out);
    expect(runs.map(({ folder }) => folder)).toEqual([run]);
    expect(unreadable).toEqual([
      expect.stringMatching(/^run broken: run.json is damaged \(it is not JSON\); restore it/),
      expect.stringMatching(/^cannot read \S+circle\/run.json: the symbolic links of the path/),
      expect.stringMatching(/^run small-addition-\w{8}: line 1 of metrics.jsonl is damaged$/),
    ]);
    rmSync(join(out, "trainings"), { recursive: true });
    expect((await listRuns(out)).unreadable.at(-1)).toMatch(
      /^run \S+: trainings\/\S+\/training.json is missing; run the same command again$/,
    );
  });

  it("is refused for a folder that is not there, or is none", async () => {
    const out = freshOut();
    await expect(listRuns(out)).rejects.toThrow(`runs: there is no folder ${out}`);
    writeFileSync(out, "");
    await expect(listRuns(out)).rejects.toThrow(/^cannot read \S+: a part of the path is a file/);
  });
});
