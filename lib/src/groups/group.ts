/** Finite groups as multiplication tables, and what follows from the table. */

import type { Permutation } from "./permutation.ts";

/** How a group was made; representations are built from it. */
export type Family =
  | { readonly kind: "cyclic"; readonly n: number }
  | { readonly kind: "dihedral"; readonly n: number }
  | {
      readonly kind: "symmetric" | "alternating";
      readonly n: number;
      readonly permutations: readonly Permutation[];
    }
  | { readonly kind: "product"; readonly factors: readonly [FiniteGroup, FiniteGroup] };

/** Elements are 0 … order-1, in an order that is part of the group. */
export interface FiniteGroup {
  /** As `groupByName` reads it: "C113", "D59", "S4", "A5", "C2xS3". */
  readonly name: string;
  readonly order: number;
  readonly family: Family;
  /** int32 "a b" row-major: the element ab. */
  readonly table: Int32Array;
  readonly identity: number;
  /** int32 "a": the inverse of each element. */
  readonly inverses: Int32Array;
  /** The group permutes this many points. */
  readonly degree: number;
  /**
   * int32 "a point" row-major: where each element takes each point, with a first and then b where ab
   * is taken: action(ab, i) = action(b, action(a, i)).
   */
  readonly action: Int32Array;
  /** How to show an element to a person. */
  label(a: number): string;
  /** 1 or -1: the parity of a permutation, -1 for a reflection; 1 in a cyclic group. */
  signature(a: number): 1 | -1;
}

export interface GroupParts
  extends Pick<FiniteGroup, "name" | "order" | "family" | "degree" | "label" | "signature"> {
  multiply(a: number, b: number): number;
  act(a: number, point: number): number;
}

/** A group from its rule of multiplication. */
export function finiteGroup(parts: GroupParts): FiniteGroup {
  const { name, order, family, degree, label, signature, multiply, act } = parts;
  const table = new Int32Array(order * order);
  const action = new Int32Array(order * degree);
  for (let a = 0; a < order; a++) {
    for (let b = 0; b < order; b++) table[a * order + b] = multiply(a, b);
    for (let i = 0; i < degree; i++) action[a * degree + i] = act(a, i);
  }
  const identity = identityOf(table, order);
  const inverses = inversesOf(table, order, identity);
  return { name, order, family, table, identity, inverses, degree, action, label, signature };
}

function identityOf(table: Int32Array, order: number): number {
  for (let a = 0; a < order; a++) {
    const row = table.subarray(a * order, (a + 1) * order);
    if (row.every((product, b) => product === b)) return a;
  }
  throw new Error("finiteGroup: the table has no identity");
}

function inversesOf(table: Int32Array, order: number, identity: number): Int32Array {
  return Int32Array.from({ length: order }, (_, a) =>
    table.subarray(a * order, (a + 1) * order).indexOf(identity),
  );
}

/** The element ab. */
export function multiply({ table, order }: FiniteGroup, a: number, b: number): number {
  return table[a * order + b] as number;
}

/** The smallest n > 0 with aⁿ = 1. */
export function elementOrder(group: FiniteGroup, a: number): number {
  let n = 1;
  for (let power = a; power !== group.identity; power = multiply(group, power, a)) n++;
  return n;
}

/** Classes { b⁻¹ab }, each sorted, in order of their smallest element. */
export function conjugacyClasses(group: FiniteGroup): readonly (readonly number[])[] {
  const seen = new Set<number>();
  const classes: number[][] = [];
  for (let a = 0; a < group.order; a++) {
    if (seen.has(a)) continue;
    const found = new Set<number>();
    for (let b = 0; b < group.order; b++) {
      const inverse = group.inverses[b] as number;
      found.add(multiply(group, multiply(group, inverse, a), b));
    }
    for (const element of found) seen.add(element);
    classes.push([...found].sort((x, y) => x - y));
  }
  return classes;
}
