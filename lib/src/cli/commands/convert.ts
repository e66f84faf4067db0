import { lstat } from "node:fs/promises";
import { basename, extname, resolve } from "node:path";
import { setImmediate } from "node:timers/promises";
import { InputError } from "../../core/errors.ts";
import { printable, printableJson, sentence } from "../../core/text.ts";
import {
  type ConfigRecord,
  exportModelFile,
  fromTransformerLensConfig,
  type ModelFile,
  type ModelFormat,
  readModel,
  writeModel,
} from "../../interchange/index.ts";
import { requireUniqueNames } from "../../io/json-scanner.ts";
import { checkStart } from "../../io/start.ts";
import { explainRead, readIfThere, replaceFile } from "../../runs/disk.ts";
import { systemCode } from "../../runs/disk-errors.ts";
import type { Context } from "../context.ts";
import { interruptible } from "../interrupt.ts";
import { readSmallText } from "../small-text.ts";
import type { Command } from "./command.ts";
import { stateDictOptions, type WeightsFlags, weightsFlags } from "./flags.ts";

interface ConvertFlags extends WeightsFlags {
  readonly config?: string;
  readonly model?: string;
  readonly hooks?: readonly string[];
  readonly batch?: string;
  readonly length?: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

const formats: Readonly<Record<string, ModelFormat | "onnx">> = {
  ".safetensors": "safetensors",
  ".pt": "pt",
  ".pth": "pt",
  ".onnx": "onnx",
};

/** `tinylens convert IN OUT`: weights from one kind of file to another. */
export const convert: Command = {
  name: "convert",
  define(parser, context, done) {
    weightsFlags(parser)
      .argument(
        "<in>",
        "weights: .safetensors, .pt or .pth in any layout that analyze reads, or a checkpoint of a run",
      )
      .argument("<out>", "file to write: .safetensors, .pt, .pth or .onnx")
      .description("a model from one kind of file to another, with its configuration")
      .option(
        "--config <file>",
        'JSON of what the file does not tell, in our names or TransformerLens\'s, e.g. {"actFn": "relu"}',
      )
      .option("--model <name>", "model the weights are of (default: by their names)")
      .option("--hooks <names...>", "hook points as outputs of an .onnx file, or all")
      .option("--batch <n>", "sequences per run of an .onnx file (default: 1)")
      .option("--length <n>", "tokens per sequence of an .onnx file (default: the model's longest)")
      .option("--force", "replace <out> when it is there")
      .option("--json", "print one JSON object: names, shapes and dtypes")
      .addHelpText(
        "after",
        "\nThe .safetensors and .pt files hold TransformerLens's state dict and a dict for\nHookedTransformerConfig.from_dict; load the weights in Python with strict=False.",
      )
      .action(async (input: string, output: string, flags: ConvertFlags) => {
        const format = outputFormat(output, flags);
        const target = resolve(context.cwd, output);
        await checkTarget(target, output, flags.force === true);
        const file = await readInput(context, input, flags);
        const bytes = await interruptible(context, async (signal) => {
          const content = format === "onnx" ? await onnx(file, flags) : writeModel(file, format);
          await setImmediate(); // a signal that came meanwhile is heard now
          if (signal.aborted) return undefined;
          await replaceFile(target, content, "choose another place for the output");
          return content;
        });
        if (bytes === undefined) return done(130);
        for (const warning of file.warnings ?? []) context.stderr.write(`${sentence(warning)}\n`);
        const summary = { in: input, out: output, bytes: bytes.length, ...contentsOf(file) };
        const outputs = format === "onnx" ? { outputs: outputsOf(file, flags) } : {};
        context.stdout.write(
          flags.json === true
            ? `${printableJson({ ...summary, ...outputs })}\n`
            : text(output, bytes.length, file),
        );
        done(0);
      });
  },
};

function outputFormat(output: string, flags: ConvertFlags): ModelFormat | "onnx" {
  const format = formats[extname(output).toLowerCase()];
  if (format === undefined) {
    throw new InputError(
      `convert: the output must end in .safetensors, .pt, .pth or .onnx, got ${basename(output)}`,
    );
  }
  const onnxOnly = (["hooks", "batch", "length"] as const).find(
    (name) => flags[name] !== undefined,
  );
  if (format !== "onnx" && onnxOnly !== undefined) {
    throw new InputError(
      `convert: --${onnxOnly} is for .onnx files only, the output is ${basename(output)}`,
    );
  }
  return format;
}

async function checkTarget(path: string, shown: string, force: boolean): Promise<void> {
  const there = await lstat(path).catch((error: unknown) => {
    if (!["ENOENT", "ENOTDIR"].includes(systemCode(error) ?? "")) throw explainRead(error, path);
  });
  if (there === undefined) return;
  if (!there.isFile() && !there.isSymbolicLink())
    throw new InputError(`convert: ${shown} is there and is no file`);
  if (!force) throw new InputError(`convert: ${shown} is there already; --force replaces it`);
}

async function readInput(context: Context, input: string, flags: ConvertFlags): Promise<ModelFile> {
  const format = formats[extname(input).toLowerCase()];
  if (format === undefined || format === "onnx") {
    throw new InputError(
      `convert: the input must end in .safetensors, .pt or .pth, got ${basename(input)}`,
    );
  }
  const given = flags.config === undefined ? {} : await readConfig(context, flags.config);
  const bytes = await readIfThere(resolve(context.cwd, input), undefined, (start, size) =>
    checkStart(format, start, size),
  );
  if (bytes === undefined)
    throw new InputError(`convert: cannot read ${input}: it is not there; check the path`);
  const config = fromTransformerLensConfig(given);
  const named = flags.model === undefined ? {} : { model: flags.model };
  const options = { where: basename(input), format, config, ...named, ...stateDictOptions(flags) };
  return readModel(bytes, options);
}

async function readConfig(context: Context, path: string): Promise<ConfigRecord> {
  const text = await readSmallText("--config", resolve(context.cwd, path));
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      requireUniqueNames(`--config: ${path}`, text);
      return value as ConfigRecord;
    }
  } catch (error) {
    if (error instanceof InputError) throw error;
    // Refused below, like JSON that is no object.
  }
  throw new InputError(`--config: ${path} must hold a JSON object, e.g. {"actFn": "relu"}`);
}

function onnx(file: ModelFile, flags: ConvertFlags): Promise<Uint8Array> {
  return exportModelFile(file, {
    batch: countFlag("batch", flags.batch) ?? 1,
    length: countFlag("length", flags.length) ?? longest(file),
    ...(flags.hooks === undefined ? {} : { hooks: wanted(flags.hooks) }),
  });
}

function countFlag(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text) && Number(text) > 0) return Number(text);
  throw new InputError(`--${name}: must be a whole number of at least 1, got ${text}`);
}

/** The longest sequence that the positions of the model allow. */
function longest({ config }: ModelFile): number {
  const nCtx: unknown = Reflect.get(Object(config), "nCtx");
  if (typeof nCtx === "number") return nCtx;
  throw new InputError("convert: --length is needed, the model has no longest sequence");
}

function wanted(hooks: readonly string[]): readonly string[] | (() => boolean) {
  return hooks.includes("all") ? () => true : hooks;
}

function outputsOf({ model, config }: ModelFile, { hooks = [] }: ConvertFlags): readonly string[] {
  const firing = model.points(config).filter(({ fires }) => fires);
  const names = firing.map(({ name }) => name);
  return ["logits", ...names.filter((name) => hooks.includes("all") || hooks.includes(name))];
}

function contentsOf({ model, config, processed, assumed, weights }: ModelFile) {
  const tensors = Object.entries(weights).map(([name, { dtype, shape }]) => ({
    name,
    dtype,
    shape,
  }));
  return { model: model.name, config, processed, assumed, weights: tensors };
}

function text(output: string, bytes: number, file: ModelFile): string {
  const arrays = Object.values(file.weights);
  const numbers = arrays.reduce((total, { data }) => total + data.length, 0);
  const taken = Object.entries(file.assumed).map(([field, value]) => `${field}=${value}`);
  const lines = [
    `${printable(output, 200)}: ${file.model.name}, ${arrays.length} weights, ${numbers} numbers, ${bytes} bytes`,
    ...(file.processed.length > 0 ? [`processed: ${file.processed.join(", ")}`] : []),
    ...(taken.length > 0
      ? [`taken for granted, since the file does not say: ${taken.join(", ")}`]
      : []),
  ];
  return `${lines.join("\n")}\n`;
}
