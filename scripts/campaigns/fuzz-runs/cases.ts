/** One kind of damage a function; each gives what was wrong with how tinylens took it. */

import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { threadId } from "node:worker_threads";
import { InputError } from "../../../lib/src/core/errors.ts";
import { findCheckpoint } from "../../../lib/src/runs/checkpoint-files.ts";
import { metricsFromText } from "../../../lib/src/runs/metrics-file.ts";
import { resumePoint } from "../../../lib/src/runs/resume.ts";
import * as studies from "../../../lib/src/studies/all.ts";
import { maxOfTwo } from "../../../lib/src/studies/all.ts";
import type { Case, Verdict } from "../harness.ts";
import { type Generator, mutateBytes, mutateJson } from "../mutate.ts";
import { accepted, command, type Ended, type RunFolders, study } from "./folders.ts";

/** Everything a kind of damage needs. */
interface Bench extends RunFolders {
  /** Folder of the copy that is damaged, and of the run in it. */
  readonly out: string;
  readonly run: string;
  /** Folder of its training, in the copy. */
  readonly trained: string;
}

type Kind = (bench: Bench, g: Generator) => Promise<Verdict>;

export function casesOf(folders: RunFolders): Case {
  const out = join(folders.work, `worker-${threadId}`);
  const bench = {
    ...{ ...folders, out },
    ...{ run: join(out, folders.name), trained: join(out, folders.training) },
  };
  return async (index, g) => {
    const [label, kind] = kinds[index % kinds.length] as (typeof kinds)[number];
    const { kind: how, fault } = await kind(bench, g);
    if (Object.hasOwn(Object.prototype, "polluted")) return { kind: how, fault: "prototype" };
    return { kind: how, fault: fault && `${label}: ${fault}` };
  };
}

/** Put a fresh copy of the runs in `from` in place. */
function copy({ out }: Bench, from: string): void {
  rmSync(out, { recursive: true, force: true });
  cpSync(from, out, { recursive: true });
}

/** Change a file; JSON files sometimes keep their form. Returns whether the content differs. */
function damage(g: Generator, path: string, isJson: boolean): boolean {
  const before = readFileSync(path);
  let after = mutateBytes(g, before);
  if (isJson && g.random() < 0.7) {
    after = Buffer.from(JSON.stringify(mutateJson(g, JSON.parse(before.toString()))) ?? "");
  }
  writeFileSync(path, after);
  return after.toString().trimEnd() !== before.toString().trimEnd();
}

/** Drop, change or scramble a line. */
function damageLine(g: Generator, path: string): void {
  if (g.random() < 0.4) return void damage(g, path, false);
  const lines = readFileSync(path, "utf8").split("\n");
  const at = g.int(lines.length - 1);
  if (g.random() < 0.3) lines.splice(at, 1);
  else lines[at] = JSON.stringify(mutateJson(g, JSON.parse(lines[at] as string))) ?? "";
  writeFileSync(path, lines.join("\n"));
}

/** What is wrong with how a command ended, whatever it was. */
function misbehaved({ code, stderr }: Ended): string | undefined {
  if (![0, 1, 2].includes(code)) return `code ${code}: ${stderr}`;
  if (stderr.includes("fault of tinylens")) return stderr;
  if (code !== 2) return undefined;
  const sentence = stderr.trimEnd().split("\n");
  if (sentence.length > 1 || !sentence[0]?.startsWith("tinylens: ")) {
    return `not one sentence: ${stderr}`;
  }
  return stderr.length > 2000 ? `a sentence of ${stderr.length} characters` : undefined;
}

/** Where damage must be refused: it was not when the command succeeds, or begins to compute. */
function mustRefuse(ended: Ended, differs: boolean): Verdict {
  const silent = ended.code !== 2 || ended.stderr.includes(accepted);
  const used = silent && differs ? "silent: damage was used without a word" : undefined;
  return { kind: silent ? "read" : "refused", fault: misbehaved(ended) ?? used };
}

const recordOfFinished: Kind = async (bench, g) => {
  copy(bench, bench.done);
  const differs = damage(g, join(bench.run, "run.json"), true);
  const words = g.pick([
    ["runs", "--json"],
    ["runs"],
    ["report", bench.name],
    ["run", study, "--smoke"],
  ]);
  const ended = await command(bench.work, [...words, "--out", bench.out]);
  if (words[0] !== "runs") return mustRefuse(ended, differs);
  const silent = differs && ended.stderr === "" ? "silent: not named by runs" : undefined;
  return { kind: "listed", fault: misbehaved(ended) ?? silent };
};

/** Ask a finished run for its report, or run it again. */
const reread = (bench: Bench, g: Generator): Promise<Ended> => {
  const words = g.pick([
    ["report", bench.name],
    ["run", study, "--smoke"],
    ["run", study, "--smoke"],
  ]);
  return command(bench.work, [...words, "--out", bench.out]);
};

/** A damaged measurement is made again, which needs the device. */
const measurement: Kind = async (bench, g) => {
  copy(bench, bench.done);
  const folder = join(bench.run, "measurements");
  const [one, other] = [g.pick(readdirSync(folder)), g.pick(readdirSync(folder))];
  const swapped = one !== other && g.random() < 0.2;
  if (swapped) cpSync(join(folder, other), join(folder, one));
  const differs = swapped || damage(g, join(folder, one), true);
  const { stderr, ...rest } = await reread(bench, g);
  const ended = { ...rest, stderr: stderr.replaceAll(/^(max-of-two: )?measuring .*\n/gm, "") };
  const again = ended.code === 2 && ended.stderr.includes(accepted);
  const fault = differs && !again ? `silent: used damage, ${ended.stderr}` : undefined;
  return { kind: again ? "measured again" : "read", fault: misbehaved(ended) ?? fault };
};

const trainingRecord: Kind = async (bench, g) => {
  copy(bench, g.pick([bench.done, bench.part]));
  const differs = damage(g, join(bench.trained, "training.json"), true);
  const ended = await command(bench.work, ["run", study, "--smoke", "--out", bench.out]);
  return mustRefuse(ended, differs);
};

/** Of a finished run: the rows are those that were written, or training goes on from where they are. */
const metricsOfFinished: Kind = async (bench, g) => {
  copy(bench, bench.done);
  const path = join(bench.trained, "metrics.jsonl");
  const before = linesOf(path);
  damageLine(g, path);
  const { rows } = metricsFromText(readFileSync(path, "utf8"));
  const whole = rows.slice(0, before.length).map((row) => JSON.stringify(row));
  const differs = whole.join() !== before.join();
  const ended = await reread(bench, g);
  const used = differs && ended.code !== 2 ? "silent: a changed log is used" : undefined;
  return { kind: ended.code === 2 ? "refused" : "read", fault: misbehaved(ended) ?? used };
};

const recordOfStopped: Kind = async (bench, g) => {
  copy(bench, bench.part);
  const differs = damage(g, join(bench.run, "run.json"), true);
  return mustRefuse(
    await command(bench.work, ["run", study, "--smoke", "--out", bench.out]),
    differs,
  );
};

const metricsInTable: Kind = async (bench, g) => {
  copy(bench, bench.done);
  const path = join(bench.trained, "metrics.jsonl");
  const before = linesOf(path);
  damageLine(g, path);
  const ended = await command(bench.work, ["runs", "--json", "--out", bench.out]);
  const last = JSON.parse(ended.stdout).runs[0]?.last ?? null;
  const invented = last !== null && !before.includes(JSON.stringify(last));
  const fault = invented ? "silent: a row that was never written" : undefined;
  return { kind: "listed", fault: misbehaved(ended) ?? fault };
};

/** The rows of a log, each as text. */
function linesOf(path: string): string[] {
  return metricsFromText(readFileSync(path, "utf8")).rows.map((row) => JSON.stringify(row));
}

/** Whether training would go on from what was written, or refuses. */
async function resumes(bench: Bench): Promise<Verdict> {
  const plan = maxOfTwo.plans(maxOfTwo.params.parse(maxOfTwo.smoke)).model as never;
  const original = join(bench.part, bench.training);
  try {
    const { checkpoint, rows } = await resumePoint(bench.trained, plan);
    if (checkpoint === undefined) {
      const fault = rows.length > 0 ? "silent: begins again with rows" : undefined;
      return { kind: "begins again", fault };
    }
    const { step } = checkpoint;
    const sound = (await findCheckpoint(original, step)).checkpoint;
    const metrics = metricsFromText(readFileSync(join(original, "metrics.jsonl"), "utf8"));
    const wanted = metrics.rows.filter((row) => row.step <= step);
    const same = Buffer.from(flat(checkpoint)).equals(Buffer.from(flat(sound)));
    const equal = same && JSON.stringify(rows) === JSON.stringify(wanted);
    const fault = equal ? undefined : "silent: goes on from what was never written";
    return { kind: step === 40 ? "read" : "fell back", fault };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { kind: "refused", fault: error.message.includes("\n") ? error.message : undefined };
  }
}

/** Everything in a checkpoint as text. */
function flat(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    ArrayBuffer.isView(inner)
      ? Buffer.from(inner.buffer, inner.byteOffset, inner.byteLength).toString("base64")
      : inner,
  ) as string;
}

const metricsOfStopped: Kind = (bench, g) => {
  copy(bench, bench.part);
  damageLine(g, join(bench.trained, "metrics.jsonl"));
  return resumes(bench);
};

const lastCheckpoint: Kind = (bench, g) => {
  copy(bench, bench.part);
  damage(g, join(bench.trained, "checkpoints/40.safetensors"), false);
  return resumes(bench);
};

const earlierCheckpoint: Kind = async (bench, g) => {
  copy(bench, bench.part);
  damage(g, join(bench.trained, "checkpoints/20.safetensors"), false);
  const found = await findCheckpoint(bench.trained, 20);
  const sound = await findCheckpoint(join(bench.part, bench.training), 20);
  const used = found.checkpoint !== undefined && flat(found) !== flat(sound);
  return {
    kind: found.checkpoint === undefined ? "refused" : "read",
    fault: used ? "silent: a changed checkpoint is used" : undefined,
  };
};

const steps = ["0", "-5", "41", "60", "61", "1e3", "1e300", "NaN", "", "40.5", "0x28", "-0", "10"];

/** Another number in the metadata of a checkpoint, in a file that is otherwise whole. */
const metadata: Kind = (bench, g) => {
  copy(bench, bench.part);
  const path = join(bench.trained, "checkpoints/40.safetensors");
  const bytes = readFileSync(path);
  const length = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString("utf8", 8, 8 + length));
  header.__metadata__[g.pick(["step", "step", "batchesTaken", "format", "checksum"])] =
    g.pick(steps);
  const text = Buffer.from(JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(text.length));
  writeFileSync(path, Buffer.concat([size, text, bytes.subarray(8 + length)]));
  return resumes(bench);
};

const analyzed: Kind = async (bench, g) => {
  rmSync(bench.out, { recursive: true, force: true });
  mkdirSync(bench.out, { recursive: true });
  const path = join(bench.out, "60.safetensors");
  cpSync(join(bench.done, bench.training, "checkpoints/60.safetensors"), path);
  damage(g, path, false);
  const words = ["analyze", study, "--smoke", "--checkpoint", path, "--out", bench.out];
  const ended = await command(bench.work, words);
  return { kind: "analyzed", fault: misbehaved(ended) };
};

const texts = [
  ...[
    "",
    "0",
    "-1",
    "1",
    "2",
    "3",
    "4",
    "0.5",
    "1e9",
    "1e308",
    "1e-320",
    "NaN",
    "Infinity",
    "true",
  ],
  ...["null", "abc", "1,2,3", "a,b", ",", "0x10", "9".repeat(400), "x".repeat(5000), "<script>"],
  ...[
    "__proto__",
    "\u0000",
    " 5 ",
    "5;rm -rf",
    "4294967296",
    "9007199254740993",
    "9007199254740991",
  ],
  ...["100000", "1e6", "1e7", "64", "97", "256", "1000", "full", "a/b"],
];

const parameters: Kind = async (bench, g) => {
  const chosen = g.pick(Object.values(studies));
  const names = Object.keys((chosen.params.def as { shape?: object }).shape ?? {});
  const sets = Array.from({ length: 1 + g.int(3) }, () => {
    const name = g.random() < 0.95 ? g.pick(names) : g.pick(["__proto__", "constructor", "", "x"]);
    return ["--set", `${name}=${g.pick(texts)}`];
  });
  const smoke = g.random() < 0.7 ? ["--smoke"] : [];
  rmSync(bench.out, { recursive: true, force: true });
  const words = ["run", chosen.name, ...smoke, ...sets.flat(), "--out", bench.out];
  const ended = await command(bench.work, words);
  const long = ended.stderr.length > 2000 && sets.flat().some((text) => text.length > 1000);
  return { kind: "parameters", fault: long ? undefined : misbehaved(ended) };
};

const flags: Kind = async (bench, g) => {
  const bad = g.pick(texts);
  const words = g.pick([
    ...[["run", bad], ["report", bad], ["convert", bad, bad], [bad]],
    ...["--threads", "--device", "--seed"].map((flag) => ["run", study, "--smoke", flag, bad]),
    ["analyze", study, "--smoke", "--checkpoint", bad],
    ["run", study, "--smoke", `--${bad}`],
  ]);
  rmSync(bench.out, { recursive: true, force: true });
  const ended = await command(bench.work, [...words, "--out", bench.out]);
  const long = ended.stderr.length > 2000 && bad.length > 1000;
  return { kind: "flags", fault: long ? undefined : misbehaved(ended) };
};

const kinds: readonly (readonly [string, Kind])[] = Object.entries({
  recordOfFinished,
  measurement,
  trainingRecord,
  metricsOfFinished,
  metricsInTable,
  recordOfStopped,
  metricsOfStopped,
  lastCheckpoint,
  earlierCheckpoint,
  metadata,
  analyzed,
  parameters,
  flags,
});
