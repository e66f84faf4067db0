import { jit } from "@jax-js/jax";
import { beforeAll, describe, expect, it } from "vitest";
import type { Spec } from "../core/nd.ts";
import * as arrays from "./index.ts";
import { grad, init, type Tensor, tensor } from "./index.ts";
import { trace, unwrap, wrap } from "./internal.ts";
import { expectClose, f32, i32, noise, type Plain } from "./testing/oracle.ts";

beforeAll(() => init());

const matrix: Spec = { dtype: "float32", shape: [2, 3] };

function primitives(program: ReturnType<typeof trace>): string[] {
  return program.jaxpr.jaxpr.eqns.map((eqn: { primitive: string }) => eqn.primitive);
}

describe("trace", () => {
  it("records a function of trees, with the structure of arguments and result", () => {
    const f = (
      p: { readonly w: Tensor },
      x: Tensor,
    ): { readonly y: Tensor; readonly loss: Tensor } => {
      const y = x.matmul(p.w.transpose());
      return { y, loss: y.mul(y).sum() };
    };
    const program = trace(f, [{ w: matrix }, { dtype: "float32", shape: [4, 3] }]);
    expect(program.inputs).toEqual([matrix, { dtype: "float32", shape: [4, 3] }]);
    expect(program.outputs).toEqual([
      { dtype: "float32", shape: [4, 2] },
      { dtype: "float32", shape: [] },
    ]);
    expect(program.rebuild(["first", "second"])).toEqual({ y: "first", loss: "second" });
    expect(program.jaxpr.jaxpr.inBinders).toHaveLength(2);
    expect(primitives(program)).toContain("dot");
  });

  it("keeps closed-over tensors as constants, also after their scope ended", () => {
    const outside = f32(noise([2, 3], 1));
    const program = trace(
      (x: Tensor) => {
        using inner = arrays.scope();
        return inner.keep(x.mul(outside).add(f32(noise([3], 2))));
      },
      [matrix],
    );
    expect(program.jaxpr.consts).toHaveLength(2);
    const [first] = program.jaxpr.consts;
    expectClose(wrap(first.ref), noise([2, 3], 1), 1e-7);
    expectClose(outside, noise([2, 3], 1), 1e-7);
  });

  it("writes numbers at the dtype of their tensor, so that float64 keeps all digits", () => {
    const program = trace((x: Tensor) => x.mul(0.1), [{ dtype: "float64", shape: [2] }]);
    const [, literal] = program.jaxpr.jaxpr.eqns[0].inputs;
    expect([literal.value, literal.dtype]).toEqual([0.1, "float64"]);
  });

  it("makes no nested jit programs", () => {
    const f = (x: Tensor): Tensor =>
      arrays
        .tanh(arrays.sigmoid(x))
        .add(arrays.softmax(x))
        .add(arrays.log1p(x.pow(2.5)));
    expect(
      primitives(trace((x: Tensor) => grad((t: Tensor) => f(t).sum())(x), [matrix])),
    ).not.toContain("jit");
  });

  it("records linear algebra with jax-js's own operations", () => {
    const square: Spec = { dtype: "float64", shape: [3, 3] };
    const { solve, svd } = arrays.linalg;
    expect(primitives(trace((a: Tensor) => solve(a, a), [square]))).toContain("lu");
    expect(primitives(trace((a: Tensor) => svd(a).s, [square]))).toContain("jacobi_eigh");
  });

  it("ends cleanly after an error", () => {
    const fail = (): never => {
      throw new RangeError("mine");
    };
    expect(() => trace(fail, [matrix])).toThrow(new RangeError("mine"));
    expect(tensor([1]).add(1).tolist()).toEqual([2]);
  });

  it("refuses what is not a spec or a tensor", () => {
    expect(() => trace((x: Tensor) => x, [3])).toThrow(
      "trace: arguments must be specs, got number",
    );
    expect(() => trace(() => 3, [matrix])).toThrow(
      "trace: the function must return tensors, got number",
    );
  });
});

describe("recorded by jax-js's own jit, every function gives what it gives eagerly", () => {
  const x = noise([3, 4], 1);
  const y = noise([3, 4], 2);
  const index = i32({ shape: [2], data: [2, 0] });
  type Case = readonly [string, (x: Tensor, y: Tensor) => Tensor];
  const cases: readonly Case[] = [
    ["exp", (t) => arrays.exp(t)],
    ["sin", (t) => arrays.sin(t)],
    ["cos", (t) => arrays.cos(t)],
    ["erf", (t) => arrays.erf(t)],
    ["expm1", (t) => arrays.expm1(t)],
    ["tanh", (t) => arrays.tanh(t)],
    ["sigmoid", (t) => arrays.sigmoid(t)],
    ["sign", (t) => arrays.sign(t)],
    ["floor", (t) => arrays.floor(t)],
    ["ceil", (t) => arrays.ceil(t)],
    ["abs", (t) => arrays.abs(t)],
    ["relu", (t) => arrays.relu(t)],
    ["square", (t) => arrays.square(t)],
    ["reciprocal", (t) => arrays.reciprocal(t)],
    ["softmax", (t) => arrays.softmax(t)],
    ["logSoftmax", (t) => arrays.logSoftmax(t)],
    ["logsumexp", (t) => arrays.logsumexp(t)],
    ["cumsum", (t) => arrays.cumsum(t)],
    ["argmax", (t) => arrays.argmax(t)],
    ["argmin", (t) => arrays.argmin(t)],
    ["sort", (t) => arrays.sort(t)],
    ["argsort", (t) => arrays.argsort(t)],
    ["flip", (t) => arrays.flip(t)],
    ["diagonal", (t) => arrays.diagonal(t)],
    ["trace", (t) => arrays.trace(t)],
    ["norm", (t) => arrays.norm(t)],
    ["variance", (t) => arrays.variance(t)],
    ["std", (t) => arrays.std(t)],
    ["tril", (t) => arrays.tril(t)],
    ["triu", (t) => arrays.triu(t)],
    ["squeeze", (t) => arrays.squeeze(t)],
    [
      "log, log1p, sqrt",
      (t) =>
        arrays
          .log(t.mul(t).add(1))
          .add(arrays.log1p(t.mul(t)))
          .add(arrays.sqrt(t.mul(t))),
    ],
    ["operators", (t, u) => t.add(u).sub(2).mul(t).div(u).neg().pow(2)],
    ["comparisons", (t, u) => arrays.where(t.less(u), t.greaterEqual(0), u.notEqual(t))],
    [
      "maximum, minimum, clip",
      (t, u) => arrays.clip(arrays.maximum(t, u), arrays.minimum(t, u), 0.5),
    ],
    ["reductions", (t) => t.sum(0).add(t.mean(0)).add(t.max(0)).sub(t.min(0)).mul(t.prod(0))],
    [
      "products",
      (t, u) =>
        arrays
          .einsum("ij,kj->ik", t, u)
          .matmul(t)
          .add(
            arrays.tensordot(t, u, [
              [0, 1],
              [0, 1],
            ]),
          ),
    ],
    [
      "indexing",
      (t) =>
        t
          .at([0, 2], null, [1])
          .sum([0, 1])
          .add(arrays.take(t, index).at(1, [1])),
    ],
    ["takeAlongAxis", (t) => arrays.takeAlongAxis(t, arrays.argsort(t, 0), 0)],
    [
      "joining",
      (t, u) => arrays.stack([t, u]).add(arrays.concatenate([t, u], 1).reshape([2, 3, 4])),
    ],
    ["splitting", (t) => arrays.split(t, 2, 1)[1] as Tensor],
    [
      "shapes",
      (t) => arrays.broadcastTo(arrays.expandDims(arrays.swapaxes(t, 0, 1), 0), [2, 4, 3]),
    ],
    ["oneHot", (t) => arrays.oneHot(arrays.argmax(t, 1), 4)],
    ["astype", (t) => t.mul(3).astype("int32").astype("float64").mul(t.astype("bool"))],
    ["vmap", (t, u) => arrays.vmap((a: Tensor, b: Tensor) => a.mul(b).sum())(t, u)],
    ["grad", (t, u) => grad((a: Tensor) => arrays.softmax(a.mul(u)).mul(u).sum())(t)],
  ];

  it.each(cases)("%s", (_, f) => {
    const [a, b] = [f32(x), f32(y)];
    const own = (t: unknown, u: unknown): unknown => unwrap(f(wrap(t), wrap(u)));
    const compiled = jit(own as never) as unknown as (...args: unknown[]) => unknown;
    const recorded = wrap(compiled(unwrap(a), unwrap(b)));
    const eager = f(a, b).readSync();
    expect(recorded.dtype).toBe(eager.dtype);
    const want: Plain = { shape: eager.shape, data: Array.from(eager.data) };
    expectClose(recorded, want, 2e-5);
  });
});
