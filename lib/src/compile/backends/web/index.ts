/** ONNX Runtime compiled to WebAssembly: in browsers, and in Node where nothing native is installed. */

import "../../../core/runtime.ts";
import type { DType, Shape, TypedArray } from "../../../core/nd.ts";
import type { Backend } from "../../backend.ts";
import { loadRuntime } from "../load-runtime.ts";
import { type OrtSession, type OrtTensor, ortBackend } from "../ort.ts";

/**
 * Throws `MissingError` where onnxruntime-web is not installed or cannot be loaded. WebAssembly threads need
 * cross-origin isolation in a browser; without it programs run on one thread.
 */
export async function webBackend(
  load: () => Promise<typeof import("onnxruntime-web")> = () => import("onnxruntime-web"),
): Promise<Backend> {
  const ort = await loadRuntime("web", "onnxruntime-web", load);
  const cores = globalThis.navigator?.hardwareConcurrency ?? 1;
  ort.env.wasm.numThreads = cores;
  return ortBackend({
    name: "web",
    cores,
    writesInto: false,
    tensor: (dtype: DType, data: TypedArray, shape: Shape): OrtTensor =>
      new ort.Tensor(dtype, data as Float32Array, [...shape]),
    session: async (model, threads): Promise<OrtSession> => {
      const create = ort.InferenceSession.create(model, {
        executionProviders: ["wasm"],
        intraOpNumThreads: threads,
        graphOptimizationLevel: "all",
      });
      return (await keepingGlobals(create)) as unknown as OrtSession;
    },
  });
}

/**
 * In Node, onnxruntime-web defines a global `Worker` when it starts, from which jax-js concludes in
 * mid-flight that its memory is shared; so the global goes again once the threads have started.
 */
async function keepingGlobals<T>(starting: Promise<T>): Promise<T> {
  const before = Object.getOwnPropertyDescriptor(globalThis, "Worker");
  try {
    return await starting;
  } finally {
    if (!before) Reflect.deleteProperty(globalThis, "Worker");
  }
}
