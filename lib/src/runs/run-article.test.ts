import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Backend, nativeBackend } from "../compile/index.ts";
import { maxOfTwo } from "../studies/max-of-two/article.ts";
import { runArticle } from "./run-article.ts";

const study = maxOfTwo as never;
const params = maxOfTwo.params.parse({ ...maxOfTwo.smoke, steps: 40 });
const asked = { study, params, view: {} };

let out: string;
let opened: number;
const backend = async (): Promise<Backend> => {
  opened += 1;
  return nativeBackend();
};

beforeEach(async () => {
  out = await mkdtemp(join(tmpdir(), "tinylens-article-"));
  opened = 0;
});
afterEach(() => rm(out, { recursive: true, force: true }));

describe("runArticle", () => {
  it("trains, measures, judges and reports; a second time it reads what is remembered", async () => {
    const first = await runArticle(asked, { out, backend, device: "native" });
    expect(first).toMatchObject({ loaded: false, interrupted: false, step: 40, steps: 40 });
    expect(first.claims.map(({ id, holds }) => [id, holds])).toEqual([
      ["cubic-bound", true],
      ["subcubic-bound", true],
    ]);
    const html = await readFile(join(first.run, "report.html"), "utf8");
    expect(html).toContain("Where it attends");
    opened = 0;
    const again = await runArticle(asked, { out, backend, device: "native" });
    expect(again).toMatchObject({ loaded: true, claims: first.claims, metrics: first.metrics });
    expect(opened).toBe(0);
  });

  it("shares a training between runs, and measures what a view asks for", async () => {
    await runArticle(asked, { out, backend });
    const trainings = await readdir(join(out, "trainings"));
    expect(trainings).toHaveLength(1);
    const own = { ...asked, view: { pair: [3, 9] } };
    const viewed = await runArticle(own, { out, backend });
    expect(viewed.report).toBe(join(viewed.run, "report-pair=3,9.html"));
    expect(await readFile(viewed.report, "utf8")).toContain("Your numbers: 3, 9");
    const plain = await readFile(join(viewed.run, "report.html"), "utf8");
    expect(plain).not.toContain("Your numbers");
    expect(await readdir(join(out, "trainings"))).toEqual(trainings);
  });

  it("measures again what is damaged, and trains again with fresh", async () => {
    const first = await runArticle(asked, { out, backend });
    const memory = join(first.run, "measurements");
    for (const name of await readdir(memory)) await writeFile(join(memory, name), "{}");
    const again = await runArticle(asked, { out, backend });
    expect(again.metrics).toEqual(first.metrics);
    const fresh = await runArticle(asked, { out, backend, fresh: true });
    expect(fresh).toMatchObject({ loaded: false, resumed: false, metrics: first.metrics });
  });

  it("stops with a checkpoint and goes on to the same numbers", async () => {
    const stop = new AbortController();
    const options = { out, backend, signal: stop.signal };
    const stopped = await runArticle(asked, {
      ...options,
      onProgress: (progress) => {
        if (progress.kind === "step" && progress.step === 15) stop.abort();
      },
    });
    expect(stopped.interrupted).toBe(true);
    expect(stopped.step).toBeLessThan(40);
    const resumed = await runArticle(asked, { out, backend });
    expect(resumed).toMatchObject({ resumed: true, interrupted: false });
    const whole = await mkdtemp(join(tmpdir(), "tinylens-article-"));
    const unbroken = await runArticle(asked, { out: whole, backend });
    expect(resumed.metrics).toEqual(unbroken.metrics);
    await rm(whole, { recursive: true });
  });

  it("keeps the device of a training", async () => {
    const first = await runArticle(asked, { out, backend, device: "native" });
    await rm(join(first.run, "run.json"));
    const folder = join(out, "trainings", (await readdir(join(out, "trainings")))[0] as string);
    await rm(join(folder, "checkpoints", "40.safetensors"));
    await expect(runArticle(asked, { out, backend, threads: 64 })).rejects.toThrow(
      "got 64; use --threads",
    );
  });
});
