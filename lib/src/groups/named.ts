/** The families of groups. */

import { type FiniteGroup, finiteGroup } from "./group.ts";
import { cycleNotation, type Permutation, signature, thenApply } from "./permutation.ts";
import { elementsInOrder } from "./schreier-sims.ts";

/** Integers modulo n under addition: element a is a. It turns n points. */
export function cyclicGroup(n: number): FiniteGroup {
  const add = (a: number, b: number): number => (a + b) % n;
  return finiteGroup({
    name: `C${n}`,
    order: n,
    family: { kind: "cyclic", n },
    degree: n,
    multiply: add,
    act: add,
    label: String,
    signature: () => 1,
  });
}

/**
 * Symmetries of a polygon with n corners, of order 2n: element r + n s is the rotation by r corners,
 * after the reflection when s = 1. (r, s)(r', s') = (r + r', s') for s = 0, (r - r', 1 + s') for s = 1.
 */
export function dihedralGroup(n: number): FiniteGroup {
  const split = (a: number): [number, number] => [a % n, Math.floor(a / n)];
  const mod = (r: number): number => ((r % n) + n) % n;
  return finiteGroup({
    name: `D${n}`,
    order: 2 * n,
    family: { kind: "dihedral", n },
    degree: n,
    multiply(a, b) {
      const [r, s] = split(a);
      const [r2, s2] = split(b);
      return mod(s === 0 ? r + r2 : r - r2) + n * ((s + s2) % 2);
    },
    act(a, point) {
      const [r, s] = split(a);
      return mod(s === 0 ? point - r : r - point);
    },
    label(a) {
      const [r, s] = split(a);
      return s === 0 ? `r${r}` : `r${r}s`;
    },
    signature: (a) => (a < n ? 1 : -1),
  });
}

/**
 * All permutations of n points, in the order of SymPy's `SymmetricGroup(n)`; ab is a first, then b.
 * Generators: the cycle (0 1 … n-1) and the transposition (0 1).
 */
export function symmetricGroup(n: number): FiniteGroup {
  const swapped = pointsFrom(n, [1, 0]);
  const generators = n === 2 ? [swapped] : [turned(n, 0), swapped];
  return permutationGroup(`S${n}`, "symmetric", generators, n);
}

/**
 * Even permutations of n points. Generators: for n = 5 (0 1 2 3 4) and (1 2)(3 4) as in the code of
 * Chughtai et al. 2023, else those of SymPy's `AlternatingGroup(n)`.
 */
export function alternatingGroup(n: number): FiniteGroup {
  const three = pointsFrom(n, [1, 2, 0]);
  const generators =
    n === 3
      ? [three]
      : n === 5
        ? [turned(5, 0), [0, 2, 1, 4, 3]]
        : [three, turned(n, n % 2 === 1 ? 0 : 1)];
  return permutationGroup(`A${n}`, "alternating", generators, n);
}

/** Pairs of elements, multiplied one by one: element a·|B| + b is (a, b). */
export function directProduct(left: FiniteGroup, right: FiniteGroup): FiniteGroup {
  const size = right.order;
  const split = (a: number): [number, number] => [Math.floor(a / size), a % size];
  return finiteGroup({
    name: `${left.name}x${right.name}`,
    order: left.order * size,
    family: { kind: "product", factors: [left, right] },
    degree: left.degree + right.degree,
    multiply(a, b) {
      const [l, r] = split(a);
      const [l2, r2] = split(b);
      return (
        (left.table[l * left.order + l2] as number) * size + (right.table[r * size + r2] as number)
      );
    },
    act(a, point) {
      const [l, r] = split(a);
      if (point < left.degree) return left.action[l * left.degree + point] as number;
      return left.degree + (right.action[r * right.degree + point - left.degree] as number);
    },
    label(a) {
      const [l, r] = split(a);
      return `[${left.label(l)}, ${right.label(r)}]`;
    },
    signature(a) {
      const [l, r] = split(a);
      return left.signature(l) === right.signature(r) ? 1 : -1;
    },
  });
}

function permutationGroup(
  name: string,
  kind: "symmetric" | "alternating",
  generators: readonly Permutation[],
  n: number,
): FiniteGroup {
  const permutations = elementsInOrder(generators, n);
  const indexOf = new Map(permutations.map((p, i) => [p.join(), i]));
  const at = (a: number): Permutation => permutations[a] as Permutation;
  return finiteGroup({
    name,
    order: permutations.length,
    family: { kind, n, permutations },
    degree: n,
    multiply: (a, b) => indexOf.get(thenApply(at(a), at(b)).join()) as number,
    act: (a, point) => at(a)[point] as number,
    label: (a) => cycleNotation(at(a)),
    signature: (a) => signature(at(a)),
  });
}

/** The images `first`, then every further point fixed. */
function pointsFrom(n: number, first: readonly number[]): Permutation {
  return Array.from({ length: n }, (_, i) => first[i] ?? i);
}

/** The cycle (from from+1 … n-1). */
function turned(n: number, from: number): Permutation {
  return Array.from({ length: n }, (_, i) => (i < from ? i : i === n - 1 ? from : i + 1));
}
