import { beforeAll, describe, expect, it } from "vitest";
import { init, reciprocal, relu, type Tensor, valueAndGrad, where } from "../../../arrays/index.ts";
import type { NdArray, Spec } from "../../../core/nd.ts";
import { nd } from "../../../core/nd.ts";
import type { Backend } from "../../backend.ts";
import { nativeBackend } from "../../backends/native/index.ts";
import { traceProgram } from "../../compile.ts";
import { numbers } from "../../testing/arbitraries.ts";
import { expectAgreement, outputsOf } from "../../testing/run.ts";
import { lowerProgram } from "../lower.ts";

let backend: Backend;
beforeAll(async () => {
  await init();
  backend = await nativeBackend();
});

const spec = (...shape: number[]): Spec => ({ dtype: "float32", shape });

/** The operators of `f`, after checking its results against plain loops. */
async function checked(
  f: (...xs: Tensor[]) => unknown,
  specs: readonly Spec[],
): Promise<readonly string[]> {
  const { program } = traceProgram(f, specs);
  const inputs = specs.map(({ dtype, shape }, i) => numbers(dtype, shape, i + 1));
  await expectAgreement(backend, { program, inputs, scale: 32 });
  return lowerProgram(program).nodes.map(({ op }) => op);
}

describe("subtraction", () => {
  it("x + (-y) and (-x) + y are one Sub", async () => {
    expect(await checked((x, y) => x!.sub(y!), [spec(3, 4), spec(4)])).toEqual(["Sub"]);
    expect(await checked((x, y) => x!.neg().add(y!), [spec(3, 4), spec(4)])).toEqual(["Sub"]);
  });
});

describe("division", () => {
  it("x * (1 / y) is one Div where y is as large as the result", async () => {
    expect(
      await checked((x, y) => x!.mul(reciprocal(y!.mul(y!).add(1))), [spec(3, 4), spec(3, 4)]),
    ).toEqual(["Mul", "Add", "Div"]);
  });

  it("a small divisor is inverted once", async () => {
    const operators = await checked((x, y) => x!.div(y!.mul(y!).add(1)), [spec(3, 4), spec(3, 1)]);
    expect(operators).toEqual(["Mul", "Add", "Reciprocal", "Mul"]);
  });
});

describe("gemmBias", () => {
  it("a row, a column, a number and a matrix are added by the Gemm", async () => {
    for (const bias of [spec(5), spec(3, 1), spec(), spec(3, 5)]) {
      const f = (x: Tensor, w: Tensor, b: Tensor): Tensor => x.matmul(w).add(b);
      expect(await checked(f as never, [spec(3, 4), spec(4, 5), bias])).toEqual(["Gemm"]);
    }
  });

  it("a product that is read twice keeps its Add", async () => {
    const f = (x: Tensor, w: Tensor, b: Tensor): Tensor[] => [x.matmul(w).add(b), x.matmul(w)];
    expect(await checked(f as never, [spec(3, 4), spec(4, 5), spec(5)])).toContain("Add");
  });

  it("a bias that makes the result larger keeps its Add", async () => {
    const f = (x: Tensor, w: Tensor, b: Tensor): Tensor => x.matmul(w).add(b);
    expect(await checked(f as never, [spec(1, 4), spec(4, 5), spec(3, 5)])).toContain("Add");
  });
});

describe("maskMultiply and relu", () => {
  it("the gradient of a ReLU of a product is a product with the mask, without a Where", async () => {
    const loss = (w: Tensor, x: Tensor): Tensor => {
      const y = relu(x.matmul(w)).matmul(w.transpose());
      return y.mul(y).sum();
    };
    const f = (w: Tensor, x: Tensor): unknown => valueAndGrad((v: Tensor) => loss(v, x))(w);
    const operators = await checked(f as never, [spec(4, 5), spec(3, 4)]);
    expect(operators).toContain("Relu");
    expect(operators).not.toContain("Where");
    expect(operators).not.toContain("Max");
  });

  it("a branch that is infinite where it is not taken stays a Where", async () => {
    const f = (x: Tensor): Tensor => where(x.greater(0), reciprocal(x), 0);
    const { program } = traceProgram(f, [spec(3)]);
    expect(lowerProgram(program).nodes.map(({ op }) => op)).toContain("Where");
    const [out] = await outputsOf(backend, program, [nd("float32", [3], [0, 2, -1])]);
    expect([...(out as NdArray).data]).toEqual([0, 0.5, 0]);
  });

  it("NaN goes through a ReLU", async () => {
    const f = (x: Tensor, w: Tensor): Tensor => relu(x.matmul(w));
    const { program } = traceProgram(f, [spec(1, 1), spec(1, 1)]);
    const inputs = [nd("float32", [1, 1], [Number.NaN]), nd("float32", [1, 1], [1])];
    expect((await outputsOf(backend, program, inputs))[0]?.data[0]).toBeNaN();
  });
});

describe("stepMask", () => {
  const mask = (x: Tensor): Tensor => relu(x).greater(0).astype("float32");

  it("is one operator and exactly 0 or 1, from the smallest normal number to the largest", async () => {
    const { program } = traceProgram(mask, [spec(6)]);
    const operators = lowerProgram(program).nodes.map(({ op }) => op);
    expect(operators).toEqual(["Relu", "HardSigmoid"]);
    const input = nd("float32", [6], [-3, -0, 0, 1.18e-38, 1e-3, 3.4e38]);
    const [out] = await outputsOf(backend, program, [input]);
    expect([...(out as NdArray).data]).toEqual([0, 0, 0, 1, 1, 1]);
  });

  it("is not made of numbers that were not rectified", () => {
    const f = (x: Tensor): Tensor => x.greater(0).astype("float32");
    const { program } = traceProgram(f, [spec(3)]);
    expect(lowerProgram(program).nodes.map(({ op }) => op)).not.toContain("HardSigmoid");
  });
});

describe("namedOutputs", () => {
  it("an output that is an input, a number or another output is copied, others are not", async () => {
    const f = (x: Tensor): Tensor[] => {
      const y = x.mul(2);
      return [x, y, y];
    };
    expect(await checked(f as never, [spec(3)])).toEqual(["Mul", "Identity", "Identity"]);
  });
});

describe("broadcasts", () => {
  it("are left to ONNX", async () => {
    const f = (x: Tensor, row: Tensor, column: Tensor): Tensor => x.mul(row).add(column).sum(0);
    const operators = await checked(f as never, [spec(3, 4), spec(4), spec(3, 1)]);
    expect(operators).toEqual(["Mul", "Add", "ReduceSum"]);
  });
});
