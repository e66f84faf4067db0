/** A program run by plain loops over float64 numbers: the oracle of the tests. */

import type { NdArray, Shape } from "../../core/nd.ts";
import { nd, sizeOf } from "../../core/nd.ts";
import type { AnyEquation, Operand, ParamsOf, Primitive, Program, Variable } from "../program.ts";

/** Numbers of an array in row-major order, not rounded to its dtype unless that is an integer. */
interface Numbers {
  readonly shape: Shape;
  readonly data: readonly number[];
}

type Rule<P extends Primitive> = (
  inputs: readonly Numbers[],
  params: ParamsOf<P>,
  outputs: readonly Variable[],
) => readonly Numbers[];

/** Outputs of `program` for `inputs`, computed in float64 whatever the dtypes. */
export function runReference(program: Program, inputs: readonly NdArray[]): NdArray[] {
  const held = new Map<number, Numbers>();
  const plain = ({ shape, data }: NdArray): Numbers => ({ shape, data: Array.from(data) });
  for (const { variable, array } of program.constants) held.set(variable.id, plain(array));
  for (const [i, { id }] of program.inputs.entries()) held.set(id, plain(inputs[i] as NdArray));
  const look = (operand: Operand): Numbers =>
    operand.kind === "literal"
      ? { shape: [], data: [operand.value] }
      : (held.get(operand.id) as Numbers);
  for (const equation of program.equations) {
    const results = evaluate(equation, equation.inputs.map(look));
    for (const [i, { id, dtype, shape }] of equation.outputs.entries()) {
      const { data } = results[i] as Numbers;
      if (data.length !== sizeOf(shape)) throw new Error(`${equation.primitive}: wrong size`);
      held.set(id, {
        shape,
        data: dtype.startsWith("float")
          ? data
          : data.map((x) => (integers[dtype] as (x: number) => number)(x)),
      });
    }
  }
  return program.outputs.map((operand) => nd(operand.dtype, operand.shape, look(operand).data));
}

const integers: { readonly [dtype: string]: (x: number) => number } = {
  int32: (x) => Number(BigInt.asIntN(32, BigInt(Math.trunc(x)))),
  uint32: (x) => Number(BigInt.asUintN(32, BigInt(Math.trunc(x)))),
  bool: (x) => (x ? 1 : 0),
};

function evaluate(equation: AnyEquation, inputs: readonly Numbers[]): readonly Numbers[] {
  const rule = rules[equation.primitive] as Rule<Primitive> | undefined;
  if (!rule) throw new Error(`reference: ${equation.primitive} is not written`);
  return rule(inputs, equation.params, equation.outputs);
}

/** Each index of `shape`, in row-major order. */
export function* indicesOf(shape: Shape): Generator<number[]> {
  const index = shape.map(() => 0);
  for (let n = sizeOf(shape); n > 0; n--) {
    yield [...index];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = (index[axis] as number) + 1;
      if ((index[axis] as number) < (shape[axis] as number)) break;
      index[axis] = 0;
    }
  }
}

/** The element at `index`, whose last places count; axes of size 1 repeat. */
function at({ shape, data }: Numbers, index: readonly number[]): number {
  let offset = 0;
  const lead = index.length - shape.length;
  for (const [i, size] of shape.entries()) {
    offset = offset * size + (size === 1 ? 0 : (index[i + lead] as number));
  }
  return data[offset] as number;
}

function build(shape: Shape, f: (index: number[]) => number): Numbers {
  return { shape, data: [...indicesOf(shape)].map(f) };
}

const pointwise =
  <P extends Primitive>(f: (...xs: number[]) => number): Rule<P> =>
  (inputs, _params, [output]) => [
    build((output as Variable).shape, (index) => f(...inputs.map((x) => at(x, index)))),
  ];

const comparisons = {
  less: (x: number, y: number) => Number(x < y),
  equal: (x: number, y: number) => Number(x === y),
  not_equal: (x: number, y: number) => Number(x !== y),
  less_equal: (x: number, y: number) => Number(x <= y),
};

const folds = {
  Add: (x: number, y: number) => x + y,
  Mul: (x: number, y: number) => x * y,
  Max: Math.max,
  Min: Math.min,
};

const bits = {
  and: (x: number, y: number) => x & y,
  or: (x: number, y: number) => x | y,
  xor: (x: number, y: number) => x ^ y,
};

/** Maclaurin series of the error function; exact to float64 for |x| < 6. */
export function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; n < 200; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

/** The output place of an update, or the input place of a gathered element. */
function indexedPlace(
  index: readonly number[],
  indices: readonly Numbers[],
  axis: readonly number[],
  outDim: number,
): number[] {
  const count = Math.max(...indices.map(({ shape }) => shape.length));
  const block = index.slice(outDim, outDim + count);
  const place = [...index.slice(0, outDim), ...index.slice(outDim + count)];
  const pairs = axis.map((a, k) => [a, at(indices[k] as Numbers, block)] as const);
  for (const [a, value] of [...pairs].sort((p, q) => p[0] - q[0])) place.splice(a, 0, value);
  return place;
}

const rules: { readonly [P in Primitive]?: Rule<P> } = {
  add: pointwise((x, y) => x + y),
  mul: pointwise((x, y) => x * y),
  idiv: pointwise((x, y) => Math.trunc(x / y)),
  mod: pointwise((x, y) => x % y),
  min: pointwise(Math.min),
  max: pointwise(Math.max),
  bit_combine: ([x, y], { op }, outputs) =>
    pointwise<"bit_combine">(bits[op])([x as Numbers, y as Numbers], { op }, outputs),
  bit_shift: ([x, y], { op }, outputs) =>
    pointwise<"bit_shift">((a, b) => (op === "shl" ? a << b : a >>> b))(
      [x as Numbers, y as Numbers],
      { op },
      outputs,
    ),
  neg: pointwise((x) => -x),
  reciprocal: pointwise((x) => 1 / x),
  floor: pointwise(Math.floor),
  ceil: pointwise(Math.ceil),
  stop_gradient: pointwise((x) => x),
  cast: pointwise((x) => x),
  sin: pointwise(Math.sin),
  cos: pointwise(Math.cos),
  asin: pointwise(Math.asin),
  atan: pointwise(Math.atan),
  exp: pointwise(Math.exp),
  log: pointwise(Math.log),
  erf: pointwise(erf),
  erfc: pointwise((x) => 1 - erf(x)),
  sqrt: pointwise(Math.sqrt),
  where: pointwise((c, x, y) => (c ? x : y)),
  compare: (inputs, params, outputs) =>
    pointwise<"compare">(comparisons[params.op])(inputs, params, outputs),
  reduce: ([x], { axis, op }, [output]) => {
    const input = x as Numbers;
    const sums = new Map<string, number>();
    for (const index of indicesOf(input.shape)) {
      const key = index.filter((_, i) => !axis.includes(i)).join();
      const before = sums.get(key);
      const value = at(input, index);
      sums.set(key, before === undefined ? value : folds[op](before, value));
    }
    return [build((output as Variable).shape, (index) => sums.get(index.join()) as number)];
  },
  dot: ([x, y], _params, [output]) => {
    const [left, right] = [x as Numbers, y as Numbers];
    const depth = Math.max(left.shape.at(-1) as number, right.shape.at(-1) as number);
    return [
      build((output as Variable).shape, (index) => {
        let sum = 0;
        for (let k = 0; k < depth; k++) sum += at(left, [...index, k]) * at(right, [...index, k]);
        return sum;
      }),
    ];
  },
  concatenate: (inputs, { axis }, [output]) => [
    build((output as Variable).shape, (index) => {
      const place = [...index];
      for (const input of inputs) {
        const size = input.shape[axis] as number;
        if ((place[axis] as number) < size) return at(input, place);
        place[axis] = (place[axis] as number) - size;
      }
      return Number.NaN;
    }),
  ],
  split: ([x], { axis, sizes }, outputs) =>
    outputs.map(({ shape }, part) => {
      const start = sizes.slice(0, part).reduce((a, b) => a + b, 0);
      return build(shape, (index) =>
        at(
          x as Numbers,
          index.map((i, k) => (k === axis ? i + start : i)),
        ),
      );
    }),
  transpose: ([x], { perm }, [output]) => [
    build((output as Variable).shape, (index) =>
      at(
        x as Numbers,
        perm.map((_, k) => index[perm.indexOf(k)] as number),
      ),
    ),
  ],
  broadcast: ([x], { shape, axis }) => [
    build(shape, (index) =>
      at(
        x as Numbers,
        index.filter((_, k) => !axis.includes(k)),
      ),
    ),
  ],
  reshape: ([x], { shape }) => [{ shape, data: (x as Numbers).data }],
  flip: ([x], { axis }) => {
    const { shape } = x as Numbers;
    const turn = (i: number, k: number): number =>
      axis.includes(k) ? (shape[k] as number) - 1 - i : i;
    return [build(shape, (index) => at(x as Numbers, index.map(turn)))];
  },
  shrink: ([x], { slice }, [output]) => [
    build((output as Variable).shape, (index) =>
      at(
        x as Numbers,
        index.map((i, k) => i + (slice[k]?.[0] as number)),
      ),
    ),
  ],
  pad: ([x], { width }, [output]) => [
    build((output as Variable).shape, (index) => {
      const place = index.map((i, k) => i - (width[k]?.[0] as number));
      const inside = place.every((i, k) => i >= 0 && i < ((x as Numbers).shape[k] as number));
      return inside ? at(x as Numbers, place) : 0;
    }),
  ],
  gather: ([x, ...indices], { axis, outDim }, [output]) => [
    build((output as Variable).shape, (index) =>
      at(x as Numbers, indexedPlace(index, indices, axis, outDim)),
    ),
  ],
  scatter: ([updates, ...indices], { shape, axis, outDim }) => {
    const sums = new Map<string, number>();
    for (const index of indicesOf((updates as Numbers).shape)) {
      const key = indexedPlace(index, indices, axis, outDim).join();
      sums.set(key, (sums.get(key) ?? 0) + at(updates as Numbers, index));
    }
    return [build(shape, (index) => sums.get(index.join()) ?? 0)];
  },
  sort: ([x]) => [sorted(x as Numbers, (row) => row.map(({ value }) => value))],
  argsort: ([x]) => [
    sorted(x as Numbers, (row) => row.map(({ value }) => value)),
    sorted(x as Numbers, (row) => row.map(({ place }) => place)),
  ],
};

interface Placed {
  readonly value: number;
  readonly place: number;
}

function sorted({ shape, data }: Numbers, pick: (row: readonly Placed[]) => number[]): Numbers {
  const length = shape.at(-1) as number;
  const rows = Array.from({ length: data.length / length }, (_, r) =>
    data
      .slice(r * length, (r + 1) * length)
      .map((value, place) => ({ value, place }))
      .sort((a, b) => a.value - b.value || a.place - b.place),
  );
  return { shape, data: rows.flatMap(pick) };
}
