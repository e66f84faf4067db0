import { beforeAll, describe, expect, it } from "vitest";
import { InputError } from "../core/errors.ts";
import { nd } from "../core/nd.ts";
import {
  arange,
  eye,
  full,
  init,
  linspace,
  take,
  takeAlongAxis,
  tensor,
  vmap,
  zeros,
} from "./index.ts";
import { usesOf } from "./internal.ts";
import { Tensor } from "./tensor.ts";

beforeAll(() => init());

/** What a program in JavaScript may pass, unseen by the compiler. */
const untyped = (value: unknown): never => value as never;

describe("tensor", () => {
  it.each([
    [Float32Array.of(1, 2), "float32", [1, 2]],
    [Float64Array.of(1, 2), "float64", [1, 2]],
    [Int32Array.of(-1, 2), "int32", [-1, 2]],
    [Uint32Array.of(1, 2), "uint32", [1, 2]],
    [Uint8Array.of(1, 200), "int32", [1, 200]],
    [[Float32Array.of(1, 2)], "float32", [[1, 2]]],
    [[true, false], "bool", [1, 0]],
    [true, "bool", 1],
  ])("takes %s as %s", (values, dtype, list) => {
    const made = tensor(values);
    expect([made.dtype, made.tolist()]).toEqual([dtype, list]);
  });

  it.each([
    [[[1, "2"]], "tensor: expected numbers, got string at [0,1]"],
    [[1, undefined], "tensor: expected numbers, got undefined at [1]"],
    [[1n], "tensor: expected numbers, got bigint at [0]"],
    ["hello", "tensor: expected numbers, got string"],
    [[true, 2], "tensor: expected numbers or booleans, got a list of both"],
    [
      [[1, 2], [1]],
      "tensor: lists must be rectangular, expected shape [2,2], got a list of 1 at [1]",
    ],
  ])("refuses %s", (values, message) => {
    expect(() => tensor(untyped(values))).toThrow(message);
  });

  it("refuses what the dtype cannot hold, in every form", () => {
    const message = "int32 holds whole numbers from -2147483648 to 2147483647, got 1.5 at [1]";
    for (const values of [[1, 1.5], Float64Array.of(1, 1.5), nd("float64", [2], [1, 1.5])]) {
      expect(() => tensor(values, { dtype: "int32" })).toThrow(message);
    }
    expect(() => tensor([[1e39]])).toThrow("1e+39 at [0,0] is too large for float32");
    expect(() => tensor([1], untyped({ type: "int32" }))).toThrow(
      'tensor: unknown option "type"; did you mean dtype?',
    );
    expect(() => tensor(untyped(tensor([1])))).toThrow("tensor: takes numbers, got a tensor");
  });
});

describe("making tensors", () => {
  it.each([
    [() => zeros(untyped(3)), "full: shape must be a list of sizes such as [2, 3], got 3"],
    [() => zeros([1.5]), "full: shape must be a list of sizes"],
    [() => full([2], untyped("1")), "full: expected a number, got string"],
    [() => full([2], 1.5, { dtype: "int32" }), "int32 holds whole numbers"],
    [() => eye(1.5), "eye: sizes must be whole numbers of at least 0, got 1.5"],
    [() => arange(Number.NaN), "arange: stop must be a finite number, got NaN"],
    [() => linspace(0, 1, 2.5), "linspace: count must be a whole number of at least 0, got 2.5"],
  ])("%s is refused", (make, message) => {
    expect(make).toThrow(message);
  });
});

describe("operands", () => {
  it.each([
    [(t: Tensor) => t.add(untyped("1")), "add: takes a tensor or a number, got string"],
    [(t: Tensor) => t.sub(untyped([1])), "sub: takes a tensor or a number, got a list"],
    [(t: Tensor) => t.div(untyped(undefined)), "div: takes a tensor or a number, got undefined"],
    [(t: Tensor) => t.matmul(untyped(2)), "matmul: takes a tensor, got number"],
    [(t: Tensor) => t.astype("int32").add(2 ** 31), "Tensor: 2147483648 does not fit in int32"],
  ])("%s is refused", (compute, message) => {
    expect(() => compute(tensor([1, 2]))).toThrow(message);
  });

  it("of JavaScript's operators are refused in a sentence", () => {
    const t: unknown = tensor(1);
    const message = "Tensor: operators such as t + 1 or t < u do not work on tensors";
    expect(() => (t as number) + 1).toThrow(message);
    expect(() => (t as number) < 1).toThrow(message);
    expect(() => Number(t)).toThrow(message);
    expect(`${t}`).toBe("Tensor(float32[] 1)");
  });
});

describe("indices", () => {
  const x = () =>
    tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);
  const int32 = (values: readonly number[]) => tensor(values, { dtype: "int32" });

  it.each([3, -1])("of %i are refused by all that look up", (wrong) => {
    const places = () => int32([0, wrong]);
    const message = `indices must be whole numbers in [0, 3), got ${wrong} at [1]`;
    expect(() => take(x(), places(), 1)).toThrow(`take: ${message}`);
    expect(() => take(x(), [0, wrong], 1)).toThrow(`take: ${message}`);
    expect(() => x().at([], places())).toThrow(`at: ${message}`);
    expect(() => takeAlongAxis(x(), places().reshape([2, 1]), 1)).toThrow("takeAlongAxis: indices");
  });

  it("are checked again for a smaller axis, and read once for each tensor", () => {
    const places = int32([0, 2]);
    expect(take(x(), places, 1).tolist()).toEqual([
      [1, 3],
      [4, 6],
    ]);
    expect(() => take(x(), places, 0)).toThrow(
      "take: indices must be whole numbers in [0, 2), got 2",
    );
    expect(take(x(), places, 1).shape).toEqual([2, 2]);
  });
});

describe("a tensor", () => {
  it("cannot be changed in place, and is not indexed by brackets", () => {
    const t = tensor([[1, 2]]);
    const change = (): void => {
      (t as unknown as number[])[0] = 0;
    };
    expect(change).toThrow(InputError);
    expect(change).toThrow("Tensor: cannot be changed in place, as by t[0] = …; make a new tensor");
    expect(() => Object.assign(t, { grad: 1 })).toThrow("as by t.grad = …");
    expect(() => (t as unknown as number[])[0]).toThrow("Tensor: t[0] is written t.at(0)");
    expect(t.tolist()).toEqual([[1, 2]]);
  });

  it("shows dtype, shape and numbers in console.log, and its numbers in JSON", () => {
    const t = tensor([[1, 2.5]]);
    const inspect = Symbol.for("nodejs.util.inspect.custom");
    expect((t as unknown as Record<symbol, () => string>)[inspect]?.()).toBe(
      "Tensor(float32[1,2] 1 2.5)",
    );
    expect(JSON.stringify({ t })).toBe('{"t":[[1,2.5]]}');
    expect(zeros([3, 3]).toString()).toBe("Tensor(float32[3,3] 0 0 0 0 0 0 …)");
  });

  it("counts the operations that use it, and not what only reads it", () => {
    const t = tensor([1, 2]);
    t.tolist();
    t.toString();
    expect([t.shape, t.dtype, usesOf(t)]).toEqual([[2], "float32", 0]);
    t.mul(2);
    expect(usesOf(t)).toBe(1);
  });

  it("that is traced shows no numbers", () => {
    const texts: string[] = [];
    vmap((row: Tensor) => {
      texts.push(String(row), JSON.stringify(row));
      return row;
    })(tensor([[1, 2]]));
    expect(texts).toEqual(["Tensor(traced float32[2])", '"Tensor(traced float32[2])"']);
    expect(tensor([1])).toBeInstanceOf(Tensor);
  });
});
