/**
 * Weights from published checkpoints, under TransformerLens's names and in its shapes. Floating-point
 * arrays that no rule covers are refused, not dropped; counters and masks of any name are no weights.
 */

import { dims } from "../core/dims.ts";
import { InputError, UnknownNameError } from "../core/errors.ts";
import { type NdArray, nd, type Spec, zerosOf } from "../core/nd.ts";
import { checkOptions, type OptionNames, pickOptions } from "../core/options.ts";
import { printable } from "../core/text.ts";
import type { PtValue } from "./pt/value.ts";
import type { NamedArrays } from "./safetensors.ts";
import { type StateDictOptions, specAt, stateDictOf } from "./state-dict.ts";

/** Where the weights are, and what an adapter may leave out. */
export interface AdapterOptions extends StateDictOptions {
  /** Keys to leave out besides masks and buffers. */
  readonly ignore?: readonly string[];
}

/** Whose names and shapes a state dict has. */
export type Layout = "rep-theory" | "progress-measures" | "transformer-lens";

/**
 * The layout of a state dict: that of rep-theory-mech-interp's networks when it has one of their
 * embeddings, that of progress-measures-paper when `attn.W_O` is stored flat (two axes), else that of
 * TransformerLens.
 */
export function layoutOf(state: NamedArrays): Layout {
  if (repTheoryMarks.some((key) => Object.hasOwn(state, key))) return "rep-theory";
  const flat = Object.keys(state).some(
    (key) => key.endsWith(".attn.W_O") && specAt(state, key)?.shape.length === 2,
  );
  return flat ? "progress-measures" : "transformer-lens";
}

/** Weights of a checkpoint in any layout (`layoutOf`), under TransformerLens's names. */
export function weightsOf(checkpoint: PtValue, options: AdapterOptions = {}): NamedArrays {
  checkOptions("weightsOf", options, adapterNames);
  const place = pickOptions<StateDictOptions>(options, { key: true, stripPrefix: true });
  const state = stateDictOf(checkpoint, place);
  return adapters[layoutOf(state)](state, options);
}

const adapters: {
  readonly [L in Layout]: (state: NamedArrays, options: AdapterOptions) => NamedArrays;
} = {
  "rep-theory": fromRepTheory,
  "progress-measures": fromProgressMeasures,
  "transformer-lens": fromTransformerLens,
};

/** A rule for a key: where it goes and how, or that it is no weight. */
type Rule =
  | "drop"
  | { readonly axes: string; convert?(x: NdArray, key: string, state: NamedArrays): NdArray };

/** Keys by name; `#` stands for the number of a layer. */
type Rules = { readonly [key: string]: Rule };

const perHead = { axes: "head d_head d_model", convert: swapLastAxes };

/** Source: progress-measures-paper, transformers.py. */
const progressMeasures: Rules = {
  "embed.W_E": { axes: "d_model d_vocab", convert: swapLastAxes },
  "pos_embed.W_pos": { axes: "pos d_model" },
  "unembed.W_U": { axes: "d_model d_vocab_out" },
  "blocks.#.attn.W_Q": perHead,
  "blocks.#.attn.W_K": perHead,
  "blocks.#.attn.W_V": perHead,
  "blocks.#.attn.W_O": { axes: "d_model head·d_head", convert: splitHeads },
  "blocks.#.attn.mask": "drop",
  "blocks.#.mlp.W_in": { axes: "d_mlp d_model", convert: swapLastAxes },
  "blocks.#.mlp.b_in": { axes: "d_mlp" },
  "blocks.#.mlp.W_out": { axes: "d_model d_mlp", convert: swapLastAxes },
  "blocks.#.mlp.b_out": { axes: "d_model" },
};

const adapterNames: OptionNames<AdapterOptions> = { ignore: true, key: true, stripPrefix: true };

/**
 * A state dict of progress-measures-paper as TransformerLens weights: `embed.W_E` "d_vocab d_model",
 * `attn.W_Q` "head d_model d_head", `attn.W_O` "head d_head d_model", `mlp.W_in` "d_model d_mlp" and
 * so on; layers are called `blocks` or `attn_blocks`. Causal masks are dropped. The biases that this
 * model lacks (`b_Q b_K b_V b_O b_U`) are zeros. `attn_blocks` pass their input on twice (see
 * `undouble`). Throws `InputError` for unknown keys and shapes.
 */
export function fromProgressMeasures(
  state: NamedArrays,
  options: AdapterOptions = {},
): NamedArrays {
  checkOptions("fromProgressMeasures", options, adapterNames);
  const adapted = adapt("fromProgressMeasures", progressMeasures, state, options);
  const doubles = Object.keys(state).some((key) => key.startsWith("attn_blocks."));
  const weights = doubles ? undouble(adapted) : adapted;
  return { ...weights, ...zeroBiases(weights) };
}

const norm = { axes: "d_model" };
const heads = { axes: "head d_model d_head" };
const headBias = { axes: "head d_head" };

/** Source: TransformerLens 3.5.1, `HookedTransformer.state_dict()`. */
const transformerLens: Rules = {
  "embed.W_E": { axes: "d_vocab d_model" },
  "pos_embed.W_pos": { axes: "pos d_model" },
  "blocks.#.ln1.w": norm,
  "blocks.#.ln1.b": norm,
  "blocks.#.ln2.w": norm,
  "blocks.#.ln2.b": norm,
  "blocks.#.attn.W_Q": heads,
  "blocks.#.attn.W_K": heads,
  "blocks.#.attn.W_V": heads,
  "blocks.#.attn.W_O": { axes: "head d_head d_model" },
  "blocks.#.attn.b_Q": headBias,
  "blocks.#.attn.b_K": headBias,
  "blocks.#.attn.b_V": headBias,
  "blocks.#.attn.b_O": { axes: "d_model" },
  "blocks.#.attn._W_K": heads,
  "blocks.#.attn._W_V": heads,
  "blocks.#.attn._b_K": headBias,
  "blocks.#.attn._b_V": headBias,
  "blocks.#.attn.q_norm.w": { axes: "d_head" },
  "blocks.#.attn.k_norm.w": { axes: "d_head" },
  "blocks.#.attn.mask": "drop",
  "blocks.#.attn.IGNORE": "drop",
  "blocks.#.attn.rotary_sin": "drop",
  "blocks.#.attn.rotary_cos": "drop",
  "blocks.#.mlp.W_in": { axes: "d_model d_mlp" },
  "blocks.#.mlp.W_gate": { axes: "d_model d_mlp" },
  "blocks.#.mlp.b_in": { axes: "d_mlp" },
  "blocks.#.mlp.W_out": { axes: "d_mlp d_model" },
  "blocks.#.mlp.b_out": { axes: "d_model" },
  "blocks.#.mlp.ln.w": { axes: "d_mlp" },
  "blocks.#.mlp.ln.b": { axes: "d_mlp" },
  "ln_final.w": norm,
  "ln_final.b": norm,
  "unembed.W_U": { axes: "d_model d_vocab_out" },
  "unembed.b_U": { axes: "d_vocab_out" },
};

/**
 * The weights of a TransformerLens state dict of any version: `mask`, `IGNORE` and the rotary
 * buffers, whose shapes changed, are dropped. Throws `InputError` for unknown keys and shapes.
 */
export function fromTransformerLens(state: NamedArrays, options: AdapterOptions = {}): NamedArrays {
  checkOptions("fromTransformerLens", options, adapterNames);
  return adapt("fromTransformerLens", transformerLens, state, options);
}

/** Keys that only rep-theory-mech-interp's models have, and ours of that kind. */
const repTheoryMarks = ["W_x", "W_E_a", "x_embed", "embed.W_E_a"];

const embedding = { axes: "d_vocab d_embed" };

/** Source: rep-theory-mech-interp, models.py, now and at commit 81ca289 (`W_E_a`, `W_E_b`). */
const repTheory: Rules = {
  W_x: embedding,
  W_y: embedding,
  W_E_a: embedding,
  W_E_b: embedding,
  W: { axes: "d_embed_ab d_mlp" },
  W_U: { axes: "d_mlp d_vocab_out" },
  "embed.W_E_a": embedding,
  "embed.W_E_b": embedding,
  "mlp.W_in": { axes: "d_embed_ab d_mlp" },
  "mlp.b_in": { axes: "d_mlp" },
  "unembed.W_U": { axes: "d_mlp d_vocab_out" },
  "unembed.b_U": { axes: "d_vocab_out" },
};

const repTheoryNames: Readonly<Record<string, string>> = {
  W_x: "embed.W_E_a",
  W_y: "embed.W_E_b",
  W_E_a: "embed.W_E_a",
  W_E_b: "embed.W_E_b",
  W: "mlp.W_in",
  W_U: "unembed.W_U",
};

/**
 * A state dict of rep-theory-mech-interp (Chughtai et al. 2023) under the names of `one-layer-mlp`,
 * `bilinear` or, for its transformers, of TransformerLens without `x_embed` and `y_embed`, which repeat
 * `embed.W_E`. Throws `InputError` for unknown keys and shapes.
 */
export function fromRepTheory(state: NamedArrays, options: AdapterOptions = {}): NamedArrays {
  checkOptions("fromRepTheory", options, adapterNames);
  if (Object.hasOwn(state, "embed.W_E")) {
    const ignore = [...(options.ignore ?? []), "x_embed", "y_embed"];
    return fromTransformerLens(state, { ...options, ignore });
  }
  const weights = adapt("fromRepTheory", repTheory, state, options);
  return Object.fromEntries(
    Object.entries(weights).map(([key, x]) => [repTheoryNames[key] ?? key, x]),
  );
}

function adapt(
  where: string,
  rules: Rules,
  state: NamedArrays,
  { ignore = [] }: AdapterOptions,
): NamedArrays {
  const out: [string, NdArray][] = [];
  for (const key of Object.keys(state)) {
    if (ignore.includes(key)) continue;
    const name = key.replace(/^attn_blocks\./, "blocks.");
    const pattern = name.replace(/^blocks\.\d+\./, "blocks.#.");
    const rule = Object.hasOwn(rules, pattern) ? rules[pattern] : undefined;
    if (rule === "drop" || (rule === undefined && !isFloat(specAt(state, key)))) continue;
    if (rule === undefined) throw new UnknownNameError(where, "weight", key, Object.keys(rules));
    const x = state[key] as NdArray;
    dims(`${where}: ${printable(key)}`, x, rule.axes);
    out.push([name, rule.convert?.(x, key, state) ?? x]);
  }
  return Object.fromEntries(out);
}

/** Whether these are numbers a weight can have; what cannot be read is undefined, and no weight. */
function isFloat(spec: Spec | undefined): boolean {
  return spec?.dtype === "float32" || spec?.dtype === "float64";
}

/** Exchange the last two axes; a copy. */
function swapLastAxes({ dtype, shape, data }: NdArray): NdArray {
  const [rows, columns] = shape.slice(-2) as [number, number];
  const out = zerosOf(dtype, data.length);
  for (let i = 0; i < data.length; i++) {
    const column = i % columns;
    const row = Math.floor(i / columns) % rows;
    const matrix = i - column - row * columns;
    out[matrix + column * rows + row] = data[i] as number;
  }
  return nd(dtype, [...shape.slice(0, -2), columns, rows], out);
}

/** W_O "d_model head·d_head" as "head d_head d_model"; the heads are counted in W_K. */
function splitHeads(x: NdArray, key: string, state: NamedArrays): NdArray {
  const sibling = key.replace(/W_O$/, "W_K");
  const [head = 0, dHead = 0] = state[sibling]?.shape ?? [];
  const turned = swapLastAxes(x);
  const [flat, dModel] = turned.shape as [number, number];
  if (head * dHead !== flat) {
    throw new InputError(
      `fromProgressMeasures: ${key} has ${flat} columns, ${sibling} has ${head} heads of ${dHead}`,
    );
  }
  return nd(turned.dtype, [head, dHead, dModel], turned.data);
}

/**
 * The same function in a model whose blocks give x + attn(x), from weights for blocks that give
 * 2 x + attn(x): with these the published loss of `induction_head_infinite.pth` comes out. The stream
 * before block l is 2^l times that of the result, so what reads it is multiplied by that, what block l
 * writes divided by 2^(l + 1). Powers of two: nothing is rounded.
 */
function undouble(weights: NamedArrays): NamedArrays {
  const layerOf = (name: string): number => Number(/^blocks\.(\d+)\./.exec(name)?.[1] ?? -1);
  const layers = 1 + Math.max(...Object.keys(weights).map(layerOf));
  const factor = (name: string): number => {
    if (name === "unembed.W_U") return 2 ** layers;
    if (/\.attn\.W_[QKV]$/.test(name)) return 2 ** layerOf(name);
    return name.endsWith(".attn.W_O") ? 2 ** -(layerOf(name) + 1) : 1;
  };
  const scaled = ([name, { dtype, shape, data }]: [string, NdArray]): [string, NdArray] => [
    name,
    nd(
      dtype,
      shape,
      Array.from(data, (x) => Number(x) * factor(name)),
    ),
  ];
  return Object.fromEntries(Object.entries(weights).map(scaled));
}

/** The biases of attention and unembedding, as zeros. */
function zeroBiases(weights: NamedArrays): NamedArrays {
  const out: [string, NdArray][] = [];
  const add = (name: string, shape: readonly number[]): void => {
    const length = shape.reduce((product, size) => product * size, 1);
    out.push([name, nd("float32", shape, new Float32Array(length))]);
  };
  for (const [name, { shape }] of Object.entries(weights)) {
    const [first = 0, second = 0, third = 0] = shape;
    if (/\.attn\.W_[QKV]$/.test(name)) add(name.replace("W_", "b_"), [first, third]);
    if (name.endsWith(".attn.W_O")) add(name.replace("W_", "b_"), [third]);
    if (name === "unembed.W_U") add("unembed.b_U", [second]);
  }
  return Object.fromEntries(out);
}
