import { broadcastTo, stack } from "../../arrays/index.ts";
import { applySlice } from "../slice.ts";
import type { ActivationCache } from "./activation-cache.ts";
import { accumulatedBias } from "./bias.ts";
import { headParts } from "./heads.ts";
import { joinStacks, type LabeledStack } from "./labeled-stack.ts";
import { blocksBefore, hasMlp, inputOf, type Reader, readerOf, writersOf } from "./layers.ts";
import { neuronParts } from "./neurons.ts";
import { type Readout, type ReadoutOptions, readoutOf } from "./readout.ts";
import { embedParts } from "./residuals.ts";

/** Into what the stream is taken apart, and how it is read. */
export interface DecompositionOptions extends ReadoutOptions {
  /** Up to what the MLP of the layer reads, not its attention. Default false. */
  readonly mlpInput?: boolean;
  /** Neurons one by one, or each MLP as a whole with its bias. Default true. */
  readonly expandNeurons?: boolean;
}

const method = "getFullResidDecomposition";

/**
 * Everything that adds up to the residual stream before `layer` reads it: heads (`L0H0` …), neurons
 * (`L0N0` …) or MLPs (`0_mlp_out` …), `embed`, `pos_embed` where it is in the stream, and `bias`.
 */
export function getFullResidDecomposition(
  cache: ActivationCache,
  layer: number | undefined,
  options: DecompositionOptions,
): LabeledStack {
  const { mlpInput = false, expandNeurons = true, posSlice } = options;
  const reader = readerOf(cache, method, layer, mlpInput);
  const readout = readoutOf(cache, method, reader, options);
  const slice = posSlice === undefined ? {} : { posSlice };
  const mlps = expandNeurons
    ? neuronParts(cache, method, reader, readout, slice)
    : mlpParts(cache, reader, readout, options);
  return readout.finish(
    joinStacks([
      ...headParts(cache, method, reader, readout, posSlice),
      ...mlps,
      ...restParts(cache, reader, readout, options),
    ]),
  );
}

function mlpParts(
  cache: ActivationCache,
  reader: Reader,
  { read }: Readout,
  { posSlice }: DecompositionOptions,
): readonly LabeledStack[] {
  return blocksBefore(reader, "mlp")
    .filter((l) => hasMlp(cache, l))
    .map((l) => ({
      stack: read(applySlice(cache.get("mlp_out", l), -2, posSlice)).at(null),
      labels: [`${l}_mlp_out`],
    }));
}

/** The embeddings and the biases. */
function restParts(
  cache: ActivationCache,
  reader: Reader,
  { read }: Readout,
  { posSlice, expandNeurons = true }: DecompositionOptions,
): readonly LabeledStack[] {
  const { shape } = applySlice(inputOf(cache, method, reader), -2, posSlice);
  const bias = accumulatedBias(writersOf(cache, method), shape.at(-1) as number, reader.layer, {
    mlpInput: reader.mlpInput,
    inclMlpBiases: expandNeurons,
  });
  const embeds = embedParts(cache, method).map(([label, x]) => ({
    stack: read(applySlice(x, -2, posSlice)).at(null),
    labels: [label],
  }));
  return [...embeds, { stack: stack([read(broadcastTo(bias, shape))], 0), labels: ["bias"] }];
}
