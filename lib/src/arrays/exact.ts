/**
 * Elementwise functions of the reals. jax-js's WebAssembly has only float32 versions of exp, log,
 * sin, cos and erf, whose errors reach 1e-5 (log) even for float64 arrays. Here the numbers of an
 * array go through JavaScript's own functions (which is also faster), and through `grad` and `vmap`
 * with the derivatives below, so every result is correct to its last place. A recorded program
 * (`trace`) and WebGPU keep the primitive; ONNX Runtime computes it in full precision. The reciprocal
 * is here because jax-js's own derivative of it never gives back a reference.
 */

import { bottom, isConcrete, lax, np, type Tracer } from "./jax.ts";

interface Rule {
  /** The function of one number; without it, the primitive is applied to the array. */
  readonly host?: (value: number) => number;
  /** Consumes its argument. */
  readonly primitive: (x: Tracer) => Tracer;
  /** d f / d x from x and y = f(x), both owned by the rule. */
  readonly derivative: (x: Tracer, y: Tracer) => Tracer;
}

function useY(x: Tracer, y: Tracer): Tracer {
  x.dispose();
  return y;
}

function useX(x: Tracer, y: Tracer): Tracer {
  y.dispose();
  return x;
}

const RULES = {
  exp: { host: Math.exp, primitive: np.exp, derivative: useY },
  log: { host: Math.log, primitive: np.log, derivative: (x, y) => unary("reciprocal", useX(x, y)) },
  sin: { host: Math.sin, primitive: np.sin, derivative: (x, y) => unary("cos", useX(x, y)) },
  cos: { host: Math.cos, primitive: np.cos, derivative: (x, y) => unary("sin", useX(x, y)).neg() },
  reciprocal: {
    primitive: np.reciprocal,
    derivative: (x, y) => {
      const own = useY(x, y);
      return own.ref.mul(own).neg();
    },
  },
  erf: {
    host: hostErf,
    primitive: lax.erf,
    derivative: (x, y) => {
      const own = useX(x, y);
      const { dtype } = own;
      return unary("exp", own.ref.mul(own).neg()).mul(
        np.full([], 2 / Math.sqrt(Math.PI), { dtype }),
      );
    },
  },
} satisfies { readonly [name: string]: Rule };

export type UnaryName = keyof typeof RULES;

/** Apply one of the functions; consumes `x`, a float tracer. */
export function unary(name: UnaryName, x: Tracer): Tracer {
  const rule: Rule = RULES[name];
  const base = bottom(x);
  const supported = rule.host === undefined || base.device !== "webgpu";
  if (!isConcrete(base) || !supported) return rule.primitive(x);
  return exact(rule, x);
}

/** The same through the layers of `grad` and `vmap`, down to the array. Consumes `x`. */
function exact(rule: Rule, x: Tracer): Tracer {
  if (isConcrete(x)) {
    const { shape, dtype } = x;
    if (x.size === 0) return x;
    if (rule.host === undefined) return rule.primitive(x);
    const data = x.dataSync().slice();
    for (let i = 0; i < data.length; i++) data[i] = rule.host(data[i]);
    return np.array(data, { shape, dtype });
  }
  if (x.pval?.val) return exact(rule, x.fullLower());
  if (x.batchDim !== undefined) {
    const y = exact(rule, x.val.ref);
    const mapped = new x.constructor(x._trace, y, x.batchDim);
    x.dispose();
    return mapped;
  }
  const y = exact(rule, x.primal.ref);
  const slope = rule.derivative(x.primal.ref, y.ref);
  const result = new x.constructor(x._trace, y, slope.mul(x.tangent.ref));
  x.dispose();
  return result;
}

/** The error function to 1e-15: its Taylor series below 3, a continued fraction of erfc above. */
function hostErf(x: number): number {
  if (Number.isNaN(x)) return x;
  const a = Math.abs(x);
  if (a > 6) return Math.sign(x);
  const scale = (2 / Math.sqrt(Math.PI)) * Math.exp(-a * a);
  if (a < 3) {
    let term = a;
    let sum = a;
    for (let n = 1; term > 1e-17 * sum; n++) {
      term *= (2 * a * a) / (2 * n + 1);
      sum += term;
    }
    return Math.sign(x) * scale * sum;
  }
  let fraction = a;
  for (let n = 60; n >= 1; n--) fraction = a + n / 2 / fraction;
  return Math.sign(x) * (1 - scale / (2 * fraction));
}
