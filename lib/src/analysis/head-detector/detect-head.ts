/** Which heads attend as a known kind of head would. */

import { Tensor, tensor } from "../../arrays/index.ts";
import { InputError, ShapeError, UnknownNameError } from "../../core/errors.ts";
import { type NdArray, nd } from "../../core/nd.ts";
import { checkOptions } from "../../core/options.ts";
import type { ActivationCache, HookedModel, Tokens } from "../../models/index.ts";
import { axisSize, indexArray } from "../../models/tokens.ts";
import { detectionPatterns, type HeadName, headNames } from "./patterns.ts";
import { checkMeasure, type SimilarityOptions, similarity } from "./similarity.ts";

/** Which heads to score, and how. */
export interface DetectHeadOptions extends SimilarityOptions {
  /** Score only these heads; the others are -1. Default all. */
  readonly heads?: readonly (readonly [layer: number, head: number])[];
  /** The activations of these tokens, so that the model need not run again. */
  readonly cache?: ActivationCache;
}

/**
 * How well each head attends as `pattern` says, "layer head": the mean over the sequences of
 * `computeHeadAttentionSimilarityScore`. `tokens`: one sequence or several, "batch pos". A pattern is
 * the name of a kind of head, or numbers "dest src" without attention to later positions.
 * @throws UnknownNameError, ShapeError or InputError for arguments that are none of these.
 */
export function detectHead<C>(
  model: HookedModel<C>,
  tokens: Tokens,
  pattern: HeadName | Tensor,
  asked: DetectHeadOptions = {},
): Tensor {
  checkOptions("detectHead", asked, {
    heads: true,
    cache: true,
    excludeBos: true,
    excludeCurrentToken: true,
    errorMeasure: true,
  });
  const { heads, cache: given, ...options } = asked;
  const { excludeBos = false, excludeCurrentToken = false, errorMeasure = "mul" } = options;
  checkMeasure("detectHead", errorMeasure);
  const sequences = sequencesOf(model, tokens);
  const [first = []] = sequences;
  const patterns = sequences.map((own) => patternFor(own, pattern).readSync().data);
  const cache =
    given ??
    model.runWithCache(tokens, { names: (name) => name.endsWith(".attn.hook_pattern") }).cache;
  const layers = attentionOf(cache, model.nLayers, sequences.length, first.length);
  const nHeads = layers[0]?.shape[1] ?? 0;
  const size = first.length ** 2;
  const scores = new Float32Array(layers.length * nHeads).fill(-1);
  const all = layers.flatMap((_, layer) => range(nHeads).map((head) => [layer, head] as const));
  for (const [layer, head] of heads ?? all) {
    const own = layers[layer];
    if (own === undefined || !range(nHeads).includes(head)) {
      throw new InputError(
        `detectHead: heads must be [layer, head] below [${layers.length}, ${nHeads}], got [${layer}, ${head}]`,
      );
    }
    const each = patterns.map((wanted, row) => {
      const at = (row * nHeads + head) * size;
      return similarity(own.data.subarray(at, at + size), wanted, first.length, {
        excludeBos,
        excludeCurrentToken,
        errorMeasure,
      });
    });
    scores[layer * nHeads + head] = each.reduce((sum, x) => sum + x, 0) / each.length;
  }
  return tensor(nd("float32", [layers.length, nHeads], scores));
}

/** The attention of each layer, "batch head dest src". @throws ShapeError for other tokens' cache. */
function attentionOf(
  cache: ActivationCache,
  nLayers: number,
  batch: number,
  length: number,
): NdArray[] {
  return range(nLayers).map((layer) => {
    const { shape } = cache.get("pattern", layer);
    const expected = [batch, shape[1] ?? -1, length, length];
    if (shape.join() !== expected.join()) {
      throw new ShapeError(
        'detectHead: the cache must be of these tokens, "batch head dest src"',
        expected,
        shape,
      );
    }
    return cache.get("pattern", layer).readSync();
  });
}

function sequencesOf<C>(model: HookedModel<C>, tokens: Tokens): number[][] {
  const size = axisSize(model.model.parameters(model.config), "d_vocab") ?? Infinity;
  const given = tokens instanceof Tensor ? tokens.readSync() : tokens;
  const array = indexArray("detectHead", "tokens", given, size);
  const length = array.shape.at(-1) ?? 0;
  if (array.shape.length > 2 || length < 2) {
    throw new ShapeError('detectHead: tokens "batch pos" of at least 2', [-1, 2], array.shape);
  }
  const data = Array.from(array.data, Number);
  return range(data.length / length).map((row) => data.slice(row * length, (row + 1) * length));
}

function patternFor(tokens: readonly number[], pattern: HeadName | Tensor): Tensor {
  if (!(pattern instanceof Tensor)) {
    const known = Object.hasOwn(detectionPatterns, pattern);
    if (!known) throw new UnknownNameError("detectHead", "detection pattern", pattern, headNames);
    return detectionPatterns[pattern](tokens);
  }
  const { length } = tokens;
  if (pattern.shape.join() !== `${length},${length}`) {
    throw new ShapeError('detectHead: pattern "dest src"', [length, length], pattern.shape);
  }
  const above = pattern
    .readSync()
    .data.findIndex((x, i) => i % length > Math.floor(i / length) && Number(x) !== 0);
  if (above >= 0) {
    throw new InputError(
      `detectHead: the pattern must be 0 where src is after dest, got ${pattern.readSync().data[above]} at [${Math.floor(above / length)}, ${above % length}]`,
    );
  }
  return pattern;
}

function range(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i);
}
