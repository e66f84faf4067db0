/** From a model to the bytes of a file. */

import { writePt, writeSafetensors } from "../io/index.ts";
import { type ConfigRecord, sortedFields, toTransformerLensConfig } from "./config-names.ts";
import { type ModelFile, withTied } from "./model-file.ts";
import { checkProcessed } from "./processing.ts";
import type { ModelFormat } from "./read-model.ts";

/**
 * A file with TransformerLens's state dict and what it lacks: the configuration and the passes of
 * weight processing.
 *
 * - `safetensors`: the tensors at the top; in the metadata `tinylens` (JSON: version, model, config,
 *   processed) and `transformer_lens_config` (JSON for `HookedTransformerConfig.from_dict`).
 * - `pt`: a dict of `model` (the tensors), `config` (for `HookedTransformerConfig.from_dict`) and
 *   `tinylens` (the same JSON), which `torch.load` reads with `weights_only=True`.
 *
 * The buffers `mask` and `IGNORE` are left out: their shapes differ among versions, and Python makes
 * its own; load with `strict=False`. The same model gives the same bytes. Throws `InputError` for a
 * configuration that contradicts the processing.
 */
export function writeModel(file: ModelFile, format: ModelFormat): Uint8Array {
  checkProcessed("saveModel", file.processed, file.config);
  const weights = withTied(file);
  const config = toTransformerLensConfig(file.config as ConfigRecord);
  const tinylens = tinylensRecord(file);
  if (format === "pt") return writePt({ model: weights, config, tinylens });
  const lens = JSON.stringify(config);
  return writeSafetensors(weights, { format: "pt", tinylens, transformer_lens_config: lens });
}

/** What `readModel` reads back. */
export function tinylensRecord({
  model,
  config,
  processed,
}: Pick<ModelFile, "model" | "config" | "processed">): string {
  const sorted = Object.fromEntries(sortedFields(config as ConfigRecord));
  return JSON.stringify({ version: 1, model: model.name, config: sorted, processed });
}
