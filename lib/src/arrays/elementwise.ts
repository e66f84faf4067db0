/** Elementwise functions. Functions of the reals take integers as float32. */

import type { DType } from "../core/nd.ts";
import { isFloat, toFloat } from "./dtype.ts";
import { type UnaryName, unary } from "./exact.ts";
import { lax, np } from "./jax.ts";
import { tidy } from "./scope.ts";
import { broadcastShapes } from "./shapes.ts";
import { binary, lift, scalar, type Tensor, toCommonDtype } from "./tensor.ts";

function real(x: Tensor): Tensor {
  return x.astype(toFloat(x.dtype));
}

function named(name: UnaryName, x: Tensor): Tensor {
  return lift((v) => unary(name, v), real(x));
}

/** e to the power of each element. */
export function exp(x: Tensor): Tensor {
  return named("exp", x);
}

/** Natural logarithm. */
export function log(x: Tensor): Tensor {
  return named("log", x);
}

/** Sine of radians. */
export function sin(x: Tensor): Tensor {
  return named("sin", x);
}

/** Cosine of radians. */
export function cos(x: Tensor): Tensor {
  return named("cos", x);
}

/** The error function, 2/sqrt(pi) times the integral of exp(-t^2) from 0 to x. */
export function erf(x: Tensor): Tensor {
  return named("erf", x);
}

/** Square root; NaN below zero. */
export function sqrt(x: Tensor): Tensor {
  return lift(np.sqrt, real(x));
}

/** One divided by each element. */
export function reciprocal(x: Tensor): Tensor {
  return named("reciprocal", x);
}

/** Each element times itself. */
export function square(x: Tensor): Tensor {
  return x.mul(x);
}

/** Largest whole number that is not greater. */
export function floor(x: Tensor): Tensor {
  return isFloat(x.dtype) ? lift(np.floor, x) : x.astype(x.dtype);
}

/** Smallest whole number that is not less. */
export function ceil(x: Tensor): Tensor {
  return isFloat(x.dtype) ? lift(np.ceil, x) : x.astype(x.dtype);
}

/** -1, 0 or 1; 0 for NaN. Its gradient is zero. */
export function sign(x: Tensor): Tensor {
  return tidy(() => {
    const { dtype } = x;
    const negative = where(x.less(0), scalar(dtype === "uint32" ? 0 : -1, dtype), scalar(0, dtype));
    return where(x.greater(0), scalar(1, dtype), negative);
  });
}

/** Absolute value. Its gradient at 0 is 0. */
export function abs(x: Tensor): Tensor {
  return tidy(() => (x.dtype === "bool" ? x.astype("bool") : x.mul(sign(x))));
}

/** The larger of the two; between equal numbers the gradient goes to `x`. */
export function maximum(x: Tensor | number, y: Tensor | number): Tensor {
  return binary("maximum", np.maximum, x, y);
}

/** The smaller of the two; between equal numbers the gradient goes to `x`. */
export function minimum(x: Tensor | number, y: Tensor | number): Tensor {
  return binary("minimum", np.minimum, x, y);
}

/** Bound from below and above; leave one out with `undefined`. */
export function clip(x: Tensor, low?: Tensor | number, high?: Tensor | number): Tensor {
  return tidy(() => {
    const above = low === undefined ? x : maximum(x, low);
    const both = high === undefined ? above : minimum(above, high);
    return both.astype(both.dtype);
  });
}

/** `x` where the condition holds (is not zero), `y` elsewhere. All three broadcast. */
export function where(condition: Tensor, x: Tensor | number, y: Tensor | number): Tensor {
  return tidy(() => {
    const [a, b] = toCommonDtype(x, y);
    broadcastShapes("where", condition.shape, broadcastShapes("where", a.shape, b.shape));
    return lift(np.where, condition.astype("bool"), a, b);
  });
}

/** The same numbers, constant for `grad`. */
export function stopGradient(x: Tensor): Tensor {
  return lift(lax.stopGradient, x);
}

/** -|x|, with derivative -1 at 0, so that odd functions built on it have the right slope there. */
function negativeAbs(x: Tensor): Tensor {
  return where(x.less(0), x, x.neg());
}

function horner(x: Tensor, coefficients: readonly number[]): Tensor {
  const [last, ...rest] = [...coefficients].reverse();
  let sum = scalar(last as number, x.dtype);
  for (const coefficient of rest) sum = sum.mul(x).add(coefficient);
  return sum;
}

function terms(dtype: DType, few: number, many: number): number[] {
  return Array.from({ length: dtype === "float64" ? many : few }, (_, i) => i);
}

/** exp(x) - 1, also accurate near 0 (Taylor series for |x| < 0.5). */
export function expm1(x: Tensor): Tensor {
  return tidy(() => {
    const v = real(x);
    const small = clip(v, -0.5, 0.5);
    let factorial = 1;
    const series = terms(v.dtype, 9, 16).map((n) => {
      factorial *= n + 1;
      return 1 / factorial;
    });
    const far = v.sub(small).notEqual(0);
    return where(far, exp(v).sub(1), horner(small, series).mul(small));
  });
}

/** log(1 + x), also accurate near 0 (2 artanh(x / (2 + x)) as a series for |x| < 0.5). */
export function log1p(x: Tensor): Tensor {
  return tidy(() => {
    const v = real(x);
    const small = clip(v, -0.5, 0.5);
    const far = v.sub(small).notEqual(0);
    const s = small.div(small.add(2));
    const series = terms(v.dtype, 8, 17).map((n) => 2 / (2 * n + 1));
    return where(far, log(v.add(1)), horner(square(s), series).mul(s));
  });
}

/** Taylor series of tanh(x) / x in x^2 (float32: used for |x| < 0.2). */
const TANH_SERIES = [1, -1 / 3, 2 / 15, -17 / 315, 62 / 2835] as const;

/** Hyperbolic tangent. */
export function tanh(x: Tensor): Tensor {
  return tidy(() => {
    const v = real(x);
    const n = negativeAbs(v).mul(2);
    if (v.dtype === "float64") {
      const e = expm1(n);
      return where(v.less(0), e, e.neg()).div(e.add(2));
    }
    const e = exp(n);
    const far = where(v.less(0), e.sub(1), e.neg().add(1)).div(e.add(1));
    const small = clip(v, -0.2, 0.2);
    return where(v.sub(small).notEqual(0), far, horner(square(small), TANH_SERIES).mul(small));
  });
}

/** 1 / (1 + exp(-x)), without overflow in either direction. */
export function sigmoid(x: Tensor): Tensor {
  return tidy(() => {
    const v = real(x);
    const e = exp(negativeAbs(v));
    return where(v.less(0), e, 1).div(e.add(1));
  });
}
