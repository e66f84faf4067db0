import { dims } from "../../core/dims.ts";
import { ShapeError } from "../../core/errors.ts";
import type { NdArray } from "../../core/nd.ts";
import { type Float64NdArray, float64, matmul, rows } from "../linalg/index.ts";

/** Weights on the way from a token to the neurons. */
export interface NeuronInputWeights {
  /** "d_vocab d_model": only the rows of the inputs of interest. */
  readonly W_E: NdArray;
  /** "head d_model d_head". */
  readonly W_V: NdArray;
  /** "head d_head d_model". */
  readonly W_O: NdArray;
  /** "d_model neuron". */
  readonly W_in: NdArray;
}

/**
 * W_neur = W_E W_V W_O W_in of each head: what a token, fully attended to, adds to each neuron;
 * "head d_vocab neuron" (Li's notebook, cell 37).
 */
export function neuronInputMap({ W_E, W_V, W_O, W_in }: NeuronInputWeights): Float64NdArray {
  const { d_vocab, d_model } = dims("neuronInputMap W_E", W_E, "d_vocab d_model");
  const { head, d_head } = dims("neuronInputMap W_V", W_V, "head d_model d_head", { d_model });
  dims("neuronInputMap W_O", W_O, "head d_head d_model", { head, d_head, d_model });
  const { neuron } = dims("neuronInputMap W_in", W_in, "d_model neuron", { d_model });
  const out = float64([head, d_vocab, neuron]);
  for (let h = 0; h < head; h++) {
    const values = matmul(W_E, float64([d_model, d_head], rows("W_V", W_V, h, h + 1).data));
    const added = matmul(values, float64([d_head, d_model], rows("W_O", W_O, h, h + 1).data));
    out.data.set(matmul(added, W_in).data, h * d_vocab * neuron);
  }
  return out;
}

/**
 * W_logit = W_out W_U: what a neuron adds to each logit; "neuron d_vocab_out" (Li's notebook, cell 37).
 * Its transpose is W_L in Nanda et al. 2023, section 4.2.
 */
export function neuronLogitMap(W_out: NdArray, W_U: NdArray): Float64NdArray {
  const { d_model } = dims("neuronLogitMap W_out", W_out, "neuron d_model");
  if (W_U.shape.length !== 2 || W_U.shape[0] !== d_model) {
    throw new ShapeError('neuronLogitMap W_U "d_model d_vocab_out"', [d_model, -1], W_U.shape);
  }
  return matmul(W_out, W_U);
}
