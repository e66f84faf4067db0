/** The operations of modular arithmetic (Power et al. 2022, appendix A.1). */

export interface Operation {
  /** An integer congruent to the result modulo p. */
  compute(a: number, b: number, p: number): number;
  /** True when b must have an inverse: p is prime and b is not 0. */
  readonly divides: boolean;
}

export const operations = {
  "a+b": { compute: (a, b) => a + b, divides: false },
  "a-b": { compute: (a, b) => a - b, divides: false },
  "a*b": { compute: (a, b) => a * b, divides: false },
  "a/b": { compute: (a, b, p) => a * inverse(b, p), divides: true },
  "a^2+b^2": { compute: (a, b) => a * a + b * b, divides: false },
  "x^2+xy+y^2": { compute: (a, b) => a * a + a * b + b * b, divides: false },
} as const satisfies { readonly [name: string]: Operation };

export type OperationName = keyof typeof operations;

/** The y in 1 … p-1 with x y = 1 modulo p, for x coprime to p: extended Euclid. */
function inverse(x: number, p: number): number {
  let [r0, r1, s0, s1] = [x, p, 1, 0];
  while (r1 !== 0) {
    const quotient = Math.floor(r0 / r1);
    [r0, r1, s0, s1] = [r1, r0 - quotient * r1, s1, s0 - quotient * s1];
  }
  return s0 < 0 ? s0 + p : s0;
}
