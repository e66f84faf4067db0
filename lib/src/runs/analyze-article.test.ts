import { execFileSync } from "node:child_process";
import {
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { nd } from "../core/nd.ts";
import { readModel } from "../interchange/index.ts";
import { writeSafetensors } from "../io/index.ts";
import type { FileFacts, Lab, Study } from "../lab/index.ts";
import type { WeightArrays } from "../models/index.ts";
import { checkpointToArrays } from "../train/index.ts";
import { smallPlan } from "../train/testing/small-plan.ts";
import { type AnalyseOptions, analyzeArticle } from "./analyze-article.ts";
import { listRuns } from "./list-runs.ts";
import type { RunOutcome } from "./outcome.ts";
import { rebuildReport } from "./rebuild-report.ts";
import { native } from "./testing/small-run.ts";
import { smallStudy } from "./testing/small-study.ts";
import { withThreads } from "./threads.ts";

const root = mkdtempSync(join(tmpdir(), "tinylens-analyze-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const weights = smallPlan().initial;

const study = smallStudy as unknown as Study;
const options = { device: "native", backend: native, out: join(root, "runs") } as const;

/** Analyze the file at a path. */
const analyzeFile = (file: string, more: Partial<AnalyseOptions> = {}): Promise<RunOutcome> =>
  analyzeArticle(
    { study, params: study.params.parse({}), view: {} },
    { ...options, ...more, file },
  );

/** Analyze a file made of these weights. */
function analyze(name: string, content: Uint8Array | WeightArrays): Promise<RunOutcome> {
  const file = join(root, name);
  const bytes = content instanceof Uint8Array ? content : writeSafetensors(content as WeightArrays);
  writeFileSync(file, bytes);
  return analyzeFile(file);
}

describe("analyzeArticle", () => {
  it("measures, judges and reports without training", async () => {
    const outcome = await analyze("initial.safetensors", weights);
    expect(outcome).toMatchObject({ loaded: true, interrupted: false, claims: [{ id: "loss" }] });
    expect(outcome.claims[0]).toMatchObject({ measured: undefined, holds: undefined });
    expect(outcome.metrics.first).toBe(weights["embed.W_E"]?.data[0]);
    const record = JSON.parse(readFileSync(join(outcome.run, "run.json"), "utf8"));
    expect(record).toMatchObject({ state: "done", checkpoint: { file: "initial.safetensors" } });
    expect(readFileSync(join(outcome.run, "report.html"), "utf8")).toContain(
      "npx tinylens analyze small-addition --checkpoint initial.safetensors",
    );
  });

  it("keeps the weights, so that they can be looked at again", async () => {
    const { run } = await analyze("kept.safetensors", weights);
    rmSync(join(root, "kept.safetensors"));
    const kept = readModel(readFileSync(join(run, "model.safetensors")));
    expect(kept.weights["embed.W_E"]).toEqual(weights["embed.W_E"]);
    const { out: _, ...others } = options;
    const viewed = await rebuildReport(() => ({ study, view: { row: 3 } }), run, others);
    const html = readFileSync(viewed.report, "utf8");
    expect(html).toContain("Its embedding is ");
    rmSync(join(run, "model.safetensors"));
    await expect(rebuildReport(() => ({ study, view: {} }), run, others)).rejects.toThrow(
      /^run \S+: model.safetensors is missing; analyze the file again$/,
    );
  });

  it("reads the step of our own checkpoints alone, and refuses changed ones", async () => {
    const saved = { step: 40, weights, moments: {}, batches: undefined };
    const { arrays, metadata } = checkpointToArrays(saved);
    expect(await analyze("40.safetensors", writeSafetensors(arrays, metadata))).toMatchObject({
      step: 40,
      steps: 40,
    });
    const foreign = { ...metadata, format: "pt", step: "final" };
    expect(await analyze("final.safetensors", writeSafetensors(arrays, foreign))).toMatchObject({
      step: 0,
    });
    const changed = { ...metadata, step: "41" };
    await expect(analyze("41.safetensors", writeSafetensors(arrays, changed))).rejects.toThrow(
      "41.safetensors: damaged, the checksum does not match the content",
    );
  });

  it("takes biases that start at zero as zero when the file has none", async () => {
    const some = Object.entries(weights).filter(([name]) => !name.includes(".b_"));
    expect((await analyze("no-biases.safetensors", Object.fromEntries(some))).loaded).toBe(true);
  });

  it("refuses weights that no layout has", async () => {
    const odd = { ...weights, "embed.W_X": nd("float32", [1], [0]) };
    await expect(analyze("odd.safetensors", odd)).rejects.toThrow(
      'fromTransformerLens: unknown weight "embed.W_X"; did you mean embed.W_E',
    );
  });

  it("takes the step from checkpoints of a run alone, and refuses one that is no number", async () => {
    const bytes = (metadata: Record<string, string>) => writeSafetensors(weights, metadata);
    for (const step of ["final", "-1.5", "1e999"]) {
      const outcome = await analyze(`free${step}.safetensors`, bytes({ step }));
      expect(outcome.step).toBe(0);
    }
  });

  it("refuses weights that float32 cannot hold", async () => {
    const bias = weights["unembed.b_U"] as WeightArrays[string];
    const wide = nd("float64", bias.shape, new Float64Array(bias.data.length).fill(1e39));
    await expect(analyze("wide.safetensors", { ...weights, "unembed.b_U": wide })).rejects.toThrow(
      "wide.safetensors: unembed.b_U: weights must fit float32, whose largest number is 3.4e38, got 1e+39",
    );
  });

  it.skipIf(process.platform === "win32")("refuses pipes and devices at once", async () => {
    const pipe = join(root, "pipe.pt");
    execFileSync("mkfifo", [pipe]);
    const zero = join(root, "zero.safetensors");
    symlinkSync("/dev/zero", zero);
    for (const file of [pipe, zero]) {
      await expect(analyzeFile(file)).rejects.toThrow(
        `cannot read ${file}: it is a pipe or a device; name a file`,
      );
    }
  });

  it("refuses files of holes by their first bytes", async () => {
    for (const [name, message] of [
      ["holes.pt", "pt: the file is not a PyTorch checkpoint; expected what torch.save writes"],
      ["holes.safetensors", "safetensors: the header"],
    ] as const) {
      const file = join(root, name);
      writeFileSync(file, "");
      truncateSync(file, 1_900_000_000);
      const before = process.memoryUsage.rss();
      await expect(analyzeFile(file)).rejects.toThrow(message);
      expect(process.memoryUsage.rss() - before).toBeLessThan(2 ** 28);
    }
  });

  it("tells the study what was given, and what lies in the folder of the file", async () => {
    const facts: FileFacts[] = [];
    const known: boolean[] = [];
    const told: Study = {
      ...study,
      besideFiles: ["cfg.json", "absent.json"],
      fit(params, file) {
        facts.push(file);
        return params;
      },
      knowsData: ({ given }) => given.has("seed"),
      article(params, lab: Lab, view) {
        known.push(lab.dataKnown);
        return study.article(params, lab, view);
      },
    };
    const file = join(root, "beside.safetensors");
    writeFileSync(file, writeSafetensors(weights));
    writeFileSync(join(root, "cfg.json"), "{}");
    const asked = { study: told, params: told.params.parse({}), view: {} };
    for (const given of [["seed"], []]) {
      const outcome = await analyzeArticle(asked, {
        ...options,
        file,
        given,
        out: join(root, "o"),
      });
      const { checkpoint } = JSON.parse(readFileSync(join(outcome.run, "run.json"), "utf8"));
      expect(checkpoint).toMatchObject({ known: given, dataKnown: given.length > 0 });
    }
    expect(facts.map(({ beside }) => beside)).toEqual([{ "cfg.json": "{}" }, { "cfg.json": "{}" }]);
    expect(facts[0]).toMatchObject({ model: "hooked-transformer", config: { dModel: 8 } });
    expect([[...(facts[0]?.given ?? [])], known]).toEqual([["seed"], [true, false]]);
  });

  it("gives files with other weights other folders", async () => {
    const embedding = weights["embed.W_E"] as WeightArrays[string];
    const other = nd(
      "float32",
      embedding.shape,
      embedding.data.map((x) => x + 1),
    );
    const [first, second] = [
      await analyze("first.safetensors", weights),
      await analyze("second.safetensors", { ...weights, "embed.W_E": other }),
    ];
    expect(first.run).not.toBe(second.run);
  });

  it("keeps weights of one file apart by where they are in it", async () => {
    const embedding = weights["embed.W_E"] as WeightArrays[string];
    const named = (prefix: string, added: number) =>
      Object.entries(weights).map(([name, array]) => {
        const data = array.data.map((x) => x + (array === embedding ? added : 0));
        return [`${prefix}${name}`, nd("float32", array.shape, data)] as const;
      });
    const file = join(root, "two.safetensors");
    const both = Object.fromEntries([...named("first.", 0), ...named("second.", 1)]);
    writeFileSync(file, writeSafetensors(both));
    const first = await analyzeFile(file, { stateDict: { stripPrefix: "first." } });
    const second = await analyzeFile(file, { stateDict: { stripPrefix: "second." } });
    const at = embedding.data[0] as number;
    expect([first.metrics.first, second.metrics.first]).toEqual([at, Math.fround(at + 1)]);
    expect(readFileSync(second.report, "utf8")).toContain("--strip-prefix=second.");
  });

  it("measures again on another device", async () => {
    const made = async (name: "native" | "web") => ({ ...withThreads(await native(), 1), name });
    const devices: string[] = [];
    const told: Study = {
      ...study,
      async *article(_, lab: Lab) {
        const model = (await lab.training()).at();
        devices.push(
          await model.measure(function device({ backend }) {
            return backend.name;
          }),
        );
      },
    };
    const file = join(root, "device.safetensors");
    writeFileSync(file, writeSafetensors(weights));
    for (const device of ["native", "web", "native"] as const) {
      const given = { device, backend: () => made(device), out: join(root, "d"), file };
      await analyzeArticle({ study: told, params: {}, view: {} }, given);
    }
    expect(devices).toEqual(["native", "web", "native"]);
  });

  it("says how long it took", async () => {
    const file = join(root, "slow.safetensors");
    writeFileSync(file, writeSafetensors(weights));
    const asked = { study, params: { pause: 50 }, view: {} };
    const { run, seconds } = await analyzeArticle(asked, { ...options, file });
    expect(seconds).toBeGreaterThan(0.05);
    const { out: _, ...others } = options;
    const again = await rebuildReport(() => ({ study, view: {} }), run, others);
    expect(again.seconds).toBe(seconds);
  });

  it("is not done where its article fails", async () => {
    const failing: Study = {
      ...study,
      article() {
        throw new Error("not like that");
      },
    };
    const out = join(root, "failing");
    const file = join(root, "failing.safetensors");
    writeFileSync(file, writeSafetensors(weights));
    const asked = { study: failing, params: {}, view: {} };
    await expect(analyzeArticle(asked, { ...options, out, file })).rejects.toThrow("not like that");
    const { runs } = await listRuns(out);
    expect(runs.map(({ status, record }) => [status, record.failure])).toEqual([
      ["failed", "not like that"],
    ]);
  });

  it("refuses what is no checkpoint of this model, in one sentence", async () => {
    const { "unembed.W_U": _left, ...without } = weights;
    await expect(analyze("a.safetensors", without)).rejects.toThrow(
      'a.safetensors: weight "unembed.W_U" is missing',
    );
    const wrong = { ...weights, "unembed.W_U": nd("float32", [1, 1], [0]) };
    await expect(analyze("b.safetensors", wrong)).rejects.toThrow(
      'b.safetensors: unembed.W_U "dModel dVocabOut": expected [8,1], got [1,1]',
    );
    await expect(analyze("c.npy", weights)).rejects.toThrow(
      "--checkpoint: must end in .safetensors, .pt or .pth, got c.npy",
    );
    await expect(analyze("d.safetensors", new Uint8Array(3))).rejects.toThrow(/^safetensors: /);
    await expect(analyzeFile(join(root, "none.pt"))).rejects.toThrow(
      `--checkpoint: cannot read ${join(root, "none.pt")}`,
    );
  });
});
