import { beforeAll, describe, expect, it } from "vitest";
import {
  einsum,
  init,
  logSoftmax,
  oneHot,
  ones,
  relu,
  stopGradient,
  type Tensor,
  take,
  tensor,
  valueAndGrad,
  zeros,
} from "../arrays/index.ts";
import { trace } from "../arrays/internal.ts";
import type { Spec } from "../core/nd.ts";
import { readJaxpr } from "./jaxpr.ts";
import type { Program } from "./program.ts";
import { simplify } from "./simplify.ts";
import { numbers } from "./testing/arbitraries.ts";
import { adamwStep, initialArguments } from "./testing/mlp.ts";
import { runReference } from "./testing/reference.ts";
import { expectClose } from "./testing/run.ts";

beforeAll(() => init());

const spec = (...shape: number[]): Spec => ({ dtype: "float32", shape });

function traced(f: (...xs: never[]) => unknown, specs: readonly unknown[]): Program {
  const { jaxpr } = trace(f as (...xs: unknown[]) => unknown, specs as readonly Spec[]);
  const program = readJaxpr(jaxpr);
  jaxpr.dispose();
  return program;
}

const primitives = (program: Program): string[] => program.equations.map((e) => e.primitive);

function simplified(f: (...xs: never[]) => unknown, ...specs: readonly Spec[]): string[] {
  return primitives(simplify(traced(f, specs)));
}

describe("simplify", () => {
  it("computes equal expressions once", () => {
    expect(simplified((x: Tensor) => x.mul(x).add(x.mul(x)), spec(3))).toEqual(["mul", "add"]);
  });

  it("drops what no output depends on", () => {
    const f = (x: Tensor): Tensor => {
      x.mul(3);
      return x.add(1);
    };
    expect(simplified(f, spec(3))).toEqual(["add"]);
  });

  it("leaves out x + 0, x * 1 and moves that move nothing, for numbers and filled arrays", () => {
    const f = (x: Tensor): Tensor =>
      stopGradient(x.add(zeros([3])).mul(ones([2, 3])))
        .reshape([2, 3])
        .transpose([0, 1])
        .mul(2);
    expect(simplified(f, spec(2, 3))).toEqual(["mul"]);
  });

  it("keeps the shape that a filled array gives", () => {
    const program = simplify(traced((x: Tensor) => x.add(zeros([2, 3])), [spec(3)]));
    expect(primitives(program)).toEqual(["broadcast"]);
    expect(program.outputs[0]?.shape).toEqual([2, 3]);
  });

  it("makes sums of products with filled arrays", () => {
    expect(simplified((x: Tensor) => einsum("ij,j->i", x, ones([4])), spec(3, 4))).toEqual([
      "reduce",
    ]);
  });

  it("works out indices that depend on captured arrays only", () => {
    const tokens = tensor(
      [
        [1, 2],
        [0, 1],
      ],
      { dtype: "int32" },
    );
    const f = (x: Tensor): Tensor => take(x, tokens.at([], 1).add(1), 0);
    expect(simplified(f, spec(5, 2))).toEqual(["gather"]);
  });

  it("casts where jax-js promotes", () => {
    const program = traced(
      (x: Tensor, i: Tensor) => x.mul(i).add(1),
      [spec(2), { dtype: "int32", shape: [2] }],
    );
    for (const { primitive, inputs, outputs } of program.equations) {
      if (primitive === "cast") continue;
      for (const input of inputs) expect(input.dtype).toBe(outputs[0]?.dtype);
    }
  });
});

describe("the simplified program computes what the traced one does", () => {
  const labels = tensor([0, 2, 1, 2], { dtype: "int32" });
  const loss = (w: Tensor, x: Tensor): Tensor =>
    logSoftmax(relu(x.matmul(w)), -1)
      .mul(oneHot(labels, 3))
      .sum()
      .div(-4);
  it.each([
    {
      name: "loss and gradient",
      f: (w: Tensor, x: Tensor) => valueAndGrad((v: Tensor) => loss(v, x))(w),
      specs: [spec(5, 3), spec(4, 5)],
    },
    {
      name: "filled arrays everywhere",
      f: (x: Tensor) => [
        x.mul(ones([2, 1])).sum(0),
        ones([3]).mul(2).add(x).max(1),
        zeros([2]).sum(),
      ],
      specs: [spec(2, 3)],
    },
    { name: "a training step", f: adamwStep, specs: initialArguments() },
  ])("$name", ({ f, specs }) => {
    const program = traced(f as never, specs);
    const smaller = simplify(program);
    expect(smaller.equations.length).toBeLessThan(program.equations.length);
    const inputs = program.inputs.map(({ dtype, shape }, i) => numbers(dtype, shape, i + 1));
    const positive = inputs.map((array) => ({ ...array, data: array.data.map(Math.abs) }));
    const expected = runReference(program, positive as never);
    for (const [i, got] of runReference(smaller, positive as never).entries()) {
      expectClose(got, expected[i] as never, 4);
    }
  });
});
