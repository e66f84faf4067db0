import { beforeAll, describe, expect, it } from "vitest";
import {
  einsum,
  exp,
  grad,
  init,
  logSoftmax,
  memory,
  relu,
  scope,
  sin,
  softmax,
  stopGradient,
  type Tensor,
  take,
  tensor,
  tril,
  valueAndGrad,
  vmap,
  where,
  zeros,
} from "./index.ts";
import { build, expectClose, expectGradient, f64, i32, noise, pick } from "./testing/oracle.ts";

beforeAll(() => init());

describe("grad and valueAndGrad", () => {
  it("follow trees, and return float32 for float32", () => {
    type Params = { readonly layers: readonly { readonly w: Tensor }[]; readonly b: Tensor };
    const f = (p: Params): Tensor => {
      const [first, second] = p.layers as [{ w: Tensor }, { w: Tensor }];
      return first.w.mul(second.w).sum().add(p.b.mul(3));
    };
    const p = { layers: [{ w: tensor([1, 2]) }, { w: tensor([5, 7]) }], b: tensor(4) };
    const [value, slope] = valueAndGrad(f)(p);
    expect(value.item()).toBe(31);
    expect(slope.layers.map(({ w }) => w.tolist())).toEqual([
      [5, 7],
      [1, 2],
    ]);
    expect(slope.b.readSync()).toEqual({ dtype: "float32", shape: [], data: Float32Array.of(3) });
    expect(grad(f)(p).b.item()).toBe(3);
  });

  it("differentiate the arguments that argnums names; others may be anything", () => {
    const f = (x: Tensor, tokens: Tensor, y: Tensor, options: { readonly scale: number }): Tensor =>
      take(x, tokens).mul(y).sum().mul(options.scale);
    const args = [
      tensor([1, 2]),
      i32({ shape: [2], data: [1, 1] }),
      tensor([3, 4]),
      { scale: 2 },
    ] as const;
    expect(grad(f)(...args).tolist()).toEqual([0, 14]);
    expect(grad(f, { argnums: 2 })(...args).tolist()).toEqual([4, 4]);
    const [dx, dy] = grad(f, { argnums: [0, 2] })(...args);
    expect([dx.tolist(), dy.tolist()]).toEqual([
      [0, 14],
      [4, 4],
    ]);
  });

  it("pass aux through, whatever its leaves depend on", () => {
    const f = (
      x: Tensor,
    ): readonly [
      Tensor,
      { readonly twice: Tensor; readonly same: Tensor; readonly fixed: readonly Tensor[] },
    ] => {
      const twice = x.mul(2);
      return [twice.sum(), { twice, same: x, fixed: [tensor([9])] }];
    };
    const x = tensor([1, 2]);
    const [[value, aux], slope] = valueAndGrad(f, { hasAux: true })(x);
    expect([
      value.item(),
      aux.twice.tolist(),
      aux.same.tolist(),
      aux.fixed[0]?.tolist(),
      slope.tolist(),
    ]).toEqual([6, [2, 4], [1, 2], [9], [2, 2]]);
    const [again, { twice }] = grad(f, { hasAux: true })(x);
    expect([again.tolist(), twice.tolist()]).toEqual([
      [2, 2],
      [2, 4],
    ]);
  });

  it("nest: second derivatives, and gradients through an outer variable", () => {
    const second = grad((x: Tensor) => grad((y: Tensor) => y.pow(4).sum())(x).sum());
    expect(second(tensor([1, 2])).tolist()).toEqual([12, 48]);
    const mixed = grad((x: Tensor) =>
      grad((y: Tensor) => x.mul(x).mul(y).sum())(tensor([1])).sum(),
    );
    expect(mixed(tensor([5])).tolist()).toEqual([10]);
  });

  it("agree with differences through a small attention layer", () => {
    const attention = (x: Tensor, q: Tensor, k: Tensor, v: Tensor): Tensor => {
      const scores = einsum("qd,kd->qk", x.matmul(q), x.matmul(k));
      const masked = where(tril(scores.mul(0).add(1)), scores, -1e5);
      const mixed = softmax(masked).matmul(x.matmul(v));
      return logSoftmax(relu(mixed.add(x))).at(-1);
    };
    const shapes = [
      [3, 4],
      [4, 2],
      [4, 2],
      [4, 4],
    ] as const;
    expectGradient(
      attention,
      shapes.map((shape, i) => noise(shape, i + 1)),
    );
  });

  it("the documented float64 loss over float32 logits: differentiate sum(stopGradient(slope) x)", () => {
    const f = (x: Tensor): Tensor => {
      const wide = stopGradient(x).astype("float64");
      const slope = grad((z: Tensor) => logSoftmax(z).at(0).neg())(wide).astype("float32");
      return stopGradient(slope).mul(x).sum();
    };
    const x = noise([3], 1);
    const want = grad((z: Tensor) => logSoftmax(z).at(0).neg())(f64(x));
    expectClose(
      grad(f)(f64(x).astype("float32")),
      { shape: [3], data: want.tolist() as number[] },
      1e-6,
    );
  });

  it("errors inside the function leave nothing open", () => {
    const f = (x: Tensor): Tensor => {
      x.add(1);
      throw new RangeError("mine");
    };
    const x = tensor([1, 2]);
    const before = memory().tensors;
    {
      using _ = scope();
      expect(() => grad(f)(x)).toThrow(new RangeError("mine"));
      expect(() => vmap(f)(x)).toThrow(new RangeError("mine"));
    }
    expect(memory().tensors).toBe(before);
    expect(grad((y: Tensor) => y.sum())(x).tolist()).toEqual([1, 1]);
  });

  it.each<[string, () => unknown]>([
    ["grad: the function's result: expected [], got [2]", () => grad((x: Tensor) => x)(zeros([2]))],
    [
      "grad: the function must return a tensor of shape [], got number",
      () => grad((() => 3) as never)(zeros([2])),
    ],
    [
      "grad: the function must return a float, got int32",
      () => grad((x: Tensor) => x.sum().astype("int32"))(zeros([2])),
    ],
    [
      "grad: argument 0 must hold float tensors only, got int32; leave it out of argnums",
      () => grad((x: Tensor) => x.sum())(zeros([2], { dtype: "int32" })),
    ],
    [
      "grad: argument 1 must hold float tensors only, got number; leave it out of argnums",
      () => grad((x: Tensor, n: number) => x.sum().mul(n), { argnums: 1 })(zeros([2]), 3),
    ],
    [
      "grad: argnums must be in [0, 1), got 1",
      () => grad((x: Tensor) => x.sum(), { argnums: 1 })(zeros([2])),
    ],
    [
      "grad: no gradient through astype between float32 and float64; keep one dtype, or differentiate sum(stopGradient(slope) * x)",
      () => grad((x: Tensor) => x.astype("float64").sum())(zeros([2])),
    ],
    [
      "Tensor: numbers cannot be read while tracing; return [] from the function instead",
      () => grad((x: Tensor) => x.mul(x.sum().item()).sum())(zeros([2])),
    ],
  ])("%s", (message, f) => {
    expect(f).toThrow(message);
  });
});

describe("vmap", () => {
  const x = noise([3, 4], 1);
  const y = noise([4, 3], 2);

  it("maps trees, other axes, and leaves arguments out", () => {
    const f = (
      p: { readonly a: Tensor; readonly b: Tensor },
      c: Tensor,
    ): { readonly dot: Tensor; readonly moved: Tensor } => ({
      dot: p.a.mul(p.b).sum(),
      moved: p.a.add(c),
    });
    const c = noise([4], 3);
    const result = vmap(f, [{ a: 0, b: 1 }, null])({ a: f64(x), b: f64(y) }, f64(c));
    const dots = build([3], ([i = 0]) =>
      [0, 1, 2, 3].reduce((sum, j) => sum + pick(x, [i, j]) * pick(y, [j, i]), 0),
    );
    expectClose(result.dot, dots, 1e-15);
    expectClose(
      result.moved,
      build([3, 4], ([i = 0, j = 0]) => pick(x, [i, j]) + pick(c, [j])),
      0,
    );
  });

  it("passes constants and plain values through, and repeats results that do not depend on it", () => {
    const f = (a: Tensor, n: number): readonly Tensor[] => [a.mul(n), tensor([7])];
    const [scaled, fixed] = vmap(f, [0, null])(tensor([1, 2]), 3) as [Tensor, Tensor];
    expect(scaled.tolist()).toEqual([3, 6]);
    expect(fixed.tolist()).toEqual([[7], [7]]);
  });

  it("of grad gives per-example gradients, exactly", () => {
    const slope = vmap((row: Tensor) => grad((r: Tensor) => exp(sin(r)).sum())(row));
    const want = build(
      x.shape,
      (place) => Math.exp(Math.sin(pick(x, place))) * Math.cos(pick(x, place)),
    );
    expectClose(slope(f64(x)), want, 1e-14);
  });

  it("inside grad is differentiated", () => {
    expectGradient((t) => vmap((row: Tensor) => logSoftmax(row).at(0))(t), [x]);
    const index = i32({ shape: [3], data: [0, 3, 3] });
    expectGradient((t) => vmap((row: Tensor, i: Tensor) => take(row, i))(t, index), [x]);
  });

  it.each<[string, () => unknown]>([
    [
      "vmap: mapped axes must have one size, got 3 and 4",
      () => vmap((a: Tensor, b: Tensor) => a.add(b))(zeros([3]), zeros([4])),
    ],
    ["vmap: shape [3] has no axis 1", () => vmap((a: Tensor) => a, 1)(zeros([3]))],
    ["vmap: needs a mapped tensor, got none", () => vmap((a: Tensor) => a, [null])(zeros([3]))],
    [
      "vmap: inAxes must have the keys [a,b] of its argument",
      () =>
        vmap((p: { a: Tensor; b: Tensor }) => p.a, [{ a: 0 }])({ a: zeros([3]), b: zeros([3]) }),
    ],
    [
      "vmap: the function must return tensors, got number",
      () => vmap((() => 3) as never)(zeros([3])),
    ],
  ])("%s", (message, f) => {
    expect(f).toThrow(message);
  });
});

it("transformations give back every reference they take", () => {
  using _ = scope();
  const w = tensor([
    [1, 2],
    [3, 4],
  ]);
  const x = tensor([[1, -1]]);
  const step = (): void => {
    using inner = scope();
    const f = (p: Tensor): readonly [Tensor, Tensor] => [
      softmax(x.matmul(p)).at(0, 0),
      x.matmul(p),
    ];
    inner
      .keep(grad(f, { hasAux: true })(w))
      .flat()
      .map((t) => t.dispose());
    vmap((row: Tensor) => row.sum())(w);
  };
  step();
  const before = memory();
  for (let i = 0; i < 20; i++) step();
  expect(memory()).toEqual(before);
});
