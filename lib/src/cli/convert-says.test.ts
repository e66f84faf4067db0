import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { init, tensor } from "../arrays/index.ts";
import { saveModel } from "../interchange/index.ts";
import { HookedModel, HookedTransformer } from "../models/index.ts";
import { type Ended, tinylens } from "./testing/terminal.ts";

const cwd = mkdtempSync(join(tmpdir(), "tinylens-convert-says-"));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const convert = (words: readonly string[], changes = {}): Promise<Ended> =>
  tinylens(cwd, ["convert", ...words], changes);

beforeAll(async () => {
  await init();
  const sizes = { nLayers: 1, dModel: 8, dHead: 4, nCtx: 4, dVocab: 7, attnOnly: true };
  const model = await HookedTransformer.create(sizes, { seed: 1 });
  writeFileSync(join(cwd, "m.safetensors"), await saveModel(model));
  const W_U = model.W_U.add(tensor([[0, Number.NaN, 0, Number.POSITIVE_INFINITY, 0, 0, 0]]));
  const weights = { ...model.weights, "unembed.W_U": W_U };
  const broken = new HookedModel(model.model, model.config, weights);
  writeFileSync(join(cwd, "nan.safetensors"), await saveModel(broken));
});

describe("tinylens convert", () => {
  it("says how many weights are no finite numbers, and where", async () => {
    const { code, stderr } = await convert(["nan.safetensors", "nan.pt"]);
    expect(code).toBe(0);
    expect(stderr).toBe("nan.safetensors: 16 numbers are NaN or infinite, in unembed.W_U\n");
    expect((await convert(["m.safetensors", "m.pt"])).stderr).toBe("");
  });

  it.each([
    ['{"actFn": "relu", "eps": 1, "actFn": "gelu"}', "actFn"],
    ['{"a": {"b": [{"c": 1, "c": 1}]}}', "c"],
    ['{"act\\u0046n": "relu", "actFn": "relu"}', "actFn"],
  ])("refuses a configuration that names a field twice: %s", async (text, name) => {
    writeFileSync(join(cwd, "twice.json"), text);
    const words = ["m.safetensors", "twice.pt", "--config", "twice.json"];
    const { code, stderr } = await convert(words);
    expect([code, stderr]).toEqual([
      2,
      `tinylens: --config: twice.json names "${name}" twice; leave one out\n`,
    ]);
    expect(existsSync(join(cwd, "twice.pt"))).toBe(false);
  });

  it("leaves nothing behind when it is stopped, and ends with 130", async () => {
    const before = readdirSync(cwd);
    const ended = await convert(["m.safetensors", "stopped.onnx"], {
      onInterrupt: (handler: (signal: "SIGINT") => void) => {
        handler("SIGINT");
        return () => undefined;
      },
    });
    expect([ended.code, ended.stdout]).toEqual([130, ""]);
    expect(ended.stderr).toContain("press Ctrl-C again to stop at once");
    expect(readdirSync(cwd)).toEqual(before);
  });
});
