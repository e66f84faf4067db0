import { z } from "zod";
import { strictFields } from "../parse.ts";

/** Ways to quantize the matrices of attention and MLP; see `quantizeWeights`. */
export const quantizations = ["binary", "binary-scaled", "ternary", "none"] as const;
/** How the matrices of attention and MLP are quantized; see `quantize.ts` for the formulas. */
export type Quantization = (typeof quantizations)[number];

const size = z.int().min(1);

const shape = {
  dModel: size.default(128).meta({ description: "Width of the residual stream." }),
  nLayers: size.default(1).meta({ description: "Number of blocks." }),
  nHeads: size.default(4).meta({ description: "Heads per layer; must divide dModel." }),
  dMlp: size.optional().meta({ description: "Neurons per MLP; default 4 * dModel." }),
  dVocab: size.meta({ description: "Number of input tokens." }),
  dVocabOut: size.optional().meta({ description: "Number of output classes; default dVocab." }),
  quantization: z.enum(quantizations).default("binary").meta({
    description: "Binary or ternary weights in attention and MLP, or none for full precision.",
  }),
};

const fields = strictFields(shape);

/** What a user writes: dVocab is required. */
export type BitNetOptions = z.input<typeof fields>;

/** Every field with its value. */
export type BitNetConfig = {
  readonly [F in keyof z.output<typeof fields>]-?: Exclude<z.output<typeof fields>[F], undefined>;
};

/** Schema of the configuration, with the defaults of Li 2024. Parsing its output changes nothing. */
export const bitNetConfig: z.ZodType<BitNetConfig, BitNetOptions> = fields.transform(
  (given, context) => {
    if (given.dModel % given.nHeads !== 0) {
      context.addIssue({
        code: "custom",
        message: `nHeads must divide dModel, got ${given.nHeads} and ${given.dModel}`,
        path: ["nHeads"],
      });
    }
    return {
      ...given,
      dMlp: given.dMlp ?? 4 * given.dModel,
      dVocabOut: given.dVocabOut ?? given.dVocab,
    };
  },
);
