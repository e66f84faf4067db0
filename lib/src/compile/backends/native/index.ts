/** ONNX Runtime in Node: MLAS kernels and threads on this machine's processor. */

import "../../../core/runtime.ts";
import type { DType, Shape, TypedArray } from "../../../core/nd.ts";
import type { Backend } from "../../backend.ts";
import { importWhenAsked, loadRuntime } from "../load-runtime.ts";
import { type OrtSession, type OrtTensor, ortBackend } from "../ort.ts";
import { switchTelemetryOff } from "./telemetry.ts";

/** Of onnxruntime-node, what is used here. */
export interface NativeRuntime {
  readonly Tensor: new (type: DType, data: Float32Array, dims: number[]) => OrtTensor;
  readonly InferenceSession: {
    create(
      model: Uint8Array,
      options: {
        readonly intraOpNumThreads: number;
        readonly interOpNumThreads: number;
        readonly executionMode: "sequential";
        readonly graphOptimizationLevel: "all";
        readonly extra: Readonly<Record<string, unknown>>;
      },
    ): Promise<unknown>;
  };
}

/**
 * Throws `MissingError` where onnxruntime-node is not installed or cannot be loaded. ONNX Runtime's
 * telemetry is switched off first, unless `ORT_DISABLE_TELEMETRY` is already set.
 */
export async function nativeBackend(
  load: () => Promise<NativeRuntime> = () => importWhenAsked("onnxruntime-node"),
): Promise<Backend> {
  const ort = await loadRuntime("native", "onnxruntime-node", async () => {
    await switchTelemetryOff();
    return load();
  });
  return ortBackend({
    name: "native",
    cores: globalThis.navigator?.hardwareConcurrency ?? 1,
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
      return session as OrtSession;
    },
  });
}
