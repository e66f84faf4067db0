/** Where in a checkpoint the weights are, and what stands before their names. */

import { InputError } from "../core/errors.ts";
import type { NdArray, Spec } from "../core/nd.ts";
import { checkOptions } from "../core/options.ts";
import { printable } from "../core/text.ts";
import { isNdArray } from "./json.ts";
import { defer, deferredAt } from "./pt/deferred.ts";
import type { PtValue } from "./pt/value.ts";
import type { NamedArrays } from "./safetensors.ts";

/** Which of the dicts of a checkpoint holds the weights, where that is not clear. */
export interface StateDictOptions {
  /**
   * Where the weights are: a name such as "ema", or names joined by dots ("snapshots.3.model"; numbers
   * index lists). Default: found by the names of weights.
   */
  readonly key?: string;
  /**
   * What to take from the names, e.g. "model."; names that do not begin so are left out. Default: what
   * all the names share.
   */
  readonly stripPrefix?: string;
}

/** Keys under which checkpoints keep their weights; they win over any other. */
const usual = ["model", "model_state_dict", "state_dict"];

/** How deep, and among how many dicts, weights are looked for. */
const DEEPEST = 4;
const MOST_DICTS = 10_000;

/** Names that PyTorch puts before those of a module that it wraps. */
const wrappers = /(?<=^|\.)(?:_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module)\./g;

/** Weights that every model here has one of, and what stands before them. */
const marks = /^((?:.*?\.)??)(?:embed\.W_E_a|embed\.W_E|W_E_a|W_x|x_embed)$/;

type PtRecord = { readonly [key: string]: PtValue };

/** A dict with the names of weights in it. */
interface Candidate {
  readonly key: string;
  readonly record: PtRecord;
  /** What stands before the weights; several when the dict holds several models. */
  readonly prefixes: readonly string[];
}

/**
 * The state dict of a checkpoint: the dict with the names of weights, at the top, under `model`,
 * `model_state_dict` or `state_dict`, or wherever there is only one, without prefixes that all names
 * share (`module.`, `model.`) and without `_orig_mod.`. Values that are no arrays and `_extra_state` are
 * left out. Throws `InputError` naming the choices where several dicts or prefixes could be meant.
 */
export function stateDictOf(checkpoint: PtValue, options: StateDictOptions = {}): NamedArrays {
  checkOptions("stateDictOf", options, { key: true, stripPrefix: true });
  const { key, stripPrefix } = options;
  const { record, prefixes } = key === undefined ? found(checkpoint) : at(checkpoint, key);
  const prefix = stripPrefix === undefined ? onlyPrefix(prefixes) : withDot(stripPrefix);
  return strip(record, prefix);
}

/** Dtype and shape of an array in a dict, without reading it; undefined for anything else. */
export function specAt(record: PtRecord, key: string): Spec | undefined {
  const deferred = deferredAt(record, key);
  if (deferred !== undefined) return deferred.spec;
  const value = record[key];
  return isNdArray(value) ? value : undefined;
}

/** Whether a dict has an array under a key, or something that cannot be read and may be one. */
function mayBeArray(record: PtRecord, key: string): boolean {
  return deferredAt(record, key) !== undefined || isNdArray(record[key]);
}

function found(checkpoint: PtValue): Candidate {
  const candidates = candidatesIn(checkpoint);
  const preferred = candidates.filter(({ key }) => key === "" || usual.includes(key));
  const choices = preferred.length > 0 ? preferred : candidates;
  const [first] = choices;
  if (first === undefined) return anyDict(checkpoint);
  if (choices.length === 1) return first;
  const names = choices.map(({ key }) => (key === "" ? "the top" : printable(key, 40)));
  throw new InputError(
    `stateDictOf: weights are in ${listed(names)}; choose one with the option key (--key)`,
  );
}

/** The dicts with names of weights, the outermost first. */
function candidatesIn(checkpoint: PtValue): readonly Candidate[] {
  const out: Candidate[] = [];
  let level: readonly (readonly [string, PtValue])[] = [["", checkpoint]];
  let looked = 0;
  for (let depth = 0; depth <= DEEPEST; depth++) {
    const next: (readonly [string, PtValue])[] = [];
    for (const [key, value] of level) {
      if (++looked > MOST_DICTS) break;
      if (Array.isArray(value)) next.push(...dictsOf(value, key));
      if (!isRecord(value)) continue;
      const prefixes = prefixesIn(value);
      if (prefixes.length > 0) out.push({ key, record: value, prefixes });
      else next.push(...fieldsOf(value, key));
    }
    level = next;
  }
  return out;
}

/** The dicts and lists in a list, by their index. */
function dictsOf(list: readonly PtValue[], key: string): (readonly [string, PtValue])[] {
  return list
    .slice(0, MOST_DICTS)
    .map((value, i) => [key === "" ? `${i}` : `${key}.${i}`, value] as const)
    .filter(([, value]) => isRecord(value) || Array.isArray(value));
}

/** What is not an array: these are not asked for, so that nothing is read that nobody needs. */
function fieldsOf(record: PtRecord, key: string): (readonly [string, PtValue])[] {
  return Object.keys(record)
    .filter((name) => !mayBeArray(record, name))
    .map((name) => [key === "" ? name : `${key}.${name}`, record[name] as PtValue]);
}

function prefixesIn(record: PtRecord): readonly string[] {
  const names = Object.keys(record).map((name) => marks.exec(name.replace(wrappers, ""))?.[1]);
  return [...new Set(names.filter((prefix) => prefix !== undefined))];
}

/** A dict of arrays without a weight that is known here, for the adapters to refuse by name. */
function anyDict(checkpoint: PtValue): Candidate {
  const inner = isRecord(checkpoint) ? fieldsOf(checkpoint, "") : [];
  const fields = inner.filter(([key]) => usual.includes(key)).map(([, value]) => value);
  const record = [checkpoint, ...fields].find(holdsArrays);
  if (record !== undefined) return { key: "", record, prefixes: [""] };
  throw new InputError(
    `stateDictOf: weights must be at the top or under ${usual.join(", ")}; the file has ${namesIn(checkpoint)}`,
  );
}

/** The dict at a path of names and indices joined by dots; names may have dots of their own. */
function at(checkpoint: PtValue, key: string): Candidate {
  const record = valueAt(checkpoint, key);
  if (isRecord(record)) {
    const prefixes = prefixesIn(record);
    return { key, record, prefixes: prefixes.length > 0 ? prefixes : [""] };
  }
  throw new InputError(
    `stateDictOf: key "${printable(key)}" is no dict of the file; it has ${namesIn(checkpoint)}`,
  );
}

/** The names at the top of a file, for a message. */
function namesIn(checkpoint: PtValue): string {
  if (Array.isArray(checkpoint)) return `a list of ${checkpoint.length} at the top`;
  const keys = isRecord(checkpoint) ? Object.keys(checkpoint) : [];
  const names = keys.slice(0, 8).map((name) => printable(name, 40));
  return names.join(", ") || "no names";
}

function valueAt(value: PtValue | undefined, path: string): PtValue | undefined {
  if (!isRecord(value) && !Array.isArray(value)) return undefined;
  if (Object.hasOwn(value, path)) return (value as PtRecord)[path];
  for (let dot = path.indexOf("."); dot >= 0; dot = path.indexOf(".", dot + 1)) {
    const name = path.slice(0, dot);
    if (!Object.hasOwn(value, name)) continue;
    const inner = valueAt((value as PtRecord)[name], path.slice(dot + 1));
    if (inner !== undefined) return inner;
  }
  return undefined;
}

function onlyPrefix(prefixes: readonly string[]): string {
  const [first = ""] = prefixes;
  if (prefixes.length <= 1) return first;
  const names = prefixes.map((prefix) => (prefix === "" ? "no prefix" : printable(prefix, 40)));
  throw new InputError(
    `stateDictOf: weights have ${listed(names)}; choose with the option stripPrefix (--strip-prefix)`,
  );
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 8);
  return `${shown.join(", ")}${names.length > shown.length ? ` and ${names.length - shown.length} more` : ""}`;
}

function withDot(prefix: string): string {
  return prefix === "" || prefix.endsWith(".") ? prefix : `${prefix}.`;
}

/** The arrays under their names without the prefix. */
function strip(record: PtRecord, prefix: string): NamedArrays {
  const taken = new Map<string, string>();
  for (const name of Object.keys(record)) {
    const bare = name.replace(wrappers, "");
    if (!bare.startsWith(prefix) || bare.endsWith("_extra_state")) continue;
    if (!mayBeArray(record, name)) continue;
    const short = bare.slice(prefix.length);
    const twice = taken.get(short);
    if (twice !== undefined) {
      throw new InputError(
        `stateDictOf: ${printable(twice, 60)} and ${printable(name, 60)} are both ${printable(short, 60)}`,
      );
    }
    taken.set(short, name);
  }
  if (taken.size === 0) {
    throw new InputError(
      `stateDictOf: no array has a name that begins with "${printable(prefix)}"; the names begin with ${listed(prefixesIn(record).map((one) => `"${printable(one, 40)}"`)) || "other texts"}`,
    );
  }
  return renamed(record, taken);
}

/** As assignment makes properties, those named `__proto__` included. */
const plain = { enumerable: true, configurable: true, writable: true } as const;

/** The values under other names (name in the result to name in the dict), still not asked for. */
function renamed(record: PtRecord, names: ReadonlyMap<string, string>): NamedArrays {
  const out: { [name: string]: NdArray } = {};
  for (const [short, name] of names) {
    const deferred = deferredAt(record, name);
    if (deferred !== undefined) defer(out, short, deferred);
    else Object.defineProperty(out, short, { value: record[name], ...plain });
  }
  return out;
}

function isRecord(value: PtValue | undefined): value is PtRecord {
  if (typeof value !== "object" || value === null) return false;
  return !Array.isArray(value) && !ArrayBuffer.isView(value) && !isNdArray(value);
}

function holdsArrays(value: PtValue | undefined): value is PtRecord {
  return isRecord(value) && Object.keys(value).some((key) => mayBeArray(value, key));
}
