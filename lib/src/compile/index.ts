/** Compile functions of Tensors into programs that a back end runs. */

import "../core/runtime.ts";

export type { Backend, BackendName, CompileOptions, Executable, Value } from "./backend.ts";
export { jaxBackend } from "./backends/jax/index.ts";
export { nativeBackend } from "./backends/native/index.ts";
export { type WasmPaths, type WebOptions, webBackend } from "./backends/web/index.ts";
export { type Compiled, type CompileSettings, compile, traceProgram } from "./compile.ts";
export { toOnnx } from "./onnx/lower.ts";
export { backendNames, type OpenOptions, openBackend, openOne } from "./open-backend.ts";
export { describeProgram, flops, type Program } from "./program.ts";
export { threadsFor } from "./threads.ts";
