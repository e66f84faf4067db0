/** Whole models in files: safetensors and PyTorch both ways, ONNX out. */

import "../core/runtime.ts";

export {
  type ConfigRecord,
  type ConfigValue,
  fromTransformerLensConfig,
  toTransformerLensConfig,
} from "./config-names.ts";
export { exportModelFile, exportOnnx, type OnnxOptions } from "./export-onnx.ts";
export type { ModelFile } from "./model-file.ts";
export { type ModelFormat, type ReadModelOptions, readModel } from "./read-model.ts";
export { loadModel, type SaveOptions, saveModel } from "./save-model.ts";
export { writeModel } from "./write-model.ts";
