/** Cases of the campaign `fuzz`: changed files through the readers, in process. */

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { InputError } from "../../lib/src/core/errors.ts";
import { nd } from "../../lib/src/core/nd.ts";
import { readModel } from "../../lib/src/interchange/index.ts";
import {
  decodeJson,
  encodeJson,
  isNdArray,
  readPt,
  readSafetensors,
  weightsOf,
  writePt,
  writeSafetensors,
} from "../../lib/src/io/index.ts";
import { checkpointFromArrays } from "../../lib/src/train/index.ts";
import type { Case } from "./harness.ts";
import { type Generator, mutateBytes, mutateJson, oddNames, polluted } from "./mutate.ts";
import { mutateLegacy, mutateZip } from "./pickle-mutations.ts";
import { isPlain, unzip } from "./zip-archives.ts";

interface Kind {
  readonly name: string;
  make(g: Generator): Buffer;
  /** Reads the file and everything in it. */
  read(bytes: Uint8Array): void;
}

/** Longest message of an error, in characters. */
const LONGEST_MESSAGE = 500;

function goldens(name: string): Buffer[] {
  const url = new URL(`../../lib/src/io/${name}`, import.meta.url);
  const found: string[] = [];
  const collect = (value: unknown): void => {
    if (typeof value === "string" && value.startsWith("H4sI")) found.push(value);
    else if (typeof value === "object" && value !== null) Object.values(value).forEach(collect);
  };
  collect(JSON.parse(readFileSync(url, "utf8")));
  return found.map((text) => gunzipSync(Buffer.from(text, "base64")));
}

/** Ask for every value once; those that refuse do it with an `InputError`. */
function askAll(value: unknown, seen: Set<object> = new Set()): void {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return;
  if (seen.has(value)) return;
  seen.add(value);
  if (isNdArray(value)) return void asked(() => value.data.length);
  for (const key of Object.keys(value)) asked(() => askAll(Reflect.get(value, key), seen));
}

function asked(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    const sound = error instanceof InputError && isSentence(error.message);
    if (!sound) throw error;
  }
}

function isSentence(message: string): boolean {
  return !message.includes("\n") && message.length <= LONGEST_MESSAGE;
}

const range = (length: number): number[] => Array.from({ length }, (_, i) => i / 8);

const weights = {
  "embed.W_E": nd("float32", [5, 4], range(20)),
  "pos_embed.W_pos": nd("float32", [3, 4], range(12)),
  "blocks.0.attn.W_Q": nd("float32", [2, 4, 2], range(16)),
  "blocks.0.attn.W_K": nd("float32", [2, 4, 2], range(16)),
  "blocks.0.attn.W_V": nd("float32", [2, 4, 2], range(16)),
  "blocks.0.attn.W_O": nd("float32", [2, 2, 4], range(16)),
  "unembed.W_U": nd("float32", [4, 5], range(20)),
};

const config = {
  ...{
    normalization_type: null,
    n_ctx: 3,
    d_head: 2,
    act_fn: "relu",
    attn_only: true,
    n_layers: 1,
  },
  ...{ n_heads: 2, d_model: 4, d_vocab: 5, d_vocab_out: 5, attention_dir: "causal", seed: 1 },
  ...{ dtype: "torch.float32", device: "cpu" },
};

function torchKinds(): Kind[] {
  const files = [...goldens("io.golden.json"), ...goldens("odd-pt.golden.json")];
  files.push(Buffer.from(writePt(weights)), Buffer.from(writePt({ model: weights, config })));
  const zips = files.filter((bytes) => bytes[0] === 0x50 && isPlain(bytes));
  const legacies = files.filter((bytes) => bytes[0] === 0x80);
  const pickle = (bytes: Buffer) => unzip(bytes).find(({ name }) => name.endsWith("data.pkl"));
  const pickles = zips.flatMap((bytes) => pickle(bytes)?.data ?? []);
  const changedZip = (g: Generator) => mutateZip(g, g.pick(zips), pickles);
  const changedLegacy = (g: Generator) => mutateLegacy(g, g.pick(legacies), pickles);
  const read = (bytes: Uint8Array) => askAll(readPt(bytes));
  const model = (bytes: Uint8Array) => void readModel(bytes, { where: "file", format: "pt" });
  return [
    { name: "zip bytes", make: (g) => mutateBytes(g, g.pick(zips), g.pick(zips)), read },
    { name: "zip structure", make: changedZip, read },
    { name: "zip as weights", make: changedZip, read: (bytes) => askAll(weightsOf(readPt(bytes))) },
    { name: "legacy bytes", make: (g) => mutateBytes(g, g.pick(legacies), g.pick(zips)), read },
    { name: "legacy structure", make: changedLegacy, read },
    {
      name: "pt as model",
      make: (g) => (g.random() < 0.7 ? changedZip(g) : changedLegacy(g)),
      read: model,
    },
  ];
}

function withHeader(header: unknown, data: Uint8Array): Buffer {
  const json = Buffer.from(typeof header === "string" ? header : JSON.stringify(header ?? null));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([size, json, data]);
}

/** One to three changes of the header, sometimes a name twice, sometimes other data. */
function mutateSafetensors(g: Generator, bytes: Buffer): Buffer {
  const length = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString("utf8", 8, 8 + length)) as Record<string, unknown>;
  const data = bytes.subarray(8 + length);
  let changed: unknown = header;
  for (let left = 1 + g.int(3); left > 0; left--) changed = mutateJson(g, changed);
  if (g.random() < 0.2) {
    const name = g.pick([...Object.keys(header), "none"]);
    const extra = `{${JSON.stringify(g.pick([name, ...oddNames]))}:${JSON.stringify(header[name] ?? 1)},`;
    return withHeader(
      JSON.stringify(changed ?? null).replace(/^\{/, () => extra),
      data,
    );
  }
  return withHeader(changed, g.random() < 0.2 ? mutateBytes(g, data) : data);
}

function safetensorsKinds(): Kind[] {
  const { "embed.W_E": embedding } = weights;
  const checkpoint = {
    "embed.W_E": embedding,
    "optimizer/m/embed.W_E": embedding,
    "batches/generator": nd("uint32", [1264], new Uint32Array(1264)),
  };
  const format = "tinylens-checkpoint-1";
  const files = [
    writeSafetensors({ a: embedding, b: nd("int32", [2], [1, 2]), c: nd("bool", [3], [1, 0, 1]) }),
    writeSafetensors(checkpoint, { step: "60", format, batchesTaken: "3" }),
    writeSafetensors(weights, {}),
    writeSafetensors({}, {}),
  ].map((bytes) => Buffer.from(bytes));
  const change = (g: Generator) => mutateSafetensors(g, g.pick(files));
  const bytes = (g: Generator) => mutateBytes(g, g.pick(files), g.pick(files));
  const model = { where: "file", format: "safetensors" } as const;
  return [
    { name: "safetensors bytes", make: bytes, read: (file) => askAll(readSafetensors(file)) },
    { name: "safetensors structure", make: change, read: (file) => askAll(readSafetensors(file)) },
    { name: "safetensors as model", make: change, read: (file) => void readModel(file, model) },
    {
      name: "safetensors as checkpoint",
      make: (g) => (g.random() < 0.5 ? change(g) : bytes(g)),
      read: (file) => void checkpointFromArrays(readSafetensors(file)),
    },
  ];
}

function jsonKinds(): Kind[] {
  const texts = [
    encodeJson({ a: nd("float32", [2], [1, 2]), n: Number.NaN, list: [1, { x: -0 }], $array: 1 }),
    encodeJson({ curve: [0.1, 1e300, null], name: "größe", deep: [[[[true]]]], $number: "NaN" }),
  ];
  const lens = writePt(weights);
  const changed = (g: Generator, value: unknown) =>
    Buffer.from(JSON.stringify(mutateJson(g, mutateJson(g, value))) ?? "null");
  return [
    {
      name: "json",
      make: (g) =>
        g.random() < 0.5
          ? mutateBytes(g, Buffer.from(g.pick(texts)))
          : changed(g, JSON.parse(g.pick(texts))),
      read: (bytes) => askAll(decodeJson(Buffer.from(bytes).toString())),
    },
    {
      name: "configuration of a model",
      make: (g) => changed(g, config),
      read: (bytes) => {
        const given: unknown = JSON.parse(Buffer.from(bytes).toString());
        if (typeof given !== "object" || given === null || Array.isArray(given)) return;
        readModel(lens, { where: "file", config: given as Record<string, unknown> });
      },
    },
    {
      name: "configuration in a file",
      make: (g) => {
        const own = { version: 1, model: "hooked-transformer", config, processed: [] };
        const text = (value: unknown) => JSON.stringify(mutateJson(g, value)) ?? "null";
        const metadata = g.pick([
          { tinylens: text(own) },
          { transformer_lens_config: text(config) },
        ]);
        return Buffer.from(writeSafetensors(weights, metadata as Record<string, string>));
      },
      read: (bytes) => void readModel(bytes, { where: "file", format: "safetensors" }),
    },
  ];
}

/** A case is the next kind in turn; a reader may give a value or an `InputError` of one line. */
export function setup(): Case {
  const kinds = [...torchKinds(), ...safetensorsKinds(), ...jsonKinds()];
  return (index, g) => {
    const { name, make, read } = kinds[index % kinds.length] as Kind;
    const bytes = new Uint8Array(make(g));
    try {
      read(bytes);
    } catch (error) {
      if (!(error instanceof InputError)) {
        return {
          kind: "thrown",
          fault: `${name}: ${error instanceof Error ? error.stack : error}`,
        };
      }
      const { message } = error;
      if (isSentence(message)) return { kind: "refused", ...pollution(name) };
      return { kind: "refused", fault: `${name}: not one line: ${JSON.stringify(message)}` };
    }
    return { kind: "read", ...pollution(name) };
  };
}

function pollution(name: string): { readonly fault?: string } {
  return polluted() ? { fault: `${name}: a prototype was changed` } : {};
}
