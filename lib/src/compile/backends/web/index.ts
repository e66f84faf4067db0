/** ONNX Runtime compiled to WebAssembly: in browsers, and in Node where nothing native is installed. */

import { checkOptions } from "../../../core/options.ts";
import "../../../core/runtime.ts";
import { InputError, MissingError } from "../../../core/errors.ts";
import type { DType, Shape, TypedArray } from "../../../core/nd.ts";
import type { Backend } from "../../backend.ts";
import { importWhenAsked, loadRuntime } from "../load-runtime.ts";
import { type OrtSession, type OrtTensor, ortBackend } from "../ort.ts";

/** Of onnxruntime-web, what is used here; `import("onnxruntime-web/wasm")` gives it. */
export interface WebRuntime {
  readonly env: { readonly wasm: WasmSettings };
  readonly Tensor: new (type: DType, data: Float32Array, dims: number[]) => OrtTensor;
  readonly InferenceSession: {
    create(
      model: Uint8Array,
      options: {
        readonly executionProviders: readonly ["wasm"];
        readonly intraOpNumThreads: number;
        readonly graphOptimizationLevel: "all";
      },
    ): Promise<unknown>;
  };
}

/** What of ONNX Runtime's settings for WebAssembly is set here. */
export interface WasmSettings {
  numThreads?: number;
  wasmPaths?: WasmPaths;
  initTimeout?: number;
}

/** A folder's address, or the addresses of the two files; as `ort.env.wasm.wasmPaths`. */
export type WasmPaths = string | { readonly wasm?: URL | string; readonly mjs?: URL | string };

/** Settings of the web back end; all fields are optional. */
export interface WebOptions {
  /**
   * Gives ONNX Runtime. By default the installed onnxruntime-web, in Node; a browser's bundle needs
   * `() => import("onnxruntime-web/wasm")`, and without it carries none of the runtime's megabytes.
   */
  readonly load?: () => Promise<WebRuntime>;
  /** Threads of WebAssembly, one per core by default. More than 1 need cross-origin isolation in a browser. */
  readonly numThreads?: number;
  /** Where the runtime's `.wasm` and `.mjs` are, if not where the bundler put them. */
  readonly wasmPaths?: WasmPaths;
  /** How long loading WebAssembly and starting its threads may take, in ms (default 60,000). */
  readonly startTimeout?: number;
}

/**
 * Throws `MissingError` where onnxruntime-web is not installed or cannot be loaded. WebAssembly threads need
 * cross-origin isolation in a browser; without it programs run on one thread. Where the runtime does not start in
 * time, compiling throws `MissingError`.
 */
export async function webBackend(options: WebOptions = {}): Promise<Backend> {
  checkOptions("webBackend", options, {
    load: true,
    numThreads: true,
    wasmPaths: true,
    startTimeout: true,
  });
  const { numThreads, wasmPaths, startTimeout = 60_000 } = options;
  const threads = numThreads ?? globalThis.navigator?.hardwareConcurrency ?? 1;
  if (!(Number.isInteger(threads) && threads >= 1)) {
    throw new InputError(`web: numThreads must be a whole number, 1 or more, got ${threads}`);
  }
  if (!(startTimeout > 0 && startTimeout < 2 ** 31)) {
    throw new InputError(`web: startTimeout must be more than 0 ms, got ${startTimeout}`);
  }
  const ort = await loadRuntime("web", "onnxruntime-web", options.load ?? loadInstalled);
  const { wasm } = ort.env;
  wasm.numThreads = threads;
  wasm.initTimeout = startTimeout;
  if (wasmPaths !== undefined) wasm.wasmPaths = wasmPaths;
  return ortBackend({
    name: "web",
    cores: threads,
    writesInto: false,
    tensor: (dtype: DType, data: TypedArray, shape: Shape): OrtTensor =>
      new ort.Tensor(dtype, data as Float32Array, [...shape]),
    session: async (model, intraOpNumThreads): Promise<OrtSession> => {
      const create = ort.InferenceSession.create(model, {
        executionProviders: ["wasm"],
        intraOpNumThreads,
        graphOptimizationLevel: "all",
      });
      return (await inTime(keepingGlobals(create), startTimeout)) as OrtSession;
    },
  });
}

/** The installed package. In a browser nothing is installed: there the application gives the runtime. */
function loadInstalled(): Promise<WebRuntime> {
  if (globalThis.process?.versions?.node === undefined) {
    throw new MissingError(
      'web: a browser needs ONNX Runtime from its bundle; write webBackend({ load: () => import("onnxruntime-web/wasm") })',
    );
  }
  return importWhenAsked("onnxruntime-web");
}

/** ONNX Runtime gives up after `initTimeout`; what it says then does not say what to do. */
async function inTime<T>(starting: Promise<T>, limit: number): Promise<T> {
  try {
    return await starting;
  } catch (cause) {
    if (!String(cause).includes("initializing failed due to timeout")) throw cause;
    throw new MissingError(
      `web: ONNX Runtime did not start within ${limit / 1000} s; if its threads cannot start from this bundle, build workers as ES modules (Vite: worker: { format: "es" }) or take numThreads: 1, and on a slow network a longer startTimeout`,
      { cause },
    );
  }
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
