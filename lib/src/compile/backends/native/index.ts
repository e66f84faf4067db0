/** ONNX Runtime in Node: MLAS kernels and threads on this machine's processor. */

import "../../../core/runtime.ts";
import { availableParallelism } from "node:os";
import { MissingError } from "../../../core/errors.ts";
import type { DType, Shape, TypedArray } from "../../../core/nd.ts";
import type { Backend } from "../../backend.ts";
import { type OrtSession, type OrtTensor, ortBackend } from "../ort.ts";

/** Throws `MissingError` where onnxruntime-node is not installed. */
export async function nativeBackend(
  load: () => Promise<typeof import("onnxruntime-node")> = () => import("onnxruntime-node"),
): Promise<Backend> {
  const ort = await load().catch((cause: unknown) => {
    throw new MissingError(
      "native: onnxruntime-node is missing; run npm install onnxruntime-node, or choose --device web",
      { cause },
    );
  });
  return ortBackend({
    name: "native",
    cores: availableParallelism(),
    writesInto: true,
    tensor: (dtype: DType, data: TypedArray, shape: Shape): OrtTensor =>
      new ort.Tensor(dtype, data as Float32Array, [...shape]),
    session: async (model, threads): Promise<OrtSession> => {
      const session = await ort.InferenceSession.create(model, {
        intraOpNumThreads: threads,
        interOpNumThreads: 1,
        executionMode: "sequential",
        graphOptimizationLevel: "all",
        // Idle workers of one session would spin on the cores that the next session's run needs.
        extra: { session: { force_spinning_stop: "1" } },
      });
      return session as unknown as OrtSession;
    },
  });
}
