import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { Shape } from "../core/nd.ts";
import { einsum, init, matmul, type Tensor, tensordot, zeros } from "./index.ts";
import { trace } from "./internal.ts";
import {
  always,
  build,
  expectClose,
  expectGradient,
  f32,
  f64,
  noise,
  type Plain,
  pick,
  places,
} from "./testing/oracle.ts";

beforeAll(() => init());

/** Einsum by looping over every letter. The ellipsis is written out as capital letters. */
function naiveEinsum(spec: string, ...operands: readonly Plain[]): Plain {
  const [inputs = "", output = ""] = spec.split("->");
  const terms = inputs.split(",");
  const letters = [...new Set(inputs.replaceAll(",", ""))];
  const size = (letter: string): number =>
    Math.max(...terms.map((term, i) => operands[i]?.shape[term.indexOf(letter)] ?? 1));
  const value = (at: Map<string, number>): number =>
    terms.reduce((product, term, i) => {
      const place = [...term].map((letter) => at.get(letter) as number);
      return product * pick(operands[i] as Plain, place);
    }, 1);
  const inner = letters.filter((letter) => !output.includes(letter));
  return build([...output].map(size), (outer) => {
    let sum = 0;
    for (const place of places(inner.map(size))) {
      const at = new Map([...output].map((letter, i) => [letter, outer[i] as number]));
      inner.forEach((letter, i) => {
        at.set(letter, place[i] as number);
      });
      sum += value(at);
    }
    return sum;
  });
}

const SIZES: { readonly [letter: string]: number } = { a: 2, b: 3, c: 4, d: 2, e: 1, f: 5 };

/** A random spec of one to three operands with possibly repeated letters. */
const specs = fc
  .array(fc.array(fc.constantFrom("a", "b", "c", "d", "e", "f"), { maxLength: 3 }), {
    minLength: 1,
    maxLength: 3,
  })
  .chain((terms) =>
    fc.tuple(
      fc.constant(terms.map((term) => term.join(""))),
      fc.shuffledSubarray([...new Set(terms.flat())]),
    ),
  );

describe("einsum", () => {
  it("equals a loop over all letters for random specs", () => {
    const check = ([terms, output]: readonly [readonly string[], readonly string[]]): void => {
      const spec = `${terms.join(",")}->${output.join("")}`;
      const operands = terms.map((term, i) =>
        noise(
          [...term].map((letter) => SIZES[letter] as number),
          i + 1,
        ),
      );
      expectClose(einsum(spec, ...operands.map(f64)), naiveEinsum(spec, ...operands), 1e-13);
    };
    always(specs, check, 60);
  });

  it.each([
    [
      "ij,jk",
      "ij,jk->ik",
      [
        [2, 3],
        [3, 4],
      ],
    ],
    ["ba", "ba->ab", [[2, 3]]],
    ["ii", "ii->", [[3, 3]]],
    [" i , i -> i ", "i,i->i", [[3], [3]]],
    [
      "...ij,...jk->...ik",
      "Aij,Ajk->Aik",
      [
        [5, 2, 3],
        [5, 3, 4],
      ],
    ],
    [
      "...ij,jk->...ik",
      "ABij,jk->ABik",
      [
        [2, 2, 2, 3],
        [3, 4],
      ],
    ],
    ["i...->...", "iAB->AB", [[3, 2, 4]]],
    ["...,...", "A,A->A", [[4], [4]]],
    [
      "bqhd,bkhd->bhqk",
      "bqhd,bkhd->bhqk",
      [
        [2, 3, 2, 4],
        [2, 5, 2, 4],
      ],
    ],
    [
      "pd,dhe,he->p",
      "pd,dhe,he->p",
      [
        [3, 4],
        [4, 2, 2],
        [2, 2],
      ],
    ],
  ] as const)("%s means %s", (spec, meaning, shapes) => {
    const operands = shapes.map((shape, i) => noise(shape, i + 1));
    expectClose(einsum(spec, ...operands.map(f64)), naiveEinsum(meaning, ...operands), 1e-13);
  });

  it("broadcasts what the ellipsis stands for", () => {
    const a = noise([3, 1, 2], 1);
    const b = noise([4, 2], 2);
    const wide = build([3, 4], ([i = 0, j = 0]) =>
      [0, 1].reduce((sum, k) => sum + pick(a, [i, 0, k]) * pick(b, [j, k]), 0),
    );
    expectClose(einsum("...k,...k->...", f64(a), f64(b)), wide, 1e-14);
  });

  it.each([
    [
      "ij,jk->ik",
      [
        [2, 3],
        [3, 2],
      ],
    ],
    [
      "bij,bjk->bik",
      [
        [2, 2, 3],
        [2, 3, 2],
      ],
    ],
    ["i,j->ij", [[2], [3]]],
    ["ijk->ki", [[2, 3, 2]]],
    ["ii->i", [[3, 3]]],
    ["...i,i->...", [[2, 2, 3], [3]]],
    [
      "ab,bc,cd->ad",
      [
        [2, 2],
        [2, 3],
        [3, 2],
      ],
    ],
  ] as const)("%s has the gradient of differences", (spec, shapes) => {
    const f = (...inputs: Tensor[]): Tensor => einsum(spec, ...inputs);
    expectGradient(
      f,
      shapes.map((shape, i) => noise(shape, i + 1)),
    );
  });

  it.each([
    [
      "ij,jk->ik",
      [
        [2, 3],
        [4, 5],
      ],
      'einsum: axis "j" in "ij,jk->ik": expected [3,5], got [4,5]',
    ],
    ["ijk,k->ij", [[2, 3], [3]], 'einsum: "ijk" in "ijk,k->ij": expected [?,?,?], got [2,3]'],
    ["ij->ik", [[2, 3]], 'einsum: result axis "k" of "ij->ik" is in no operand'],
    ["ij->ii", [[2, 3]], 'einsum: result axis "i" of "ij->ii" may occur only once'],
    ["ij,jk->ik", [[2, 3]], 'einsum: "ij,jk->ik" names 2 tensors, got 1'],
    ["i1->i", [[2, 3]], 'einsum: must read like "ij,jk->ik", got "i1->i"'],
    ["...i->i", [[2, 3]], 'einsum: the result of "...i->i" must keep the "..." of its operands'],
  ] as const)("%s on %j is refused in one sentence", (spec, shapes, message) => {
    expect(() => einsum(spec, ...shapes.map((shape) => zeros(shape)))).toThrow(message);
  });
});

describe("matmul", () => {
  const cases: readonly (readonly [Shape, Shape, string])[] = [
    [[2, 3], [3, 4], "ij,jk->ik"],
    [[3], [3, 4], "j,jk->k"],
    [[2, 3], [3], "ij,j->i"],
    [[3], [3], "j,j->"],
    [[5, 2, 3], [3, 4], "Aij,jk->Aik"],
    [[2, 3], [5, 3, 4], "ij,Ajk->Aik"],
    [[5, 2, 3], [5, 3, 4], "Aij,Ajk->Aik"],
    [[1, 2, 3], [5, 3, 4], "Aij,Ajk->Aik"],
    [[2, 5, 2, 3], [5, 3, 4], "ABij,Bjk->ABik"],
    [[5, 2, 3], [2, 5, 3, 4], "Bij,ABjk->ABik"],
    [[3], [2, 5, 3, 4], "j,ABjk->ABk"],
    [[2, 5, 4, 3], [3], "ABij,j->ABi"],
  ];

  it.each(cases)("of %j and %j follows NumPy", (a, b, meaning) => {
    const x = noise(a, 1);
    const y = noise(b, 2);
    const want = naiveEinsum(meaning, x, y);
    expectClose(matmul(f64(x), f64(y)), want, 1e-13);
    expectClose(f32(x).matmul(f32(y)), want, 1e-6);
  });

  it.each(cases)("of %j and %j has the gradient of differences", (a, b) => {
    expectGradient(matmul, [noise(a, 1), noise(b, 2)]);
  });

  it("of arrays inside a traced function is recorded, not computed", () => {
    const [x, y] = [f64(noise([2, 3], 1)), f64(noise([3, 2], 2))];
    const { jaxpr } = trace(
      (z: Tensor) => x.matmul(y).add(z),
      [{ dtype: "float64", shape: [2, 2] }],
    );
    expect(String(jaxpr)).toContain("dot");
    jaxpr.dispose();
  });

  it("of empty arrays is empty or zero", () => {
    const empty = (shape: Shape) => zeros(shape, { dtype: "float64" });
    expect(empty([0, 3]).matmul(empty([3, 2])).shape).toEqual([0, 2]);
    expect(
      empty([2, 0])
        .matmul(empty([0, 2]))
        .tolist(),
    ).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });

  it("is exact on a larger product of integers", () => {
    const x = build([65, 130], ([i = 0, j = 0]) => ((i * 7 + j * 3) % 11) - 5);
    const y = build([130, 33], ([i = 0, j = 0]) => ((i * 5 + j) % 13) - 6);
    expectClose(f32(x).matmul(f32(y)), naiveEinsum("ij,jk->ik", x, y), 0);
    expectClose(f64(x).matmul(f64(y)), naiveEinsum("ij,jk->ik", x, y), 0);
  });

  it("names both shapes when they do not fit", () => {
    expect(() => zeros([2, 3]).matmul(zeros([4, 5]))).toThrow(
      "matmul: inner sizes must agree: expected [2,3], got [4,5]",
    );
    expect(() => zeros([2, 1, 3]).matmul(zeros([3, 3, 5]))).toThrow(
      "matmul: shapes must broadcast: expected [2], got [3]",
    );
    expect(() => zeros([]).matmul(zeros([4, 5]))).toThrow("matmul: inner sizes must agree");
  });
});

describe("tensordot", () => {
  it("sums over pairs of axes, or the last of one with the first of the other", () => {
    const x = noise([2, 3, 4], 1);
    const y = noise([3, 4, 5], 2);
    const want = naiveEinsum("abc,bcd->ad", x, y);
    expectClose(tensordot(f64(x), f64(y)), want, 1e-13);
    expectClose(
      tensordot(f64(x), f64(y), [
        [1, -1],
        [0, 1],
      ]),
      want,
      1e-13,
    );
    expectClose(tensordot(f64(x), f64(x), [[0], [0]]), naiveEinsum("abc,ade->bcde", x, x), 1e-13);
    expectGradient((a, b) => tensordot(a, b, 1), [noise([2, 3], 1), noise([3, 2], 2)]);
  });

  it("names both shapes when they do not fit", () => {
    expect(() => tensordot(zeros([2, 3]), zeros([4, 5]), 1)).toThrow(
      "tensordot: sizes of axes [1] and [0] must agree: expected [2,3], got [4,5]",
    );
  });
});
