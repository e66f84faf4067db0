/** Random small programs around each primitive, with operands behind transposes and broadcasts. */

import fc from "fast-check";
import type { DType, NdArray, Shape } from "../../core/nd.ts";
import type { AnyEquation, Operand, ParamsOf, Primitive, Program, Variable } from "../program.ts";
import { broadcastable, numbers, permutation, shapes } from "./arbitraries.ts";

export interface Case {
  readonly program: Program;
  readonly inputs: readonly NdArray[];
  /** Allowed error in units of rounding: more for sums and functions computed by approximation. */
  readonly scale: number;
}

/** Writes a program equation by equation, drawing its inputs. */
export class CaseBuilder {
  readonly #inputs: Variable[] = [];
  readonly #equations: AnyEquation[] = [];
  readonly #arrays: NdArray[] = [];
  readonly #constants: { variable: Variable; array: NdArray }[] = [];
  #nextId = 0;

  #variable(dtype: DType, shape: Shape): Variable {
    return { kind: "variable", id: this.#nextId++, dtype, shape };
  }

  input(array: NdArray): Variable {
    const variable = this.#variable(array.dtype, array.shape);
    this.#inputs.push(variable);
    this.#arrays.push(array);
    return variable;
  }

  constant(array: NdArray): Variable {
    const variable = this.#variable(array.dtype, array.shape);
    this.#constants.push({ variable, array });
    return variable;
  }

  equation<P extends Primitive>(
    primitive: P,
    inputs: readonly Operand[],
    params: ParamsOf<P>,
    ...types: readonly { readonly dtype: DType; readonly shape: Shape }[]
  ): Variable[] {
    const outputs = types.map(({ dtype, shape }) => this.#variable(dtype, shape));
    this.#equations.push({ primitive, inputs, params, outputs } as unknown as AnyEquation);
    return outputs;
  }

  /** `array` as it comes out of a transpose of an input, or of a broadcast where it allows. */
  disguised(array: NdArray, look: Look): Variable {
    const { dtype, shape } = array;
    if (look.kind === "plain") return this.input(array);
    if (look.kind === "repeated") {
      const kept = shape.map((size, i) => (look.perm.indexOf(i) % 2 === 0 ? size : 1));
      const narrow = this.input(numbers(dtype, kept, look.seed));
      return this.equation(
        "broadcast",
        [narrow],
        { shape, axis: [] },
        { dtype, shape },
      )[0] as Variable;
    }
    const perm = [...shape.keys()].sort((a, b) => look.perm.indexOf(a) - look.perm.indexOf(b));
    const source = perm.map((_, i) => shape[perm.indexOf(i)] as number);
    const inner = this.input(numbers(dtype, source, look.seed));
    return this.equation("transpose", [inner], { perm }, { dtype, shape })[0] as Variable;
  }

  done(outputs: readonly Operand[], scale = 1): Case {
    const program = {
      inputs: this.#inputs,
      constants: this.#constants,
      equations: this.#equations,
      outputs,
    };
    return { program, inputs: this.#arrays, scale };
  }
}

export interface Look {
  readonly kind: "plain" | "transposed" | "repeated";
  readonly perm: readonly number[];
  readonly seed: number;
}

const look: fc.Arbitrary<Look> = fc.record({
  kind: fc.constantFrom("plain", "transposed", "repeated"),
  perm: permutation(6),
  seed: fc.nat(1000),
});

const looks = fc.tuple(look, look, look);
const seed = fc.nat(1000);
const floats: readonly DType[] = ["float32", "float64"];
const signed: readonly DType[] = ["float32", "float64", "int32"];
const numeric: readonly DType[] = ["float32", "float64", "int32", "uint32"];
const all: readonly DType[] = ["float32", "float64", "int32", "uint32", "bool"];

function outShape(operands: readonly Shape[]): number[] {
  const rank = Math.max(...operands.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, i) =>
    Math.max(...operands.map((shape) => shape[shape.length - rank + i] ?? 1)),
  );
}

interface ElementwiseOptions {
  readonly count?: number;
  readonly range?: number;
  readonly scale?: number;
  /** Make operands valid: positive, not zero, inside a domain. */
  readonly adjust?: (x: number, operand: number) => number;
}

/** An elementwise primitive on broadcasting operands of each dtype. */
function elementwise<P extends Primitive>(
  primitive: P,
  dtypes: readonly DType[],
  { count = 2, range = 2, scale = 4, adjust }: ElementwiseOptions = {},
  params: ParamsOf<P> = {} as ParamsOf<P>,
  result: (dtype: DType) => DType = (dtype) => dtype,
): fc.Arbitrary<Case> {
  return fc
    .tuple(fc.constantFrom(...dtypes), broadcastable(count), looks, seed)
    .map(([dtype, operands, draws, s]) => {
      const builder = new CaseBuilder();
      const inputs = operands.map((shape, i) => {
        const array = numbers(dtype, shape, s + i, range);
        if (!adjust) return builder.disguised(array, draws[i] as Look);
        const data = array.data.map((x) => adjust(x, i));
        return builder.input({ ...array, data } as NdArray);
      });
      const type = { dtype: result(dtype), shape: outShape(operands) };
      return builder.done(builder.equation(primitive, inputs, params, type), scale);
    });
}

const unary = (
  primitive: Primitive,
  dtypes: readonly DType[],
  options: ElementwiseOptions = {},
): fc.Arbitrary<Case> => elementwise(primitive, dtypes, { count: 1, ...options });

const notZero = (x: number): number => (x === 0 ? 1 : x);

const where = fc
  .tuple(fc.constantFrom(...all), broadcastable(3), looks, seed)
  .map(([dtype, operands, draws, s]) => {
    const builder = new CaseBuilder();
    const dtypes: readonly DType[] = ["bool", dtype, dtype];
    const inputs = operands.map((shape, i) =>
      builder.disguised(numbers(dtypes[i] as DType, shape, s + i), draws[i] as Look),
    );
    return builder.done(
      builder.equation("where", inputs, {}, { dtype, shape: outShape(operands) }),
    );
  });

/** A primitive of one operand whose parameters depend on the operand's shape. */
function ofShape<P extends Primitive>(
  primitive: P,
  dtypes: readonly DType[],
  params: (shape: Shape) => fc.Arbitrary<readonly [ParamsOf<P>, readonly Shape[]]>,
  { minRank = 0, scale = 1 } = {},
): fc.Arbitrary<Case> {
  return fc
    .tuple(fc.constantFrom(...dtypes), shapes(minRank), look, seed)
    .chain(([dtype, shape, draw, s]) =>
      params(shape).map(([settings, results]) => {
        const builder = new CaseBuilder();
        const input = builder.disguised(numbers(dtype, shape, s), draw);
        const types = results.map((result) => ({ dtype, shape: result }));
        return builder.done(builder.equation(primitive, [input], settings, ...types), scale);
      }),
    );
}

const reduce = ofShape(
  "reduce",
  all,
  (shape) =>
    fc
      .tuple(
        fc.constantFrom("Add" as const, "Mul" as const, "Max" as const, "Min" as const),
        fc.subarray([...shape.keys()]),
      )
      .map(([op, axis]) => [{ op, axis }, [shape.filter((_, i) => !axis.includes(i))]] as const),
  { scale: 64 },
);

const dot = fc
  .tuple(fc.constantFrom(...signed), broadcastable(2, 1), looks, seed, permutation(6))
  .map(([dtype, operands, draws, s, after]) => {
    const builder = new CaseBuilder();
    const inputs = operands.map((shape, i) =>
      builder.disguised(numbers(dtype, shape, s + i), draws[i] as Look),
    );
    const shape = outShape(operands).slice(0, -1);
    const [product] = builder.equation("dot", inputs, {}, { dtype, shape });
    const perm = [...shape.keys()].sort((a, b) => after.indexOf(a) - after.indexOf(b));
    const turned = { dtype, shape: perm.map((axis) => shape[axis] as number) };
    return builder.done(builder.equation("transpose", [product as Variable], { perm }, turned), 16);
  });

const reshape = ofShape("reshape", all, (shape) => {
  const factors = shape.flatMap((size) => (size === 4 ? [2, 2] : [size]));
  return fc.subarray([...factors.keys()]).map((cuts) => {
    const result: number[] = [];
    for (const [i, factor] of factors.entries()) {
      if (i === 0 || cuts.includes(i)) result.push(factor);
      else result.push((result.pop() as number) * factor);
    }
    return [{ shape: result }, [result]] as const;
  });
});

const broadcast = ofShape("broadcast", all, (shape) =>
  fc.array(fc.integer({ min: 0, max: shape.length }), { maxLength: 2 }).map((places) => {
    const marks = shape.map((size) => ({ size, added: false }));
    for (const place of places) marks.splice(place, 0, { size: 3, added: true });
    const result = marks.map(({ size, added }) => (size === 1 && !added ? 4 : size));
    const axis = marks.flatMap(({ added }, i) => (added ? [i] : []));
    return [{ shape: result, axis }, [result]] as const;
  }),
);

/** Index arrays for some axes, repeats included, known or not while compiling. */
function indexing(primitive: "gather" | "scatter"): fc.Arbitrary<Case> {
  return fc
    .tuple(fc.constantFrom(...signed), shapes(1), broadcastable(2), permutation(4), look, seed)
    .chain(([dtype, shape, indexShapes, order, draw, s]) =>
      fc
        .tuple(fc.integer({ min: 1, max: Math.min(2, shape.length) }), fc.boolean())
        .chain(([count, known]) =>
          fc.integer({ min: 0, max: shape.length - count }).map((outDim) => {
            const axis = order.filter((a) => a < shape.length).slice(0, count);
            const builder = new CaseBuilder();
            const used = indexShapes.slice(0, count);
            const indices = used.map((indexShape, k) => {
              const array = numbers("uint32", indexShape, s + k);
              const size = shape[axis[k] as number] as number;
              const data = Int32Array.from(array.data, (x) => x % size);
              const index: NdArray = { dtype: "int32", shape: indexShape, data };
              return known ? builder.constant(index) : builder.input(index);
            });
            const rest = shape.filter((_, i) => !axis.includes(i));
            const outer = [...rest.slice(0, outDim), ...outShape(used), ...rest.slice(outDim)];
            const params = { axis, outDim, shape };
            const source = primitive === "gather" ? shape : outer;
            const x = builder.disguised(numbers(dtype, source, s + 7), draw);
            const result = { dtype, shape: primitive === "gather" ? outer : shape };
            return builder.done(builder.equation(primitive, [x, ...indices], params, result), 64);
          }),
        ),
    );
}

const concatenate = fc
  .tuple(fc.constantFrom(...all), shapes(1), looks, seed)
  .chain(([dtype, shape, draws, s]) =>
    fc
      .tuple(
        fc.nat(shape.length - 1),
        fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 }),
      )
      .map(([axis, sizes]) => {
        const builder = new CaseBuilder();
        const inputs = sizes.map((size, i) =>
          builder.disguised(numbers(dtype, shape.with(axis, size), s + i), draws[i] as Look),
        );
        const total = sizes.reduce((a, b) => a + b);
        const result = { dtype, shape: shape.with(axis, total) };
        return builder.done(builder.equation("concatenate", inputs, { axis }, result));
      }),
  );

const sorting = (primitive: "sort" | "argsort"): fc.Arbitrary<Case> =>
  fc.tuple(fc.constantFrom(...signed), shapes(1), look, seed).map(([dtype, shape, draw, s]) => {
    const builder = new CaseBuilder();
    const input = builder.disguised(numbers(dtype, shape, s), draw);
    const places = primitive === "argsort" ? [{ dtype: "int32" as const, shape }] : [];
    return builder.done(builder.equation(primitive, [input], {}, { dtype, shape }, ...places));
  });

const compare = fc
  .constantFrom("less" as const, "equal" as const, "not_equal" as const, "less_equal" as const)
  .chain((op) => elementwise("compare", all, {}, { op }, () => "bool"));

const bitCombine = fc
  .constantFrom("and" as const, "or" as const, "xor" as const)
  .chain((op) => elementwise("bit_combine", ["int32", "uint32", "bool"], {}, { op }));

const bitShift = fc
  .constantFrom("shl" as const, "shr" as const)
  .chain((op) =>
    elementwise("bit_shift", ["uint32"], { adjust: (x, i) => (i === 1 ? x % 8 : x) }, { op }),
  );

/** Cases for every primitive that some back end supports; `undefined` where none does. */
export const cases: { readonly [P in Primitive]: fc.Arbitrary<Case> | undefined } = {
  add: elementwise("add", all),
  mul: elementwise("mul", all),
  idiv: elementwise("idiv", numeric, { adjust: (x, i) => (i === 1 ? notZero(x) : x) }),
  mod: elementwise("mod", numeric, { adjust: (x, i) => (i === 1 ? notZero(x) : x) }),
  min: elementwise("min", all),
  max: elementwise("max", all),
  bit_combine: bitCombine,
  bit_shift: bitShift,
  bit_count: undefined,
  neg: unary("neg", signed),
  reciprocal: unary("reciprocal", floats, { adjust: notZero }),
  floor: unary("floor", floats),
  ceil: unary("ceil", floats),
  stop_gradient: unary("stop_gradient", all),
  cast: fc
    .constantFrom(...all)
    .chain((to) =>
      elementwise(
        "cast",
        all,
        to === "uint32" ? { count: 1, adjust: Math.abs } : { count: 1 },
        {},
        () => to,
      ),
    ),
  bitcast: undefined,
  sin: unary("sin", floats),
  cos: unary("cos", floats),
  asin: unary("asin", floats, { range: 1 }),
  atan: unary("atan", floats),
  exp: unary("exp", floats, { scale: 16 }),
  log: unary("log", floats, { adjust: (x) => Math.abs(x) + 0.125, scale: 16 }),
  erf: unary("erf", floats),
  erfc: unary("erfc", floats),
  sqrt: unary("sqrt", floats, { adjust: Math.abs }),
  reduce,
  dot,
  conv: undefined,
  pool: undefined,
  pool_transpose: undefined,
  compare,
  where,
  concatenate,
  split: ofShape(
    "split",
    all,
    (shape) =>
      fc.nat(shape.length - 1).map((axis) => {
        const size = shape[axis] as number;
        const sizes = size === 1 ? [1] : [1, size - 1];
        return [{ axis, sizes }, sizes.map((part) => shape.with(axis, part))] as const;
      }),
    { minRank: 1 },
  ),
  random_bits: undefined,
  gather: indexing("gather"),
  transpose: ofShape("transpose", all, (shape) =>
    permutation(shape.length).map(
      (perm) => [{ perm }, [perm.map((axis) => shape[axis] as number)]] as const,
    ),
  ),
  broadcast,
  reshape,
  flip: ofShape("flip", all, (shape) =>
    fc.subarray([...shape.keys()]).map((axis) => [{ axis }, [shape]] as const),
  ),
  shrink: ofShape("shrink", all, (shape) =>
    fc.tuple(...shape.map((size) => fc.nat(size - 1))).map((starts) => {
      const slice = shape.map((size, i) => [starts[i] as number, size] as const);
      return [{ slice }, [slice.map(([start, end]) => end - start)]] as const;
    }),
  ),
  pad: ofShape("pad", all, (shape) =>
    fc.tuple(...shape.map(() => fc.tuple(fc.nat(2), fc.nat(2)))).map((width) => {
      const result = shape.map((size, i) => size + (width[i]?.[0] ?? 0) + (width[i]?.[1] ?? 0));
      return [{ width }, [result]] as const;
    }),
  ),
  sort: sorting("sort"),
  argsort: sorting("argsort"),
  scatter: indexing("scatter"),
  triangular_solve: undefined,
  cholesky: undefined,
  lu: undefined,
  jacobi_eigh: undefined,
  fft: undefined,
  jit: undefined,
};
