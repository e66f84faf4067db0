/** From the bytes of a file to a model. */

import { checksumMatches } from "../core/crc32.ts";
import { InputError, UnknownNameError } from "../core/errors.ts";
import { checkOptions, type OptionNames, pickOptions } from "../core/options.ts";
import { printable, shown } from "../core/text.ts";
import {
  looksLikePt,
  type NamedArrays,
  type PtValue,
  type ReadOptions,
  readPt,
  readSafetensors,
  type StateDictOptions,
  stateDictOf,
  weightsOf,
} from "../io/index.ts";
import { requireUniqueNames } from "../io/json-scanner.ts";
import { type Model, type ModelName, models, parseConfig } from "../models/index.ts";
import { parsePasses, type WeightPass } from "../models/weight-processing/passes.ts";
import { type ConfigRecord, fromTransformerLensConfig, isConfigRecord } from "./config-names.ts";
import { type Allowed, type Determined, families } from "./families.ts";
import { layoutSays, maskSays } from "./layout-hints.ts";
import { fitWeights, type ModelFile, notFinite } from "./model-file.ts";
import { checkProcessed } from "./processing.ts";

/** How files that hold models are encoded. */
export type ModelFormat = "safetensors" | "pt";

/** What is known of a file besides its bytes. */
export interface ReadModelOptions extends ReadOptions, StateDictOptions {
  /** By default told by the first bytes. */
  readonly format?: ModelFormat;
  /** How messages begin; default "loadModel". */
  readonly where?: string;
  /** Name of the model, e.g. "hooked-transformer"; by default what the file says, or its names of weights. */
  readonly model?: string;
  /** Fields of the configuration, in camelCase or TransformerLens's snake case; they win over the file's. */
  readonly config?: ConfigRecord;
  /** Fields for such a model in a file without a configuration, where its weights leave them open. */
  readonly usual?: { readonly model: string; readonly config: ConfigRecord };
}

/** The options of `readModel`. */
export const readModelNames: OptionNames<ReadModelOptions> = {
  format: true,
  where: true,
  model: true,
  config: true,
  maxBytes: true,
  key: true,
  stripPrefix: true,
  usual: true,
};

/**
 * The model in a file: what `writeModel` wrote, or a state dict in any layout that `weightsOf` reads,
 * alone or under `model` beside a `config` (a dict of TransformerLens's). Where the file has no
 * configuration, shapes give the sizes, and the rest must be in `options.config`. Throws `InputError`
 * in one sentence for files that are damaged, weights and configurations that do not fit each other,
 * and fields that nothing tells.
 */
export function readModel(bytes: Uint8Array, options: ReadModelOptions = {}): ModelFile {
  checkOptions("readModel", options, readModelNames);
  const { where = "loadModel" } = options;
  const file = contents(where, bytes, options);
  const weights = weightsOf(file.raw);
  const [name, model] = modelNamed(
    where,
    options.model ?? file.model ?? recognized(where, weights),
  );
  const family = families[name];
  const determined = family.determine(where, weights);
  const given = givenFields(model, file.config, options, determined.allowed);
  const { allowed, warnings } = settled(
    { ...determined.allowed, ...maskSays(file.raw), ...layoutSays(file.raw) },
    given,
    where,
  );
  const { fields, assumed } = completed(where, { ...determined, allowed }, given);
  const config = parseConfig(model.name, model.config, fields);
  agree(where, allowed, config as ConfigRecord);
  const { processed = [], step } = file;
  checkProcessed(where, processed, config);
  const fitted = fitWeights(where, model, config, weights);
  const said = [...warnings, ...notFinite(where, fitted)];
  return {
    model,
    config,
    weights: fitted,
    processed,
    ...(step !== undefined && { step }),
    assumed,
    ...(said.length > 0 ? { warnings: said } : {}),
  };
}

/** Fields whose default follows from the sizes of a model. */
const fromSizes: readonly string[] = ["attnScale", "rotaryDim", "initializerRange"];

/**
 * What the file and the caller say; where neither has a configuration, what is usual. A usual field
 * that is the default for the usual sizes is left to be the default for the file's.
 */
function givenFields(
  // biome-ignore lint/suspicious/noExplicitAny: a model of any kind
  model: Model<any>,
  own: ConfigRecord | undefined,
  { config, usual }: ReadModelOptions,
  allowed: Allowed,
): ConfigRecord {
  const said = { ...own, ...fromTransformerLensConfig(config ?? {}) };
  if (Object.keys(said).length > 0 || usual?.model !== model.name) return said;
  const fields = Object.entries(usual.config);
  const others = Object.fromEntries(fields.filter(([field]) => !fromSizes.includes(field)));
  const defaults = parseConfig(model.name, model.config, others) as ConfigRecord;
  const fits = ([field, value]: [string, unknown]): boolean =>
    !(fromSizes.includes(field) && defaults[field] === value) &&
    (!Object.hasOwn(allowed, field) || (allowed[field] as readonly unknown[]).includes(value));
  return Object.fromEntries(fields.filter(fits)) as ConfigRecord;
}

/**
 * What the weights allow, where the configuration has the last word on `attentionDir`: a mask in a file
 * is a buffer, which TransformerLens makes again.
 */
function settled(
  { attentionDir: masked, ...weighed }: Allowed,
  { attentionDir: given }: ConfigRecord,
  where: string,
): { readonly allowed: Allowed; readonly warnings: readonly string[] } {
  if (masked === undefined) return { allowed: weighed, warnings: [] };
  if (given === undefined || masked.includes(given)) {
    return { allowed: { ...weighed, attentionDir: masked }, warnings: [] };
  }
  const warning = `${where}: the mask in the file is ${listed(masked)}, the configuration says attentionDir ${shown(given)} and wins`;
  return { allowed: weighed, warnings: [warning] };
}

/** How the formats of the checkpoints of runs begin; the first had no checksum. */
const runCheckpoint = "tinylens-checkpoint-";
const withoutChecksum = `${runCheckpoint}1`;

/** What a file says, before any of it is checked against the rest. */
interface Contents {
  readonly raw: NamedArrays;
  readonly model?: string | undefined;
  readonly config?: ConfigRecord | undefined;
  readonly processed?: readonly WeightPass[];
  readonly step?: number | undefined;
}

function contents(where: string, bytes: Uint8Array, options: ReadModelOptions): Contents {
  const limits = pickOptions<ReadOptions>(options, { maxBytes: true });
  const place = pickOptions<StateDictOptions>(options, { key: true, stripPrefix: true });
  const format = options.format ?? (looksLikePt(bytes) ? "pt" : "safetensors");
  if (format === "safetensors") {
    const { arrays, metadata } = readSafetensors(bytes, limits);
    const isRun = metadata.format?.startsWith(runCheckpoint) === true;
    if (isRun && metadata.format !== withoutChecksum && !checksumMatches(arrays, metadata)) {
      throw new InputError(`${where}: damaged, the checksum does not match the content`);
    }
    const own = isRun ? weightsOfRun(arrays) : arrays;
    if (Object.keys(own).length === 0) throw new InputError(`${where}: the file holds no weights`);
    const raw = stateDictOf(own, place);
    const said = record(where, metadata.tinylens, metadata.transformer_lens_config);
    const isCount = isRun && /^\d{1,15}$/.test(metadata.step ?? "");
    return { raw, ...said, step: isCount ? Number(metadata.step) : undefined };
  }
  const root = readPt(bytes, limits);
  const raw = stateDictOf(root, place);
  const own = beside(root, "tinylens");
  if (typeof own === "string") return { raw, ...record(where, own, undefined) };
  const config = [beside(root, "config"), beside(root, "cfg")].find(isConfigRecord);
  return config === undefined ? { raw } : { raw, config: fromTransformerLensConfig(config) };
}

/** What a file holds beside its weights; undefined also for a value that cannot be had. */
function beside(root: PtValue, key: string): unknown {
  if (typeof root !== "object" || root === null || !Object.hasOwn(root, key)) return undefined;
  try {
    return Reflect.get(root, key);
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

/** A checkpoint of a run without the state of its optimizer and batches. */
function weightsOfRun(arrays: NamedArrays): NamedArrays {
  return Object.fromEntries(Object.entries(arrays).filter(([name]) => !name.includes("/")));
}

/** The record that `writeModel` leaves, or TransformerLens's configuration alone, both JSON. */
function record(
  where: string,
  own: string | undefined,
  lens: string | undefined,
): Omit<Contents, "raw"> {
  if (own === undefined) {
    if (lens === undefined) return {};
    return { config: fromTransformerLensConfig(parsed(where, lens)) };
  }
  const { version, model, config, processed } = parsed(where, own);
  if (version !== 1 || typeof model !== "string" || typeof config !== "object") {
    throw new InputError(
      `${where}: the record of the model must have version 1, a model and a config; the file is corrupt or from a later tinylens`,
    );
  }
  return {
    model,
    config: config as ConfigRecord,
    processed: parsePasses(where, processed),
  };
}

function parsed(where: string, text: string): ConfigRecord {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      requireUniqueNames(`${where}: the configuration in the file`, text);
      return value as ConfigRecord;
    }
  } catch (error) {
    if (error instanceof InputError) throw error;
    // Falls through: text that is no JSON is refused like JSON that is no object.
  }
  throw new InputError(`${where}: the configuration in the file is not a JSON object`);
}

function modelNamed(where: string, name: string): readonly [ModelName, Model<unknown>] {
  const entries = Object.entries(models) as [ModelName, Model<unknown>][];
  const found = entries.find(([, model]) => model.name === name);
  if (found !== undefined) return found;
  const names = entries.map(([, model]) => model.name);
  throw new UnknownNameError(where, "model", name, names);
}

/** The name of the model whose weights these are. */
function recognized(where: string, weights: NamedArrays): string {
  const has = (name: string): boolean => Object.hasOwn(weights, name);
  const names = Object.keys(families) as ModelName[];
  const name = names.find((candidate) => families[candidate].recognizes(has));
  if (name !== undefined) return models[name].name;
  throw new InputError(
    `${where}: the weights must include embed.W_E or embed.W_E_a, got ${Object.keys(weights)
      .slice(0, 5)
      .map((name) => printable(name))
      .join(", ")}`,
  );
}

/** The given fields with those that the weights determine and those that are assumed. */
function completed(
  where: string,
  { allowed, open, assumed }: Determined,
  given: ConfigRecord,
): { readonly fields: ConfigRecord; readonly assumed: ConfigRecord } {
  const known = Object.fromEntries(
    Object.entries(allowed).flatMap(([field, values]) =>
      values.length === 1 ? [[field, values[0]]] : [],
    ),
  );
  const taken = Object.fromEntries(
    Object.entries(assumed).filter(([field]) => !(field in given) && !(field in known)),
  );
  const norm = { ...known, ...given }.normalizationType;
  if (norm === null) delete taken.eps;
  // TransformerLens's configurations have both, and leave attn_scale at -1 for the usual one.
  if ("useAttnScale" in given) delete taken.attnScale;
  const fields = { ...known, ...taken, ...given };
  const several = Object.keys(allowed).filter((field) => allowed[field]?.length !== 1);
  const missing = [...several, ...open].filter((field) => !(field in fields));
  if (missing.length > 0) {
    throw new InputError(
      `${where}: neither the file nor its weights tell ${missing.map((field) => choices(field, allowed[field])).join(", ")}; give ${missing.length === 1 ? "it" : "them"} in a configuration (--config on the command line)`,
    );
  }
  return { fields, assumed: taken };
}

function choices(field: string, values: readonly unknown[] | undefined): string {
  return values === undefined ? field : `${field} (${listed(values)})`;
}

function listed(values: readonly unknown[]): string {
  return values.map(String).join(" or ");
}

/** Throws when the configuration says what the weights do not allow, before sizes are believed. */
function agree(where: string, allowed: Allowed, config: ConfigRecord): void {
  for (const [field, values] of Object.entries(allowed)) {
    const said = config[field];
    if (!(field in config) || values.includes(said)) continue;
    const text = typeof said === "string" ? printable(said) : shown(said);
    throw new InputError(
      `${where}: the configuration says ${field} ${text}, the weights ${listed(values)}`,
    );
  }
}
