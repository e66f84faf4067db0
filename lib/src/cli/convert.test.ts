import { execFileSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  existsSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as ort from "onnxruntime-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadModel, saveModel } from "../interchange/index.ts";
import { readPt, readSafetensors, writePt, writeSafetensors } from "../io/index.ts";
import type { AnyPlan } from "../lab/index.ts";
import {
  type HookedModel,
  HookedTransformer,
  type HookedTransformerConfig,
} from "../models/index.ts";
import { paramsOf, trainingOf } from "../runs/testing/small-run.ts";
import { smallStudy } from "../runs/testing/small-study.ts";
import { type Ended, tinylens } from "./testing/terminal.ts";

const root = mkdtempSync(join(tmpdir(), "tinylens-convert-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let next = 0;
let model: HookedModel<HookedTransformerConfig>;
beforeAll(async () => {
  const sizes = { nLayers: 1, dModel: 8, dHead: 4, nCtx: 4, dVocab: 7, dMlp: 6 } as const;
  model = await HookedTransformer.create(sizes, { seed: 1 });
});

/** A folder with the model in `m.safetensors` and its weights alone in `bare.pt`. */
async function folder(): Promise<string> {
  const cwd = join(root, String(next++));
  mkdirSync(cwd);
  writeFileSync(join(cwd, "m.safetensors"), await saveModel(model));
  writeFileSync(join(cwd, "bare.pt"), writePt(await model.stateDict()));
  writeFileSync(join(cwd, "c.json"), '{"act_fn": "relu"}');
  return cwd;
}

const convert = (cwd: string, ...words: string[]): Promise<Ended> =>
  tinylens(cwd, ["convert", ...words]);

describe("tinylens convert", () => {
  it("refuses a file of holes by its first bytes", async () => {
    const cwd = await folder();
    writeFileSync(join(cwd, "bare.pt"), "");
    truncateSync(join(cwd, "bare.pt"), 1_900_000_000);
    expect(await convert(cwd, "bare.pt", "out.pt")).toMatchObject({ code: 2, stdout: "" });
  });

  it("goes from safetensors to pt and back without a change", async () => {
    const cwd = await folder();
    expect(await convert(cwd, "m.safetensors", "a.pth")).toMatchObject({ code: 0, stderr: "" });
    expect(await convert(cwd, "a.pth", "b.safetensors")).toMatchObject({ code: 0, stderr: "" });
    expect(readFileSync(join(cwd, "b.safetensors"))).toEqual(
      readFileSync(join(cwd, "m.safetensors")),
    );
    const { config } = readPt(readFileSync(join(cwd, "a.pth"))) as { readonly config: object };
    expect(config).toMatchObject({ d_model: 8, act_fn: "relu" });
  });

  it("says what it wrote, and what it took for granted", async () => {
    const cwd = await folder();
    const { stdout } = await convert(cwd, "bare.pt", "out.safetensors", "--config", "c.json");
    expect(stdout).toMatch(
      /^out\.safetensors: hooked-transformer, 22 weights, \d+ numbers, \d+ bytes\ntaken for granted, since the file does not say: attentionDir=causal, useAttnScale=true, attnScale=2, positionalEmbeddingType=standard, eps=0.00001\n$/,
    );
  });

  it("prints one JSON object with names, shapes and dtypes", async () => {
    const cwd = await folder();
    const { stdout } = await convert(cwd, "m.safetensors", "out.pt", "--json");
    expect(stdout.trim().split("\n")).toHaveLength(1);
    const object = JSON.parse(stdout);
    expect(Object.keys(object)).toEqual([
      ...["in", "out", "bytes", "model", "config", "processed", "assumed", "weights"],
    ]);
    expect(object.weights[0]).toEqual({ name: "embed.W_E", dtype: "float32", shape: [7, 8] });
    expect(object).toMatchObject({ in: "m.safetensors", out: "out.pt", assumed: {} });
    expect(object.bytes).toBe(readFileSync(join(cwd, "out.pt")).length);
  });

  it("writes ONNX with hook points, whose outputs are those of the model", async () => {
    const cwd = await folder();
    const words = ["--hooks", "blocks.0.attn.hook_pattern", "hook_embed", "--json"];
    const { stdout, code } = await convert(cwd, "m.safetensors", "m.onnx", ...words);
    expect(code).toBe(0);
    const outputs = ["logits", "hook_embed", "blocks.0.attn.hook_pattern"];
    expect(JSON.parse(stdout).outputs).toEqual(outputs);
    const session = await ort.InferenceSession.create(join(cwd, "m.onnx"));
    expect(session.outputNames).toEqual(outputs);
    const tokens = new ort.Tensor("int64", BigInt64Array.of(1n, 2n, 3n, 6n), [1, 4]);
    const { data } = (await session.run({ tokens })).logits as ort.Tensor;
    for (const [i, x] of model.forward([1, 2, 3, 6]).readSync().data.entries()) {
      expect(Math.abs(x - Number(data[i]))).toBeLessThan(1e-5);
    }
    const all = ["--hooks", "all", "--batch", "2", "--length", "3", "--json"];
    const every = JSON.parse((await convert(cwd, "m.safetensors", "all.onnx", ...all)).stdout);
    const firing = model.hooks().filter(({ fires }) => fires);
    expect(every.outputs).toEqual(["logits", ...firing.map(({ name }) => name)]);
  });

  it("reads the checkpoint of a run", async () => {
    const cwd = await folder();
    const weights = await model.stateDict();
    const moment = weights["embed.W_E"];
    if (moment === undefined) throw new Error("no embedding");
    const arrays = { ...weights, "optimizer/m/embed.W_E": moment };
    const bytes = writeSafetensors(arrays, { format: "tinylens-checkpoint-1", step: "3" });
    writeFileSync(join(cwd, "3.safetensors"), bytes);
    const words = ["3.safetensors", "out.pt", "--config", "c.json"];
    expect(await convert(cwd, ...words)).toMatchObject({ code: 0 });
    const loaded = await loadModel(readFileSync(join(cwd, "out.pt")));
    expect(await loaded.stateDict()).toEqual(weights);
  });

  it("takes the configuration of a checkpoint from its run", async () => {
    const cwd = await folder();
    const words = [
      "run",
      "small-addition",
      "--set",
      "steps=4",
      "--set",
      "shuffled=false",
      "--json",
    ];
    await tinylens(cwd, words);
    const training = await trainingOf(join(cwd, "runs"), { steps: 4 });
    const file = join(training, "checkpoints/4.safetensors");
    const { code, stdout } = await convert(cwd, file, "out.pt", "--json");
    expect(code).toBe(0);
    const { model: name, assumed, config } = JSON.parse(stdout);
    expect([name, assumed]).toEqual(["hooked-transformer", {}]);
    const { config: trained } = smallStudy.plans(paramsOf()).model as AnyPlan;
    expect(config).toEqual(JSON.parse(JSON.stringify(trained)));
    const loaded = await loadModel(readFileSync(join(cwd, "out.pt")));
    expect(loaded.config).toEqual(trained);
  });

  it("replaces a file only with --force", async () => {
    const cwd = await folder();
    writeFileSync(join(cwd, "out.pt"), "mine");
    expect(await convert(cwd, "m.safetensors", "out.pt")).toEqual({
      code: 2,
      stdout: "",
      stderr: "tinylens: convert: out.pt is there already; --force replaces it\n",
    });
    expect(readFileSync(join(cwd, "out.pt"), "utf8")).toBe("mine");
    expect((await convert(cwd, "m.safetensors", "out.pt", "--force")).code).toBe(0);
    expect((await convert(cwd, "m.safetensors", "m.safetensors", "--force")).code).toBe(0);
    expect(readSafetensors(readFileSync(join(cwd, "m.safetensors"))).metadata.format).toBe("pt");
  });

  it("keeps links and permissions with --force, and asks for it where a link leads nowhere", async () => {
    const cwd = await folder();
    const at = (name: string) => join(cwd, name);
    writeFileSync(at("target.pt"), "old", { mode: 0o600 });
    symlinkSync("target.pt", at("link.pt"));
    expect((await convert(cwd, "m.safetensors", "link.pt", "--force")).code).toBe(0);
    expect(lstatSync(at("link.pt")).isSymbolicLink()).toBe(true);
    expect(statSync(at("target.pt")).mode & 0o777).toBe(0o600);
    expect(Object.keys(readPt(readFileSync(at("target.pt"))) as object)).toContain("model");
    symlinkSync("nowhere.pt", at("dangling.pt"));
    expect((await convert(cwd, "m.safetensors", "dangling.pt")).stderr).toBe(
      "tinylens: convert: dangling.pt is there already; --force replaces it\n",
    );
    expect(existsSync(at("nowhere.pt"))).toBe(false);
  });

  it("finds weights under other keys and prefixes, and asks where several could be meant", async () => {
    const cwd = await folder();
    const weights = await model.stateDict();
    const prefixed = (prefix: string) =>
      Object.fromEntries(Object.entries(weights).map(([name, x]) => [`${prefix}${name}`, x]));
    const put = (name: string, value: Parameters<typeof writePt>[0]) =>
      writeFileSync(join(cwd, name), writePt(value));
    const config = ["--config", "c.json", "--force"];
    put("net.PT", { net: prefixed("_orig_mod.module."), epoch: 3 });
    expect(await convert(cwd, "net.PT", "out.pt", ...config)).toMatchObject({ code: 0 });
    put("two.pt", { raw: weights, ema: weights });
    expect(await convert(cwd, "two.pt", "out.pt", ...config)).toMatchObject({
      code: 2,
      stderr:
        "tinylens: stateDictOf: weights are in raw, ema; choose one with the option key (--key)\n",
    });
    expect(await convert(cwd, "two.pt", "out.pt", ...config, "--key", "ema")).toMatchObject({
      code: 0,
    });
    put("both.pt", { state_dict: { ...prefixed("student."), ...prefixed("teacher.") } });
    expect(await convert(cwd, "both.pt", "out.pt", ...config)).toMatchObject({
      code: 2,
      stderr:
        "tinylens: stateDictOf: weights have student., teacher.; choose with the option stripPrefix (--strip-prefix)\n",
    });
    const chosen = ["--strip-prefix", "student"];
    expect(await convert(cwd, "both.pt", "out.pt", ...config, ...chosen)).toMatchObject({
      code: 0,
    });
    const loaded = await loadModel(readFileSync(join(cwd, "out.pt")));
    expect(await loaded.stateDict()).toEqual(weights);
  });

  it.skipIf(process.platform === "win32")("reads its configuration from a pipe", async () => {
    const cwd = await folder();
    execFileSync("mkfifo", [join(cwd, "pipe.json")]);
    const reader = convert(cwd, "bare.pt", "out.pt", "--config", "pipe.json");
    const writer = openSync(join(cwd, "pipe.json"), "r+");
    writeSync(writer, '{"act_fn":');
    await new Promise((done) => setTimeout(done, 50));
    writeSync(writer, ' "gelu"}');
    await new Promise((done) => setTimeout(done, 200));
    closeSync(writer);
    expect(await reader).toMatchObject({ code: 0, stderr: "" });
    const { config } = readPt(readFileSync(join(cwd, "out.pt"))) as { readonly config: object };
    expect(config).toMatchObject({ act_fn: "gelu" });
  });

  it("explains its flags", async () => {
    const { stdout, code } = await convert(root, "--help");
    expect(code).toBe(0);
    for (const flag of [
      "--config",
      "--model",
      "--hooks",
      "--batch",
      "--length",
      "--force",
      "--key",
      "--strip-prefix",
      "--json",
    ]) {
      expect(stdout).toContain(`${flag} `);
    }
    expect(stdout).toContain("HookedTransformerConfig.from_dict");
  });
});

describe("wrong input ends with 2, one sentence and no file", () => {
  const onnx = ["m.safetensors", "out.onnx"];
  it.each<[string[], string | RegExp]>([
    [["m.safetensors"], "missing required argument 'out'"],
    [
      ["m.safetensors", "out.bin"],
      "convert: the output must end in .safetensors, .pt, .pth or .onnx, got out.bin",
    ],
    [["m.onnx", "out.pt"], "convert: the input must end in .safetensors, .pt or .pth, got m.onnx"],
    [["nothing.pt", "out.pt"], "convert: cannot read nothing.pt: it is not there; check the path"],
    [["dir.pt", "out.pt"], /^cannot read .*dir\.pt: it is a folder; name a file$/],
    [["m.safetensors", "dir.pt", "--force"], "convert: dir.pt is there and is no file"],
    [
      ["m.safetensors", "out.pt", "--hooks", "all"],
      "convert: --hooks is for .onnx files only, the output is out.pt",
    ],
    [
      ["bare.pt", "out.pt"],
      "bare.pt: neither the file nor its weights tell actFn; give it in a configuration (--config on the command line)",
    ],
    [
      ["bare.pt", "out.pt", "--config", "m.safetensors"],
      '--config: m.safetensors must hold a JSON object, e.g. {"actFn": "relu"}',
    ],
    [
      ["bare.pt", "out.pt", "--config", "none.json"],
      /^--config: cannot read .*none\.json: it is not there; check the path$/,
    ],
    [
      ["bare.pt", "out.pt", "--config", "odd.json"],
      'hooked-transformer: unknown field "epsi"; did you mean eps',
    ],
    [
      ["m.safetensors", "out.pt", "--model", "gpt"],
      /^m\.safetensors: unknown model "gpt"; did you mean /,
    ],
    [[...onnx, "--batch", "0"], "--batch: must be a whole number of at least 1, got 0"],
    [[...onnx, "--length", "1e3"], "--length: must be a whole number of at least 1, got 1e3"],
    [[...onnx, "--length", "5"], /^forward: tokens "batch pos" of at most nCtx = 4 positions/],
    [
      [...onnx, "--batch", "999999999"],
      "exportOnnx: batch must be a whole number from 1 to 8192, got 999999999",
    ],
    [
      [...onnx, "--hooks", "hook_embde"],
      /^runWithCache: unknown hook point "hook_embde"; did you mean hook_embed, /,
    ],
    [["empty.safetensors", "out.pt"], "safetensors: the file is truncated"],
    [
      ["text.pt", "out.pt"],
      "pt: the file is not a PyTorch checkpoint; expected what torch.save writes",
    ],
    [["half.pt", "out.pt"], /^pt: /],
    [["half.safetensors", "out.pt"], /^safetensors: /],
    [
      ["huge.pt", "out.pt"],
      /^cannot read .*huge\.pt: it has 3221225472 bytes, the limit is 2147483647$/,
    ],
    [["evil.pt", "out.pt"], /^pt: the file asks for os\.system, which is code and is never run; /],
    [["wide.safetensors", "out.pt"], /^safetensors: w: /],
    [["extra.pt", "out.pt", "--config", "c.json"], /unknown weight "blocks\.0\.attn\.W_X"/],
    [["less.pt", "out.pt", "--config", "c.json"], 'less.pt: weight "unembed.W_U" is missing'],
  ])("%j", async (words, message) => {
    const cwd = await folder();
    await spoil(cwd);
    const before = readdirSync(cwd);
    const { code, stdout, stderr } = await convert(cwd, ...words);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr.split("\n")).toHaveLength(2);
    const said = stderr.replace(/^tinylens: /, "").trimEnd();
    if (typeof message === "string") expect(said).toContain(message);
    else expect(said).toMatch(message);
    expect(readdirSync(cwd)).toEqual(before);
  });

  /** Files that are not what they seem. */
  async function spoil(cwd: string): Promise<void> {
    const put = (name: string, bytes: Uint8Array | string) => writeFileSync(join(cwd, name), bytes);
    const weights = await model.stateDict();
    const { "unembed.W_U": unembedding, ...less } = weights;
    if (unembedding === undefined) throw new Error("no unembedding");
    mkdirSync(join(cwd, "dir.pt"));
    put("odd.json", '{"actFn": "relu", "epsi": 1}');
    put("empty.safetensors", "");
    put("text.pt", "weights");
    const whole = ["bare.pt", "m.safetensors"].map((name) => readFileSync(join(cwd, name)));
    for (const [i, name] of ["half.pt", "half.safetensors"].entries()) {
      const bytes = whole[i] as Buffer;
      put(name, bytes.subarray(0, bytes.length / 2));
    }
    const huge = openSync(join(cwd, "huge.pt"), "w");
    ftruncateSync(huge, 3 * 2 ** 30);
    closeSync(huge);
    put("evil.pt", evil());
    put("wide.safetensors", hostileHeader());
    put("extra.pt", writePt({ ...weights, "blocks.0.attn.W_X": unembedding }));
    put("less.pt", writePt(less));
  }

  /** A legacy checkpoint whose pickle would run a command. */
  function evil(): Uint8Array {
    const magic = [
      0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e,
    ];
    const version = [0x80, 2, 0x4d, 0xe9, 3, 0x2e];
    const system = [...Buffer.from("\x80\x02}X\x0d\x00\x00\x00little_endian\x88s.", "latin1")];
    const call = [...Buffer.from("\x80\x02cos\nsystem\nX\x02\x00\x00\x00ls\x85R.", "latin1")];
    const storages = [0x80, 2, 0x5d, 0x2e];
    return Uint8Array.from([...magic, ...version, ...system, ...call, ...storages]);
  }

  /** A small file that asks for a terabyte. */
  function hostileHeader(): Uint8Array {
    const header = JSON.stringify({
      w: { dtype: "F32", shape: [2 ** 19, 2 ** 19], data_offsets: [0, 2 ** 40] },
    });
    const bytes = new Uint8Array(8 + header.length);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
    bytes.set(new TextEncoder().encode(header), 8);
    return bytes;
  }

  it.skipIf(process.getuid?.() === 0)(
    "when the folder may not be written (skipped as root)",
    async () => {
      const cwd = await folder();
      chmodSync(cwd, 0o500);
      const { code, stderr } = await convert(cwd, "m.safetensors", "out.pt");
      expect([code, stderr]).toEqual([
        2,
        `tinylens: cannot write ${join(cwd, "out.pt")}: permission denied; choose another place for the output\n`,
      ]);
    },
  );

  it("when no folder can be made for the output", async () => {
    const cwd = await folder();
    const { code, stderr } = await convert(cwd, "m.safetensors", "c.json/out.pt");
    expect([code, stderr]).toEqual([
      2,
      `tinylens: cannot write ${join(cwd, "c.json/out.pt")}: a part of the path is a file; choose another place for the output\n`,
    ]);
    expect(existsSync(join(cwd, "out.pt"))).toBe(false);
  });
});
