import { z } from "zod";
import { strictFields } from "../parse.ts";

const size = z.int().min(1);

const shape = {
  dVocab: size.meta({ description: "Number of input tokens with an embedding." }),
  dVocabOut: size.optional().meta({ description: "Number of output classes; default dVocab." }),
  dEmbed: size
    .default(256)
    .meta({ description: "Width of the embedding of each of the two tokens." }),
  dMlp: size.default(128).meta({ description: "Neurons of the hidden layer." }),
  bias: z.boolean().default(false).meta({ description: "Biases b_in and b_U, zero at first." }),
};

const fields = strictFields(shape);

/** What a user writes: dVocab is required. */
export type OneLayerMlpOptions = z.input<typeof fields>;

/** Configuration of `oneLayerMlp`, defaults filled in. */
export type OneLayerMlpConfig = Readonly<Required<z.output<typeof fields>>> & {
  readonly dVocabOut: number;
};

/** Schema of the configuration; defaults are those of Chughtai et al. 2023. */
export const oneLayerMlpConfig: z.ZodType<OneLayerMlpConfig, OneLayerMlpOptions> = fields.transform(
  (given) => ({ ...given, dVocabOut: given.dVocabOut ?? given.dVocab }),
);
