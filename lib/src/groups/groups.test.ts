import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { InputError } from "../core/errors.ts";
import goldens from "./groups.golden.json" with { type: "json" };
import {
  conjugacyClasses,
  cyclicGroup,
  dihedralGroup,
  directProduct,
  elementOrder,
  elementsInOrder,
  type FiniteGroup,
  groupByName,
  groupNameProblem,
  multiply,
  type Permutation,
  schreierSims,
  symmetricGroup,
} from "./index.ts";

const sha = (value: unknown): string =>
  createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 16);

const elements = ({ order }: FiniteGroup): number[] => Array.from({ length: order }, (_, a) => a);

function permutations({ family }: FiniteGroup): readonly Permutation[] {
  return "permutations" in family ? family.permutations : [];
}

const small = [
  "C2",
  "C7",
  "C12",
  "D3",
  "D4",
  "D7",
  "S3",
  "S4",
  "A3",
  "A4",
  "A5",
  "C2xS3",
  "C3xC4xC2",
];

describe.each(small)("the group %s", (name) => {
  const group = groupByName(name);
  const every = elements(group);

  it("has an identity and inverses on both sides", () => {
    for (const a of every) {
      expect(multiply(group, group.identity, a)).toBe(a);
      expect(multiply(group, a, group.identity)).toBe(a);
      const inverse = group.inverses[a] as number;
      expect(multiply(group, a, inverse)).toBe(group.identity);
      expect(multiply(group, inverse, a)).toBe(group.identity);
    }
  });

  it("is associative", () => {
    const wrong = every.flatMap((a) =>
      every.filter((b) =>
        every.some(
          (c) =>
            multiply(group, multiply(group, a, b), c) !== multiply(group, a, multiply(group, b, c)),
        ),
      ),
    );
    expect(wrong).toEqual([]);
  });

  it("permutes points: ab is first a, then b", () => {
    const { degree, action } = group;
    const act = (a: number, i: number): number => action[a * degree + i] as number;
    for (const a of every) {
      for (const b of every) {
        for (let i = 0; i < degree; i++) {
          expect(act(multiply(group, a, b), i)).toBe(act(b, act(a, i)));
        }
      }
    }
  });

  it("has orders that divide its own, and signatures that multiply", () => {
    for (const a of every) {
      expect(group.order % elementOrder(group, a)).toBe(0);
      for (const b of every) {
        const product = group.signature(a) * group.signature(b);
        expect(group.signature(multiply(group, a, b))).toBe(product);
      }
    }
  });

  it("falls into conjugacy classes whose sizes divide the order", () => {
    const classes = conjugacyClasses(group);
    expect(classes.flat().sort((a, b) => a - b)).toEqual(every);
    expect(classes.filter((one) => group.order % one.length !== 0)).toEqual([]);
    expect(new Set(every.map((a) => group.label(a))).size).toBe(group.order);
  });
});

describe.each(Object.entries(goldens))("SymPy's %s", (name, golden) => {
  const group = groupByName(name);

  it("has the same elements in the same order, written the same way", () => {
    expect(group.order).toBe(golden.order);
    expect(permutations(group).slice(0, 30)).toEqual(golden.first);
    expect(sha(permutations(group))).toBe(golden.elements);
    expect(sha(elements(group).map((a) => group.label(a)))).toBe(golden.notation);
  });

  it("has the same signatures, orders, products and classes", () => {
    const every = elements(group);
    expect(sha(every.map((a) => group.signature(a)))).toBe(golden.signatures);
    expect(sha(every.map((a) => elementOrder(group, a)))).toBe(golden.orders);
    const products = every.slice(0, 7).map((a) => every.map((b) => multiply(group, a, b)));
    expect(sha(products)).toBe(golden.products);
    const sizes = conjugacyClasses(group).map((one) => one.length);
    expect(sizes.sort((a, b) => a - b)).toEqual(golden.classSizes);
  });
});

describe("Schreier-Sims", () => {
  it("finds the base and the transversals that SymPy finds for S5", () => {
    const { base, transversals } = schreierSims(
      [
        [1, 2, 3, 4, 0],
        [1, 0, 2, 3, 4],
      ],
      5,
    );
    expect(base).toEqual([0, 1, 3, 2]);
    expect(Object.fromEntries(transversals[2] ?? [])).toEqual({
      2: [0, 1, 4, 2, 3],
      3: [0, 1, 2, 3, 4],
      4: [0, 1, 2, 4, 3],
    });
    expect(Object.fromEntries(transversals[3] ?? [])).toEqual({
      2: [0, 1, 2, 3, 4],
      4: [0, 1, 4, 3, 2],
    });
  });

  it("generates only what the generators generate", () => {
    expect(elementsInOrder([[1, 2, 3, 0]], 4)).toEqual([
      [0, 1, 2, 3],
      [1, 2, 3, 0],
      [2, 3, 0, 1],
      [3, 0, 1, 2],
    ]);
  });

  it("puts the identity where the published code looks it up", () => {
    const at = (name: string) => groupByName(name).identity;
    expect([at("S3"), at("S4"), at("S5"), at("S6"), at("A5")]).toEqual([0, 0, 20, 60, 0]);
    expect(symmetricGroup(5).label(79)).toBe("(0 4 3 1)");
  });
});

describe("families", () => {
  it("number rotations before reflections", () => {
    const d5 = dihedralGroup(5);
    expect([0, 1, 4, 5, 9].map((a) => d5.label(a))).toEqual(["r0", "r1", "r4", "r0s", "r4s"]);
    expect(d5.label(multiply(d5, 7, 1))).toBe("r1s");
    expect(elementOrder(d5, 7)).toBe(2);
    expect(elementOrder(d5, 2)).toBe(5);
  });

  it("make products: C2 x C3 is cyclic, C2 x C2 is not", () => {
    const orders = (group: FiniteGroup) => elements(group).map((a) => elementOrder(group, a));
    expect(Math.max(...orders(directProduct(cyclicGroup(2), cyclicGroup(3))))).toBe(6);
    expect(Math.max(...orders(groupByName("C2xC2")))).toBe(2);
    expect(groupByName("C2xS3").label(7)).toBe("[1, (0 1 2)]");
  });
});

describe("group names", () => {
  it.each([
    [
      "X4",
      'group: must be C, D, S or A and a number, or several joined by x, like S4 or C2xS3, got "X4"',
    ],
    ["S7", "group: the number after S must lie in 2 … 6, got S7"],
    ["D2", "group: the number after D must lie in 3 … 360, got D2"],
    ["S6xC2", "group: the order must be at most 720, S6xC2 has 1440"],
  ])("refuse %s", (name, message) => {
    expect(() => groupByName(name)).toThrow(InputError);
    expect(groupNameProblem(name)).toBe(message);
  });

  it("accept what they should", () => {
    expect(["C2", "S6", "A6", "D360", "C2xC2xC2"].map(groupNameProblem)).toEqual(
      Array(5).fill(undefined),
    );
  });
});
