import { describe, expect, it } from "vitest";
import {
  conjugacyClasses,
  type FiniteGroup,
  groupByName,
  multiply,
} from "../../../groups/index.ts";
import {
  character,
  conjugatePartition,
  functionSpace,
  irreducibleRepresentations,
  naturalRepresentation,
  partitionsOf,
  type Representation,
  standardTableaux,
} from "./index.ts";
import { matrixOf, timesSquare } from "./representation.ts";

const names = [
  ...["C2", "C7", "C12", "D3", "D4", "D7", "D8", "S2", "S3", "S4", "S5"],
  ...["A3", "A4", "A5", "C2xS3", "C3xC4", "C3xC5", "C3xA4", "C3xC3xC2"],
];

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    largest = Math.max(largest, Math.abs((a[i] as number) - (b[i] as number)));
  }
  return largest;
}

/** How far the matrices are from ρ(ab) = ρ(a)ρ(b), over a spread of pairs. */
function homomorphismError(group: FiniteGroup, rep: Representation): number {
  let worst = 0;
  for (let i = 0; i < Math.min(group.order ** 2, 500); i++) {
    const a = (i * 7 + 3) % group.order;
    const b = (i * 11 + 5 + Math.floor(i / group.order)) % group.order;
    const product = timesSquare(matrixOf(rep, a), matrixOf(rep, b), rep.dimension);
    worst = Math.max(worst, largestDifference(product, matrixOf(rep, multiply(group, a, b))));
  }
  return worst;
}

/** 1 for a representation that stays irreducible over the complex numbers, 2 for one that splits. */
const type = (rep: Representation): number => (rep.complexStructure === undefined ? 1 : 2);

describe.each(names)("irreducible representations of %s", (name) => {
  const group = groupByName(name);
  const irreps = irreducibleRepresentations(group);
  const characters = irreps.map(character);

  it("are homomorphisms by orthogonal matrices", () => {
    for (const rep of irreps) {
      expect(homomorphismError(group, rep), rep.name).toBeLessThan(1e-12);
      for (let g = 0; g < group.order; g++) {
        const inverse = matrixOf(rep, group.inverses[g] as number);
        const d = rep.dimension;
        const turned = Float64Array.from(
          { length: d * d },
          (_, at) => matrixOf(rep, g)[(at % d) * d + Math.floor(at / d)] as number,
        );
        expect(largestDifference(inverse, turned)).toBeLessThan(1e-12);
      }
    }
  });

  it("have orthogonal characters", () => {
    for (const [i, chi] of characters.entries()) {
      for (const [j, psi] of characters.entries()) {
        const inner = chi.reduce((sum, x, g) => sum + x * (psi[g] as number), 0) / group.order;
        const expected = i === j ? type(irreps[i] as Representation) : 0;
        expect(Math.abs(inner - expected), `${irreps[i]?.name} ${irreps[j]?.name}`).toBeLessThan(
          1e-10,
        );
      }
    }
  });

  it("are all there are: squares of dimensions add up to the order", () => {
    const total = irreps.reduce((sum, rep) => sum + rep.dimension ** 2 / type(rep), 0);
    expect(total).toBe(group.order);
    const overComplex = irreps.reduce((sum, rep) => sum + type(rep), 0);
    expect(overComplex).toBe(conjugacyClasses(group).length);
    expect(new Set(irreps.map((rep) => rep.name)).size).toBe(irreps.length);
    expect(irreps[0]?.name).toBe("trivial");
  });

  it("span orthogonal spaces of functions of the right dimension", () => {
    const bases = irreps.map(functionSpace);
    expect(bases.map(({ shape }) => shape[1])).toEqual(
      irreps.map((rep) => rep.dimension ** 2 / type(rep)),
    );
    const first = bases.at(-1)?.data as Float64Array;
    const width = bases.at(-1)?.shape[1] as number;
    for (const { data, shape } of bases.slice(0, -1)) {
      const other = shape[1] as number;
      for (let i = 0; i < width; i++) {
        for (let j = 0; j < other; j++) {
          let dot = 0;
          for (let g = 0; g < group.order; g++) {
            dot += (first[g * width + i] as number) * (data[g * other + j] as number);
          }
          expect(Math.abs(dot)).toBeLessThan(1e-10);
        }
      }
    }
  });

  it("leave the complex structure in place", () => {
    for (const rep of irreps) {
      const J = rep.complexStructure?.data;
      if (J === undefined) continue;
      const d = rep.dimension;
      const square = timesSquare(J, J, d);
      expect(
        largestDifference(
          square,
          square.map((_, at) => (at % (d + 1) === 0 ? -1 : 0)),
        ),
      ).toBeLessThan(1e-12);
      for (let g = 0; g < group.order; g++) {
        const m = matrixOf(rep, g);
        expect(largestDifference(timesSquare(J, m, d), timesSquare(m, J, d))).toBeLessThan(1e-12);
      }
    }
  });
});

describe("published names", () => {
  const named = (group: string) =>
    irreducibleRepresentations(groupByName(group)).map((rep) => `${rep.name} ${rep.dimension}`);

  it("stand in the published order", () => {
    expect(named("S4")).toEqual([
      "trivial 1",
      "sign 1",
      "standard 3",
      "standard_sign 3",
      "s4_2d 2",
    ]);
    expect(named("S5")).toEqual([
      ...["trivial 1", "sign 1", "standard 4", "standard_sign 4"],
      ...["s5_5d_a 5", "s5_5d_b 5", "s5_6d 6"],
    ]);
    expect(named("A5")).toEqual([
      ...["trivial 1", "standard 4", "a5_5d_a 5", "a5_3d_a 3", "a5_3d_b 3"],
    ]);
    expect(named("C6")).toEqual(["trivial 1", "sign 1", "freq_1 2", "freq_2 2"]);
    expect(named("D59").length).toBe(31);
  });

  it("leave out five of S6 when only published ones are asked for", () => {
    const s6 = groupByName("S6");
    const published = irreducibleRepresentations(s6, { publishedOnly: true });
    expect(published.map((rep) => rep.name)).toEqual([
      ...["trivial", "sign", "standard", "standard_sign", "s6_5d_a", "s6_5d_b"],
    ]);
    expect(partitionsOf(6)).toHaveLength(11);
  });

  it("of A5 are the rotations of the icosahedron: a fifth of a turn for (0 1 2 3 4)", () => {
    const a5 = groupByName("A5");
    const irreps = irreducibleRepresentations(a5);
    const golden = (1 + Math.sqrt(5)) / 2;
    const at = (name: string) =>
      character(irreps.find((rep) => rep.name === name) as Representation)[1] as number;
    expect(a5.label(1)).toBe("(0 1 2 3 4)");
    expect(at("a5_3d_a")).toBeCloseTo(golden, 12);
    expect(at("a5_3d_b")).toBeCloseTo(1 - golden, 12);
  });
});

describe("characters by hand", () => {
  it("of S4 are those of the textbook", () => {
    const s4 = groupByName("S4");
    const table = Object.fromEntries(
      irreducibleRepresentations(s4).map((rep) => {
        const chi = character(rep);
        return [
          rep.name,
          conjugacyClasses(s4).map(
            (one) => Math.round((chi[one[0] as number] as number) * 1e9) / 1e9 + 0,
          ),
        ];
      }),
    );
    expect(conjugacyClasses(s4).map((one) => s4.label(one[0] as number))).toEqual([
      ...["(3)", "(0 1 2 3)", "(0 2)(1 3)", "(0 3)", "(1 2 3)"],
    ]);
    expect(table).toEqual({
      trivial: [1, 1, 1, 1, 1],
      sign: [1, -1, 1, -1, 1],
      standard: [3, -1, -1, 1, 0],
      standard_sign: [3, 1, -1, -1, 0],
      s4_2d: [2, 0, 2, 0, -1],
    });
  });

  it("of the permutation matrices count fixed points, and are trivial + standard", () => {
    const s4 = groupByName("S4");
    const natural = naturalRepresentation(s4);
    expect(homomorphismError(s4, natural)).toBe(0);
    const standard = character(irreducibleRepresentations(s4)[2] as Representation);
    const fixed = Float64Array.from(standard, (x) => x + 1);
    expect(largestDifference(character(natural), fixed)).toBeLessThan(1e-12);
  });

  it.each(["D7", "C6", "A4", "C2xS3"])("permutation matrices of %s are a homomorphism", (name) => {
    const group = groupByName(name);
    expect(homomorphismError(group, naturalRepresentation(group))).toBe(0);
  });
});

describe("Young tableaux", () => {
  it("are counted by the hook formula", () => {
    const count = (shape: number[]) => standardTableaux(shape).length;
    expect([count([3, 2]), count([3, 1, 1]), count([2, 2, 2]), count([3, 2, 1])]).toEqual([
      5, 6, 5, 16,
    ]);
    expect(conjugatePartition([4, 2])).toEqual([2, 2, 1, 1]);
    expect(partitionsOf(4)).toEqual([[4], [3, 1], [2, 2], [2, 1, 1], [1, 1, 1, 1]]);
  });
});
