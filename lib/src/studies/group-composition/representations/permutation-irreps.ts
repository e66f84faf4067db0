/** Irreducible representations of symmetric and alternating groups. */

import { type Float64NdArray, float64 } from "../../../analysis/linalg/index.ts";
import { type FiniteGroup, type Permutation, symmetricGroup } from "../../../groups/index.ts";
import {
  character,
  fromEntries,
  matrixOf,
  type Representation,
  restrictTo,
} from "./representation.ts";
import {
  conjugatePartition,
  exchanged,
  type Partition,
  partitionsOf,
  spechtRepresentation,
  standardTableaux,
  type Tableau,
} from "./young.ts";

/** Names that Chughtai et al. give to Specht modules, besides trivial, sign and standard, by n. */
const published: Readonly<Record<number, readonly (readonly [name: string, shape: string])[]>> = {
  4: [["s4_2d", "2,2"]],
  5: [
    ["s5_5d_a", "2,2,1"],
    ["s5_5d_b", "3,2"],
    ["s5_6d", "3,1,1"],
  ],
  6: [
    ["s6_5d_a", "3,3"],
    ["s6_5d_b", "2,2,2"],
  ],
};

/** Published name of an irreducible representation of A_n by a partition it is cut from. */
const publishedAlternating: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  5: { "2,2,1": "a5_5d_a", "3,1,1": "a5_3d" },
};

interface Named {
  readonly name: string;
  readonly shape: Partition;
  /** Whether the published code has it. */
  readonly published: boolean;
}

/** The partitions of n with names, those of the published code first and in its order. */
function namedPartitions(n: number): readonly Named[] {
  const first = [
    ["trivial", [n]],
    ["sign", Array<number>(n).fill(1)],
    ["standard", [n - 1, 1]],
    ["standard_sign", [2, ...Array<number>(Math.max(0, n - 2)).fill(1)]],
    ...(published[n] ?? []).map(([name, shape]) => [name, shape.split(",").map(Number)] as const),
  ] as readonly (readonly [string, Partition])[];
  const names = new Map<string, Named>();
  for (const [name, shape] of first) {
    const key = shape.join();
    if (!names.has(key)) names.set(key, { name, shape, published: true });
  }
  for (const shape of partitionsOf(n)) {
    const key = shape.join();
    if (!names.has(key)) {
      names.set(key, { name: `specht_${shape.join("_")}`, shape, published: false });
    }
  }
  return [...names.values()];
}

/** One for each partition of n. `publishedOnly` leaves out five of S6's, which the published code lacks. */
export function symmetricIrreps(
  group: FiniteGroup,
  { n, permutations }: { readonly n: number; readonly permutations: readonly Permutation[] },
  publishedOnly: boolean,
): readonly Representation[] {
  return namedPartitions(n)
    .filter((one) => one.published || !publishedOnly)
    .map(({ name, shape }) => spechtRepresentation(name, group, permutations, shape));
}

/**
 * Restrictions from S_n, one for each pair of conjugate partitions; those of a self-conjugate
 * partition split in two (over the real or the complex numbers).
 */
export function alternatingIrreps(
  group: FiniteGroup,
  { n, permutations }: { readonly n: number; readonly permutations: readonly Permutation[] },
): readonly Representation[] {
  const parent = symmetricGroup(n);
  const all = "permutations" in parent.family ? parent.family.permutations : [];
  const indexOf = new Map(all.map((p, i) => [p.join(), i]));
  const elements = permutations.map((p) => indexOf.get(p.join()) as number);
  const done = new Set<string>();
  return namedPartitions(n).flatMap(({ name: ofParent, shape }) => {
    const conjugate = conjugatePartition(shape).join();
    if (done.has(conjugate)) return [];
    done.add(shape.join());
    const name = publishedAlternating[n]?.[shape.join()] ?? ofParent;
    const whole = spechtRepresentation(name, parent, all, shape);
    const restricted = fromEntries(name, group.order, whole.dimension, (g) =>
      matrixOf(whole, elements[g] as number),
    );
    return conjugate === shape.join() ? halves(restricted, shape) : [restricted];
  });
}

/**
 * The two halves of a self-conjugate Specht module over A_n. Transposing tableaux, with the sign of
 * the permutation that makes the tableau, commutes with even permutations; its square is 1 or -1.
 */
function halves(rep: Representation, shape: Partition): readonly Representation[] {
  const structure = transposition(standardTableaux(shape));
  const d = rep.dimension;
  const first = structure.findIndex((x) => x !== 0);
  const square = (structure[first] as number) * (structure[first * d] as number);
  if (square < 0) return [{ ...rep, complexStructure: float64([d, d], structure) }];
  const [a, b] = [1, -1].map((sign) =>
    restrictTo(rep.name, rep, eigenbasis(structure, d, sign)),
  ) as [Representation, Representation];
  const [chiA, chiB] = [character(a), character(b)];
  const at = chiA.findIndex((x, g) => Math.abs(x - (chiB[g] as number)) > 1e-6);
  const ordered = (chiA[at] as number) > (chiB[at] as number) ? [a, b] : [b, a];
  return ordered.map((one, i) => ({ ...one, name: `${rep.name}_${"ab"[i]}` }));
}

/** J with J e_T = sign(T) e_{T'}, row-major; T' is the transposed tableau. */
function transposition(tableaux: readonly Tableau[]): Float64Array {
  const d = tableaux.length;
  const indexOf = new Map(tableaux.map((tableau, i) => [tableau.join(";"), i]));
  const signs = signsOf(tableaux, indexOf);
  const out = new Float64Array(d * d);
  for (const [i, tableau] of tableaux.entries()) {
    const turned = tableau.map(([row, column]) => [column, row] as const).join(";");
    out[(indexOf.get(turned) as number) * d + i] = signs[i] as number;
  }
  return out;
}

/** 1 or -1: how many exchanges of neighbors lead from the first tableau to each. */
function signsOf(tableaux: readonly Tableau[], indexOf: ReadonlyMap<string, number>): number[] {
  const signs = new Array<number>(tableaux.length).fill(0);
  signs[0] = 1;
  const queue = [0];
  for (const at of queue) {
    const tableau = tableaux[at] as Tableau;
    for (let k = 0; k + 1 < tableau.length; k++) {
      const next = indexOf.get(exchanged(tableau, k).join(";"));
      if (next === undefined || signs[next] !== 0) continue;
      signs[next] = -(signs[at] as number);
      queue.push(next);
    }
  }
  return signs;
}

/** Orthonormal vectors (e_T + sign J e_T)/√2, one for each pair T, T'. */
function eigenbasis(structure: Float64Array, d: number, sign: number): Float64NdArray {
  const pairs = Array.from({ length: d }, (_, i) => {
    const other = Array.from({ length: d }, (_, row) => row).find(
      (row) => structure[row * d + i] !== 0,
    ) as number;
    return { i, other, factor: sign * (structure[other * d + i] as number) };
  }).filter(({ i, other }) => i < other);
  const basis = float64([d, pairs.length]);
  for (const [column, { i, other, factor }] of pairs.entries()) {
    basis.data[i * pairs.length + column] = Math.SQRT1_2;
    basis.data[other * pairs.length + column] = factor * Math.SQRT1_2;
  }
  return basis;
}
