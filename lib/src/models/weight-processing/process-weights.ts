import { abs, logSoftmax, tensor } from "../../arrays/index.ts";
import { InputError } from "../../core/errors.ts";
import { nd } from "../../core/nd.ts";
import { checkOptions, type OptionNames } from "../../core/options.ts";
import type { Rng } from "../../core/rng.ts";
import type { Tokens } from "../hooked-model.ts";
import type { HookedTransformerConfig } from "../hooked-transformer/index.ts";
import { centerUnembed, centerWritingWeights, nothingToCenter } from "./center-weights.ts";
import { foldLayerNorm, nothingToFold } from "./fold-layer-norm.ts";
import { foldValueBiases } from "./fold-value-biases.ts";
import type { WeightPass } from "./passes.ts";
import type { TransformerModel } from "./rebuild.ts";
import { refactorFactoredAttnMatrices } from "./refactor-attention.ts";

/** Sequences of random tokens on which the model is compared with the one before. */
const COMPARED = 8;

/**
 * Which passes to apply, in this order, and on what to compare the models. A pass that is left out
 * is applied where it has a meaning; refactoring only when asked for.
 */
export interface ProcessOptions {
  /** Default: with LN and RMS. */
  readonly foldLn?: boolean;
  /** Default: with LN and LNPre. */
  readonly centerWritingWeights?: boolean;
  /** Default true. */
  readonly centerUnembed?: boolean;
  /** Default true. */
  readonly foldValueBiases?: boolean;
  /** Default false. */
  readonly refactorFactoredAttnMatrices?: boolean;
  /** Tokens to compare on; when left out, 8 sequences of nCtx tokens drawn from `rng`. */
  readonly tokens?: Tokens;
  readonly rng?: Rng;
}

/** The new model, and how far it is from the one before. */
export interface ProcessedModel {
  /** `model.processed` names the passes. */
  readonly model: TransformerModel;
  /**
   * Largest change of a log-probability, in nats: rounding, about 1e-6, and more behind a norm whose
   * scale is small.
   */
  readonly maxLogProbChange: number;
}

interface Pass {
  readonly option: Exclude<keyof ProcessOptions, "tokens" | "rng">;
  readonly byDefault: boolean;
  /** Why the pass has no meaning for a configuration, if so. */
  readonly nothing: (config: HookedTransformerConfig) => string | undefined;
  readonly apply: (model: TransformerModel) => TransformerModel;
}

const always = (): undefined => undefined;

const passes: { readonly [P in WeightPass]: Pass } = {
  foldLayerNorm: {
    option: "foldLn",
    byDefault: true,
    nothing: nothingToFold,
    apply: foldLayerNorm,
  },
  centerWritingWeights: {
    option: "centerWritingWeights",
    byDefault: true,
    nothing: nothingToCenter,
    apply: centerWritingWeights,
  },
  centerUnembed: {
    option: "centerUnembed",
    byDefault: true,
    nothing: always,
    apply: centerUnembed,
  },
  foldValueBiases: {
    option: "foldValueBiases",
    byDefault: true,
    nothing: always,
    apply: foldValueBiases,
  },
  refactorFactoredAttnMatrices: {
    option: "refactorFactoredAttnMatrices",
    byDefault: false,
    nothing: always,
    apply: refactorFactoredAttnMatrices,
  },
};

const processNames: OptionNames<ProcessOptions> = {
  foldLn: true,
  centerWritingWeights: true,
  centerUnembed: true,
  foldValueBiases: true,
  refactorFactoredAttnMatrices: true,
  tokens: true,
  rng: true,
};

/**
 * Simplify the weights of a model without changing its log-probabilities, and measure that. The
 * model itself stays as it is; tied embeddings come apart. After TransformerLens's
 * `process_weights`, with every axis named instead of guessed from shapes.
 * @throws InputError when a pass is asked for that the model does not allow, or when there are
 * neither tokens nor a generator.
 */
export function processWeights(model: TransformerModel, options: ProcessOptions): ProcessedModel {
  checkOptions("processWeights", options, processNames);
  const tokens = options.tokens ?? drawTokens(model.config, options.rng);
  const processed = Object.values(passes).reduce((current, pass) => {
    const asked = options[pass.option];
    const wanted = asked ?? (pass.byDefault && pass.nothing(model.config) === undefined);
    return wanted ? pass.apply(current) : current;
  }, model);
  const before = logSoftmax(model.forward(tokens), -1);
  const after = logSoftmax(processed.forward(tokens), -1);
  return { model: processed, maxLogProbChange: abs(after.sub(before)).max().item() };
}

function drawTokens({ nCtx, dVocab }: HookedTransformerConfig, rng: Rng | undefined): Tokens {
  if (rng === undefined) {
    throw new InputError(
      "processWeights: needs tokens or rng to compare the models on, got neither",
    );
  }
  return tensor(nd("int32", [COMPARED, nCtx], rng.randint(0, dVocab, COMPARED * nCtx)));
}
