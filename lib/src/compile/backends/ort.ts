/** What the two builds of ONNX Runtime share: values in JavaScript memory, outputs used again. */

import { InputError } from "../../core/errors.ts";
import type { DType, NdArray, Shape, Spec, TypedArray } from "../../core/nd.ts";
import { sizeOf, zerosOf } from "../../core/nd.ts";
import type { Backend, BackendName, CompileOptions, Executable, Value } from "../backend.ts";
import { encodeModel } from "../onnx/encode.ts";
import { lowerProgram } from "../onnx/lower.ts";
import type { Program } from "../program.ts";
import { threadsFor } from "../threads.ts";

/** The part of ONNX Runtime's JavaScript API in use here. */
export interface OrtTensor {
  readonly data: unknown;
}

export interface OrtSession {
  run(
    feeds: Readonly<Record<string, OrtTensor>>,
    fetches: Readonly<Record<string, OrtTensor | null>>,
  ): Promise<Readonly<Record<string, OrtTensor>>>;
  release(): Promise<void>;
}

export interface OrtRuntime {
  readonly name: BackendName;
  /** Most threads worth using. */
  readonly cores: number;
  /** Whether `run` writes into the tensors given as fetches. */
  readonly writesInto: boolean;
  tensor(dtype: DType, data: TypedArray, shape: Shape): OrtTensor;
  session(model: Uint8Array, threads: number): Promise<OrtSession>;
}

/** Buffers kept per output for the next run: the state being read and the one being written. */
const buffersKept = 2;

class OrtValue implements Value {
  readonly backend: BackendName;
  readonly dtype: DType;
  readonly shape: Shape;
  #tensor: OrtTensor | undefined;
  readonly #recycle: (tensor: OrtTensor) => void;

  constructor(
    backend: BackendName,
    { dtype, shape }: Spec,
    tensor: OrtTensor,
    recycle: (tensor: OrtTensor) => void,
  ) {
    this.backend = backend;
    this.dtype = dtype;
    this.shape = shape;
    this.#tensor = tensor;
    this.#recycle = recycle;
  }

  /** The tensor inside; throws `InputError` after `dispose`. */
  get tensor(): OrtTensor {
    if (this.#tensor) return this.#tensor;
    throw new InputError(`${this.backend}: value ${this.dtype}[${this.shape}] is already disposed`);
  }

  async read(): Promise<NdArray> {
    const data = (this.tensor.data as TypedArray).slice();
    return { dtype: this.dtype, shape: this.shape, data };
  }

  dispose(): void {
    if (this.#tensor) this.#recycle(this.#tensor);
    this.#tensor = undefined;
  }
}

/** A back end over one build of ONNX Runtime. */
export function ortBackend(runtime: OrtRuntime): Backend {
  return {
    name: runtime.name,
    float64: true,
    upload({ dtype, shape, data }) {
      const tensor = runtime.tensor(dtype, data.slice(), shape);
      return new OrtValue(runtime.name, { dtype, shape }, tensor, () => {});
    },
    async compile(program: Program, options: CompileOptions = {}): Promise<Executable> {
      const threads = options.threads ?? threadsFor(program, runtime.cores);
      const graph = lowerProgram(program);
      const session = await runtime.session(encodeModel(graph), threads);
      return new OrtExecutable(runtime, session, threads, program);
    },
  };
}

class OrtExecutable implements Executable {
  readonly threads: number;
  readonly #runtime: OrtRuntime;
  readonly #session: OrtSession;
  readonly #inputs: readonly Spec[];
  readonly #outputs: readonly Spec[];
  /** Tensors of disposed outputs, per output. */
  readonly #spare: OrtTensor[][];
  #released = false;

  constructor(runtime: OrtRuntime, session: OrtSession, threads: number, program: Program) {
    this.#runtime = runtime;
    this.#session = session;
    this.threads = threads;
    this.#inputs = program.inputs;
    this.#outputs = program.outputs;
    this.#spare = program.outputs.map(() => []);
  }

  async run(inputs: readonly Value[]): Promise<readonly Value[]> {
    const name = this.#runtime.name;
    if (this.#released) throw new InputError(`${name}: the program is already released`);
    const feeds: Record<string, OrtTensor> = {};
    for (const i of this.#inputs.keys()) {
      const value = inputs[i];
      if (!(value instanceof OrtValue) || value.backend !== name) {
        throw new InputError(`${name}: input ${i} is not a value of this back end`);
      }
      feeds[`x${i}`] = value.tensor;
    }
    const fetches: Record<string, OrtTensor | null> = {};
    for (const [i, spec] of this.#outputs.entries()) fetches[`y${i}`] = this.#target(i, spec);
    const results = await this.#session.run(feeds, fetches);
    return this.#outputs.map((spec, i) => {
      const tensor = results[`y${i}`] as OrtTensor;
      return new OrtValue(name, spec, tensor, (spare) => this.#keep(i, spare));
    });
  }

  #target(output: number, { dtype, shape }: Spec): OrtTensor | null {
    if (!this.#runtime.writesInto) return null;
    const spare = this.#spare[output]?.pop();
    return spare ?? this.#runtime.tensor(dtype, zerosOf(dtype, sizeOf(shape)), shape);
  }

  #keep(output: number, tensor: OrtTensor): void {
    const spare = this.#spare[output] as OrtTensor[];
    if (!this.#released && spare.length < buffersKept) spare.push(tensor);
  }

  async release(): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    for (const spare of this.#spare) spare.length = 0;
    await this.#session.release();
  }
}
