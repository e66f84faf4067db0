import type { Tensor } from "../../arrays/index.ts";
import { InputError } from "../../core/errors.ts";
import type { HookedTransformerConfig, NormalizationType } from "../hooked-transformer/index.ts";
import {
  axisIn,
  center,
  type Draft,
  draftOf,
  finish,
  inLayers,
  read,
  type TransformerModel,
} from "./rebuild.ts";

/** What is left of a normalization once its weights are folded; undefined: it has none. */
const folded: { readonly [K in NormalizationType]: NormalizationType | undefined } = {
  LN: "LNPre",
  LNPre: undefined,
  RMS: "RMSPre",
  RMSPre: undefined,
};

/** A matrix that reads normalized activations along `axis`, and the bias of what it writes. */
interface Reader {
  readonly weight: string;
  readonly bias: string;
  readonly axis: string;
}

/** Why the pass has no meaning for this configuration, if so. */
export function nothingToFold({ normalizationType }: HookedTransformerConfig): string | undefined {
  const left = normalizationType === null ? undefined : folded[normalizationType];
  if (left !== undefined) return undefined;
  return `foldLayerNorm: normalizationType must be LN or RMS, got ${normalizationType}`;
}

/**
 * Fold the weights of every normalization into the matrices that read it: W ← w W, b ← b + bias W,
 * and for LayerNorm, whose output has mean 0, W ← W - mean over what it reads. LN becomes LNPre, RMS
 * becomes RMSPre.
 * @throws InputError for shortformer positions, and for a gated MLP behind a LayerNorm with biases.
 */
export function foldLayerNorm(model: TransformerModel): TransformerModel {
  const nothing = nothingToFold(model.config);
  if (nothing !== undefined) throw new InputError(nothing);
  const { draft, config } = draftOf(model);
  refuse(draft, config);
  for (const [norm, readers] of normsOf(config)) foldInto(draft, norm, readers, isCentered(config));
  for (const mlp of inLayers(config, ["mlp"])) {
    if (!draft.weights.has(`${mlp}.ln.w`)) continue;
    const out = { weight: `${mlp}.W_out`, bias: `${mlp}.b_out`, axis: "d_mlp" };
    foldInto(draft, `${mlp}.ln`, [out], true);
  }
  const normalizationType = folded[config.normalizationType as NormalizationType] ?? null;
  return finish(model, { ...config, normalizationType }, draft, "foldLayerNorm");
}

/** Whether the normalization subtracts the mean. */
export function isCentered({ normalizationType }: HookedTransformerConfig): boolean {
  return normalizationType === "LN" || normalizationType === "LNPre";
}

function refuse(draft: Draft, config: HookedTransformerConfig): void {
  if (config.positionalEmbeddingType === "shortformer") {
    throw new InputError(
      "foldLayerNorm: shortformer adds positions after the normalization, so its weights cannot be folded; set foldLn: false",
    );
  }
  if (!config.gatedMlp) return;
  for (let l = 0; l < config.nLayers; l++) {
    const bias = draft.weights.get(`blocks.${l}.ln2.b`);
    if (bias === undefined || bias.readSync().data.every((b) => b === 0)) continue;
    throw new InputError(
      `foldLayerNorm: blocks.${l}.ln2.b must be 0 in front of a gated MLP, whose gate has no bias; set foldLn: false`,
    );
  }
}

/** Every normalization of the residual stream with its readers. */
function normsOf(config: HookedTransformerConfig): readonly (readonly [string, Reader[]])[] {
  const reader = (weight: string, bias: string): Reader => ({ weight, bias, axis: "d_model" });
  const layers = Array.from({ length: config.nLayers }, (_, l) => `blocks.${l}`);
  const blocks = layers.flatMap((block) => {
    const heads = ["Q", "K", "V"].map((x) =>
      reader(`${block}.attn.W_${x}`, `${block}.attn.b_${x}`),
    );
    const mlp = ["W_in", ...(config.gatedMlp ? ["W_gate"] : [])].map((w) =>
      reader(`${block}.mlp.${w}`, `${block}.mlp.b_in`),
    );
    const norms: [string, Reader[]][] = [[`${block}.ln1`, heads]];
    if (!config.attnOnly) norms.push([`${block}.ln2`, mlp]);
    return norms;
  });
  return [...blocks, ["ln_final", [reader("unembed.W_U", "unembed.b_U")]]];
}

function foldInto(draft: Draft, norm: string, readers: readonly Reader[], centered: boolean): void {
  const scale = draft.weights.get(`${norm}.w`);
  const shift = draft.weights.get(`${norm}.b`);
  for (const { weight, bias, axis } of readers) {
    const at = axisIn(draft, weight, axis);
    const w = read(draft, weight);
    if (shift !== undefined) {
      draft.weights.set(bias, read(draft, bias).add(w.mul(along(shift, w, at)).sum(at)));
    }
    if (scale !== undefined) draft.weights.set(weight, w.mul(along(scale, w, at)));
    if (centered) center(draft, weight, axis);
  }
}

/** A vector laid along one axis of `w`. */
function along(vector: Tensor, w: Tensor, axis: number): Tensor {
  return vector.reshape(w.shape.map((_, i) => (i === axis ? -1 : 1)));
}
