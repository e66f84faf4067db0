import { z } from "zod";
import { strictFields } from "../parse.ts";

export const actFns = [
  "relu",
  "gelu",
  "gelu_new",
  "gelu_fast",
  "gelu_pytorch_tanh",
  "silu",
  "solu",
  "solu_ln",
] as const;
/** Activation of the MLP; see `layers/activation.ts` for the formulas. */
export type ActFn = (typeof actFns)[number];

export const normalizationTypes = ["LN", "LNPre", "RMS", "RMSPre"] as const;
/** LayerNorm, RMSNorm, or the same without trained parameters ("Pre"). */
export type NormalizationType = (typeof normalizationTypes)[number];

export const initModes = [
  "gpt2",
  "xavier_uniform",
  "xavier_normal",
  "kaiming_uniform",
  "kaiming_normal",
  "muP",
] as const;
/** Law of the initial weights: TransformerLens's `init_mode`. */
export type InitMode = (typeof initModes)[number];

export const positionalEmbeddingTypes = ["standard", "rotary", "shortformer", "alibi"] as const;
/**
 * Vectors added to the residual stream; rotations of queries and keys (Su et al. 2021); vectors
 * added to what queries and keys read (Press et al. 2020); a penalty on distance (Press et al. 2021).
 */
export type PositionalEmbeddingType = (typeof positionalEmbeddingTypes)[number];

const size = z.int().min(1);
const flag = z.boolean().default(false);

const shape = {
  dModel: size.meta({ description: "Width of the residual stream." }),
  dHead: size.meta({ description: "Width of each attention head." }),
  nLayers: z.int().min(0).meta({ description: "Number of blocks." }),
  nCtx: size.meta({ description: "Longest sequence, in tokens." }),
  nHeads: size.optional().meta({ description: "Heads per layer; default dModel / dHead." }),
  dMlp: size.optional().meta({ description: "Neurons per MLP; default 4 * dModel." }),
  dVocab: size.meta({ description: "Number of input tokens." }),
  dVocabOut: size.optional().meta({ description: "Number of output classes; default dVocab." }),
  actFn: z.enum(actFns).default("relu").meta({ description: "Activation of the MLP." }),
  attnOnly: flag.meta({ description: "Leave out the MLPs." }),
  gatedMlp: flag.meta({ description: "MLP with a gate: act(x W_gate) * (x W_in) + b_in." }),
  normalizationType: z
    .enum(normalizationTypes)
    .nullable()
    .default("LN")
    .meta({ description: "LayerNorm, RMSNorm, without parameters (Pre), or null for none." }),
  eps: z.number().positive().default(1e-5).meta({ description: "Added to the variance." }),
  positionalEmbeddingType: z
    .enum(positionalEmbeddingTypes)
    .default("standard")
    .meta({
      description:
        "Learned vectors in the residual stream (standard) or in the inputs of queries and keys " +
        "(shortformer), rotations of queries and keys (rotary), or a penalty on distance (alibi).",
    }),
  rotaryDim: size.optional().meta({ description: "Rotated width of each head; default dHead." }),
  rotaryBase: z
    .number()
    .positive()
    .default(10000)
    .meta({ description: "Base of the wavelengths." }),
  rotaryAdjacentPairs: flag.meta({ description: "Rotate pairs (0, 1), (2, 3) … (GPT-J)." }),
  attentionDir: z
    .enum(["causal", "bidirectional"])
    .default("causal")
    .meta({ description: "Whether a position sees later ones." }),
  useAttnScale: z.boolean().default(true).meta({ description: "Divide the scores by attnScale." }),
  attnScale: z.number().positive().optional().meta({ description: "Default sqrt(dHead)." }),
  initMode: z.enum(initModes).default("gpt2").meta({ description: "Law of the initial weights." }),
  initializerRange: z.number().positive().optional().meta({
    description:
      "gpt2: standard deviation, default 0.8 / sqrt(dModel); muP: unused; others: gain, default 1.",
  }),
  initOrder: z
    .enum(["v1.13+", "pre-1.13"])
    .default("v1.13+")
    .meta({ description: "TransformerLens version whose order of draws is used." }),
  tieWordEmbeddings: flag.meta({
    description: "unembed.W_U is the transpose of embed.W_E: one parameter with both gradients.",
  }),
  useAttnResult: flag.meta({ description: "Fire attn.hook_result, each head's output." }),
  useSplitQkvInput: flag.meta({ description: "Fire hook_q_input, hook_k_input, hook_v_input." }),
  useAttnIn: flag.meta({ description: "Fire hook_attn_in, the input of each head." }),
  useHookMlpIn: flag.meta({ description: "Fire hook_mlp_in." }),
  useHookTokens: flag.meta({ description: "Fire hook_tokens." }),
};

const fields = strictFields(shape);

/** What a user writes: dModel, dHead, nLayers, nCtx and dVocab are required. */
export type HookedTransformerOptions = z.input<typeof fields>;

/** Every field with its value. Names are those of TransformerLens in camelCase. */
export type HookedTransformerConfig = {
  readonly [F in keyof z.output<typeof fields>]-?: Exclude<z.output<typeof fields>[F], undefined>;
};

/**
 * Schema of the configuration, with TransformerLens 3.5's defaults. The seed is not a field:
 * generators are arguments. Its output is a fixed point: parsing it again changes nothing.
 */
export const hookedTransformerConfig: z.ZodType<HookedTransformerConfig, HookedTransformerOptions> =
  fields.transform(resolve);

function resolve(
  given: z.output<typeof fields>,
  context: z.RefinementCtx,
): HookedTransformerConfig {
  const nHeads = given.nHeads ?? given.dModel / given.dHead;
  const refuse = (message: string, path: string): void =>
    context.addIssue({ code: "custom", message, path: [path] });
  if (!Number.isInteger(nHeads)) {
    refuse(
      `dModel must be a multiple of dHead unless nHeads is given, got ${given.dModel} and ${given.dHead}`,
      "nHeads",
    );
  }
  const rotaryDim = given.rotaryDim ?? given.dHead;
  if (given.positionalEmbeddingType === "rotary" && (rotaryDim % 2 || rotaryDim > given.dHead)) {
    refuse(
      `rotaryDim must be even and at most dHead (${given.dHead}), got ${rotaryDim}`,
      "rotaryDim",
    );
  }
  if (given.attnOnly && (given.useHookMlpIn || given.gatedMlp)) {
    refuse("attnOnly leaves out the MLPs, so useHookMlpIn and gatedMlp must be false", "attnOnly");
  }
  if (given.gatedMlp && given.actFn === "solu_ln") {
    refuse('gatedMlp cannot be used with actFn "solu_ln"; use "solu"', "gatedMlp");
  }
  if (given.tieWordEmbeddings && (given.dVocabOut ?? given.dVocab) !== given.dVocab) {
    refuse(
      `tieWordEmbeddings needs dVocabOut to be dVocab (${given.dVocab}), got ${given.dVocabOut}`,
      "tieWordEmbeddings",
    );
  }
  return {
    ...given,
    nHeads,
    dMlp: given.dMlp ?? 4 * given.dModel,
    dVocabOut: given.dVocabOut ?? given.dVocab,
    rotaryDim,
    attnScale: given.attnScale ?? Math.sqrt(given.dHead),
    initializerRange:
      given.initializerRange ?? (given.initMode === "gpt2" ? 0.8 / Math.sqrt(given.dModel) : 1),
  };
}
