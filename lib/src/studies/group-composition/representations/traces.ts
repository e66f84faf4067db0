/** Logits against the hypothesis Tr ρ(a)ρ(b)ρ(c)⁻¹ (Chughtai et al. 2023, section 4). */

import { type Float64NdArray, float64 } from "../../../analysis/linalg/index.ts";
import type { FiniteGroup } from "../../../groups/index.ts";

/** χ(g c⁻¹) for every product g = ab and answer c: "ab c". */
export function traceTable(
  { order, table, inverses }: FiniteGroup,
  chi: Float64Array,
): Float64NdArray {
  const out = float64([order, order]);
  for (let g = 0; g < order; g++) {
    for (let c = 0; c < order; c++) {
      const element = table[g * order + (inverses[c] as number)] as number;
      out.data[g * order + c] = chi[element] as number;
    }
  }
  return out;
}

/** How alike the logits and a hypothesis are. Every row is centered over the answers first. */
export interface LogitComparison {
  /** Mean over the pairs of the cosine between the rows. */
  readonly cosine: number;
  /** The same of their softmax; unlike the cosine it depends on the hypothesis's scale. */
  readonly softmaxCosine: number;
  /**
   * Mean over the answers of the share of the squares of that logit, over all pairs, in the projections
   * of the rows on the hypothesis.
   */
  readonly fraction: number;
}

/** Compares logits row by row with a hypothesis that depends on the product alone. */
export class TraceComparison {
  readonly #order: number;
  /** "ab c": rows centered, and their softmax. */
  readonly #rows: Float64Array;
  readonly #softmax: Float64Array;
  readonly #squares: Float64Array;
  readonly #softmaxSquares: Float64Array;
  /** "ab": Σ (⟨x, h⟩ / ⟨h, h⟩)² over the pairs with that product. */
  readonly #factors: Float64Array;
  readonly #total: Float64Array;
  #cosines = 0;
  #softmaxCosines = 0;

  /** `hypothesis` is "ab c". */
  constructor({ shape, data }: Float64NdArray) {
    const order = shape[0] as number;
    this.#order = order;
    this.#rows = Float64Array.from(data);
    this.#softmax = new Float64Array(data.length);
    [this.#squares, this.#softmaxSquares, this.#factors, this.#total] = [0, 1, 2, 3].map(
      () => new Float64Array(order),
    ) as [Float64Array, Float64Array, Float64Array, Float64Array];
    for (let g = 0; g < order; g++) {
      const row = this.#rows.subarray(g * order, (g + 1) * order);
      const mean = row.reduce((sum, x) => sum + x, 0) / order;
      for (let c = 0; c < order; c++) row[c] = (row[c] as number) - mean;
      const top = row.reduce((most, x) => Math.max(most, x), Number.NEGATIVE_INFINITY);
      const powers = row.map((x) => Math.exp(x - top));
      this.#softmax.set(powers, g * order);
      this.#squares[g] = row.reduce((sum, x) => sum + x * x, 0);
      this.#softmaxSquares[g] = powers.reduce((sum, x) => sum + x * x, 0);
    }
  }

  /** Add a pair: its centered logits and their exponentials up to a factor. */
  add(product: number, x: Float64Array, powers: Float64Array): void {
    const start = product * this.#order;
    let [xh, xx, pq, pp] = [0, 0, 0, 0];
    for (let c = 0; c < x.length; c++) {
      const [value, power] = [x[c] as number, powers[c] as number];
      const square = value * value;
      xh += value * (this.#rows[start + c] as number);
      xx += square;
      pq += power * (this.#softmax[start + c] as number);
      pp += power * power;
      this.#total[c] = (this.#total[c] as number) + square;
    }
    const hh = this.#squares[product] as number;
    this.#cosines += xh / Math.sqrt(xx * hh);
    this.#softmaxCosines += pq / Math.sqrt(pp * (this.#softmaxSquares[product] as number));
    this.#factors[product] = (this.#factors[product] as number) + (xh / hh) ** 2;
  }

  /** The comparison, when all pairs were added. */
  result(): LogitComparison {
    const order = this.#order;
    let fraction = 0;
    for (let c = 0; c < order; c++) {
      let projected = 0;
      for (let g = 0; g < order; g++) {
        projected += (this.#rows[g * order + c] as number) ** 2 * (this.#factors[g] as number);
      }
      fraction += projected / (this.#total[c] as number) / order;
    }
    const pairs = order * order;
    return {
      cosine: this.#cosines / pairs,
      softmaxCosine: this.#softmaxCosines / pairs,
      fraction,
    };
  }
}
