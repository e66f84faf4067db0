/** The rule that every head has the same whole width. */

import type { z } from "zod";

interface Sizes {
  readonly dModel: number;
  readonly nHeads: number;
}

/** `schema` with the rule that `nHeads` divides `dModel`; the message names the nearest that does. */
export function wholeHeads<T extends z.ZodType<Sizes>>(schema: T): T {
  const fits = ({ dModel, nHeads }: Sizes): boolean =>
    dModel < 1 || nHeads < 1 || dModel % nHeads === 0;
  return schema.refine(fits, {
    path: ["nHeads"],
    error: ({ input }) => {
      const { dModel, nHeads } = input as Sizes;
      return `must divide dModel (${dModel}), as ${nearestDivisor(dModel, nHeads)} does`;
    },
  });
}

/** More heads than this are a mistake: no tiny transformer has them. */
export const mostHeads = 1024;

/** The divisor of `n` closest to `wanted`; the smaller of two. */
function nearestDivisor(n: number, wanted: number): number {
  const small: number[] = [];
  for (let d = 1; d * d <= n; d++) if (n % d === 0) small.push(d);
  const divisors = [...small, ...small.map((d) => n / d).reverse()];
  return divisors.reduce((best, d) => (Math.abs(d - wanted) < Math.abs(best - wanted) ? d : best));
}
