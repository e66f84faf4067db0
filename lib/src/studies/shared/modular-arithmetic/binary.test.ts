import { describe, expect, it } from "vitest";
import { nd } from "../../../core/nd.ts";
import { binaryWeights, integerProduct } from "./binary.ts";

describe("binaryWeights", () => {
  it("takes the sign after centering, and counts where that matters", () => {
    const { signs, mean, uncentredDiffers, positive } = binaryWeights(
      nd("float32", [2, 2], [1, 2, 3, 10]),
    );
    expect(mean).toBe(4);
    expect(signs).toEqual(nd("int32", [2, 2], [-1, -1, -1, 1]));
    expect(uncentredDiffers).toBe(0.75);
    expect(positive).toBe(0.25);
  });

  it("gives 0 only where a weight equals the mean", () => {
    expect([...binaryWeights(nd("float32", [1, 3], [-1, 0, 1])).signs.data]).toEqual([-1, 0, 1]);
    expect(() => binaryWeights(nd("float32", [0, 3], []))).toThrow(
      "binaryWeights: the matrix is empty",
    );
  });
});

describe("integerProduct", () => {
  const a = nd("int32", [2, 2], [1, -1, 1, 1]);

  it("multiplies from left to right, exactly", () => {
    const b = nd("int32", [2, 1], [3, 5]);
    expect(integerProduct(a, a, b)).toEqual(nd("int32", [2, 1], [-10, 6]));
    expect(integerProduct(a)).toEqual(a);
  });

  it("refuses fractions and overflow", () => {
    expect(() => integerProduct(a, nd("float32", [2, 1], [0.5, 1]))).toThrow(
      "integerProduct: every entry must be an integer",
    );
    const large = nd("int32", [1, 1], [2 ** 30]);
    expect(() => integerProduct(large, large)).toThrow(
      "integerProduct: the product must stay within ±2147483647",
    );
  });
});
