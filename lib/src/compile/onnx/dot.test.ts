import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { einsum, init, type Tensor } from "../../arrays/index.ts";
import type { Spec } from "../../core/nd.ts";
import type { Backend } from "../backend.ts";
import { nativeBackend } from "../backends/native/index.ts";
import { traceProgram } from "../compile.ts";
import { numbers } from "../testing/arbitraries.ts";
import { expectAgreement } from "../testing/run.ts";
import { lowerProgram } from "./lower.ts";

let backend: Backend;
beforeAll(async () => {
  await init();
  backend = await nativeBackend();
});

const sizes: { readonly [axis: string]: number } = { b: 5, h: 3, q: 4, k: 6, d: 7, m: 8, e: 2 };

function specOf(axes: string): Spec {
  return { dtype: "float32", shape: [...axes].map((axis) => sizes[axis] as number) };
}

/** The operators of an einsum, shape changes that cost nothing left out. */
function operatorsOf(equation: string): string[] {
  const [inputs = ""] = equation.split("->");
  const f = (...xs: Tensor[]): Tensor => einsum(equation, ...xs);
  const { program } = traceProgram(f, inputs.split(",").map(specOf));
  return lowerProgram(program)
    .nodes.map(({ op }) => op)
    .filter((op) => op !== "Reshape");
}

describe("a dot becomes one matrix product", () => {
  it.each([
    ["bd,dm->bm", "Gemm"],
    ["db,dm->bm", "Gemm"],
    ["db,md->bm", "Gemm"],
    ["bd,md->mb", "Gemm"],
    ["bqd,hde->bqhe", "Gemm"],
    ["bhq,bhd->qd", "Gemm"],
    ["d,dm->m", "Gemm"],
    ["bqd,bkd->bqk", "FusedMatMul"],
    ["bqd,bdk->bqk", "FusedMatMul"],
    ["bdq,bkd->bqk", "FusedMatMul"],
    ["bhqd,bhkd->bhqk", "FusedMatMul"],
    ["bhqk,bhkd->bhqd", "FusedMatMul"],
  ])("%s: a single %s and no copy", (equation, op) => {
    const operators = operatorsOf(equation);
    expect(operators.filter((name) => name !== "Transpose")).toEqual([op]);
    expect(operators.filter((name) => name === "Transpose").length).toBe(
      ["bqd,hde->bqhe"].includes(equation) ? 1 : 0,
    );
  });

  it("an outer product, or a product of rows, is elementwise", () => {
    expect(operatorsOf("b,d->bd")).toEqual(["Mul"]);
    expect(operatorsOf("bd,bd->b")).toEqual(["Mul", "ReduceSum"]);
  });
});

describe("einsum by matrix products agrees with plain loops", () => {
  const axes = ["b", "h", "q", "k", "d"];
  const subset = fc.shuffledSubarray(axes, { minLength: 1 });
  it("for random pairs of operands and orders of axes", async () => {
    const property = fc.asyncProperty(
      subset,
      subset,
      fc.shuffledSubarray(axes),
      fc.nat(100),
      async (x, y, wanted, seed) => {
        const out = wanted.filter((axis) => x.includes(axis) || y.includes(axis));
        const equation = `${x.join("")},${y.join("")}->${out.join("")}`;
        const specs = [specOf(x.join("")), specOf(y.join(""))];
        const { program } = traceProgram((a: Tensor, b: Tensor) => einsum(equation, a, b), specs);
        const inputs = specs.map(({ shape }, i) => numbers("float32", shape, seed + i));
        await expectAgreement(backend, { program, inputs, scale: 64 });
      },
    );
    await fc.assert(property, { numRuns: 60, seed: 2 });
  });
});

describe("the memory order of a product suits its reader", () => {
  it("a transposed product is computed transposed", () => {
    const f = (x: Tensor, w: Tensor): Tensor => x.matmul(w).transpose().mul(2);
    const { program } = traceProgram(f, [specOf("bd"), specOf("dm")]);
    expect(lowerProgram(program).nodes.map(({ op }) => op)).toEqual(["Gemm", "Mul"]);
  });

  it("a gradient of a weight lies in memory as the weight does", () => {
    const f = (x: Tensor, g: Tensor, w: Tensor): Tensor =>
      w.sub(
        einsum("bd,bm->md", x, g)
          .add(einsum("bd,bm->md", x.mul(2), g))
          .transpose(),
      );
    const { program } = traceProgram(f, [specOf("bd"), specOf("bm"), specOf("dm")]);
    const operators = lowerProgram(program).nodes.map(({ op }) => op);
    expect(operators).not.toContain("Transpose");
  });
});
