/**
 * The only reader of jax-js's jaxpr. It flattens nested `jit`, takes the captured arrays out, and
 * writes every implicit promotion as a `cast`, so that nothing after it knows about weak types.
 */

import type { Jaxpr } from "@jax-js/jax";
import { InputError } from "../core/errors.ts";
import type { DType, NdArray, Shape, Spec } from "../core/nd.ts";
import { nd } from "../core/nd.ts";
import type { AnyEquation, Constant, Literal, Operand, Program, Variable } from "./program.ts";

/** The names of jax-js's primitives, from its own type. */
export type Primitive = `${Jaxpr["eqns"][number]["primitive"]}`;

type Eqn = Jaxpr["eqns"][number];
type Atom = Eqn["inputs"][number];
type Aval = Atom["aval"];

/** Primitives whose operands jax-js promotes to the dtype of the result. */
const promoting: ReadonlySet<Primitive> = new Set<Primitive>([
  "add",
  "mul",
  "idiv",
  "mod",
  "min",
  "max",
  "bit_combine",
  "dot",
  "conv",
  "concatenate",
]);

/** Parameters that jax-js needs and a program does not. */
const dropped = new Set(["uniqueIndices", "dtype", "name", "numConsts", "factors"]);

/**
 * The program in a `ClosedJaxpr` of jax-js. The references of its captured arrays stay with the
 * caller. Throws `InputError` for a dtype that programs do not have.
 */
// biome-ignore lint/suspicious/noExplicitAny: jax-js's `ClosedJaxpr`, typed loosely by arrays/
export function readJaxpr(closed: any): Program {
  return new Reader().read(closed.jaxpr.flatten(), closed.consts);
}

class Reader {
  #nextId = 0;
  readonly #variables = new Map<Atom, Variable>();
  readonly #equations: AnyEquation[] = [];

  // biome-ignore lint/suspicious/noExplicitAny: constants are jax-js arrays typed as tracers
  read(jaxpr: Jaxpr, consts: readonly any[]): Program {
    const binders = jaxpr.inBinders.map((binder) => this.#define(binder));
    const constants = consts.map((array, i): Constant => {
      const variable = binders[i] as Variable;
      return { variable, array: readArray(array, variable) };
    });
    for (const eqn of jaxpr.eqns) this.#equation(eqn);
    return {
      inputs: binders.slice(consts.length),
      constants,
      equations: this.#equations,
      outputs: jaxpr.outs.map((atom) => this.#operand(atom)),
    };
  }

  #variable(dtype: DType, shape: Shape): Variable {
    return { kind: "variable", id: this.#nextId++, dtype, shape };
  }

  #define(atom: Atom): Variable {
    if (atom.aval.shape.includes(0)) {
      throw new InputError(`compile: arrays must have elements, got shape [${atom.aval.shape}]`);
    }
    const variable = this.#variable(dtypeOf(atom.aval.dtype), [...atom.aval.shape]);
    this.#variables.set(atom, variable);
    return variable;
  }

  #operand(atom: Atom): Operand {
    const variable = this.#variables.get(atom);
    if (variable !== undefined) return variable;
    if (!("value" in atom)) throw new Error(`jaxpr: ${atom} is used before it is defined`);
    return literal(dtypeOf(atom.aval.dtype), atom.value);
  }

  #cast(operand: Operand, dtype: DType): Operand {
    if (operand.dtype === dtype) return operand;
    if (operand.kind === "literal") return literal(dtype, operand.value);
    const output = this.#variable(dtype, operand.shape);
    this.#equations.push({ primitive: "cast", inputs: [operand], params: {}, outputs: [output] });
    return output;
  }

  #equation(eqn: Eqn): void {
    const primitive: Primitive = eqn.primitive;
    const scatters = primitive === "scatter";
    if (scatters && eqn.params.op !== "add") {
      throw new InputError(`compile: scatter can only add, got ${eqn.params.op}`);
    }
    const outputs = eqn.outBinders.map((binder) => this.#define(binder));
    const dtypes = operandTypes(eqn, primitive, (outputs[0] as Variable).dtype);
    const inputs = eqn.inputs.map((atom, i) => {
      const dtype = dtypes(i);
      return dtype ? this.#cast(this.#operand(atom), dtype) : this.#operand(atom);
    });
    const params = Object.fromEntries(
      Object.entries(eqn.params).filter(
        ([key]) => !dropped.has(key) && !(scatters && key === "op"),
      ),
    );
    this.#equations.push({ primitive, inputs, params, outputs } as unknown as AnyEquation);
  }
}

/** The dtype each operand must be cast to; undefined where it stays as it is. */
function operandTypes(
  eqn: Eqn,
  primitive: Primitive,
  result: DType,
): (operand: number) => DType | undefined {
  if (primitive === "compare") {
    const common = promote(eqn.inputs.map((atom) => atom.aval));
    return () => common;
  }
  if (primitive === "where") return (operand) => (operand === 0 ? undefined : result);
  return () => (promoting.has(primitive) ? result : undefined);
}

const ranks: { readonly [D in DType]: number } = {
  bool: 0,
  uint32: 1,
  int32: 2,
  float32: 4,
  float64: 5,
};

/** The dtype jax-js gives operands used together; a weakly typed one yields to the others. */
function promote(avals: readonly Aval[]): DType {
  const strong = avals.filter((aval) => !aval.weakType);
  const higher = (a: DType, b: DType): DType => (ranks[a] >= ranks[b] ? a : b);
  const all = (strong.length > 0 ? strong : avals).map((aval) => dtypeOf(aval.dtype));
  const dtype = all.reduce(higher);
  return strong.length > 0 && strong.length < avals.length ? higher(dtype, "uint32") : dtype;
}

function dtypeOf(dtype: string): DType {
  if (dtype in ranks) return dtype as DType;
  throw new InputError(`compile: dtype ${dtype} is not supported; cast to float32 or float64`);
}

/** A scalar operand of a program, rounded to its dtype. */
export function literal(dtype: DType, value: number): Literal {
  const integer = dtype === "int32" ? Math.trunc(value) | 0 : Math.trunc(value) >>> 0;
  const rounded = {
    float32: Math.fround(value),
    float64: value,
    int32: integer,
    uint32: integer,
    bool: value ? 1 : 0,
  };
  return { kind: "literal", dtype, shape: [], value: rounded[dtype] };
}

// biome-ignore lint/suspicious/noExplicitAny: a jax-js array typed as a tracer
function readArray(array: any, spec: Spec): NdArray {
  return nd(spec.dtype, spec.shape, array.ref.dataSync().slice());
}
