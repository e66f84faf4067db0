/**
 * jax-js's own executors. A program is cut at `scatter`, `sort` and `argsort`: jax-js's jit cannot
 * take a reshaped view as the input of these ("input is not imm"), and each is one kernel anyway, so
 * they run between the parts, which are jitted. Its jit also forgets the zeros that `pad` puts around
 * an expression of numbers alone, so such numbers enter a part as arrays.
 */

import "../../../core/runtime.ts";
import { blockUntilReady, defaultDevice, init, jit } from "@jax-js/jax";
import { InputError, MissingError } from "../../../core/errors.ts";
import type { DType, NdArray, Shape, Spec, TypedArray } from "../../../core/nd.ts";
import { nd } from "../../../core/nd.ts";
import type { Backend, Executable, Value } from "../../backend.ts";
import { withoutFloat64 } from "../../float64.ts";
import type { AnyEquation, Literal, Operand, Primitive, Program, Variable } from "../../program.ts";
import {
  createArray,
  literalArray,
  type Operation,
  operations,
  type Tracer,
} from "./operations.ts";

/** Where jax-js runs: WebAssembly, plain JavaScript or WebGPU. */
export type JaxDevice = "wasm" | "cpu" | "webgpu";

/** Throws `MissingError` for a device that this machine lacks. float64 needs "wasm" or "cpu". */
export async function jaxBackend(device: JaxDevice = "wasm"): Promise<Backend> {
  const available = await init(device);
  if (!available.includes(device)) {
    throw new MissingError(
      `jax: device "${device}" is not available here; choose one of ${available.join(", ")}`,
    );
  }
  defaultDevice(device);
  return {
    name: "jax",
    float64: device !== "webgpu",
    upload: (array) => new JaxValue(array, toJax(array)),
    compile: async (program) => new JaxExecutable(program),
  };
}

function toJax({ data, dtype, shape }: NdArray): Tracer {
  const numbers = dtype === "bool" ? Int32Array.from(data) : data.slice();
  return createArray(numbers, { shape: [...shape], dtype });
}

class JaxValue implements Value {
  readonly backend = "jax";
  readonly dtype: DType;
  readonly shape: Shape;
  #array: Tracer | undefined;

  constructor({ dtype, shape }: Spec, array: Tracer) {
    this.dtype = dtype;
    this.shape = shape;
    this.#array = array;
  }

  /** A fresh reference; throws `InputError` after `dispose`. */
  get array(): Tracer {
    if (this.#array) return this.#array.ref;
    throw new InputError(`jax: value ${this.dtype}[${this.shape}] is already disposed`);
  }

  async read(): Promise<NdArray> {
    const data = (await this.array.data()) as TypedArray;
    return nd(this.dtype, this.shape, data.slice());
  }

  dispose(): void {
    this.#array?.dispose();
    this.#array = undefined;
  }
}

/** Equations that run together, and the variables that go in and come out. */
interface Part {
  readonly equations: readonly AnyEquation[];
  readonly inputs: readonly Variable[];
  readonly outputs: readonly Variable[];
  readonly call: (...inputs: Tracer[]) => Tracer[];
  readonly free: () => void;
}

/** Functions that jax-js's WebAssembly computes in float32 whatever the dtype. */
const missingFloat64: ReadonlySet<Primitive> = new Set<Primitive>([
  "exp",
  "log",
  "sin",
  "cos",
  "asin",
  "atan",
  "erf",
  "erfc",
]);

const separate: ReadonlySet<Primitive> = new Set<Primitive>(["scatter", "sort", "argsort"]);

class JaxExecutable implements Executable {
  readonly threads = 1;
  readonly #program: Program;
  readonly #parts: readonly Part[];
  readonly #constants: readonly (readonly [number, Tracer])[];
  #released = false;

  constructor(source: Program) {
    const program = withoutFloat64(source, missingFloat64);
    for (const { primitive } of program.equations) operationOf(primitive);
    this.#program = program;
    this.#parts = partsOf(program);
    this.#constants = program.constants.map(({ variable, array }) => [variable.id, toJax(array)]);
  }

  async run(inputs: readonly Value[]): Promise<readonly Value[]> {
    if (this.#released) throw new InputError("jax: the program is already released");
    const held = new Map<number, Tracer>();
    for (const [id, array] of this.#constants) held.set(id, array.ref);
    for (const [i, { id }] of this.#program.inputs.entries()) {
      const value = inputs[i];
      if (!(value instanceof JaxValue)) {
        throw new InputError(`jax: input ${i} is not a value of this back end`);
      }
      held.set(id, value.array);
    }
    for (const part of this.#parts) {
      const results = part.call(...part.inputs.map(({ id }) => held.get(id).ref));
      for (const [i, { id }] of part.outputs.entries()) held.set(id, results[i]);
    }
    const arrays = this.#program.outputs.map((operand) =>
      operand.kind === "literal" ? literalArray(operand) : held.get(operand.id).ref,
    );
    for (const array of held.values()) array.dispose();
    await blockUntilReady(arrays);
    return arrays.map((array, i) => new JaxValue(this.#program.outputs[i] as Operand, array));
  }

  async release(): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    for (const [, array] of this.#constants) array.dispose();
    for (const { free } of this.#parts) free();
  }
}

function operationOf(primitive: Primitive): Operation<Primitive> {
  const entry = operations[primitive];
  if ("unsupported" in entry) throw new InputError(`compile: ${primitive}: ${entry.unsupported}`);
  return entry as Operation<Primitive>;
}

function partsOf(program: Program): readonly Part[] {
  const blocks: AnyEquation[][] = [[]];
  for (const equation of program.equations) {
    if (separate.has(equation.primitive)) blocks.push([equation], []);
    else blocks.at(-1)?.push(equation);
  }
  const filled = blocks.filter((block) => block.length > 0);
  return filled.map((equations, i) => {
    const later = filled.slice(i + 1).flat();
    return partOf(equations, [...later.flatMap(({ inputs }) => inputs), ...program.outputs]);
  });
}

function partOf(equations: readonly AnyEquation[], usedLater: readonly Operand[]): Part {
  const made = new Map(equations.flatMap(({ outputs }) => outputs).map((v) => [v.id, v]));
  const needed = new Map<number, Variable>();
  for (const operand of equations.flatMap(({ inputs }) => inputs)) {
    if (operand.kind === "variable" && !made.has(operand.id)) needed.set(operand.id, operand);
  }
  const results = new Map<number, Variable>();
  for (const operand of usedLater) {
    if (operand.kind === "variable" && made.has(operand.id)) results.set(operand.id, operand);
  }
  const inputs = [...needed.values()];
  const outputs = [...results.values()];
  const literals = [
    ...new Set(equations.filter(isOfNumbers).flatMap(({ inputs }) => inputs as Literal[])),
  ];
  const evaluate = (...arrays: Tracer[]): Tracer[] => {
    const held = new Map(inputs.map(({ id }, i) => [id, arrays[i]]));
    const numbers = new Map(literals.map((literal, i) => [literal, arrays[inputs.length + i]]));
    return evaluated(equations, held, numbers, outputs);
  };
  const withNumbers =
    (f: (...arrays: Tracer[]) => Tracer[]) =>
    (...arrays: Tracer[]): Tracer[] =>
      f(...arrays, ...literals.map(literalArray));
  if (equations.length === 1 && separate.has((equations[0] as AnyEquation).primitive)) {
    return { equations, inputs, outputs, call: withNumbers(evaluate), free: () => {} };
  }
  const jitted = jit(evaluate);
  return { equations, inputs, outputs, call: withNumbers(jitted), free: () => jitted.dispose() };
}

/** Whether an equation reads numbers written into the program and nothing else. */
function isOfNumbers({ inputs }: AnyEquation): boolean {
  return inputs.length > 0 && inputs.every(({ kind }) => kind === "literal");
}

/** Run equations in order, give back the references of everything but the outputs. */
function evaluated(
  equations: readonly AnyEquation[],
  held: Map<number, Tracer>,
  numbers: ReadonlyMap<Literal, Tracer>,
  outputs: readonly Variable[],
): Tracer[] {
  for (const equation of equations) {
    const inputs = equation.inputs.map((operand) =>
      operand.kind === "literal"
        ? (numbers.get(operand)?.ref ?? literalArray(operand))
        : held.get(operand.id).ref,
    );
    const results = operationOf(equation.primitive)(inputs, equation as never);
    for (const [i, { id }] of equation.outputs.entries()) held.set(id, results[i]);
  }
  const kept = outputs.map(({ id }) => held.get(id).ref);
  for (const array of [...held.values(), ...numbers.values()]) array.dispose();
  return kept;
}
