/** A model as an ONNX file whose outputs are its logits and, if wanted, its hook points. */

import { init, type Tensor } from "../arrays/index.ts";
import { traceProgram } from "../compile/compile.ts";
import { exportProgram } from "../compile/onnx/export.ts";
import { InputError } from "../core/errors.ts";
import { checkOptions, type OptionNames } from "../core/options.ts";
import { guarded } from "../models/guarded.ts";
import {
  type HookedModel,
  identity,
  type Names,
  runWithCache,
  type Weights,
} from "../models/index.ts";
import type { ModelFile } from "./model-file.ts";
import { fileOf } from "./save-model.ts";
import { tinylensRecord } from "./write-model.ts";

/** Sequences and tokens; attention over more would not fit a memory either. */
const largest = 8192;

/** What an ONNX file computes, and for how many tokens. */
export interface OnnxOptions {
  /** Hook points that become outputs, by their names; default none. */
  readonly hooks?: Names;
  /** Sequences per run; default 1. Sizes in an ONNX file are fixed. */
  readonly batch?: number;
  /** Tokens per sequence. */
  readonly length: number;
}

/**
 * The bytes of an ONNX model (ONNX's own operators, opset 18) with input `tokens` int64 "batch pos",
 * outputs `logits` "batch pos d_vocab_out" and one for each of `hooks` under its name, and the weights
 * as initializers under theirs. The outputs of a sequence with a token outside the vocabulary, negative
 * ones included, are NaN. The configuration is in `metadata_props` under `tinylens`. Throws
 * `InputError` or `UnknownNameError` for sizes and names that the model does not have.
 */
export async function exportOnnx<C>(
  hooked: HookedModel<C>,
  options: OnnxOptions,
): Promise<Uint8Array> {
  checkOptions("exportOnnx", options, onnxNames);
  return exportModelFile(await fileOf(hooked), options);
}

const onnxNames: OptionNames<OnnxOptions> = { hooks: true, batch: true, length: true };

/** `exportOnnx` of a model as plain data. */
export async function exportModelFile(file: ModelFile, options: OnnxOptions): Promise<Uint8Array> {
  checkOptions("exportModelFile", options, onnxNames);
  const { hooks, batch = 1, length } = options;
  await init();
  checkSize("batch", batch);
  checkSize("length", length);
  const { model, config, weights } = file;
  let fired: readonly string[] = [];
  const outputsOf = (traced: Weights, tokens: Tensor): Tensor[] => {
    if (hooks === undefined) {
      const run = guarded(model.parameters(config), tokens, identity, model.reads);
      return [model.forward(traced, config, run.tokens, run.hook)];
    }
    const { logits, cache } = runWithCache(model, traced, config, tokens, { names: hooks });
    fired = [...cache.keys()];
    return [logits, ...cache.values()];
  };
  const tokens = { dtype: "int32", shape: [batch, length] } as const;
  const { program } = traceProgram(outputsOf, [weights, tokens]);
  const inputs = Object.entries(weights).map(([name, array]) => ({ name, array }));
  return exportProgram(program, {
    inputs: [...inputs, { name: "tokens" }],
    outputs: ["logits", ...fired],
    metadata: { tinylens: tinylensRecord(file) },
  });
}

function checkSize(name: string, size: number): void {
  if (Number.isInteger(size) && size >= 1 && size <= largest) return;
  throw new InputError(
    `exportOnnx: ${name} must be a whole number from 1 to ${largest}, got ${size}`,
  );
}
