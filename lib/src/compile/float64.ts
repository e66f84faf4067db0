/**
 * Float64 functions that a back end lacks, or computes in float32 only, written out in arithmetic
 * that it has. Accurate to a few units in the last place.
 */

import type { Shape } from "../core/nd.ts";
import { literal } from "./jaxpr.ts";
import type { Operand, Primitive, Program } from "./program.ts";
import { rewrite, type Writer } from "./simplify/rewrite.ts";

type Function64 = "exp" | "log" | "sin" | "cos" | "asin" | "atan" | "erf" | "erfc";

/** The program without the float64 `functions`; those of other dtypes stay. */
export function withoutFloat64(program: Program, functions: ReadonlySet<Primitive>): Program {
  return rewrite(program, ({ primitive, inputs, outputs }, writer) => {
    if (!functions.has(primitive) || outputs[0]?.dtype !== "float64") return undefined;
    const maths = new Maths(writer, outputs[0].shape, functions);
    return [maths.apply(primitive as Function64, inputs[0] as Operand)];
  });
}

type X = Operand | number;

/** Elementwise float64 arithmetic on operands of one shape. */
class Maths {
  readonly #writer: Writer;
  readonly #shape: Shape;
  readonly #missing: ReadonlySet<Primitive>;

  constructor(writer: Writer, shape: Shape, missing: ReadonlySet<Primitive>) {
    this.#writer = writer;
    this.#shape = shape;
    this.#missing = missing;
  }

  #call(
    primitive: Primitive,
    inputs: readonly X[],
    dtype: "float64" | "float32" | "bool" = "float64",
  ): Operand {
    const operands = inputs.map((x) => (typeof x === "number" ? literal("float64", x) : x));
    return this.#writer.equation(primitive, operands, {} as never, dtype, this.#shape);
  }

  apply(name: Function64, x: Operand): Operand {
    return this.#missing.has(name) ? expansions[name](this, x) : this.#call(name, [x]);
  }

  add(x: X, y: X): Operand {
    return this.#call("add", [x, y]);
  }
  mul(x: X, y: X): Operand {
    return this.#call("mul", [x, y]);
  }
  sub(x: X, y: X): Operand {
    return this.add(x, typeof y === "number" ? -y : this.#call("neg", [y]));
  }
  div(x: X, y: X): Operand {
    return this.mul(x, this.#call("reciprocal", [y]));
  }
  floor(x: X): Operand {
    return this.#call("floor", [x]);
  }
  sqrt(x: X): Operand {
    return this.#call("sqrt", [x]);
  }
  max(x: X, y: X): Operand {
    return this.#call("max", [x, y]);
  }
  abs(x: X): Operand {
    return this.max(x, this.mul(x, -1));
  }
  less(x: X, y: X): Operand {
    return this.#writer.equation(
      "compare",
      [x, y].map((side) => (typeof side === "number" ? literal("float64", side) : side)),
      { op: "less" },
      "bool",
      this.#shape,
    );
  }
  where(condition: Operand, x: X, y: X): Operand {
    return this.#call("where", [condition, x, y]);
  }
  /** The function in float32, as a first guess. */
  rough(name: Function64, x: Operand): Operand {
    const narrow = this.#call("cast", [x], "float32");
    return this.#call("cast", [this.#call(name, [narrow], "float32")]);
  }
  /** Horner's rule, highest coefficient first. */
  polynomial(x: Operand, coefficients: readonly number[]): Operand {
    const [first = 0, ...rest] = coefficients;
    return rest.reduce<X>((sum, c) => this.add(this.mul(sum, x), c), first) as Operand;
  }
}

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));

/** 1/n!, from `highest` down in steps; alternating in sign for sines and cosines. */
function taylor(highest: number, step: number): number[] {
  const terms: number[] = [];
  for (let n = highest; n >= 0; n -= step) {
    const sign = step === 2 && Math.floor(n / 2) % 2 === 1 ? -1 : 1;
    terms.push(sign / factorial(n));
  }
  return terms;
}

/** 2^k for integers |k| <= 1023, exactly, from the binary digits of k. */
function powerOfTwo(m: Maths, k: Operand): Operand {
  let digits = m.abs(k);
  let power: X = 1;
  for (let bit = 0; bit < 10; bit++) {
    const half = m.floor(m.mul(digits, 0.5));
    const digit = m.sub(digits, m.mul(half, 2));
    power = m.mul(power, m.where(m.less(0.5, digit), 2 ** (2 ** bit), 1));
    digits = half;
  }
  return m.where(m.less(k, 0), m.div(1, power), power);
}

/** ln 2 and pi/2 in two parts, the first with enough trailing zeros to multiply exactly. */
const ln2 = [0.6931471803691238, 1.9082149292705877e-10] as const;
const halfPi = [1.5707963267341256, 6.077100506506192e-11] as const;

function exp(m: Maths, x: Operand): Operand {
  const bounded = m.where(m.less(x, -746), -746, m.where(m.less(710, x), 710, x));
  const k = m.floor(m.add(m.mul(bounded, Math.LOG2E), 0.5));
  const r = m.sub(m.sub(bounded, m.mul(k, ln2[0])), m.mul(k, ln2[1]));
  const half = m.floor(m.mul(k, 0.5));
  const small = m.polynomial(r, taylor(13, 1));
  const scaled = m.mul(m.mul(small, powerOfTwo(m, half)), powerOfTwo(m, m.sub(k, half)));
  const notFinite = m.less(m.sub(x, x), 1);
  return m.where(
    m.less(x, -746),
    0,
    m.where(m.less(710, x), Infinity, m.where(notFinite, scaled, x)),
  );
}

/** Halley's iteration on exp(y) = x from the float32 logarithm of x brought near 1. */
function log(m: Maths, x: Operand): Operand {
  let scaled: Operand = x;
  let offset: X = 0;
  for (const [limit, factor] of [
    [2 ** -100, 2 ** 200],
    [2 ** 100, 2 ** -200],
  ] as const) {
    for (let i = 0; i < 5; i++) {
      const far = factor > 1 ? m.less(scaled, limit) : m.less(limit, scaled);
      scaled = m.where(far, m.mul(scaled, factor), scaled);
      offset = m.add(offset, m.where(far, -Math.log(factor), 0));
    }
  }
  let y = m.rough("log", scaled);
  for (let i = 0; i < 2; i++) {
    const e = m.apply("exp", y);
    y = m.add(y, m.mul(2, m.div(m.sub(scaled, e), m.add(scaled, e))));
  }
  const result = m.add(y, offset);
  return m.where(m.less(0, x), m.where(m.less(x, Infinity), result, x), m.rough("log", x));
}

/** Sine and cosine after reduction to [-pi/4, pi/4], for |x| < 1e6. */
function circular(m: Maths, x: Operand, quarterTurns: 0 | 1): Operand {
  const k = m.floor(m.add(m.mul(x, 2 / Math.PI), 0.5));
  const r = m.sub(m.sub(x, m.mul(k, halfPi[0])), m.mul(k, halfPi[1]));
  const square = m.mul(r, r);
  const sine = m.mul(r, m.polynomial(square, taylor(17, 2)));
  const cosine = m.polynomial(square, taylor(18, 2));
  const turns = m.add(k, quarterTurns);
  const quadrant = m.sub(turns, m.mul(m.floor(m.mul(turns, 0.25)), 4));
  const odd = m.sub(quadrant, m.mul(m.floor(m.mul(quadrant, 0.5)), 2));
  const size = m.where(m.less(0.5, odd), cosine, sine);
  return m.where(m.less(1.5, quadrant), m.mul(size, -1), size);
}

/** sin(y - y0) = x cos y0 - cos y sin y0, for y = asin x and y0 its float32 value. */
function asin(m: Maths, x: Operand): Operand {
  const guess = m.rough("asin", x);
  const cosine = m.sqrt(m.mul(m.sub(1, x), m.add(1, x)));
  const [s, c] = [m.apply("sin", guess), m.apply("cos", guess)];
  const d = m.sub(m.mul(x, c), m.mul(cosine, s));
  return m.add(guess, m.add(d, m.mul(m.mul(m.mul(d, d), d), 1 / 6)));
}

/** tan(y - y0) from x and tan y0, for y = atan x and y0 its float32 value. */
function atan(m: Maths, x: Operand): Operand {
  const guess = m.rough("atan", x);
  const [s, c] = [m.apply("sin", guess), m.apply("cos", guess)];
  const d = m.div(m.sub(m.mul(x, c), s), m.add(c, m.mul(x, s)));
  return m.add(guess, m.sub(d, m.mul(m.mul(m.mul(d, d), d), 1 / 3)));
}

/** Rational approximations of W. J. Cody, "Rational Chebyshev approximations for the error function", 1969. */
const cody = {
  near: [
    [
      0.18577770618460315, 3.1611237438705655, 113.86415415105016, 377.485237685302,
      3209.3775891384694,
    ],
    [1, 23.601290952344122, 244.02463793444417, 1282.6165260773723, 2844.236833439171],
  ],
  middle: [
    [
      2.1531153547440383e-8, 0.5641884969886701, 8.883149794388377, 66.11919063714163,
      298.6351381974001, 881.952221241769, 1712.0476126340707, 2051.0783778260716,
      1230.3393547979972,
    ],
    [
      1, 15.744926110709835, 117.6939508913125, 537.1811018620099, 1621.3895745666903,
      3290.7992357334597, 4362.619090143247, 3439.3676741437216, 1230.3393548037495,
    ],
  ],
  far: [
    [
      0.016315387137302097, 0.30532663496123236, 0.36034489994980445, 0.12578172611122926,
      0.016083785148742275, 0.0006587491615298378,
    ],
    [
      1, 2.568520192289822, 1.8729528499234673, 0.5279051029514285, 0.06051834131244132,
      0.0023352049762686918,
    ],
  ],
} as const;

/** erf(x) for |x| <= 0.5 and erfc(|x|) beyond. */
function codyParts(m: Maths, x: Operand): { near: Operand; tail: Operand; isNear: Operand } {
  const size = m.abs(x);
  const ratio = (at: Operand, [p, q]: readonly (readonly number[])[]): Operand =>
    m.div(m.polynomial(at, p as readonly number[]), m.polynomial(at, q as readonly number[]));
  const square = m.mul(x, x);
  const isNear = m.less(size, 0.5);
  const near = m.mul(x, ratio(m.where(isNear, square, 0), cody.near));
  const decay = m.apply("exp", m.mul(square, -1));
  const middle = m.mul(decay, ratio(m.where(m.less(size, 4), size, 4), cody.middle));
  const beyond = m.where(m.less(size, 4), 4, size);
  const inverse = m.div(1, m.mul(beyond, beyond));
  const correction = m.mul(inverse, ratio(inverse, cody.far));
  const far = m.mul(m.div(decay, beyond), m.sub(1 / Math.sqrt(Math.PI), correction));
  return { near, tail: m.where(m.less(size, 4), middle, far), isNear };
}

function erf(m: Maths, x: Operand): Operand {
  const { near, tail, isNear } = codyParts(m, x);
  const rest = m.sub(1, tail);
  return m.where(isNear, near, m.where(m.less(x, 0), m.mul(rest, -1), rest));
}

function erfc(m: Maths, x: Operand): Operand {
  const { near, tail, isNear } = codyParts(m, x);
  return m.where(isNear, m.sub(1, near), m.where(m.less(x, 0), m.sub(2, tail), tail));
}

const expansions: { readonly [F in Function64]: (m: Maths, x: Operand) => Operand } = {
  exp,
  log,
  sin: (m, x) => circular(m, x, 0),
  cos: (m, x) => circular(m, x, 1),
  asin,
  atan,
  erf,
  erfc,
};
