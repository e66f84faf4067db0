import { beforeAll, describe, expect, it } from "vitest";
import type { DType, NdArray } from "../core/nd.ts";
import {
  arange,
  exp,
  eye,
  full,
  init,
  linspace,
  ones,
  promote,
  promoteNumber,
  scope,
  type Tensor,
  tensor,
  zeros,
} from "./index.ts";

beforeAll(() => init());

const DTYPES: readonly DType[] = ["bool", "uint32", "int32", "float32", "float64"];

describe("creation and reading", () => {
  it.each<NdArray>([
    { dtype: "float32", shape: [2, 2], data: Float32Array.of(1, -2, 0.5, 3) },
    { dtype: "float64", shape: [3], data: Float64Array.of(1 / 3, -1e300, Number.NaN) },
    { dtype: "int32", shape: [2, 1], data: Int32Array.of(-(2 ** 31), 2 ** 31 - 1) },
    { dtype: "uint32", shape: [2], data: Uint32Array.of(0, 2 ** 32 - 1) },
    { dtype: "bool", shape: [3], data: Uint8Array.of(1, 0, 1) },
    { dtype: "bool", shape: [], data: Uint8Array.of(1) },
    { dtype: "float32", shape: [0, 3], data: new Float32Array(0) },
  ])("$dtype $shape goes in and comes back", async (array) => {
    const x = tensor(array);
    expect([x.dtype, x.shape, x.ndim, x.size]).toEqual([
      array.dtype,
      array.shape,
      array.shape.length,
      array.data.length,
    ]);
    expect(x.readSync()).toEqual(array);
    expect(await x.read()).toEqual(array);
  });

  it("what is read is a copy", () => {
    const x = tensor([1, 2]).add(0);
    x.readSync().data[0] = 9;
    expect(x.tolist()).toEqual([1, 2]);
  });

  it("numbers and nested lists are float32 unless told otherwise", () => {
    expect(tensor(2.5).readSync()).toEqual({
      dtype: "float32",
      shape: [],
      data: Float32Array.of(2.5),
    });
    expect(tensor([[1], [2]]).shape).toEqual([2, 1]);
    expect(tensor([1, 2], { dtype: "int32" }).dtype).toBe("int32");
    expect(tensor([[], []]).shape).toEqual([2, 0]);
    expect(tensor([0.1], { dtype: "float64" }).item()).toBe(0.1);
  });

  it("fillers have the numbers they promise", () => {
    expect(zeros([2]).tolist()).toEqual([0, 0]);
    expect(ones([1, 2], { dtype: "int32" }).tolist()).toEqual([[1, 1]]);
    expect(full([2], 0.1, { dtype: "float64" }).tolist()).toEqual([0.1, 0.1]);
    expect(full([], 1, { dtype: "bool" }).readSync().data).toEqual(Uint8Array.of(1));
    expect(eye(2, 3).tolist()).toEqual([
      [1, 0, 0],
      [0, 1, 0],
    ]);
    expect(eye(3, 2).tolist()).toEqual([
      [1, 0],
      [0, 1],
      [0, 0],
    ]);
    expect(arange(3).readSync()).toEqual({
      dtype: "int32",
      shape: [3],
      data: Int32Array.of(0, 1, 2),
    });
    expect(arange(5, -1, -2).tolist()).toEqual([5, 3, 1]);
    expect(arange(0, 1, 0.25, { dtype: "float64" }).tolist()).toEqual([0, 0.25, 0.5, 0.75]);
    expect(linspace(0, 1, 4, { dtype: "float64" }).tolist()).toEqual([0, 1 / 3, 2 / 3, 1]);
    expect(linspace(2, 3, 1).tolist()).toEqual([2]);
  });

  it("item, tolist and toString show the numbers", () => {
    expect(tensor([[7]]).item()).toBe(7);
    expect(zeros([2, 0]).tolist()).toEqual([[], []]);
    expect(String(tensor([1, 2.5]))).toBe("Tensor(float32[2] 1 2.5)");
    expect(String(arange(10).reshape([2, 5]))).toBe("Tensor(int32[2,5] 0 1 2 3 4 5 …)");
  });

  it.each<[string, () => unknown]>([
    [
      "tensor: lists must be rectangular, expected shape [2,2], got a list of 1",
      () => tensor([[1, 2], [3]]),
    ],
    [
      "tensor: lists must be rectangular, expected shape [2], got a list of 1",
      () => tensor([1, [2]]),
    ],
    [
      "nd: shape [2,2] holds 4 numbers, got 3",
      () => tensor({ dtype: "float32", shape: [2, 2], data: new Float32Array(3) }),
    ],
    ["item: needs exactly one element: expected [], got [2]", () => zeros([2]).item()],
    ["arange: step must be a finite number other than 0, got 0", () => arange(0, 1, 0)],
  ])("%s", (message, f) => {
    expect(f).toThrow(message);
  });
});

describe("dtypes", () => {
  it.each(DTYPES.flatMap((a) => DTYPES.map((b) => [a, b] as const)))(
    "%s meets %s at the larger",
    (a, b) => {
      const [x, y] = [ones([2], { dtype: a }), ones([2], { dtype: b })];
      const order = DTYPES.indexOf(a) > DTYPES.indexOf(b) ? a : b;
      expect(promote(a, b)).toBe(order);
      const product = x.mul(y);
      expect(product.dtype).toBe(order);
      expect(product.tolist()).toEqual([1, 1]);
      expect(x.equal(y).readSync()).toEqual({
        dtype: "bool",
        shape: [2],
        data: Uint8Array.of(1, 1),
      });
    },
  );

  it("a number never widens a tensor", () => {
    const table: readonly [DType, number, DType][] = [
      ["float32", 0.1, "float32"],
      ["float64", 0.1, "float64"],
      ["int32", 3, "int32"],
      ["uint32", 3, "uint32"],
      ["bool", 3, "int32"],
      ["int32", 0.5, "float32"],
      ["bool", 0.5, "float32"],
    ];
    for (const [dtype, value, want] of table) {
      expect(promoteNumber(dtype, value)).toBe(want);
      const sum = ones([1], { dtype }).add(value);
      expect(sum.dtype).toBe(want);
      const rounded = want === "float32" ? Math.fround(1 + Math.fround(value)) : 1 + value;
      expect(sum.item()).toBe(rounded);
    }
    expect(full([1], 0, { dtype: "float64" }).add(0.1).item()).toBe(0.1);
  });

  it("astype truncates to integers and asks bool whether not zero", () => {
    const x = tensor([-1.7, 0, 0.4, 2.9]);
    expect(x.astype("int32").tolist()).toEqual([-1, 0, 0, 2]);
    expect(x.astype("bool").readSync().data).toEqual(Uint8Array.of(1, 0, 1, 1));
    expect(tensor([1, 0], { dtype: "bool" }).astype("float64").tolist()).toEqual([1, 0]);
    expect(tensor([3], { dtype: "int32" }).astype("uint32").dtype).toBe("uint32");
  });

  it("division of integers is true division, powers keep integers", () => {
    const seven = tensor([7], { dtype: "int32" });
    expect([seven.div(2).dtype, seven.div(2).item()]).toEqual(["float32", 3.5]);
    expect(seven.div(seven).item()).toBeCloseTo(1, 6);
    expect([seven.pow(3).dtype, seven.pow(3).item()]).toEqual(["int32", 343]);
    expect(seven.pow(0).item()).toBe(1);
    expect(seven.pow(-1).dtype).toBe("float32");
    expect(seven.neg().item()).toBe(-7);
    expect(tensor([1], { dtype: "bool" }).neg().item()).toBe(-1);
  });
});

describe("lifetime", () => {
  it("a freed tensor says how to keep it", () => {
    let lost: Tensor | undefined;
    {
      using _ = scope();
      lost = ones([2]).add(1);
    }
    expect(() => lost?.add(1)).toThrow(
      "Tensor: freed by its scope or by dispose(); keep it with scope.keep(tensor)",
    );
    expect(String(lost)).toBe("Tensor(freed)");
    lost.dispose();
  });

  it("operations never use up their arguments", () => {
    const x = tensor([1, 2, 3]);
    const y = x.add(x).mul(x).sub(x);
    exp(x).dispose();
    expect(y.tolist()).toEqual([1, 6, 15]);
    expect(x.tolist()).toEqual([1, 2, 3]);
  });
});
