/**
 * Can the files of a run, a parameter or the name of a checkpoint put script into `report.html`? Puts a
 * payload into every field of run.json and of the measurements of finished smoke runs, one at a time, writes the
 * report again and looks for the payload in the page as markup. Opens pages in Chromium: no script of a
 * payload may run, nothing may be loaded, and the policy may have nothing to complain about.
 */

import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { main } from "../../lib/src/cli/main.ts";
import { seal } from "../../lib/src/runs/sealed-json.ts";
import type { Campaign, Counts } from "./campaign.ts";
import { chromiumPath, openPages, type Page } from "./xss-pages.ts";

/** Sets `window.pwned` if a browser takes it for markup, a handler, an address or a script. */
const payloads = [
  `"'><img src=x onerror="window.pwned=1"><script>window.pwned=1</script>`,
  `</script></style></title><svg onload="window.pwned=1"><script>window.pwned=1</script>`,
  `<a href="javascript:window.pwned=1" id=theme>x</a><iframe srcdoc="<script>parent.pwned=1</script>">`,
  `[x](javascript:window.pwned=1) \${window.pwned=1} {{window.pwned=1}} <!--`,
];

/** What no page holds unless a payload got through. */
const markup = /<img src=x|<svg onload|<iframe|<script>window\.pwned|href="javascript:|<!--(?! )/;

const checkpointNames = [
  '<img src=x onerror="window.pwned=1">.safetensors',
  "$(touch pwned);`id`.safetensors",
  "it's; $HOME\n\u001b[2J.safetensors",
];

interface Tally {
  tried: number;
  /** In a sentence; no page is written. */
  refused: number;
  /** The payload stands in the page as markup. */
  injected: number;
  /** Ended as a fault of tinylens: no page either; the campaign of changed run folders looks for these. */
  crashed: number;
}

interface Settings {
  readonly studies: readonly string[];
  readonly files: readonly string[];
  /** Which payload comes to which place. */
  readonly seed: number;
  /** 1: as text; 2: also in a list; 3: also as a name. */
  readonly forms: number;
}

interface Ended {
  readonly code: number;
  readonly stderr: string;
}

async function tinylens(cwd: string, ...words: readonly string[]): Promise<Ended> {
  let stderr = "";
  const code = await main(words, {
    stdout: { write: () => true },
    stderr: { write: (text: string) => (stderr += text) },
    cwd,
    env: {},
    onInterrupt: () => () => {},
  });
  return { code, stderr };
}

/** Paths of keys to every value of a JSON value; of lists and of long objects the first ones. */
export function* places(value: unknown, path: readonly string[] = []): Generator<string[]> {
  if (path.length > 0) yield [...path];
  if (typeof value !== "object" || value === null || "$array" in value) return;
  const most = Array.isArray(value) ? 2 : 60;
  for (const key of Object.keys(value).slice(0, most)) {
    yield* places(Reflect.get(value, key), [...path, key]);
  }
}

/** The value with `what` at the place `path`. */
export function put(value: unknown, path: readonly string[], what: unknown): unknown {
  const copy: unknown = structuredClone(value);
  let at = copy as object;
  for (const key of path.slice(0, -1)) at = Reflect.get(at, key) as object;
  Reflect.set(at, path.at(-1) as string, what);
  return copy;
}

/** What is put at place `i`: one payload as text, in a list, and as a name, of which the first `forms`. */
function attempts(i: number, { seed, forms }: Settings): unknown[] {
  const payload = payloads[(i + seed) % payloads.length] as string;
  return [payload, [payload], { [payload]: payload }].slice(0, forms);
}

/**
 * Every field of one file of the run `name` in `out`, with a checksum that agrees; keeps one page with a
 * payload for Chromium.
 */
async function attackFile(
  out: string,
  name: string,
  file: string,
  settings: Settings,
  tally: Tally,
  log: (line: string) => void,
): Promise<string | undefined> {
  const path = join(out, name, file);
  const page = join(out, name, "report.html");
  const whole = readFileSync(path, "utf8");
  const { checksum, ...parsed } = JSON.parse(whole);
  let kept: string | undefined;
  const further = file === "run.json" ? [["checkpoint"], ["params", "<b>"]] : [];
  for (const [i, place] of [...places(parsed), ...further].entries()) {
    for (const what of attempts(i, settings)) {
      writeFileSync(path, seal(JSON.stringify(put(parsed, place, what))));
      rmSync(page, { force: true });
      const { code, stderr } = await tinylens(out, "report", name, "--out", out);
      const fault = judge(code, stderr, page, tally);
      if (fault !== undefined) log(`${fault}: ${name} ${file} ${place.join(".")}`);
      const shown = code <= 1 && readFileSync(page, "utf8").includes("window.pwned");
      if (shown) kept = readFileSync(page, "utf8");
    }
  }
  writeFileSync(path, whole);
  return kept;
}

/** Counts one attempt; the fault in words, if it is one. */
function judge(code: number, stderr: string, page: string, tally: Tally): string | undefined {
  tally.tried++;
  if (code > 1) {
    tally[stderr.includes("fault of tinylens") ? "crashed" : "refused"]++;
    return undefined;
  }
  if (!markup.test(readFileSync(page, "utf8"))) return undefined;
  tally.injected++;
  return "injected";
}

async function attackNames(
  work: string,
  training: string,
  tally: Tally,
  log: (line: string) => void,
): Promise<void> {
  const folder = join(training, "checkpoints");
  const [weights = ""] = readdirSync(folder).sort(
    (a, b) => Number.parseInt(b, 10) - Number.parseInt(a, 10),
  );
  for (const name of checkpointNames) {
    cpSync(join(folder, weights), join(work, name));
    const out = join(work, "analyzed");
    rmSync(out, { recursive: true, force: true });
    const words = ["analyze", "max-of-two", "--smoke", "--checkpoint", name, "--out", out];
    const { code, stderr } = await tinylens(work, ...words);
    const page = join(out, readdirSync(out)[0] ?? "", "report.html");
    const fault = judge(code, stderr, page, tally);
    if (fault !== undefined) log(`${fault}: checkpoint ${JSON.stringify(name)}`);
  }
}

/** The file of a run with this name, or the files of the folder. */
function filesOf(run: string, name: string): string[] {
  if (name.endsWith(".json")) return [name];
  return readdirSync(join(run, name)).map((file) => join(name, file));
}

/** Finished pages of the studies, and pages that hold payloads: escaped, and by force unescaped. */
async function attack(
  work: string,
  settings: Settings,
  tally: Tally,
  log: (line: string) => void,
): Promise<Page[]> {
  const pages: Page[] = [];
  for (const study of settings.studies) {
    const out = join(work, study);
    const { code, stderr } = await tinylens(work, "run", study, "--smoke", "--out", out);
    if (code > 1) throw new Error(`${study}: ${stderr}`);
    const trainings = join(out, "trainings");
    const name = readdirSync(out).find((entry) => entry !== "trainings") as string;
    const html = readFileSync(join(out, name, "report.html"), "utf8");
    pages.push({ label: study, html, free: "everything" });
    const forced = html.replace("</body>", () => `${payloads.join("\n")}</body>`);
    pages.push({ label: `${study} with payloads by force`, html: forced, free: "nothing" });
    for (const file of settings.files.flatMap((one) => filesOf(join(out, name), one))) {
      const kept = await attackFile(out, name, file, settings, tally, log);
      if (kept !== undefined) pages.push({ label: `${study} ${file}`, html: kept, free: "policy" });
    }
    if (study === "max-of-two")
      await attackNames(work, join(trainings, readdirSync(trainings)[0] as string), tally, log);
  }
  return pages;
}

async function run(args: readonly string[], log: (line: string) => void): Promise<Counts> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      studies: { type: "string", default: "max-of-two,group-composition,skip-trigram,max-of-four" },
      files: { type: "string", default: "run.json,measurements" },
      seed: { type: "string", default: "0" },
      forms: { type: "string", default: "3" },
      chromium: { type: "string", default: chromiumPath() ?? "" },
    },
  });
  const work = mkdtempSync(join(tmpdir(), "tinylens-xss-"));
  const tally: Tally = { tried: 0, refused: 0, injected: 0, crashed: 0 };
  try {
    const settings = {
      studies: values.studies.split(","),
      files: values.files.split(","),
      seed: Number(values.seed),
      forms: Number(values.forms),
    };
    const pages = await attack(work, settings, tally, log);
    if (values.chromium === "") log("Chromium is not installed: no page was opened");
    const opened =
      values.chromium === ""
        ? { pages: 0, scripts: 0, requests: 0, complaints: 0 }
        : await openPages(values.chromium, work, pages, log);
    const { scripts, requests, complaints } = opened;
    const faults = tally.injected + scripts + requests + complaints;
    return { ...tally, ...opened, faults };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

export const campaign: Campaign = {
  name: "xss",
  summary:
    "script in every field of a run's files (--studies A,B --files run.json,measurements --seed 0 --forms 3 --chromium PATH)",
  run,
};
