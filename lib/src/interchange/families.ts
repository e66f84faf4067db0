/** What the names and shapes of weights say about the model they belong to, for every model. */

import { dims } from "../core/dims.ts";
import { InputError } from "../core/errors.ts";
import type { NamedArrays } from "../io/index.ts";
import type { ModelName } from "../models/index.ts";

/** The values of a field that the weights allow; a single one is then known. */
export type Allowed = { readonly [field: string]: readonly unknown[] };

/** What the weights leave to the configuration. */
export interface Determined {
  readonly allowed: Allowed;
  /** Fields without which the outputs are not known, beyond those of which `allowed` leaves several. */
  readonly open: readonly string[];
  /** Fields taken at their usual value when nothing says otherwise. */
  readonly assumed: { readonly [field: string]: unknown };
}

export interface Family {
  /** Whether weights of these names are this model's. At most one model recognizes any. */
  recognizes(has: (name: string) => boolean): boolean;
  determine(where: string, weights: NamedArrays): Determined;
}

const isBitNet = (has: (name: string) => boolean): boolean =>
  has("embed.W_E") && has("ln_final.w") && has("blocks.0.attn.W_Q") && !has("blocks.0.ln1.w");

/** Every model, by its exported name. */
export const families: { readonly [N in ModelName]: Family } = {
  bilinear: {
    recognizes: (has) => has("embed.W_E_a") && !has("mlp.W_in"),
    determine: (where, weights) => ({
      allowed: sizesIn(where, weights, {
        "embed.W_E_a": "dVocab dEmbed",
        "unembed.W_U": "dEmbed dVocabOut",
      }),
      open: [],
      assumed: {},
    }),
  },
  bitNetTransformer: {
    recognizes: isBitNet,
    determine: (where, weights) => ({
      allowed: {
        ...sizesIn(where, weights, {
          "embed.W_E": "dVocab dModel",
          "blocks.0.attn.W_Q": "nHeads dModel _",
          "blocks.0.mlp.W_in": "dModel dMlp",
          "unembed.W_U": "dModel dVocabOut",
        }),
        nLayers: [layersIn(where, weights)],
      },
      open: ["quantization"],
      assumed: {},
    }),
  },
  hookedTransformer: {
    recognizes: (has) => has("embed.W_E") && !isBitNet(has),
    determine: determineTransformer,
  },
  oneLayerMlp: {
    recognizes: (has) => has("embed.W_E_a") && has("mlp.W_in"),
    determine: (where, weights) => ({
      allowed: {
        ...sizesIn(where, weights, {
          "embed.W_E_a": "dVocab dEmbed",
          "mlp.W_in": "_ dMlp",
          "unembed.W_U": "dMlp dVocabOut",
        }),
        bias: [weights["mlp.b_in"] !== undefined],
      },
      open: [],
      assumed: {},
    }),
  },
};

function determineTransformer(where: string, weights: NamedArrays): Determined {
  const has = (name: string): boolean => weights[name] !== undefined;
  const sizes = sizesIn(where, weights, {
    "embed.W_E": "dVocab dModel",
    "pos_embed.W_pos": "nCtx dModel",
    "blocks.0.attn.W_Q": "nHeads dModel dHead",
    "blocks.0.mlp.W_in": "dModel dMlp",
    "unembed.W_U": "dModel dVocabOut",
  });
  const nLayers = layersIn(where, weights);
  const attnOnly = nLayers > 0 && !has("blocks.0.mlp.W_in");
  const standard = has("pos_embed.W_pos");
  const norm = nLayers > 0 ? "blocks.0.ln1" : "ln_final";
  const shape: Allowed = {
    ...sizes,
    nLayers: [nLayers],
    attnOnly: nLayers > 0 ? [attnOnly] : [true, false],
    normalizationType: normsOf(has(`${norm}.w`), has(`${norm}.b`)),
    positionalEmbeddingType: standard ? ["standard", "shortformer", "alibi"] : ["rotary"],
  };
  const needs = (field: string, when: boolean): string[] =>
    when && sizes[field] === undefined ? [field] : [];
  const mlp: Allowed = attnOnly ? {} : { gatedMlp: [has("blocks.0.mlp.W_gate")] };
  const solu = has("blocks.0.mlp.ln.w");
  const hasMlp = nLayers > 0 && !attnOnly;
  return {
    allowed: { ...shape, ...mlp, ...(solu ? { actFn: ["solu_ln"] } : {}) },
    open: [
      ...needs("nCtx", !standard),
      ...needs("dHead", true),
      ...(hasMlp && !solu ? ["actFn"] : []),
    ],
    assumed: {
      ...(nLayers > 0 ? { attentionDir: "causal", ...scaleOf(sizes) } : { attnOnly: true }),
      ...(standard
        ? { positionalEmbeddingType: "standard" }
        : { rotaryBase: 10000, rotaryAdjacentPairs: false, ...rotaryDimOf(sizes) }),
      eps: 1e-5,
    },
  };
}

/** How scores are scaled when nothing says otherwise. */
function scaleOf(sizes: Allowed): Determined["assumed"] {
  const dHead = sizes.dHead?.[0];
  const scale = typeof dHead === "number" ? { attnScale: Math.sqrt(dHead) } : {};
  return { useAttnScale: true, ...scale };
}

/** Rotations of whole heads. */
function rotaryDimOf(sizes: Allowed): Determined["assumed"] {
  const dHead = sizes.dHead?.[0];
  return dHead === undefined ? {} : { rotaryDim: dHead };
}

/** The norms whose weights are a scale and a shift, a scale, or nothing. */
function normsOf(scale: boolean, shift: boolean): readonly unknown[] {
  if (!scale) return [null, "LNPre", "RMSPre"];
  return shift ? ["LN"] : ["RMS"];
}

/**
 * Sizes by the field that each axis is; axes `_` are none. Weights that are absent say nothing.
 * Throws `ShapeError` where two weights disagree.
 */
function sizesIn(
  where: string,
  weights: NamedArrays,
  axes: { readonly [weight: string]: string },
): Allowed {
  let known: Record<string, number> = {};
  for (const [name, spec] of Object.entries(axes)) {
    const array = weights[name];
    if (array === undefined) continue;
    const { _: _unnamed, ...bound } = dims(`${where}: ${name}`, array, spec, known);
    known = bound;
  }
  return Object.fromEntries(Object.entries(known).map(([field, size]) => [field, [size]]));
}

/** Number of blocks. Throws `InputError` when their numbers have gaps. */
function layersIn(where: string, weights: NamedArrays): number {
  const numbers = new Set(
    Object.keys(weights).flatMap((name) => /^blocks\.(\d+)\./.exec(name)?.[1] ?? []),
  );
  for (let layer = 0; layer < numbers.size; layer++) {
    if (numbers.has(String(layer))) continue;
    throw new InputError(
      `${where}: the blocks must be numbered from 0 to ${numbers.size - 1}, ${layer} is missing`,
    );
  }
  return numbers.size;
}
