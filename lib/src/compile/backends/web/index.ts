/** ONNX Runtime compiled to WebAssembly: in browsers, and in Node where nothing native is installed. */

import { MissingError } from "../../../core/errors.ts";
import type { DType, Shape, TypedArray } from "../../../core/nd.ts";
import type { Backend } from "../../backend.ts";
import { type OrtSession, type OrtTensor, ortBackend } from "../ort.ts";

/**
 * Throws `MissingError` where onnxruntime-web is not installed. WebAssembly threads need
 * cross-origin isolation in a browser; without it programs run on one thread.
 */
export async function webBackend(
  load: () => Promise<typeof import("onnxruntime-web")> = () => import("onnxruntime-web"),
): Promise<Backend> {
  const ort = await load().catch((cause: unknown) => {
    throw new MissingError(
      "web: onnxruntime-web is missing; run npm install onnxruntime-web, or choose --device native",
      { cause },
    );
  });
  const cores = globalThis.navigator?.hardwareConcurrency ?? 1;
  ort.env.wasm.numThreads = cores;
  return ortBackend({
    name: "web",
    cores,
    writesInto: false,
    tensor: (dtype: DType, data: TypedArray, shape: Shape): OrtTensor =>
      new ort.Tensor(dtype, data as Float32Array, [...shape]),
    session: async (model, threads): Promise<OrtSession> => {
      const session = await ort.InferenceSession.create(model, {
        executionProviders: ["wasm"],
        intraOpNumThreads: threads,
        graphOptimizationLevel: "all",
      });
      return session as unknown as OrtSession;
    },
  });
}
